//! Work that takes minutes: on all cores, with progress, and ended by a signal without
//! losing what was done.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use crate::output::note;
use crate::signals::{EndSignal, EndSignals};

/// Time between two lines of progress where no terminal shows a bar.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// Set when the user asks to stop; the work done until then is still reported.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<Asked>);

#[derive(Debug, Default)]
struct Asked {
    is_asked: AtomicBool,
    /// Number of the signal that asked, or 0.
    signal: AtomicU8,
}

impl Stop {
    pub(crate) fn asked(&self) -> bool {
        self.0.is_asked.load(Ordering::Relaxed)
    }

    /// Returns whether the user asked to stop, and forgets it: the next stage goes on with the
    /// results of the stage before.
    pub(crate) fn take(&self) -> bool {
        self.0.is_asked.swap(false, Ordering::Relaxed)
    }

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

/// `work` of every number below `count`, on all cores, in order of the numbers; fewer
/// when asked to stop.
pub(crate) fn in_parallel<T: Send>(
    title: &'static str,
    count: u64,
    stop: &Stop,
    work: impl Fn(u64) -> T + Sync,
) -> Vec<T> {
    let progress = Progress::new(title, count);
    (0..count)
        .into_par_iter()
        .filter_map(|number| {
            let done = (!stop.asked()).then(|| work(number))?;
            progress.advance(1);
            Some(done)
        })
        .collect()
}

/// Progress of the work, on standard error: a bar on a terminal, elsewhere a line every
/// half minute.
pub(crate) struct Progress {
    title: &'static str,
    bar: ProgressBar,
    begun: Instant,
    /// Time at which the last line was written, or the work begun.
    last_line: Mutex<Instant>,
}

impl Progress {
    pub(crate) fn new(title: &'static str, length: u64) -> Self {
        let style = ProgressStyle::with_template("{prefix:19} {wide_bar} {pos}/{len}, {eta} left")
            .expect("the template is a constant that parses");
        let bar = ProgressBar::new(length)
            .with_style(style)
            .with_prefix(title);
        let begun = Instant::now();
        Self {
            title,
            bar,
            begun,
            last_line: Mutex::new(begun),
        }
    }

    pub(crate) fn advance(&self, count: u64) {
        self.bar.inc(count);
        if self.bar.is_hidden() && self.line_is_due() {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
            note(line(self.title, done, all, self.begun.elapsed()));
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

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Returns a line of progress; the time left is estimated from the work done so far.
fn line(title: &str, done: u64, all: u64, elapsed: Duration) -> String {
    let left = elapsed.as_secs() * all.saturating_sub(done) / done.max(1);
    format!(
        "{title}: {done} of {all}, about {} min left",
        left.div_ceil(60)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_order_and_a_stop_leaves_those_done() {
        let stop = Stop::default();
        let squares = in_parallel("squares", 1_000, &stop, |n| n * n);
        assert!(squares.iter().copied().eq((0..1_000).map(|n| n * n)));

        let some = in_parallel("numbers", 1_000, &stop, |n| {
            stop.ask(EndSignal::Terminate);
            n
        });
        assert!((1..1_000).contains(&some.len()), "{}", some.len());
        assert!(some.is_sorted());
        assert!(stop.take() && !stop.asked());
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
