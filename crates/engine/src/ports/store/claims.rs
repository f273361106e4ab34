//! Storage of claims.

use annona_core::{B256, Claim, NullifierHash};
use async_trait::async_trait;

use super::{PendingCounts, StoreError};
use crate::{ClaimIntake, ClaimRecord, ClaimRejection};

/// Outcome of inserting a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for the length of a match; a box would take away `Copy`"
)]
pub enum InsertClaimOutcome {
    /// Stored now, perhaps in place of a rejected one.
    Inserted,
    /// Claim that the nullifier has already, and that is not rejected.
    Existing(ClaimRecord),
}

/// A claim that waits for the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedClaim {
    /// The claim.
    pub record: ClaimRecord,
    /// True if a slot had the claim before and released it unpaid.
    pub was_sent: bool,
}

/// Storage of claims.
#[async_trait]
pub trait ClaimRepository: Send + Sync {
    /// Stores a claim as queued; a nullifier has at most one. A rejected claim makes way,
    /// and keeps its place in the queue.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn insert_claim(
        &self,
        claim: &Claim,
        intake: &ClaimIntake,
    ) -> Result<InsertClaimOutcome, StoreError>;
    /// Returns the claim of a nullifier.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn claim(&self, nullifier: NullifierHash) -> Result<Option<ClaimRecord>, StoreError>;
    /// Returns the oldest queued claims of each epoch, at most `per_epoch`, in order of epoch
    /// and arrival: claims that cannot be paid now hide none of another epoch.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn queued_claims(&self, per_epoch: u32) -> Result<Vec<QueuedClaim>, StoreError>;
    /// Marks the queued claim of `nullifier` as final: `transaction` paid it already.
    /// Needed when a slot was given up whose transaction was mined after all.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::RowCount`] when no
    /// claim of `nullifier` is queued.
    async fn adopt_claim(
        &self,
        nullifier: NullifierHash,
        transaction: B256,
    ) -> Result<(), StoreError>;
    /// Rejects a claim that is queued.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::RowCount`] when no
    /// claim of `nullifier` is queued.
    async fn reject_claim(
        &self,
        nullifier: NullifierHash,
        why: ClaimRejection,
    ) -> Result<(), StoreError>;
    /// Returns the numbers of claims that are queued, and that are batched, submitted or mined.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn pending_claims(&self) -> Result<PendingCounts, StoreError>;
}
