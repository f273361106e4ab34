//! Changes to the payload of a slot, which moves with the slot.

use annona_core::{LeafIndex, NullifierHash};
use annona_engine::Rejection;
use annona_engine::ports::{Purpose, StoreError};

use super::columns::{Table, integer};
use super::write::WriteTransaction;
use super::{expect_rows, revocations};
use crate::error::{Unstorable, backend};

const SLOTS: Table = Table("slots");

/// Table of the members of one kind of payload, and the statements that move them.
pub(super) struct Members {
    pub(super) table: Table,
    pub(super) column: &'static str,
    submit: &'static str,
    retitle: &'static str,
    insert: &'static str,
    count: &'static str,
    mine: &'static str,
    unmine: &'static str,
    finalise: &'static str,
    requeue: &'static str,
}

/// A move needs the state before, and that the row's transaction is one of the slot's:
/// a row that another slot took over does not move.
macro_rules! members {
    ($rows:literal, $key:literal, $table:literal, $column:literal, with: $more:literal,
     first: $first:literal, unmined: $unmined:literal,
     also submitted: $submitted:literal, also queued: $queued:literal) => {
        Members {
            table: Table($table),
            column: $column,
            submit: concat!(
                "UPDATE ", $rows, " SET state = ", $first, ", transaction_hash = ?2", $submitted,
                " WHERE ", $key, " = ?1 AND state = 'queued'"
            ),
            retitle: concat!(
                "UPDATE ", $rows, " SET transaction_hash = ?2 WHERE state IN ", $unmined,
                members!(@of $key, $table, $column)
            ),
            insert: concat!(
                "INSERT INTO ", $table, " (slot_id, position, ", $column, $more, ")",
                " SELECT ?1, ?2, ", $key, $more, " FROM ", $rows, " WHERE ", $key, " = ?3"
            ),
            count: concat!("SELECT count(*) FROM ", $table, " WHERE slot_id = ?1"),
            mine: concat!(
                "UPDATE ", $rows, " SET state = 'mined', transaction_hash = ?2",
                " WHERE state IN ", $unmined,
                members!(@of $key, $table, $column)
            ),
            unmine: concat!(
                "UPDATE ", $rows, " SET state = 'submitted' WHERE state = 'mined'",
                members!(@of $key, $table, $column)
            ),
            finalise: concat!(
                "UPDATE ", $rows, " SET state = 'final' WHERE state = 'mined'",
                members!(@of $key, $table, $column)
            ),
            requeue: concat!(
                "UPDATE ", $rows, " SET state = 'queued', transaction_hash = NULL", $queued,
                " WHERE state IN ", $unmined,
                members!(@of $key, $table, $column)
            ),
        }
    };
    (@of $key:literal, $table:literal, $column:literal) => {
        concat!(
            " AND transaction_hash IN (SELECT hash FROM attempts WHERE slot_id = ?1)",
            " AND ", $key, " IN (SELECT ", $column, " FROM ", $table, " WHERE slot_id = ?1)"
        )
    };
}

pub(super) const APPEND: Members = members!(
    "enrolments", "id", "append_members", "enrolment_id", with: "",
    first: "'submitted'", unmined: "('submitted')",
    also submitted: ", leaf_index = ?3", also queued: ", leaf_index = NULL"
);
pub(super) const REVOKE: Members = members!(
    "revocations", "commitment", "revoke_members", "commitment", with: "",
    first: "'submitted'", unmined: "('submitted')",
    also submitted: "", also queued: ""
);
pub(super) const CLAIMS: Members = members!(
    "claims", "nullifier", "claim_members", "nullifier", with: ", making",
    first: "'batched'", unmined: "('batched', 'submitted')",
    also submitted: "", also queued: ""
);

/// Statement for a move of claims that is not one of the whole payload: its changes, and the
/// rows that it changes.
macro_rules! claims_of_slot {
    ($set:literal, $rows:literal) => {
        concat!(
            "UPDATE claims SET ",
            $set,
            " WHERE ",
            $rows,
            members!(@of "nullifier", "claim_members", "nullifier")
        )
    };
}

