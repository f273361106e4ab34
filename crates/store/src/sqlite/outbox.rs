//! The outbox in SQLite: a nonce is a row.

use std::collections::HashMap;

use annona_core::{Address, B256};
use annona_engine::EnrolmentId;
use annona_engine::ports::{
    Disposition, EnqueueOutcome, OutboxRepository, OutboxState, OutboxTransaction, Purpose,
    SignedTransaction, StoreError, TransactionId,
};
use async_trait::async_trait;
use sqlx::{Sqlite, Transaction};

use super::SqliteStore;
use super::columns::{Table, integer};
use super::load::{self, Carrier};
use crate::error::backend;

const TRANSACTIONS: Table = Table("transactions");
const MEMBERS: Table = Table("append_members");
const REVOKED: Table = Table("revoke_members");

const MAX_NONCE: &str = "SELECT max(nonce) FROM transactions WHERE sender = ?1";
const INSERT: &str = "\
INSERT INTO transactions (sender, nonce, hash, raw, purpose, start_index, nullifier, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'sent')
ON CONFLICT (sender, nonce) DO NOTHING
RETURNING id";
const SELECT_OPEN: &str = "\
SELECT id, sender, nonce, hash, raw, purpose, start_index, nullifier, state, block_number,
    block_hash
FROM transactions WHERE state IN ('sent', 'mined') ORDER BY sender, nonce";
const SELECT_OPEN_MEMBERS: &str = "\
SELECT m.transaction_id, m.position, m.enrolment_id AS member
FROM append_members m JOIN transactions t ON t.id = m.transaction_id
WHERE t.state IN ('sent', 'mined') ORDER BY m.transaction_id, m.position";
const SELECT_OPEN_REVOKED: &str = "\
SELECT m.transaction_id, m.position, m.commitment AS member
FROM revoke_members m JOIN transactions t ON t.id = m.transaction_id
WHERE t.state IN ('sent', 'mined') ORDER BY m.transaction_id, m.position";
const MARK_MINED: &str = "\
UPDATE transactions SET state = 'mined', block_number = ?2, block_hash = ?3
WHERE id = ?1 AND state = 'sent' RETURNING id, hash, purpose";
const MARK_UNMINED: &str = "\
UPDATE transactions SET state = 'sent', block_number = NULL, block_hash = NULL
WHERE id = ?1 AND state = 'mined' RETURNING id, hash, purpose";
const MARK_FINAL: &str = "\
UPDATE transactions SET state = 'final'
WHERE id = ?1 AND state = 'mined' RETURNING id, hash, purpose";
const MARK_FAILED: &str = "\
UPDATE transactions SET state = 'failed'
WHERE id = ?1 AND state = 'sent' RETURNING id, hash, purpose";

#[derive(sqlx::FromRow)]
struct TransactionRow {
    id: i64,
    sender: Vec<u8>,
    nonce: i64,
    hash: Vec<u8>,
    raw: Vec<u8>,
    purpose: String,
    start_index: Option<i64>,
    nullifier: Option<Vec<u8>>,
    state: String,
    block_number: Option<i64>,
    block_hash: Option<Vec<u8>>,
}

impl TransactionRow {
    /// `members` are the ids of enrolments or the commitments that it carries, in order.
    fn into_domain(self, members: &[Vec<u8>]) -> Result<OutboxTransaction, StoreError> {
        Ok(OutboxTransaction {
            id: TransactionId(self.id),
            purpose: self.purpose(members)?,
            state: self.state()?,
            signed: SignedTransaction {
                sender: TRANSACTIONS.address("sender", &self.sender)?,
                nonce: TRANSACTIONS.unsigned("nonce", self.nonce)?,
                hash: TRANSACTIONS.word("hash", &self.hash)?,
                raw: self.raw,
            },
        })
    }

