//! Runs long computations on the computing threads, away from the threads that serve requests.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use futures::channel::oneshot;

/// Runs `work` on the computing threads and waits for it without blocking the
/// thread that serves requests.
///
/// A panic of `work` goes on in the caller: on a computing thread it would end
/// the whole process.
pub(crate) async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    rayon::spawn(move || {
        // What `work` holds is dropped with the panic; nobody sees it half-changed.
        let outcome = catch_unwind(AssertUnwindSafe(work));
        // A receiver that is gone means that the caller was cancelled.
        let _cancelled = sender.send(outcome);
    });
    match receiver
        .await
        .expect("the computing thread sends before it ends")
    {
        Ok(value) => value,
        Err(panic) => resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_goes_on_in_the_caller_and_the_process_lives() {
        let caught =
            catch_unwind(|| futures::executor::block_on(compute(|| panic!("in the work"))));
        assert!(caught.is_err());
        assert_eq!(futures::executor::block_on(compute(|| 7)), 7);
    }
}
