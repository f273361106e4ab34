#![allow(clippy::unwrap_used)]

mod sample;

use std::sync::LazyLock;

use alloy::primitives::{Address, Bytes, U256, hex, keccak256};
use alloy::sol_types::{SolCall, SolValue};
use annona_chain::bindings::{
    Distributor, IDistributor, MintedIncome, Registry, TimelockController,
};
use annona_core::{BASE_MODULUS, SCALAR_MODULUS};

use super::contracts::Published;
use super::run;
use crate::data::{AdminAction, At, ChainData, Contract, Logged, RegistryBatch};
use crate::{Outcome, Report};
use sample::{
    AMOUNT, BUDGET, EPOCH_LENGTH, FIRST_CLAIM, GENESIS, LATER, MEMBERS, OPENING, SECOND_CLAIM,
    STRANGER, append, call_of, commitment, creation_of, epoch_one, grant, honest, pay, payment,
    revoke, transaction, transfer, word,
};

/// A proof of the right person for the wrong epoch.
static OTHER_EPOCH: LazyLock<Distributor::claimCall> =
    LazyLock::new(|| call_of(1, 2, &payment(1, 3)));

fn report(data: &ChainData) -> Report {
    run(data, |_| ())
}

fn failing(data: &ChainData) -> Vec<&'static str> {
    report(data)
        .checks
        .iter()
        .filter(|check| matches!(check.outcome, Outcome::Fail { .. }))
        .map(|check| check.id)
        .collect()
}

/// The honest deployment, changed, fails exactly the check `id`.
#[track_caller]
fn only(id: &str, change: impl FnOnce(&mut ChainData)) {
    let mut data = honest();
    change(&mut data);
    assert_eq!(failing(&data), [id]);
}

/// As [`only`], and the report names the transaction in `block`.
#[track_caller]
fn only_at(id: &str, block: u64, change: impl FnOnce(&mut ChainData)) {
    let mut data = honest();
    change(&mut data);
    assert_eq!(failing(&data), [id]);
    let report = report(&data);
    let check = report.checks.iter().find(|check| check.id == id).unwrap();
    let Outcome::Fail {
        transaction: shown, ..
    } = &check.outcome
    else {
        panic!("{id} did not fail");
    };
    assert_eq!(*shown, Some(transaction(block)));
}

fn call_in(data: &ChainData, block: u64) -> Distributor::claimCall {
    Distributor::claimCall::abi_decode(&data.transactions[&transaction(block)].input).unwrap()
}

fn set_call(data: &mut ChainData, block: u64, call: &Distributor::claimCall) {
    let sent = data.transactions.get_mut(&transaction(block)).unwrap();
    sent.input = Bytes::from(call.abi_encode());
}

/// A claim that nobody can prove, made where its calldata is not seen.
fn pay_unseen(data: &mut ChainData, block: u64) {
    let call = Distributor::claimCall {
        nullifierHash: word(block),
        ..call_in(data, FIRST_CLAIM)
    };
    pay(data, block, &call);
    data.transactions.get_mut(&transaction(block)).unwrap().to = Some(STRANGER);
}

#[test]
fn an_honest_deployment_passes_every_check_that_the_chain_can_answer() {
    let report = report(&honest());
    let not_passed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.outcome != Outcome::Pass)
        .map(|check| check.id)
        .collect();
    assert_eq!(
        not_passed,
        ["leaves-are-people", "enrolment-signatures", "log-anchors"]
    );
    assert!(report.is_clean());
    assert_eq!(
        (report.passed(), report.failed(), report.not_checked()),
        (26, 0, 3)
    );
    let totals = report.totals;
    assert_eq!(
        (totals.members, totals.batches, totals.epochs, totals.claims),
        (3, 2, 1, 2)
    );
    assert_eq!(totals.paid_wei.0, word(2 * AMOUNT));
    assert_eq!(totals.fees_wei.0, word(3));
    assert_eq!(totals.issued_wei.0, word(BUDGET));
}

