use annona_core::{Address, B256, Commitment, LeafIndex, NullifierHash, OrbId, UnixSeconds};
use annona_matcher::EyePair;
use async_trait::async_trait;

use super::chain::SignedTransaction;
use crate::{
    Claim, ClaimRecord, EnrolmentId, EnrolmentRecord, Rejection, RevocationReason, RevocationRecord,
};

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    #[error("the database failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row does not hold what this program writes.
    #[error("table {table} holds a value in {column} that cannot be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// An update hit another number of rows than it must.
    #[error("{operation} changed {actual} rows instead of {expected}")]
    RowCount {
        /// What was done.
        operation: &'static str,
        /// Rows that must change.
        expected: u64,
        /// Rows that would have changed; nothing did.
        actual: u64,
    },
}

/// An enrolment to be recorded, decision included.
#[derive(Debug, Clone)]
pub struct NewEnrolment {
    /// The record; its state is `Queued`, `Duplicate` or `Review`.
    pub record: EnrolmentRecord,
    /// What to do with it.
    pub admission: Admission,
}

/// What the uniqueness check decided.
#[derive(Debug, Clone)]
pub enum Admission {
    /// The person is new: the templates become the next entry of the gallery.
    Admit {
        /// Sequence number that the new entry gets; one more than the last entry searched.
        gallery_sequence: u64,
        /// Templates of both eyes.
        templates: EyePair,
    },
    /// The person is known and loses the old commitment to the new one: in the same
    /// transaction the old one is queued for revocation.
    Replace {
        /// The person's enrolment until now; its leaf is final or revoked.
        current: EnrolmentId,
    },
    /// Recorded without joining: duplicate or review. The templates are dropped.
    Refuse,
}

/// What came of recording an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for the length of a match; a box would be unpacked at once"
)]
pub enum AdmitOutcome {
    /// Recorded now.
    Recorded,
    /// The same enrolment was recorded before; this is it.
    AlreadyRecorded(EnrolmentRecord),
    /// Somebody joined since the gallery was searched: search the rest and try again.
    GalleryMoved,
    /// The nonce belongs to another enrolment.
    NonceUsed,
    /// The commitment was admitted before.
    CommitmentTaken,
    /// The enrolment to be replaced is not settled, or another one replaced it.
    PersonMoved,
}

/// One person of the gallery.
#[derive(Debug, Clone)]
pub struct GalleryEntry {
    /// Position in order of admission, from 1, without gaps.
    pub sequence: u64,
    /// Templates of both eyes.
    pub templates: EyePair,
}

/// Enrolments and the gallery.
#[async_trait]
pub trait EnrolmentRepository: Send + Sync {
    /// Records an enrolment with its decision in one transaction.
    ///
    /// Constraints that hold whatever runs beside it: an id, a nonce, an admitted
    /// commitment and a gallery sequence exist at most once, and an enrolment is
    /// replaced at most once.
    async fn record_enrolment(&self, new: &NewEnrolment) -> Result<AdmitOutcome, StoreError>;
    /// The enrolment of an id.
    async fn enrolment(&self, id: EnrolmentId) -> Result<Option<EnrolmentRecord>, StoreError>;
    /// Gallery entries after `sequence`, in order, at most `limit`.
    async fn gallery_after(
        &self,
        sequence: u64,
        limit: u32,
    ) -> Result<Vec<GalleryEntry>, StoreError>;
    /// The enrolment that a person of the gallery has now: the first one, or the last
    /// that replaced it.
    async fn current_enrolment(&self, sequence: u64)
    -> Result<Option<EnrolmentRecord>, StoreError>;
    /// The oldest enrolments that can be appended, at most `limit`. One that replaces
    /// another is among them when the other's revocation is in a block.
    async fn queued_enrolments(&self, limit: u32) -> Result<Vec<EnrolmentRecord>, StoreError>;
    /// Marks the queued enrolment of `commitment` as final: its leaf stands in the tree already.
    /// Needed when a transaction was given up that had been mined after all.
    async fn adopt_leaf(
        &self,
        commitment: Commitment,
        leaf_index: LeafIndex,
        transaction: B256,
    ) -> Result<(), StoreError>;
    /// Number of enrolments under way: (queued, submitted or mined).
    async fn pending_enrolments(&self) -> Result<(u64, u64), StoreError>;
}

