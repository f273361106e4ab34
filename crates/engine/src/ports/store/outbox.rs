//! Storage of transactions under way.

use annona_core::{Address, B256, Commitment, LeafIndex, NullifierHash};
use async_trait::async_trait;

use super::super::chain::SignedTransaction;
use super::StoreError;
use crate::{ClaimRejection, EnrolmentId};

/// Row id of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub i64);

/// Payload of a slot, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
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
    GapFiller,
}

impl Payload {
    /// Returns the kind of the payload.
    #[must_use]
    pub const fn kind(&self) -> PayloadKind {
        match self {
            Self::Append { .. } => PayloadKind::Append,
            Self::Revoke { .. } => PayloadKind::Revoke,
            Self::Claims { .. } => PayloadKind::Claims,
            Self::GapFiller => PayloadKind::GapFiller,
        }
    }
}

/// Kind of the payload of a slot, without its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadKind {
    /// See [`Payload::Append`].
    Append,
    /// See [`Payload::Revoke`].
    Revoke,
    /// See [`Payload::Claims`].
    Claims,
    /// See [`Payload::GapFiller`].
    GapFiller,
}

impl PayloadKind {
    /// All kinds, for storage.
    pub const ALL: [Self; 4] = [Self::Append, Self::Revoke, Self::Claims, Self::GapFiller];

    /// Returns the stable code of the kind.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Revoke => "revoke",
            Self::Claims => "claims",
            Self::GapFiller => "fill",
        }
    }

    /// Returns the kind of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|payload| payload.code() == code)
    }
}

/// Effect of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptKind {
    /// Carries the payload of the slot.
    Payload,
    /// Carries nothing: it only uses the nonce.
    Cancel,
}

impl AttemptKind {
    /// All kinds, for storage.
    pub const ALL: [Self; 2] = [Self::Payload, Self::Cancel];

    /// Returns the stable code of the kind.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Payload => "load",
            Self::Cancel => "cancel",
        }
    }

    /// Returns the kind of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
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

/// State of a slot without its block, those of settled slots included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotStateKind {
    /// See [`SlotState::Stored`].
    Stored,
    /// See [`SlotState::Sent`].
    Sent,
    /// See [`SlotState::Mined`].
    Mined,
    /// Settled: enough blocks lie on top of the payload.
    Final,
    /// Settled: the slot was given up, and its payload is elsewhere.
    Failed,
}

impl SlotStateKind {
    /// All states, for storage.
    pub const ALL: [Self; 5] = [
        Self::Stored,
        Self::Sent,
        Self::Mined,
        Self::Final,
        Self::Failed,
    ];

    /// Returns the stable code of the state.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Sent => "sent",
            Self::Mined => "mined",
            Self::Final => "final",
            Self::Failed => "failed",
        }
    }

    /// Returns the state of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
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
    pub payload: Payload,
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
    PayloadConflict,
}

/// Outcome of storing a further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Stored.
    Stored,
    /// The slot is mined or settled, or has these bytes; nothing changed.
    SlotConflict,
}

/// Storage of transactions under way: a nonce is a row.
#[async_trait]
pub trait OutboxRepository: Send + Sync {
    /// Returns the nonce after the highest one stored for `sender`, and at least `chain_nonce`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn next_nonce(&self, sender: Address, chain_nonce: u64) -> Result<u64, StoreError>;
    /// Stores a slot with its first attempt and takes its payload out of the queue, in one
    /// database transaction.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails or the payload has no members.
    async fn open_slot(
        &self,
        attempt: &Attempt,
        payload: &Payload,
    ) -> Result<OpenOutcome, StoreError>;
    /// Stores a further attempt for a slot that is not mined.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::RowCount`] when the
    /// members of the slot are not all in one of its attempts.
    async fn add_attempt(
        &self,
        id: SlotId,
        attempt: &Attempt,
    ) -> Result<AttemptOutcome, StoreError>;
    /// Returns the slots that are not settled, in order of sender and nonce.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn open_slots(&self) -> Result<Vec<Slot>, StoreError>;
    /// Returns the hashes of all attempts to pay a claim, those of settled slots included.
    /// Attempts to pay an earlier claim, which this one replaced, are not among them.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::Corrupt`] when a row cannot be
    /// read.
    async fn attempts_to_pay(&self, nullifier: NullifierHash) -> Result<Vec<B256>, StoreError>;
    /// Marks a slot as sent: a node took an attempt, and claims are submitted now. Changes
    /// nothing when it was known.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails.
    async fn mark_sent(&self, id: SlotId) -> Result<(), StoreError>;
    /// Marks a slot as mined: attempt `transaction` and its payload are in a block. Of
    /// claims, those in `paid` are mined; the others stay submitted.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::RowCount`] when `transaction`
    /// is no attempt that carries the payload, or the slot or a member of `paid` is mined or settled.
    async fn mark_mined(
        &self,
        id: SlotId,
        transaction: B256,
        block_number: u64,
        block_hash: B256,
        paid: &[NullifierHash],
    ) -> Result<(), StoreError>;
    /// Marks a slot as sent again: a reorg took the block away.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::RowCount`] when the slot
    /// is not mined.
    async fn mark_unmined(&self, id: SlotId) -> Result<(), StoreError>;
    /// Marks a slot as final: enough blocks lie on top. Of the claims that were not paid,
    /// those in `rejected` are rejected and the others go back to the queue.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::RowCount`] when the slot
    /// is not mined, or a member of `rejected` is not submitted in it.
    async fn mark_final(
        &self,
        id: SlotId,
        rejected: &[(NullifierHash, ClaimRejection)],
    ) -> Result<(), StoreError>;
    /// Gives a slot up: its payload will never come into the chain with this nonce, and goes
    /// back to the queue.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database fails, [`StoreError::RowCount`] when the slot
    /// is mined or settled.
    async fn mark_failed(&self, id: SlotId) -> Result<(), StoreError>;
}
