//! Policy for the time at which an append is sent, and for an epoch's room for recoveries and
//! newcomers.

use crate::ports::Census;

/// Number of leaves in the largest append.
pub(super) const MAX_APPEND: u32 = 1_024;

/// Numbers of leaves that fill a circuit, each with the divisor of the longest wait after which
/// that many are sent, or 0 for no wait: the fuller a batch, the less each person costs, and
/// the less there is to gain by waiting longer.
const FULL_FROM: [(usize, u64); 3] = [(MAX_APPEND as usize, 0), (256, 4), (16, 2)];

/// Rules for the time at which an append is sent, and for the share of recoveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchPolicy {
    /// Longest time that a queued enrolment waits for others, in seconds.
    pub max_wait_secs: u64,
    /// Time before the end of an epoch, in seconds, from which on nobody waits for others,
    /// because a person who joins after the end is paid an epoch later; and from which on no
    /// recovery begins, because a person whose new leaf comes after the end misses the next
    /// epoch.
    pub epoch_margin_secs: u64,
    /// Share of an epoch's enrolment cap that newcomers leave to recoveries, in per cent, until
    /// no recovery can begin in the epoch.
    pub recovery_share_percent: u8,
}

/// Numbers of leaves and recoveries that an epoch has room for (RECOV-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochRoom {
    /// Number of recoveries that can begin: each has room for its new leaf.
    pub recoveries: u32,
    /// Number of leaves of any kind.
    free: usize,
    /// Number of leaves of people who recover no leaf.
    newcomers: usize,
}

impl EpochRoom {
    /// Returns the largest number of waiting enrolments that are appended, the first
    /// `recovered` of which are recoveries.
    #[must_use]
    pub fn appends(&self, recovered: usize) -> usize {
        let recovered = recovered.min(self.free);
        recovered + self.newcomers.min(self.free - recovered)
    }
}

/// State of the enrolments that wait to be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingEnrolments {
    /// Number of enrolments that wait.
    pub count: usize,
    /// Time that the oldest enrolment has waited, in seconds.
    pub oldest_secs: u64,
    /// True if one of them has lost an old leaf already.
    pub holds_recovery: bool,
    /// Time until the epoch ends, in seconds of the chain's clock.
    pub epoch_left_secs: u64,
}

/// Reason for sending an append now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchReason {
    /// Somebody has lost the old leaf and not got the new one.
    Recovery,
    /// The epoch ends soon.
    EpochEnd,
    /// The batch fills a circuit and has waited its share.
    Size,
    /// The oldest enrolment has waited as long as is allowed.
    Age,
}

impl BatchReason {
    /// Returns a stable code, for logs and metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::EpochEnd => "epoch-end",
            Self::Size => "size",
            Self::Age => "age",
        }
    }
}

impl BatchPolicy {
    /// Returns the reason for which everything that waits is appended now; `None` while it can
    /// wait for more (EPOCH-9).
    #[must_use]
    pub fn reason_to_send(&self, waiting: &WaitingEnrolments) -> Option<BatchReason> {
        if waiting.count == 0 {
            return None;
        }
        if waiting.holds_recovery {
            return Some(BatchReason::Recovery);
        }
        if waiting.oldest_secs >= self.max_wait_secs {
            return Some(BatchReason::Age);
        }
        if waiting.epoch_left_secs <= self.epoch_margin_secs {
            return Some(BatchReason::EpochEnd);
        }
        let has_waited = |share: u64| match share {
            0 => true,
            share => waiting.oldest_secs >= self.max_wait_secs / share,
        };
        FULL_FROM
            .iter()
            .any(|(leaves, share)| waiting.count >= *leaves && has_waited(*share))
            .then_some(BatchReason::Size)
    }

    /// Returns the room of the epoch while `recovered` people have lost a leaf already and wait
    /// for the new one (RECOV-4).
    #[must_use]
    pub fn room(&self, census: &Census, epoch_left_secs: u64, recovered: usize) -> EpochRoom {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let free = size(census.free());
        if !self.recovery_fits(epoch_left_secs) {
            return EpochRoom {
                recoveries: 0,
                free,
                newcomers: free,
            };
        }
        let share = u64::from(self.recovery_share_percent.min(100));
        let kept = size(census.enrolment_cap.saturating_mul(share) / 100);
        let left = free.saturating_sub(recovered);
        EpochRoom {
            recoveries: u32::try_from(left).unwrap_or(u32::MAX),
            free,
            newcomers: free.saturating_sub(kept),
        }
    }