#[test]
fn the_report_is_a_function_of_the_chain() {
    let (first, second) = (report(&honest()), report(&honest()));
    assert_eq!(first.to_json(), second.to_json());
    assert_eq!(first.hash(), second.hash());
    let mut other = honest();
    other.head.hash = alloy::primitives::B256::repeat_byte(8);
    assert_ne!(report(&other).hash(), first.hash());
    let json: serde_json::Value = serde_json::from_str(&first.to_json()).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["chainId"], 31_337);
    assert_eq!(json["notChecked"], 3);
    assert_eq!(json["totals"]["paidWei"], "20");
    assert_eq!(json["checks"][0]["id"], "contract-code");
    assert_eq!(json["checks"][0]["outcome"], "pass");
}

#[test]
fn progress_is_told_of_each_check_once() {
    let mut seen = Vec::new();
    let report = run(&honest(), |check| seen.push(check.clone()));
    assert_eq!(seen, report.checks);
}

#[test]
fn a_chain_that_answers_nothing_is_found_wanting_without_a_panic() {
    let mut data = honest();
    data.answers = crate::data::Answers::default();
    data.code.clear();
    data.block_times.clear();
    data.transactions.clear();
    data.epoch_states
        .values_mut()
        .for_each(|state| *state = None);
    data.checkpoints
        .values_mut()
        .for_each(|checkpoint| *checkpoint = None);
    assert_eq!(
        failing(&data),
        [
            "contract-code",
            "immutables",
            "wiring",
            "verifying-key",
            "tree-roots",
            "registry-state",
            "checkpoints",
            "epochs-opened",
            "claim-calls",
            "claim-window",
            "census",
            "supply",
            "balance",
            "timelock-delay",
            "deployer-powerless",
        ]
    );
}

#[test]
fn missing_and_foreign_code_is_found() {
    only("contract-code", |data| {
        data.code.insert(Contract::Verifier, Bytes::new());
    });
    only("contract-code", |data| {
        let mut code = data.code[&Contract::OrbRegistry].to_vec();
        code[40] ^= 1;
        data.code.insert(Contract::OrbRegistry, code.into());
    });
}

#[test]
fn a_distributor_with_a_clock_of_its_own_is_found() {
    let genesis_of_distributor = 24 + 5;
    only("immutables", |data| {
        let mut code = data.code[&Contract::Distributor].to_vec();
        for place in &Published::of(Contract::Distributor).immutables[genesis_of_distributor] {
            code[place.end - 1] ^= 1;
        }
        data.code.insert(Contract::Distributor, code.into());
    });
}

#[test]
fn a_distributor_with_a_key_of_its_own_is_found() {
    let delta = 10;
    only("immutables", |data| {
        let mut code = data.code[&Contract::Distributor].to_vec();
        for place in &Published::of(Contract::Distributor).immutables[delta] {
            code[place.end - 1] ^= 1;
        }
        data.code.insert(Contract::Distributor, code.into());
    });
}

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
    let sent = data
        .transactions
        .get_mut(&transaction(FIRST_CLAIM))
        .unwrap();
    sent.input = Bytes::from(call.abi_encode());
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
    assert!(report(&data).is_clean());
    // A nullifier that the batch does not have is held against its first claim, a false one.
    let mut data = honest();
    let mut batch = as_batch(&data, FIRST_CLAIM);
    batch.claims[1].nullifierHash = word(78);
    set_batch(&mut data, &batch);
    assert_eq!(failing(&data), ["claim-calls", "claim-proofs"]);
    only("claim-proofs", |data| {
        let mut batch = as_batch(data, FIRST_CLAIM);
        batch.claims[1].proof.swap(0, 6);
        batch.claims[1].proof.swap(1, 7);
        set_batch(data, &batch);
    });
}

#[test]
fn a_registry_with_a_verifier_of_its_own_is_found() {
    let last_verifier = 6;
    only("immutables", |data| {
        let mut code = data.code[&Contract::Registry].to_vec();
        for place in &Published::of(Contract::Registry).immutables[last_verifier] {
            code[place.end - 1] ^= 1;
        }
        data.code.insert(Contract::Registry, code.into());
    });
}

