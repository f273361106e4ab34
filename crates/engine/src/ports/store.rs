//! Port to the database: storage of enrolments, revocations, claims and transaction slots.

use annona_core::{Address, B256, Commitment, Epoch, LeafIndex, NullifierHash, OrbId, UnixSeconds};
use annona_template::EyePair;
use async_trait::async_trait;

use super::chain::SignedTransaction;
use crate::{
    Claim, ClaimIntake, ClaimRecord, EnrolmentId, EnrolmentRecord, Rejection, RevocationReason,
    RevocationRecord,
};

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

/// An enrolment to be recorded, decision included.
#[derive(Debug, Clone)]
pub struct NewEnrolment {
    /// The record; its state is `Queued`, `Duplicate` or `Review`.
    pub record: EnrolmentRecord,
    /// Decision about the enrolment.
    pub admission: Admission,
    /// Limit on the people whom its orb may bring in.
    pub allowance: OrbAllowance,
}

/// Limit on the people whom an orb may bring in during an epoch: those who are admitted,
/// those who recover and those who are to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrbAllowance {
    /// The epoch, by the service's clock.
    pub epoch: Epoch,
    /// Highest number of people.
    pub people: u32,
}

/// A place in the gallery for a person who is admitted.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Sequence number that the entry gets; one more than the last entry searched.
    pub sequence: u64,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Similar entries whose commitments are no longer members, or are not to become members:
    /// the new commitment is not appended before their leaves are empty.
    pub past: Vec<u64>,
}

/// Decision of the uniqueness check.
#[derive(Debug, Clone)]
pub enum Admission {
    /// The person is new: the templates become the next entry of the gallery.
    Admit(NewEntry),
    /// The person is known and loses the old commitment to the new one: in the same
    /// transaction the old one is queued for revocation.
    Replace {
        /// The person's enrolment until now; its leaf is final.
        current: EnrolmentId,
        /// The new entry; the old one does not count any longer.
        entry: NewEntry,
    },
    /// An operator has to decide; until then the templates are kept, but they are in no
    /// gallery.
    Review {
        /// Entries that the person may be.
        matches: Vec<ReviewMatch>,
        /// Templates of both eyes.
        templates: EyePair,
        /// Time at which the templates are wiped, decided or not.
        keep_until: UnixSeconds,
    },
    /// Recorded without joining. The templates are dropped.
    Refuse,
}

/// An entry of the gallery that a person under review may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewMatch {
    /// Sequence number of the entry.
    pub sequence: u64,
    /// The score, in millionths.
    pub micros: u32,
}

/// An enrolment that an operator has to decide on.
#[derive(Debug, Clone)]
pub struct Review {
    /// The enrolment; its state is `Review`.
    pub record: EnrolmentRecord,
    /// Entries that the person may be, the most similar first.
    pub matches: Vec<ReviewMatch>,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Time at which the templates are wiped, decided or not.
    pub keep_until: UnixSeconds,
}

/// Decision of an operator about an enrolment under review.
#[derive(Debug, Clone)]
pub enum ReviewDecision {
    /// The person is new.
    Admit(NewEntry),
    /// The person is known, and the new commitment replaces the old one.
    Replace {
        /// The person's enrolment until now.
        current: EnrolmentId,
        /// The new entry.
        entry: NewEntry,
    },
    /// The person is known, or nobody: the enrolment is a duplicate.
    Refuse,
}

/// Outcome of recording an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for the length of a match; a box would be unpacked at once"
)]
pub enum AdmitOutcome {
    /// Recorded now.
    Recorded,
    /// The same enrolment as it was recorded before.
    AlreadyRecorded(EnrolmentRecord),
    /// Somebody joined, or somebody's standing changed, since the gallery was searched:
    /// search again.
    GalleryMoved,
    /// The nonce belongs to another enrolment.
    NonceUsed,
    /// The commitment was admitted before.
    CommitmentTaken,
    /// The enrolment to be replaced is not settled.
    PersonMoved,
    /// The orb is struck off.
    OrbStruckOff,
    /// The orb has brought in as many people in this epoch as it may.
    OrbLimitReached,
}

