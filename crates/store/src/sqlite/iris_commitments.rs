//! Commitments to irises and codes, beside the templates that they are about.

use annona_core::{EyeCommitments, FieldElement, IrisCommitments};
use annona_engine::EnrolmentId;
use annona_engine::ports::StoreError;
use sqlx::SqliteConnection;

use super::columns::Table;
use super::write::WriteTransaction;
use crate::error::backend;

const COMMITMENTS: Table = Table("iris_commitments");

struct EyeRow {
    image_commitment: Vec<u8>,
    code_commitment: Vec<u8>,
}

impl TryFrom<&EyeRow> for EyeCommitments {
    type Error = StoreError;

    fn try_from(row: &EyeRow) -> Result<Self, StoreError> {
        Ok(Self {
            image: field("image_commitment", &row.image_commitment)?,
            code: field("code_commitment", &row.code_commitment)?,
        })
    }
}

fn field(column: &'static str, blob: &[u8]) -> Result<FieldElement, StoreError> {
    let bytes = COMMITMENTS.bytes(column, blob)?;
    FieldElement::from_be_bytes(bytes).map_err(|_| COMMITMENTS.corrupt(column))
}

/// Inserts the commitments of both eyes; returns whether both were written. One that is there
/// already, of whatever eye and enrolment, keeps its eye out.
pub(super) async fn insert(
    tx: &mut WriteTransaction,
    id: EnrolmentId,
    commitments: &IrisCommitments,
) -> Result<bool, StoreError> {
    let IrisCommitments { left, right } = commitments;
    let inserted = sqlx::query!(
        "\
        INSERT INTO iris_commitments (enrolment_id, eye, image_commitment, code_commitment)
        VALUES (?1, 'left', ?2, ?3), (?1, 'right', ?4, ?5) ON CONFLICT DO NOTHING",
        id.0.as_slice(),
        left.image.to_be_bytes().to_vec(),
        left.code.to_be_bytes().to_vec(),
        right.image.to_be_bytes().to_vec(),
        right.code.to_be_bytes().to_vec()
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(inserted.rows_affected() == 2)
}

/// Returns the commitments of an enrolment.
pub(super) async fn select(
    connection: &mut SqliteConnection,
    id: EnrolmentId,
) -> Result<Option<IrisCommitments>, StoreError> {
    let rows: Vec<EyeRow> = sqlx::query_as!(
        EyeRow,
        "\
        SELECT image_commitment, code_commitment FROM iris_commitments
        WHERE enrolment_id = ?1 ORDER BY eye",
        id.0.as_slice()
    )
    .fetch_all(connection)
    .await
    .map_err(backend)?;
    match rows.as_slice() {
        [] => Ok(None),
        // In the order of the alphabet.
        [left, right] => Ok(Some(IrisCommitments {
            left: left.try_into()?,
            right: right.try_into()?,
        })),
        _ => Err(COMMITMENTS.corrupt("eye")),
    }
}
