//! Changes to the payload of a slot, which moves with the slot.
//!
//! A move needs the state before, and that the row's transaction is one of the slot's: a row
//! that another slot took over does not move.

pub(super) mod append_members;
pub(super) mod claim_members;
pub(super) mod revoke_members;

use annona_core::{LeafIndex, NullifierHash};
use annona_engine::ClaimRejection;
use annona_engine::ports::{Payload, PayloadKind, StoreError};

use super::columns::{Table, integer};
use super::write::WriteTransaction;
use super::{expect_rows, revocations};
use crate::error::Unstorable;

const SLOTS: Table = Table("slots");

/// A member of a slot: the key of an enrolment, a revocation or a claim.
pub(super) struct MemberRow {
    pub(super) slot_id: i64,
    pub(super) position: i64,
    pub(super) member: Vec<u8>,
}

/// Row of a slot, as far as its payload needs it.
pub(super) struct SlotPayload {
    pub(super) id: i64,
    pub(super) purpose: String,
}

impl SlotPayload {
    fn kind(&self) -> Result<PayloadKind, StoreError> {
        SLOTS.code("purpose", &self.purpose, PayloadKind::from_code)
    }
}

/// Gives the payload to the attempt `hash`; returns whether all of it was queued.
pub(super) async fn submit(
    tx: &mut WriteTransaction,
    payload: &Payload,
    hash: &[u8],
) -> Result<bool, StoreError> {
    match payload {
        Payload::Append {
            start_index,
            enrolments,
        } => {
            require_members(enrolments)?;
            // The leaf is promised here; the contract refuses a batch that would land elsewhere.
            for (id, index) in enrolments.iter().zip(start_index.get()..) {
                let leaf_index = LeafIndex::try_from(index).map_err(Unstorable::LeafIndex)?;
                let leaf_index = integer(leaf_index.get())?;
                if !append_members::submit(tx, id.0.as_slice(), hash, leaf_index).await? {
                    return Ok(false);
                }
            }
        }
        Payload::Revoke { commitments } => {
            require_members(commitments)?;
            for commitment in commitments {
                if !revoke_members::submit(tx, &commitment.to_be_bytes(), hash).await? {
                    return Ok(false);
                }
            }
        }
        Payload::Claims { nullifiers } => {
            require_members(nullifiers)?;
            for nullifier in nullifiers {
                if !claim_members::submit(tx, &nullifier.to_be_bytes(), hash).await? {
                    return Ok(false);
                }
            }
        }
        Payload::GapFiller => {}
    }
    Ok(true)
}

fn require_members<T>(members: &[T]) -> Result<(), Unstorable> {
    if members.is_empty() {
        return Err(Unstorable::EmptyBatch);
    }
    Ok(())
}

/// Writes down the payload of a slot, in order.
pub(super) async fn insert_members(
    tx: &mut WriteTransaction,
    slot: i64,
    payload: &Payload,
) -> Result<(), StoreError> {
    const OPERATION: &str = "record a payload";
    match payload {
        Payload::Append { enrolments, .. } => {
            for (id, position) in enrolments.iter().zip(0_u32..) {
                let rows = append_members::insert(tx, slot, position, id.0.as_slice()).await?;
                expect_rows(OPERATION, 1, rows)?;
            }
        }
        Payload::Revoke { commitments } => {
            for (commitment, position) in commitments.iter().zip(0_u32..) {
                let key = commitment.to_be_bytes();
                let rows = revoke_members::insert(tx, slot, position, &key).await?;
                expect_rows(OPERATION, 1, rows)?;
            }
        }
        Payload::Claims { nullifiers } => {
            for (nullifier, position) in nullifiers.iter().zip(0_u32..) {
                let key = nullifier.to_be_bytes();
                let rows = claim_members::insert(tx, slot, position, &key).await?;
                expect_rows(OPERATION, 1, rows)?;
            }
        }
        Payload::GapFiller => {}
    }
    Ok(())
}

/// Notes that the attempt `hash` is the newest for a payload that is in no block.
pub(super) async fn set_attempt(
    tx: &mut WriteTransaction,
    payload: &SlotPayload,
    hash: &[u8],
) -> Result<(), StoreError> {
    // Counted before the move: all members of a slot that is in no block have the old hash.
    let (kind, slot) = (payload.kind()?, payload.id);
    let expected = count(tx, kind, slot).await?;
    let moved = match kind {
        PayloadKind::Append => append_members::set_attempt(tx, slot, hash).await?,
        PayloadKind::Revoke => revoke_members::set_attempt(tx, slot, hash).await?,
        PayloadKind::Claims => claim_members::set_attempt(tx, slot, hash).await?,
        PayloadKind::GapFiller => 0,
    };
    expect_rows("give a payload another attempt", expected, moved)
}