/// Outcome of an operator's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewOutcome {
    /// Decided.
    Decided,
    /// Somebody joined, or somebody's standing changed, since the gallery was searched:
    /// search again.
    GalleryMoved,
    /// There is nothing to decide: it was decided before, its templates are wiped, or
    /// its orb is struck off.
    NotOpen,
    /// The commitment was admitted before.
    CommitmentTaken,
    /// The enrolment to be replaced is not settled.
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

/// Enrolment behind an entry of the gallery, and whether the entry counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryStanding {
    /// Sequence number of the entry.
    pub sequence: u64,
    /// Enrolment that brought the entry in.
    pub enrolment: EnrolmentRecord,
    /// True if its commitment is a member, or to be one: not withdrawn, and no revocation was
    /// asked for. Other entries turn nobody away.
    pub counts: bool,
}

/// Storage of enrolments and of the gallery.
#[async_trait]
pub trait EnrolmentRepository: Send + Sync {
    /// Records an enrolment with its decision in one transaction.
    ///
    /// Constraints that hold whatever runs beside it: an id, a nonce, an admitted
    /// commitment and a gallery sequence exist at most once, an enrolment is replaced
    /// at most once, no orb brings in more than its allowance, and one that is struck
    /// off brings in nobody.
    async fn record_enrolment(&self, new: &NewEnrolment) -> Result<AdmitOutcome, StoreError>;
    /// Returns the enrolment of an id.
    async fn enrolment(&self, id: EnrolmentId) -> Result<Option<EnrolmentRecord>, StoreError>;
    /// Returns gallery entries after `sequence`, in order, at most `limit`.
    async fn gallery_after(
        &self,
        sequence: u64,
        limit: u32,
    ) -> Result<Vec<GalleryEntry>, StoreError>;
    /// Returns the enrolments behind entries of the gallery, and whether the entries count
    /// now, in order of their sequence numbers.
    async fn standings(&self, sequences: &[u64]) -> Result<Vec<EntryStanding>, StoreError>;
    /// Returns enrolments that can be appended, at most `limit`: recoveries first, then in
    /// order of arrival. An enrolment that waits for leaves to become empty is among them
    /// when the revocations of all of these are in a block.
    async fn queued_enrolments(&self, limit: u32) -> Result<Vec<EnrolmentRecord>, StoreError>;
    /// Marks the queued enrolment of `commitment` as final: its leaf is in the tree already.
    /// Needed when a transaction was given up that had been mined after all.
    async fn adopt_leaf(
        &self,
        commitment: Commitment,
        leaf_index: LeafIndex,
        transaction: B256,
    ) -> Result<(), StoreError>;
    /// Returns the number of enrolments under way: (queued, submitted or mined).
    async fn pending_enrolments(&self) -> Result<(u64, u64), StoreError>;
    /// Returns the enrolments under review whose templates are kept, in order of arrival, at
    /// most `limit`.
    async fn open_reviews(&self, limit: u32) -> Result<Vec<Review>, StoreError>;
    /// Returns the review of an enrolment, while it is open.
    async fn open_review(&self, id: EnrolmentId) -> Result<Option<Review>, StoreError>;
    /// Replaces the entries that a person under review may be.
    async fn note_matches(
        &self,
        id: EnrolmentId,
        matches: &[ReviewMatch],
    ) -> Result<(), StoreError>;
    /// Decides a review and wipes its templates, in one transaction; with the
    /// constraints of [`EnrolmentRepository::record_enrolment`].
    async fn decide_review(
        &self,
        id: EnrolmentId,
        decision: &ReviewDecision,
        decided_at: UnixSeconds,
    ) -> Result<ReviewOutcome, StoreError>;
    /// Wipes the templates of reviews that were to be kept until before `now`.
    async fn wipe_old_reviews(&self, now: UnixSeconds) -> Result<u64, StoreError>;
}

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
    async fn request_revocations(
        &self,
        commitments: &[Commitment],
        reason: RevocationReason,
        requested_at: UnixSeconds,
    ) -> Result<u64, StoreError>;
    /// Strikes an orb off: in one transaction, nothing is taken from it any more, and
    /// everything that it vouched for is withdrawn or queued for revocation.
    async fn strike_off(&self, orb: OrbId, struck_at: UnixSeconds)
    -> Result<StruckOff, StoreError>;
    /// Returns whether an orb is struck off.
    async fn is_struck_off(&self, orb: OrbId) -> Result<bool, StoreError>;
    /// Returns the revocation of a commitment.
    async fn revocation(
        &self,
        commitment: Commitment,
    ) -> Result<Option<RevocationRecord>, StoreError>;
    /// Returns queued revocations whose leaves are not on their way into a block, at most
    /// `limit`: those that an enrolment waits for first, then in order of arrival. At most
    /// `recoveries` of them begin the recovery of a person.
    async fn queued_revocations(
        &self,
        recoveries: u32,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError>;
    /// Marks the queued revocation of `commitment` as final: the leaf is empty already.
    async fn adopt_revocation(
        &self,
        commitment: Commitment,
        transaction: B256,
    ) -> Result<(), StoreError>;
    /// Settles the queued revocation of a commitment that no enrolment put on its way
    /// into the tree, if it is one: there is nothing to revoke. Returns whether it was.
    async fn void_revocation(&self, commitment: Commitment) -> Result<bool, StoreError>;
    /// Returns commitments after `cursor`, in order, that must not be in the tree: those of
    /// enrolments that were withdrawn, and of leaves that were emptied.
    async fn gone_after(
        &self,
        cursor: Option<Commitment>,
        limit: u32,
    ) -> Result<Vec<Commitment>, StoreError>;
    /// Queues the revocation of a commitment of [`RevocationRepository::gone_after`] that
    /// was found in the tree all the same; returns whether it was one.
    async fn revoke_again(
        &self,
        commitment: Commitment,
        requested_at: UnixSeconds,
    ) -> Result<bool, StoreError>;
    /// Returns the number of revocations under way: (queued, submitted or mined).
    async fn pending_revocations(&self) -> Result<(u64, u64), StoreError>;
}

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
    async fn insert_claim(
        &self,
        claim: &Claim,
        intake: &ClaimIntake,
    ) -> Result<InsertClaimOutcome, StoreError>;
    /// Returns the claim of a nullifier.
    async fn claim(&self, nullifier: NullifierHash) -> Result<Option<ClaimRecord>, StoreError>;
    /// Returns the oldest queued claims of each epoch, at most `per_epoch`, in order of epoch
    /// and arrival: claims that cannot be paid now hide none of another epoch.
    async fn queued_claims(&self, per_epoch: u32) -> Result<Vec<QueuedClaim>, StoreError>;
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
    /// Returns the number of claims under way: (queued, submitted or mined).
    async fn pending_claims(&self) -> Result<(u64, u64), StoreError>;
}

