//! Storage of revocations.

use annona_core::{B256, Commitment, OrbId, UnixSeconds};
use async_trait::async_trait;

use super::{PendingCounts, StoreError};
use crate::{RevocationReason, RevocationRecord};

/// Numbers of enrolments and leaves that were struck off with an orb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StruckOff {
    /// Number of enrolments that will not be appended.
    pub withdrawn: u64,
    /// Number of leaves that were queued for revocation.
    pub revocations: u64,
}

/// Storage of revocations: leaves that are to become empty.
#[async_trait]
pub trait RevocationRepository: Send + Sync {
    /// Queues the revocation of each of `commitments`; returns how many are new. An
    /// enrolment that was still queued is withdrawn: it does not join at all, and if it
    /// was to replace another one whose leaf was not touched yet, that one stays.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn request_revocations(
        &self,
        commitments: &[Commitment],
        reason: RevocationReason,
        requested_at: UnixSeconds,
    ) -> Result<u64, StoreError>;
    /// Strikes an orb off: in one transaction, nothing is taken from it from then on, and
    /// everything that it vouched for is withdrawn or queued for revocation.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn strike_off(&self, orb: OrbId, struck_at: UnixSeconds)
    -> Result<StruckOff, StoreError>;
    /// Returns whether an orb is struck off.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn is_struck_off(&self, orb: OrbId) -> Result<bool, StoreError>;
    /// Returns the revocation of a commitment.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn revocation(
        &self,
        commitment: Commitment,
    ) -> Result<Option<RevocationRecord>, StoreError>;
    /// Returns queued revocations whose leaves are not on their way into a block, at most
    /// `limit`: those that an enrolment waits for first, then in order of arrival. At most
    /// `recoveries` of them begin the recovery of a person.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn queued_revocations(
        &self,
        recoveries: u32,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError>;
    /// Marks the queued revocation of `commitment` as final: the leaf is empty already.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::RowCount`] when no
    /// revocation of `commitment` is queued.
    async fn adopt_revocation(
        &self,
        commitment: Commitment,
        transaction: B256,
    ) -> Result<(), StoreError>;
    /// Settles the queued revocation of a commitment that no enrolment put on its way
    /// into the tree, if it is one: there is nothing to revoke. Returns whether it was.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn void_revocation(&self, commitment: Commitment) -> Result<bool, StoreError>;
    /// Returns commitments after `cursor`, in order, that must not be in the tree: those of
    /// enrolments that were withdrawn, and of leaves that were emptied.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn gone_after(
        &self,
        cursor: Option<Commitment>,
        limit: u32,
    ) -> Result<Vec<Commitment>, StoreError>;
    /// Queues the revocation of a commitment of [`RevocationRepository::gone_after`] that
    /// was found in the tree all the same; returns whether it was one.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn revoke_again(
        &self,
        commitment: Commitment,
        requested_at: UnixSeconds,
    ) -> Result<bool, StoreError>;
    /// Returns the numbers of revocations that are queued, and that are submitted or mined.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn pending_revocations(&self) -> Result<PendingCounts, StoreError>;
}
