//! Memory of packets that are being checked, by which a phone learns that its visit was captured.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use annona_core::{B256, Commitment, UnixSeconds};

use crate::EnrolmentId;

/// Longest time for which a check is told, in seconds: more than a request may take.
const MAX_CHECK_SECS: u64 = 120;
/// Largest number of nonces whose packets are told to be under check at a time.
// Chosen, not measured: it bounds memory, far above what one service checks in two minutes.
const MAX_CHECKS: usize = 4_096;

/// Packet that is being checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketCheck {
    /// Id that the enrolment will have if it is recorded.
    pub id: EnrolmentId,
    /// Commitment in the orb's statement.
    pub commitment: Commitment,
}

/// Packets under check by the nonce of the code that the orb read. They are in memory only, and
/// hold no template (ENROL-18).
#[derive(Clone, Default)]
pub(crate) struct ChecksUnderWay(Arc<Mutex<HashMap<B256, UnderWay>>>);

struct UnderWay {
    check: PacketCheck,
    since: UnixSeconds,
    /// Number of requests that check a packet with this nonce.
    requests: usize,
}

impl ChecksUnderWay {
    /// Notes that a packet is being checked, until the returned guard is dropped. The check is not
    /// told if too many others are under way.
    pub(crate) fn begin(&self, nonce: B256, check: PacketCheck, now: UnixSeconds) -> CheckGuard {
        let mut checks = self.lock();
        let is_full = checks.len() >= MAX_CHECKS && !checks.contains_key(&nonce);
        if !is_full {
            let requests = checks.get(&nonce).map_or(0, |earlier| earlier.requests);
            let under_way = UnderWay {
                check,
                since: now,
                requests: requests + 1,
            };
            checks.insert(nonce, under_way);
        }
        CheckGuard {
            checks: self.clone(),
            nonce: (!is_full).then_some(nonce),
        }
    }

    /// Returns the check of a packet with this nonce, if one is under way.
    pub(crate) fn find(&self, nonce: B256, now: UnixSeconds) -> Option<PacketCheck> {
        let checks = self.lock();
        let under_way = checks.get(&nonce)?;
        let is_told = now.0.saturating_sub(under_way.since.0) < MAX_CHECK_SECS;
        is_told.then_some(under_way.check)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<B256, UnderWay>> {
        // A panic elsewhere leaves whole entries behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Check under way, which ends when this is dropped: with a decision, an error, a panic, or a
/// request that was given up.
#[must_use]
pub(crate) struct CheckGuard {
    checks: ChecksUnderWay,
    nonce: Option<B256>,
}

impl Drop for CheckGuard {
    fn drop(&mut self) {
        let Some(nonce) = self.nonce else { return };
        let mut checks = self.checks.lock();
        if let Some(under_way) = checks.get_mut(&nonce) {
            under_way.requests -= 1;
            if under_way.requests == 0 {
                checks.remove(&nonce);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use annona_core::U256;

    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

    fn nonce(number: u64) -> B256 {
        annona_core::keccak256(number.to_be_bytes())
    }

    fn check(number: u64) -> PacketCheck {
        PacketCheck {
            id: EnrolmentId(nonce(number)),
            commitment: Commitment::try_from(U256::from(number + 1))
                .expect("a small field element"),
        }
    }

    /// Tests ENROL-18.
    #[test]
    fn a_check_is_told_until_the_last_request_for_it_ends() {
        let checks = ChecksUnderWay::default();
        let first = checks.begin(nonce(1), check(1), NOW);
        let second = checks.begin(nonce(1), check(1), NOW);
        assert_eq!(checks.find(nonce(1), NOW), Some(check(1)));
        assert_eq!(checks.find(nonce(2), NOW), None);
        drop(first);
        assert_eq!(checks.find(nonce(1), NOW), Some(check(1)));
        drop(second);
        assert_eq!(checks.find(nonce(1), NOW), None);
        assert!(checks.lock().is_empty());
    }

    /// Tests ENROL-18.
    #[test]
    fn a_check_that_panics_has_ended() {
        let checks = ChecksUnderWay::default();
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _guard = checks.begin(nonce(1), check(1), NOW);
            assert_eq!(checks.find(nonce(1), NOW), Some(check(1)));
            panic!("in the check");
        }));
        assert!(caught.is_err());
        assert!(checks.lock().is_empty());
    }

    /// Tests ENROL-18: for a short time only, and no more than fit.
    #[test]
    fn checks_are_bounded_in_number_and_time() {
        let checks = ChecksUnderWay::default();
        let guards: Vec<CheckGuard> = (0..=MAX_CHECKS as u64)
            .map(|number| checks.begin(nonce(number), check(number), NOW))
            .collect();
        let last = MAX_CHECKS as u64;
        assert_eq!(checks.lock().len(), MAX_CHECKS);
        assert_eq!(checks.find(nonce(last), NOW), None);
        let again = checks.begin(nonce(0), check(0), NOW);
        assert_eq!(checks.find(nonce(0), NOW), Some(check(0)));
        let too_late = UnixSeconds(NOW.0 + MAX_CHECK_SECS);
        assert_eq!(checks.find(nonce(1), too_late), None);
        drop((guards, again));
        assert!(checks.lock().is_empty());
    }
}