    /// Returns whether a recovery can be brought to its end in the current epoch.
    #[must_use]
    pub const fn recovery_fits(&self, epoch_left_secs: u64) -> bool {
        epoch_left_secs > self.epoch_margin_secs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BatchPolicy = BatchPolicy {
        max_wait_secs: 400,
        epoch_margin_secs: 60,
        recovery_share_percent: 10,
    };

    const fn waiting(count: usize, oldest_secs: u64) -> WaitingEnrolments {
        WaitingEnrolments {
            count,
            oldest_secs,
            holds_recovery: false,
            epoch_left_secs: 10_000,
        }
    }

    #[test]
    fn the_fuller_a_batch_the_shorter_its_wait() {
        for (count, wait, reason) in [
            (1, 400, BatchReason::Age),
            (15, 400, BatchReason::Age),
            (16, 200, BatchReason::Size),
            (255, 200, BatchReason::Size),
            (256, 100, BatchReason::Size),
            (1_023, 100, BatchReason::Size),
            (1_024, 0, BatchReason::Size),
        ] {
            assert_eq!(
                POLICY.reason_to_send(&waiting(count, wait)),
                Some(reason),
                "{count} after {wait} s"
            );
            if let Some(sooner) = wait.checked_sub(1) {
                assert_eq!(
                    POLICY.reason_to_send(&waiting(count, sooner)),
                    None,
                    "{count}"
                );
            }
        }
    }

    const fn census(enrolled: u64) -> Census {
        Census {
            members: 0,
            enrolled,
            enrolment_cap: 100,
        }
    }

    /// Tests RECOV-5.
    #[test]
    fn newcomers_leave_a_part_of_the_epoch_to_recoveries() {
        let room = POLICY.room(&census(60), 1_000, 3);
        assert_eq!(room.recoveries, 37);
        assert_eq!(room.appends(3), 33);
        assert_eq!(room.appends(60), 40);
        let late = POLICY.room(&census(95), 1_000, 0);
        assert_eq!((late.recoveries, late.appends(0)), (5, 0));
        let full = POLICY.room(&census(100), 1_000, 2);
        assert_eq!((full.recoveries, full.appends(2)), (0, 0));
    }

    #[test]
    fn what_recoveries_cannot_use_any_more_is_for_everybody() {
        let room = POLICY.room(&census(60), 60, 0);
        assert_eq!((room.recoveries, room.appends(0)), (0, 40));
        let lowered = Census {
            enrolment_cap: 50,
            ..census(60)
        };
        assert_eq!(POLICY.room(&lowered, 60, 1).appends(1), 0);
    }

    /// Tests EPOCH-9.
    #[test]
    fn nobody_waits_beyond_the_end_of_an_epoch() {
        let at = |epoch_left_secs| WaitingEnrolments {
            epoch_left_secs,
            ..waiting(1, 0)
        };
        assert_eq!(POLICY.reason_to_send(&at(61)), None);
        assert_eq!(POLICY.reason_to_send(&at(60)), Some(BatchReason::EpochEnd));
        assert!(POLICY.recovery_fits(61));
        assert!(!POLICY.recovery_fits(60));
    }

    #[test]
    fn who_has_lost_a_leaf_gets_the_new_one_at_once() {
        let recovered = WaitingEnrolments {
            holds_recovery: true,
            ..waiting(1, 0)
        };
        assert_eq!(
            POLICY.reason_to_send(&recovered),
            Some(BatchReason::Recovery)
        );
    }

    #[test]
    fn each_reason_has_the_code_that_dashboards_know() {
        let all = [
            (BatchReason::Recovery, "recovery"),
            (BatchReason::EpochEnd, "epoch-end"),
            (BatchReason::Size, "size"),
            (BatchReason::Age, "age"),
        ];
        for (reason, code) in all {
            assert_eq!(reason.code(), code);
        }
    }

    #[test]
    fn nothing_is_sent_when_nothing_waits() {
        let nothing = WaitingEnrolments {
            holds_recovery: false,
            epoch_left_secs: 0,
            ..waiting(0, u64::MAX)
        };
        assert_eq!(POLICY.reason_to_send(&nothing), None);
    }
}
