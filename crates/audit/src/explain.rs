use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use annona_bindings::contracts::Distributor;
use annona_bindings::{Deployment, revert_reason};
use annona_core::{AmountWei, Epoch, NullifierHash, Root, UnixSeconds};
use annona_proofs::{ClaimProof, ClaimVerifier, VerifyError, VerifyingKey};

use crate::AuditError;
use crate::checks::{Invocation, statement};
use crate::data::{Head, Logged, Sent};
use crate::gather::{
    Caller, is_canonical, is_carried_out, read_block_time, read_calls_of, read_claims_of,
    read_head, read_transaction, read_transactions_of_block,
};

/// Newest blocks that are searched for a refused claim, which leaves no event.
const REFUSALS_SEARCHED_BLOCKS: u64 = 500;

/// Result of checking the proof of a paid claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofVerdict {
    /// The proof holds against the epoch's root.
    Verified,
    /// The proof does not hold against the epoch's root.
    Refused(VerifyError),
    /// A value of the claim is outside its range, so there is no statement.
    OutOfRange,
    /// The claim came through another contract: its proof is not in the calldata.
    NotInCalldata,
}

/// One payment of a nullifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidClaim {
    /// The epoch that was claimed.
    pub epoch: Epoch,
    /// Number of the block of the payment.
    pub block_number: u64,
    /// Timestamp of that block.
    pub time: UnixSeconds,
    /// Hash of the transaction of the payment.
    pub transaction: B256,
    /// Amount that was paid, fee included.
    pub amount: AmountWei,
    /// Address that was paid; public on chain.
    pub recipient: Address,
    /// Fee that is part of the amount, if the calldata shows it.
    pub fee: Option<AmountWei>,
    /// `R_e` as the registry has it; `None` if it has none or it is no root.
    pub root: Option<Root>,
    /// Verdict on the proof of the claim.
    pub proof: ProofVerdict,
}

/// Reason that a nullifier hash was not paid, as far as the chain tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnpaidReason {
    /// A claim was mined and refused.
    Refused {
        /// Hash of the transaction that reverted.
        transaction: B256,
        /// Reason in the contract's own words, if the endpoint can tell it.
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

/// Payments of a nullifier hash, or the reason that there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Nullifier hash that was asked about.
    pub nullifier: NullifierHash,
    /// Number of the block that the answer is about.
    pub block_number: u64,
    /// Its payments: none or one, unless the contracts are broken.
    pub settlements: Vec<PaidClaim>,
    /// Reason that there is no payment; `None` when there is one.
    pub unpaid: Option<UnpaidReason>,
}

/// Finds the payments of `nullifier`, or the reason that there are none.
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
        settlements.push(settle(provider, deployment, &caller, &claim).await?);
    }
    let unpaid = if settlements.is_empty() {
        Some(why_unpaid(provider, deployment, &caller, &head, nullifier).await?)
    } else {
        None
    };
    if !is_canonical(provider, &head).await? {
        return Err(AuditError::Reorganised {
            number: head.number,
        });
    }
    Ok(Explanation {
        nullifier,
        block_number: head.number,
        settlements,
        unpaid,
    })
}

async fn settle(
    provider: &DynProvider,
    deployment: &Deployment,
    caller: &Caller,
    claim: &Logged<Distributor::Claimed>,
) -> Result<PaidClaim, AuditError> {
    let (event, hash) = (&claim.event, claim.at.transaction);
    let sent = read_transaction(provider, hash).await?;
    let sent = sent.ok_or(AuditError::MissingTransaction { hash })?;
    let inputs = if sent.to == Some(deployment.distributor) {
        Some(vec![sent.input])
    } else {
        read_calls_of(provider, deployment.distributor, hash).await
    };
    let number = claim.at.block;
    let time = read_block_time(provider, number).await?;
    let time = time.ok_or(AuditError::MissingBlock { number })?;
    let epoch = u64::try_from(event.epoch).unwrap_or(u64::MAX);
    let root = caller.checkpoint_before(epoch).await?;
    let root_word = root.map(|checkpoint| checkpoint.root);
    let (fee, proof) = judge(&inputs.unwrap_or_default(), deployment, event, root_word);
    Ok(PaidClaim {
        epoch: Epoch(epoch),
        block_number: number,
        time: UnixSeconds(time),
        transaction: hash,
        amount: AmountWei(event.amount),
        recipient: event.recipient,
        fee: fee.map(AmountWei),
        root: root_word.and_then(|root| Root::try_from(root).ok()),
        proof,
    })
}

/// Returns the fee and the verdict of the request that was paid: of those for the same epoch,
/// nullifier hash and recipient, the one whose proof holds. Others were skipped.
fn judge(
    inputs: &[Bytes],
    deployment: &Deployment,
    event: &Distributor::Claimed,
    root: Option<U256>,
) -> (Option<U256>, ProofVerdict) {
    let mut judged = (None, ProofVerdict::NotInCalldata);
    let verifier = ClaimVerifier::new(&VerifyingKey::semaphore_30());
    let calls = inputs.iter().filter_map(|input| Invocation::of(input));
    for call in calls.flat_map(|call| call.requests()) {
        let is_paid = call.epoch == event.epoch
            && call.nullifierHash == event.nullifierHash
            && call.recipient == event.recipient;
        if !is_paid {
            continue;
        }
        let statement = root.and_then(|root| statement(&call, &deployment.claim_scope(), root));
        let verdict = match statement {
            None => ProofVerdict::OutOfRange,
            Some(ClaimProof { inputs, points }) => match verifier.verify(&inputs, &points) {
                Ok(()) => return (Some(call.fee), ProofVerdict::Verified),
                Err(error) => ProofVerdict::Refused(error),
            },
        };
        judged = (Some(call.fee), verdict);
    }
    judged
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
    let nullifier = nullifier.to_u256();
    for (transaction, sent) in read_transactions_of_block(provider, number).await? {
        if sent.to != Some(deployment.distributor) {
            continue;
        }
        let requests = Invocation::of(&sent.input).map(|call| call.requests());
        let mut requests = requests.into_iter().flatten();
        // One that was carried out passed the claim over: anybody can name a nullifier hash.
        if requests.any(|call| call.nullifierHash == nullifier)
            && !is_carried_out(provider, transaction).await?
        {
            return Ok(Some(UnpaidReason::Refused {
                transaction,
                reason: replay(provider, &sent, number).await?,
            }));
        }
    }
    Ok(None)
}

/// Repeats a refused call, on the state that it met or nearly so, for the contract's reason.
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
