//! Rows of entries, and of people under review, with templates of the new model.

use annona_core::{FieldElement, UnixSeconds};
use annona_engine::ports::{StoreError, UpgradedTemplates};
use annona_engine::{CodeCommitments, EnrolmentId};
use annona_template::EyePair;
use sqlx::SqliteConnection;

use super::columns::{Table, integer};
use super::write::WriteTransaction;
use crate::error::backend;

pub(super) const UPGRADED: Table = Table("upgraded_entries");
const REVIEWS: Table = Table("upgraded_reviews");

/// Reads commitments to codes.
pub(super) fn codes(
    table: Table,
    left: &[u8],
    right: &[u8],
) -> Result<CodeCommitments, StoreError> {
    let field = |column, blob| {
        let bytes = table.bytes(column, blob)?;
        FieldElement::from_be_bytes(bytes).map_err(|_| table.corrupt(column))
    };
    Ok(CodeCommitments {
        left: field("left_code_commitment", left)?,
        right: field("right_code_commitment", right)?,
    })
}

/// Reads templates by the model of an id.
pub(super) fn templates_of(
    table: Table,
    model_id: &[u8],
    bytes: &[u8],
) -> Result<EyePair, StoreError> {
    let model_id = table.word("model_id", model_id)?;
    EyePair::from_bytes_of(bytes, &model_id.0).map_err(|_| table.corrupt("templates"))
}

/// Notes that an entry has templates of the new model; returns whether it is noted now. A unique
/// constraint keeps out a second change of the entry, and a code of another one.
pub(super) async fn insert_entry(
    tx: &mut WriteTransaction,
    sequence: u64,
    upgraded: &UpgradedTemplates,
    now: UnixSeconds,
) -> Result<bool, StoreError> {
    let noted = sqlx::query!(
        "\
        INSERT INTO upgraded_entries
            (sequence, model_id, left_code_commitment, right_code_commitment, upgraded_at)
        VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        integer(sequence)?,
        upgraded.model_id.as_slice(),
        upgraded.codes.left.to_be_bytes().to_vec(),
        upgraded.codes.right.to_be_bytes().to_vec(),
        integer(now.0)?
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(noted.rows_affected() == 1)
}

/// Keeps the templates by the new model of a person under review.
pub(super) async fn insert_review(
    tx: &mut WriteTransaction,
    id: EnrolmentId,
    upgraded: &UpgradedTemplates,
) -> Result<(), StoreError> {
    sqlx::query!(
        "\
        INSERT INTO upgraded_reviews
            (enrolment_id, model_id, templates, left_code_commitment, right_code_commitment)
        VALUES (?1, ?2, ?3, ?4, ?5)",
        id.0.as_slice(),
        upgraded.model_id.as_slice(),
        upgraded.templates.to_bytes_of(&upgraded.model_id.0),
        upgraded.codes.left.to_be_bytes().to_vec(),
        upgraded.codes.right.to_be_bytes().to_vec()
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Returns the templates by the new model of a person under review, while they are kept.
pub(super) async fn select_review(
    connection: &mut SqliteConnection,
    id: EnrolmentId,
) -> Result<Option<UpgradedTemplates>, StoreError> {
    let row = sqlx::query!(
        r#"
        SELECT model_id, templates AS "templates!", left_code_commitment, right_code_commitment
        FROM upgraded_reviews WHERE enrolment_id = ?1 AND templates IS NOT NULL
        "#,
        id.0.as_slice()
    )
    .fetch_optional(connection)
    .await
    .map_err(backend)?;
    row.map(|row| {
        Ok(UpgradedTemplates {
            model_id: REVIEWS.word("model_id", &row.model_id)?,
            templates: templates_of(REVIEWS, &row.model_id, &row.templates)?,
            codes: codes(
                REVIEWS,
                &row.left_code_commitment,
                &row.right_code_commitment,
            )?,
        })
    })
    .transpose()
}
