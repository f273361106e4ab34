//! Enrolments that an operator decides on.

use annona_core::{Commitment, UnixSeconds};
use annona_engine::EnrolmentId;
use annona_engine::ports::{Review, ReviewMatch, StoreError};
use annona_template::EyePair;
use sqlx::SqliteConnection;

use super::columns::{Table, integer};
use super::enrolment_rows::select_by_id;
use super::upgraded_rows;
use super::write::WriteTransaction;
use crate::error::backend;

const REVIEWS: Table = Table("reviews");
const MATCHES: Table = Table("review_matches");

struct ReviewRow {
    enrolment_id: Vec<u8>,
    templates: Vec<u8>,
    keep_until: i64,
}

/// Opens the review of an enrolment.
pub(super) async fn insert(
    tx: &mut WriteTransaction,
    id: EnrolmentId,
    templates: &EyePair,
    keep_until: UnixSeconds,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO reviews (enrolment_id, templates, keep_until) VALUES (?1, ?2, ?3)",
        id.0.as_slice(),
        templates.to_bytes(),
        integer(keep_until.0)?
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Writes the entries that a person may be, in place of those noted before.
pub(super) async fn write_matches(
    tx: &mut WriteTransaction,
    id: EnrolmentId,
    matches: &[ReviewMatch],
) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM review_matches WHERE enrolment_id = ?1",
        id.0.as_slice()
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    for one in matches {
        sqlx::query!(
            "INSERT INTO review_matches (enrolment_id, sequence, score_micros) VALUES (?1, ?2, ?3)",
            id.0.as_slice(),
            integer(one.sequence)?,
            one.micros
        )
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    }
    Ok(())
}

/// Returns the open reviews, oldest first.
pub(super) async fn select_open(
    connection: &mut SqliteConnection,
    limit: u32,
) -> Result<Vec<Review>, StoreError> {
    let rows: Vec<ReviewRow> = sqlx::query_as!(
        ReviewRow,
        r#"
        SELECT r.enrolment_id, r.templates AS "templates!", r.keep_until FROM reviews r
        JOIN enrolments e ON e.id = r.enrolment_id
        WHERE r.templates IS NOT NULL AND e.state = 'review' ORDER BY e.arrival LIMIT ?1
        "#,
        limit
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(backend)?;
    let mut reviews = Vec::with_capacity(rows.len());
    for row in rows {
        reviews.push(review(connection, row).await?);
    }
    Ok(reviews)
}

/// Returns the review of an enrolment, while it is open.
pub(super) async fn select(
    connection: &mut SqliteConnection,
    id: EnrolmentId,
) -> Result<Option<Review>, StoreError> {
    let row: Option<ReviewRow> = sqlx::query_as!(
        ReviewRow,
        r#"
        SELECT r.enrolment_id, r.templates AS "templates!", r.keep_until FROM reviews r
        JOIN enrolments e ON e.id = r.enrolment_id
        WHERE r.templates IS NOT NULL AND e.state = 'review' AND r.enrolment_id = ?1
        "#,
        id.0.as_slice()
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(backend)?;
    match row {
        Some(row) => review(connection, row).await.map(Some),
        None => Ok(None),
    }
}

async fn review(connection: &mut SqliteConnection, row: ReviewRow) -> Result<Review, StoreError> {
    let id = EnrolmentId(REVIEWS.word("enrolment_id", &row.enrolment_id)?);
    let record = select_by_id(connection, id).await?;
    let matches = sqlx::query!(
        "\
        SELECT sequence, score_micros FROM review_matches
        WHERE enrolment_id = ?1 ORDER BY score_micros, sequence",
        row.enrolment_id
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(backend)?;
    let mut noted = Vec::with_capacity(matches.len());
    for one in matches {
        noted.push(ReviewMatch {
            sequence: MATCHES.unsigned("sequence", one.sequence)?,
            micros: u32::try_from(one.score_micros).map_err(|_| MATCHES.corrupt("score_micros"))?,
        });
    }
    Ok(Review {
        record: record.ok_or_else(|| REVIEWS.corrupt("enrolment_id"))?,
        matches: noted,
        templates: EyePair::from_bytes(&row.templates).map_err(|_| REVIEWS.corrupt("templates"))?,
        upgraded: upgraded_rows::select_review(connection, id).await?,
        keep_until: UnixSeconds(REVIEWS.unsigned("keep_until", row.keep_until)?),
    })
}

/// Wipes the templates of reviews about a commitment, which is admitted now.
pub(super) async fn wipe_of(
    tx: &mut WriteTransaction,
    commitment: Commitment,
) -> Result<(), StoreError> {
    sqlx::query!(
        "\
        UPDATE reviews SET templates = NULL WHERE templates IS NOT NULL
        AND enrolment_id IN (SELECT id FROM enrolments WHERE commitment = ?1)",
        commitment.to_be_bytes().to_vec()
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Wipes the templates of reviews of orbs that are struck off.
pub(super) async fn wipe_of_struck_orbs(tx: &mut WriteTransaction) -> Result<(), StoreError> {
    sqlx::query!(
        "\
        UPDATE reviews SET templates = NULL WHERE templates IS NOT NULL AND enrolment_id IN (
        SELECT id FROM enrolments WHERE orb IN (SELECT orb FROM struck_orbs))"
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Wipes the templates of reviews that were to be kept until before `now` (ENROL-13).
pub(super) async fn wipe_old(
    tx: &mut WriteTransaction,
    now: UnixSeconds,
) -> Result<u64, StoreError> {
    let wiped = sqlx::query!(
        "UPDATE reviews SET templates = NULL WHERE templates IS NOT NULL AND keep_until < ?1",
        integer(now.0)?
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(wiped.rows_affected())
}