/// Marks claims as submitted: a node has an attempt.
pub(super) async fn mark_sent(
    tx: &mut WriteTransaction,
    payload: &SlotPayload,
) -> Result<(), StoreError> {
    if payload.kind()? == PayloadKind::Claims {
        claim_members::mark_sent(tx, payload.id).await?;
    }
    Ok(())
}

/// Marks a payload as mined: all of it, or of claims those that are `paid`.
pub(super) async fn mark_mined(
    tx: &mut WriteTransaction,
    payload: &SlotPayload,
    hash: &[u8],
    paid: &[NullifierHash],
) -> Result<(), StoreError> {
    let (kind, slot) = (payload.kind()?, payload.id);
    if kind != PayloadKind::Claims && !paid.is_empty() {
        return Err(Unstorable::NotClaims.into());
    }
    let moved = match kind {
        PayloadKind::Append => append_members::mark_mined(tx, slot, hash).await?,
        PayloadKind::Revoke => revoke_members::mark_mined(tx, slot, hash).await?,
        PayloadKind::Claims => {
            // `claimBatch` skips a claim that it cannot pay; the others of the batch stand.
            for nullifier in paid {
                let key = nullifier.to_be_bytes();
                let rows = claim_members::mark_mined(tx, slot, hash, &key).await?;
                expect_rows("mark a claim as mined", 1, rows)?;
            }
            return Ok(());
        }
        // Its only attempts are cancels.
        PayloadKind::GapFiller => return Err(SLOTS.corrupt("purpose")),
    };
    let expected = count(tx, kind, slot).await?;
    expect_rows("mark a payload as mined", expected, moved)
}

/// Takes a payload out of its block.
pub(super) async fn mark_unmined(
    tx: &mut WriteTransaction,
    payload: &SlotPayload,
) -> Result<(), StoreError> {
    let (kind, slot) = (payload.kind()?, payload.id);
    let moved = match kind {
        PayloadKind::Append => append_members::mark_unmined(tx, slot).await?,
        PayloadKind::Revoke => revoke_members::mark_unmined(tx, slot).await?,
        PayloadKind::Claims => {
            // Only the states of a batch of claims tell how many of them were paid.
            claim_members::mark_unmined(tx, slot).await?;
            return Ok(());
        }
        PayloadKind::GapFiller => return Err(SLOTS.corrupt("purpose")),
    };
    let expected = count(tx, kind, slot).await?;
    expect_rows("mark a payload as submitted again", expected, moved)
}

/// Marks mined members as final; claims that were skipped are rejected or queued again.
pub(super) async fn mark_final(
    tx: &mut WriteTransaction,
    payload: &SlotPayload,
    rejected: &[(NullifierHash, ClaimRejection)],
) -> Result<(), StoreError> {
    let (kind, slot) = (payload.kind()?, payload.id);
    if kind != PayloadKind::Claims && !rejected.is_empty() {
        return Err(Unstorable::NotClaims.into());
    }
    let moved = match kind {
        PayloadKind::Append => append_members::mark_final(tx, slot).await?,
        PayloadKind::Revoke => revoke_members::mark_final(tx, slot).await?,
        PayloadKind::Claims => {
            for (nullifier, why) in rejected {
                let key = nullifier.to_be_bytes();
                let rows = claim_members::reject(tx, slot, *why, &key).await?;
                expect_rows("reject a claim that was sent", 1, rows)?;
            }
            // The rest was skipped for a reason that is asked for again before the next batch.
            let settled = claim_members::mark_final(tx, slot).await?;
            rejected.len() as u64 + settled + claim_members::requeue(tx, slot).await?
        }
        PayloadKind::GapFiller => return Err(SLOTS.corrupt("purpose")),
    };
    let expected = count(tx, kind, slot).await?;
    expect_rows("mark a payload as final", expected, moved)
}

/// Queues all of a payload again.
pub(super) async fn requeue(
    tx: &mut WriteTransaction,
    payload: &SlotPayload,
) -> Result<(), StoreError> {
    let (kind, slot) = (payload.kind()?, payload.id);
    let moved = match kind {
        PayloadKind::Append => append_members::requeue(tx, slot).await?,
        PayloadKind::Revoke => revoke_members::requeue(tx, slot).await?,
        PayloadKind::Claims => claim_members::requeue(tx, slot).await?,
        PayloadKind::GapFiller => return Ok(()),
    };
    let expected = count(tx, kind, slot).await?;
    expect_rows("queue a payload again", expected, moved)?;
    // Enrolments that are queued again although they are to go no longer wait.
    revocations::withdraw_revoked(tx).await
}

async fn count(tx: &mut WriteTransaction, kind: PayloadKind, slot: i64) -> Result<u64, StoreError> {
    match kind {
        PayloadKind::Append => append_members::count(tx, slot).await,
        PayloadKind::Revoke => revoke_members::count(tx, slot).await,
        PayloadKind::Claims => claim_members::count(tx, slot).await,
        PayloadKind::GapFiller => Ok(0),
    }
}