const SEND_CLAIMS: &str = claims_of_slot!("state = 'submitted'", "state = 'batched'");
const MINE_CLAIM: &str = claims_of_slot!(
    "state = 'mined', transaction_hash = ?2",
    "state IN ('batched', 'submitted') AND nullifier = ?3"
);
const REJECT_CLAIM: &str = claims_of_slot!(
    "state = 'rejected', transaction_hash = NULL, rejection = ?2",
    "state IN ('batched', 'submitted') AND nullifier = ?3"
);

/// Row of a slot, as far as its payload needs it.
#[derive(sqlx::FromRow)]
pub(super) struct Carrier {
    pub(super) id: i64,
    purpose: String,
}

impl Carrier {
    /// Returns the table of its members and its statements; nothing for a slot that only
    /// fills its nonce.
    fn members(&self) -> Result<Option<Members>, StoreError> {
        match self.purpose.as_str() {
            "append" => Ok(Some(APPEND)),
            "revoke" => Ok(Some(REVOKE)),
            "claims" => Ok(Some(CLAIMS)),
            "fill" => Ok(None),
            _ => Err(SLOTS.corrupt("purpose")),
        }
    }

    fn carries_claims(&self) -> bool {
        self.purpose == "claims"
    }
}

/// Gives the payload to the attempt `hash`; returns whether all of it was queued.
pub(super) async fn submit(
    tx: &mut WriteTransaction,
    purpose: &Purpose,
    hash: &[u8],
) -> Result<bool, StoreError> {
    let Some((members, keys)) = load_of(purpose) else {
        return Ok(true);
    };
    if keys.is_empty() {
        return Err(Unstorable::EmptyBatch.into());
    }
    let first = match purpose {
        Purpose::Append { start_index, .. } => start_index.get(),
        _ => 0,
    };
    for (key, index) in keys.into_iter().zip(first..) {
        let mut query = sqlx::query(members.submit).bind(key).bind(hash);
        if let Purpose::Append { .. } = purpose {
            let leaf_index = LeafIndex::try_from(index).map_err(Unstorable::LeafIndex)?;
            query = query.bind(integer(leaf_index.get())?);
        }
        let submitted = query.execute(&mut **tx).await.map_err(backend)?;
        if submitted.rows_affected() != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes down the payload of a slot, in order.
pub(super) async fn insert_members(
    tx: &mut WriteTransaction,
    id: i64,
    purpose: &Purpose,
) -> Result<(), StoreError> {
    let Some((members, keys)) = load_of(purpose) else {
        return Ok(());
    };
    for (key, position) in keys.into_iter().zip(0_u32..) {
        let inserted = sqlx::query(members.insert)
            .bind(id)
            .bind(position)
            .bind(key)
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
        expect_rows("write down a load", 1, inserted.rows_affected())?;
    }
    Ok(())
}

fn load_of(purpose: &Purpose) -> Option<(Members, Vec<Vec<u8>>)> {
    match purpose {
        Purpose::Append { enrolments, .. } => {
            Some((APPEND, enrolments.iter().map(|id| id.0.to_vec()).collect()))
        }
        Purpose::Revoke { commitments } => {
            let keys = commitments.iter().map(|leaf| leaf.to_be_bytes().to_vec());
            Some((REVOKE, keys.collect()))
        }
        Purpose::Claims { nullifiers } => {
            let keys = nullifiers.iter().map(|one| one.to_be_bytes().to_vec());
            Some((CLAIMS, keys.collect()))
        }
        Purpose::Fill => None,
    }
}

/// Notes that the attempt `hash` is the newest for a payload that is in no block.
pub(super) async fn retitle(
    tx: &mut WriteTransaction,
    carrier: &Carrier,
    hash: &[u8],
) -> Result<(), StoreError> {
    let Some(members) = carrier.members()? else {
        return Ok(());
    };
    let expected = count(tx, &members, carrier.id).await?;
    let moved = sqlx::query(members.retitle)
        .bind(carrier.id)
        .bind(hash)
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    expect_rows(
        "give a load another attempt",
        expected,
        moved.rows_affected(),
    )
}

/// Marks claims as submitted: a node has an attempt.
pub(super) async fn send(tx: &mut WriteTransaction, carrier: &Carrier) -> Result<(), StoreError> {
    if carrier.carries_claims() {
        update(tx, SEND_CLAIMS, carrier.id).await?;
    }
    Ok(())
}

/// Marks a payload as mined: all of it, or of claims those that are `paid`.
pub(super) async fn mine(
    tx: &mut WriteTransaction,
    carrier: &Carrier,
    hash: &[u8],
    paid: &[NullifierHash],
) -> Result<(), StoreError> {
    let Some(members) = carrier.members()? else {
        return Err(SLOTS.corrupt("purpose"));
    };
    if !carrier.carries_claims() {
        if !paid.is_empty() {
            return Err(Unstorable::NotClaims.into());
        }
        let expected = count(tx, &members, carrier.id).await?;
        let mined = sqlx::query(members.mine)
            .bind(carrier.id)
            .bind(hash)
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
        return expect_rows("mark a load as mined", expected, mined.rows_affected());
    }
    for nullifier in paid {
        let mined = sqlx::query(MINE_CLAIM)
            .bind(carrier.id)
            .bind(hash)
            .bind(nullifier.to_be_bytes().to_vec())
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
        expect_rows("mark a claim as mined", 1, mined.rows_affected())?;
    }
    Ok(())
}

/// Takes a payload out of its block.
pub(super) async fn unmine(tx: &mut WriteTransaction, carrier: &Carrier) -> Result<(), StoreError> {
    let Some(members) = carrier.members()? else {
        return Err(SLOTS.corrupt("purpose"));
    };
    let moved = update(tx, members.unmine, carrier.id).await?;
    // How many of a batch of claims were paid is told by their states alone.
    if carrier.carries_claims() {
        return Ok(());
    }
    let expected = count(tx, &members, carrier.id).await?;
    expect_rows("mark a load as submitted again", expected, moved)
}

/// Marks mined members as final; claims that were skipped are rejected or queued again.
pub(super) async fn finalise(
    tx: &mut WriteTransaction,
    carrier: &Carrier,
    rejected: &[(NullifierHash, Rejection)],
) -> Result<(), StoreError> {
    let Some(members) = carrier.members()? else {
        return Err(SLOTS.corrupt("purpose"));
    };
    if !carrier.carries_claims() && !rejected.is_empty() {
        return Err(Unstorable::NotClaims.into());
    }
    for (nullifier, why) in rejected {
        let done = sqlx::query(REJECT_CLAIM)
            .bind(carrier.id)
            .bind(why.code())
            .bind(nullifier.to_be_bytes().to_vec())
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
        expect_rows("reject a claim that was sent", 1, done.rows_affected())?;
    }
    let mut moved = rejected.len() as u64 + update(tx, members.finalise, carrier.id).await?;
    if carrier.carries_claims() {
        moved += update(tx, members.requeue, carrier.id).await?;
    }
    let expected = count(tx, &members, carrier.id).await?;
    expect_rows("mark a load as final", expected, moved)
}

/// Queues all of a payload again.
pub(super) async fn requeue(
    tx: &mut WriteTransaction,
    carrier: &Carrier,
) -> Result<(), StoreError> {
    let Some(members) = carrier.members()? else {
        return Ok(());
    };
    let expected = count(tx, &members, carrier.id).await?;
    let moved = update(tx, members.requeue, carrier.id).await?;
    expect_rows("queue a load again", expected, moved)?;
    // Enrolments that are queued again although they are to go do not wait any more.
    revocations::withdraw_revoked(tx).await
}

async fn update(tx: &mut WriteTransaction, sql: &'static str, id: i64) -> Result<u64, StoreError> {
    let moved = sqlx::query(sql).bind(id).execute(&mut **tx).await;
    Ok(moved.map_err(backend)?.rows_affected())
}

async fn count(tx: &mut WriteTransaction, members: &Members, id: i64) -> Result<u64, StoreError> {
    let rows: i64 = sqlx::query_scalar(members.count)
        .bind(id)
        .fetch_one(&mut **tx)
        .await
        .map_err(backend)?;
    members.table.unsigned("count(*)", rows)
}
