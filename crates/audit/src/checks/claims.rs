use std::collections::{HashMap, HashSet};

use alloy::primitives::{Address, U256, keccak256};
use alloy::sol_types::{SolInterface, SolValue};
use annona_chain::bindings::{Distributor, IDistributor};
use annona_core::{
    AmountWei, ClaimInputs, ClaimScope, ClaimWindow, Epoch, ExternalNullifier, NullifierHash,
    Payment, ProofPoints, Root, SCALAR_MODULUS, SignalHash, UnixSeconds,
};
use annona_proofs::{ClaimProof, ClaimVerifier, VerifyingKey};

use super::rebuilt::{calendar, looked_at};
use super::{Evidence, Objection, Verdict, answer, wrong, wrong_at};
use crate::data::{At, ChainData, Logged, Sent};

type Claim = Logged<Distributor::Claimed>;

const FOREIGN_BATCH_ID: &str =
    "the batch's name is not the hash of its claims, so their coefficients may have been chosen";

/// How a claim reached the distributor.
pub(crate) enum Route {
    /// A transaction that calls `claim`, `claimBatch` or `catchUp`, and nothing else. What it asks
    /// for with the nullifier looked for; in the form of a call of `claim`.
    Direct(Box<Distributor::claimCall>),
    /// A transaction to the distributor that claims nothing.
    Undecodable,
    /// A transaction to another contract, which called the distributor.
    Through,
}

fn route_of(data: &ChainData, claim: &Claim) -> Route {
    let distributor = data.deployment.distributor;
    match data.transactions.get(&claim.at.transaction) {
        Some(sent) => route(sent, distributor, claim.event.nullifierHash),
        None => Route::Undecodable,
    }
}

/// The claim of `nullifier` in a transaction. If there is none, the first claim: what was paid is
/// then not what was asked for, and whoever compares sees it.
pub(crate) fn route(sent: &Sent, distributor: Address, nullifier: U256) -> Route {
    if sent.to != Some(distributor) {
        return Route::Through;
    }
    let mut requests = requests(&sent.input);
    if requests.is_empty() {
        return Route::Undecodable;
    }
    let mut asked = requests.iter().map(|request| request.nullifierHash);
    let at = asked.position(|asked| asked == nullifier).unwrap_or(0);
    Route::Direct(Box::new(requests.swap_remove(at)))
}

