//! Enrolments and the gallery in SQLite.

use annona_core::{
    B256, Commitment, Enrolment, EnrolmentKind, IrisCommitments, LeafIndex, OrbId, UnixSeconds,
};
use annona_engine::ports::{
    AdmitOutcome, EnrolmentRepository, GalleryEntry, GalleryEntryStatus, NewEnrolment,
    PackageToKeep, PendingCounts, Review, ReviewDecision, ReviewMatch, ReviewOutcome, StoreError,
};
use annona_engine::{EnrolmentId, EnrolmentRecord, EnrolmentState, EnrolmentStateKind};
use annona_template::EyePair;
use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::columns::{Table, integer};
use super::{SqliteStore, admission, custody, expect_rows, iris_commitments, reviews};
use crate::error::backend;

pub(super) const ENROLMENTS: Table = Table("enrolments");
pub(super) const GALLERY: Table = Table("gallery");

struct EnrolmentRow {
    id: Vec<u8>,
    orb: Vec<u8>,
    nonce: Vec<u8>,
    commitment: Vec<u8>,
    iris_digest: Vec<u8>,
    image_digest: Vec<u8>,
    model_id: Vec<u8>,
    kind: String,
    captured_at: i64,
    received_at: i64,
    state: String,
    transaction_hash: Option<Vec<u8>>,
    leaf_index: Option<i64>,
}

impl TryFrom<EnrolmentRow> for EnrolmentRecord {
    type Error = StoreError;

    fn try_from(row: EnrolmentRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: EnrolmentId(ENROLMENTS.word("id", &row.id)?),
            orb: OrbId(ENROLMENTS.address("orb", &row.orb)?),
            enrolment: Enrolment {
                commitment: ENROLMENTS.commitment("commitment", &row.commitment)?,
                iris_digest: ENROLMENTS.word("iris_digest", &row.iris_digest)?,
                image_digest: ENROLMENTS.word("image_digest", &row.image_digest)?,
                model_id: ENROLMENTS.word("model_id", &row.model_id)?,
                kind: ENROLMENTS.code("kind", &row.kind, EnrolmentKind::from_code)?,
                captured_at: UnixSeconds(ENROLMENTS.unsigned("captured_at", row.captured_at)?),
                nonce: ENROLMENTS.word("nonce", &row.nonce)?,
            },
            received_at: UnixSeconds(ENROLMENTS.unsigned("received_at", row.received_at)?),
            state: state_from(&row)?,
        })
    }
}

fn state_from(row: &EnrolmentRow) -> Result<EnrolmentState, StoreError> {
    let transaction = row
        .transaction_hash
        .as_deref()
        .map(|blob| ENROLMENTS.word("transaction_hash", blob))
        .transpose()?;
    let leaf_index = row
        .leaf_index
        .map(|value| ENROLMENTS.leaf_index("leaf_index", value))
        .transpose()?;
    let state = ENROLMENTS.code("state", &row.state, EnrolmentStateKind::from_code)?;
    match (state, transaction, leaf_index) {
        (EnrolmentStateKind::Duplicate, None, None) => Ok(EnrolmentState::Duplicate),
        (EnrolmentStateKind::Review, None, None) => Ok(EnrolmentState::Review),
        (EnrolmentStateKind::Queued, None, None) => Ok(EnrolmentState::Queued),
        (EnrolmentStateKind::Withdrawn, None, None) => Ok(EnrolmentState::Withdrawn),
        (EnrolmentStateKind::Submitted, Some(transaction), Some(_)) => {
            Ok(EnrolmentState::Submitted { transaction })
        }
        (EnrolmentStateKind::Mined, Some(transaction), Some(leaf_index)) => {
            Ok(EnrolmentState::Mined {
                transaction,
                leaf_index,
            })
        }
        (EnrolmentStateKind::Final, Some(transaction), Some(leaf_index)) => {
            Ok(EnrolmentState::Final {
                transaction,
                leaf_index,
            })
        }
        (EnrolmentStateKind::Revoked, Some(_), Some(leaf_index)) => {
            Ok(EnrolmentState::Revoked { leaf_index })
        }
        _ => Err(ENROLMENTS.corrupt("state")),
    }
}

pub(super) async fn select_by_id(
    connection: &mut SqliteConnection,
    id: EnrolmentId,
) -> Result<Option<EnrolmentRecord>, StoreError> {
    let row: Option<EnrolmentRow> =
        sqlx::query_file_as!(EnrolmentRow, "queries/enrolment_by_id.sql", id.0.as_slice())
            .fetch_optional(connection)
            .await
            .map_err(backend)?;
    row.map(EnrolmentRecord::try_from).transpose()
}

/// Of these sequence numbers, those whose commitments are members or are to be (ENROL-10).
pub(super) async fn counting(
    connection: &mut SqliteConnection,
    sequences: &[u64],
) -> Result<Vec<u64>, StoreError> {
    let rows: Vec<i64> =
        sqlx::query_file_scalar!("queries/counting_entries.sql", json_list(sequences))
            .fetch_all(connection)
            .await
            .map_err(backend)?;
    let sequence = |row: i64| GALLERY.unsigned("sequence", row);
    rows.into_iter().map(sequence).collect()
}

/// Numbers as `json_each` reads them.
pub(super) fn json_list(numbers: &[u64]) -> String {
    format!("{numbers:?}")
}

struct GalleryRow {
    sequence: i64,
    templates: Vec<u8>,
}

impl TryFrom<GalleryRow> for GalleryEntry {
    type Error = StoreError;

    fn try_from(row: GalleryRow) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: GALLERY.unsigned("sequence", row.sequence)?,
            templates: EyePair::from_bytes(&row.templates)
                .map_err(|_| GALLERY.corrupt("templates"))?,
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
            "\
            SELECT sequence, templates FROM gallery
            WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
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
        let outcome = reviews::decide(&mut tx, id, decision, decided_at).await?;
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
