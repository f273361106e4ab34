//! The outbox in SQLite: a nonce is a row.

use std::collections::HashMap;

use annona_core::{Address, B256, NullifierHash};
use annona_engine::ports::{
    Attempt, AttemptKind, AttemptOutcome, Fees, OpenOutcome, OutboxRepository, Payload,
    PayloadKind, SignedTransaction, Slot, SlotId, SlotState, SlotStateKind, StoreError,
};
use annona_engine::{ClaimRejection, EnrolmentId};
use async_trait::async_trait;

use super::SqliteStore;
use super::columns::{Table, integer};
use super::payload::{self, MemberRow, SlotPayload, append_members, claim_members, revoke_members};
use super::write::WriteTransaction;
use crate::error::backend;

const SLOTS: Table = Table("slots");
const ATTEMPTS: Table = Table("attempts");

struct SlotRow {
    id: i64,
    sender: Vec<u8>,
    nonce: i64,
    purpose: String,
    start_index: Option<i64>,
    state: String,
    mined_hash: Option<Vec<u8>>,
    block_number: Option<i64>,
    block_hash: Option<Vec<u8>>,
}

impl SlotRow {
    /// Makes the slot; `members` are the keys of its payload, in order.
    fn into_domain(self, members: &[Vec<u8>], attempts: &[AttemptRow]) -> Result<Slot, StoreError> {
        let sender = SLOTS.address("sender", &self.sender)?;
        let nonce = SLOTS.unsigned("nonce", self.nonce)?;
        // A slot and its first attempt are written in one transaction.
        if attempts.is_empty() {
            return Err(ATTEMPTS.corrupt("slot_id"));
        }
        let attempts = attempts.iter().map(|row| row.to_domain(sender, nonce));
        Ok(Slot {
            id: SlotId(self.id),
            sender,
            nonce,
            payload: self.payload(members)?,
            state: self.state()?,
            attempts: attempts.collect::<Result<_, _>>()?,
        })
    }

    fn payload(&self, members: &[Vec<u8>]) -> Result<Payload, StoreError> {
        let kind = SLOTS.code("purpose", &self.purpose, PayloadKind::from_code)?;
        match (kind, self.start_index, members.is_empty()) {
            (PayloadKind::Append, Some(start_index), false) => {
                let (table, column) = (append_members::TABLE, append_members::COLUMN);
                let id = |blob: &Vec<u8>| table.word(column, blob).map(EnrolmentId);
                Ok(Payload::Append {
                    start_index: SLOTS.leaf_index("start_index", start_index)?,
                    enrolments: members.iter().map(id).collect::<Result<_, _>>()?,
                })
            }
            (PayloadKind::Revoke, None, false) => {
                let (table, column) = (revoke_members::TABLE, revoke_members::COLUMN);
                let commitment = |blob: &Vec<u8>| table.commitment(column, blob);
                Ok(Payload::Revoke {
                    commitments: members.iter().map(commitment).collect::<Result<_, _>>()?,
                })
            }
            (PayloadKind::Claims, None, false) => {
                let (table, column) = (claim_members::TABLE, claim_members::COLUMN);
                let nullifier = |blob: &Vec<u8>| table.nullifier(column, blob);
                Ok(Payload::Claims {
                    nullifiers: members.iter().map(nullifier).collect::<Result<_, _>>()?,
                })
            }
            (PayloadKind::GapFiller, None, true) => Ok(Payload::GapFiller),
            _ => Err(SLOTS.corrupt("purpose")),
        }
    }

    fn state(&self) -> Result<SlotState, StoreError> {
        match (
            SLOTS.code("state", &self.state, SlotStateKind::from_code)?,
            self.mined_hash.as_deref(),
            self.block_number,
            self.block_hash.as_deref(),
        ) {
            (SlotStateKind::Stored, None, None, None) => Ok(SlotState::Stored),
            (SlotStateKind::Sent, None, None, None) => Ok(SlotState::Sent),
            (SlotStateKind::Mined, Some(transaction), Some(number), Some(hash)) => {
                Ok(SlotState::Mined {
                    transaction: SLOTS.word("mined_hash", transaction)?,
                    block_number: SLOTS.unsigned("block_number", number)?,
                    block_hash: SLOTS.word("block_hash", hash)?,
                })
            }
            _ => Err(SLOTS.corrupt("state")),
        }
    }
}

