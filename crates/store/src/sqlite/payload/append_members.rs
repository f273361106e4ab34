//! Enrolments in a slot that appends them.

use annona_engine::ports::StoreError;
use sqlx::SqliteConnection;

use super::MemberRow;
use crate::error::backend;
use crate::sqlite::columns::Table;
use crate::sqlite::write::WriteTransaction;

pub(in crate::sqlite) const TABLE: Table = Table("append_members");
pub(in crate::sqlite) const COLUMN: &str = "enrolment_id";

/// Gives an enrolment to the attempt `hash`; returns whether it was queued.
pub(super) async fn submit(
    tx: &mut WriteTransaction,
    id: &[u8],
    hash: &[u8],
    leaf_index: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE enrolments SET state = 'submitted', transaction_hash = ?2, leaf_index = ?3
        WHERE id = ?1 AND state = 'queued'",
        id,
        hash,
        leaf_index
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected() == 1)
}

/// Writes an enrolment down as the member of slot `slot` at `position`; returns the number of rows.
pub(super) async fn insert(
    tx: &mut WriteTransaction,
    slot: i64,
    position: u32,
    id: &[u8],
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        INSERT INTO append_members (slot_id, position, enrolment_id)
        SELECT ?1, ?2, id FROM enrolments WHERE id = ?3",
        slot,
        position,
        id
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Returns the number of members of a slot.
pub(super) async fn count(tx: &mut WriteTransaction, slot: i64) -> Result<u64, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT count(*) AS "rows!: i64" FROM append_members WHERE slot_id = ?1"#,
        slot
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(backend)?;
    TABLE.unsigned("count(*)", rows)
}

/// Returns the members of slots that are not settled, in order of slot and position.
pub(in crate::sqlite) async fn select_open(
    connection: &mut SqliteConnection,
) -> Result<Vec<MemberRow>, StoreError> {
    sqlx::query_as!(
        MemberRow,
        "\
        SELECT m.slot_id, m.position, m.enrolment_id AS member
        FROM append_members m JOIN slots s ON s.id = m.slot_id
        WHERE s.state IN ('stored', 'sent', 'mined') ORDER BY m.slot_id, m.position"
    )
    .fetch_all(connection)
    .await
    .map_err(backend)
}

/// Notes `hash` as the newest attempt for the members that are in no block; returns how many.
pub(super) async fn set_attempt(
    tx: &mut WriteTransaction,
    slot: i64,
    hash: &[u8],
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE enrolments SET transaction_hash = ?2
        WHERE state = 'submitted'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND id IN (SELECT enrolment_id FROM append_members WHERE slot_id = ?1)",
        slot,
        hash
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Marks the members as mined by the attempt `hash`; returns how many.
pub(super) async fn mark_mined(
    tx: &mut WriteTransaction,
    slot: i64,
    hash: &[u8],
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE enrolments SET state = 'mined', transaction_hash = ?2
        WHERE state = 'submitted'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND id IN (SELECT enrolment_id FROM append_members WHERE slot_id = ?1)",
        slot,
        hash
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Takes the mined members out of their block; returns how many.
pub(super) async fn mark_unmined(tx: &mut WriteTransaction, slot: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE enrolments SET state = 'submitted'
        WHERE state = 'mined'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND id IN (SELECT enrolment_id FROM append_members WHERE slot_id = ?1)",
        slot
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Marks the mined members as final; returns how many.
pub(super) async fn mark_final(tx: &mut WriteTransaction, slot: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE enrolments SET state = 'final'
        WHERE state = 'mined'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND id IN (SELECT enrolment_id FROM append_members WHERE slot_id = ?1)",
        slot
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Queues the members that are in no block again; returns how many.
pub(super) async fn requeue(tx: &mut WriteTransaction, slot: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE enrolments SET state = 'queued', transaction_hash = NULL, leaf_index = NULL
        WHERE state = 'submitted'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND id IN (SELECT enrolment_id FROM append_members WHERE slot_id = ?1)",
        slot
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}
