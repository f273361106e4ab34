//! Claims in SQLite.

use annona_core::{
    AmountWei, B256, Epoch, NullifierHash, Payment, ProofPoints, Root, U256, UnixSeconds,
};
use annona_engine::ports::{ClaimRepository, InsertClaimOutcome, QueuedClaim, StoreError};
use annona_engine::{Claim, ClaimIntake, ClaimRecord, ClaimState, Rejection};
use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::columns::{Table, integer};
use super::{SqliteStore, expect_rows};
use crate::error::backend;

const CLAIMS: Table = Table("claims");
/// Coordinates of 32 bytes each.
const PROOF_BYTES: usize = 8 * 32;

macro_rules! select_claims {
    ($tail:literal) => {
        concat!(
            "SELECT nullifier, epoch, recipient, fee_recipient, fee, proof, received_at, root, chain_time, deadline, state, ",
            "transaction_hash, rejection FROM claims ",
            $tail
        )
    };
}

const INSERT: &str = "\
INSERT INTO claims (nullifier, epoch, recipient, fee_recipient, fee, proof, received_at, root,
    chain_time, deadline, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'queued')
ON CONFLICT (nullifier) DO UPDATE SET epoch = excluded.epoch, recipient = excluded.recipient,
    fee_recipient = excluded.fee_recipient, fee = excluded.fee, proof = excluded.proof,
    received_at = excluded.received_at, root = excluded.root, chain_time = excluded.chain_time,
    deadline = excluded.deadline, state = 'queued', rejection = NULL, making = making + 1
WHERE state = 'rejected'";
const SELECT_BY_NULLIFIER: &str = select_claims!("WHERE nullifier = ?1");
const SELECT_QUEUED: &str = "\
SELECT nullifier, epoch, recipient, fee_recipient, fee, proof, received_at, root, chain_time,
    deadline, state, transaction_hash, rejection,
    EXISTS (SELECT 1 FROM claim_members m WHERE m.nullifier = claims.nullifier) AS was_sent
FROM claims WHERE state = 'queued' AND epoch = ?1 ORDER BY arrival LIMIT ?2";
const SELECT_QUEUED_EPOCHS: &str =
    "SELECT DISTINCT epoch FROM claims WHERE state = 'queued' ORDER BY epoch";
const REJECT: &str = "\
UPDATE claims SET state = 'rejected', rejection = ?2 WHERE nullifier = ?1 AND state = 'queued'";
const ADOPT: &str = "\
UPDATE claims SET state = 'final', transaction_hash = ?2 WHERE nullifier = ?1 AND state = 'queued'";
const COUNT_PENDING: &str = "\
SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state <> 'queued')
FROM claims WHERE state IN ('queued', 'batched', 'submitted', 'mined')";

#[derive(sqlx::FromRow)]
struct ClaimRow {
    nullifier: Vec<u8>,
    epoch: i64,
    recipient: Vec<u8>,
    fee_recipient: Vec<u8>,
    fee: Vec<u8>,
    proof: Vec<u8>,
    received_at: i64,
    root: Vec<u8>,
    chain_time: i64,
    deadline: Option<i64>,
    state: String,
    transaction_hash: Option<Vec<u8>>,
    rejection: Option<String>,
}

#[derive(sqlx::FromRow)]
struct QueuedRow {
    #[sqlx(flatten)]
    claim: ClaimRow,
    was_sent: bool,
}

impl TryFrom<QueuedRow> for QueuedClaim {
    type Error = StoreError;

    fn try_from(row: QueuedRow) -> Result<Self, StoreError> {
        Ok(Self {
            record: row.claim.try_into()?,
            was_sent: row.was_sent,
        })
    }
}

impl TryFrom<ClaimRow> for ClaimRecord {
    type Error = StoreError;

    fn try_from(row: ClaimRow) -> Result<Self, StoreError> {
        Ok(Self {
            claim: Claim {
                epoch: Epoch(CLAIMS.unsigned("epoch", row.epoch)?),
                nullifier_hash: CLAIMS.nullifier("nullifier", &row.nullifier)?,
                payment: Payment {
                    recipient: CLAIMS.address("recipient", &row.recipient)?,
                    fee_recipient: CLAIMS.address("fee_recipient", &row.fee_recipient)?,
                    fee: AmountWei(CLAIMS.uint256("fee", &row.fee)?),
                },
                points: points_from(&row.proof)?,
            },
            intake: intake_from(&row)?,
            state: state_from(&row)?,
        })
    }
}

fn intake_from(row: &ClaimRow) -> Result<ClaimIntake, StoreError> {
    let root = Root::try_from(CLAIMS.uint256("root", &row.root)?);
    let deadline = row.deadline.map(|time| CLAIMS.unsigned("deadline", time));
    Ok(ClaimIntake {
        received_at: UnixSeconds(CLAIMS.unsigned("received_at", row.received_at)?),
        root: root.map_err(|_| CLAIMS.corrupt("root"))?,
        chain_time: UnixSeconds(CLAIMS.unsigned("chain_time", row.chain_time)?),
        deadline: deadline.transpose()?.map(UnixSeconds),
    })
}

fn points_bytes(points: &ProofPoints) -> Vec<u8> {
    points
        .coordinates()
        .iter()
        .flat_map(U256::to_be_bytes::<32>)
        .collect()
}

