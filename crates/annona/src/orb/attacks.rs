//! Command `annona orb attacks`: a table of APCER and BPCER over simulated attacks and living
//! people.

use std::path::PathBuf;
use std::process::ExitCode;

use annona_evaluation::attacks::{Presentation, PresentationCounts, nth, presentations};
use annona_evaluation::confidence::clopper_pearson;
use annona_evaluation::long_work::in_parallel;
use anyhow::ensure;
use clap::Args;
use orb_sim::attack::Range;
use serde::Serialize;

use crate::long_work::stoppable;
use crate::output::note;
use crate::outputs::JsonOutput;

/// Members by which an earlier table is known.
const MEMBERS: &[&str] = &["presentation", "takenForLiving", "interval95"];

/// Arguments of `annona orb attacks`.
#[derive(Debug, Args)]
pub(crate) struct AttacksArgs {
    /// Number of presentations of each kind, 1 to 10,000. If 300 pass without an error, the true
    /// rate is below 1 % with 95 % confidence; fewer serve for a quick look.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    people: u32,
    /// Seed of people, attacks and challenges.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Make only the presentations whose name contains this, such as lens; all if not given.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    only: String,
    /// Write the table as JSON to this file; "-" is standard output, without the table.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    presentation: &'static str,
    range: Option<&'static str>,
    #[serde(flatten)]
    row: RowFigures,
    /// APCER, or BPCER for living people; absent when nothing had a verdict.
    error_rate: Option<f64>,
    interval_95: (f64, f64),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RowFigures {
    presented: usize,
    taken_for_living: usize,
    taken_for_attacks: usize,
    without_verdict: usize,
    by_check: std::collections::BTreeMap<&'static str, usize>,
}

/// Runs the trials and prints the table. A signal ends them early, and the table counts the
/// presentations until then.
pub(crate) async fn run(args: AttacksArgs) -> anyhow::Result<ExitCode> {
    let kinds: Vec<Presentation> = presentations()
        .into_iter()
        .filter(|&kind| names(kind).0.contains(&args.only))
        .collect();
    ensure!(
        !kinds.is_empty(),
        "no presentation is called {:?}",
        args.only
    );
    let json = JsonOutput::begin(args.json.as_deref(), "a table of attacks", MEMBERS)?;
    let (count, seed) = (u64::from(args.people) * kinds.len() as u64, args.seed);
    let shown = kinds.clone();
    let (trials, stop) = stoppable(move |stop| {
        let present = |number| nth(&shown, seed, number);
        Ok(in_parallel("presentations", count, stop, present))
    })
    .await?;
    let complete = trials.len() as u64 == count;
    let lines: Vec<Line> = kinds
        .into_iter()
        .map(|kind| line(kind, PresentationCounts::of(&trials, kind)))
        .collect();
    json.answer(&lines, || table(&lines))?;
    if !complete {
        note(format_args!(
            "interrupted: the table counts {} of {count} presentations",
            trials.len()
        ));
    }
    Ok(stop.exit_code(complete))
}

fn line(kind: Presentation, row: PresentationCounts) -> Line {
    let (errors, of) = row.errors(kind);
    let (presentation, range) = names(kind);
    Line {
        presentation,
        range,
        error_rate: (of > 0).then(|| errors as f64 / of as f64),
        interval_95: clopper_pearson(errors as u64, of as u64),
        row: RowFigures {
            presented: row.presented,
            taken_for_living: row.live,
            taken_for_attacks: row.attacks,
            without_verdict: row.without_verdict,
            by_check: row.by_check,
        },
    }
}

fn names(kind: Presentation) -> (&'static str, Option<&'static str>) {
    match kind {
        Presentation::BonaFide => ("living person", None),
        Presentation::Attack(species, Range::Tuning) => (species.name(), Some("tuning")),
        Presentation::Attack(species, Range::HeldOut) => (species.name(), Some("held-out")),
    }
}

fn table(lines: &[Line]) -> String {
    let head = "| presentation | parameters | presented | no verdict | taken for living | taken for attack | error rate | 95 % interval | named by |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |".to_owned();
    std::iter::once(head)
        .chain(lines.iter().map(markdown))
        .collect::<Vec<_>>()
        .join("\n")
}

fn markdown(line: &Line) -> String {
    let kind = match line.range {
        None => "BPCER",
        Some(_) => "APCER",
    };
    let rate = line.error_rate.map_or_else(
        || "-".to_owned(),
        |rate| format!("{kind} {:.1} %", 100.0 * rate),
    );
    let checks: Vec<String> = line
        .row
        .by_check
        .iter()
        .map(|(check, count)| format!("{} {count}", check.trim_start_matches("liveness-")))
        .collect();
    format!(
        "| {} | {} | {} | {} | {} | {} | {rate} | {:.1} to {:.1} % | {} |",
        line.presentation,
        line.range.unwrap_or("-"),
        line.row.presented,
        line.row.without_verdict,
        line.row.taken_for_living,
        line.row.taken_for_attacks,
        100.0 * line.interval_95.0,
        100.0 * line.interval_95.1,
        checks.join(", ")
    )
}
