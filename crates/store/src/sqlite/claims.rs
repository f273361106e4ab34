//! Claims in SQLite.

use annona_core::{
    AmountWei, B256, Claim, Epoch, NullifierHash, Payment, ProofPoints, Root, U256, UnixSeconds,
};
use annona_engine::ports::{
    ClaimRepository, InsertClaimOutcome, PendingCounts, QueuedClaim, StoreError,
};
use annona_engine::{ClaimIntake, ClaimRecord, ClaimRejection, ClaimState, ClaimStateKind};
use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::columns::{Table, integer};
use super::{SqliteStore, expect_rows};
use crate::error::backend;

const CLAIMS: Table = Table("claims");
/// Coordinates of 32 bytes each.
const PROOF_BYTES: usize = 8 * 32;

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
    let state = CLAIMS.code("state", &row.state, ClaimStateKind::from_code)?;
    match (state, transaction, row.rejection.as_deref()) {
        (ClaimStateKind::Queued, None, None) => Ok(ClaimState::Queued),
        (ClaimStateKind::Batched, Some(transaction), None) => {
            Ok(ClaimState::Batched { transaction })
        }
        (ClaimStateKind::Submitted, Some(transaction), None) => {
            Ok(ClaimState::Submitted { transaction })
        }
        (ClaimStateKind::Mined, Some(transaction), None) => Ok(ClaimState::Mined { transaction }),
        (ClaimStateKind::Final, Some(transaction), None) => Ok(ClaimState::Final { transaction }),
        (ClaimStateKind::Rejected, None, Some(code)) => CLAIMS
            .code("rejection", code, ClaimRejection::from_code)
            .map(ClaimState::Rejected),
        _ => Err(CLAIMS.corrupt("state")),
    }
}

async fn select_by_nullifier(
    connection: &mut SqliteConnection,
    nullifier: NullifierHash,
) -> Result<Option<ClaimRecord>, StoreError> {
    let row: Option<ClaimRow> = sqlx::query_as!(
        ClaimRow,
        "\
        SELECT nullifier, epoch, recipient, fee_recipient, fee, proof, received_at, root,
            chain_time, deadline, state, transaction_hash, rejection
        FROM claims WHERE nullifier = ?1",
        nullifier.to_be_bytes().to_vec()
    )
    .fetch_optional(connection)
    .await
    .map_err(backend)?;
    row.map(ClaimRecord::try_from).transpose()
}

#[async_trait]
impl ClaimRepository for SqliteStore {
    /// Holds CLAIM-13: a rejected claim can be renewed.
    async fn insert_claim(
        &self,
        claim: &Claim,
        intake: &ClaimIntake,
    ) -> Result<InsertClaimOutcome, StoreError> {
        let deadline = intake.deadline.map(|time| integer(time.0)).transpose()?;
        let mut tx = self.begin_write().await?;
        let inserted = sqlx::query_file!(
            "queries/insert_claim.sql",
            claim.nullifier_hash.to_be_bytes().to_vec(),
            integer(claim.epoch.0)?,
            claim.payment.recipient.as_slice(),
            claim.payment.fee_recipient.as_slice(),
            claim.payment.fee.0.to_be_bytes::<32>().to_vec(),
            points_bytes(&claim.points),
            integer(intake.received_at.0)?,
            intake.root.to_u256().to_be_bytes::<32>().to_vec(),
            integer(intake.chain_time.0)?,
            deadline
        )
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

    /// Holds RELAY-7: epochs do not hide each other.
    async fn queued_claims(&self, per_epoch: u32) -> Result<Vec<QueuedClaim>, StoreError> {
        let mut snapshot = self.readers.begin().await.map_err(backend)?;
        let epochs: Vec<i64> = sqlx::query_scalar!(
            "SELECT DISTINCT epoch FROM claims WHERE state = 'queued' ORDER BY epoch"
        )
        .fetch_all(&mut *snapshot)
        .await
        .map_err(backend)?;
        let mut queued = Vec::new();
        for epoch in epochs {
            let rows = sqlx::query_file!("queries/queued_claims.sql", epoch, per_epoch)
                .fetch_all(&mut *snapshot)
                .await
                .map_err(backend)?;
            for row in rows {
                let claim = ClaimRow {
                    nullifier: row.nullifier,
                    epoch: row.epoch,
                    recipient: row.recipient,
                    fee_recipient: row.fee_recipient,
                    fee: row.fee,
                    proof: row.proof,
                    received_at: row.received_at,
                    root: row.root,
                    chain_time: row.chain_time,
                    deadline: row.deadline,
                    state: row.state,
                    transaction_hash: row.transaction_hash,
                    rejection: row.rejection,
                };
                queued.push(QueuedClaim {
                    record: claim.try_into()?,
                    was_sent: row.was_sent,
                });
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
        let adopted = sqlx::query!(
            "\
            UPDATE claims SET state = 'final', transaction_hash = ?2
            WHERE nullifier = ?1 AND state = 'queued'",
            nullifier.to_be_bytes().to_vec(),
            transaction.as_slice()
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        expect_rows("adopt a claim", 1, adopted.rows_affected())?;
        tx.commit().await
    }

    async fn reject_claim(
        &self,
        nullifier: NullifierHash,
        why: ClaimRejection,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let rejected = sqlx::query!(
            "\
            UPDATE claims SET state = 'rejected', rejection = ?2
            WHERE nullifier = ?1 AND state = 'queued'",
            nullifier.to_be_bytes().to_vec(),
            why.code()
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        expect_rows("reject a queued claim", 1, rejected.rows_affected())?;
        tx.commit().await
    }

    async fn pending_claims(&self) -> Result<PendingCounts, StoreError> {
        let pending = sqlx::query!(
            r#"
            SELECT count(*) FILTER (WHERE state = 'queued') AS "queued!: i64",
                count(*) FILTER (WHERE state <> 'queued') AS "under_way!: i64"
            FROM claims WHERE state IN ('queued', 'batched', 'submitted', 'mined')
            "#
        )
        .fetch_one(&self.readers)
        .await
        .map_err(backend)?;
        Ok(PendingCounts {
            queued: CLAIMS.unsigned("count(*)", pending.queued)?,
            under_way: CLAIMS.unsigned("count(*)", pending.under_way)?,
        })
    }
}
