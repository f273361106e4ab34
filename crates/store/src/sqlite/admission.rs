//! Recording enrolments: one transaction, whose constraints decide.

use annona_core::UnixSeconds;
use annona_engine::ports::{
    Admission, AdmitOutcome, NewEnrolment, NewEntry, OrbAllowance, StoreError,
};
use annona_engine::{EnrolmentId, EnrolmentRecord, EnrolmentState, EnrolmentStateKind};
use sqlx::error::ErrorKind;

use super::columns::integer;
use super::enrolment_rows::{ENROLMENTS, counting, json_list, select_by_id};
use super::write::WriteTransaction;
use super::{custody, expect_rows, iris_commitments, reviews, revocations, upgraded_rows};
use crate::error::{Unstorable, backend};

/// Outcome of giving a person a place in the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// The person has the place.
    Done,
    /// The gallery is not the one that was searched.
    GalleryConflict,
    /// The enrolment to be replaced is not settled.
    PersonConflict,
    /// A commitment to a code by the new model is that of another entry.
    CodeUsed,
}

/// Records an enrolment; the caller must not commit one that is not recorded whole (ENROL-9).
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
    if !insert_commitments(tx, new).await? {
        return Ok(AdmitOutcome::IrisCommitmentUsed);
    }
    keep_package(tx, new).await?;
    let joined = match &new.admission {
        Admission::Admit(entry) => join(tx, record, None, entry, record.received_at).await?,
        Admission::Replace { current, entry } => {
            join(tx, record, Some(*current), entry, record.received_at).await?
        }
        Admission::Review {
            matches,
            templates,
            upgraded,
            keep_until,
        } => {
            reviews::insert(tx, record.id, templates, *keep_until).await?;
            if let Some(upgraded) = upgraded {
                upgraded_rows::insert_review(tx, record.id, upgraded).await?;
            }
            reviews::write_matches(tx, record.id, matches).await?;
            Joined::Done
        }
        Admission::Refuse => Joined::Done,
    };
    Ok(match joined {
        Joined::Done => AdmitOutcome::Recorded,
        Joined::GalleryConflict => AdmitOutcome::GalleryConflict,
        Joined::PersonConflict => AdmitOutcome::PersonConflict,
        Joined::CodeUsed => AdmitOutcome::IrisCommitmentUsed,
    })
}

/// Writes the commitments of a person who is not refused; returns whether they are new. A unique
/// constraint keeps one out that was used before, without an error (ENROL-20).
async fn insert_commitments(
    tx: &mut WriteTransaction,
    new: &NewEnrolment,
) -> Result<bool, StoreError> {
    match (&new.admission, &new.commitments) {
        (Admission::Refuse, _) | (_, None) => Ok(true),
        (_, Some(commitments)) => iris_commitments::insert(tx, new.record.id, commitments).await,
    }
}

/// Keeps the package of a person who is not refused (ENROL-21).
async fn keep_package(tx: &mut WriteTransaction, new: &NewEnrolment) -> Result<(), StoreError> {
    match (&new.admission, &new.package) {
        (Admission::Refuse, _) | (_, None) => Ok(()),
        (_, Some(kept)) => custody::insert(tx, new.record.id, kept).await,
    }
}

/// Returns the state that a new enrolment begins in, if it goes with the admission.
fn first_state(new: &NewEnrolment) -> Result<EnrolmentStateKind, Unstorable> {
    match (&new.admission, new.record.state) {
        (Admission::Admit(_) | Admission::Replace { .. }, EnrolmentState::Queued) => {
            Ok(EnrolmentStateKind::Queued)
        }
        (Admission::Refuse, EnrolmentState::Duplicate) => Ok(EnrolmentStateKind::Duplicate),
        (Admission::Review { .. }, EnrolmentState::Review) => Ok(EnrolmentStateKind::Review),
        _ => Err(Unstorable::Admission),
    }
}

