//! Revocations in SQLite.

use annona_core::{B256, Commitment, OrbId, UnixSeconds};
use annona_engine::ports::{PendingCounts, RevocationRepository, StoreError, StruckOff};
use annona_engine::{
    EnrolmentId, RevocationReason, RevocationRecord, RevocationState, RevocationStateKind,
};
use async_trait::async_trait;

use super::columns::{Table, integer};
use super::write::WriteTransaction;
use super::{SqliteStore, expect_rows, reviews};
use crate::error::backend;

const REVOCATIONS: Table = Table("revocations");

/// Queues the revocation of an enrolment that is being replaced, unless it is under way.
pub(super) async fn replace(
    tx: &mut WriteTransaction,
    replaced: EnrolmentId,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query_file!(
        "queries/insert_replaced.sql",
        replaced.0.as_slice(),
        integer(now.0)?
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Withdraws enrolments that are queued again although their revocation was asked for.
pub(super) async fn withdraw_revoked(tx: &mut WriteTransaction) -> Result<(), StoreError> {
    let withdrawn: Vec<Vec<u8>> = sqlx::query_scalar!(
        "\
        UPDATE enrolments SET state = 'withdrawn' WHERE state = 'queued'
            AND commitment IN (SELECT commitment FROM revocations WHERE state <> 'void')
        RETURNING commitment"
    )
    .fetch_all(&mut **tx)
    .await
    .map_err(backend)?;
    for commitment in withdrawn {
        sqlx::query!(
            "UPDATE revocations SET state = 'void' WHERE commitment = ?1 AND state = 'queued'",
            commitment
        )
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    }
    release(tx).await
}

/// Gives leaves back that recoveries which were withdrawn have not taken yet (RECOV-7).
async fn release(tx: &mut WriteTransaction) -> Result<(), StoreError> {
    sqlx::query_file!("queries/release_revocations.sql")
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    Ok(())
}

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
        let state = match (
            REVOCATIONS.code("state", &row.state, RevocationStateKind::from_code)?,
            transaction,
        ) {
            (RevocationStateKind::Queued, None) => RevocationState::Queued,
            (RevocationStateKind::Void, None) => RevocationState::Void,
            (RevocationStateKind::Submitted, Some(transaction)) => {
                RevocationState::Submitted { transaction }
            }
            (RevocationStateKind::Mined, Some(transaction)) => {
                RevocationState::Mined { transaction }
            }
            (RevocationStateKind::Final, Some(transaction)) => {
                RevocationState::Final { transaction }
            }
            _ => return Err(REVOCATIONS.corrupt("state")),
        };
        Ok(Self {
            commitment: REVOCATIONS.commitment("commitment", &row.commitment)?,
            reason: REVOCATIONS.code("reason", &row.reason, RevocationReason::from_code)?,
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
            let withdrawn = sqlx::query!(
                "\
                UPDATE enrolments SET state = 'withdrawn'
                WHERE commitment = ?1 AND state = 'queued'",
                &blob
            )
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
            if withdrawn.rows_affected() > 0 {
                requested += 1;
                continue;
            }
            let inserted = sqlx::query_file!(
                "queries/insert_revocation.sql",
                &blob,
                reason.code(),
                integer(requested_at.0)?
            )
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
            requested += inserted.rows_affected();
        }
        release(&mut tx).await?;
        tx.commit().await?;
        Ok(requested)
    }

    /// Holds ENROL-12: an orb can be refused and struck off at once.
    async fn strike_off(
        &self,
        orb: OrbId,
        struck_at: UnixSeconds,
    ) -> Result<StruckOff, StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query!(
            "INSERT INTO struck_orbs (orb, struck_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            orb.0.as_slice(),
            integer(struck_at.0)?
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        let withdrawn = sqlx::query!(
            "UPDATE enrolments SET state = 'withdrawn' WHERE orb = ?1 AND state = 'queued'",
            orb.0.as_slice()
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        let queued = sqlx::query_file!(
            "queries/insert_revocations_of_orb.sql",
            orb.0.as_slice(),
            integer(struck_at.0)?
        )
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
        let rows: i64 = sqlx::query_scalar!(
            r#"
            SELECT count(*) AS "rows!: i64" FROM struck_orbs WHERE orb = ?1
            "#,
            orb.0.as_slice()
        )
        .fetch_one(&self.readers)
        .await
        .map_err(backend)?;
        Ok(rows > 0)
    }

    async fn revocation(
        &self,
        commitment: Commitment,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        let row: Option<RevocationRow> = sqlx::query_as!(
            RevocationRow,
            "\
            SELECT commitment, reason, requested_at, state, transaction_hash FROM revocations
            WHERE commitment = ?1",
            commitment.to_be_bytes().to_vec()
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(backend)?;
        row.map(RevocationRecord::try_from).transpose()
    }

    /// Holds RECOV-4: no leaf is given up without room for the next.
    async fn queued_revocations(
        &self,
        recoveries: u32,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError> {
        let rows: Vec<RevocationRow> = sqlx::query_file_as!(
            RevocationRow,
            "queries/queued_revocations.sql",
            recoveries,
            limit
        )
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
        let adopted = sqlx::query!(
            "\
            UPDATE revocations SET state = 'final', transaction_hash = ?2
            WHERE commitment = ?1 AND state = 'queued'",
            commitment.to_be_bytes().to_vec(),
            transaction.as_slice()
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        expect_rows("adopt a revocation", 1, adopted.rows_affected())?;
        tx.commit().await
    }

    /// Holds RECOV-6: the queue of revocations always moves.
    async fn void_revocation(&self, commitment: Commitment) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        let voided = sqlx::query_file!(
            "queries/void_unknown_revocation.sql",
            commitment.to_be_bytes().to_vec()
        )
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
        let blobs: Vec<Vec<u8>> =
            sqlx::query_file_scalar!("queries/gone_commitments.sql", after, limit)
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
        let queued = sqlx::query_file!(
            "queries/revoke_again.sql",
            commitment.to_be_bytes().to_vec(),
            integer(requested_at.0)?
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        tx.commit().await?;
        Ok(queued.rows_affected() == 1)
    }

    async fn pending_revocations(&self) -> Result<PendingCounts, StoreError> {
        let pending = sqlx::query!(
            r#"
            SELECT count(*) FILTER (WHERE state = 'queued') AS "queued!: i64",
                count(*) FILTER (WHERE state <> 'queued') AS "under_way!: i64"
            FROM revocations WHERE state NOT IN ('final', 'void')
            "#
        )
        .fetch_one(&self.readers)
        .await
        .map_err(backend)?;
        Ok(PendingCounts {
            queued: REVOCATIONS.unsigned("count(*)", pending.queued)?,
            under_way: REVOCATIONS.unsigned("count(*)", pending.under_way)?,
        })
    }
}