/// Leaves that are to become empty.
#[async_trait]
pub trait RevocationRepository: Send + Sync {
    /// Queues the revocation of each admitted commitment of `commitments`, whatever
    /// state its enrolment is in; returns how many are new. An enrolment that was still
    /// queued is withdrawn: it does not join at all.
    async fn request_revocations(
        &self,
        commitments: &[Commitment],
        reason: RevocationReason,
        requested_at: UnixSeconds,
    ) -> Result<u64, StoreError>;
    /// The admitted commitments that `orb` vouched for and that no revocation was asked
    /// for, in order of arrival.
    async fn commitments_of_orb(&self, orb: OrbId) -> Result<Vec<Commitment>, StoreError>;
    /// The revocation of a commitment.
    async fn revocation(
        &self,
        commitment: Commitment,
    ) -> Result<Option<RevocationRecord>, StoreError>;
    /// The oldest queued revocations whose leaves are in a block, at most `limit`.
    async fn queued_revocations(&self, limit: u32) -> Result<Vec<RevocationRecord>, StoreError>;
    /// Marks the queued revocation of `commitment` as final: the leaf is empty already.
    async fn adopt_revocation(
        &self,
        commitment: Commitment,
        transaction: B256,
    ) -> Result<(), StoreError>;
    /// Number of revocations under way: (queued, submitted or mined).
    async fn pending_revocations(&self) -> Result<(u64, u64), StoreError>;
}

/// What came of inserting a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for the length of a match; a box would take away `Copy`"
)]
pub enum InsertClaimOutcome {
    /// Stored now.
    Inserted,
    /// The nullifier has a claim already; this is it.
    Existing(ClaimRecord),
}

/// Claims.
#[async_trait]
pub trait ClaimRepository: Send + Sync {
    /// Stores a claim as queued; a nullifier has at most one.
    async fn insert_claim(
        &self,
        claim: &Claim,
        received_at: UnixSeconds,
    ) -> Result<InsertClaimOutcome, StoreError>;
    /// The claim of a nullifier.
    async fn claim(&self, nullifier: NullifierHash) -> Result<Option<ClaimRecord>, StoreError>;
    /// The oldest queued claims, at most `limit`.
    async fn queued_claims(&self, limit: u32) -> Result<Vec<ClaimRecord>, StoreError>;
    /// Rejects a claim that is queued.
    async fn reject_claim(
        &self,
        nullifier: NullifierHash,
        why: Rejection,
    ) -> Result<(), StoreError>;
    /// Number of claims under way: (queued, submitted or mined).
    async fn pending_claims(&self) -> Result<(u64, u64), StoreError>;
}

/// Row id of an outbox transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(pub i64);

/// What a transaction carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Members in the order of their leaves, the first at `start_index`.
    Append {
        /// Position of the first leaf.
        start_index: LeafIndex,
        /// The enrolments.
        enrolments: Vec<EnrolmentId>,
    },
    /// Leaves that become empty, in order.
    Revoke {
        /// What they were.
        commitments: Vec<Commitment>,
    },
    /// One claim.
    Claim {
        /// Its nullifier.
        nullifier: NullifierHash,
    },
}

/// Where a stored transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxState {
    /// Stored; sent as often as needed.
    Sent,
    /// In a block that a reorg could still take away.
    Mined {
        /// The block's number.
        block_number: u64,
        /// The block's hash.
        block_hash: B256,
    },
}

/// A stored transaction that is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxTransaction {
    /// Its row.
    pub id: TransactionId,
    /// The transaction.
    pub signed: SignedTransaction,
    /// What it carries.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: OutboxState,
}

/// What becomes of the load of a transaction that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Back to the queue.
    Requeue,
    /// The claim is rejected. An append or a revocation cannot be.
    Reject(Rejection),
}

/// What came of storing a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnqueueOutcome {
    /// Stored, and its load is marked as submitted.
    Stored(TransactionId),
    /// The nonce was taken meanwhile; nothing changed.
    NonceTaken,
    /// Part of the load is not queued any more; nothing changed.
    LoadMoved,
}

/// Transactions under way: a nonce is a row.
#[async_trait]
pub trait OutboxRepository: Send + Sync {
    /// The nonce after the highest one stored for `sender`, and at least `chain_nonce`.
    async fn next_nonce(&self, sender: Address, chain_nonce: u64) -> Result<u64, StoreError>;
    /// Stores a signed transaction and marks its load as submitted, in one database transaction.
    async fn enqueue(
        &self,
        signed: &SignedTransaction,
        purpose: &Purpose,
    ) -> Result<EnqueueOutcome, StoreError>;
    /// Transactions that are not settled, in order of sender and nonce.
    async fn open_transactions(&self) -> Result<Vec<OutboxTransaction>, StoreError>;
    /// The transaction and its load are in a block.
    async fn mark_mined(
        &self,
        id: TransactionId,
        block_number: u64,
        block_hash: B256,
    ) -> Result<(), StoreError>;
    /// A reorg took the block away: back to sent.
    async fn mark_unmined(&self, id: TransactionId) -> Result<(), StoreError>;
    /// Final: enough blocks lie on top.
    async fn mark_final(&self, id: TransactionId) -> Result<(), StoreError>;
    /// It will never succeed; its load goes where `disposition` says.
    async fn mark_failed(
        &self,
        id: TransactionId,
        disposition: Disposition,
    ) -> Result<(), StoreError>;
}

/// The whole database.
pub trait Store:
    EnrolmentRepository + RevocationRepository + ClaimRepository + OutboxRepository
{
}

impl<T> Store for T where
    T: EnrolmentRepository + RevocationRepository + ClaimRepository + OutboxRepository
{
}
