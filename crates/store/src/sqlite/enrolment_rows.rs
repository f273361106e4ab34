//! Rows of enrolments as records, and the entries of the gallery that count.

use annona_core::{Enrolment, EnrolmentKind, OrbId, UnixSeconds};
use annona_engine::ports::StoreError;
use annona_engine::{EnrolmentId, EnrolmentRecord, EnrolmentState, EnrolmentStateKind};
use sqlx::SqliteConnection;

use super::columns::Table;
use crate::error::backend;

pub(super) const ENROLMENTS: Table = Table("enrolments");
pub(super) const GALLERY: Table = Table("gallery");

/// Columns of an enrolment, as the queries for whole enrolments select them.
pub(super) struct EnrolmentRow {
    pub(super) id: Vec<u8>,
    pub(super) orb: Vec<u8>,
    pub(super) nonce: Vec<u8>,
    pub(super) commitment: Vec<u8>,
    pub(super) iris_digest: Vec<u8>,
    pub(super) image_digest: Vec<u8>,
    pub(super) model_id: Vec<u8>,
    pub(super) kind: String,
    pub(super) captured_at: i64,
    pub(super) received_at: i64,
    pub(super) state: String,
    pub(super) transaction_hash: Option<Vec<u8>>,
    pub(super) leaf_index: Option<i64>,
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

/// Returns the enrolment of an id.
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
