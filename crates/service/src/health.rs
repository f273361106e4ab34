//! State of the service's parts, as each of them reported it last.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use annona_api::Readiness;
use annona_engine::ports::Clock;
use annona_wire::{PartStatus, PartView, ReadinessView, ServicePart};

/// Times for which a part is believed to be well without saying so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Time from a first failure on, as long as no step succeeds.
    pub(crate) after_failure: Duration,
    /// Time without any step coming to its end.
    pub(crate) without_report: Duration,
}

/// Reports of the service's parts on themselves (RELAY-11).
pub(crate) struct HealthBoard {
    clock: Arc<dyn Clock>,
    parts: Mutex<BTreeMap<ServicePart, Watched>>,
}

struct Watched {
    patience: Patience,
    started: Instant,
    last_success: Option<Instant>,
    last_report: Instant,
    failing: Option<Failing>,
    /// Since when it is announced as not ready.
    announced: Option<Instant>,
}

#[derive(Clone)]
struct Failing {
    since: Instant,
    reason: String,
}

/// Reason for which a part is not ready, and the time at which that began.
struct Trouble {
    since: Instant,
    reason: String,
}

/// Kind of a failure: only the first since the last success is worth a line of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    First,
    Repeated,
}

impl Watched {
    fn new(patience: Patience, now: Instant) -> Self {
        Self {
            patience,
            started: now,
            last_success: None,
            last_report: now,
            failing: None,
            announced: None,
        }
    }

    fn trouble(&self, now: Instant) -> Option<Trouble> {
        if let Some(failing) = &self.failing {
            let is_over = now - failing.since >= self.patience.after_failure;
            if is_over || self.last_success.is_none() {
                return Some(Trouble {
                    since: failing.since,
                    reason: failing.reason.clone(),
                });
            }
        }
        let silence = now - self.last_report;
        if silence >= self.patience.without_report {
            return Some(Trouble {
                since: self.last_report,
                reason: format!("no step has come to its end for {} s", silence.as_secs()),
            });
        }
        self.last_success.is_none().then(|| Trouble {
            since: self.started,
            reason: "no step has come to its end yet".to_owned(),
        })
    }

    /// A part that is only just starting is not ready, and no news.
    fn is_starting(&self, now: Instant) -> bool {
        self.last_success.is_none()
            && self.failing.is_none()
            && now - self.last_report < self.patience.without_report
    }
}

