//! Steps that are repeated as long as the service runs.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use annona_wire::ServicePart;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::health::{HealthBoard, Patience, with_causes};

/// Pace of a worker: the pause between its steps, and the time limit of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Pause between two steps.
    pub(crate) pause: Duration,
    /// Time limit of a step; one that takes longer is cut off, and the next one goes on from
    /// there.
    pub(crate) step_limit: Duration,
}

impl Pace {
    /// Returns the times for which a worker of this pace is believed to be well.
    pub(crate) fn patience(self, after_failure: Duration) -> Patience {
        Patience {
            after_failure,
            without_report: self.step_limit + self.pause,
        }
    }
}

/// State that all workers look at (RELAY-10).
#[derive(Clone)]
pub(crate) struct Workplace {
    pub(crate) board: Arc<HealthBoard>,
    /// True while chain and contracts are those of the database; nothing is paid while they
    /// are not.
    pub(crate) is_own_chain: watch::Receiver<bool>,
    pub(crate) stop: CancellationToken,
}

impl Workplace {
    /// Repeats a step on the service's own chain until the service stops. A step that
    /// fails or hangs is no other worker's trouble.
    pub(crate) async fn work<E: Error, F>(
        &self,
        part: ServicePart,
        pace: Pace,
        step: impl Fn() -> F,
    ) where
        F: Future<Output = Result<(), E>>,
    {
        let step_on_own_chain = || {
            let is_own_chain = *self.is_own_chain.borrow();
            let step = is_own_chain.then(&step);
            async move {
                match step {
                    Some(step) => step.await.map_err(StepError::Failed),
                    None => Err(StepError::OtherChain),
                }
            }
        };
        self.repeat(part, pace, step_on_own_chain).await;
    }

    /// Repeats a step, whatever chain the endpoint is of.
    pub(crate) async fn repeat<E: Error, F>(
        &self,
        part: ServicePart,
        pace: Pace,
        step: impl Fn() -> F,
    ) where
        F: Future<Output = Result<(), E>>,
    {
        loop {
            // A step that is cut off is carried on by the outbox or begun again.
            tokio::select! {
                () = self.stop.cancelled() => return,
                outcome = timeout(pace.step_limit, step()) => match outcome {
                    Ok(Ok(())) => self.board.success(part),
                    Ok(Err(error)) => self.board.failure(part, &with_causes(&error)),
                    Err(_elapsed) => {
                        let limit_secs = pace.step_limit.as_secs();
                        self.board.failure(part, &format!("a step was cut off after {limit_secs} s"));
                    }
                },
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pace.pause) => {}
            }
        }
    }
}

/// Reason for which a step was not done.
#[derive(Debug, thiserror::Error)]
enum StepError<E: Error> {
    #[error("stopped, because the endpoint does not serve the chain of this service")]
    OtherChain,
    #[error(transparent)]
    Failed(E),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use annona_wire::PartStatus;

    use super::*;
    use crate::assemble::SystemClock;

    const PACE: Pace = Pace {
        pause: Duration::from_millis(1),
        step_limit: Duration::from_millis(5),
    };

    fn workplace(is_own_chain: bool) -> (Workplace, watch::Sender<bool>) {
        let (say, is_own_chain) = watch::channel(is_own_chain);
        let patience = Patience {
            after_failure: Duration::ZERO,
            without_report: Duration::from_secs(60),
        };
        let parts = ServicePart::ALL.map(|part| (part, patience));
        let workplace = Workplace {
            board: Arc::new(HealthBoard::new(Arc::new(SystemClock), parts)),
            is_own_chain,
            stop: CancellationToken::new(),
        };
        (workplace, say)
    }

    fn status(workplace: &Workplace, part: ServicePart) -> PartStatus {
        let report = workplace.board.report();
        let view = report.parts.into_iter().find(|view| view.part == part);
        view.unwrap().status
    }

    /// Tests RELAY-10.
    #[tokio::test]
    async fn a_step_that_hangs_is_cut_off_and_taken_again_and_holds_up_nobody() {
        let (workplace, _say) = workplace(true);
        let (hung, steps) = &(AtomicU32::new(0), AtomicU32::new(0));
        let stop = &workplace.stop;
        let hanging = workplace.work(ServicePart::Relay, PACE, || async move {
            hung.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<Result<(), Infallible>>().await
        });
        let stepping = workplace.work(ServicePart::Outbox, PACE, || async move {
            if steps.fetch_add(1, Ordering::Relaxed) >= 5 && hung.load(Ordering::Relaxed) >= 3 {
                stop.cancel();
            }
            Ok::<(), Infallible>(())
        });
        tokio::join!(hanging, stepping);
        let relay = status(&workplace, ServicePart::Relay);
        assert_eq!(relay, PartStatus::NotReady);
        let outbox = status(&workplace, ServicePart::Outbox);
        assert_eq!(outbox, PartStatus::Ready);
    }

    #[tokio::test]
    async fn nothing_is_done_on_another_chain_until_it_is_the_own_one_again() {
        let (workplace, say) = workplace(false);
        let stop = &workplace.stop;
        let is_own_chain = &workplace.is_own_chain;
        let working = workplace.work(ServicePart::Relay, PACE, || async move {
            assert!(*is_own_chain.borrow(), "a step on another chain");
            stop.cancel();
            Ok::<(), Infallible>(())
        });
        let returning = async {
            while status(&workplace, ServicePart::Relay) == PartStatus::NotReady
                && !workplace.board.report().parts.iter().any(|view| {
                    let reason = view.reason.as_deref().unwrap_or_default();
                    reason.contains("does not serve the chain")
                })
            {
                tokio::task::yield_now().await;
            }
            say.send(true).unwrap();
        };
        tokio::join!(working, returning);
    }

    #[tokio::test]
    async fn a_worker_stops_in_the_middle_of_a_step() {
        let (workplace, _say) = workplace(true);
        let stop = workplace.stop.clone();
        let working = workplace.work(
            ServicePart::Sequencer,
            Pace {
                step_limit: Duration::from_secs(3_600),
                ..PACE
            },
            || async {
                stop.cancel();
                std::future::pending::<Result<(), Infallible>>().await
            },
        );
        working.await;
    }
}
