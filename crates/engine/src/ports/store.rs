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

/// A claim that waits for the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedClaim {
    /// The claim.
    pub record: ClaimRecord,
    /// Whether a slot had it before, which it came out of unpaid.
    pub was_sent: bool,
}

/// Claims.
#[async_trait]
pub trait ClaimRepository: Send + Sync {
    /// Stores a claim as queued; a nullifier has at most one.
    async fn insert_claim(
        &self,
        claim: &Claim,
        intake: &ClaimIntake,
    ) -> Result<InsertClaimOutcome, StoreError>;
    /// The claim of a nullifier.
    async fn claim(&self, nullifier: NullifierHash) -> Result<Option<ClaimRecord>, StoreError>;
    /// The oldest queued claims, at most `limit`.
    async fn queued_claims(&self, limit: u32) -> Result<Vec<QueuedClaim>, StoreError>;
    /// Marks the queued claim of `nullifier` as final: `transaction` paid it already.
    /// Needed when a slot was given up whose transaction was mined after all.
    async fn adopt_claim(
        &self,
        nullifier: NullifierHash,
        transaction: B256,
    ) -> Result<(), StoreError>;
    /// Rejects a claim that is queued.
    async fn reject_claim(
        &self,
        nullifier: NullifierHash,
        why: Rejection,
    ) -> Result<(), StoreError>;
    /// Number of claims under way: (queued, submitted or mined).
    async fn pending_claims(&self) -> Result<(u64, u64), StoreError>;
}

/// Row id of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub i64);

/// What a slot is for.
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
    /// Claims of one epoch, in order.
    Claims {
        /// Their nullifiers.
        nullifiers: Vec<NullifierHash>,
    },
    /// Nothing but its nonce, which later ones wait for.
    Fill,
}

/// What an attempt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptKind {
    /// What the slot is for.
    Load,
    /// Nothing: it only uses the nonce.
    Cancel,
}

/// One of the transactions that can fill a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What it does.
    pub kind: AttemptKind,
    /// The transaction.
    pub signed: SignedTransaction,
    /// The newest block when it was made.
    pub made_at_block: u64,
}

/// Where a slot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// Stored; no node is known to have an attempt.
    Stored,
    /// A node has taken an attempt; they are sent as often as needed.
    Sent,
    /// The load is in a block that a reorg could still take away.
    Mined {
        /// Hash of the attempt.
        transaction: B256,
        /// The block's number.
        block_number: u64,
        /// The block's hash.
        block_hash: B256,
    },
}

impl SlotState {
    /// Whether no block has its load.
    #[must_use]
    pub const fn is_unmined(self) -> bool {
        matches!(self, Self::Stored | Self::Sent)
    }
}

/// A nonce of an account that is not settled: at most one of its attempts gets into the
/// chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its row.
    pub id: SlotId,
    /// The account.
    pub sender: Address,
    /// The nonce.
    pub nonce: u64,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: SlotState,
    /// What was signed for it, in order; at least one.
    pub attempts: Vec<Attempt>,
}

/// What came of opening a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenOutcome {
    /// Stored, and its load belongs to it.
    Stored(SlotId),
    /// The nonce was taken meanwhile; nothing changed.
    NonceTaken,
    /// Part of the load is not queued any more; nothing changed.
    LoadMoved,
}

/// What came of storing a further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Stored.
    Stored,
    /// The slot is mined or settled, or has these bytes; nothing changed.
    SlotMoved,
}

/// Transactions under way: a nonce is a row.
#[async_trait]
pub trait OutboxRepository: Send + Sync {
    /// The nonce after the highest one stored for `sender`, and at least `chain_nonce`.
    async fn next_nonce(&self, sender: Address, chain_nonce: u64) -> Result<u64, StoreError>;
    /// Stores a slot with its first attempt and takes its load out of the queue, in one
    /// database transaction.
    async fn open_slot(
        &self,
        attempt: &Attempt,
        purpose: &Purpose,
    ) -> Result<OpenOutcome, StoreError>;
    /// Stores a further attempt for a slot that is not mined.
    async fn add_attempt(
        &self,
        id: SlotId,
        attempt: &Attempt,
    ) -> Result<AttemptOutcome, StoreError>;
    /// Slots that are not settled, in order of sender and nonce.
    async fn open_slots(&self) -> Result<Vec<Slot>, StoreError>;
    /// Hashes of all attempts to pay a claim, those of settled slots included.
    async fn attempts_to_pay(&self, nullifier: NullifierHash) -> Result<Vec<B256>, StoreError>;
    /// A node took an attempt: claims are submitted now. Nothing changes when it was
    /// known.
    async fn mark_sent(&self, id: SlotId) -> Result<(), StoreError>;
    /// Attempt `transaction` and its load are in a block. Of claims, `paid` are; the
    /// others stay submitted.
    async fn mark_mined(
        &self,
        id: SlotId,
        transaction: B256,
        block_number: u64,
        block_hash: B256,
        paid: &[NullifierHash],
    ) -> Result<(), StoreError>;
    /// A reorg took the block away: back to sent.
    async fn mark_unmined(&self, id: SlotId) -> Result<(), StoreError>;
    /// Final: enough blocks lie on top. Of the claims that were not paid, those in
    /// `rejected` are rejected and the others go back to the queue.
    async fn mark_final(
        &self,
        id: SlotId,
        rejected: &[(NullifierHash, Rejection)],
    ) -> Result<(), StoreError>;
    /// Its load will never come into the chain with this nonce: back to the queue.
    async fn mark_failed(&self, id: SlotId) -> Result<(), StoreError>;
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
