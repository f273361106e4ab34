use annona_core::{
    B256, ClaimInputs, ClaimScope, ClaimTerms, Commitment, Enrolment, Epoch, ExternalNullifier,
    LeafIndex, NullifierHash, OrbId, Payment, ProofPoints, Root, SignalHash, UnixSeconds,
};

/// Names an enrolment: the EIP-712 digest that the orb signed, so that the same
/// packet sent twice is the same enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnrolmentId(pub B256);

/// Where an enrolment stands.
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
    /// A member for good.
    Final {
        /// Hash of the transaction.
        transaction: B256,
        /// Position in the tree.
        leaf_index: LeafIndex,
    },
    /// A member no more.
    Revoked {
        /// Position in the tree, empty now and never used again.
        leaf_index: LeafIndex,
    },
    /// Revoked before it was appended: it never joined, and the person can join anew.
    Withdrawn,
}

/// Why a leaf is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationReason {
    /// The person has a new commitment.
    Recovery,
    /// The orb that vouched for it is not believed any more.
    Orb,
    /// An operator asked for it.
    Operator,
}

impl RevocationReason {
    /// All of them, for storage and documentation.
    pub const ALL: [Self; 3] = [Self::Recovery, Self::Orb, Self::Operator];

    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::Orb => "orb",
            Self::Operator => "operator",
        }
    }

    /// The reason of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// Where a revocation stands.
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
    /// The leaf is empty for good.
    Final {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// There was nothing to revoke: no such leaf, or the recovery that asked for it was
    /// withdrawn before the leaf was touched.
    Void,
}

/// A revocation as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevocationRecord {
    /// Whose leaf.
    pub commitment: Commitment,
    /// Why.
    pub reason: RevocationReason,
    /// The service's clock when it was asked for.
    pub requested_at: UnixSeconds,
    /// Where it stands.
    pub state: RevocationState,
}

/// An enrolment as it is stored: nothing of the iris is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentRecord {
    /// Its name.
    pub id: EnrolmentId,
    /// Who vouches.
    pub orb: OrbId,
    /// What was signed. Its kind says whether it replaces an earlier one.
    pub enrolment: Enrolment,
    /// The service's clock at arrival.
    pub received_at: UnixSeconds,
    /// Where it stands.
    pub state: EnrolmentState,
}

impl EnrolmentRecord {
    /// The commitment.
    #[must_use]
    pub const fn commitment(&self) -> Commitment {
        self.enrolment.commitment
    }
}

/// A claim whose every part is in range; whether it is true is for the verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The epoch claimed.
    pub epoch: Epoch,
    /// The claimant's mark in that epoch.
    pub nullifier_hash: NullifierHash,
    /// Where the money goes.
    pub payment: Payment,
    /// The proof.
    pub points: ProofPoints,
}

impl Claim {
    /// The public inputs that this claim must hold for, under `root`.
    #[must_use]
    pub fn inputs(&self, scope: &ClaimScope, root: Root) -> ClaimInputs {
        ClaimInputs {
            root,
            nullifier_hash: self.nullifier_hash,
            signal: SignalHash::new(&self.payment),
            external_nullifier: ExternalNullifier::new(scope, self.epoch),
        }
    }

    /// Whether `other` asks for the same payment. The proof is left out: Groth16
    /// proofs of one statement differ each time they are made.
    #[must_use]
    pub fn asks_the_same(&self, other: &Self) -> bool {
        (self.epoch, self.nullifier_hash, self.payment)
            == (other.epoch, other.nullifier_hash, other.payment)
    }
}

/// Why an accepted claim was not paid after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The nullifier was spent on chain by another transaction.
    NullifierSpent,
    /// The claim window closed before the claim was mined.
    EpochNotOpen,
    /// The contract's verifier did not accept the proof.
    InvalidProof,
    /// The census breaker: as many claims as members were paid already.
    CensusReached,
    /// The fee is above the epoch's amount.
    FeeAboveAmount,
    /// The recipient cannot be paid.
    BadRecipient,
    /// The token refused the transfer.
    TransferFailed,
    /// The contract refused for a reason this service does not know.
    Refused,
}

impl Rejection {
    /// All of them, for storage and documentation.
    pub const ALL: [Self; 8] = [
        Self::NullifierSpent,
        Self::EpochNotOpen,
        Self::InvalidProof,
        Self::CensusReached,
        Self::FeeAboveAmount,
        Self::BadRecipient,
        Self::TransferFailed,
        Self::Refused,
    ];

    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NullifierSpent => "nullifier-spent",
            Self::EpochNotOpen => "epoch-not-open",
            Self::InvalidProof => "invalid-proof",
            Self::CensusReached => "census-reached",
            Self::FeeAboveAmount => "fee-above-amount",
            Self::BadRecipient => "bad-recipient",
            Self::TransferFailed => "transfer-failed",
            Self::Refused => "refused",
        }
    }

    /// The rejection of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|rejection| rejection.code() == code)
    }
}

/// Where a claim stands.
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
    /// Paid for good.
    Final {
        /// Hash of the transaction.
        transaction: B256,
    },
    /// Not paid, and why.
    Rejected(Rejection),
}

impl ClaimState {
    /// Whether it changes no more by itself. A rejected claim can be made again.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Final { .. } | Self::Rejected(_))
    }

    /// Whether another claim can take its place.
    #[must_use]
    pub const fn is_rejected(self) -> bool {
        matches!(self, Self::Rejected(_))
    }
}

/// How a claim was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimIntake {
    /// The service's clock at arrival.
    pub received_at: UnixSeconds,
    /// `R_e`, which the proof holds for.
    pub root: Root,
    /// Time of the newest block at arrival.
    pub chain_time: UnixSeconds,
    /// By when the claim is paid, on the chain's clock; `None` where nothing is promised.
    pub deadline: Option<UnixSeconds>,
}

/// A claim as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimRecord {
    /// What was asked.
    pub claim: Claim,
    /// How it was taken.
    pub intake: ClaimIntake,
    /// Where it stands.
    pub state: ClaimState,
}

impl ClaimRecord {
    /// The claim as receipts and refusals speak of it.
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
