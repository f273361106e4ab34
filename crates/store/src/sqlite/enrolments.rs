//! Enrolments and the gallery in SQLite.

use annona_core::{B256, Commitment, IrisCommitments, LeafIndex, UnixSeconds};
use annona_engine::ports::{
    AdmitOutcome, EnrolmentRepository, GalleryEntry, GalleryEntryStatus, NewEnrolment,
    PackageToKeep, PendingCounts, Review, ReviewDecision, ReviewMatch, ReviewOutcome, StoreError,
};
use annona_engine::{EnrolmentId, EnrolmentRecord};
use annona_template::EyePair;
use async_trait::async_trait;

use super::columns::integer;
use super::enrolment_rows::{ENROLMENTS, EnrolmentRow, GALLERY, counting, select_by_id};
use super::{
    SqliteStore, admission, custody, expect_rows, iris_commitments, review_decisions, reviews,
    upgraded_rows,
};
use crate::error::backend;

struct GalleryRow {
    sequence: i64,
    templates: Vec<u8>,
    /// Model of the templates, if it is the one that the service changes to.
    model_id: Option<Vec<u8>>,
}

impl TryFrom<GalleryRow> for GalleryEntry {
    type Error = StoreError;

    fn try_from(row: GalleryRow) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: GALLERY.unsigned("sequence", row.sequence)?,
            is_upgraded: row.model_id.is_some(),
            templates: match &row.model_id {
                Some(model_id) => upgraded_rows::templates_of(GALLERY, model_id, &row.templates)?,
                None => {
                    EyePair::from_bytes(&row.templates).map_err(|_| GALLERY.corrupt("templates"))?
                }
            },
        })
    }
}

#[async_trait]
impl EnrolmentRepository for SqliteStore {
    async fn record_enrolment(&self, new: &NewEnrolment) -> Result<AdmitOutcome, StoreError> {
        let mut tx = self.begin_write().await?;
        let outcome = admission::record(&mut tx, new).await?;
        if outcome == AdmitOutcome::Recorded {
            tx.commit().await?;
        }
        Ok(outcome)
    }

