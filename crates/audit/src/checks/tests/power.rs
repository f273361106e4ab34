use alloy::primitives::{Address, B256, keccak256};
use annona_bindings::contracts::{
    Distributor, MintedIncome, OrbRegistry, Registry, TimelockController,
};

use super::super::cover::calldata_of;
use super::sample::{
    self, DELAY, EPOCH_LENGTH, LATER, STRANGER, act, creation_of, grant, honest, word,
};
use super::{check_of, failing, only, only_at, report};
use crate::AuditVerdict;
use crate::data::{AdminAction, ChainData, Contract};

fn raise_income(data: &mut ChainData) {
    let change = MintedIncome::PerPersonChanged {
        oldPerPerson: word(20),
        newPerPerson: word(30),
    };
    let action = AdminAction::PerPersonChanged(change);
    sample::act(data, Contract::IncomeSource, LATER, action);
}

fn income() -> AdminAction {
    AdminAction::PerPersonChanged(MintedIncome::PerPersonChanged {
        oldPerPerson: word(20),
        newPerPerson: word(30),
    })
}

fn update_delay(delay: u64) -> AdminAction {
    AdminAction::MinDelayChange(TimelockController::MinDelayChange {
        oldDuration: word(DELAY),
        newDuration: word(delay),
    })
}

fn set_delay(data: &mut ChainData, block: u64, delay: u64) {
    act(data, Contract::Timelock, block, update_delay(delay));
}

/// An operation that asks for `action` at `target`, executed in `block` after `waited` seconds.
fn operate(data: &mut ChainData, block: u64, target: Contract, action: &AdminAction, waited: u64) {
    let (id, call) = (B256::from(word(block)), calldata_of(action).unwrap());
    let target = target.address(&data.deployment);
    let earlier = block - 10;
    let scheduled = TimelockController::CallScheduled {
        id,
        target,
        data: call.clone().into(),
        delay: word(waited),
        ..Default::default()
    };
    let at = sample::place(data, Contract::Timelock, earlier);
    let event = AdminAction::CallScheduled(scheduled);
    data.events.admin.push(crate::data::Logged { at, event });
    let executed = TimelockController::CallExecuted {
        id,
        target,
        data: call.into(),
        ..Default::default()
    };
    act(
        data,
        Contract::Timelock,
        block,
        AdminAction::CallExecuted(executed),
    );
    data.events.admin.sort_by_key(|logged| logged.at);
    let now = data.head.timestamp;
    data.block_times.insert(earlier, now - waited);
    data.block_times.insert(block, now);
}

/// Tests AUDIT-27.
#[test]
fn a_delay_not_longer_than_an_epoch_is_found() {
    only("timelock-delay", |data| {
        data.answers.min_delay = Some(word(EPOCH_LENGTH));
        set_delay(data, LATER, EPOCH_LENGTH);
        operate(
            data,
            LATER,
            Contract::Timelock,
            &update_delay(EPOCH_LENGTH),
            DELAY,
        );
    });
}

/// Tests AUDIT-28.
#[test]
fn a_foreign_administrator_is_found() {
    let block = creation_of(Contract::Registry);
    only_at("admin-roles", block, |data| {
        grant(data, Contract::Registry, block, "", STRANGER);
    });
}

/// Tests AUDIT-29.
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

/// Tests AUDIT-30.
#[test]
fn a_change_past_the_timelock_is_found() {
    only_at("admin-actions", LATER, raise_income);
}

#[test]
fn a_change_by_the_timelock_and_a_pause_are_listed() {
    let mut data = honest();
    raise_income(&mut data);
    operate(&mut data, LATER, Contract::IncomeSource, &income(), DELAY);
    let paused = AdminAction::Paused(Distributor::Paused { account: STRANGER });
    sample::act(&mut data, Contract::Distributor, LATER + 1, paused);
    assert_eq!(report(&data).verdict(), AuditVerdict::Passed);
    let check = check_of(&data, "admin-actions");
    for line in ["income per person changed from 20 to 30", "paused by"] {
        assert!(check.detail.contains(line), "{}", check.detail);
    }
}

