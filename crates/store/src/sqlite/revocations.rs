//! Revocations in SQLite.

use annona_core::{B256, Commitment, OrbId, UnixSeconds};
use annona_engine::ports::{RevocationRepository, StoreError, StruckOff};
use annona_engine::{EnrolmentId, RevocationReason, RevocationRecord, RevocationState};
use async_trait::async_trait;

use super::columns::{Table, integer};
use super::write::WriteTransaction;
use super::{SqliteStore, expect_rows, reviews};
use crate::error::backend;

const REVOCATIONS: Table = Table("revocations");

const WITHDRAW: &str =
    "UPDATE enrolments SET state = 'withdrawn' WHERE commitment = ?1 AND state = 'queued'";
const WITHDRAW_OF_ORB: &str =
    "UPDATE enrolments SET state = 'withdrawn' WHERE orb = ?1 AND state = 'queued'";
/// An enrolment that was given up on the way is not sent again when it is to go anyway.
const WITHDRAW_REVOKED: &str = "\
UPDATE enrolments SET state = 'withdrawn' WHERE state = 'queued'
    AND commitment IN (SELECT commitment FROM revocations WHERE state <> 'void')
RETURNING commitment";
const VOID: &str =
    "UPDATE revocations SET state = 'void' WHERE commitment = ?1 AND state = 'queued'";
/// A recovery that was withdrawn gives the leaf back that it has not taken yet, unless
/// somebody else waits for it to become empty.
const RELEASE: &str = "\
UPDATE revocations SET state = 'void' WHERE state = 'queued' AND reason = 'recovery'
    AND EXISTS (SELECT 1 FROM awaited_leaves a JOIN enrolments e ON e.id = a.enrolment_id
        WHERE a.commitment = revocations.commitment AND e.state = 'withdrawn')
    AND NOT EXISTS (SELECT 1 FROM awaited_leaves a JOIN enrolments e ON e.id = a.enrolment_id
        WHERE a.commitment = revocations.commitment AND e.state <> 'withdrawn')";
const INSERT: &str = "\
INSERT INTO revocations (commitment, reason, requested_at, state)
SELECT ?1, ?2, ?3, 'queued' WHERE NOT EXISTS (
    SELECT 1 FROM enrolments WHERE commitment = ?1 AND state = 'withdrawn')
ON CONFLICT (commitment) DO UPDATE
    SET state = 'queued', reason = excluded.reason, requested_at = excluded.requested_at
    WHERE state = 'void'";
const INSERT_REPLACED: &str = "\
INSERT INTO revocations (commitment, reason, requested_at, state)
SELECT commitment, 'recovery', ?2, 'queued' FROM enrolments WHERE id = ?1
ON CONFLICT (commitment) DO UPDATE
    SET state = 'queued', reason = excluded.reason, requested_at = excluded.requested_at
    WHERE state = 'void'";
/// A leaf of a rogue orb does not wait until its place can be taken.
const INSERT_OF_ORB: &str = "\
INSERT INTO revocations (commitment, reason, requested_at, state)
SELECT commitment, 'orb', ?2, 'queued' FROM enrolments
WHERE orb = ?1 AND state IN ('submitted', 'mined', 'final') ORDER BY arrival
ON CONFLICT (commitment) DO UPDATE
    SET state = 'queued', reason = excluded.reason, requested_at = excluded.requested_at
    WHERE state = 'void' OR (state = 'queued' AND reason = 'recovery')";
const STRIKE_OFF: &str =
    "INSERT INTO struck_orbs (orb, struck_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
const COUNT_STRUCK_OFF: &str = "SELECT count(*) FROM struck_orbs WHERE orb = ?1";
const SELECT: &str = "\
SELECT commitment, reason, requested_at, state, transaction_hash FROM revocations
WHERE commitment = ?1";
const SELECT_QUEUED: &str = "\
SELECT commitment, reason, requested_at, state, transaction_hash FROM (
    SELECT r.*,
        EXISTS (SELECT 1 FROM awaited_leaves a JOIN enrolments e ON e.id = a.enrolment_id
            WHERE a.commitment = r.commitment AND e.state = 'queued') AS is_awaited,
        sum(r.reason = 'recovery') OVER (ORDER BY r.arrival) AS recoveries
    FROM revocations r WHERE r.state = 'queued' AND NOT EXISTS (SELECT 1 FROM enrolments e
        WHERE e.commitment = r.commitment AND e.state IN ('queued', 'submitted')))