    fn purpose(&self, members: &[Vec<u8>]) -> Result<Purpose, StoreError> {
        match (
            self.purpose.as_str(),
            self.start_index,
            self.nullifier.as_deref(),
        ) {
            ("append", Some(start_index), None) if !members.is_empty() => {
                let id = |blob: &Vec<u8>| MEMBERS.word("enrolment_id", blob).map(EnrolmentId);
                Ok(Purpose::Append {
                    start_index: TRANSACTIONS.leaf_index("start_index", start_index)?,
                    enrolments: members.iter().map(id).collect::<Result<_, _>>()?,
                })
            }
            ("revoke", None, None) if !members.is_empty() => {
                let commitment = |blob: &Vec<u8>| REVOKED.commitment("commitment", blob);
                Ok(Purpose::Revoke {
                    commitments: members.iter().map(commitment).collect::<Result<_, _>>()?,
                })
            }
            ("claim", None, Some(nullifier)) if members.is_empty() => Ok(Purpose::Claim {
                nullifier: TRANSACTIONS.nullifier("nullifier", nullifier)?,
            }),
            _ => Err(TRANSACTIONS.corrupt("purpose")),
        }
    }

    fn state(&self) -> Result<OutboxState, StoreError> {
        match (
            self.state.as_str(),
            self.block_number,
            self.block_hash.as_deref(),
        ) {
            ("sent", None, None) => Ok(OutboxState::Sent),
            ("mined", Some(number), Some(hash)) => Ok(OutboxState::Mined {
                block_number: TRANSACTIONS.unsigned("block_number", number)?,
                block_hash: TRANSACTIONS.word("block_hash", hash)?,
            }),
            _ => Err(TRANSACTIONS.corrupt("state")),
        }
    }
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    transaction_id: i64,
    position: i64,
    member: Vec<u8>,
}

/// What each batch carries, from rows of `table` in order of position.
fn members_by_transaction(
    table: Table,
    rows: Vec<MemberRow>,
) -> Result<HashMap<i64, Vec<Vec<u8>>>, StoreError> {
    let mut members: HashMap<i64, Vec<Vec<u8>>> = HashMap::new();
    for row in rows {
        let list = members.entry(row.transaction_id).or_default();
        if usize::try_from(row.position) != Ok(list.len()) {
            return Err(table.corrupt("position"));
        }
        list.push(row.member);
    }
    Ok(members)
}

/// The row of the new transaction, unless the nonce was taken.
async fn insert(
    tx: &mut Transaction<'_, Sqlite>,
    signed: &SignedTransaction,
    purpose: &Purpose,
) -> Result<Option<i64>, StoreError> {
    let (name, start_index, nullifier) = match purpose {
        Purpose::Append { start_index, .. } => ("append", Some(integer(start_index.get())?), None),
        Purpose::Revoke { .. } => ("revoke", None, None),
        Purpose::Claim { nullifier } => ("claim", None, Some(nullifier.to_be_bytes().to_vec())),
    };
    sqlx::query_scalar(INSERT)
        .bind(signed.sender.as_slice())
        .bind(integer(signed.nonce)?)
        .bind(signed.hash.as_slice())
        .bind(signed.raw.as_slice())
        .bind(name)
        .bind(start_index)
        .bind(nullifier)
        .fetch_optional(&mut **tx)
        .await
        .map_err(backend)
}

/// The transaction whose row changed.
fn changed(operation: &'static str, row: Option<Carrier>) -> Result<Carrier, StoreError> {
    row.ok_or(StoreError::RowCount {
        operation,
        expected: 1,
        actual: 0,
    })
}

impl SqliteStore {
    /// Moves a transaction by an update that needs its id alone, and its load with it.
    async fn move_transaction(
        &self,
        operation: &'static str,
        sql: &'static str,
        id: TransactionId,
        step: &load::Move,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let row = sqlx::query_as(sql)
            .bind(id.0)
            .fetch_optional(&mut *tx)
            .await
            .map_err(backend)?;
        load::apply(&mut tx, &changed(operation, row)?, step).await?;
        tx.commit().await.map_err(backend)
    }
}

