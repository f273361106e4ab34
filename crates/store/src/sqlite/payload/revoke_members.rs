//! Revocations in a slot that empties their leaves.

use annona_engine::ports::StoreError;
use sqlx::SqliteConnection;

use super::MemberRow;
use crate::error::backend;
use crate::sqlite::columns::Table;
use crate::sqlite::write::WriteTransaction;

pub(in crate::sqlite) const TABLE: Table = Table("revoke_members");
pub(in crate::sqlite) const COLUMN: &str = "commitment";

/// Gives a revocation to the attempt `hash`; returns whether it was queued.
pub(super) async fn submit(
    tx: &mut WriteTransaction,
    commitment: &[u8],
    hash: &[u8],
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE revocations SET state = 'submitted', transaction_hash = ?2
        WHERE commitment = ?1 AND state = 'queued'",
        commitment,
        hash
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected() == 1)
}

/// Writes a revocation down as the member of slot `slot` at `position`; returns the number of rows.
pub(super) async fn insert(
    tx: &mut WriteTransaction,
    slot: i64,
    position: u32,
    commitment: &[u8],
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        INSERT INTO revoke_members (slot_id, position, commitment)
        SELECT ?1, ?2, commitment FROM revocations WHERE commitment = ?3",
        slot,
        position,
        commitment
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Returns the number of members of a slot.
pub(super) async fn count(tx: &mut WriteTransaction, slot: i64) -> Result<u64, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT count(*) AS "rows!: i64" FROM revoke_members WHERE slot_id = ?1"#,
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
        SELECT m.slot_id, m.position, m.commitment AS member
        FROM revoke_members m JOIN slots s ON s.id = m.slot_id
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
        UPDATE revocations SET transaction_hash = ?2
        WHERE state = 'submitted'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND commitment IN (SELECT commitment FROM revoke_members WHERE slot_id = ?1)",
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
        UPDATE revocations SET state = 'mined', transaction_hash = ?2
        WHERE state = 'submitted'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND commitment IN (SELECT commitment FROM revoke_members WHERE slot_id = ?1)",
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
        UPDATE revocations SET state = 'submitted'
        WHERE state = 'mined'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND commitment IN (SELECT commitment FROM revoke_members WHERE slot_id = ?1)",
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
        UPDATE revocations SET state = 'final'
        WHERE state = 'mined'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND commitment IN (SELECT commitment FROM revoke_members WHERE slot_id = ?1)",
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
        UPDATE revocations SET state = 'queued', transaction_hash = NULL
        WHERE state = 'submitted'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND commitment IN (SELECT commitment FROM revoke_members WHERE slot_id = ?1)",
        slot
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}
