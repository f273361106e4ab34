//! Nothing that someone without a role can do makes a check fail.

use alloy::primitives::{B256, Bytes, U256, keccak256};
use alloy::sol_types::{SolCall, SolValue};
use annona_bindings::contracts::{Distributor, IDistributor};
use proptest::prelude::*;

use super::sample::{
    self, AMOUNT, FIRST_CLAIM, SECOND_CLAIM, STRANGER, epoch_one, honest, skip, transaction, word,
};
use super::{call_in, cases, failing, report};
use crate::AuditVerdict;
use crate::data::{ChainData, Contract, Logged};

/// A request that is skipped beside a true one.
#[derive(Debug, Clone)]
pub(super) struct Decoy {
    epoch: Option<u64>,
    is_recipient_other: bool,
    fee: u64,
    proof: DecoyProof,
    is_before: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum DecoyProof {
    True,
    OfOther,
    Malformed,
}

/// Way in which a true claim is brought to the distributor.
#[derive(Debug, Clone, Copy)]
pub(super) enum Vehicle {
    CatchUp,
    Batch,
    /// Through a contract that calls several times, and the endpoint shows the calls.
    Traced,
    /// Through a contract, and the endpoint shows no calls.
    Untraced,
}

#[derive(Debug, Clone)]
pub(super) enum Act {
    TransferNothing {
        from_source: bool,
        to_source: bool,
        block: u64,
    },
    Gift {
        to_source: bool,
        amount: u64,
        block: u64,
    },
    Bring {
        is_first: bool,
        vehicle: Vehicle,
        decoys: Vec<Decoy>,
        tail: Vec<u8>,
    },
    SkippedOnly {
        decoys: usize,
        block: u64,
    },
    CloseOpened,
}

fn arb_decoy() -> impl Strategy<Value = Decoy> {
    let proof = prop_oneof![
        Just(DecoyProof::True),
        Just(DecoyProof::OfOther),
        Just(DecoyProof::Malformed),
    ];
    let epoch = prop::option::of(prop_oneof![Just(0_u64), Just(2), 3..2_000_000_u64]);
    (epoch, any::<bool>(), 0..50_u64, proof, any::<bool>()).prop_map(
        |(epoch, is_recipient_other, fee, proof, is_before)| Decoy {
            epoch,
            is_recipient_other,
            fee,
            proof,
            is_before,
        },
    )
}

pub(super) fn arb_act() -> impl Strategy<Value = Act> {
    let vehicle = prop_oneof![
        Just(Vehicle::CatchUp),
        Just(Vehicle::Batch),
        Just(Vehicle::Traced),
        Just(Vehicle::Untraced),
    ];
    let block = || 2..30_u64;
    let decoys = prop::collection::vec(arb_decoy(), 0..5);
    let tail = prop::collection::vec(any::<u8>(), 0..70);
    prop_oneof![
        (any::<bool>(), any::<bool>(), block()).prop_map(|(from_source, to_source, block)| {
            Act::TransferNothing {
                from_source,
                to_source,
                block,
            }
        }),
        (any::<bool>(), 1..100_u64, block()).prop_map(|(to_source, amount, block)| Act::Gift {
            to_source,
            amount,
            block
        }),
        (any::<bool>(), vehicle, decoys, tail).prop_map(|(is_first, vehicle, decoys, tail)| {
            Act::Bring {
                is_first,
                vehicle,
                decoys,
                tail,
            }
        }),
        (1..4_usize, block()).prop_map(|(decoys, block)| Act::SkippedOnly { decoys, block }),
        Just(Act::CloseOpened),
    ]
}

/// Acts as a stranger can on the contracts, with the events that these leave. An act that is not
/// possible after the earlier ones does nothing.
pub(super) fn do_act(data: &mut ChainData, act: &Act) {
    let (distributor, source) = (data.deployment.distributor, data.deployment.income_source);
    let of = |is_source: bool, other| if is_source { source } else { other };
    match act {
        Act::TransferNothing {
            from_source,
            to_source,
            block,
        } => {
            let (from, to) = (of(*from_source, distributor), of(*to_source, STRANGER));
            sample::transfer(data, *block, from, to, 0);
        }
        Act::Gift {
            to_source,
            amount,
            block,
        } => {
            let to = of(*to_source, distributor);
            sample::transfer(data, *block, STRANGER, to, *amount);
            if to == distributor {
                *data.answers.distributor_balance.as_mut().unwrap() += word(*amount);
            }
        }
        Act::Bring {
            is_first,
            vehicle,
            decoys,
            tail,
        } => {
            let block = if *is_first { FIRST_CLAIM } else { SECOND_CLAIM };
            bring(data, block, *vehicle, decoys, tail);
        }
        Act::SkippedOnly { decoys, block } => {
            for number in 0..*decoys {
                let epoch = data.events.claims[0].event.epoch;
                skip(data, *block, epoch, word(900 + number as u64));
            }
        }
        Act::CloseOpened => close(data),
    }
}

fn close(data: &mut ChainData) {
    if epoch_one(data).is_closed {
        return;
    }
    epoch_one(data).is_closed = true;
    let unclaimed = word(AMOUNT) * (epoch_one(data).member_count - epoch_one(data).claimed);
    let at = sample::place(data, Contract::Distributor, 29);
    let event = Distributor::EpochClosed {
        epoch: U256::ONE,
        returned: unclaimed,
    };
    data.events.closed.push(Logged { at, event });
    let (distributor, source) = (data.deployment.distributor, data.deployment.income_source);
    sample::transfer(data, 29, distributor, source, unclaimed.to());
    *data.answers.distributor_balance.as_mut().unwrap() -= unclaimed;
}

/// Has the true claim of `block` come in another way, among decoys that are skipped.
fn bring(data: &mut ChainData, block: u64, vehicle: Vehicle, decoys: &[Decoy], tail: &[u8]) {
    let hash = transaction(block);
    if is_brought(data, hash) {
        return;
    }
    let call = call_in(data, block);
    let other = call_in(&honest(), FIRST_CLAIM + SECOND_CLAIM - block).proof;
    let is_batch = matches!(vehicle, Vehicle::Batch);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for decoy in decoys {
        let made = made(decoy, &call, other, is_batch);
        if decoy.is_before && !is_batch {
            before.push(made);
        } else {
            after.push(made);
        }
    }
    for decoy in before.iter().chain(&after) {
        skip(data, block, decoy.epoch, call.nullifierHash);
    }
    let truth = IDistributor::EpochClaim {
        epoch: call.epoch,
        claim: claim_of(&call),
    };
    let entries = [before, vec![truth], after].concat();
    let (batch_id, mut input) = encode(data, is_batch, call.epoch, entries);
    input.extend_from_slice(tail);
    for claim in &mut data.events.claims {
        if claim.at.transaction == hash {
            claim.event.batchId = batch_id;
        }
    }
    let (distributor, tail) = (data.deployment.distributor, Bytes::from(tail.to_vec()));
    let opening = Distributor::openEpochCall { epoch: call.epoch }.abi_encode();
    let (to, seen, inner) = match vehicle {
        Vehicle::CatchUp | Vehicle::Batch => (distributor, Bytes::from(input), None),
        Vehicle::Traced => {
            let calls = vec![Bytes::from(opening), Bytes::from(input), tail.clone()];
            (STRANGER, tail, Some(Some(calls)))
        }
        Vehicle::Untraced => (STRANGER, tail, Some(None)),
    };
    let sent = sample::sent(data, block);
    (sent.to, sent.input) = (Some(to), seen);
    if let Some(inner) = inner {
        data.inner_calls.insert(hash, inner);
    }
}

/// Returns whether the claim came in another way already.
fn is_brought(data: &ChainData, hash: B256) -> bool {
    let mut paid = data.events.claims.iter();
    let paid = paid.find(|claim| claim.at.transaction == hash);
    data.inner_calls.contains_key(&hash) || paid.is_some_and(|claim| !claim.event.batchId.is_zero())
}

fn claim_of(call: &Distributor::claimCall) -> IDistributor::Claim {
    IDistributor::Claim {
        nullifierHash: call.nullifierHash,
        recipient: call.recipient,
        feeRecipient: call.feeRecipient,
        fee: call.fee,
        proof: call.proof,
    }
}

/// A decoy that the contract skips at its place: before the true claim for its epoch or its
/// fee, behind it also because the nullifier hash is spent.
fn made(
    decoy: &Decoy,
    call: &Distributor::claimCall,
    other: [U256; 8],
    is_batch: bool,
) -> IDistributor::EpochClaim {
    let mut claim = claim_of(call);
    if decoy.is_recipient_other {
        claim.recipient = STRANGER;
    }
    claim.proof = match decoy.proof {
        DecoyProof::True => claim.proof,
        DecoyProof::OfOther => other,
        DecoyProof::Malformed => [U256::MAX; 8],
    };
    let epoch = decoy.epoch.filter(|_| !is_batch).map_or(call.epoch, word);
    if decoy.is_before && epoch == call.epoch && !is_batch {
        claim.fee = word(AMOUNT + 1 + decoy.fee);
    }
    IDistributor::EpochClaim { epoch, claim }
}

fn encode(
    data: &ChainData,
    is_batch: bool,
    epoch: U256,
    entries: Vec<IDistributor::EpochClaim>,
) -> (U256, Vec<u8>) {
    let (chain_id, distributor) = (
        U256::from(data.deployment.chain_id),
        data.deployment.distributor,
    );
    let root_of = |of: U256| {
        if of == epoch {
            data.events.opened[0].event.root
        } else {
            U256::ZERO
        }
    };
    if is_batch {
        let claims: Vec<_> = entries.into_iter().map(|entry| entry.claim).collect();
        let domain = "annona.batch.v1".to_owned();
        let root = root_of(epoch);
        let seed = (domain, chain_id, distributor, epoch, root, claims.clone());
        let input = Distributor::claimBatchCall { epoch, claims }.abi_encode();
        return (keccak256(seed.abi_encode_params()).into(), input);
    }
    let roots: Vec<U256> = entries.iter().map(|entry| root_of(entry.epoch)).collect();
    let domain = "annona.catchup.v1".to_owned();
    let seed = (domain, chain_id, distributor, roots, entries.clone());
    let input = Distributor::catchUpCall { claims: entries }.abi_encode();
    (keccak256(seed.abi_encode_params()).into(), input)
}

proptest! {
    #![proptest_config(cases())]

    /// Tests AUDIT-35.
    #[test]
    fn a_stranger_makes_no_check_fail(acts in prop::collection::vec(arb_act(), 1..8)) {
        let mut data = honest();
        for act in &acts {
            do_act(&mut data, act);
        }
        prop_assert_eq!(failing(&data), Vec::<&str>::new());
        let is_untraced = data.inner_calls.values().any(Option::is_none);
        let expected = if is_untraced {
            AuditVerdict::Incomplete
        } else {
            AuditVerdict::Passed
        };
        prop_assert_eq!(report(&data).verdict(), expected);
    }
}
