//! An operator's decision about an enrolment under review: one transaction, whose constraints
//! decide.

use annona_core::UnixSeconds;
use annona_engine::ports::{Review, ReviewDecision, ReviewOutcome, StoreError};
use annona_engine::{EnrolmentId, EnrolmentState, EnrolmentStateKind};
use sqlx::error::ErrorKind;

use super::admission::{Joined, is_struck_off, join};
use super::write::WriteTransaction;
use super::{expect_rows, reviews};
use crate::error::backend;

/// Decides a review; the caller must not commit unless it is decided.
pub(super) async fn decide(
    tx: &mut WriteTransaction,
    id: EnrolmentId,
    decision: &ReviewDecision,
    now: UnixSeconds,
) -> Result<ReviewOutcome, StoreError> {
    let Some(Review { mut record, .. }) = reviews::select(tx, id).await? else {
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
            Joined::CodeUsed => return Ok(ReviewOutcome::CommitmentTaken),
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
