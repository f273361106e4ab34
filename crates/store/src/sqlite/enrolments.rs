//! Enrolments and the gallery in SQLite.

use annona_core::{B256, Commitment, Enrolment, EnrolmentKind, LeafIndex, OrbId, UnixSeconds};
use annona_engine::ports::{
    Admission, AdmitOutcome, EnrolmentRepository, GalleryEntry, NewEnrolment, StoreError,
};
use annona_engine::{EnrolmentId, EnrolmentRecord, EnrolmentState};
use annona_matcher::EyePair;
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::error::ErrorKind;

use super::columns::{Table, integer};
use super::write::WriteTransaction;
use super::{SqliteStore, expect_rows, revocations};
use crate::error::{Unstorable, backend};

const ENROLMENTS: Table = Table("enrolments");
const GALLERY: Table = Table("gallery");

macro_rules! select_enrolments {
    ($tail:literal) => {
        concat!(
            "SELECT id, orb, nonce, commitment, iris_digest, image_digest, model_id, kind, ",
            "captured_at, received_at, ",
            "CASE WHEN enrolments.state = 'final' AND EXISTS (SELECT 1 FROM revocations r ",
            "WHERE r.commitment = enrolments.commitment AND r.state = 'final') ",
            "THEN 'revoked' ELSE enrolments.state END AS state, ",
            "transaction_hash, leaf_index FROM enrolments ",
            $tail
        )
    };
}

const INSERT: &str = "\
INSERT INTO enrolments (id, orb, nonce, commitment, iris_digest, image_digest, model_id, kind,
    captured_at, received_at, state, replaces)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT DO NOTHING";
const SELECT_BY_ID: &str = select_enrolments!("WHERE id = ?1");
const SELECT_QUEUED: &str = select_enrolments!(
    "WHERE enrolments.state = 'queued' AND (replaces IS NULL OR EXISTS (
        SELECT 1 FROM revocations r JOIN enrolments earlier ON earlier.commitment = r.commitment
        WHERE earlier.id = enrolments.replaces AND r.state IN ('mined', 'final')))
    ORDER BY arrival LIMIT ?1"
);
const SELECT_CURRENT: &str = select_enrolments!(
    "WHERE id = (
        WITH RECURSIVE held (id, generation) AS (
            SELECT enrolment_id, 0 FROM gallery WHERE sequence = ?1
            UNION ALL
            SELECT later.id, held.generation + 1 FROM enrolments later
            JOIN held ON later.replaces = held.id WHERE later.state <> 'withdrawn'
        )
        SELECT id FROM held ORDER BY generation DESC LIMIT 1)"
);
const COUNT_SETTLED: &str = "SELECT count(*) FROM enrolments WHERE id = ?1 AND state = 'final'";
const COUNT_REPLACING: &str =
    "SELECT count(*) FROM enrolments WHERE replaces = ?1 AND state <> 'withdrawn'";
const COUNT_NONCE: &str = "SELECT count(*) FROM enrolments WHERE nonce = ?1";
const COUNT_ADMITTED: &str = "\
SELECT count(*) FROM enrolments
WHERE commitment = ?1 AND state NOT IN ('duplicate', 'review')";
const COUNT_PENDING: &str = "\
SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state <> 'queued')
FROM enrolments WHERE state IN ('queued', 'submitted', 'mined')";
const ADOPT: &str = "\
UPDATE enrolments SET state = 'final', transaction_hash = ?2, leaf_index = ?3
WHERE commitment = ?1 AND state = 'queued'";
const INSERT_GALLERY: &str =
    "INSERT INTO gallery (sequence, enrolment_id, templates) VALUES (?1, ?2, ?3)";
const SELECT_GALLERY: &str =
    "SELECT sequence, templates FROM gallery WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

#[derive(sqlx::FromRow)]
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
                kind: kind_from(&row.kind)?,
                captured_at: UnixSeconds(ENROLMENTS.unsigned("captured_at", row.captured_at)?),
                nonce: ENROLMENTS.word("nonce", &row.nonce)?,
            },
            received_at: UnixSeconds(ENROLMENTS.unsigned("received_at", row.received_at)?),
            state: state_from(&row)?,
        })
    }
}

const fn kind_text(kind: EnrolmentKind) -> &'static str {
    match kind {
        EnrolmentKind::New => "new",
        EnrolmentKind::Recovery => "recovery",
    }
}