WHERE reason <> 'recovery' OR recoveries <= ?1
ORDER BY is_awaited DESC, arrival LIMIT ?2";
const ADOPT: &str = "\
UPDATE revocations SET state = 'final', transaction_hash = ?2
WHERE commitment = ?1 AND state = 'queued'";
const VOID_UNKNOWN: &str = "\
UPDATE revocations SET state = 'void' WHERE commitment = ?1 AND state = 'queued'
    AND NOT EXISTS (SELECT 1 FROM enrolments e WHERE e.commitment = ?1
        AND e.state IN ('queued', 'submitted', 'mined', 'final'))";
const SELECT_GONE: &str = "\
SELECT commitment FROM enrolments e WHERE e.state = 'withdrawn' AND e.commitment > ?1
    AND NOT EXISTS (SELECT 1 FROM revocations r WHERE r.commitment = e.commitment
        AND r.state IN ('queued', 'submitted', 'mined'))
UNION SELECT commitment FROM revocations WHERE state = 'final' AND commitment > ?1
ORDER BY 1 LIMIT ?2";
const REVOKE_AGAIN: &str = "\
INSERT INTO revocations (commitment, reason, requested_at, state)
VALUES (?1, 'operator', ?2, 'queued')
ON CONFLICT (commitment) DO UPDATE
    SET state = 'queued', transaction_hash = NULL, requested_at = excluded.requested_at
    WHERE state IN ('void', 'final')";
const COUNT_PENDING: &str = "\
SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state <> 'queued')
FROM revocations WHERE state NOT IN ('final', 'void')";

/// Queues the revocation of an enrolment that is being replaced, unless it is under way.
pub(super) async fn replace(
    tx: &mut WriteTransaction,
    replaced: EnrolmentId,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query(INSERT_REPLACED)
        .bind(replaced.0.as_slice())
        .bind(integer(now.0)?)
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    Ok(())
}

/// Withdraws enrolments that are queued again although their revocation was asked for.
pub(super) async fn withdraw_revoked(tx: &mut WriteTransaction) -> Result<(), StoreError> {
    let withdrawn: Vec<Vec<u8>> = sqlx::query_scalar(WITHDRAW_REVOKED)
        .fetch_all(&mut **tx)
        .await
        .map_err(backend)?;
    for commitment in withdrawn {
        sqlx::query(VOID)
            .bind(commitment)
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
    }
    release(tx).await
}