#[test]
fn a_wrong_or_missing_reference_is_found() {
    only("wiring", |data| data.answers.token_minter = Some(STRANGER));
    only("wiring", |data| data.answers.income_distributor = None);
}

#[test]
fn a_forgeable_or_foreign_key_is_found() {
    let key = |change: fn(&mut Vec<U256>)| {
        only("verifying-key", |data| {
            change(data.answers.verifying_key.as_mut().unwrap());
        });
    };
    key(|words| words.copy_within(6..10, 10));
    key(|words| words[2..6].fill(U256::ZERO));
    key(|words| words[14..16].fill(U256::ZERO));
    key(|words| words[0] += U256::ONE);
    key(|words| words.truncate(9));
    key(|words| words.truncate(22));
}

#[test]
fn the_reason_names_gamma_and_delta() {
    let mut data = honest();
    data.answers
        .verifying_key
        .as_mut()
        .unwrap()
        .copy_within(6..10, 10);
    let json = report(&data).to_json();
    assert!(json.contains("gamma equals delta"), "{json}");
}

#[test]
fn an_unreadable_event_is_found() {
    only_at("events-readable", LATER, |data| {
        data.events
            .unreadable
            .push(("Claimed", Some(transaction(LATER))));
    });
}

#[test]
fn a_leaf_that_is_no_commitment_or_a_second_one_is_found() {
    let in_epoch_one = GENESIS + EPOCH_LENGTH + 1;
    for leaf in [commitment(1), U256::ZERO, SCALAR_MODULUS] {
        only_at("leaves", LATER, |data| {
            append(data, LATER, in_epoch_one, vec![leaf]);
        });
    }
}

fn appended(data: &mut ChainData, batch: usize) -> &mut Registry::LeavesAppended {
    match &mut data.events.batches[batch].event {
        RegistryBatch::Appended(event) => event,
        RegistryBatch::Revoked(_) => panic!("batch {batch} revokes"),
    }
}

#[test]
fn who_left_is_counted_and_a_root_that_forgets_to_is_found() {
    let leaving = |data: &mut ChainData| {
        let time = data.head.timestamp;
        revoke(data, LATER, time, &[(1, commitment(1))]);
    };
    let mut data = honest();
    leaving(&mut data);
    assert_eq!(failing(&data), [""; 0]);
    let totals = report(&data).totals;
    assert_eq!((totals.members, totals.revoked), (MEMBERS - 1, 1));
    only_at("tree-roots", LATER, |data| {
        leaving(data);
        if let Some(Logged {
            event: RegistryBatch::Revoked(event),
            ..
        }) = data.events.batches.last_mut()
        {
            event.postRoot = event.preRoot;
        }
    });
}

#[test]
fn a_leaf_that_was_not_there_to_be_revoked_is_found() {
    for (index, leaf) in [(1, 2), (0, 1), (MEMBERS, 1)] {
        only_at("revocations", LATER, |data| {
            let time = data.head.timestamp;
            revoke(data, LATER, time, &[(1, commitment(1))]);
            if let Some(Logged {
                event: RegistryBatch::Revoked(event),
                ..
            }) = data.events.batches.last_mut()
            {
                event.removals[0].leafIndex = word(index);
                event.removals[0].commitment = commitment(leaf);
            }
        });
    }
}

#[test]
fn a_root_that_does_not_follow_is_found() {
    only("tree-roots", |data| {
        appended(data, 1).postRoot += U256::ONE;
    });
    only("tree-roots", |data| {
        appended(data, 0).preRoot += U256::ONE;
    });
    only("tree-roots", |data| {
        appended(data, 1).startIndex += U256::ONE;
    });
    only("tree-roots", |data| {
        appended(data, 1).epoch += U256::ONE;
    });
}

#[test]
fn a_registry_that_is_not_where_its_events_lead_is_found() {
    only("registry-state", |data| {
        *data.answers.current_root.as_mut().unwrap() += U256::ONE;
    });
    only("registry-state", |data| {
        *data.answers.next_index.as_mut().unwrap() += U256::ONE;
    });
    only("registry-state", |data| data.answers.member_count = None);
}

