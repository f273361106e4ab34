//! Output of the demo on the terminal: chapters, progress bars, and the time of each stage.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{Lines, note};

/// Output for the reader: chapters, progress, and the time that each stage took.
pub(crate) struct DemoProgress {
    begun: Instant,
    seconds: BTreeMap<String, f64>,
    lines: Arc<Lines>,
    is_quiet: bool,
}

/// Progress over a known number of steps: a bar on a terminal, nothing in a log until it ends.
pub(crate) struct Steps {
    bar: ProgressBar,
}

impl Steps {
    pub(crate) fn tick(&self) {
        self.bar.inc(1);
    }
}

impl DemoProgress {
    /// `is_quiet` when standard output is for JSON; the text then goes to standard error.
    pub(crate) fn begin(people: u32, seed: u64, is_quiet: bool, lines: Arc<Lines>) -> Self {
        let progress = Self {
            begun: Instant::now(),
            seconds: BTreeMap::new(),
            lines,
            is_quiet,
        };
        progress.say(&format!(
            "Annona, the first payment: {people} people, seed {seed}"
        ));
        progress
    }

    /// Returns whether the text is read on a terminal, which shows pictures made of blocks.
    pub(crate) fn is_on_terminal(&self) -> bool {
        !self.is_quiet && std::io::stdout().is_terminal()
    }

    pub(crate) fn say(&self, text: &str) {
        if self.is_quiet {
            note(text);
        } else {
            self.lines.say(text);
        }
    }

    pub(crate) fn chapter(&self, title: &str) {
        self.say(&format!("\n== {title}"));
    }

    /// A chapter that is one piece of work.
    pub(crate) async fn stage<T>(
        &mut self,
        title: &str,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        self.chapter(title);
        let spinner = ProgressBar::new_spinner();
        spinner.enable_steady_tick(Duration::from_millis(100));
        let started = self.start_clock();
        let outcome = work.await;
        spinner.finish_and_clear();
        self.stop_clock("setup", started);
        if outcome.is_ok() {
            self.say(&format!(
                "   done in {:.1} s",
                started.elapsed().as_secs_f64()
            ));
        }
        outcome
    }

    pub(crate) fn steps(&self, count: usize, unit: &str) -> Steps {
        let style = ProgressStyle::with_template("   {bar:30} {pos}/{len} {msg} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(count as u64)
            .with_style(style)
            .with_message(unit.to_owned());
        Steps { bar }
    }

    pub(crate) fn end_steps(&self, steps: &Steps, sentence: &str) {
        steps.bar.finish_and_clear();
        self.say(&format!("   {sentence}"));
    }

    pub(crate) fn start_clock(&self) -> Instant {
        Instant::now()
    }

    /// Adds the time since `started` to `stage`.
    pub(crate) fn stop_clock(&mut self, stage: &str, started: Instant) {
        *self.seconds.entry(stage.to_owned()).or_default() += started.elapsed().as_secs_f64();
    }

    /// Seconds a stage, and `total`.
    pub(crate) fn seconds(&self) -> BTreeMap<String, f64> {
        let mut seconds = self.seconds.clone();
        seconds.insert("total".to_owned(), self.begun.elapsed().as_secs_f64());
        seconds
    }
}
