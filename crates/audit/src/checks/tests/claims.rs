use std::sync::LazyLock;

use alloy::primitives::{Bytes, U256, hex, keccak256};
use alloy::sol_types::{SolCall, SolValue};
use annona_bindings::contracts::{Distributor, IDistributor};
use annona_core::{BASE_MODULUS, SCALAR_MODULUS};

use super::sample::{
    EPOCH_LENGTH, FIRST_CLAIM, GENESIS, LATER, SECOND_CLAIM, STRANGER, call_of, honest, pay,
    payment, sent, skip, transaction, word,
};
use super::{call_in, check_of, failing, not_shown, only, only_at, pay_unseen, report, set_call};
use crate::AuditVerdict;
use crate::data::{ChainData, Contract, Logged};

/// A proof of the right person for the wrong epoch.
static OTHER_EPOCH: LazyLock<Distributor::claimCall> =
    LazyLock::new(|| call_of(1, 2, &payment(1, 3)));

/// The claims of one block as one call of `claimBatch`.
fn as_batch(data: &ChainData, block: u64) -> Distributor::claimBatchCall {
    let call = call_in(data, block);
    let claim = IDistributor::Claim {
        nullifierHash: call.nullifierHash,
        recipient: call.recipient,
        feeRecipient: call.feeRecipient,
        fee: call.fee,
        proof: call.proof,
    };
    let other = IDistributor::Claim {
        nullifierHash: word(77),
        ..claim.clone()
    };
    Distributor::claimBatchCall {
        epoch: call.epoch,
        claims: vec![other, claim],
    }
}

fn set_batch(data: &mut ChainData, call: &Distributor::claimBatchCall) {
    sent(data, FIRST_CLAIM).input = Bytes::from(call.abi_encode());
    let opened = data.events.opened.iter();
    let mut roots = opened.filter(|opened| opened.event.epoch == call.epoch);
    let root = roots.next().unwrap().event.root;
    let seed = (
        "annona.batch.v1".to_owned(),
        U256::from(data.deployment.chain_id),
        data.deployment.distributor,
        call.epoch,
        root,
        call.claims.clone(),
    );
    let seed = keccak256(seed.abi_encode_params());
    let paid = data.events.claims.iter_mut();
    for claim in paid.filter(|claim| claim.at.block == FIRST_CLAIM) {
        claim.event.batchId = seed.into();
    }
}

#[test]
fn a_batch_whose_coefficients_may_have_been_chosen_is_found() {
    only("claim-calls", |data| {
        let batch = as_batch(data, FIRST_CLAIM);
        set_batch(data, &batch);
        data.events.claims[0].event.batchId += U256::ONE;
    });
    only("claim-calls", |data| {
        data.events.claims[0].event.batchId = U256::ONE;
    });
}

#[test]
fn a_claim_in_a_batch_is_compared_and_verified() {
    let mut data = honest();
    let batch = as_batch(&data, FIRST_CLAIM);
    set_batch(&mut data, &batch);
    assert_eq!(report(&data).verdict(), AuditVerdict::Passed);
    // Of a nullifier that the batch does not have there is no proof to look at.
    let mut data = honest();
    let mut batch = as_batch(&data, FIRST_CLAIM);
    batch.claims[1].nullifierHash = word(78);
    set_batch(&mut data, &batch);
    assert_eq!(failing(&data), ["claim-calls"]);
    only("claim-proofs", |data| {
        let mut batch = as_batch(data, FIRST_CLAIM);
        batch.claims[1].proof.swap(0, 6);
        batch.claims[1].proof.swap(1, 7);
        set_batch(data, &batch);
    });
}

/// Tests AUDIT-16.
#[test]
fn a_payment_to_someone_else_than_the_calldata_says_is_found() {
    only_at("claim-calls", FIRST_CLAIM, |data| {
        let recipient = data.events.claims[0].event.recipient;
        data.events.claims[0].event.recipient = STRANGER;
        for logged in &mut data.events.transfers {
            if logged.event.to == recipient {
                logged.event.to = STRANGER;
            }
        }
    });
    only_at("claim-calls", FIRST_CLAIM, |data| {
        sent(data, FIRST_CLAIM).input = Bytes::from(hex!("00112233"));
    });
}

/// Tests AUDIT-17.
#[test]
fn a_value_outside_its_field_is_found() {
    only_at("claim-ranges", FIRST_CLAIM, |data| {
        let mut call = call_in(data, FIRST_CLAIM);
        call.nullifierHash += SCALAR_MODULUS;
        set_call(data, FIRST_CLAIM, &call);
        data.events.claims[0].event.nullifierHash += SCALAR_MODULUS;
    });
    only_at("claim-ranges", SECOND_CLAIM, |data| {
        let mut call = call_in(data, SECOND_CLAIM);
        call.proof[3] += BASE_MODULUS;
        set_call(data, SECOND_CLAIM, &call);
    });
}

/// Tests AUDIT-18.
#[test]
fn a_claim_outside_its_window_is_found() {
    for time in [GENESIS + EPOCH_LENGTH - 1, GENESIS + 5 * EPOCH_LENGTH] {
        only_at("claim-window", SECOND_CLAIM, |data| {
            data.block_times.insert(SECOND_CLAIM, time);
        });
    }
}