#[test]
fn an_execution_covers_only_the_act_that_it_asks_for() {
    // Another target.
    only_at("admin-actions", LATER, |data| {
        raise_income(data);
        operate(data, LATER, Contract::OrbRegistry, &income(), DELAY);
    });
    // Other values.
    only_at("admin-actions", LATER, |data| {
        raise_income(data);
        let other = AdminAction::PerPersonChanged(MintedIncome::PerPersonChanged {
            oldPerPerson: word(20),
            newPerPerson: word(31),
        });
        operate(data, LATER, Contract::IncomeSource, &other, DELAY);
    });
    // An act after the execution.
    only_at("admin-actions", LATER, |data| {
        operate(data, LATER, Contract::IncomeSource, &income(), DELAY);
        raise_income(data);
    });
    // Two acts, one execution.
    only_at("admin-actions", LATER, |data| {
        raise_income(data);
        raise_income(data);
        operate(data, LATER, Contract::IncomeSource, &income(), DELAY);
    });
    // Another act between the act and the execution.
    only_at("admin-actions", LATER, |data| {
        raise_income(data);
        let orb = OrbRegistry::OrbRegistered { orb: STRANGER };
        act(
            data,
            Contract::OrbRegistry,
            LATER,
            AdminAction::OrbRegistered(orb),
        );
        operate(data, LATER, Contract::IncomeSource, &income(), DELAY);
    });
    // The creation of one contract covers no act on another.
    let creation = creation_of(Contract::Registry);
    only_at("admin-actions", creation, |data| {
        act(data, Contract::IncomeSource, creation, income());
    });
}

#[test]
fn a_delay_of_nothing_for_a_while_is_found() {
    let mut data = honest();
    set_delay(&mut data, LATER, 0);
    operate(
        &mut data,
        LATER,
        Contract::Timelock,
        &update_delay(0),
        DELAY,
    );
    raise_income(&mut data);
    data.events.admin.last_mut().unwrap().at.block = LATER + 1;
    data.events.admin.last_mut().unwrap().at.transaction = sample::transaction(LATER + 1);
    operate(&mut data, LATER + 1, Contract::IncomeSource, &income(), 0);
    set_delay(&mut data, LATER + 2, DELAY);
    operate(
        &mut data,
        LATER + 2,
        Contract::Timelock,
        &update_delay(DELAY),
        0,
    );
    assert_eq!(failing(&data), ["timelock-delay"]);
    let objections = check_of(&data, "timelock-delay").objections;
    assert_eq!(objections.len(), 3, "{objections:?}");
}

#[test]
fn an_operation_that_did_not_wait_or_was_never_scheduled_is_found() {
    only_at("timelock-delay", LATER, |data| {
        raise_income(data);
        operate(data, LATER, Contract::IncomeSource, &income(), DELAY);
        *data.block_times.get_mut(&LATER).unwrap() -= 1;
    });
    only_at("timelock-delay", LATER, |data| {
        raise_income(data);
        operate(data, LATER, Contract::IncomeSource, &income(), DELAY);
        data.events
            .admin
            .retain(|logged| !matches!(logged.event, AdminAction::CallScheduled(_)));
    });
}

#[test]
fn a_role_that_was_held_for_one_transaction_is_found() {
    let give_up = |data: &mut ChainData, contract, role: &str, account: Address| {
        grant(data, contract, LATER, role, account);
        let role = if role.is_empty() {
            B256::ZERO
        } else {
            keccak256(role)
        };
        let event = Registry::RoleGranted {
            role,
            account,
            sender: STRANGER,
        };
        let granted = AdminAction::RoleGranted(event);
        operate(data, LATER, contract, &granted, DELAY);
        let event = Registry::RoleRevoked {
            role,
            account,
            sender: account,
        };
        act(data, contract, LATER, AdminAction::RoleRevoked(event));
        let key = crate::data::RoleKey {
            contract,
            role,
            account,
        };
        data.roles.insert(key, Some(false));
    };
    only_at("admin-roles", LATER, |data| {
        give_up(data, Contract::Registry, "", STRANGER);
    });
    only_at("deployer-powerless", LATER, |data| {
        give_up(data, Contract::Distributor, "PAUSER_ROLE", sample::DEPLOYER);
    });
    let mut data = honest();
    let other = Address::repeat_byte(0x66);
    give_up(&mut data, Contract::Registry, "SEQUENCER_ROLE", other);
    let check = check_of(&data, "admin-roles");
    let line = format!("SEQUENCER_ROLE of Registry: {other}, given up or taken");
    assert!(check.detail.contains(&line), "{}", check.detail);
}
