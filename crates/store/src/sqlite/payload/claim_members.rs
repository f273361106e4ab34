//! Claims in a slot that pays them.

use annona_engine::ClaimRejection;
use annona_engine::ports::StoreError;
use sqlx::SqliteConnection;

use super::MemberRow;
use crate::error::backend;
use crate::sqlite::columns::Table;
use crate::sqlite::write::WriteTransaction;

pub(in crate::sqlite) const TABLE: Table = Table("claim_members");
pub(in crate::sqlite) const COLUMN: &str = "nullifier";

/// Gives a claim to the attempt `hash`; returns whether it was queued.
pub(super) async fn submit(
    tx: &mut WriteTransaction,
    nullifier: &[u8],
    hash: &[u8],
) -> Result<bool, StoreError> {
    // The state is the lock: of two batches that ask for one claim, the second changes no row.
    let done = sqlx::query!(
        "\
        UPDATE claims SET state = 'batched', transaction_hash = ?2
        WHERE nullifier = ?1 AND state = 'queued'",
        nullifier,
        hash
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected() == 1)
}

/// Writes a claim down as the member of slot `slot` at `position`; returns the number of rows.
pub(super) async fn insert(
    tx: &mut WriteTransaction,
    slot: i64,
    position: u32,
    nullifier: &[u8],
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        INSERT INTO claim_members (slot_id, position, nullifier, submission)
        SELECT ?1, ?2, nullifier, submission FROM claims WHERE nullifier = ?3",
        slot,
        position,
        nullifier
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Returns the number of members of a slot.
pub(super) async fn count(tx: &mut WriteTransaction, slot: i64) -> Result<u64, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT count(*) AS "rows!: i64" FROM claim_members WHERE slot_id = ?1"#,
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
        SELECT m.slot_id, m.position, m.nullifier AS member
        FROM claim_members m JOIN slots s ON s.id = m.slot_id
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
    // The hash tells members of this slot from claims that were rejected and submitted again
    // since: those belong to another slot.
    let done = sqlx::query!(
        "\
        UPDATE claims SET transaction_hash = ?2
        WHERE state IN ('batched', 'submitted')
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND nullifier IN (SELECT nullifier FROM claim_members WHERE slot_id = ?1)",
        slot,
        hash
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Marks the members as submitted: a node has an attempt.
pub(super) async fn mark_sent(tx: &mut WriteTransaction, slot: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE claims SET state = 'submitted'
        WHERE state = 'batched'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND nullifier IN (SELECT nullifier FROM claim_members WHERE slot_id = ?1)",
        slot
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Marks one member as mined by the attempt `hash`; returns the number of rows.
pub(super) async fn mark_mined(
    tx: &mut WriteTransaction,
    slot: i64,
    hash: &[u8],
    nullifier: &[u8],
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE claims SET state = 'mined', transaction_hash = ?2
        WHERE state IN ('batched', 'submitted') AND nullifier = ?3
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND nullifier IN (SELECT nullifier FROM claim_members WHERE slot_id = ?1)",
        slot,
        hash,
        nullifier
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}

/// Rejects one member; returns the number of rows.
pub(super) async fn reject(
    tx: &mut WriteTransaction,
    slot: i64,
    rejection: ClaimRejection,
    nullifier: &[u8],
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "\
        UPDATE claims SET state = 'rejected', transaction_hash = NULL, rejection = ?2
        WHERE state IN ('batched', 'submitted') AND nullifier = ?3
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND nullifier IN (SELECT nullifier FROM claim_members WHERE slot_id = ?1)",
        slot,
        rejection.code(),
        nullifier
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
        UPDATE claims SET state = 'submitted'
        WHERE state = 'mined'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND nullifier IN (SELECT nullifier FROM claim_members WHERE slot_id = ?1)",
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
        UPDATE claims SET state = 'final'
        WHERE state = 'mined'
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND nullifier IN (SELECT nullifier FROM claim_members WHERE slot_id = ?1)",
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
        UPDATE claims SET state = 'queued', transaction_hash = NULL
        WHERE state IN ('batched', 'submitted')
            AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)
            AND nullifier IN (SELECT nullifier FROM claim_members WHERE slot_id = ?1)",
        slot
    )
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    Ok(done.rows_affected())
}
