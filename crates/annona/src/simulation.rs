//! The simulated orb measured: `annona orb calibrate` and `annona orb trial`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use annona_evaluation::calibration::{self, CalibrationReport};
use annona_evaluation::long_work::{Supervisor, in_parallel};
use annona_evaluation::trial::{
    self, DecisionCounts, EnrolledSubjects, TrialPlan, TrialRate, TrialSubject,
};
use clap::Args;
use serde::Serialize;

use crate::long_work::{Stop, stoppable};
use crate::output::note;
use crate::outputs::{self, JsonOutput};

/// Members by which an earlier file of each command is known.
const CALIBRATION: &[&str] = &["people", "accepted", "refused", "truly_visible"];
const TRIAL: &[&str] = &["failed_to_enrol", "false_match", "false_non_match"];

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

/// Renders and measures; fails when a statistic is not near enough to real eyes. A signal
/// ends it early, and the statistics are those of the people photographed until then.
pub(crate) async fn calibrate(args: CalibrateArgs) -> anyhow::Result<ExitCode> {
    let plan = calibration::CalibrationPlan {
        people: args.people,
        captures: args.captures,
        seed: args.seed,
    };
    let json = json_output(args.json.as_deref(), CALIBRATION)?;
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
pub(crate) async fn trial(args: TrialArgs) -> anyhow::Result<ExitCode> {
    let json = json_output(args.json.as_deref(), TRIAL)?;
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

fn json_output(
    path: Option<&Path>,
    members: &'static [&'static str],
) -> anyhow::Result<JsonOutput> {
    Ok(JsonOutput::begin(path, "figures of this command", members)?)
}