#[async_trait]
impl OutboxRepository for SqliteStore {
    async fn next_nonce(&self, sender: Address, chain_nonce: u64) -> Result<u64, StoreError> {
        let highest: Option<i64> = sqlx::query_scalar(MAX_NONCE)
            .bind(sender.as_slice())
            .fetch_one(&self.readers)
            .await
            .map_err(backend)?;
        let Some(highest) = highest else {
            return Ok(chain_nonce);
        };
        let highest = TRANSACTIONS.unsigned("nonce", highest)?;
        Ok(chain_nonce.max(highest + 1))
    }

    async fn enqueue(
        &self,
        signed: &SignedTransaction,
        purpose: &Purpose,
    ) -> Result<EnqueueOutcome, StoreError> {
        let mut tx = self.begin_write().await?;
        if !load::submit(&mut tx, purpose, signed.hash).await? {
            return Ok(EnqueueOutcome::LoadMoved);
        }
        let Some(id) = insert(&mut tx, signed, purpose).await? else {
            return Ok(EnqueueOutcome::NonceTaken);
        };
        load::insert_members(&mut tx, id, purpose).await?;
        tx.commit().await.map_err(backend)?;
        Ok(EnqueueOutcome::Stored(TransactionId(id)))
    }

    async fn open_transactions(&self) -> Result<Vec<OutboxTransaction>, StoreError> {
        let mut snapshot = self.readers.begin().await.map_err(backend)?;
        let rows: Vec<TransactionRow> = sqlx::query_as(SELECT_OPEN)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(backend)?;
        let mut members = HashMap::new();
        for (table, sql) in [
            (MEMBERS, SELECT_OPEN_MEMBERS),
            (REVOKED, SELECT_OPEN_REVOKED),
        ] {
            let rows: Vec<MemberRow> = sqlx::query_as(sql)
                .fetch_all(&mut *snapshot)
                .await
                .map_err(backend)?;
            members.extend(members_by_transaction(table, rows)?);
        }
        rows.into_iter()
            .map(|row| {
                let carried = members.remove(&row.id).unwrap_or_default();
                row.into_domain(&carried)
            })
            .collect()
    }

    async fn mark_mined(
        &self,
        id: TransactionId,
        block_number: u64,
        block_hash: B256,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let row = sqlx::query_as(MARK_MINED)
            .bind(id.0)
            .bind(integer(block_number)?)
            .bind(block_hash.as_slice())
            .fetch_optional(&mut *tx)
            .await
            .map_err(backend)?;
        let carrier = changed("mark a transaction as mined", row)?;
        load::apply(&mut tx, &carrier, &load::MINE).await?;
        tx.commit().await.map_err(backend)
    }

    async fn mark_unmined(&self, id: TransactionId) -> Result<(), StoreError> {
        let operation = "mark a transaction as sent again";
        self.move_transaction(operation, MARK_UNMINED, id, &load::UNMINE)
            .await
    }

    async fn mark_final(&self, id: TransactionId) -> Result<(), StoreError> {
        let operation = "mark a transaction as final";
        self.move_transaction(operation, MARK_FINAL, id, &load::FINALISE)
            .await
    }

    async fn mark_failed(
        &self,
        id: TransactionId,
        disposition: Disposition,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let row = sqlx::query_as(MARK_FAILED)
            .bind(id.0)
            .fetch_optional(&mut *tx)
            .await
            .map_err(backend)?;
        let carrier = changed("mark a transaction as failed", row)?;
        match disposition {
            Disposition::Requeue => {
                load::apply(&mut tx, &carrier, &load::REQUEUE).await?;
                load::withdraw_revoked(&mut tx).await?;
            }
            Disposition::Reject(why) => load::reject(&mut tx, &carrier, why).await?,
        }
        tx.commit().await.map_err(backend)
    }
}