/// Tests AUDIT-19.
#[test]
fn a_wrong_external_nullifier_is_found() {
    only("external-nullifiers", |data| {
        *data
            .external_nullifiers
            .get_mut(&U256::ONE)
            .unwrap()
            .as_mut()
            .unwrap() += U256::ONE;
    });
}

/// Tests AUDIT-20.
#[test]
fn a_claim_without_a_proof_is_found() {
    only_at("claim-proofs", SECOND_CLAIM, |data| {
        let mut call = call_in(data, SECOND_CLAIM);
        call.proof = OTHER_EPOCH.proof;
        set_call(data, SECOND_CLAIM, &call);
    });
    only_at("claim-proofs", FIRST_CLAIM, |data| {
        let mut call = call_in(data, FIRST_CLAIM);
        call.nullifierHash += U256::ONE;
        set_call(data, FIRST_CLAIM, &call);
        data.events.claims[0].event.nullifierHash += U256::ONE;
    });
    only_at("claim-proofs", FIRST_CLAIM, |data| {
        let mut call = call_in(data, FIRST_CLAIM);
        call.proof[0] -= U256::ONE;
        set_call(data, FIRST_CLAIM, &call);
    });
}

#[test]
fn a_recipient_changed_everywhere_still_breaks_the_proof() {
    only_at("claim-proofs", FIRST_CLAIM, |data| {
        let mut call = call_in(data, FIRST_CLAIM);
        let recipient = std::mem::replace(&mut call.recipient, STRANGER);
        set_call(data, FIRST_CLAIM, &call);
        data.events.claims[0].event.recipient = STRANGER;
        for logged in &mut data.events.transfers {
            if logged.event.to == recipient {
                logged.event.to = STRANGER;
            }
        }
    });
}

#[test]
fn a_claim_through_a_contract_is_owned_up_to_where_there_are_no_traces() {
    not_shown(|data| pay_unseen(data, LATER));
    let mut data = honest();
    pay_unseen(&mut data, LATER);
    let gaps = check_of(&data, "claims-through-contracts").gaps;
    assert!(gaps[0].why().starts_with("1 claims"), "{gaps:?}");
    assert!(gaps[0].remedy().unwrap().contains("debug_traceTransaction"));
}

/// Tests AUDIT-21.
#[test]
fn a_claim_through_a_contract_is_held_against_the_trace() {
    let mut data = honest();
    let input = data
        .transaction(transaction(FIRST_CLAIM))
        .unwrap()
        .input
        .clone();
    sent(&mut data, FIRST_CLAIM).to = Some(STRANGER);
    sent(&mut data, FIRST_CLAIM).input = Bytes::from(hex!("00112233"));
    let inner = Some(vec![Bytes::new(), input.clone()]);
    data.inner_calls.insert(transaction(FIRST_CLAIM), inner);
    assert_eq!(report(&data).verdict(), AuditVerdict::Passed);
    let mut call = Distributor::claimCall::abi_decode(&input).unwrap();
    call.proof = OTHER_EPOCH.proof;
    let inner = Some(vec![Bytes::from(call.abi_encode())]);
    data.inner_calls.insert(transaction(FIRST_CLAIM), inner);
    assert_eq!(failing(&data), ["claim-proofs"]);
}

#[test]
fn a_transaction_that_the_endpoint_does_not_know_accuses_nobody() {
    not_shown(|data| {
        data.transactions.insert(transaction(FIRST_CLAIM), None);
    });
}

#[test]
fn a_claim_that_was_passed_over_and_paid_is_found() {
    only_at("claim-calls", FIRST_CLAIM, |data| {
        let call = call_in(data, FIRST_CLAIM);
        skip(data, FIRST_CLAIM, call.epoch, call.nullifierHash);
    });
}

#[test]
fn a_fee_that_was_not_asked_for_is_found() {
    only_at("claim-calls", FIRST_CLAIM, |data| {
        let call = call_in(data, FIRST_CLAIM);
        let at = super::sample::place(data, Contract::Distributor, FIRST_CLAIM);
        let event = Distributor::FeePaid {
            epoch: call.epoch,
            nullifierHash: call.nullifierHash,
            feeRecipient: STRANGER,
            fee: U256::ONE,
        };
        data.events.fees.push(Logged { at, event });
        let recipient = call.recipient;
        let mut transfers = data.events.transfers.iter_mut();
        let paid = transfers.find(|one| one.event.to == recipient).unwrap();
        paid.event.value -= U256::ONE;
        let distributor = data.deployment.distributor;
        super::sample::transfer(data, FIRST_CLAIM, distributor, STRANGER, 1);
    });
}

/// Tests AUDIT-22.
#[test]
fn a_nullifier_paid_twice_is_found() {
    only_at("nullifiers-unique", LATER, |data| {
        let call = call_in(data, FIRST_CLAIM);
        pay(data, LATER, &call);
    });
}

#[test]
fn an_alias_of_a_spent_nullifier_is_found_twice_over() {
    let mut data = honest();
    let mut call = call_in(&data, FIRST_CLAIM);
    call.nullifierHash += SCALAR_MODULUS;
    pay(&mut data, LATER, &call);
    assert_eq!(failing(&data), ["claim-ranges", "nullifiers-unique"]);
}