    async fn enrolment(&self, id: EnrolmentId) -> Result<Option<EnrolmentRecord>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(backend)?;
        select_by_id(&mut connection, id).await
    }

    async fn iris_commitments(
        &self,
        id: EnrolmentId,
    ) -> Result<Option<IrisCommitments>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(backend)?;
        iris_commitments::select(&mut connection, id).await
    }

    async fn package_of_nonce(&self, nonce: B256) -> Result<Option<PackageToKeep>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(backend)?;
        custody::select(&mut connection, nonce).await
    }

    async fn wipe_package(&self, nonce: B256) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        let is_wiped = custody::wipe(&mut tx, nonce).await?;
        tx.commit().await?;
        Ok(is_wiped)
    }

    async fn wipe_old_packages(&self, now: UnixSeconds) -> Result<u64, StoreError> {
        let mut tx = self.begin_write().await?;
        let wiped = custody::wipe_old(&mut tx, now).await?;
        tx.commit().await?;
        Ok(wiped)
    }

    async fn enrolment_of_nonce(&self, nonce: B256) -> Result<Option<EnrolmentRecord>, StoreError> {
        let row: Option<EnrolmentRow> = sqlx::query_file_as!(
            EnrolmentRow,
            "queries/enrolment_of_nonce.sql",
            nonce.as_slice()
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(backend)?;
        row.map(EnrolmentRecord::try_from).transpose()
    }

    async fn gallery_after(
        &self,
        sequence: u64,
        limit: u32,
    ) -> Result<Vec<GalleryEntry>, StoreError> {
        let rows: Vec<GalleryRow> = sqlx::query_as!(
            GalleryRow,
            r#"
            SELECT g.sequence, g.templates, u.model_id AS "model_id?" FROM gallery g
            LEFT JOIN upgraded_entries u ON u.sequence = g.sequence
            WHERE g.sequence > ?1 ORDER BY g.sequence LIMIT ?2
            "#,
            integer(sequence)?,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(backend)?;
        rows.into_iter().map(GalleryEntry::try_from).collect()
    }

    async fn gallery_entry_statuses(
        &self,
        sequences: &[u64],
    ) -> Result<Vec<GalleryEntryStatus>, StoreError> {
        let mut tx = self.readers.begin().await.map_err(backend)?;
        let counting = counting(&mut tx, sequences).await?;
        let mut statuses = Vec::with_capacity(sequences.len());
        for &sequence in sequences {
            let row: Option<EnrolmentRow> = sqlx::query_file_as!(
                EnrolmentRow,
                "queries/enrolment_of_entry.sql",
                integer(sequence)?
            )
            .fetch_optional(&mut *tx)
            .await
            .map_err(backend)?;
            let Some(row) = row else { continue };
            statuses.push(GalleryEntryStatus {
                sequence,
                enrolment: row.try_into()?,
                counts: counting.contains(&sequence),
            });
        }
        statuses.sort_by_key(|status| status.sequence);
        Ok(statuses)
    }

    /// Holds RECOV-3: the old leaf goes before the new one comes.
    async fn queued_enrolments(&self, limit: u32) -> Result<Vec<EnrolmentRecord>, StoreError> {
        let rows: Vec<EnrolmentRow> =
            sqlx::query_file_as!(EnrolmentRow, "queries/queued_enrolments.sql", limit)
                .fetch_all(&self.readers)
                .await
                .map_err(backend)?;
        rows.into_iter().map(EnrolmentRecord::try_from).collect()
    }

    async fn adopt_leaf(
        &self,
        commitment: Commitment,
        leaf_index: LeafIndex,
        transaction: B256,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let adopted = sqlx::query!(
            "\
            UPDATE enrolments SET state = 'final', transaction_hash = ?2, leaf_index = ?3
            WHERE commitment = ?1 AND state = 'queued'",
            commitment.to_be_bytes().to_vec(),
            transaction.as_slice(),
            integer(leaf_index.get())?
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        expect_rows("adopt a leaf", 1, adopted.rows_affected())?;
        tx.commit().await
    }

    async fn pending_enrolments(&self) -> Result<PendingCounts, StoreError> {
        let pending = sqlx::query!(
            r#"
            SELECT count(*) FILTER (WHERE state = 'queued') AS "queued!: i64",
                count(*) FILTER (WHERE state <> 'queued') AS "under_way!: i64"
            FROM enrolments WHERE state IN ('queued', 'submitted', 'mined')
            "#
        )
        .fetch_one(&self.readers)
        .await
        .map_err(backend)?;
        Ok(PendingCounts {
            queued: ENROLMENTS.unsigned("count(*)", pending.queued)?,
            under_way: ENROLMENTS.unsigned("count(*)", pending.under_way)?,
        })
    }

    async fn open_reviews(&self, limit: u32) -> Result<Vec<Review>, StoreError> {
        let mut tx = self.readers.begin().await.map_err(backend)?;
        reviews::select_open(&mut tx, limit).await
    }

    async fn open_review(&self, id: EnrolmentId) -> Result<Option<Review>, StoreError> {
        let mut tx = self.readers.begin().await.map_err(backend)?;
        reviews::select(&mut tx, id).await
    }

    async fn note_matches(
        &self,
        id: EnrolmentId,
        matches: &[ReviewMatch],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        reviews::write_matches(&mut tx, id, matches).await?;
        tx.commit().await
    }

    async fn decide_review(
        &self,
        id: EnrolmentId,
        decision: &ReviewDecision,
        decided_at: UnixSeconds,
    ) -> Result<ReviewOutcome, StoreError> {
        let mut tx = self.begin_write().await?;
        let outcome = review_decisions::decide(&mut tx, id, decision, decided_at).await?;
        if outcome == ReviewOutcome::Decided {
            tx.commit().await?;
        }
        Ok(outcome)
    }

    async fn wipe_old_reviews(&self, now: UnixSeconds) -> Result<u64, StoreError> {
        let mut tx = self.begin_write().await?;
        let wiped = reviews::wipe_old(&mut tx, now).await?;
        tx.commit().await?;
        Ok(wiped)
    }
}
