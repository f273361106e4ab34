//! Enrolments that an operator decides on.

use annona_core::{Commitment, UnixSeconds};
use annona_engine::ports::{Review, ReviewDecision, ReviewMatch, ReviewOutcome, StoreError};
use annona_engine::{EnrolmentId, EnrolmentState, EnrolmentStateKind};
use annona_template::EyePair;
use sqlx::SqliteConnection;
use sqlx::error::ErrorKind;

use super::admission::{Joined, is_struck_off, join};
use super::columns::{Table, integer};
use super::enrolments::select_by_id;
use super::expect_rows;
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
    .fetch_all(connection)
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
        keep_until: UnixSeconds(REVIEWS.unsigned("keep_until", row.keep_until)?),
    })
}

/// Decides a review; the caller must not commit unless it is decided.
pub(super) async fn decide(
    tx: &mut WriteTransaction,
    id: EnrolmentId,
    decision: &ReviewDecision,
    now: UnixSeconds,
) -> Result<ReviewOutcome, StoreError> {
    let Some(Review { mut record, .. }) = select(tx, id).await? else {
        return Ok(ReviewOutcome::NotOpen);
    };
    if is_struck_off(tx, &record).await? {
        return Ok(ReviewOutcome::NotOpen);
    }
    let (state, replaces, entry) = match decision {
        ReviewDecision::Admit(entry) => (EnrolmentStateKind::Queued, None, Some(entry)),
        ReviewDecision::Replace { current, entry } => {
            (EnrolmentStateKind::Queued, Some(*current), Some(entry))
        }
        ReviewDecision::Refuse => (EnrolmentStateKind::Duplicate, None, None),
    };
    let decided = sqlx::query!(
        "UPDATE enrolments SET state = ?2, replaces = ?3 WHERE id = ?1 AND state = 'review'",
        id.0.as_slice(),
        state.code(),
        replaces.map(|current| current.0.to_vec())
    )
    .execute(&mut **tx)
    .await;
    match decided {
        Ok(done) => expect_rows("decide a review", 1, done.rows_affected())?,
        Err(sqlx::Error::Database(cause)) if cause.kind() == ErrorKind::UniqueViolation => {
            // Of the two constraints, the one on what is replaced speaks of the person.
            if cause.message().contains("replaces") {
                return Ok(ReviewOutcome::PersonConflict);
            }
            return Ok(ReviewOutcome::CommitmentTaken);
        }
        Err(cause) => return Err(backend(cause)),
    }
    if let Some(entry) = entry {
        record.state = EnrolmentState::Queued;
        match join(tx, &record, replaces, entry, now).await? {
            Joined::Done => {}
            Joined::GalleryConflict => return Ok(ReviewOutcome::GalleryConflict),
            Joined::PersonConflict => return Ok(ReviewOutcome::PersonConflict),
        }
    }
    let wiped = sqlx::query!(
        "UPDATE reviews SET templates = NULL WHERE enrolment_id = ?1",
        id.0.as_slice()
    )
    .execute(&mut **tx);
    expect_rows(
        "wipe the templates of a review",
        1,
        wiped.await.map_err(backend)?.rows_affected(),
    )?;
    Ok(ReviewOutcome::Decided)
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
