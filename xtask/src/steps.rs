//! Steps of a long command. A step that did not run is named and never counted as passed.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::durations::Slowest;

/// Outcome of a step that found no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a step that did not run has to be told from one that did"]
pub(crate) enum StepOutcome {
    /// All of it ran.
    Ran,
    /// It ran without a part that cannot be had here.
    RanWithout(String),
    /// None of it ran.
    NotRun,
}

impl StepOutcome {
    /// Says that nothing of a step is checked, and why.
    pub(crate) fn not_run(subject: &str, reason: &anyhow::Error) -> anyhow::Result<Self> {
        say_skipped(subject, reason)?;
        Ok(Self::NotRun)
    }

    /// Says that a part of a step is not checked, and why.
    pub(crate) fn without(subject: &str, reason: &anyhow::Error) -> anyhow::Result<Self> {
        say_skipped(subject, reason)?;
        Ok(Self::RanWithout(subject.to_owned()))
    }
}

/// Says loudly that something is not checked, and why.
pub(crate) fn say_skipped(subject: &str, reason: &anyhow::Error) -> anyhow::Result<()> {
    let reason = format!("{reason:#}").replace('\n', "\n  ");
    writeln!(
        std::io::stdout(),
        "SKIPPED: {subject} are NOT checked:\n  {reason}"
    )?;
    Ok(())
}

/// The steps of a run so far, with their outcomes and durations.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// Durations of all steps, also of those that failed.
    pub(crate) durations: Slowest,
    passed: usize,
    not_run: Vec<String>,
    /// Steps that passed without a part, with the name of the part.
    partial: Vec<String>,
}

impl Steps {
    /// Runs a step and says how it ended.
    ///
    /// # Errors
    /// The step's own.
    pub(crate) fn run(
        &mut self,
        name: &str,
        step: impl FnOnce() -> anyhow::Result<StepOutcome>,
    ) -> anyhow::Result<()> {
        writeln!(std::io::stdout(), "\n== {name}")?;
        let (outcome, took) = timed(step);
        let word = self.add(name, took, outcome)?;
        let secs = took.as_secs_f64();
        writeln!(std::io::stdout(), "== {name}: {word}, {secs:.0} s")?;
        Ok(())
    }

    /// Adds a step that has ended, and returns the word for its outcome.
    ///
    /// # Errors
    /// The step's own.
    pub(crate) fn add(
        &mut self,
        name: &str,
        took: Duration,
        outcome: anyhow::Result<StepOutcome>,
    ) -> anyhow::Result<&'static str> {
        self.durations.add(name.to_owned(), took);
        Ok(match outcome? {
            StepOutcome::Ran => {
                self.passed += 1;
                "well"
            }
            StepOutcome::RanWithout(part) => {
                self.passed += 1;
                self.partial.push(format!("{name} ({part})"));
                "well, WITHOUT A PART"
            }
            StepOutcome::NotRun => {
                self.not_run.push(name.to_owned());
                "NOT RUN"
            }
        })
    }

    /// Says how many of the steps passed, and names those that did not run or lack a part.
    pub(crate) fn summary(&self, took: Duration) -> String {
        let (passed, all) = (self.passed, self.passed + self.not_run.len());
        let secs = took.as_secs_f64();
        let mut text = if self.not_run.is_empty() {
            format!("all {all} steps passed in {secs:.0} s")
        } else {
            format!("{passed} of {all} steps passed in {secs:.0} s")
        };
        for (names, word) in [
            (&self.not_run, "NOT RUN"),
            (&self.partial, "WITHOUT A PART"),
        ] {
            if !names.is_empty() {
                text += &format!(", {} {word}: {}", names.len(), names.join(", "));
            }
        }
        text
    }
}

/// Runs something and measures how long it takes.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let outcome = work();
    (outcome, started.elapsed())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TOOK: Duration = Duration::from_secs(90);

    fn steps(outcomes: &[(&str, StepOutcome)]) -> Steps {
        let mut steps = Steps::default();
        for (name, outcome) in outcomes {
            steps.run(name, || Ok(outcome.clone())).unwrap();
        }
        steps
    }

    #[test]
    fn steps_that_ran_are_counted_as_passed() {
        let steps = steps(&[("walls", StepOutcome::Ran), ("app", StepOutcome::Ran)]);
        assert_eq!(steps.summary(TOOK), "all 2 steps passed in 90 s");
    }

    #[test]
    fn a_step_that_did_not_run_is_named_and_not_counted_as_passed() {
        let steps = steps(&[
            ("walls", StepOutcome::Ran),
            ("app in Chromium", StepOutcome::NotRun),
            ("app", StepOutcome::Ran),
        ]);
        assert_eq!(
            steps.summary(TOOK),
            "2 of 3 steps passed in 90 s, 1 NOT RUN: app in Chromium"
        );
    }

    #[test]
    fn a_step_without_a_part_is_named_with_that_part() {
        let reason = anyhow::anyhow!("no network");
        let steps = steps(&[
            (
                "dependencies",
                StepOutcome::without("advisories", &reason).unwrap(),
            ),
            ("peers", StepOutcome::not_run("peers", &reason).unwrap()),
        ]);
        assert_eq!(
            steps.summary(TOOK),
            "1 of 2 steps passed in 90 s, 1 NOT RUN: peers, \
             1 WITHOUT A PART: dependencies (advisories)"
        );
    }

    #[test]
    fn a_step_that_fails_ends_the_run_and_is_not_counted() {
        let mut steps = steps(&[("walls", StepOutcome::Ran)]);
        let failed = steps.run("app", || anyhow::bail!("a text is missing"));
        assert_eq!(failed.unwrap_err().to_string(), "a text is missing");
        assert_eq!(steps.summary(TOOK), "all 1 steps passed in 90 s");
        assert!(steps.durations.table("steps").contains("app"));
    }
}
