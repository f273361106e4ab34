//! Traces of a deployment: code, answers and the constructors' events.

use std::collections::BTreeMap;

use alloy::primitives::{Address, Bytes, U256};
use annona_bindings::Deployment;
use annona_bindings::contracts::{
    Distributor, MintedIncome, OrbRegistry, Registry, TimelockController,
};
use annona_proofs::VerifyingKey;

use super::super::super::contracts::Published;
use super::{
    AMOUNT, BUDGET, CLAIM_WINDOW, DELAY, DEPLOYER, EPOCH_LENGTH, GENESIS, MEMBERS, PER_PERSON,
    STRANGER, act, creation_of, grant, transaction, word,
};
use crate::data::{AdminAction, Answers, ChainData, Contract, Sent};

/// Runtime code with its immutables filled in, as a constructor leaves it.
fn code(contract: Contract, immutables: &[U256]) -> Bytes {
    let published = Published::of(contract);
    let mut code = published.code;
    for (places, value) in published.immutables.iter().zip(immutables) {
        for place in places {
            code[place.clone()].copy_from_slice(&value.to_be_bytes::<32>());
        }
    }
    Bytes::from(code)
}

pub(super) fn all_code(at: &Deployment) -> BTreeMap<Contract, Bytes> {
    let address = |address: Address| U256::from_be_bytes(address.into_word().0);
    let clock = [word(GENESIS), word(EPOCH_LENGTH)];
    let batch_verifiers = at.append_verifiers.iter().chain(&at.revoke_verifiers);
    let registry: Vec<U256> = clock
        .into_iter()
        .chain(batch_verifiers.map(|verifier| address(*verifier)))
        .collect();
    let source = [address(at.token), address(at.distributor)];
    let mut distributor = VerifyingKey::semaphore_30().to_words();
    distributor.extend([
        address(at.registry),
        address(at.verifier),
        address(at.income_source),
        address(at.token),
        word(CLAIM_WINDOW),
        clock[0],
        clock[1],
    ]);
    Contract::ALL
        .into_iter()
        .map(|contract| {
            let immutables = match contract {
                Contract::Registry => &registry[..],
                Contract::IncomeSource => &source,
                Contract::Distributor => &distributor,
                _ => &[],
            };
            (contract, code(contract, immutables))
        })
        .collect()
}

pub(super) fn answers(at: &Deployment) -> Answers {
    Answers {
        distributor_registry: Some(at.registry),
        distributor_verifier: Some(at.verifier),
        distributor_income_source: Some(at.income_source),
        distributor_token: Some(at.token),
        token_minter: Some(at.income_source),
        income_token: Some(at.token),
        income_distributor: Some(at.distributor),
        genesis: Some(word(GENESIS)),
        epoch_length: Some(word(EPOCH_LENGTH)),
        claim_window: Some(word(CLAIM_WINDOW)),
        min_delay: Some(word(DELAY)),
        per_person_cap: Some(word(AMOUNT)),
        token_cap: Some(word(1_000)),
        total_supply: Some(word(BUDGET)),
        distributor_balance: Some(word(MEMBERS * AMOUNT)),
        verifying_key: Some(VerifyingKey::semaphore_30().to_words()),
        ..Answers::default()
    }
}

pub(super) fn create(data: &mut ChainData) {
    let timelock = data.deployment.timelock;
    for contract in Contract::WITH_HISTORY {
        let block = creation_of(contract);
        grant(data, contract, block, "", timelock);
        let sent = Sent {
            from: DEPLOYER,
            to: None,
            input: Bytes::new(),
            creates: Some(contract.address(&data.deployment)),
        };
        data.transactions.insert(transaction(block), Some(sent));
    }
    let delay = TimelockController::MinDelayChange {
        oldDuration: U256::ZERO,
        newDuration: word(DELAY),
    };
    let block = creation_of(Contract::Timelock);
    act(
        data,
        Contract::Timelock,
        block,
        AdminAction::MinDelayChange(delay),
    );
    let income = MintedIncome::PerPersonChanged {
        oldPerPerson: U256::ZERO,
        newPerPerson: word(PER_PERSON),
    };
    let block = creation_of(Contract::IncomeSource);
    act(
        data,
        Contract::IncomeSource,
        block,
        AdminAction::PerPersonChanged(income),
    );
    let enrolments = Registry::EpochEnrolmentCapChanged {
        oldCap: U256::ZERO,
        newCap: word(100),
    };
    let block = creation_of(Contract::Registry);
    let action = AdminAction::EpochEnrolmentCapChanged(enrolments);
    act(data, Contract::Registry, block, action);
    let block = creation_of(Contract::Registry);
    grant(data, Contract::Registry, block, "SEQUENCER_ROLE", STRANGER);
    let block = creation_of(Contract::Distributor);
    grant(data, Contract::Distributor, block, "PAUSER_ROLE", STRANGER);
    let cap = Distributor::PerPersonCapChanged {
        oldCap: U256::ZERO,
        newCap: word(AMOUNT),
    };
    act(
        data,
        Contract::Distributor,
        block,
        AdminAction::PerPersonCapChanged(cap),
    );
    let block = creation_of(Contract::OrbRegistry);
    let orb = OrbRegistry::OrbRegistered { orb: STRANGER };
    act(
        data,
        Contract::OrbRegistry,
        block,
        AdminAction::OrbRegistered(orb),
    );
    data.events.admin.sort_by_key(|logged| logged.at);
}