fn points_from(blob: &[u8]) -> Result<ProofPoints, StoreError> {
    let bytes: [u8; PROOF_BYTES] = CLAIMS.bytes("proof", blob)?;
    let (words, _) = bytes.as_chunks::<32>();
    let mut coordinates = [U256::ZERO; 8];
    for (coordinate, word) in coordinates.iter_mut().zip(words) {
        *coordinate = U256::from_be_bytes(*word);
    }
    ProofPoints::try_from(coordinates).map_err(|_| CLAIMS.corrupt("proof"))
}

fn state_from(row: &ClaimRow) -> Result<ClaimState, StoreError> {
    let transaction = row
        .transaction_hash
        .as_deref()
        .map(|blob| CLAIMS.word("transaction_hash", blob))
        .transpose()?;
    match (row.state.as_str(), transaction, row.rejection.as_deref()) {
        ("queued", None, None) => Ok(ClaimState::Queued),
        ("batched", Some(transaction), None) => Ok(ClaimState::Batched { transaction }),
        ("submitted", Some(transaction), None) => Ok(ClaimState::Submitted { transaction }),
        ("mined", Some(transaction), None) => Ok(ClaimState::Mined { transaction }),
        ("final", Some(transaction), None) => Ok(ClaimState::Final { transaction }),
        ("rejected", None, Some(code)) => Rejection::from_code(code)
            .map(ClaimState::Rejected)
            .ok_or_else(|| CLAIMS.corrupt("rejection")),
        _ => Err(CLAIMS.corrupt("state")),
    }
}

async fn select_by_nullifier(
    connection: &mut SqliteConnection,
    nullifier: NullifierHash,
) -> Result<Option<ClaimRecord>, StoreError> {
    let row: Option<ClaimRow> = sqlx::query_as(SELECT_BY_NULLIFIER)
        .bind(nullifier.to_be_bytes().to_vec())
        .fetch_optional(connection)
        .await
        .map_err(backend)?;
    row.map(ClaimRecord::try_from).transpose()
}

#[async_trait]
impl ClaimRepository for SqliteStore {
    async fn insert_claim(
        &self,
        claim: &Claim,
        intake: &ClaimIntake,
    ) -> Result<InsertClaimOutcome, StoreError> {
        let deadline = intake.deadline.map(|time| integer(time.0)).transpose()?;
        let mut tx = self.begin_write().await?;
        let inserted = sqlx::query(INSERT)
            .bind(claim.nullifier_hash.to_be_bytes().to_vec())
            .bind(integer(claim.epoch.0)?)
            .bind(claim.payment.recipient.as_slice())
            .bind(claim.payment.fee_recipient.as_slice())
            .bind(claim.payment.fee.0.to_be_bytes::<32>().to_vec())
            .bind(points_bytes(&claim.points))
            .bind(integer(intake.received_at.0)?)
            .bind(intake.root.to_u256().to_be_bytes::<32>().to_vec())
            .bind(integer(intake.chain_time.0)?)
            .bind(deadline)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        if inserted.rows_affected() == 1 {
            tx.commit().await?;
            return Ok(InsertClaimOutcome::Inserted);
        }
        let existing = select_by_nullifier(&mut tx, claim.nullifier_hash).await?;
        existing
            .map(InsertClaimOutcome::Existing)
            .ok_or(StoreError::RowCount {
                operation: "find the claim in the way",
                expected: 1,
                actual: 0,
            })
    }

    async fn claim(&self, nullifier: NullifierHash) -> Result<Option<ClaimRecord>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(backend)?;
        select_by_nullifier(&mut connection, nullifier).await
    }

    async fn queued_claims(&self, per_epoch: u32) -> Result<Vec<QueuedClaim>, StoreError> {
        let mut snapshot = self.readers.begin().await.map_err(backend)?;
        let epochs: Vec<i64> = sqlx::query_scalar(SELECT_QUEUED_EPOCHS)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(backend)?;
        let mut queued = Vec::new();
        for epoch in epochs {
            let rows: Vec<QueuedRow> = sqlx::query_as(SELECT_QUEUED)
                .bind(epoch)
                .bind(per_epoch)
                .fetch_all(&mut *snapshot)
                .await
                .map_err(backend)?;
            for row in rows {
                queued.push(row.try_into()?);
            }
        }
        Ok(queued)
    }

    async fn adopt_claim(
        &self,
        nullifier: NullifierHash,
        transaction: B256,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let adopted = sqlx::query(ADOPT)
            .bind(nullifier.to_be_bytes().to_vec())
            .bind(transaction.as_slice())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        expect_rows("adopt a claim", 1, adopted.rows_affected())?;
        tx.commit().await
    }

    async fn reject_claim(
        &self,
        nullifier: NullifierHash,
        why: Rejection,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let rejected = sqlx::query(REJECT)
            .bind(nullifier.to_be_bytes().to_vec())
            .bind(why.code())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        expect_rows("reject a queued claim", 1, rejected.rows_affected())?;
        tx.commit().await
    }

    async fn pending_claims(&self) -> Result<(u64, u64), StoreError> {
        let (queued, under_way): (i64, i64) = sqlx::query_as(COUNT_PENDING)
            .fetch_one(&self.readers)
            .await
            .map_err(backend)?;
        Ok((
            CLAIMS.unsigned("count(*)", queued)?,
            CLAIMS.unsigned("count(*)", under_way)?,
        ))
    }
}