/// Inserts the row of an enrolment; returns whether it was written. A unique constraint keeps
/// it out without an error.
async fn insert(
    tx: &mut WriteTransaction,
    new: &NewEnrolment,
    state: EnrolmentStateKind,
) -> Result<bool, StoreError> {
    let record = &new.record;
    let enrolment = &record.enrolment;
    let result = sqlx::query_file!(
        "queries/insert_enrolment.sql",
        record.id.0.as_slice(),
        record.orb.0.as_slice(),
        enrolment.nonce.as_slice(),
        enrolment.commitment.to_be_bytes().to_vec(),
        enrolment.iris_digest.as_slice(),
        enrolment.image_digest.as_slice(),
        enrolment.model_id.as_slice(),
        enrolment.kind.code(),
        integer(enrolment.captured_at.0)?,
        integer(record.received_at.0)?,
        state.code(),
        replaced(new).map(|id| id.0.to_vec())
    )
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
/// them, so its id is asked for first (ENROL-5).
async fn collision(
    tx: &mut WriteTransaction,
    new: &NewEnrolment,
) -> Result<AdmitOutcome, StoreError> {
    let record = &new.record;
    if let Some(known) = select_by_id(tx, record.id).await? {
        return Ok(AdmitOutcome::AlreadyRecorded(known));
    }
    if count_nonce(tx, record.enrolment.nonce.as_slice()).await? > 0 {
        return Ok(AdmitOutcome::NonceUsed);
    }
    let commitment = record.commitment().to_be_bytes();
    let admitted = count_admitted(tx, &commitment).await?;
    if admitted == 0
        && let Some(current) = replaced(new)
        && count_replacing(tx, current.0.as_slice()).await? > 0
    {
        return Ok(AdmitOutcome::PersonConflict);
    }
    expect_rows("find the enrolment in the way", 1, admitted)?;
    Ok(AdmitOutcome::CommitmentTaken)
}

/// Returns whether the orb of an enrolment is struck off.
pub(super) async fn is_struck_off(
    tx: &mut WriteTransaction,
    record: &EnrolmentRecord,
) -> Result<bool, StoreError> {
    Ok(count_struck_off(tx, record.orb.0.as_slice()).await? > 0)
}

/// Returns whether the orb may bring in one person more; that person is counted then (ENROL-11).
async fn use_allowance(
    tx: &mut WriteTransaction,
    record: &EnrolmentRecord,
    allowance: OrbAllowance,
) -> Result<bool, StoreError> {
    let used = sqlx::query!(
        "\
        INSERT INTO orb_people (orb, epoch, people) SELECT ?1, ?2, 1 WHERE ?3 > 0
        ON CONFLICT DO UPDATE SET people = people + 1 WHERE people < ?3",
        record.orb.0.as_slice(),
        integer(allowance.epoch.0)?,
        allowance.people
    )
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
        return Ok(Joined::GalleryConflict);
    }
    if let Some(upgraded) = &entry.upgraded
        && !upgraded_rows::insert_entry(tx, entry.sequence, upgraded, now).await?
    {
        return Ok(Joined::CodeUsed);
    }
    sqlx::query_file!(
        "queries/insert_awaited.sql",
        record.id.0.as_slice(),
        json_list(&entry.past)
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    if let Some(current) = replaces {
        if count_replaceable(tx, current.0.as_slice()).await? == 0 {
            return Ok(Joined::PersonConflict);
        }
        sqlx::query!(
            "\
            INSERT INTO awaited_leaves (enrolment_id, commitment)
            SELECT ?1, commitment FROM enrolments WHERE id = ?2 ON CONFLICT DO NOTHING",
            record.id.0.as_slice(),
            current.0.as_slice()
        )
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
    let templates = match &entry.upgraded {
        Some(upgraded) => upgraded.templates.to_bytes_of(&upgraded.model_id.0),
        None => entry.templates.to_bytes(),
    };
    let result = sqlx::query!(
        "INSERT INTO gallery (sequence, enrolment_id, templates) VALUES (?1, ?2, ?3)",
        integer(entry.sequence)?,
        id.0.as_slice(),
        templates
    )
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

/// Counts the enrolments of an id that another one can replace: it is final, and nobody has asked
/// for its revocation (RECOV-2).
async fn count_replaceable(tx: &mut WriteTransaction, id: &[u8]) -> Result<u64, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "rows!: i64" FROM enrolments
        WHERE id = ?1 AND state = 'final' AND NOT EXISTS (
            SELECT 1 FROM revocations r
            WHERE r.commitment = enrolments.commitment AND r.state <> 'void')
        "#,
        id
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(backend)?;
    ENROLMENTS.unsigned("count(*)", rows)
}

/// Counts the enrolments that replace the one of an id.
async fn count_replacing(tx: &mut WriteTransaction, id: &[u8]) -> Result<u64, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "rows!: i64" FROM enrolments
        WHERE replaces = ?1 AND state <> 'withdrawn'
        "#,
        id
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(backend)?;
    ENROLMENTS.unsigned("count(*)", rows)
}

/// Counts the enrolments with a nonce.
async fn count_nonce(tx: &mut WriteTransaction, nonce: &[u8]) -> Result<u64, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT count(*) AS "rows!: i64" FROM enrolments WHERE nonce = ?1"#,
        nonce
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(backend)?;
    ENROLMENTS.unsigned("count(*)", rows)
}

/// Counts the enrolments of a commitment that were admitted.
async fn count_admitted(tx: &mut WriteTransaction, commitment: &[u8]) -> Result<u64, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "rows!: i64" FROM enrolments
        WHERE commitment = ?1 AND state NOT IN ('duplicate', 'review')
        "#,
        commitment
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(backend)?;
    ENROLMENTS.unsigned("count(*)", rows)
}

/// Counts the orbs of an address that are struck off.
async fn count_struck_off(tx: &mut WriteTransaction, orb: &[u8]) -> Result<u64, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT count(*) AS "rows!: i64" FROM struck_orbs WHERE orb = ?1"#,
        orb
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(backend)?;
    ENROLMENTS.unsigned("count(*)", rows)
}