/// Row id of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub i64);

/// Payload of a slot, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Members in the order of their leaves, the first at `start_index`.
    Append {
        /// Position of the first leaf.
        start_index: LeafIndex,
        /// Ids of the enrolments.
        enrolments: Vec<EnrolmentId>,
    },
    /// Leaves that become empty, in order.
    Revoke {
        /// Commitments of the leaves.
        commitments: Vec<Commitment>,
    },
    /// Claims of one epoch, in order.
    Claims {
        /// Nullifier hashes of the claims.
        nullifiers: Vec<NullifierHash>,
    },
    /// No payload: the slot only fills its nonce, which later ones wait for.
    Fill,
}

/// Effect of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptKind {
    /// Carries the payload of the slot.
    Load,
    /// Carries nothing: it only uses the nonce.
    Cancel,
}

/// One of the transactions that can fill a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Effect of the attempt.
    pub kind: AttemptKind,
    /// Transaction with its signature.
    pub signed: SignedTransaction,
    /// Number of the newest block when the attempt was made.
    pub made_at_block: u64,
}

/// State of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// Stored; no node is known to have an attempt.
    Stored,
    /// A node has taken an attempt; they are sent as often as needed.
    Sent,
    /// The payload is in a block that a reorg could still take away.
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
    /// Returns whether no block has the payload of the slot.
    #[must_use]
    pub const fn is_unmined(self) -> bool {
        matches!(self, Self::Stored | Self::Sent)
    }
}

