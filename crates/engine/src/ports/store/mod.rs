//! Port to the database: storage of enrolments, revocations, claims and transaction slots.
//!
//! Every method is atomic: it is one transaction of the database, and after an error, or an
//! outcome that says so, nothing has changed. A change that was acknowledged survives the death
//! of the process and of the machine. Reads of several rows are of one moment.

mod claims;
mod enrolments;
mod models;
mod outbox;
mod revocations;

pub use claims::{ClaimRepository, InsertClaimOutcome, QueuedClaim};
pub use enrolments::{
    Admission, AdmitOutcome, EnrolmentRepository, GalleryEntry, GalleryEntryStatus, NewEnrolment,
    NewEntry, OrbAllowance, PackageToKeep, Review, ReviewDecision, ReviewMatch, ReviewOutcome,
};
pub use models::{
    EntryLeft, ModelRepository, ModelUpgrade, PublishOutcome, UpgradeAccount, UpgradeCounts,
    UpgradeOutcome, UpgradedEntry, UpgradedTemplates,
};
pub use outbox::{
    Attempt, AttemptKind, AttemptOutcome, OpenOutcome, OutboxRepository, Payload, PayloadKind,
    Slot, SlotId, SlotState, SlotStateKind,
};
pub use revocations::{RevocationRepository, StruckOff};

/// Reason why an operation of the database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    #[error("the database failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row does not hold what this program writes.
    #[error("table {table} holds a value in {column} that cannot be read")]
    Corrupt {
        /// Name of the table.
        table: &'static str,
        /// Name of the column.
        column: &'static str,
    },
    /// An update hit another number of rows than it must.
    #[error("{operation} changed {actual} rows instead of {expected}")]
    RowCount {
        /// Name of the operation.
        operation: &'static str,
        /// Rows that must change.
        expected: u64,
        /// Rows that would have changed; nothing did.
        actual: u64,
    },
}

/// Numbers of enrolments, revocations or claims that are not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PendingCounts {
    /// Number of those that wait to be sent.
    pub queued: u64,
    /// Number of those in a transaction that is not final.
    pub under_way: u64,
}

/// All repositories of the database.
pub trait Store:
    EnrolmentRepository + ModelRepository + RevocationRepository + ClaimRepository + OutboxRepository
{
}

impl<T> Store for T where
    T: EnrolmentRepository
        + ModelRepository
        + RevocationRepository
        + ClaimRepository
        + OutboxRepository
{
}
