//! Interfaces through which the engine uses a database, a chain, a prover, a signer and a clock.

mod chain;
mod prover;
mod signer;
mod store;

pub use chain::{
    AppendCall, BlockHead, BlockTag, Census, ChainError, ChainPorts, ChainReader, ChainWriter,
    Checkpoint, ClaimOutcome, EpochAccount, FeeMarket, Fees, Receipt, RegistryBatch,
    RegistryChange, RegistryState, RevokeCall, SenderRole, SignedTransaction, TransactionStatus,
    TxSlot,
};
pub use prover::{BatchProver, ProverError};
pub use signer::{DigestSigner, SignerError};
pub use store::{
    Admission, AdmitOutcome, Attempt, AttemptKind, AttemptOutcome, ClaimRepository,
    EnrolmentRepository, EntryLeft, GalleryEntry, GalleryEntryStatus, InsertClaimOutcome,
    ModelRepository, ModelUpgrade, NewEnrolment, NewEntry, OpenOutcome, OrbAllowance,
    OutboxRepository, PackageToKeep, Payload, PayloadKind, PendingCounts, PublishOutcome,
    QueuedClaim, Review, ReviewDecision, ReviewMatch, ReviewOutcome, RevocationRepository, Slot,
    SlotId, SlotState, SlotStateKind, Store, StoreError, StruckOff, UpgradeAccount, UpgradeCounts,
    UpgradeOutcome, UpgradedEntry, UpgradedTemplates,
};

pub use annona_tree::Revocation;

use annona_core::UnixSeconds;

/// Tells the time of the machine. Chain time comes from blocks and is asked of the chain.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> UnixSeconds;
}
