//! Policy for the fees of transactions: the first offer, the raise that replaces it, and the limit.

use crate::ports::{FeeMarket, Fees};

/// Room for the base fee to rise while a transaction waits: two times what it is now lasts
/// for six full blocks, each of which raises it by an eighth at most (EIP-1559).
const BASE_FEE_ROOM: u64 = 2;
/// Divisor of the least raise, an eighth: Geth and Erigon take another transaction with the same
/// nonce when it offers a tenth more (their price bump of 10 %), and an eighth is above that.
const RAISE_BY: u64 = 8;
/// Largest number of attempts for one nonce: with each one the time until the next grows.
// Chosen, not measured: fifteen raises by an eighth are six times the first offer.
const MAX_ATTEMPTS: u64 = 16;

/// Limit of the fees that are offered for a place in a block, and the time after which more is
/// offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeePolicy {
    /// Largest fee that is offered for a unit of gas, in wei.
    pub max_fee_wei: u64,
    /// Number of blocks that the first attempt is given before more is offered; the second is
    /// given twice as many, and so on.
    pub bump_after_blocks: u64,
}

impl FeePolicy {
    /// Returns the fees that a first attempt offers.
    #[must_use]
    pub const fn first(&self, market: &FeeMarket) -> Fees {
        let room = market.base_fee_wei.saturating_mul(BASE_FEE_ROOM);
        let wanted = room.saturating_add(market.priority_fee_wei);
        self.capped(wanted, market.priority_fee_wei)
    }

    /// Returns the fees of an attempt that replaces one with `offered`; `None` when the limit
    /// leaves no room for as much as a node asks (RELAY-3).
    #[must_use]
    pub fn replacement(&self, offered: Fees, market: &FeeMarket) -> Option<Fees> {
        let raised = raise(offered.max_fee_wei);
        if raised > self.max_fee_wei {
            return None;
        }
        let first = self.first(market);
        Some(self.capped(
            raised.max(first.max_fee_wei),
            raise(offered.priority_fee_wei).max(first.priority_fee_wei),
        ))
    }

    /// Returns whether a first attempt would now offer less than half of the maximum fee of
    /// `offered`: bytes that no node holds are then better not sent again.
    #[must_use]
    pub const fn is_overpriced(&self, offered: Fees, market: &FeeMarket) -> bool {
        self.first(market).max_fee_wei < offered.max_fee_wei / 2
    }

    /// Returns whether the newest of `attempts` has waited long enough and a further one is
    /// allowed.
    #[must_use]
    pub const fn is_bump_due(&self, attempts: usize, waited_blocks: u64) -> bool {
        let attempts = attempts as u64;
        attempts < MAX_ATTEMPTS && waited_blocks >= self.bump_after_blocks.saturating_mul(attempts)
    }

    const fn capped(&self, max_fee_wei: u64, priority_fee_wei: u64) -> Fees {
        let max_fee_wei = min(max_fee_wei, self.max_fee_wei);
        Fees {
            max_fee_wei,
            priority_fee_wei: min(priority_fee_wei, max_fee_wei),
        }
    }
}

const fn min(one: u64, other: u64) -> u64 {
    if one < other { one } else { other }
}

const fn raise(wei: u64) -> u64 {
    wei.saturating_add(wei / RAISE_BY).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: FeePolicy = FeePolicy {
        max_fee_wei: 1_000,
        bump_after_blocks: 3,
    };

    const fn market(base_fee_wei: u64) -> FeeMarket {
        FeeMarket {
            base_fee_wei,
            priority_fee_wei: 10,
        }
    }

    const fn fees(max_fee_wei: u64, priority_fee_wei: u64) -> Fees {
        Fees {
            max_fee_wei,
            priority_fee_wei,
        }
    }

    #[test]
    fn an_offer_follows_the_market_up_to_the_limit() {
        assert_eq!(POLICY.first(&market(100)), fees(210, 10));
        assert_eq!(POLICY.first(&market(499)), fees(1_000, 10));
        assert_eq!(POLICY.first(&market(u64::MAX)), fees(1_000, 10));
        let tight = FeePolicy {
            max_fee_wei: 5,
            ..POLICY
        };
        assert_eq!(tight.first(&market(100)), fees(5, 5));
    }

    /// Tests RELAY-3.
    #[test]
    fn a_replacement_offers_what_nodes_ask_and_what_the_market_asks() {
        let offered = fees(210, 10);
        assert_eq!(
            POLICY.replacement(offered, &market(100)),
            Some(fees(237, 12))
        );
        assert_eq!(
            POLICY.replacement(offered, &market(300)),
            Some(fees(610, 12))
        );
        assert_eq!(
            POLICY.replacement(offered, &market(900)),
            Some(fees(1_000, 12))
        );
        for max_fee in 1..=1_000 {
            if let Some(next) = POLICY.replacement(fees(max_fee, 1), &market(0)) {
                assert!(next.max_fee_wei * 10 >= max_fee * 11, "{max_fee}");
                assert!(next.max_fee_wei <= POLICY.max_fee_wei, "{max_fee}");
            } else {
                assert!(max_fee > 888, "{max_fee}");
            }
        }
    }

    #[test]
    fn where_there_is_no_base_fee_the_offer_is_a_gas_price_and_stays_one() {
        let legacy = FeeMarket {
            base_fee_wei: 0,
            priority_fee_wei: 100,
        };
        let mut offered = POLICY.first(&legacy);
        assert_eq!(offered, fees(100, 100));
        while let Some(next) = POLICY.replacement(offered, &legacy) {
            assert!(next.is_gas_price(), "{next:?}");
            assert!(next.max_fee_wei * 10 >= offered.max_fee_wei * 11);
            offered = next;
        }
        assert!(!POLICY.first(&market(100)).is_gas_price());
        assert_eq!(legacy.going_rate_wei(), 100);
        assert_eq!(market(100).going_rate_wei(), 100);
        let free = FeeMarket {
            base_fee_wei: 0,
            priority_fee_wei: 0,
        };
        assert_eq!(POLICY.first(&free), fees(0, 0));
    }

    #[test]
    fn an_offer_comes_down_when_the_market_does() {
        let offered = POLICY.first(&market(400));
        assert!(!POLICY.is_overpriced(offered, &market(400)));
        assert!(!POLICY.is_overpriced(offered, &market(250)));
        assert!(POLICY.is_overpriced(offered, &market(100)));
    }

    #[test]
    fn each_attempt_is_waited_for_longer_than_the_one_before() {
        assert!(!POLICY.is_bump_due(1, 2));
        assert!(POLICY.is_bump_due(1, 3));
        assert!(!POLICY.is_bump_due(2, 5));
        assert!(POLICY.is_bump_due(2, 6));
        assert!(!POLICY.is_bump_due(16, u64::MAX));
    }
}
