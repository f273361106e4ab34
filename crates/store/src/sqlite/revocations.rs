//! Revocations in SQLite.

use annona_core::{B256, Commitment, OrbId, UnixSeconds};
use annona_engine::ports::{RevocationRepository, StoreError};
use annona_engine::{EnrolmentId, RevocationReason, RevocationRecord, RevocationState};
use async_trait::async_trait;

use super::columns::{Table, integer};
use super::write::WriteTransaction;
use super::{SqliteStore, expect_rows};
use crate::error::backend;

const REVOCATIONS: Table = Table("revocations");

const WITHDRAW: &str =
    "UPDATE enrolments SET state = 'withdrawn' WHERE commitment = ?1 AND state = 'queued'";
/// An enrolment that was given up on the way is not sent again when it is to go anyway.
pub(super) const WITHDRAW_REVOKED: &str = "\
UPDATE enrolments SET state = 'withdrawn' WHERE state = 'queued'
    AND commitment IN (SELECT commitment FROM revocations)";
const INSERT: &str = "\
INSERT INTO revocations (commitment, reason, requested_at, state)
VALUES (?1, ?2, ?3, 'queued') ON CONFLICT DO NOTHING";
const INSERT_REPLACED: &str = "\
INSERT INTO revocations (commitment, reason, requested_at, state)
SELECT commitment, 'recovery', ?2, 'queued' FROM enrolments WHERE id = ?1
ON CONFLICT DO NOTHING";
const COMMITMENTS_OF_ORB: &str = "\
SELECT commitment FROM enrolments WHERE orb = ?1
    AND state IN ('queued', 'submitted', 'mined', 'final')
    AND commitment NOT IN (SELECT commitment FROM revocations)
ORDER BY arrival";
const SELECT: &str = "\
SELECT commitment, reason, requested_at, state, transaction_hash FROM revocations
WHERE commitment = ?1";
const SELECT_QUEUED: &str = "\
SELECT commitment, reason, requested_at, state, transaction_hash FROM revocations r
WHERE state = 'queued' AND NOT EXISTS (SELECT 1 FROM enrolments e
    WHERE e.commitment = r.commitment AND e.state IN ('queued', 'submitted', 'withdrawn'))
ORDER BY arrival LIMIT ?1";
const ADOPT: &str = "\
UPDATE revocations SET state = 'final', transaction_hash = ?2
WHERE commitment = ?1 AND state = 'queued'";
const COUNT_PENDING: &str = "\
SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state <> 'queued')
FROM revocations r WHERE state <> 'final' AND NOT EXISTS (SELECT 1 FROM enrolments e
    WHERE e.commitment = r.commitment AND e.state = 'withdrawn')";

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
        tx.commit().await?;
        Ok(requested)
    }

    async fn commitments_of_orb(&self, orb: OrbId) -> Result<Vec<Commitment>, StoreError> {
        let blobs: Vec<Vec<u8>> = sqlx::query_scalar(COMMITMENTS_OF_ORB)
            .bind(orb.0.as_slice())
            .fetch_all(&self.readers)
            .await
            .map_err(backend)?;
        let commitment = |blob: &Vec<u8>| Table("enrolments").commitment("commitment", blob);
        blobs.iter().map(commitment).collect()
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

    async fn queued_revocations(&self, limit: u32) -> Result<Vec<RevocationRecord>, StoreError> {
        let rows: Vec<RevocationRow> = sqlx::query_as(SELECT_QUEUED)
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