/// All that a call of the distributor claims.
fn requests(input: &[u8]) -> Vec<Distributor::claimCall> {
    let Ok(call) = Distributor::DistributorCalls::abi_decode(input) else {
        return Vec::new();
    };
    let request = |epoch, claim: IDistributor::Claim| Distributor::claimCall {
        epoch,
        nullifierHash: claim.nullifierHash,
        recipient: claim.recipient,
        feeRecipient: claim.feeRecipient,
        fee: claim.fee,
        proof: claim.proof,
    };
    match call {
        Distributor::DistributorCalls::claim(call) => vec![call],
        Distributor::DistributorCalls::claimBatch(call) => {
            let claims = call.claims.into_iter();
            claims.map(|claim| request(call.epoch, claim)).collect()
        }
        Distributor::DistributorCalls::catchUp(call) => {
            let claims = call.claims.into_iter();
            claims
                .map(|entry| request(entry.epoch, entry.claim))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The claims that came straight to the distributor, with what they asked for.
fn direct<'a>(
    data: &'a ChainData,
) -> impl Iterator<Item = (&'a Claim, Box<Distributor::claimCall>)> + 'a {
    data.events
        .claims
        .iter()
        .filter_map(|claim| match route_of(data, claim) {
            Route::Direct(call) => Some((claim, call)),
            Route::Undecodable | Route::Through => None,
        })
}

/// The proof and its statement, if every value is in its range.
pub(crate) fn statement(
    call: &Distributor::claimCall,
    scope: &ClaimScope,
    root: U256,
) -> Option<ClaimProof> {
    let epoch = Epoch(u64::try_from(call.epoch).ok()?);
    let inputs = ClaimInputs {
        root: Root::try_from(root).ok()?,
        nullifier_hash: NullifierHash::try_from(call.nullifierHash).ok()?,
        signal: SignalHash::new(&Payment {
            recipient: call.recipient,
            fee_recipient: call.feeRecipient,
            fee: AmountWei(call.fee),
        }),
        external_nullifier: ExternalNullifier::new(scope, epoch),
    };
    let points = ProofPoints::try_from(call.proof).ok()?;
    Some(ClaimProof { inputs, points })
}

pub(super) fn calls(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let mut requests = HashSet::new();
    let mut batch_ids = HashMap::new();
    for claim in &data.events.claims {
        match route_of(data, claim) {
            Route::Through => {}
            Route::Undecodable => {
                return wrong_at(
                    claim,
                    "a claim was paid in a transaction that does not claim",
                );
            }
            Route::Direct(call) => {
                let request = (claim.at.transaction, call.epoch, call.nullifierHash);
                if !requests.insert(request) {
                    return wrong_at(claim, "one claim of a transaction was paid twice");
                }
                same_as_called(claim, &call)?;
                let transaction = claim.at.transaction;
                let batch_id = batch_ids
                    .entry(transaction)
                    .or_insert_with(|| batch_id(data, claim.at));
                if *batch_id != Some(claim.event.batchId) {
                    return wrong_at(claim, FOREIGN_BATCH_ID);
                }
            }
        }
    }
    looked_at(requests.len(), "claims compared with their calldata")
}

fn same_as_called(claim: &Claim, call: &Distributor::claimCall) -> Result<(), Objection> {
    let event = &claim.event;
    let differing = if event.epoch != call.epoch {
        "epoch"
    } else if event.nullifierHash != call.nullifierHash {
        "nullifier"
    } else if event.recipient != call.recipient {
        "recipient"
    } else {
        return Ok(());
    };
    wrong_at(
        claim,
        format!("the {differing} that was paid is not the one in the calldata"),
    )
}

/// The name that the distributor gives to the claims of the transaction at `at`: the seed of
/// their coefficients, as `contracts/src/libraries/Transcript.sol` tells it.
fn batch_id(data: &ChainData, at: At) -> Option<U256> {
    let input = &data.transactions.get(&at.transaction)?.input;
    let root_of = |epoch: U256| {
        let opened = data.events.opened.iter();
        let mut before = opened.filter(|opened| opened.at < at);
        let opened = before.find(|opened| opened.event.epoch == epoch);
        opened.map_or(U256::ZERO, |opened| opened.event.root)
    };
    let chain_id = U256::from(data.deployment.chain_id);
    let distributor = data.deployment.distributor;
    let words = match Distributor::DistributorCalls::abi_decode(input).ok()? {
        Distributor::DistributorCalls::claim(_) => return Some(U256::ZERO),
        Distributor::DistributorCalls::claimBatch(call) => {
            let root = root_of(call.epoch);
            let domain = "annona.batch.v1".to_owned();
            (domain, chain_id, distributor, call.epoch, root, call.claims).abi_encode_params()
        }
        Distributor::DistributorCalls::catchUp(call) => {
            let roots = call.claims.iter().map(|entry| root_of(entry.epoch));
            let roots: Vec<U256> = roots.collect();
            let domain = "annona.catchup.v1".to_owned();
            (domain, chain_id, distributor, roots, call.claims).abi_encode_params()
        }
        _ => return None,
    };
    Some(keccak256(words).into())
}

pub(super) fn ranges(evidence: &Evidence<'_>) -> Verdict {
    for claim in &evidence.data.events.claims {
        if claim.event.nullifierHash >= SCALAR_MODULUS {
            return wrong_at(
                claim,
                format!(
                    "the nullifier {:#066x} is outside the field",
                    claim.event.nullifierHash
                ),
            );
        }
    }
    for (claim, call) in direct(evidence.data) {
        if let Err(error) = ProofPoints::try_from(call.proof) {
            return wrong_at(claim, format!("the proof is malformed: {error}"));
        }
        if call.fee > claim.event.amount {
            return wrong_at(claim, format!("the fee {} exceeds the amount", call.fee));
        }
    }
    looked_at(evidence.data.events.claims.len(), "claims")
}

pub(super) fn window(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let clock = calendar(data)?;
    let window = answer(data.answers.claim_window.as_ref(), "claimWindow()")?;
    // A window beyond 64 bits of epochs never closes.
    let window = ClaimWindow(u64::try_from(window).unwrap_or(u64::MAX));
    for claim in &data.events.claims {
        let Some(time) = data.block_times.get(&claim.at.block) else {
            return wrong_at(claim, "the block of a claim has no time");
        };
        let Ok(epoch) = u64::try_from(claim.event.epoch) else {
            return wrong_at(claim, format!("epoch {} never comes", claim.event.epoch));
        };
        if let Err(error) = window.check(&clock, Epoch(epoch), UnixSeconds(*time)) {
            return wrong_at(
                claim,
                format!("a claim was paid at the wrong time: {error}"),
            );
        }
    }
    looked_at(data.events.claims.len(), "claims")
}

pub(super) fn external_nullifiers(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    for (epoch, read) in &data.external_nullifiers {
        let actual = answer(read.as_ref(), "externalNullifier(epoch)")?;
        let Ok(number) = u64::try_from(*epoch) else {
            return wrong(format!("epoch {epoch} never comes"));
        };
        let scope = data.deployment.claim_scope();
        let expected = ExternalNullifier::new(&scope, Epoch(number))
            .to_field()
            .to_u256();
        if actual != expected {
            return wrong(format!(
                "the external nullifier of epoch {epoch} is {actual:#066x} instead of {expected:#066x}"
            ));
        }
    }
    looked_at(data.external_nullifiers.len(), "epochs with claims")
}

pub(super) fn proofs(evidence: &Evidence<'_>) -> Verdict {
    let mut stated: Vec<Stated<'_>> = Vec::new();
    // What stands in the way of a claim's proof is told unless an earlier proof is false.
    let gathered = gather_proofs(evidence, &mut stated);
    let proofs: Vec<ClaimProof> = stated.iter().map(|stated| stated.proof).collect();
    let verifier = ClaimVerifier::new(&VerifyingKey::semaphore_30());
    for (Stated { claim, epoch, .. }, verified) in stated.iter().zip(verifier.verify_batch(&proofs))
    {
        if let Err(error) = verified {
            return wrong_at(
                claim,
                format!("a claim of epoch {epoch} was paid without a proof: {error}"),
            );
        }
    }
    gathered?;
    looked_at(stated.len(), "proofs verified against recomputed roots")
}

/// What a claim's calldata says, and proves.
struct Stated<'a> {
    claim: &'a Claim,
    epoch: u64,
    proof: ClaimProof,
}

/// Claims whose values are out of range have no statement; `claim-ranges` tells of them.
fn gather_proofs<'a>(
    evidence: &Evidence<'a>,
    stated: &mut Vec<Stated<'a>>,
) -> Result<(), Objection> {
    let scope = evidence.data.deployment.claim_scope();
    for (claim, call) in direct(evidence.data) {
        let Ok(epoch) = u64::try_from(call.epoch) else {
            return wrong_at(claim, format!("epoch {} never comes", call.epoch));
        };
        let root = evidence.rebuilt.before(epoch)?.root;
        if let Some(proof) = statement(&call, &scope, root) {
            stated.push(Stated {
                claim,
                epoch,
                proof,
            });
        }
    }
    Ok(())
}

pub(super) fn through_contracts(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let hidden = data
        .events
        .claims
        .iter()
        .filter(|claim| matches!(route_of(data, claim), Route::Through))
        .count();
    if hidden == 0 {
        return looked_at(
            data.events.claims.len(),
            "claims, none through another contract",
        );
    }
    Err(Objection::Unchecked {
        why: format!(
            "{hidden} claims were made through other contracts, so their proofs are not in the \
             calldata; all but calldata and proof was checked"
        ),
    })
}

/// Also modulo `r`: an alias of a spent nullifier is the same nullifier to the circuit.
pub(super) fn nullifiers_unique(evidence: &Evidence<'_>) -> Verdict {
    let mut seen = HashMap::new();
    for claim in &evidence.data.events.claims {
        let event = &claim.event;
        if let Some(earlier) = seen.insert(event.nullifierHash % SCALAR_MODULUS, event.epoch) {
            return wrong_at(
                claim,
                format!(
                    "nullifier {:#066x} was paid in epoch {earlier} and again in epoch {}",
                    event.nullifierHash, event.epoch
                ),
            );
        }
    }
    looked_at(seen.len(), "nullifiers, all different")
}
