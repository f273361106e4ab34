//! Memory of refused enrolments, by which a phone learns why its visit was refused.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use annona_core::{B256, UnixSeconds};

use crate::EnrolError;

/// Seconds for which a refusal is told: longer than a phone shows codes after a visit.
const KEEP_SECS: u64 = 600;
/// Largest number of refusals that are remembered; the oldest go first.
const MAX_REFUSALS: usize = 4_096;

/// Refusals of the last minutes by the nonce of the code that the orb read. They are in memory
/// only, and hold no template (ENROL-18).
#[derive(Default)]
pub(crate) struct RecentRefusals(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    by_nonce: HashMap<B256, EnrolError>,
    /// Nonces from the oldest to the newest, each with its time.
    order: VecDeque<(UnixSeconds, B256)>,
}

impl RecentRefusals {
    /// Remembers a refusal in the place of an earlier one of the same nonce, and until the earlier
    /// one's time is over. Faults of the service are not kept.
    pub(crate) fn remember(&self, nonce: B256, error: &EnrolError, now: UnixSeconds) {
        let Some(refusal) = decided(error) else {
            return;
        };
        let mut remembered = self.lock();
        remembered.forget_old(now);
        if remembered.by_nonce.insert(nonce, refusal).is_none() {
            remembered.order.push_back((now, nonce));
        }
        remembered.forget_surplus();
    }

    /// Returns the refusal of a nonce while it is remembered.
    pub(crate) fn find(&self, nonce: B256, now: UnixSeconds) -> Option<EnrolError> {
        let mut remembered = self.lock();
        remembered.forget_old(now);
        remembered.by_nonce.get(&nonce).and_then(decided)
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        // A panic elsewhere leaves whole entries behind; one without its other half is forgotten
        // late or told never.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn forget_old(&mut self, now: UnixSeconds) {
        while let Some(&(since, _)) = self.order.front()
            && now.0.saturating_sub(since.0) >= KEEP_SECS
        {
            self.forget_oldest();
        }
    }

    fn forget_surplus(&mut self) {
        while self.order.len() > MAX_REFUSALS {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, nonce)) = self.order.pop_front() {
            self.by_nonce.remove(&nonce);
        }
    }
}

/// Returns a refusal that is about this visit and that the person can act on; none for faults and
/// for packets that no active orb has signed.
fn decided(error: &EnrolError) -> Option<EnrolError> {
    Some(match error {
        EnrolError::OrbLimitReached { orb, wait_secs } => EnrolError::OrbLimitReached {
            orb: *orb,
            wait_secs: *wait_secs,
        },
        EnrolError::ModelMismatch { expected, actual } => EnrolError::ModelMismatch {
            expected: *expected,
            actual: *actual,
        },
        EnrolError::NotFresh { captured_at, now } => EnrolError::NotFresh {
            captured_at: *captured_at,
            now: *now,
        },
        EnrolError::RecoveryTooSoon { wait_days } => EnrolError::RecoveryTooSoon {
            wait_days: *wait_days,
        },
        EnrolError::CommitmentTaken(commitment) => EnrolError::CommitmentTaken(*commitment),
        EnrolError::NothingToRecover => EnrolError::NothingToRecover,
        EnrolError::TemplateUnusable => EnrolError::TemplateUnusable,
        EnrolError::CommitmentsRequired => EnrolError::CommitmentsRequired,
        EnrolError::CodeCommitmentMismatch { eye } => {
            EnrolError::CodeCommitmentMismatch { eye: *eye }
        }
        EnrolError::IrisCommitmentUsed => EnrolError::IrisCommitmentUsed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

    fn nonce(number: u64) -> B256 {
        annona_core::keccak256(number.to_be_bytes())
    }

    /// Tests ENROL-18: for a short time only, and no more than fit.
    #[test]
    fn refusals_are_forgotten_with_time_and_with_number() {
        let refusals = RecentRefusals::default();
        refusals.remember(nonce(0), &EnrolError::TemplateUnusable, NOW);
        let last = UnixSeconds(NOW.0 + KEEP_SECS - 1);
        assert!(refusals.find(nonce(0), last).is_some());
        assert!(refusals.find(nonce(1), last).is_none());
        let later = UnixSeconds(NOW.0 + KEEP_SECS);
        assert!(refusals.find(nonce(0), later).is_none());
        for number in 0..=MAX_REFUSALS as u64 {
            refusals.remember(nonce(number), &EnrolError::NothingToRecover, later);
        }
        assert!(refusals.find(nonce(0), later).is_none());
        assert!(refusals.find(nonce(1), later).is_some());
        assert_eq!(refusals.lock().by_nonce.len(), MAX_REFUSALS);
    }

    /// Tests ENROL-18: a packet that is sent again and again takes one place, and is told no
    /// longer for it.
    #[test]
    fn a_later_refusal_takes_the_place_of_the_earlier_one() {
        let refusals = RecentRefusals::default();
        let soon = UnixSeconds(NOW.0 + KEEP_SECS - 1);
        refusals.remember(nonce(0), &EnrolError::TemplateUnusable, NOW);
        for _ in 0..=MAX_REFUSALS {
            refusals.remember(nonce(0), &EnrolError::NothingToRecover, soon);
        }
        let told = refusals.find(nonce(0), soon);
        assert!(
            matches!(told, Some(EnrolError::NothingToRecover)),
            "{told:?}"
        );
        assert_eq!(refusals.lock().order.len(), 1);
        let later = UnixSeconds(NOW.0 + KEEP_SECS);
        assert!(refusals.find(nonce(0), later).is_none());
    }

    /// Tests ENROL-18: a fault is no decision about the person.
    #[test]
    fn faults_are_not_remembered() {
        let refusals = RecentRefusals::default();
        refusals.remember(nonce(0), &EnrolError::Busy, NOW);
        refusals.remember(nonce(0), &EnrolError::NonceUsed, NOW);
        assert!(refusals.find(nonce(0), NOW).is_none());
    }
}
