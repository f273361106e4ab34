//! The use cases: enrol a person, append members to the registry and revoke them, take
//! a claim, settle it.
//!
//! Here: the services that answer requests ([`EnrolmentService`], [`ClaimService`]), the workers that
//! move things forward one step at a time ([`Membership`], [`Sequencer`], [`Relay`],
//! [`Outbox`]), and the traits ([`ports`]) that a database and a chain implement.
//!
//! Not here: SQL, RPC, HTTP, a runtime, a system clock.
//!
//! Invariants: a person is admitted, and a claim queued, by one database
//! transaction whose constraints hold against any concurrent one; nothing is sent
//! to the chain before the signed bytes are stored; a worker's step can be cut
//! off at any point and run again.

mod background;
mod checks;
mod claims;
mod codes;
mod custody;
mod encodings;
mod enrol_error;
mod enrolments;
mod fees;
mod gallery_cache;
mod membership;
mod orbs;
mod outbox;
pub mod ports;
mod receipts;
mod recognition;
mod refusals;
mod relay;
mod replacement;
mod reviews;
mod sequencer;
mod settlement;
mod types;
mod upgrades;

pub use annona_model::Eye;
pub use annona_zkml::RefusedProof;
pub use checks::PacketCheck;
pub use claims::{ClaimError, ClaimRules, ClaimService};
pub use codes::{CodeCommitments, code_commitment, code_commitments};
pub use custody::CustodyError;
pub use encodings::{ProofPolicy, RefusedEncoding};
pub use enrol_error::EnrolError;
pub use enrolments::{CommitmentPolicy, EnrolmentPacket, EnrolmentPolicy, EnrolmentService, Visit};
pub use fees::FeePolicy;
pub use membership::{
    ArchiveError, EpochTree, Membership, MembershipError, MembershipRules, TREE_MAGIC,
};
pub use outbox::{Outbox, OutboxError, OutboxReport};
pub use receipts::ReceiptService;
pub use relay::{
    ClaimsReason, Relay, RelayError, RelayParts, RelayPolicy, RelayRules, WaitingClaims,
};
pub use replacement::UpgradeError;
pub use reviews::{OpenReview, ReviewError, ReviewService, ReviewVerdict};
pub use sequencer::{
    BatchPolicy, BatchReason, EpochRoom, Sequencer, SequencerError, SequencerParts, SequencerRules,
    WaitingEnrolments,
};
pub use settlement::SettlementRules;
pub use types::{
    ClaimIntake, ClaimRecord, ClaimRejection, ClaimState, ClaimStateKind, EnrolmentId,
    EnrolmentRecord, EnrolmentState, EnrolmentStateKind, RevocationReason, RevocationRecord,
    RevocationState, RevocationStateKind, SealedPackage,
};
pub use upgrades::{RefusedCodes, UpgradedCodes};