/// Gives leaves back that recoveries which were withdrawn have not taken yet.
async fn release(tx: &mut WriteTransaction) -> Result<(), StoreError> {
    sqlx::query(RELEASE)
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct RevocationRow {
    commitment: Vec<u8>,
    reason: String,
    requested_at: i64,
    state: String,
    transaction_hash: Option<Vec<u8>>,
}

impl TryFrom<RevocationRow> for RevocationRecord {
    type Error = StoreError;

    fn try_from(row: RevocationRow) -> Result<Self, StoreError> {
        let transaction = row
            .transaction_hash
            .as_deref()
            .map(|blob| REVOCATIONS.word("transaction_hash", blob))
            .transpose()?;
        let state = match (row.state.as_str(), transaction) {
            ("queued", None) => RevocationState::Queued,
            ("void", None) => RevocationState::Void,
            ("submitted", Some(transaction)) => RevocationState::Submitted { transaction },
            ("mined", Some(transaction)) => RevocationState::Mined { transaction },
            ("final", Some(transaction)) => RevocationState::Final { transaction },
            _ => return Err(REVOCATIONS.corrupt("state")),
        };
        Ok(Self {
            commitment: REVOCATIONS.commitment("commitment", &row.commitment)?,
            reason: RevocationReason::from_code(&row.reason)
                .ok_or_else(|| REVOCATIONS.corrupt("reason"))?,
            requested_at: UnixSeconds(REVOCATIONS.unsigned("requested_at", row.requested_at)?),
            state,
        })
    }
}

#[async_trait]
impl RevocationRepository for SqliteStore {
    async fn request_revocations(
        &self,
        commitments: &[Commitment],
        reason: RevocationReason,
        requested_at: UnixSeconds,
    ) -> Result<u64, StoreError> {
        let mut tx = self.begin_write().await?;
        let mut requested = 0;
        for commitment in commitments {
            let blob = commitment.to_be_bytes().to_vec();
            let withdrawn = sqlx::query(WITHDRAW)
                .bind(&blob)
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
            if withdrawn.rows_affected() > 0 {
                requested += 1;
                continue;
            }
            let inserted = sqlx::query(INSERT)
                .bind(&blob)
                .bind(reason.code())
                .bind(integer(requested_at.0)?)
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
            requested += inserted.rows_affected();
        }
        release(&mut tx).await?;
        tx.commit().await?;
        Ok(requested)
    }

    async fn strike_off(
        &self,
        orb: OrbId,
        struck_at: UnixSeconds,
    ) -> Result<StruckOff, StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query(STRIKE_OFF)
            .bind(orb.0.as_slice())
            .bind(integer(struck_at.0)?)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        let withdrawn = sqlx::query(WITHDRAW_OF_ORB)
            .bind(orb.0.as_slice())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        let queued = sqlx::query(INSERT_OF_ORB)
            .bind(orb.0.as_slice())
            .bind(integer(struck_at.0)?)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        release(&mut tx).await?;
        reviews::wipe_of_struck_orbs(&mut tx).await?;
        tx.commit().await?;
        Ok(StruckOff {
            withdrawn: withdrawn.rows_affected(),
            revocations: queued.rows_affected(),
        })
    }

    async fn is_struck_off(&self, orb: OrbId) -> Result<bool, StoreError> {
        let rows: i64 = sqlx::query_scalar(COUNT_STRUCK_OFF)
            .bind(orb.0.as_slice())
            .fetch_one(&self.readers)
            .await
            .map_err(backend)?;
        Ok(rows > 0)
    }

    async fn revocation(
        &self,
        commitment: Commitment,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        let row: Option<RevocationRow> = sqlx::query_as(SELECT)
            .bind(commitment.to_be_bytes().to_vec())
            .fetch_optional(&self.readers)
            .await
            .map_err(backend)?;
        row.map(RevocationRecord::try_from).transpose()
    }

    async fn queued_revocations(
        &self,
        recoveries: u32,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError> {
        let rows: Vec<RevocationRow> = sqlx::query_as(SELECT_QUEUED)
            .bind(recoveries)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(backend)?;
        rows.into_iter().map(RevocationRecord::try_from).collect()
    }

    async fn adopt_revocation(
        &self,
        commitment: Commitment,
        transaction: B256,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let adopted = sqlx::query(ADOPT)
            .bind(commitment.to_be_bytes().to_vec())
            .bind(transaction.as_slice())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        expect_rows("adopt a revocation", 1, adopted.rows_affected())?;
        tx.commit().await
    }

    async fn void_revocation(&self, commitment: Commitment) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        let voided = sqlx::query(VOID_UNKNOWN)
            .bind(commitment.to_be_bytes().to_vec())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await?;
        Ok(voided.rows_affected() == 1)
    }

    async fn gone_after(
        &self,
        cursor: Option<Commitment>,
        limit: u32,
    ) -> Result<Vec<Commitment>, StoreError> {
        let after = cursor.map_or_else(Vec::new, |commitment| commitment.to_be_bytes().to_vec());
        let blobs: Vec<Vec<u8>> = sqlx::query_scalar(SELECT_GONE)
            .bind(after)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(backend)?;
        let commitment = |blob: &Vec<u8>| REVOCATIONS.commitment("commitment", blob);
        blobs.iter().map(commitment).collect()
    }

    async fn revoke_again(
        &self,
        commitment: Commitment,
        requested_at: UnixSeconds,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        let queued = sqlx::query(REVOKE_AGAIN)
            .bind(commitment.to_be_bytes().to_vec())
            .bind(integer(requested_at.0)?)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await?;
        Ok(queued.rows_affected() == 1)
    }

    async fn pending_revocations(&self) -> Result<(u64, u64), StoreError> {
        let (queued, under_way): (i64, i64) = sqlx::query_as(COUNT_PENDING)
            .fetch_one(&self.readers)
            .await
            .map_err(backend)?;
        Ok((
            REVOCATIONS.unsigned("count(*)", queued)?,
            REVOCATIONS.unsigned("count(*)", under_way)?,
        ))
    }
}