struct AttemptRow {
    slot_id: i64,
    kind: String,
    hash: Vec<u8>,
    raw: Vec<u8>,
    max_fee_wei: i64,
    priority_fee_wei: i64,
    made_at_block: i64,
}

impl AttemptRow {
    fn to_domain(&self, sender: Address, nonce: u64) -> Result<Attempt, StoreError> {
        Ok(Attempt {
            kind: ATTEMPTS.code("kind", &self.kind, AttemptKind::from_code)?,
            made_at_block: ATTEMPTS.unsigned("made_at_block", self.made_at_block)?,
            signed: SignedTransaction {
                sender,
                nonce,
                fees: Fees {
                    max_fee_wei: ATTEMPTS.unsigned("max_fee_wei", self.max_fee_wei)?,
                    priority_fee_wei: ATTEMPTS
                        .unsigned("priority_fee_wei", self.priority_fee_wei)?,
                },
                hash: ATTEMPTS.word("hash", &self.hash)?,
                raw: self.raw.clone(),
            },
        })
    }
}

/// Collects the payload of each slot, from rows of `table` in order of position.
fn members_by_slot(
    table: Table,
    rows: Vec<MemberRow>,
) -> Result<HashMap<i64, Vec<Vec<u8>>>, StoreError> {
    let mut members: HashMap<i64, Vec<Vec<u8>>> = HashMap::new();
    for row in rows {
        let list = members.entry(row.slot_id).or_default();
        // A member that is missing would move all later ones to other leaves.
        if usize::try_from(row.position) != Ok(list.len()) {
            return Err(table.corrupt("position"));
        }
        list.push(row.member);
    }
    Ok(members)
}

/// Inserts the row of the new slot, unless the nonce was taken; returns its id.
async fn insert_slot(
    tx: &mut WriteTransaction,
    signed: &SignedTransaction,
    payload: &Payload,
) -> Result<Option<i64>, StoreError> {
    let start_index = match payload {
        Payload::Append { start_index, .. } => Some(integer(start_index.get())?),
        Payload::Revoke { .. } | Payload::Claims { .. } | Payload::GapFiller => None,
    };
    sqlx::query_scalar!(
        r#"
        INSERT INTO slots (sender, nonce, purpose, start_index, state)
        VALUES (?1, ?2, ?3, ?4, 'stored')
        ON CONFLICT (sender, nonce) DO NOTHING
        RETURNING id AS "id!"
        "#,
        signed.sender.as_slice(),
        integer(signed.nonce)?,
        payload.kind().code(),
        start_index
    )
    .fetch_optional(&mut **tx)
    .await
    .map_err(backend)
}

