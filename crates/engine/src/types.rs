//! Enrolments, revocations, packages and claims as they are stored, with their states.

use core::fmt;

use annona_core::{
    B256, Claim, ClaimTerms, Commitment, Enrolment, LeafIndex, OrbId, Root, UnixSeconds,
};

/// Identifier of an enrolment: the EIP-712 digest that the orb signed, so that the same
/// packet sent twice is the same enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnrolmentId(pub B256);

/// State of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentState {
    /// Refused: the person is enrolled already.
    Duplicate,
    /// Neither clearly new nor clearly known: a second capture is asked for, and an
    /// operator can decide.
    Review,
    /// Admitted, and waiting to be appended.
    Queued,
    /// In a signed transaction that is stored.
    Submitted {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// In a block that a reorg could still take away.
    Mined {
        /// Hash of the transaction.
        transaction: B256,
        /// Position in the tree.
        leaf_index: LeafIndex,
    },
    /// A member, by a block that is taken as final.
    Final {
        /// Hash of the transaction.
        transaction: B256,
        /// Position in the tree.
        leaf_index: LeafIndex,
    },
    /// No longer a member: the leaf is empty.
    Revoked {
        /// Position in the tree, empty now and never used again.
        leaf_index: LeafIndex,
    },
    /// Revoked before it was appended: it never joined, and the person can join anew.
    Withdrawn,
}

/// State of an enrolment without its place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentStateKind {
    /// See [`EnrolmentState::Duplicate`].
    Duplicate,
    /// See [`EnrolmentState::Review`].
    Review,
    /// See [`EnrolmentState::Queued`].
    Queued,
    /// See [`EnrolmentState::Submitted`].
    Submitted,
    /// See [`EnrolmentState::Mined`].
    Mined,
    /// See [`EnrolmentState::Final`].
    Final,
    /// See [`EnrolmentState::Revoked`]; no row has it: it is a final enrolment whose revocation is
    /// final.
    Revoked,
    /// See [`EnrolmentState::Withdrawn`].
    Withdrawn,
}

impl EnrolmentStateKind {
    /// All states, for storage.
    pub const ALL: [Self; 8] = [
        Self::Duplicate,
        Self::Review,
        Self::Queued,
        Self::Submitted,
        Self::Mined,
        Self::Final,
        Self::Revoked,
        Self::Withdrawn,
    ];

    /// Returns the stable code of the state.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Review => "review",
            Self::Queued => "queued",
            Self::Submitted => "submitted",
            Self::Mined => "mined",
            Self::Final => "final",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Returns the state of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// Reason why a leaf is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationReason {
    /// The person has a new commitment.
    Recovery,
    /// The orb that vouched for it is no longer believed.
    Orb,
    /// An operator asked for it.
    Operator,
}

impl RevocationReason {
    /// All reasons, for storage and documentation.
    pub const ALL: [Self; 3] = [Self::Recovery, Self::Orb, Self::Operator];

    /// Returns the stable code of the reason.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::Orb => "orb",
            Self::Operator => "operator",
        }
    }

    /// Returns the reason of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// State of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationState {
    /// Waiting to be sent.
    Queued,
    /// In a signed transaction that is stored.
    Submitted {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// In a block that a reorg could still take away.
    Mined {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// The leaf is empty, by a block that is taken as final.
    Final {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// There was nothing to revoke: no such leaf, or the recovery that asked for it was
    /// withdrawn before the leaf was touched.
    Void,
}

/// State of a revocation without its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationStateKind {
    /// See [`RevocationState::Queued`].
    Queued,
    /// See [`RevocationState::Submitted`].
    Submitted,
    /// See [`RevocationState::Mined`].
    Mined,
    /// See [`RevocationState::Final`].
    Final,
    /// See [`RevocationState::Void`].
    Void,
}

impl RevocationStateKind {
    /// All states, for storage.
    pub const ALL: [Self; 5] = [
        Self::Queued,
        Self::Submitted,
        Self::Mined,
        Self::Final,
        Self::Void,
    ];

    /// Returns the stable code of the state.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitted => "submitted",
            Self::Mined => "mined",
            Self::Final => "final",
            Self::Void => "void",
        }
    }

    /// Returns the state of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// A revocation as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevocationRecord {
    /// Commitment whose leaf is revoked.
    pub commitment: Commitment,
    /// Reason for the revocation.
    pub reason: RevocationReason,
    /// Time of the request, by the service's clock.
    pub requested_at: UnixSeconds,
    /// State of the revocation.
    pub state: RevocationState,
}

/// An enrolment as it is stored: nothing of the iris is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentRecord {
    /// Identifier of the enrolment.
    pub id: EnrolmentId,
    /// Orb that vouches for the person.
    pub orb: OrbId,
    /// Statement that the orb signed. Its kind says whether it replaces an earlier one.
    pub enrolment: Enrolment,
    /// Time of arrival, by the service's clock.
    pub received_at: UnixSeconds,
    /// State of the enrolment.
    pub state: EnrolmentState,
}

impl EnrolmentRecord {
    /// Returns the commitment of the enrolment.
    #[must_use]
    pub const fn commitment(&self) -> Commitment {
        self.enrolment.commitment
    }
}