#[test]
fn a_wrong_checkpoint_is_found() {
    only("checkpoints", |data| {
        data.checkpoints.get_mut(&2).unwrap().as_mut().unwrap().root += U256::ONE;
    });
    only("checkpoints", |data| {
        data.checkpoints
            .get_mut(&0)
            .unwrap()
            .as_mut()
            .unwrap()
            .members += U256::ONE;
    });
}

#[test]
fn an_epoch_opened_wrongly_is_found() {
    only_at("epochs-opened", OPENING, |data| {
        data.events.opened[0].event.root += U256::ONE;
        epoch_one(data).root += U256::ONE;
    });
    only_at("epochs-opened", OPENING, |data| {
        epoch_one(data).budget += U256::ONE;
    });
    only_at("epochs-opened", OPENING, |data| {
        data.events.funded[0].event.fromTreasury += U256::ONE;
    });
    only_at("epochs-opened", OPENING, |data| {
        data.block_times.insert(OPENING, GENESIS + EPOCH_LENGTH - 1);
    });
    only_at("epochs-opened", OPENING, |data| {
        for logged in &mut data.events.admin {
            if let AdminAction::PerPersonCapChanged(change) = &mut logged.event {
                change.newCap -= U256::ONE;
            }
        }
    });
}

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
        let sent = data
            .transactions
            .get_mut(&transaction(FIRST_CLAIM))
            .unwrap();
        sent.input = Bytes::from(hex!("00112233"));
    });
}

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

#[test]
fn a_claim_outside_its_window_is_found() {
    for time in [GENESIS + EPOCH_LENGTH - 1, GENESIS + 5 * EPOCH_LENGTH] {
        only_at("claim-window", SECOND_CLAIM, |data| {
            data.block_times.insert(SECOND_CLAIM, time);
        });
    }
}

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
fn a_claim_through_a_contract_is_owned_up_to() {
    let mut data = honest();
    pay_unseen(&mut data, LATER);
    let report = report(&data);
    assert!(report.is_clean());
    let check = report
        .checks
        .iter()
        .find(|check| check.id == "claims-through-contracts")
        .unwrap();
    let Outcome::NotChecked { why } = &check.outcome else {
        panic!("{check:?}");
    };
    assert!(why.starts_with("1 claims"), "{why}");
}

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

#[test]
fn more_claims_than_members_are_found() {
    only_at("census", LATER + 1, |data| {
        pay_unseen(data, LATER);
        pay_unseen(data, LATER + 1);
    });
    only("census", |data| {
        epoch_one(data).claimed += U256::ONE;
        *data.answers.distributor_balance.as_mut().unwrap() -= word(AMOUNT);
    });
}

#[test]
fn an_epoch_that_pays_more_than_its_budget_is_found() {
    let mut data = honest();
    for block in LATER..LATER + BUDGET / AMOUNT {
        pay_unseen(&mut data, block);
    }
    assert_eq!(failing(&data), ["census", "payments"]);
}

#[test]
fn a_claim_paid_more_than_its_epoch_gives_is_found() {
    only_at("payments", FIRST_CLAIM, |data| {
        data.events.claims[0].event.amount += U256::ONE;
        let recipient = data.events.claims[0].event.recipient;
        for logged in &mut data.events.transfers {
            if logged.event.to == recipient {
                logged.event.value += U256::ONE;
            }
        }
    });
}

#[test]
fn a_transfer_without_a_reason_or_a_payment_without_a_transfer_is_found() {
    only_at("payments", LATER, |data| {
        transfer(data, LATER, data.deployment.distributor, STRANGER, 1);
    });
    only_at("payments", SECOND_CLAIM, |data| {
        data.events.transfers.pop();
    });
}

