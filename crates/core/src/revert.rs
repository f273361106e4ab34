//! Refusals of the contracts.

/// A refusal of the contracts, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevertReason {
    /// Payments are paused.
    #[error("payments are paused")]
    Paused,
    /// The epoch is not claimable now.
    #[error("the epoch is not open for claims")]
    EpochNotClaimable,
    /// The nullifier is spent.
    #[error("the nullifier is spent")]
    NullifierSpent,
    /// The proof does not verify.
    #[error("the proof does not verify")]
    InvalidProof,
    /// As many claims as members were paid.
    #[error("the census breaker is reached")]
    CensusExceeded,
    /// The fee exceeds the amount.
    #[error("the fee exceeds the amount")]
    FeeAboveAmount,
    /// The recipient cannot be paid.
    #[error("the recipient cannot be paid")]
    InvalidRecipient,
    /// The income source has nothing for the epoch now.
    #[error("the epoch has no money yet")]
    NothingToPay,
    /// The transaction was given too little gas.
    #[error("too little gas")]
    TooLittleGas,
    /// The registry moved on: another root or another next index.
    #[error("the registry is not at the expected root")]
    StaleRegistry,
    /// The registry's cap of the epoch is reached.
    #[error("the enrolment cap of the epoch is reached")]
    EnrolmentCapReached,
    /// Anything else; the selector of the error.
    #[error("error selector {}", hex_selector(.0))]
    Other([u8; 4]),
}

fn hex_selector(selector: &[u8; 4]) -> String {
    format!("0x{:08x}", u32::from_be_bytes(*selector))
}

impl RevertReason {
    /// Returns whether the refusal can pass by itself.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Paused
                | Self::NothingToPay
                | Self::TooLittleGas
                | Self::StaleRegistry
                | Self::EnrolmentCapReached
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_names_the_claim_does_not_pass_by_itself() {
        let passing = [
            RevertReason::Paused,
            RevertReason::NothingToPay,
            RevertReason::TooLittleGas,
            RevertReason::StaleRegistry,
            RevertReason::EnrolmentCapReached,
        ];
        assert!(passing.into_iter().all(RevertReason::is_retryable));
        let lasting = [
            RevertReason::EpochNotClaimable,
            RevertReason::NullifierSpent,
            RevertReason::InvalidProof,
            RevertReason::CensusExceeded,
            RevertReason::FeeAboveAmount,
            RevertReason::InvalidRecipient,
            RevertReason::Other([1; 4]),
        ];
        assert!(!lasting.into_iter().any(RevertReason::is_retryable));
    }

    #[test]
    fn an_unknown_refusal_shows_its_selector() {
        let text = RevertReason::Other([0, 0xab, 1, 2]).to_string();
        assert_eq!(text, "error selector 0x00ab0102");
    }
}
