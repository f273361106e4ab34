//! Memory of refused enrolments, by which a phone learns why its visit was refused.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use annona_core::{B256, OrbId, UnixSeconds};

use crate::enrol_error::EnrolError;

/// Seconds for which a refusal is told: longer than a phone shows codes after a visit.
const KEEP_SECS: u64 = 600;
/// Largest number of refusals that are remembered. When there are more, the oldest of the orb that
/// has most of them goes: no orb makes the others' be forgotten.
const MAX_REFUSALS: usize = 4_096;

/// Refusals of the last minutes by the nonce of the code that the orb read. They are in memory
/// only, and hold no template (ENROL-18).
#[derive(Default)]
pub(crate) struct RecentRefusals(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    by_nonce: HashMap<B256, EnrolError>,
    /// Nonces from the oldest to the newest.
    order: VecDeque<Place>,
}

struct Place {
    since: UnixSeconds,
    orb: OrbId,
    nonce: B256,
}

impl RecentRefusals {
    /// Remembers a refusal of an orb's packet in the place of an earlier one of the same nonce, and
    /// until the earlier one's time is over. Faults of the service are not kept.
    pub(crate) fn remember(&self, nonce: B256, orb: OrbId, error: &EnrolError, since: UnixSeconds) {
        let Some(refusal) = decided(error) else {
            return;
        };
        let mut remembered = self.lock();
        remembered.forget_old(since);
        if remembered.by_nonce.insert(nonce, refusal).is_none() {
            remembered.order.push_back(Place { since, orb, nonce });
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
        while let Some(place) = self.order.front()
            && now.0.saturating_sub(place.since.0) >= KEEP_SECS
        {
            self.forget(0);
        }
    }

    fn forget_surplus(&mut self) {
        while self.order.len() > MAX_REFUSALS {
            let busiest = self.busiest_orb();
            let oldest = self.order.iter().position(|it| Some(it.orb) == busiest);
            self.forget(oldest.unwrap_or(0));
        }
    }

    /// Returns the orb that has most of the refusals.
    fn busiest_orb(&self) -> Option<OrbId> {
        let mut counts: HashMap<OrbId, usize> = HashMap::new();
        for place in &self.order {
            *counts.entry(place.orb).or_default() += 1;
        }
        let busiest = counts.into_iter().max_by_key(|(_, count)| *count);
        busiest.map(|(orb, _)| orb)
    }

    fn forget(&mut self, index: usize) {
        if let Some(place) = self.order.remove(index) {
            self.by_nonce.remove(&place.nonce);
        }
    }
}

/// Returns a copy of a refusal that is about this visit; none for faults of the service, after
/// which the orb sends the packet again, and for packets that no known orb has signed.
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
        EnrolError::Encoding(refusal) => EnrolError::Encoding(refusal.clone()),
        EnrolError::Upgrade(refusal) => EnrolError::Upgrade(refusal.clone()),
        EnrolError::IrisCommitmentUsed => EnrolError::IrisCommitmentUsed,
        EnrolError::IrisDigestMismatch => EnrolError::IrisDigestMismatch,
        EnrolError::OrbRefused(orb) => EnrolError::OrbRefused(*orb),
        // The record that used the nonce is the answer to a question for it.
        EnrolError::NonceUsed
        | EnrolError::Signature(_)
        | EnrolError::OrbNotActive(_)
        | EnrolError::Busy
        | EnrolError::UpgradeUnusable
        | EnrolError::Chain(_)
        | EnrolError::Store(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use annona_core::Address;

    use super::*;

    const ORB: OrbId = OrbId(Address::repeat_byte(1));
    const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

    fn nonce(number: u64) -> B256 {
        annona_core::keccak256(number.to_be_bytes())
    }

    /// Tests ENROL-18: for a short time only, and no more than fit.
    #[test]
    fn refusals_are_forgotten_with_time_and_with_number() {
        let refusals = RecentRefusals::default();
        refusals.remember(nonce(0), ORB, &EnrolError::TemplateUnusable, NOW);
        let last = UnixSeconds(NOW.0 + KEEP_SECS - 1);
        assert!(refusals.find(nonce(0), last).is_some());
        assert!(refusals.find(nonce(1), last).is_none());
        let later = UnixSeconds(NOW.0 + KEEP_SECS);
        assert!(refusals.find(nonce(0), later).is_none());
        for number in 0..=MAX_REFUSALS as u64 {
            refusals.remember(nonce(number), ORB, &EnrolError::NothingToRecover, later);
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
        refusals.remember(nonce(0), ORB, &EnrolError::TemplateUnusable, NOW);
        for _ in 0..=MAX_REFUSALS {
            refusals.remember(nonce(0), ORB, &EnrolError::NothingToRecover, soon);
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

    /// Tests ENROL-18: an orb without end of refusals forgets its own.
    #[test]
    fn an_orb_makes_no_other_orbs_refusals_be_forgotten() {
        let refusals = RecentRefusals::default();
        let other = OrbId(Address::repeat_byte(2));
        refusals.remember(nonce(0), other, &EnrolError::TemplateUnusable, NOW);
        let many = MAX_REFUSALS as u64 + 64;
        for number in 1..=many {
            refusals.remember(nonce(number), ORB, &EnrolError::OrbRefused(ORB), NOW);
        }
        assert!(refusals.find(nonce(0), NOW).is_some());
        assert!(refusals.find(nonce(1), NOW).is_none());
        assert!(refusals.find(nonce(many), NOW).is_some());
        assert_eq!(refusals.lock().by_nonce.len(), MAX_REFUSALS);
    }

    /// Tests ENROL-18: a fault is no decision about the person.
    #[test]
    fn faults_are_not_remembered() {
        let refusals = RecentRefusals::default();
        refusals.remember(nonce(0), ORB, &EnrolError::Busy, NOW);
        refusals.remember(nonce(0), ORB, &EnrolError::NonceUsed, NOW);
        refusals.remember(nonce(0), ORB, &EnrolError::OrbNotActive(ORB), NOW);
        assert!(refusals.find(nonce(0), NOW).is_none());
    }
}