fn kind_from(text: &str) -> Result<EnrolmentKind, StoreError> {
    match text {
        "new" => Ok(EnrolmentKind::New),
        "recovery" => Ok(EnrolmentKind::Recovery),
        _ => Err(ENROLMENTS.corrupt("kind")),
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
    match (row.state.as_str(), transaction, leaf_index) {
        ("duplicate", None, None) => Ok(EnrolmentState::Duplicate),
        ("review", None, None) => Ok(EnrolmentState::Review),
        ("queued", None, None) => Ok(EnrolmentState::Queued),
        ("withdrawn", None, None) => Ok(EnrolmentState::Withdrawn),
        ("submitted", Some(transaction), Some(_)) => Ok(EnrolmentState::Submitted { transaction }),
        ("mined", Some(transaction), Some(leaf_index)) => Ok(EnrolmentState::Mined {
            transaction,
            leaf_index,
        }),
        ("final", Some(transaction), Some(leaf_index)) => Ok(EnrolmentState::Final {
            transaction,
            leaf_index,
        }),
        ("revoked", Some(_), Some(leaf_index)) => Ok(EnrolmentState::Revoked { leaf_index }),
        _ => Err(ENROLMENTS.corrupt("state")),
    }
}

/// The state that a new enrolment begins in, if it goes with the admission.
fn first_state(new: &NewEnrolment) -> Result<&'static str, Unstorable> {
    match (&new.admission, new.record.state) {
        (Admission::Admit { .. } | Admission::Replace { .. }, EnrolmentState::Queued) => {
            Ok("queued")
        }
        (Admission::Refuse, EnrolmentState::Duplicate) => Ok("duplicate"),
        (Admission::Refuse, EnrolmentState::Review) => Ok("review"),
        _ => Err(Unstorable::Admission),
    }
}

/// Whether the row was written; a unique constraint keeps it out without an error.
async fn insert(
    tx: &mut WriteTransaction,
    new: &NewEnrolment,
    state: &'static str,
) -> Result<bool, StoreError> {
    let record = &new.record;
    let enrolment = &record.enrolment;
    let result = sqlx::query(INSERT)
        .bind(record.id.0.as_slice())
        .bind(record.orb.0.as_slice())
        .bind(enrolment.nonce.as_slice())
        .bind(enrolment.commitment.to_be_bytes().to_vec())
        .bind(enrolment.iris_digest.as_slice())
        .bind(enrolment.image_digest.as_slice())
        .bind(enrolment.model_id.as_slice())
        .bind(kind_text(enrolment.kind))
        .bind(integer(enrolment.captured_at.0)?)
        .bind(integer(record.received_at.0)?)
        .bind(state)
        .bind(replaced(new).map(|id| id.0.to_vec()))
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    Ok(result.rows_affected() == 1)
}

const fn replaced(new: &NewEnrolment) -> Option<EnrolmentId> {
    match new.admission {
        Admission::Replace { current } => Some(current),
        Admission::Admit { .. } | Admission::Refuse => None,
    }
}

/// Which unique constraint kept an enrolment out. A packet sent again breaks all
/// of them, so its id is asked for first.
async fn collision(
    tx: &mut WriteTransaction,
    new: &NewEnrolment,
) -> Result<AdmitOutcome, StoreError> {
    let record = &new.record;
    if let Some(known) = select_by_id(tx, record.id).await? {
        return Ok(AdmitOutcome::AlreadyRecorded(known));
    }
    if count(tx, COUNT_NONCE, record.enrolment.nonce.as_slice()).await? > 0 {
        return Ok(AdmitOutcome::NonceUsed);
    }
    let commitment = record.commitment().to_be_bytes();
    let admitted = count(tx, COUNT_ADMITTED, &commitment).await?;
    if admitted == 0
        && let Some(current) = replaced(new)
        && count(tx, COUNT_REPLACING, current.0.as_slice()).await? > 0
    {
        return Ok(AdmitOutcome::PersonMoved);
    }
    expect_rows("find the enrolment in the way", 1, admitted)?;
    Ok(AdmitOutcome::CommitmentTaken)
}

