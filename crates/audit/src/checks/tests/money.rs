use alloy::primitives::{Address, U256};
use annona_bindings::contracts::Distributor;

use super::sample::{
    self, AMOUNT, BUDGET, EPOCH_LENGTH, FIRST_CLAIM, GENESIS, LATER, MEMBERS, OPENING,
    SECOND_CLAIM, STRANGER, epoch_one, honest, transfer, word,
};
use super::{failing, only, only_at, pay_unseen};
use crate::data::{AdminAction, Contract, Logged};

fn sample_distributor() -> Address {
    honest().deployment.distributor
}

/// Tests AUDIT-15.
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
        data.answers.per_person_cap = Some(word(AMOUNT - 1));
    });
}

/// Tests AUDIT-23.
#[test]
fn more_claims_than_members_are_found() {
    only_at("census", LATER + 1, |data| {
        pay_unseen(data, LATER);
        pay_unseen(data, LATER + 1);
    });
    let mut data = honest();
    epoch_one(&mut data).claimed += U256::ONE;
    assert_eq!(failing(&data), ["census", "balance"]);
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

/// Tests AUDIT-24.
#[test]
fn a_transfer_without_a_reason_or_a_payment_without_a_transfer_is_found() {
    only_at("payments", LATER, |data| {
        transfer(data, LATER, data.deployment.distributor, STRANGER, 1);
    });
    only_at("payments", SECOND_CLAIM, |data| {
        data.events.transfers.pop();
    });
}

/// Tests AUDIT-25.
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

/// Tests AUDIT-26.
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
fn transfers_of_nothing_are_left_out_on_both_sides() {
    let mut data = honest();
    let (distributor, source) = (sample_distributor(), data.deployment.income_source);
    for from in [distributor, source] {
        transfer(&mut data, LATER, from, STRANGER, 0);
        transfer(&mut data, FIRST_CLAIM, from, source, 0);
    }
    assert_eq!(failing(&data), Vec::<&str>::new());
}
