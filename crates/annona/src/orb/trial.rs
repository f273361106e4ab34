//! `annona orb trial`: error rates of the whole way from simulated eyes to decisions.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use annona_evaluation::long_work::{Supervisor, in_parallel};
use annona_evaluation::trial::{
    self, DecisionCounts, EnrolledSubjects, TrialPlan, TrialRate, TrialSubject,
};
use clap::Args;
use serde::Serialize;

use crate::long_work::{Stop, stoppable};
use crate::outputs::JsonOutput;

/// Members by which an earlier file of this command is known.
const MEMBERS: &[&str] = &["failed_to_enrol", "false_match", "false_non_match"];

/// Arguments of `annona orb trial`.
#[derive(Debug, Args)]
pub(crate) struct TrialArgs {
    /// Number of simulated people, both eyes of each.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    people: u64,
    /// Number of sessions of each person, 2 to 100: the first enrols, the others probe.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(2..=100))]
    captures: u64,
    /// Number of frames of each eye in a session, 1 to 100.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    frames: u64,
    /// Seed of people and conditions.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the result as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Results of a trial. Those of an interrupted one count the part that was done.
#[derive(Serialize)]
struct TrialAnswer {
    people: usize,
    sessions: u64,
    frames: u64,
    seed: u64,
    interrupted: bool,
    failed_to_enrol: TrialRate,
    /// People enrolled whose later session gave no pair of templates.
    failed_to_capture: TrialRate,
    false_match: TrialRate,
    false_non_match: TrialRate,
    genuine: DecisionCounts,
    impostor: DecisionCounts,
    seconds_capturing: f64,
    seconds_comparing: f64,
}

/// Photographs everybody, compares everybody with everybody, and says how often the
/// production rule was wrong. A signal ends the stage under way and keeps what it did.
pub(super) async fn run(args: TrialArgs) -> anyhow::Result<ExitCode> {
    let json = JsonOutput::begin(args.json.as_deref(), "figures of this command", MEMBERS)?;
    let (answer, stop) = stoppable(move |stop| run_trial(&args, stop)).await?;
    json.answer(&answer, || describe(&answer))?;
    Ok(stop.exit_code(!answer.interrupted))
}

fn run_trial(args: &TrialArgs, stop: &Stop) -> anyhow::Result<TrialAnswer> {
    let plan = TrialPlan {
        people: args.people,
        sessions: args.captures,
        frames: args.frames,
        seed: args.seed,
    };
    let started = Instant::now();
    let subjects: Vec<TrialSubject> =
        in_parallel("people photographed", plan.people, stop, |number| {
            trial::examine(&plan, number)
        });
    let seconds_capturing = started.elapsed().as_secs_f64();
    let interrupted_early = stop.take_stop();
    let started = Instant::now();
    let gallery = EnrolledSubjects::new(&subjects)?;
    let found = in_parallel("people compared", subjects.len() as u64, stop, |number| {
        gallery.compare(&subjects[number as usize])
    });
    let (mut genuine, mut impostor) = (DecisionCounts::default(), DecisionCounts::default());
    for compared in found {
        let (own, others) = compared?;
        genuine.add(&own);
        impostor.add(&others);
    }
    let people = subjects.len() as u64;
    let enrolled = || subjects.iter().filter(|s| s.sessions[0].is_some());
    let probes = enrolled().count() as u64 * (plan.sessions - 1);
    let missing = enrolled()
        .flat_map(|s| &s.sessions[1..])
        .filter(|probe| probe.is_none())
        .count() as u64;
    Ok(TrialAnswer {
        people: subjects.len(),
        sessions: plan.sessions,
        frames: plan.frames,
        seed: plan.seed,
        interrupted: interrupted_early || stop.is_stop_asked(),
        failed_to_enrol: TrialRate::new(people - enrolled().count() as u64, people),
        failed_to_capture: TrialRate::new(missing, probes),
        false_match: TrialRate::new(impostor.duplicate, impostor.pairs),
        false_non_match: TrialRate::new(genuine.pairs - genuine.duplicate, genuine.pairs),
        genuine,
        impostor,
        seconds_capturing,
        seconds_comparing: started.elapsed().as_secs_f64(),
    })
}

fn describe(answer: &TrialAnswer) -> String {
    let line = |name: &str, rate: &TrialRate| {
        format!(
            "{name:<18} {:>7} of {:>11}: {:.3e}, between {:.3e} and {:.3e}",
            rate.events, rate.trials, rate.rate, rate.interval.0, rate.interval.1
        )
    };
    let end = if answer.interrupted {
        "\ninterrupted: this is what was done until then"
    } else {
        ""
    };
    format!(
        "{} people, {} sessions, {} frames an eye, seed {} ({:.0} s of captures, {:.0} s of comparisons)\n{}\n{}\n{}\n{}\nof different people {} pairs went to review, of the same {}\nintervals: 95 %, Clopper-Pearson{end}",
        answer.people,
        answer.sessions,
        answer.frames,
        answer.seed,
        answer.seconds_capturing,
        answer.seconds_comparing,
        line("failure to enrol", &answer.failed_to_enrol),
        line("failure to capture", &answer.failed_to_capture),
        line("false match", &answer.false_match),
        line("false non-match", &answer.false_non_match),
        answer.impostor.review,
        answer.genuine.review,
    )
}
