use alloy::consensus::Transaction as _;
use alloy::network::{TransactionBuilder, TransactionResponse};
use alloy::primitives::{Address, B256, U256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use annona_chain::{Deployment, revert_reason};
use annona_core::{AmountWei, Epoch, NullifierHash, Root, UnixSeconds};
use annona_proofs::{ClaimProof, ClaimVerifier, VerifyError, VerifyingKey};

use crate::AuditError;
use crate::checks::{Route, route, statement};
use crate::data::{Head, Sent};
use crate::gather::{
    Caller, read_block_time, read_claims_of, read_head, read_transaction, require_canonical,
};

/// Newest blocks that are searched for a refused claim, which leaves no event.
const REFUSALS_SEARCHED_BLOCKS: u64 = 500;

/// What became of the proof of a paid claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofVerdict {
    /// It holds against the epoch's root.
    Verified,
    /// It does not hold.
    Refused(VerifyError),
    /// A value of the claim is outside its range, so there is no statement.
    OutOfRange,
    /// The claim came through another contract: its proof is not in the calldata.
    NotInCalldata,
}

/// One payment of a nullifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The epoch that was claimed.
    pub epoch: Epoch,
    /// The block of the payment.
    pub block_number: u64,
    /// The block's time.
    pub time: UnixSeconds,
    /// The transaction of the payment.
    pub transaction: B256,
    /// Amount, fee included.
    pub amount: AmountWei,
    /// Who was paid; public on chain.
    pub recipient: Address,
    /// Part of the amount, if the calldata shows it.
    pub fee: Option<AmountWei>,
    /// `R_e` as the registry has it; `None` if it has none or it is no root.
    pub root: Option<Root>,
    /// Whether the proof holds.
    pub proof: ProofVerdict,
}

/// Why a nullifier was not paid, as far as the chain tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnpaidReason {
    /// A claim was mined and refused.
    Refused {
        /// The transaction that reverted.
        transaction: B256,
        /// Why, by the contract's own word, where the endpoint can tell.
        reason: Option<String>,
    },
    /// No claim of it is in the events, and payments are paused.
    Paused,
    /// No claim of it is in the events, nor among the newest blocks' refusals.
    NeverClaimed {
        /// The first block that was searched for refusals.
        refusals_searched_from: u64,
    },
}

/// What the chain knows of a nullifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The nullifier asked about.
    pub nullifier: NullifierHash,
    /// The block that the answer is about.
    pub block_number: u64,
    /// Its payments: none or one, unless the contracts are broken.
    pub settlements: Vec<Settlement>,
    /// Why there is no payment; `None` when there is one.
    pub unpaid: Option<UnpaidReason>,
}

/// Finds the claim of `nullifier`, or why none was paid.
///
/// # Errors
/// [`AuditError`] when the chain cannot be read.
pub async fn explain(
    provider: &DynProvider,
    deployment: &Deployment,
    nullifier: NullifierHash,
) -> Result<Explanation, AuditError> {
    let head = read_head(provider, deployment).await?;
    let caller = Caller::new(provider, deployment, head.hash);
    let claims = read_claims_of(provider, deployment, head.number, nullifier).await?;
    let mut settlements = Vec::with_capacity(claims.len());
    for claim in claims {
        let sent = read_transaction(provider, claim.at.transaction).await?;
        let epoch = u64::try_from(claim.event.epoch).unwrap_or(u64::MAX);
        let root = caller.checkpoint_before(epoch).await?;
        let (fee, proof) = judge(
            &sent,
            deployment,
            nullifier,
            root.map(|checkpoint| checkpoint.root),
        );
        settlements.push(Settlement {
            epoch: Epoch(epoch),
            block_number: claim.at.block,
            time: UnixSeconds(read_block_time(provider, claim.at.block).await?),
            transaction: claim.at.transaction,
            amount: AmountWei(claim.event.amount),
            recipient: claim.event.recipient,
            fee: fee.map(AmountWei),
            root: root.and_then(|checkpoint| Root::try_from(checkpoint.root).ok()),
            proof,
        });
    }
    let unpaid = if settlements.is_empty() {
        Some(why_unpaid(provider, deployment, &caller, &head, nullifier).await?)
    } else {
        None
    };
    require_canonical(provider, &head).await?;
    Ok(Explanation {
        nullifier,
        block_number: head.number,
        settlements,
        unpaid,
    })
}

fn judge(
    sent: &Sent,
    deployment: &Deployment,
    nullifier: NullifierHash,
    root: Option<U256>,
) -> (Option<U256>, ProofVerdict) {
    let Route::Direct(call) = route(sent, deployment.distributor, nullifier.to_u256()) else {
        return (None, ProofVerdict::NotInCalldata);
    };
    let statement = root.and_then(|root| statement(&call, &deployment.claim_scope(), root));
    let verdict = match statement {
        None => ProofVerdict::OutOfRange,
        Some(ClaimProof { inputs, points }) => {
            match ClaimVerifier::new(&VerifyingKey::semaphore_30()).verify(&inputs, &points) {
                Ok(()) => ProofVerdict::Verified,
                Err(error) => ProofVerdict::Refused(error),
            }
        }
    };
    (Some(call.fee), verdict)
}

async fn why_unpaid(
    provider: &DynProvider,
    deployment: &Deployment,
    caller: &Caller,
    head: &Head,
    nullifier: NullifierHash,
) -> Result<UnpaidReason, AuditError> {
    let oldest = head
        .number
        .saturating_sub(REFUSALS_SEARCHED_BLOCKS - 1)
        .max(deployment.deployment_block);
    for number in (oldest..=head.number).rev() {
        if let Some(refusal) = refusal_in(provider, deployment, number, nullifier).await? {
            return Ok(refusal);
        }
    }
    if caller.is_paused().await? == Some(true) {
        return Ok(UnpaidReason::Paused);
    }
    Ok(UnpaidReason::NeverClaimed {
        refusals_searched_from: oldest,
    })
}

async fn refusal_in(
    provider: &DynProvider,
    deployment: &Deployment,
    number: u64,
    nullifier: NullifierHash,
) -> Result<Option<UnpaidReason>, AuditError> {
    let block = provider
        .get_block_by_number(number.into())
        .full()
        .await
        .map_err(AuditError::endpoint("a block"))?
        .ok_or(AuditError::MissingBlock { number })?;
    for transaction in block.transactions.into_transactions() {
        let sent = Sent {
            from: transaction.from(),
            to: alloy::consensus::Transaction::to(&transaction),
            input: transaction.input().clone(),
        };
        let nullifier = nullifier.to_u256();
        let Route::Direct(call) = route(&sent, deployment.distributor, nullifier) else {
            continue;
        };
        if call.nullifierHash == nullifier {
            return Ok(Some(UnpaidReason::Refused {
                transaction: transaction.tx_hash(),
                reason: replay(provider, &sent, number).await?,
            }));
        }
    }
    Ok(None)
}

/// Calls again what was refused, on the state that it met or nearly so.
async fn replay(
    provider: &DynProvider,
    sent: &Sent,
    number: u64,
) -> Result<Option<String>, AuditError> {
    let mut request = TransactionRequest::default()
        .with_from(sent.from)
        .with_input(sent.input.clone());
    request.to = sent.to.map(Into::into);
    let Err(error) = provider.call(request).block(number.into()).await else {
        return Ok(None);
    };
    let Some(response) = error.as_error_resp() else {
        return Err(AuditError::endpoint("a refused claim")(error));
    };
    let data = response.as_revert_data();
    Ok(data.map(|data| revert_reason(&data).to_string()))
}
