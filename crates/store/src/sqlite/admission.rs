//! Recording enrolments: one transaction, whose constraints decide.

use annona_core::UnixSeconds;
use annona_engine::ports::{
    Admission, AdmitOutcome, NewEnrolment, NewEntry, OrbAllowance, StoreError,
};
use annona_engine::{EnrolmentId, EnrolmentRecord, EnrolmentState};
use sqlx::error::ErrorKind;

use super::columns::integer;
use super::enrolments::{ENROLMENTS, counting, json_list, kind_text, select_by_id};
use super::write::WriteTransaction;
use super::{expect_rows, reviews, revocations};
use crate::error::{Unstorable, backend};

const INSERT: &str = "\
INSERT INTO enrolments (id, orb, nonce, commitment, iris_digest, image_digest, model_id, kind,
    captured_at, received_at, state, replaces)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT DO NOTHING";
/// Query for an enrolment that another one can replace: it is final, and nobody has asked for
/// its revocation.
const COUNT_REPLACEABLE: &str = "\
SELECT count(*) FROM enrolments WHERE id = ?1 AND state = 'final' AND NOT EXISTS (
    SELECT 1 FROM revocations r
    WHERE r.commitment = enrolments.commitment AND r.state <> 'void')";
const COUNT_REPLACING: &str =
    "SELECT count(*) FROM enrolments WHERE replaces = ?1 AND state <> 'withdrawn'";
const COUNT_NONCE: &str = "SELECT count(*) FROM enrolments WHERE nonce = ?1";
const COUNT_ADMITTED: &str = "\
SELECT count(*) FROM enrolments
WHERE commitment = ?1 AND state NOT IN ('duplicate', 'review')";
const COUNT_STRUCK_OFF: &str = "SELECT count(*) FROM struck_orbs WHERE orb = ?1";
const USE_ALLOWANCE: &str = "\
INSERT INTO orb_people (orb, epoch, people) SELECT ?1, ?2, 1 WHERE ?3 > 0
ON CONFLICT DO UPDATE SET people = people + 1 WHERE people < ?3";
const INSERT_GALLERY: &str =
    "INSERT INTO gallery (sequence, enrolment_id, templates) VALUES (?1, ?2, ?3)";
const INSERT_AWAITED: &str = "\
INSERT INTO awaited_leaves (enrolment_id, commitment)
SELECT DISTINCT ?1, e.commitment FROM json_each(?2) asked
JOIN gallery g ON g.sequence = asked.value JOIN enrolments e ON e.id = g.enrolment_id
WHERE true ON CONFLICT DO NOTHING";
const INSERT_AWAITED_OF: &str = "\
INSERT INTO awaited_leaves (enrolment_id, commitment)
SELECT ?1, commitment FROM enrolments WHERE id = ?2 ON CONFLICT DO NOTHING";

/// Outcome of giving a person a place in the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// The person has the place.
    Done,
    /// The gallery is not the one that was searched.
    GalleryMoved,
    /// The enrolment to be replaced is not settled.
    PersonMoved,
}

/// Records an enrolment; the caller must not commit one that is not recorded whole.
pub(super) async fn record(
    tx: &mut WriteTransaction,
    new: &NewEnrolment,
) -> Result<AdmitOutcome, StoreError> {
    let state = first_state(new)?;
    if !insert(tx, new, state).await? {
        return collision(tx, new).await;
    }
    let record = &new.record;
    if is_struck_off(tx, record).await? {
        return Ok(AdmitOutcome::OrbStruckOff);
    }
    if !matches!(new.admission, Admission::Refuse)
        && !use_allowance(tx, record, new.allowance).await?
    {
        return Ok(AdmitOutcome::OrbLimitReached);
    }
    let joined = match &new.admission {
        Admission::Admit(entry) => join(tx, record, None, entry, record.received_at).await?,
        Admission::Replace { current, entry } => {
            join(tx, record, Some(*current), entry, record.received_at).await?
        }
        Admission::Review {
            matches,
            templates,
            keep_until,
        } => {
            reviews::insert(tx, record.id, templates, *keep_until).await?;
            reviews::write_matches(tx, record.id, matches).await?;
            Joined::Done
        }
        Admission::Refuse => Joined::Done,
    };
    Ok(match joined {
        Joined::Done => AdmitOutcome::Recorded,
        Joined::GalleryMoved => AdmitOutcome::GalleryMoved,
        Joined::PersonMoved => AdmitOutcome::PersonMoved,
    })
}

