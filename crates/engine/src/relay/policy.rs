//! Policy for the time at which the waiting claims of an epoch are sent.

/// Largest number of claims in one transaction, as in the contract.
pub(super) const MAX_BATCH: usize = 128;
/// Number of claims that are enough for a batch: beyond it each one saves little gas.
// Gas of a person who holds no token yet: 128,625 in a batch of 8, 108,690 of 32, 103,731 of
// 128 (contracts/snapshots/ClaimGasTest.json).
const TARGET_BATCH: usize = 32;

/// Rules for the time at which claims of an epoch are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayPolicy {
    /// Longest time that a claim waits for others while gas is cheap, in seconds.
    pub wait_secs: u64,
    /// Longest time that a claim waits for cheaper gas, in seconds: after it, the claim is sent
    /// at any price that the limit allows.
    pub max_wait_secs: u64,
    /// Base fee, or gas price on a chain without one, up to which nothing waits for cheaper
    /// gas, in wei for a unit of gas.
    pub cheap_base_fee_wei: u64,
    /// Time before the end of a claim window from which on nothing waits, in seconds.
    pub window_margin_secs: u64,
    /// Largest number of slots of one account that are in no block.
    pub slots_per_sender: usize,
}

/// State of the claims of one epoch that wait to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingClaims {
    /// Number of claims that wait.
    pub count: usize,
    /// Time that the oldest claim has waited, in seconds.
    pub oldest_secs: u64,
    /// Time until the epoch's window ends, in seconds of the chain's clock.
    pub window_left_secs: u64,
    /// Base fee of the next block, or gas price on a chain without one, in wei for a unit of
    /// gas.
    pub base_fee_wei: u64,
}

/// Reason for sending claims now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimsReason {
    /// The claim window ends soon.
    WindowEnd,
    /// The oldest claim has waited for cheaper gas as long as is allowed.
    MaxWait,
    /// There are enough claims for a batch.
    Size,
    /// The oldest claim has waited for others as long as is allowed.
    Age,
}

impl ClaimsReason {
    /// Returns a stable code, for logs and metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WindowEnd => "window-end",
            Self::MaxWait => "max-wait",
            Self::Size => "size",
            Self::Age => "age",
        }
    }
}

impl RelayPolicy {
    /// Returns the reason for sending claims now, up to one batch of them; `None` while
    /// they can wait (EPOCH-9).
    #[must_use]
    pub const fn reason_to_send(&self, waiting: &WaitingClaims) -> Option<ClaimsReason> {
        if waiting.count == 0 {
            return None;
        }
        if waiting.window_left_secs <= self.window_margin_secs {
            return Some(ClaimsReason::WindowEnd);
        }
        if waiting.oldest_secs >= self.max_wait_secs {
            return Some(ClaimsReason::MaxWait);
        }
        if waiting.base_fee_wei > self.cheap_base_fee_wei {
            return None;
        }
        if waiting.count >= TARGET_BATCH {
            return Some(ClaimsReason::Size);
        }
        if waiting.oldest_secs >= self.wait_secs {
            return Some(ClaimsReason::Age);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RelayPolicy = RelayPolicy {
        wait_secs: 10,
        max_wait_secs: 600,
        cheap_base_fee_wei: 50,
        window_margin_secs: 900,
        slots_per_sender: 4,
    };
    const FRESH: WaitingClaims = WaitingClaims {
        count: 1,
        oldest_secs: 0,
        window_left_secs: 100_000,
        base_fee_wei: 50,
    };

    #[test]
    fn claims_wait_for_others_until_they_are_enough_or_old() {
        let reason = |count, oldest_secs| {
            POLICY.reason_to_send(&WaitingClaims {
                count,
                oldest_secs,
                ..FRESH
            })
        };
        assert_eq!(reason(1, 9), None);
        assert_eq!(reason(31, 9), None);
        assert_eq!(reason(1, 10), Some(ClaimsReason::Age));
        assert_eq!(reason(32, 0), Some(ClaimsReason::Size));
        assert_eq!(reason(0, 10_000), None);
    }

    #[test]
    fn dear_gas_is_waited_out_but_not_for_ever() {
        let reason = |count, oldest_secs| {
            POLICY.reason_to_send(&WaitingClaims {
                count,
                oldest_secs,
                base_fee_wei: 51,
                ..FRESH
            })
        };
        assert_eq!(reason(128, 599), None);
        assert_eq!(reason(1, 600), Some(ClaimsReason::MaxWait));
    }

    #[test]
    fn nothing_waits_beyond_the_end_of_a_window() {
        let reason = |window_left_secs| {
            POLICY.reason_to_send(&WaitingClaims {
                window_left_secs,
                base_fee_wei: u64::MAX,
                ..FRESH
            })
        };
        assert_eq!(reason(901), None);
        assert_eq!(reason(900), Some(ClaimsReason::WindowEnd));
        assert_eq!(reason(0), Some(ClaimsReason::WindowEnd));
    }
}