async fn count(
    tx: &mut WriteTransaction,
    sql: &'static str,
    key: &[u8],
) -> Result<u64, StoreError> {
    let rows: i64 = sqlx::query_scalar(sql)
        .bind(key)
        .fetch_one(&mut **tx)
        .await
        .map_err(backend)?;
    ENROLMENTS.unsigned("count(*)", rows)
}

async fn select_by_id(
    connection: &mut SqliteConnection,
    id: EnrolmentId,
) -> Result<Option<EnrolmentRecord>, StoreError> {
    let row: Option<EnrolmentRow> = sqlx::query_as(SELECT_BY_ID)
        .bind(id.0.as_slice())
        .fetch_optional(connection)
        .await
        .map_err(backend)?;
    row.map(EnrolmentRecord::try_from).transpose()
}

/// Whether the entry is the next one. That it exists already, or that the one
/// before it does not, is for the constraints of the table to say.
async fn insert_gallery(
    tx: &mut WriteTransaction,
    id: EnrolmentId,
    sequence: u64,
    templates: &EyePair,
) -> Result<bool, StoreError> {
    let result = sqlx::query(INSERT_GALLERY)
        .bind(integer(sequence)?)
        .bind(id.0.as_slice())
        .bind(templates.to_bytes())
        .execute(&mut **tx)
        .await;
    match result {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(cause))
            if matches!(
                cause.kind(),
                ErrorKind::UniqueViolation | ErrorKind::ForeignKeyViolation
            ) =>
        {
            Ok(false)
        }
        Err(cause) => Err(backend(cause)),
    }
}

#[derive(sqlx::FromRow)]
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
        let state = first_state(new)?;
        let mut tx = self.begin_write().await?;
        if !insert(&mut tx, new, state).await? {
            return collision(&mut tx, new).await;
        }
        let record = &new.record;
        match &new.admission {
            Admission::Admit {
                gallery_sequence,
                templates,
            } => {
                if !insert_gallery(&mut tx, record.id, *gallery_sequence, templates).await? {
                    return Ok(AdmitOutcome::GalleryMoved);
                }
            }
            Admission::Replace { current } => {
                if count(&mut tx, COUNT_SETTLED, current.0.as_slice()).await? == 0 {
                    return Ok(AdmitOutcome::PersonMoved);
                }
                revocations::replace(&mut tx, *current, record.received_at).await?;
            }
            Admission::Refuse => {}
        }
        tx.commit().await?;
        Ok(AdmitOutcome::Recorded)
    }

    async fn enrolment(&self, id: EnrolmentId) -> Result<Option<EnrolmentRecord>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(backend)?;
        select_by_id(&mut connection, id).await
    }

    async fn gallery_after(
        &self,
        sequence: u64,
        limit: u32,
    ) -> Result<Vec<GalleryEntry>, StoreError> {
        let rows: Vec<GalleryRow> = sqlx::query_as(SELECT_GALLERY)
            .bind(integer(sequence)?)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(backend)?;
        rows.into_iter().map(GalleryEntry::try_from).collect()
    }

    async fn current_enrolment(
        &self,
        sequence: u64,
    ) -> Result<Option<EnrolmentRecord>, StoreError> {
        let row: Option<EnrolmentRow> = sqlx::query_as(SELECT_CURRENT)
            .bind(integer(sequence)?)
            .fetch_optional(&self.readers)
            .await
            .map_err(backend)?;
        row.map(EnrolmentRecord::try_from).transpose()
    }

    async fn queued_enrolments(&self, limit: u32) -> Result<Vec<EnrolmentRecord>, StoreError> {
        let rows: Vec<EnrolmentRow> = sqlx::query_as(SELECT_QUEUED)
            .bind(limit)
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
        let adopted = sqlx::query(ADOPT)
            .bind(commitment.to_be_bytes().to_vec())
            .bind(transaction.as_slice())
            .bind(integer(leaf_index.get())?)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        expect_rows("adopt a leaf", 1, adopted.rows_affected())?;
        tx.commit().await
    }

    async fn pending_enrolments(&self) -> Result<(u64, u64), StoreError> {
        let (queued, under_way): (i64, i64) = sqlx::query_as(COUNT_PENDING)
            .fetch_one(&self.readers)
            .await
            .map_err(backend)?;
        Ok((
            ENROLMENTS.unsigned("count(*)", queued)?,
            ENROLMENTS.unsigned("count(*)", under_way)?,
        ))
    }
}
