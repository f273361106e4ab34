use alloy::primitives::{Bytes, U256};

use super::super::contracts::Published;
use super::sample::{LATER, STRANGER, honest, transaction};
use super::{failing, only, only_at, report};
use crate::data::{ChainData, Contract};

/// Tests AUDIT-4.
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

/// Tests AUDIT-6.
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

/// Tests AUDIT-7.
#[test]
fn a_wrong_or_missing_reference_is_found() {
    only("wiring", |data| data.answers.token_minter = Some(STRANGER));
    only("wiring", |data| data.answers.income_distributor = None);
}

/// Tests AUDIT-8.
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

/// Tests AUDIT-9.
#[test]
fn an_unreadable_event_is_found() {
    only_at("events-readable", LATER, |data| {
        data.events
            .unreadable
            .push(("Claimed", Some(transaction(LATER))));
    });
}

/// A deployment on chain 1, with everything in it that hangs on the chain's id.
fn on_chain_one(data: &mut ChainData) {
    data.deployment.chain_id = 1;
}

/// Tests AUDIT-5.
#[test]
fn test_keys_fail_outside_development_chains() {
    let mut data = honest();
    on_chain_one(&mut data);
    let check = super::check_of(&data, "batch-verifier-keys");
    assert_eq!(check.objections.len(), Contract::BATCH_VERIFIERS.len());
    assert!(
        check.objections[0].what.contains("UNSAFE test key"),
        "{check:?}"
    );
    data.deployment.chain_id = 1337;
    assert!(!failing(&data).contains(&"batch-verifier-keys"));
}