/// Returns the state that a new enrolment begins in, if it goes with the admission.
fn first_state(new: &NewEnrolment) -> Result<&'static str, Unstorable> {
    match (&new.admission, new.record.state) {
        (Admission::Admit(_) | Admission::Replace { .. }, EnrolmentState::Queued) => Ok("queued"),
        (Admission::Refuse, EnrolmentState::Duplicate) => Ok("duplicate"),
        (Admission::Review { .. }, EnrolmentState::Review) => Ok("review"),
        _ => Err(Unstorable::Admission),
    }
}

/// Inserts the row of an enrolment; returns whether it was written. A unique constraint keeps
/// it out without an error.
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
        Admission::Replace { current, .. } => Some(current),
        Admission::Admit(_) | Admission::Review { .. } | Admission::Refuse => None,
    }
}

/// Finds the unique constraint that kept an enrolment out. A packet sent again breaks all of
/// them, so its id is asked for first.
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

/// Returns whether the orb of an enrolment is struck off.
pub(super) async fn is_struck_off(
    tx: &mut WriteTransaction,
    record: &EnrolmentRecord,
) -> Result<bool, StoreError> {
    Ok(count(tx, COUNT_STRUCK_OFF, record.orb.0.as_slice()).await? > 0)
}

/// Returns whether the orb may bring in one person more; that person is counted then.
async fn use_allowance(
    tx: &mut WriteTransaction,
    record: &EnrolmentRecord,
    allowance: OrbAllowance,
) -> Result<bool, StoreError> {
    let used = sqlx::query(USE_ALLOWANCE)
        .bind(record.orb.0.as_slice())
        .bind(integer(allowance.epoch.0)?)
        .bind(allowance.people)
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    Ok(used.rows_affected() == 1)
}

/// Gives a person a place in the gallery, asks for the revocation of the enrolment that is
/// replaced, and notes which leaves have to be empty before.
pub(super) async fn join(
    tx: &mut WriteTransaction,
    record: &EnrolmentRecord,
    replaces: Option<EnrolmentId>,
    entry: &NewEntry,
    now: UnixSeconds,
) -> Result<Joined, StoreError> {
    if !insert_gallery(tx, record.id, entry).await? || !counting(tx, &entry.past).await?.is_empty()
    {
        return Ok(Joined::GalleryMoved);
    }
    sqlx::query(INSERT_AWAITED)
        .bind(record.id.0.as_slice())
        .bind(json_list(&entry.past))
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    if let Some(current) = replaces {
        if count(tx, COUNT_REPLACEABLE, current.0.as_slice()).await? == 0 {
            return Ok(Joined::PersonMoved);
        }
        sqlx::query(INSERT_AWAITED_OF)
            .bind(record.id.0.as_slice())
            .bind(current.0.as_slice())
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
        revocations::replace(tx, current, now).await?;
    }
    reviews::wipe_of(tx, record.commitment()).await?;
    Ok(Joined::Done)
}

/// Inserts the entry; returns whether it is the next one. The constraints of the table tell
/// if it exists already, or if the one before it does not.
async fn insert_gallery(
    tx: &mut WriteTransaction,
    id: EnrolmentId,
    entry: &NewEntry,
) -> Result<bool, StoreError> {
    let result = sqlx::query(INSERT_GALLERY)
        .bind(integer(entry.sequence)?)
        .bind(id.0.as_slice())
        .bind(entry.templates.to_bytes())
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
