//! Long work before a terminal: a bar of progress, and signals that end it without losing what
//! was done.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use annona_evaluation::long_work::{Progress, Supervisor};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::note;
use crate::signals::{EndSignal, EndSignals};

/// Time between two lines of progress where no terminal shows a bar.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// Set when the user asks to stop; the work done until then is still reported.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<StopRequest>);

#[derive(Debug, Default)]
struct StopRequest {
    is_asked: AtomicBool,
    /// Number of the signal that asked, or 0.
    signal: AtomicU8,
}

impl Stop {
    /// Exit code of work that was done to the end, or not.
    pub(crate) fn exit_code(&self, is_complete: bool) -> ExitCode {
        let signal = EndSignal::from_number(self.0.signal.load(Ordering::Relaxed));
        match signal {
            Some(signal) if !is_complete => signal.exit_code(),
            _ if is_complete => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }

    fn ask(&self, signal: EndSignal) {
        self.0.signal.store(signal.number(), Ordering::Relaxed);
        self.0.is_asked.store(true, Ordering::Relaxed);
    }

    async fn listen(self, mut signals: EndSignals) {
        let signal = signals.next().await;
        note("stopping; what is done so far will be reported (Ctrl-C again ends at once)");
        self.ask(signal);
        signals.next().await.end_process()
    }
}

impl Supervisor for Stop {
    fn begin(&self, stage: &'static str, steps: u64) -> Box<dyn Progress + '_> {
        Box::new(ShownProgress::new(stage, steps))
    }

    fn is_stop_asked(&self) -> bool {
        self.0.is_asked.load(Ordering::Relaxed)
    }

    fn take_stop(&self) -> bool {
        self.0.is_asked.swap(false, Ordering::Relaxed)
    }
}

/// Does `work` while listening for signals: the first asks it to stop, the second ends
/// the process.
pub(crate) async fn stoppable<T: Send + 'static>(
    work: impl FnOnce(&Stop) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<(T, Stop)> {
    let stop = Stop::default();
    let listener = tokio::spawn(stop.clone().listen(EndSignals::listen()?));
    let working = stop.clone();
    let done = tokio::task::spawn_blocking(move || work(&working)).await;
    listener.abort();
    Ok((done??, stop))
}

/// Progress of a stage, on standard error: a bar on a terminal, elsewhere a line every half
/// minute.
struct ShownProgress {
    stage: &'static str,
    bar: ProgressBar,
    begun: Instant,
    /// Time at which the last line was written, or the stage begun.
    last_line: Mutex<Instant>,
}

impl ShownProgress {
    fn new(stage: &'static str, steps: u64) -> Self {
        let style = ProgressStyle::with_template("{prefix:19} {wide_bar} {pos}/{len}, {eta} left")
            .expect("the template is a constant that parses");
        let bar = ProgressBar::new(steps).with_style(style).with_prefix(stage);
        let begun = Instant::now();
        Self {
            stage,
            bar,
            begun,
            last_line: Mutex::new(begun),
        }
    }

    fn line_is_due(&self) -> bool {
        let mut last = self
            .last_line
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due = last.elapsed() >= BETWEEN_LINES;
        if due {
            *last = Instant::now();
        }
        due
    }
}

impl Progress for ShownProgress {
    fn advance(&self, steps: u64) {
        self.bar.inc(steps);
        if self.bar.is_hidden() && self.line_is_due() {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
            note(line(self.stage, done, all, self.begun.elapsed()));
        }
    }
}

impl Drop for ShownProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Returns a line of progress; the time left is estimated from the work done so far.
fn line(stage: &str, done: u64, all: u64, elapsed: Duration) -> String {
    let left = elapsed.as_secs() * all.saturating_sub(done) / done.max(1);
    format!(
        "{stage}: {done} of {all}, about {} min left",
        left.div_ceil(60)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_a_signal_cut_short_ends_with_the_signals_code() {
        let stop = Stop::default();
        stop.ask(EndSignal::Terminate);
        assert!(stop.take_stop() && !stop.is_stop_asked());
        let code = |is_complete| format!("{:?}", stop.exit_code(is_complete));
        let expected = |code: u8| format!("{:?}", ExitCode::from(code));
        assert_eq!((code(false), code(true)), (expected(143), expected(0)));
    }

    #[test]
    fn a_line_says_how_far_the_work_is_and_what_is_left() {
        let of = |done, seconds| line("eyes", done, 400, Duration::from_secs(seconds));
        assert_eq!(of(100, 60), "eyes: 100 of 400, about 3 min left");
        assert_eq!(of(400, 60), "eyes: 400 of 400, about 0 min left");
        assert_eq!(of(0, 60), "eyes: 0 of 400, about 400 min left");
    }
}
