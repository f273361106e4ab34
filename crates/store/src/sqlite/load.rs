//! What a transaction carries moves with the transaction.

use annona_core::{B256, Commitment, LeafIndex, NullifierHash};
use annona_engine::ports::{Purpose, StoreError};
use annona_engine::{EnrolmentId, Rejection};
use sqlx::{Sqlite, Transaction};

use super::columns::{Table, integer};
use super::{expect_rows, revocations};
use crate::error::{Unstorable, backend};

const MEMBERS: Table = Table("append_members");
const TRANSACTIONS: Table = Table("transactions");

const SUBMIT_CLAIM: &str = "\
UPDATE claims SET state = 'submitted', transaction_hash = ?2
WHERE nullifier = ?1 AND state = 'queued'";
const SUBMIT_ENROLMENT: &str = "\
UPDATE enrolments SET state = 'submitted', transaction_hash = ?2, leaf_index = ?3
WHERE id = ?1 AND state = 'queued'";
const INSERT_MEMBER: &str = "\
INSERT INTO append_members (transaction_id, position, enrolment_id) VALUES (?1, ?2, ?3)";
const COUNT_MEMBERS: &str = "SELECT count(*) FROM append_members WHERE transaction_id = ?1";
const SUBMIT_REVOCATION: &str = "\
UPDATE revocations SET state = 'submitted', transaction_hash = ?2
WHERE commitment = ?1 AND state = 'queued'";
const INSERT_REVOKED: &str = "\
INSERT INTO revoke_members (transaction_id, position, commitment) VALUES (?1, ?2, ?3)";
const COUNT_REVOKED: &str = "SELECT count(*) FROM revoke_members WHERE transaction_id = ?1";
const REJECT_CLAIM: &str = "\
UPDATE claims SET state = 'rejected', transaction_hash = NULL, rejection = ?3
WHERE state = 'submitted' AND transaction_hash = ?2
    AND nullifier = (SELECT nullifier FROM transactions WHERE id = ?1)";

/// A move of a load: from which state, to which one.
pub(super) struct Move {
    operation: &'static str,
    claim: &'static str,
    enrolments: &'static str,
    revocations: &'static str,
}

macro_rules! load_move {
    ($operation:literal, claim: $claim:literal, enrolments: $enrolments:literal, from: $from:literal) => {
        Move {
            operation: $operation,
            claim: concat!(
                "UPDATE claims SET ",
                $claim,
                " WHERE state = ",
                $from,
                " AND transaction_hash = ?2",
                " AND nullifier = (SELECT nullifier FROM transactions WHERE id = ?1)"
            ),
            enrolments: concat!(
                "UPDATE enrolments SET ",
                $enrolments,
                " WHERE state = ",
                $from,
                " AND transaction_hash = ?2 AND id IN ",
                "(SELECT enrolment_id FROM append_members WHERE transaction_id = ?1)"
            ),
            revocations: concat!(
                "UPDATE revocations SET ",
                $claim,
                " WHERE state = ",
                $from,
                " AND transaction_hash = ?2 AND commitment IN ",
                "(SELECT commitment FROM revoke_members WHERE transaction_id = ?1)"
            ),
        }
    };
}

pub(super) const MINE: Move = load_move!(
    "mark a load as mined",
    claim: "state = 'mined'",
    enrolments: "state = 'mined'",
    from: "'submitted'"
);
pub(super) const UNMINE: Move = load_move!(
    "mark a load as submitted again",
    claim: "state = 'submitted'",
    enrolments: "state = 'submitted'",
    from: "'mined'"
);
pub(super) const FINALISE: Move = load_move!(
    "mark a load as final",
    claim: "state = 'final'",
    enrolments: "state = 'final'",
    from: "'mined'"
);
pub(super) const REQUEUE: Move = load_move!(
    "queue a load again",
    claim: "state = 'queued', transaction_hash = NULL",
    enrolments: "state = 'queued', transaction_hash = NULL, leaf_index = NULL",
    from: "'submitted'"
);

