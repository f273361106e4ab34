//! Deadline that a service promises for a claim, or none for a claim that may fail through nobody's
//! fault.

use annona_core::{AmountWei, Claim, UnixSeconds};

use crate::ClaimRules;
use crate::ports::EpochAccount;

impl ClaimRules {
    /// Returns the deadline that is promised for a claim taken at `now`, both on the chain's
    /// clock; `None` for a claim that may fail through nobody's fault: its window ends too
    /// soon, or its fee may exceed an amount that nobody knows yet (RCPT-2).
    pub(super) fn deadline(
        &self,
        claim: &Claim,
        account: &EpochAccount,
        now: UnixSeconds,
    ) -> Option<UnixSeconds> {
        if claim.payment.fee > AmountWei::ZERO && !account.is_opened {
            return None;
        }
        let deadline = now.0.saturating_add(self.promise_secs);
        (deadline < self.calendar.window_end(claim.epoch).0).then_some(UnixSeconds(deadline))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{
        Address, AmountWei, ClaimCalendar, ClaimScope, ClaimWindow, Epoch, EpochClock,
        NullifierHash, Payment, ProofPoints, U256,
    };

    use super::*;

    const GENESIS: u64 = 1_000;

    fn rules() -> ClaimRules {
        ClaimRules {
            scope: ClaimScope {
                chain_id: 1,
                distributor: Address::repeat_byte(9),
            },
            token: Address::repeat_byte(8),
            calendar: ClaimCalendar {
                clock: EpochClock::new(UnixSeconds(GENESIS), 100).unwrap(),
                window: ClaimWindow(2),
            },
            promise_secs: 30,
        }
    }

    fn claim(fee: u64) -> Claim {
        Claim {
            epoch: Epoch(3),
            nullifier_hash: NullifierHash::try_from(U256::from(5)).unwrap(),
            payment: Payment {
                recipient: Address::repeat_byte(1),
                fee_recipient: Address::repeat_byte(2),
                fee: AmountWei(U256::from(fee)),
            },
            points: ProofPoints::try_from([U256::from(1); 8]).unwrap(),
        }
    }

    const fn account(is_opened: bool) -> EpochAccount {
        EpochAccount {
            amount: AmountWei::ZERO,
            claimed: 0,
            is_opened,
        }
    }

    /// Tests RCPT-2.
    #[test]
    fn nothing_is_promised_that_the_window_may_cut_off() {
        let window_ends = GENESIS + 5 * 100;
        let at = |now| rules().deadline(&claim(0), &account(true), UnixSeconds(now));
        let last = window_ends - 31;
        assert_eq!(at(GENESIS + 300), Some(UnixSeconds(GENESIS + 330)));
        assert_eq!(at(last), Some(UnixSeconds(window_ends - 1)));
        for late in [last + 1, window_ends - 1, window_ends, u64::MAX] {
            assert_eq!(at(late), None, "{late}");
        }
    }

    #[test]
    fn nothing_is_promised_about_a_fee_from_an_unknown_amount() {
        let promise = |fee, is_opened| {
            rules().deadline(&claim(fee), &account(is_opened), UnixSeconds(GENESIS + 300))
        };
        assert_eq!(promise(1, false), None);
        assert!(promise(1, true).is_some());
        assert!(promise(0, false).is_some());
    }
}