#[test]
fn money_out_of_nowhere_is_found() {
    only_at("supply", LATER, |data| {
        transfer(data, LATER, Address::ZERO, STRANGER, 5);
        *data.answers.total_supply.as_mut().unwrap() += word(5);
    });
    only("supply", |data| {
        *data.answers.total_supply.as_mut().unwrap() += U256::ONE;
    });
    only("supply", |data| {
        data.answers.token_cap = Some(word(BUDGET - 1));
    });
    only_at("supply", OPENING, |data| {
        let mut second = data.events.funded[0].clone();
        second.event.epoch += U256::ONE;
        data.events.funded.push(second);
    });
}

#[test]
fn a_distributor_that_cannot_pay_what_it_owes_is_found() {
    only("balance", |data| {
        *data.answers.distributor_balance.as_mut().unwrap() -= U256::ONE;
    });
}

#[test]
fn a_gift_to_the_distributor_is_told_apart() {
    let mut data = honest();
    transfer(&mut data, LATER, STRANGER, sample_distributor(), 7);
    *data.answers.distributor_balance.as_mut().unwrap() += word(7);
    assert_eq!(failing(&data), Vec::<&str>::new());
}

fn sample_distributor() -> Address {
    honest().deployment.distributor
}

#[test]
fn a_closed_epoch_owes_nothing() {
    let mut data = honest();
    let unclaimed = AMOUNT * (MEMBERS - 2);
    let at = sample::place(&data, Contract::Distributor, LATER);
    let event = Distributor::EpochClosed {
        epoch: U256::ONE,
        returned: word(unclaimed),
    };
    data.events.closed.push(Logged { at, event });
    let source = data.deployment.income_source;
    transfer(&mut data, LATER, sample_distributor(), source, unclaimed);
    epoch_one(&mut data).is_closed = true;
    data.answers.distributor_balance = Some(U256::ZERO);
    assert_eq!(failing(&data), Vec::<&str>::new());
}

#[test]
fn a_delay_not_longer_than_an_epoch_is_found() {
    only("timelock-delay", |data| {
        data.answers.min_delay = Some(word(EPOCH_LENGTH));
    });
}

#[test]
fn a_foreign_administrator_is_found() {
    let block = creation_of(Contract::Registry);
    only_at("admin-roles", block, |data| {
        grant(data, Contract::Registry, block, "", STRANGER);
    });
    only("admin-roles", |data| {
        let key = *data.roles.keys().next().unwrap();
        data.roles.insert(key, Some(false));
    });
}

#[test]
fn a_deployer_with_a_role_is_found() {
    let block = creation_of(Contract::Registry);
    only_at("deployer-powerless", block, |data| {
        grant(
            data,
            Contract::Registry,
            block,
            "SEQUENCER_ROLE",
            sample::DEPLOYER,
        );
    });
}

fn raise_income(data: &mut ChainData) {
    let change = MintedIncome::PerPersonChanged {
        oldPerPerson: word(20),
        newPerPerson: word(30),
    };
    let action = AdminAction::PerPersonChanged(change);
    sample::act(data, Contract::IncomeSource, LATER, action);
}

#[test]
fn a_change_past_the_timelock_is_found() {
    only_at("admin-actions", LATER, raise_income);
}

#[test]
fn a_change_by_the_timelock_and_a_pause_are_listed() {
    let mut data = honest();
    raise_income(&mut data);
    let executed = TimelockController::CallExecuted {
        target: data.deployment.income_source,
        ..Default::default()
    };
    let at: At = sample::place(&data, Contract::Timelock, LATER);
    data.events.admin.push(Logged {
        at,
        event: AdminAction::CallExecuted(executed),
    });
    let paused = AdminAction::Paused(Distributor::Paused { account: STRANGER });
    sample::act(&mut data, Contract::Distributor, LATER + 1, paused);
    assert_eq!(failing(&data), Vec::<&str>::new());
    let report = report(&data);
    let check = report
        .checks
        .iter()
        .find(|check| check.id == "admin-actions")
        .unwrap();
    for line in ["income per person changed from 20 to 30", "paused by"] {
        assert!(check.detail.contains(line), "{}", check.detail);
    }
}
