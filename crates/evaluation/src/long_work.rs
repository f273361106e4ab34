//! Work that takes minutes: on all cores, with progress, and ended early without losing what
//! was done.

use rayon::prelude::*;

/// Supervisor of long work: hears of its progress, and may ask it to stop.
pub trait Supervisor: Sync {
    /// Begins a stage of so many steps. It ends when the value is dropped.
    fn begin(&self, stage: &'static str, steps: u64) -> Box<dyn Progress + '_>;

    /// Returns whether the work shall stop; what is done until then is still reported.
    fn is_stop_asked(&self) -> bool;

    /// Returns whether the work shall stop, and forgets it: the next stage goes on with the
    /// results of the stage before.
    fn take_stop(&self) -> bool;
}

/// Progress of a stage.
pub trait Progress: Sync {
    /// Counts steps that are done.
    fn advance(&self, steps: u64);
}

/// Does `work` for every number below `count`, on all cores, and returns the results in order
/// of the numbers; fewer when asked to stop.
pub fn in_parallel<T: Send>(
    stage: &'static str,
    count: u64,
    supervisor: &dyn Supervisor,
    work: impl Fn(u64) -> T + Sync,
) -> Vec<T> {
    let progress = supervisor.begin(stage, count);
    (0..count)
        .into_par_iter()
        .filter_map(|number| {
            let done = (!supervisor.is_stop_asked()).then(|| work(number))?;
            progress.advance(1);
            Some(done)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Watch {
        is_stopped: AtomicBool,
        steps: AtomicU64,
    }

    impl Supervisor for Watch {
        fn begin(&self, _stage: &'static str, _steps: u64) -> Box<dyn Progress + '_> {
            Box::new(&self.steps)
        }

        fn is_stop_asked(&self) -> bool {
            self.is_stopped.load(Ordering::Relaxed)
        }

        fn take_stop(&self) -> bool {
            self.is_stopped.swap(false, Ordering::Relaxed)
        }
    }

    impl Progress for &AtomicU64 {
        fn advance(&self, steps: u64) {
            self.fetch_add(steps, Ordering::Relaxed);
        }
    }

    #[test]
    fn numbers_come_in_order_and_a_stop_leaves_those_done() {
        let watch = Watch::default();
        let squares = in_parallel("squares", 1_000, &watch, |n| n * n);
        assert!(squares.iter().copied().eq((0..1_000).map(|n| n * n)));
        assert_eq!(watch.steps.load(Ordering::Relaxed), 1_000);

        let some = in_parallel("numbers", 1_000, &watch, |n| {
            watch.is_stopped.store(true, Ordering::Relaxed);
            n
        });
        assert!((1..1_000).contains(&some.len()), "{}", some.len());
        assert!(some.is_sorted());
        assert!(watch.take_stop() && !watch.is_stop_asked());
    }
}
