//! `annona orb calibrate`: statistics of simulated eyes held against those of real ones.

use std::path::PathBuf;
use std::process::ExitCode;

use annona_evaluation::calibration::{self, CalibrationReport};
use annona_evaluation::long_work::in_parallel;
use clap::Args;

use crate::long_work::stoppable;
use crate::output::note;
use crate::outputs::{self, JsonOutput};

/// Members by which an earlier file of this command is known.
const MEMBERS: &[&str] = &["people", "accepted", "refused", "truly_visible"];

/// Arguments of `annona orb calibrate`.
#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// Number of simulated people, both eyes of each.
    #[arg(long, default_value_t = calibration::CalibrationPlan::default().people, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    people: u64,
    /// Number of captures of each eye, 1 to 100.
    #[arg(long, default_value_t = calibration::CalibrationPlan::default().captures, value_parser = clap::value_parser!(u64).range(1..=100))]
    captures: u64,
    /// Seed of people and conditions.
    #[arg(long, default_value_t = calibration::CalibrationPlan::default().seed)]
    seed: u64,
    /// Write the statistics as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the distributions, and the slope against dilation, to this SVG file.
    #[arg(long, value_name = "SVG")]
    plot: Option<PathBuf>,
}

/// Renders and measures; fails when a statistic is not near enough to real eyes. A signal
/// ends it early, and the statistics are those of the people photographed until then.
pub(super) async fn run(args: CalibrateArgs) -> anyhow::Result<ExitCode> {
    let plan = calibration::CalibrationPlan {
        people: args.people,
        captures: args.captures,
        seed: args.seed,
    };
    let json = JsonOutput::begin(args.json.as_deref(), "figures of this command", MEMBERS)?;
    let plot = args.plot.as_deref().map(outputs::svg).transpose()?;
    let (subjects, stop) = stoppable(move |stop| {
        let examine = |number| calibration::examine(&plan, number);
        Ok(in_parallel(
            "people photographed",
            plan.people,
            stop,
            examine,
        ))
    })
    .await?;
    let is_complete = subjects.len() as u64 == args.people;
    if subjects.is_empty() {
        note("interrupted before anybody was photographed");
        return Ok(stop.exit_code(is_complete));
    }
    let report = CalibrationReport::new(&subjects);
    json.answer(&report, || report.to_string().trim_end().to_owned())?;
    if let Some(mut plot) = plot {
        plot.put(report.to_svg().as_bytes())?;
        plot.commit()?;
    }
    if !is_complete {
        note(format_args!(
            "interrupted: the statistics are of {} of {} people",
            subjects.len(),
            args.people
        ));
        return Ok(stop.exit_code(is_complete));
    }
    if report.holds() {
        return Ok(ExitCode::SUCCESS);
    }
    note("The simulated eye is not near enough to real ones: see the lines marked OUT.");
    Ok(ExitCode::FAILURE)
}
