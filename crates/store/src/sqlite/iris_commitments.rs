//! Commitments to irises and codes, beside the templates that they are about.

use annona_core::{EyeCommitments, FieldElement, IrisCommitments};
use annona_engine::EnrolmentId;
use annona_engine::ports::StoreError;
use annona_model::Eye;
use sqlx::SqliteConnection;

use super::columns::Table;
use super::write::WriteTransaction;
use crate::error::backend;

const COMMITMENTS: Table = Table("iris_commitments");

struct EyeRow {
    eye: String,
    image_commitment: Vec<u8>,
    code_commitment: Vec<u8>,
}

impl EyeRow {
    fn commitments(&self) -> Result<(Eye, EyeCommitments), StoreError> {
        let eye = COMMITMENTS.code("eye", &self.eye, Eye::from_name)?;
        let commitments = EyeCommitments {
            image: field("image_commitment", &self.image_commitment)?,
            code: field("code_commitment", &self.code_commitment)?,
        };
        Ok((eye, commitments))
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
        VALUES (?1, ?2, ?3, ?4), (?1, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        id.0.as_slice(),
        Eye::Left.name(),
        left.image.to_be_bytes().to_vec(),
        left.code.to_be_bytes().to_vec(),
        Eye::Right.name(),
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
        SELECT eye, image_commitment, code_commitment FROM iris_commitments
        WHERE enrolment_id = ?1",
        id.0.as_slice()
    )
    .fetch_all(connection)
    .await
    .map_err(backend)?;
    let eyes: Result<Vec<_>, _> = rows.iter().map(EyeRow::commitments).collect();
    let eyes = eyes?;
    let of = |eye| eyes.iter().find(|(it, _)| *it == eye).map(|(_, it)| *it);
    match (of(Eye::Left), of(Eye::Right)) {
        (None, None) => Ok(None),
        (Some(left), Some(right)) => Ok(Some(IrisCommitments { left, right })),
        _ => Err(COMMITMENTS.corrupt("eye")),
    }
}