/// Package that an orb sealed for a citizen, with the key that it is sealed for. The service
/// cannot open it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedPackage {
    /// Public key of the visit, P-256 compressed.
    pub visit_key: [u8; 33],
    /// Ciphertext, at most [`annona_core::MAX_SEALED_BYTES`] bytes.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for SealedPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedPackage({} bytes)", self.sealed.len())
    }
}

/// Reason why an accepted claim was not paid after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimRejection {
    /// The nullifier was spent on chain by another transaction.
    NullifierSpent,
    /// The claim window closed before the claim was mined.
    EpochNotClaimable,
    /// The contract's verifier did not accept the proof.
    InvalidProof,
    /// The census breaker: as many claims as members were paid already.
    CensusExceeded,
    /// The fee is above the epoch's amount.
    FeeAboveAmount,
    /// The recipient cannot be paid.
    InvalidRecipient,
    /// The token refused the transfer.
    TransferFailed,
    /// The contract refused for a reason this service does not know.
    Refused,
}

impl ClaimRejection {
    /// All reasons, for storage and documentation.
    pub const ALL: [Self; 8] = [
        Self::NullifierSpent,
        Self::EpochNotClaimable,
        Self::InvalidProof,
        Self::CensusExceeded,
        Self::FeeAboveAmount,
        Self::InvalidRecipient,
        Self::TransferFailed,
        Self::Refused,
    ];

    /// Returns the stable code of the reason.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NullifierSpent => "nullifier-spent",
            Self::EpochNotClaimable => "epoch-not-open",
            Self::InvalidProof => "invalid-proof",
            Self::CensusExceeded => "census-reached",
            Self::FeeAboveAmount => "fee-above-amount",
            Self::InvalidRecipient => "bad-recipient",
            Self::TransferFailed => "transfer-failed",
            Self::Refused => "refused",
        }
    }

    /// Returns the rejection of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|rejection| rejection.code() == code)
    }
}

/// State of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// Verified, stored, waiting for the relay.
    Queued,
    /// In a signed transaction that is stored and that no node is known to have.
    Batched {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// In a transaction that a node has taken.
    Submitted {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// Paid in a block that a reorg could still take away.
    Mined {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// Paid in a block that is taken as final.
    Final {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// Not paid, with the reason.
    Rejected(ClaimRejection),
}

impl ClaimState {
    /// Returns whether the state changes no further by itself. A rejected claim can be made again.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Final { .. } | Self::Rejected(_))
    }

    /// Returns whether another claim can take the place of this one (CLAIM-13).
    #[must_use]
    pub const fn is_rejected(self) -> bool {
        matches!(self, Self::Rejected(_))
    }
}

/// State of a claim without its transaction and the reason of a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimStateKind {
    /// See [`ClaimState::Queued`].
    Queued,
    /// See [`ClaimState::Batched`].
    Batched,
    /// See [`ClaimState::Submitted`].
    Submitted,
    /// See [`ClaimState::Mined`].
    Mined,
    /// See [`ClaimState::Final`].
    Final,
    /// See [`ClaimState::Rejected`].
    Rejected,
}

impl ClaimStateKind {
    /// All states, for storage.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Batched,
        Self::Submitted,
        Self::Mined,
        Self::Final,
        Self::Rejected,
    ];

    /// Returns the stable code of the state.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Batched => "batched",
            Self::Submitted => "submitted",
            Self::Mined => "mined",
            Self::Final => "final",
            Self::Rejected => "rejected",
        }
    }

    /// Returns the state of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// Circumstances in which a claim was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimIntake {
    /// Time of arrival, by the service's clock.
    pub received_at: UnixSeconds,
    /// Root that the proof holds for: `R_e`.
    pub root: Root,
    /// Time of the newest block at arrival.
    pub chain_time: UnixSeconds,
    /// Time by which the claim is paid, on the chain's clock; `None` where nothing is promised.
    pub deadline: Option<UnixSeconds>,
}

/// A claim as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimRecord {
    /// Claim as it was made.
    pub claim: Claim,
    /// Circumstances in which the claim was taken.
    pub intake: ClaimIntake,
    /// State of the claim.
    pub state: ClaimState,
}

impl ClaimRecord {
    /// Returns the claim as receipts and refusals speak of it.
    #[must_use]
    pub const fn terms(&self) -> ClaimTerms {
        ClaimTerms {
            nullifier_hash: self.claim.nullifier_hash,
            epoch: self.claim.epoch,
            payment: self.claim.payment,
            root: self.intake.root,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_final_or_a_rejected_claim_is_settled() {
        let transaction = B256::repeat_byte(7);
        for (state, is_settled) in [
            (ClaimState::Queued, false),
            (ClaimState::Batched { transaction }, false),
            (ClaimState::Submitted { transaction }, false),
            (ClaimState::Mined { transaction }, false),
            (ClaimState::Final { transaction }, true),
            (ClaimState::Rejected(ClaimRejection::InvalidProof), true),
        ] {
            assert_eq!(state.is_settled(), is_settled, "{state:?}");
        }
    }
}