/// Stores an attempt; returns whether the slot took it.
async fn insert_attempt(
    tx: &mut WriteTransaction,
    id: i64,
    attempt: &Attempt,
) -> Result<bool, StoreError> {
    let signed = &attempt.signed;
    let inserted = sqlx::query!(
        "\
        INSERT INTO attempts
            (slot_id, kind, hash, raw, max_fee_wei, priority_fee_wei, made_at_block)
        SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM slots WHERE id = ?1 AND state IN ('stored', 'sent')
        ON CONFLICT (hash) DO NOTHING",
        id,
        attempt.kind.code(),
        signed.hash.as_slice(),
        signed.raw.as_slice(),
        integer(signed.fees.max_fee_wei)?,
        integer(signed.fees.priority_fee_wei)?,
        integer(attempt.made_at_block)?
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(inserted.rows_affected() == 1)
}

fn changed(operation: &'static str, row: Option<SlotPayload>) -> Result<SlotPayload, StoreError> {
    row.ok_or(StoreError::RowCount {
        operation,
        expected: 1,
        actual: 0,
    })
}

#[async_trait]
impl OutboxRepository for SqliteStore {
    async fn next_nonce(&self, sender: Address, chain_nonce: u64) -> Result<u64, StoreError> {
        let highest: Option<i64> = sqlx::query_scalar!(
            r#"SELECT max(nonce) AS "highest: i64" FROM slots WHERE sender = ?1"#,
            sender.as_slice()
        )
        .fetch_one(&self.readers)
        .await
        .map_err(backend)?;
        let Some(highest) = highest else {
            return Ok(chain_nonce);
        };
        let highest = SLOTS.unsigned("nonce", highest)?;
        Ok(chain_nonce.max(highest + 1))
    }

    /// Holds RELAY-1: signed bytes are stored before they are sent.
    async fn open_slot(
        &self,
        attempt: &Attempt,
        payload: &Payload,
    ) -> Result<OpenOutcome, StoreError> {
        // A return before the commit rolls back, so that a conflict leaves nothing behind.
        let mut tx = self.begin_write().await?;
        let signed = &attempt.signed;
        if !payload::submit(&mut tx, payload, signed.hash.as_slice()).await? {
            return Ok(OpenOutcome::PayloadConflict);
        }
        let Some(id) = insert_slot(&mut tx, signed, payload).await? else {
            return Ok(OpenOutcome::NonceTaken);
        };
        if !insert_attempt(&mut tx, id, attempt).await? {
            return Ok(OpenOutcome::NonceTaken);
        }
        payload::insert_members(&mut tx, id, payload).await?;
        tx.commit().await?;
        Ok(OpenOutcome::Stored(SlotId(id)))
    }

    async fn add_attempt(
        &self,
        id: SlotId,
        attempt: &Attempt,
    ) -> Result<AttemptOutcome, StoreError> {
        let mut tx = self.begin_write().await?;
        if !insert_attempt(&mut tx, id.0, attempt).await? {
            return Ok(AttemptOutcome::SlotConflict);
        }
        // The members keep the hash of the last attempt that would pay or add them.
        if attempt.kind == AttemptKind::Payload {
            let row = sqlx::query_as!(
                SlotPayload,
                "SELECT id, purpose FROM slots WHERE id = ?1",
                id.0
            )
            .fetch_optional(&mut *tx)
            .await
            .map_err(backend)?;
            let payload = changed("add an attempt", row)?;
            payload::set_attempt(&mut tx, &payload, attempt.signed.hash.as_slice()).await?;
        }
        tx.commit().await?;
        Ok(AttemptOutcome::Stored)
    }

    async fn open_slots(&self) -> Result<Vec<Slot>, StoreError> {
        // One transaction for all tables: between two reads a slot can settle.
        let mut snapshot = self.readers.begin().await.map_err(backend)?;
        let rows: Vec<SlotRow> = sqlx::query_as!(
            SlotRow,
            "\
            SELECT id, sender, nonce, purpose, start_index, state, mined_hash, block_number,
                block_hash
            FROM slots WHERE state IN ('stored', 'sent', 'mined') ORDER BY sender, nonce"
        )
        .fetch_all(&mut *snapshot)
        .await
        .map_err(backend)?;
        let attempt_rows: Vec<AttemptRow> = sqlx::query_as!(
            AttemptRow,
            "\
            SELECT a.slot_id, a.kind, a.hash, a.raw, a.max_fee_wei, a.priority_fee_wei,
                a.made_at_block
            FROM attempts a JOIN slots s ON s.id = a.slot_id
            WHERE s.state IN ('stored', 'sent', 'mined') ORDER BY a.slot_id, a.id"
        )
        .fetch_all(&mut *snapshot)
        .await
        .map_err(backend)?;
        let mut attempts: HashMap<i64, Vec<AttemptRow>> = HashMap::new();
        for row in attempt_rows {
            attempts.entry(row.slot_id).or_default().push(row);
        }
        let mut members = HashMap::new();
        let appended = append_members::select_open(&mut snapshot).await?;
        members.extend(members_by_slot(append_members::TABLE, appended)?);
        let revoked = revoke_members::select_open(&mut snapshot).await?;
        members.extend(members_by_slot(revoke_members::TABLE, revoked)?);
        let claimed = claim_members::select_open(&mut snapshot).await?;
        members.extend(members_by_slot(claim_members::TABLE, claimed)?);
        rows.into_iter()
            .map(|row| {
                let carried = members.remove(&row.id).unwrap_or_default();
                let tried = attempts.remove(&row.id).unwrap_or_default();
                row.into_domain(&carried, &tried)
            })
            .collect()
    }

    async fn attempts_to_pay(&self, nullifier: NullifierHash) -> Result<Vec<B256>, StoreError> {
        // Attempts of an earlier submission of the claim were for another proof or fee.
        let hashes: Vec<Vec<u8>> = sqlx::query_scalar!(
            "\
            SELECT a.hash FROM attempts a JOIN claim_members m ON m.slot_id = a.slot_id
            JOIN claims c ON c.nullifier = m.nullifier AND c.submission = m.submission
            WHERE m.nullifier = ?1 AND a.kind = 'load' ORDER BY a.id",
            nullifier.to_be_bytes().to_vec()
        )
        .fetch_all(&self.readers)
        .await
        .map_err(backend)?;
        let word = |blob: &Vec<u8>| ATTEMPTS.word("hash", blob);
        hashes.iter().map(word).collect()
    }

    async fn mark_sent(&self, id: SlotId) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let row = sqlx::query_as!(
            SlotPayload,
            r#"
            UPDATE slots SET state = 'sent' WHERE id = ?1 AND state = 'stored'
            RETURNING id AS "id!", purpose AS "purpose!"
            "#,
            id.0
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(backend)?;
        // Sent again, or mined before the answer to sending it came: nothing to note.
        let Some(payload) = row else {
            return Ok(());
        };
        payload::mark_sent(&mut tx, &payload).await?;
        tx.commit().await
    }

    async fn mark_mined(
        &self,
        id: SlotId,
        transaction: B256,
        block_number: u64,
        block_hash: B256,
        paid: &[NullifierHash],
    ) -> Result<(), StoreError> {
        // A mined cancel is no payment: the attempt has to be one with the payload.
        let mut tx = self.begin_write().await?;
        let row = sqlx::query_as!(
            SlotPayload,
            r#"
            UPDATE slots SET state = 'mined', mined_hash = ?2, block_number = ?3, block_hash = ?4
            WHERE id = ?1 AND state IN ('stored', 'sent')
                AND EXISTS (
                    SELECT 1 FROM attempts WHERE slot_id = ?1 AND hash = ?2 AND kind = 'load'
                )
            RETURNING id AS "id!", purpose AS "purpose!"
            "#,
            id.0,
            transaction.as_slice(),
            integer(block_number)?,
            block_hash.as_slice()
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(backend)?;
        let payload = changed("mark a slot as mined", row)?;
        payload::mark_mined(&mut tx, &payload, transaction.as_slice(), paid).await?;
        tx.commit().await
    }

    async fn mark_unmined(&self, id: SlotId) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let row = sqlx::query_as!(
            SlotPayload,
            r#"
            UPDATE slots
            SET state = 'sent', mined_hash = NULL, block_number = NULL, block_hash = NULL
            WHERE id = ?1 AND state = 'mined'
            RETURNING id AS "id!", purpose AS "purpose!"
            "#,
            id.0
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(backend)?;
        let payload = changed("mark a slot as sent again", row)?;
        payload::mark_unmined(&mut tx, &payload).await?;
        tx.commit().await
    }

    async fn mark_final(
        &self,
        id: SlotId,
        rejected: &[(NullifierHash, ClaimRejection)],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let row = sqlx::query_as!(
            SlotPayload,
            r#"
            UPDATE slots SET state = 'final' WHERE id = ?1 AND state = 'mined'
            RETURNING id AS "id!", purpose AS "purpose!"
            "#,
            id.0
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(backend)?;
        let payload = changed("mark a slot as final", row)?;
        payload::mark_final(&mut tx, &payload, rejected).await?;
        tx.commit().await
    }

    async fn mark_failed(&self, id: SlotId) -> Result<(), StoreError> {
        // A mined slot has to be taken out of its block first: its claims may be paid.
        let mut tx = self.begin_write().await?;
        let row = sqlx::query_as!(
            SlotPayload,
            r#"
            UPDATE slots SET state = 'failed' WHERE id = ?1 AND state IN ('stored', 'sent')
            RETURNING id AS "id!", purpose AS "purpose!"
            "#,
            id.0
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(backend)?;
        let payload = changed("mark a slot as failed", row)?;
        payload::requeue(&mut tx, &payload).await?;
        tx.commit().await
    }
}