impl HealthBoard {
    /// A board for parts that have not said anything yet.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        parts: impl IntoIterator<Item = (ServicePart, Patience)>,
    ) -> Self {
        let now = Instant::now();
        let watched = |(part, patience)| (part, Watched::new(patience, now));
        Self {
            clock,
            parts: Mutex::new(parts.into_iter().map(watched).collect()),
        }
    }

    /// A step of the part came to its end.
    pub(crate) fn success(&self, part: ServicePart) {
        let now = Instant::now();
        if let Some(watched) = self.parts().get_mut(&part) {
            watched.last_success = Some(now);
            watched.last_report = now;
            watched.failing = None;
        }
        self.announce();
    }

    /// A step of the part failed. The first failure after a success is logged, those that
    /// follow are for whoever asks for details.
    pub(crate) fn failure(&self, part: ServicePart, reason: &str) {
        let kind = self.note_failure(part, reason);
        let part = part.name();
        match kind {
            Failure::First => {
                tracing::warn!(part, reason, "step failed and will be repeated");
            }
            Failure::Repeated => tracing::debug!(part, reason, "step failed again"),
        }
        self.announce();
    }

    fn note_failure(&self, part: ServicePart, reason: &str) -> Failure {
        let now = Instant::now();
        let mut parts = self.parts();
        let Some(watched) = parts.get_mut(&part) else {
            return Failure::First;
        };
        watched.last_report = now;
        let reason = reason.to_owned();
        match &mut watched.failing {
            Some(failing) => {
                failing.reason = reason;
                Failure::Repeated
            }
            none => {
                *none = Some(Failing { since: now, reason });
                Failure::First
            }
        }
    }

    /// Says in the log which parts have become not ready, or ready again, since the last
    /// time.
    pub(crate) fn announce(&self) {
        let now = Instant::now();
        for (part, watched) in self.parts().iter_mut() {
            let part = part.name();
            let trouble = watched.trouble(now).filter(|_| !watched.is_starting(now));
            let is_ready = u8::from(trouble.is_none() && watched.last_success.is_some());
            metrics::gauge!("annona_part_ready", "part" => part).set(f64::from(is_ready));
            match (trouble, watched.announced) {
                (Some(trouble), None) => {
                    watched.announced = Some(trouble.since);
                    let since = self.unix_time_of(trouble.since, now);
                    let reason = trouble.reason;
                    tracing::warn!(part, since, reason, "part is not ready");
                }
                (None, Some(since)) => {
                    watched.announced = None;
                    let not_ready_secs = (now - since).as_secs();
                    tracing::warn!(part, not_ready_secs, "part is ready again");
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
    }

    fn unix_time_of(&self, moment: Instant, now: Instant) -> u64 {
        let elapsed = (now - moment).as_secs();
        self.clock.now().0.saturating_sub(elapsed)
    }

    // A panic while the lock is held leaves whole entries behind.
    fn parts(&self) -> MutexGuard<'_, BTreeMap<ServicePart, Watched>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HealthBoard {
    /// Reports the present state of every part.
    pub(crate) fn report(&self) -> ReadinessView {
        let now = Instant::now();
        let parts = self.parts();
        let view = |(part, watched): (&ServicePart, &Watched)| {
            let trouble = watched.trouble(now);
            PartView {
                part: *part,
                status: if trouble.is_none() {
                    PartStatus::Ready
                } else {
                    PartStatus::NotReady
                },
                since: trouble
                    .as_ref()
                    .map(|trouble| self.unix_time_of(trouble.since, now)),
                reason: trouble.map(|trouble| trouble.reason),
            }
        };
        ReadinessView::new(parts.iter().map(view).collect())
    }
}

/// The parts of a service, and whether it is on its own chain.
pub(crate) struct ServiceHealth {
    pub(crate) board: Arc<HealthBoard>,
    pub(crate) is_own_chain: tokio::sync::watch::Receiver<bool>,
}

impl Readiness for ServiceHealth {
    fn report(&self) -> ReadinessView {
        self.board.report()
    }

    fn is_on_its_chain(&self) -> bool {
        *self.is_own_chain.borrow()
    }
}

/// An error and what caused it, in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.ends_with(&text) {
            line = format!("{line}: {text}");
        }
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::UnixSeconds;

    use super::*;

    const PATIENT: Patience = Patience {
        after_failure: Duration::from_secs(1_000),
        without_report: Duration::from_secs(1_000),
    };

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> UnixSeconds {
            UnixSeconds(1_800_000_000)
        }
    }

    fn board(patience: Patience) -> HealthBoard {
        HealthBoard::new(Arc::new(Noon), [(ServicePart::Relay, patience)])
    }

    fn relay(board: &HealthBoard) -> PartView {
        let mut parts = board.report().parts;
        assert_eq!(parts.len(), 1);
        parts.remove(0)
    }

    #[test]
    fn a_part_is_ready_after_its_first_step_and_not_before() {
        let board = board(PATIENT);
        let starting = relay(&board);
        assert_eq!(starting.status, PartStatus::NotReady);
        assert_eq!(starting.since, Some(1_800_000_000));
        board.success(ServicePart::Relay);
        assert_eq!(relay(&board).status, PartStatus::Ready);
        assert_eq!((relay(&board).since, relay(&board).reason), (None, None));
    }

    #[test]
    fn a_failure_is_borne_for_a_while_and_a_first_step_that_fails_is_not() {
        let patient = board(PATIENT);
        patient.failure(ServicePart::Relay, "no answer");
        assert_eq!(relay(&patient).reason.as_deref(), Some("no answer"));
        patient.success(ServicePart::Relay);
        patient.failure(ServicePart::Relay, "no answer");
        assert_eq!(relay(&patient).status, PartStatus::Ready);

        let strict = board(Patience {
            after_failure: Duration::ZERO,
            ..PATIENT
        });
        strict.success(ServicePart::Relay);
        strict.failure(ServicePart::Relay, "disk full");
        let told = relay(&strict);
        assert_eq!(told.status, PartStatus::NotReady);
        assert_eq!(told.reason.as_deref(), Some("disk full"));
        assert_eq!(told.since, Some(1_800_000_000));
        strict.success(ServicePart::Relay);
        assert_eq!(relay(&strict).status, PartStatus::Ready);
    }

    /// Tests RELAY-11.
    #[test]
    fn a_part_that_falls_silent_is_not_ready() {
        let board = board(Patience {
            without_report: Duration::ZERO,
            ..PATIENT
        });
        board.success(ServicePart::Relay);
        let told = relay(&board);
        assert_eq!(told.status, PartStatus::NotReady);
        assert!(told.reason.unwrap().contains("no step"));
    }

    #[test]
    fn causes_are_told_once_each() {
        #[derive(Debug, thiserror::Error)]
        #[error("the chain failed")]
        struct Chain(#[source] std::io::Error);
        #[derive(Debug, thiserror::Error)]
        #[error(transparent)]
        struct Step(Chain);
        let error = Step(Chain(std::io::Error::other("no route")));
        assert_eq!(with_causes(&error), "the chain failed: no route");
    }
}
