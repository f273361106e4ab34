//! Holds a promise against the evidence of the chain.

use annona_core::{AmountWei, ClaimReceipt, ClaimTerms, Payment, Root, UnixSeconds};
use annona_engine::ClaimRejection;

/// A time in which payments were paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) from: UnixSeconds,
    /// `None` for a pause that goes on.
    pub(super) to: Option<UnixSeconds>,
}

/// A payment of the nullifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paid {
    pub(super) at: UnixSeconds,
    pub(super) payment: Payment,
}

/// Evidence of the chain on one claim.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    /// Time of the newest block.
    pub(super) now: UnixSeconds,
    /// `R_e` now.
    pub(super) root: Root,
    /// First second in which the epoch can no longer be claimed.
    pub(super) window_ends: UnixSeconds,
    pub(super) paid: Option<Paid>,
    /// Pauses since the claim was taken, in order.
    pub(super) pauses: Vec<Pause>,
    /// Amount that the epoch pays; `None` while nobody has opened it.
    pub(super) amount: Option<AmountWei>,
    /// The epoch is not open, and cannot be opened because there is no money for it.
    pub(super) is_without_money: bool,
    /// As many claims as members were paid.
    pub(super) is_census_reached: bool,
    /// The recipient is one that the contract refuses, or the token refuses the transfer,
    /// in the block of the refusal if there is one.
    pub(super) is_recipient_refused: bool,
}

/// Reason for which a promise that was not kept is not held against the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excuse {
    /// Payments were paused for as long as they are late, or until the window ended.
    Paused,
    /// A reorg gave the epoch another root: the proof no longer holds.
    RootChanged,
    /// As many claims as members were paid.
    CensusExceeded,
    /// The fee exceeds the amount that the epoch pays.
    FeeAboveAmount,
    /// There is no money for the epoch.
    NothingToPay,
    /// The contract or the token refuses the recipient.
    RecipientRefused,
}

impl Excuse {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::RootChanged => "root-changed",
            Self::CensusExceeded => "census-reached",
            Self::FeeAboveAmount => "fee-above-amount",
            Self::NothingToPay => "no-money",
            Self::RecipientRefused => "recipient-refused",
        }
    }
}

/// Verdict on the promise of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PromiseVerdict {
    /// Paid as promised, in time.
    Kept,
    /// The time is not over.
    Open,
    /// Paid as promised, but late.
    Late,
    /// Paid in another way than was promised, which takes another proof of the holder.
    PaidOtherwise,
    /// Not kept, and the chain shows a cause that is not the service's.
    Excused(Excuse),
    /// The service gave a reason, and the chain bears it out.
    Refused(ClaimRejection),
    /// Not paid, and nothing on the chain says why.
    Broken,
}

impl PromiseVerdict {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Open => "open",
            Self::Late => "late",
            Self::PaidOtherwise => "paid-otherwise",
            Self::Excused(_) => "excused",
            Self::Refused(_) => "refused",
            Self::Broken => "broken",
        }
    }

    /// Returns whether the service broke its promise, or the payment went another way.
    pub(super) const fn needs_attention(self) -> bool {
        matches!(self, Self::Late | Self::Broken | Self::PaidOtherwise)
    }
}

/// Judges a promise; `stated` is the reason that the service gave, if it gave one (RCPT-5).
pub(super) fn judge(
    receipt: &ClaimReceipt,
    stated: Option<ClaimRejection>,
    evidence: &Evidence,
) -> PromiseVerdict {
    let deadline = evidence.deadline(receipt);
    if let Some(paid) = evidence.paid {
        return if !is_same(&paid.payment, &receipt.terms.payment) {
            PromiseVerdict::PaidOtherwise
        } else if paid.at <= receipt.deadline {
            PromiseVerdict::Kept
        } else if paid.at <= deadline {
            PromiseVerdict::Excused(Excuse::Paused)
        } else {
            PromiseVerdict::Late
        };
    }
    let cause = evidence.cause(&receipt.terms);
    if let (Some(reason), Some(cause)) = (stated, cause)
        && states(reason, cause)
    {
        return PromiseVerdict::Refused(reason);
    }
    if evidence.now <= deadline && evidence.now < evidence.window_ends {
        return PromiseVerdict::Open;
    }
    if let Some(cause) = cause {
        return PromiseVerdict::Excused(cause);
    }
    if deadline >= evidence.window_ends {
        return PromiseVerdict::Excused(Excuse::Paused);
    }
    PromiseVerdict::Broken
}

/// Compares two payments; without a fee, its recipient means nothing.
fn is_same(paid: &Payment, promised: &Payment) -> bool {
    let fee_goes_to = paid.fee_recipient == promised.fee_recipient;
    paid.recipient == promised.recipient
        && paid.fee == promised.fee
        && (fee_goes_to || promised.fee == AmountWei::ZERO)
}

/// Returns whether a rejection names the cause that the chain shows.
const fn states(reason: ClaimRejection, cause: Excuse) -> bool {
    matches!(
        (reason, cause),
        (ClaimRejection::InvalidProof, Excuse::RootChanged)
            | (ClaimRejection::CensusExceeded, Excuse::CensusExceeded)
            | (ClaimRejection::FeeAboveAmount, Excuse::FeeAboveAmount)
            | (
                ClaimRejection::InvalidRecipient | ClaimRejection::TransferFailed,
                Excuse::RecipientRefused
            )
    )
}

impl Evidence {
    /// The deadline, later by the time in which payments were paused before it.
    fn deadline(&self, receipt: &ClaimReceipt) -> UnixSeconds {
        let mut deadline = receipt.deadline.0;
        for pause in &self.pauses {
            let from = pause.from.0.max(receipt.taken_at.0);
            let to = pause.to.unwrap_or(self.now).0;
            if from <= deadline {
                deadline = deadline.saturating_add(to.saturating_sub(from));
            }
        }
        UnixSeconds(deadline)
    }

    /// Finds the cause for which the claim cannot be paid, as far as the chain shows it.
    fn cause(&self, terms: &ClaimTerms) -> Option<Excuse> {
        if self.root != terms.root {
            return Some(Excuse::RootChanged);
        }
        if self.is_recipient_refused {
            return Some(Excuse::RecipientRefused);
        }
        if self.amount.is_some_and(|amount| terms.payment.fee > amount) {
            return Some(Excuse::FeeAboveAmount);
        }
        if self.is_census_reached {
            return Some(Excuse::CensusExceeded);
        }
        self.is_without_money.then_some(Excuse::NothingToPay)
    }
}

#[cfg(test)]
#[path = "judgement_tests.rs"]
mod tests;