/// The row of a transaction, as far as its load needs it.
#[derive(sqlx::FromRow)]
pub(super) struct Carrier {
    id: i64,
    hash: Vec<u8>,
    purpose: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Load {
    Append,
    Revoke,
    Claim,
}

impl Carrier {
    fn load(&self) -> Result<Load, StoreError> {
        match self.purpose.as_str() {
            "append" => Ok(Load::Append),
            "revoke" => Ok(Load::Revoke),
            "claim" => Ok(Load::Claim),
            _ => Err(TRANSACTIONS.corrupt("purpose")),
        }
    }
}

/// Moves all of a load, or fails.
pub(super) async fn apply(
    tx: &mut Transaction<'_, Sqlite>,
    carrier: &Carrier,
    step: &Move,
) -> Result<(), StoreError> {
    let (sql, expected) = match carrier.load()? {
        Load::Append => (
            step.enrolments,
            count_members(tx, COUNT_MEMBERS, carrier.id).await?,
        ),
        Load::Revoke => (
            step.revocations,
            count_members(tx, COUNT_REVOKED, carrier.id).await?,
        ),
        Load::Claim => (step.claim, 1),
    };
    let moved = sqlx::query(sql)
        .bind(carrier.id)
        .bind(carrier.hash.as_slice())
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    expect_rows(step.operation, expected, moved.rows_affected())
}

/// Rejects the claim of a transaction.
pub(super) async fn reject(
    tx: &mut Transaction<'_, Sqlite>,
    carrier: &Carrier,
    why: Rejection,
) -> Result<(), StoreError> {
    if carrier.load()? != Load::Claim {
        return Err(Unstorable::RejectedBatch.into());
    }
    let rejected = sqlx::query(REJECT_CLAIM)
        .bind(carrier.id)
        .bind(carrier.hash.as_slice())
        .bind(why.code())
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    expect_rows("reject a claim that was sent", 1, rejected.rows_affected())
}

async fn count_members(
    tx: &mut Transaction<'_, Sqlite>,
    sql: &'static str,
    id: i64,
) -> Result<u64, StoreError> {
    let rows: i64 = sqlx::query_scalar(sql)
        .bind(id)
        .fetch_one(&mut **tx)
        .await
        .map_err(backend)?;
    MEMBERS.unsigned("count(*)", rows)
}

/// Whether all of the load was queued; it is submitted now.
pub(super) async fn submit(
    tx: &mut Transaction<'_, Sqlite>,
    purpose: &Purpose,
    hash: B256,
) -> Result<bool, StoreError> {
    match purpose {
        Purpose::Claim { nullifier } => submit_claim(tx, *nullifier, hash).await,
        Purpose::Append {
            start_index,
            enrolments,
        } => submit_enrolments(tx, *start_index, enrolments, hash).await,
        Purpose::Revoke { commitments } => submit_revocations(tx, commitments, hash).await,
    }
}

async fn submit_claim(
    tx: &mut Transaction<'_, Sqlite>,
    nullifier: NullifierHash,
    hash: B256,
) -> Result<bool, StoreError> {
    let submitted = sqlx::query(SUBMIT_CLAIM)
        .bind(nullifier.to_be_bytes().to_vec())
        .bind(hash.as_slice())
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    Ok(submitted.rows_affected() == 1)
}

async fn submit_enrolments(
    tx: &mut Transaction<'_, Sqlite>,
    start_index: LeafIndex,
    enrolments: &[EnrolmentId],
    hash: B256,
) -> Result<bool, StoreError> {
    if enrolments.is_empty() {
        return Err(Unstorable::EmptyBatch.into());
    }
    for (id, index) in enrolments.iter().zip(start_index.get()..) {
        let leaf_index = LeafIndex::try_from(index).map_err(Unstorable::LeafIndex)?;
        let submitted = sqlx::query(SUBMIT_ENROLMENT)
            .bind(id.0.as_slice())
            .bind(hash.as_slice())
            .bind(integer(leaf_index.get())?)
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
        if submitted.rows_affected() != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn submit_revocations(
    tx: &mut Transaction<'_, Sqlite>,
    commitments: &[Commitment],
    hash: B256,
) -> Result<bool, StoreError> {
    if commitments.is_empty() {
        return Err(Unstorable::EmptyBatch.into());
    }
    for commitment in commitments {
        let submitted = sqlx::query(SUBMIT_REVOCATION)
            .bind(commitment.to_be_bytes().to_vec())
            .bind(hash.as_slice())
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
        if submitted.rows_affected() != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Enrolments that are queued again although they are to go do not wait any more.
pub(super) async fn withdraw_revoked(tx: &mut Transaction<'_, Sqlite>) -> Result<(), StoreError> {
    sqlx::query(revocations::WITHDRAW_REVOKED)
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    Ok(())
}

/// Writes down what a batch of the registry carries, in order.
pub(super) async fn insert_members(
    tx: &mut Transaction<'_, Sqlite>,
    id: i64,
    purpose: &Purpose,
) -> Result<(), StoreError> {
    let (sql, keys): (_, Vec<Vec<u8>>) = match purpose {
        Purpose::Append { enrolments, .. } => (
            INSERT_MEMBER,
            enrolments.iter().map(|id| id.0.to_vec()).collect(),
        ),
        Purpose::Revoke { commitments } => {
            let blobs = commitments.iter().map(|leaf| leaf.to_be_bytes().to_vec());
            (INSERT_REVOKED, blobs.collect())
        }
        Purpose::Claim { .. } => return Ok(()),
    };
    for (key, position) in keys.into_iter().zip(0_u32..) {
        sqlx::query(sql)
            .bind(id)
            .bind(position)
            .bind(key)
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
    }
    Ok(())
}