/// A nonce of an account that is not settled: at most one of its attempts gets into the
/// chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Row id of the slot.
    pub id: SlotId,
    /// Account that the nonce belongs to.
    pub sender: Address,
    /// The nonce.
    pub nonce: u64,
    /// Payload of the slot, if it has one.
    pub purpose: Purpose,
    /// State of the slot.
    pub state: SlotState,
    /// Transactions that were signed for the slot, in order; at least one.
    pub attempts: Vec<Attempt>,
}

/// Outcome of opening a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenOutcome {
    /// Stored, and its payload belongs to it.
    Stored(SlotId),
    /// The nonce was taken meanwhile; nothing changed.
    NonceTaken,
    /// Part of the payload is not queued any longer; nothing changed.
    LoadMoved,
}

/// Outcome of storing a further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Stored.
    Stored,
    /// The slot is mined or settled, or has these bytes; nothing changed.
    SlotMoved,
}

/// Storage of transactions under way: a nonce is a row.
#[async_trait]
pub trait OutboxRepository: Send + Sync {
    /// Returns the nonce after the highest one stored for `sender`, and at least `chain_nonce`.
    async fn next_nonce(&self, sender: Address, chain_nonce: u64) -> Result<u64, StoreError>;
    /// Stores a slot with its first attempt and takes its payload out of the queue, in one
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
    /// Returns the slots that are not settled, in order of sender and nonce.
    async fn open_slots(&self) -> Result<Vec<Slot>, StoreError>;
    /// Returns the hashes of all attempts to pay a claim, those of settled slots included.
    /// Attempts to pay an earlier claim, which this one replaced, are not among them.
    async fn attempts_to_pay(&self, nullifier: NullifierHash) -> Result<Vec<B256>, StoreError>;
    /// Marks a slot as sent: a node took an attempt, and claims are submitted now. Changes
    /// nothing when it was known.
    async fn mark_sent(&self, id: SlotId) -> Result<(), StoreError>;
    /// Marks a slot as mined: attempt `transaction` and its payload are in a block. Of
    /// claims, those in `paid` are mined; the others stay submitted.
    async fn mark_mined(
        &self,
        id: SlotId,
        transaction: B256,
        block_number: u64,
        block_hash: B256,
        paid: &[NullifierHash],
    ) -> Result<(), StoreError>;
    /// Marks a slot as sent again: a reorg took the block away.
    async fn mark_unmined(&self, id: SlotId) -> Result<(), StoreError>;
    /// Marks a slot as final: enough blocks lie on top. Of the claims that were not paid,
    /// those in `rejected` are rejected and the others go back to the queue.
    async fn mark_final(
        &self,
        id: SlotId,
        rejected: &[(NullifierHash, Rejection)],
    ) -> Result<(), StoreError>;
    /// Gives a slot up: its payload will never come into the chain with this nonce, and goes
    /// back to the queue.
    async fn mark_failed(&self, id: SlotId) -> Result<(), StoreError>;
}

/// All repositories of the database.
pub trait Store:
    EnrolmentRepository + RevocationRepository + ClaimRepository + OutboxRepository
{
}

impl<T> Store for T where
    T: EnrolmentRepository + RevocationRepository + ClaimRepository + OutboxRepository
{
}
