//! Rules of the deployment that all workers share.

use annona_core::ClaimCalendar;

use crate::{FeePolicy, MembershipRules};

/// Rules by which the workers get transactions into blocks, and take them as final.
#[derive(Debug, Clone, Copy)]
pub struct SettlementRules {
    /// Calendar with the window in which an epoch can be claimed.
    pub calendar: ClaimCalendar,
    /// Number of blocks on top of a block after which it is taken as final.
    pub confirmations: u64,
    /// Policy for the fees that are offered, and for raising them.
    pub fees: FeePolicy,
}

impl SettlementRules {
    /// The part of the rules that decides which trees are kept.
    #[must_use]
    pub const fn membership(&self) -> MembershipRules {
        MembershipRules {
            calendar: self.calendar,
            confirmations: self.confirmations,
        }
    }
}
