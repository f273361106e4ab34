use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, U256};
use annona_chain::bindings::Distributor;
use annona_core::{ClaimWindow, Epoch, UnixSeconds};

use super::rebuilt::{calendar, looked_at};
use super::{Evidence, Objection, Verdict, answer, sum, wrong, wrong_at};
use crate::data::{AdminAction, At, ChainData, EpochState, Logged};

type Claim = Logged<Distributor::Claimed>;
type Opened = Logged<Distributor::EpochOpened>;

/// Transfers, counted: transaction, receiver, amount.
type Ledger = BTreeMap<(B256, Address, U256), i64>;

pub(super) fn epochs_opened(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let mut budgets = BTreeMap::new();
    for opened in &data.events.opened {
        let event = &opened.event;
        if budgets.insert(event.epoch, event.budget).is_some() {
            return wrong_at(opened, format!("epoch {} was opened twice", event.epoch));
        }
        opened_in_time(data, opened)?;
        opened_for_its_members(evidence, opened)?;
        amount_is_due(data, opened)?;
        budget_was_funded(data, opened)?;
        same_as_stored(data, opened)?;
    }
    for claim in &data.events.claims {
        if !budgets.contains_key(&claim.event.epoch) {
            return wrong_at(
                claim,
                format!("epoch {} was paid but never opened", claim.event.epoch),
            );
        }
    }
    looked_at(budgets.len(), "epochs opened")
}

fn opened_in_time(data: &ChainData, opened: &Opened) -> Result<(), Objection> {
    let clock = calendar(data)?;
    let window = answer(data.answers.claim_window.as_ref(), "claimWindow()")?;
    let window = ClaimWindow(u64::try_from(window).unwrap_or(u64::MAX));
    let (Ok(epoch), Some(time)) = (
        u64::try_from(opened.event.epoch),
        data.block_times.get(&opened.at.block),
    ) else {
        return wrong_at(opened, "an epoch was opened at no time");
    };
    match window.check(&clock, Epoch(epoch), UnixSeconds(*time)) {
        Ok(()) => Ok(()),
        Err(error) => wrong_at(
            opened,
            format!("an epoch was opened at the wrong time: {error}"),
        ),
    }
}

fn opened_for_its_members(evidence: &Evidence<'_>, opened: &Opened) -> Result<(), Objection> {
    let event = &opened.event;
    let Ok(epoch) = u64::try_from(event.epoch) else {
        return wrong_at(opened, format!("epoch {} never comes", event.epoch));
    };
    let expected = evidence.rebuilt.before(epoch)?;
    if event.root == expected.root && event.memberCount == expected.members {
        return Ok(());
    }
    wrong_at(
        opened,
        format!(
            "epoch {epoch} was opened on root {:#066x} for {} members instead of {:#066x} for {}",
            event.root, event.memberCount, expected.root, expected.members
        ),
    )
}

/// `min(cap, floor(budget / N_e))`, with the cap of that moment.
fn amount_is_due(data: &ChainData, opened: &Opened) -> Result<(), Objection> {
    let event = &opened.event;
    let Some(cap) = cap_at(data, opened.at) else {
        return wrong_at(
            opened,
            "an epoch was opened before there was a cap per person",
        );
    };
    let Some(share) = event.budget.checked_div(event.memberCount) else {
        return wrong_at(
            opened,
            format!("epoch {} was opened for nobody", event.epoch),
        );
    };
    let due = share.min(cap);
    if event.amount == due {
        return Ok(());
    }
    wrong_at(
        opened,
        format!(
            "epoch {} pays {} to each instead of {due}",
            event.epoch, event.amount
        ),
    )
}

fn cap_at(data: &ChainData, at: At) -> Option<U256> {
    let caps = data
        .events
        .admin
        .iter()
        .filter_map(|logged| match &logged.event {
            AdminAction::PerPersonCapChanged(change) if logged.at < at => Some(change.newCap),
            _ => None,
        });
    caps.last()
}

fn budget_was_funded(data: &ChainData, opened: &Opened) -> Result<(), Objection> {
    let funded = data.events.funded.iter().find(|funded| {
        funded.at.transaction == opened.at.transaction && funded.event.epoch == opened.event.epoch
    });
    let granted = funded.map(|funded| {
        let event = &funded.event;
        event.fromTreasury.saturating_add(event.issued)
    });
    if granted == Some(opened.event.budget) {
        return Ok(());
    }
    wrong_at(
        opened,
        format!(
            "the budget of epoch {} is not what the income source granted",
            opened.event.epoch
        ),
    )
}

fn same_as_stored(data: &ChainData, opened: &Opened) -> Result<(), Objection> {
    let event = &opened.event;
    let state = state_of(data, event.epoch)?;
    let is_same = state.root == event.root
        && state.member_count == event.memberCount
        && state.budget == event.budget
        && state.amount == event.amount;
    if is_same {
        return Ok(());
    }
    wrong_at(
        opened,
        format!(
            "the distributor's record of epoch {} is not what it announced",
            event.epoch
        ),
    )
}

fn state_of(data: &ChainData, epoch: U256) -> Result<EpochState, Objection> {
    let state = data.epoch_states.get(&epoch).and_then(Option::as_ref);
    answer(state, &format!("epochState({epoch})"))
}

fn claims_by_epoch(data: &ChainData) -> BTreeMap<U256, Vec<&Claim>> {
    let mut by_epoch = BTreeMap::<_, Vec<_>>::new();
    for claim in &data.events.claims {
        by_epoch.entry(claim.event.epoch).or_default().push(claim);
    }
    by_epoch
}

pub(super) fn census(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let by_epoch = claims_by_epoch(data);
    for epoch in data.epoch_states.keys() {
        let claims = by_epoch.get(epoch).map_or(&[][..], Vec::as_slice);
        let count = U256::from(claims.len());
        let state = state_of(data, *epoch)?;
        let expected = match u64::try_from(*epoch) {
            Ok(number) => evidence.rebuilt.before(number)?.members,
            Err(_) => U256::ZERO,
        };
        if count > expected
            && let Some(last) = claims.last()
        {
            return wrong_at(
                last,
                format!("epoch {epoch} paid {count} claims to {expected} members"),
            );
        }
        if count != state.claimed {
            return wrong(format!(
                "the distributor counts {} claims in epoch {epoch}, the events {count}",
                state.claimed
            ));
        }
    }
    looked_at(data.epoch_states.len(), "epochs")
}

pub(super) fn payments(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let by_epoch = claims_by_epoch(data);
    for opened in &data.events.opened {
        if let Some(claims) = by_epoch.get(&opened.event.epoch) {
            paid_within_budget(opened, claims)?;
        }
    }
    let mut ledger = Ledger::new();
    for transfer in &data.events.transfers {
        if transfer.event.from == data.deployment.distributor {
            let key = (
                transfer.at.transaction,
                transfer.event.to,
                transfer.event.value,
            );
            *ledger.entry(key).or_default() += 1;
        }
    }
    let transfers = ledger.values().sum::<i64>();
    for owed in owed_transfers(data) {
        *ledger.entry(owed).or_default() -= 1;
    }
    for ((transaction, _, amount), balance) in ledger {
        if balance != 0 {
            let what = if balance > 0 {
                "that nothing explains left"
            } else {
                "that was owed did not leave"
            };
            return Err(Objection::Wrong {
                what: format!("{amount} {what} the distributor"),
                transaction: Some(transaction),
            });
        }
    }
    Ok(format!("{transfers} transfers out of the distributor"))
}

fn paid_within_budget(opened: &Opened, claims: &[&Claim]) -> Result<(), Objection> {
    let (epoch, amount) = (opened.event.epoch, opened.event.amount);
    let mut paid = U256::ZERO;
    for claim in claims {
        if claim.event.amount != amount {
            return wrong_at(
                claim,
                format!(
                    "a claim of epoch {epoch} was paid {} instead of {amount}",
                    claim.event.amount
                ),
            );
        }
        paid = paid.saturating_add(claim.event.amount);
        if paid > opened.event.budget {
            return wrong_at(claim, format!("epoch {epoch} paid more than its budget"));
        }
    }
    Ok(())
}

/// Every transfer that the distributor's own events ask for.
fn owed_transfers(data: &ChainData) -> Vec<(B256, Address, U256)> {
    let (events, source) = (&data.events, data.deployment.income_source);
    let mut owed = Vec::new();
    let mut fees = BTreeMap::<_, U256>::new();
    for fee in &events.fees {
        let (event, transaction) = (&fee.event, fee.at.transaction);
        let total = fees
            .entry((transaction, event.epoch, event.nullifierHash))
            .or_default();
        *total = total.saturating_add(event.fee);
        owed.push((transaction, event.feeRecipient, event.fee));
    }
    for claim in &events.claims {
        let (event, transaction) = (&claim.event, claim.at.transaction);
        let key = (transaction, event.epoch, event.nullifierHash);
        let fee = fees.get(&key).copied().unwrap_or_default();
        owed.push((
            transaction,
            event.recipient,
            event.amount.saturating_sub(fee),
        ));
    }
    for closed in &events.closed {
        owed.push((closed.at.transaction, source, closed.event.returned));
    }
    for opened in &events.opened {
        let set_aside = opened.event.amount.saturating_mul(opened.event.memberCount);
        let surplus = opened.event.budget.saturating_sub(set_aside);
        if !surplus.is_zero() {
            owed.push((opened.at.transaction, source, surplus));
        }
    }
    owed
}

pub(super) fn supply(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let total = answer(data.answers.total_supply.as_ref(), "totalSupply()")?;
    let cap = answer(data.answers.token_cap.as_ref(), "cap()")?;
    let mut unexplained = Ledger::new();
    for funded in &data.events.funded {
        let key = (
            funded.at.transaction,
            data.deployment.distributor,
            funded.event.issued,
        );
        *unexplained.entry(key).or_default() += 1;
    }
    let mut issued = U256::ZERO;
    for mint in data
        .events
        .transfers
        .iter()
        .filter(|one| one.event.from.is_zero())
    {
        issued = issued.saturating_add(mint.event.value);
        let key = (mint.at.transaction, mint.event.to, mint.event.value);
        match unexplained.get_mut(&key) {
            Some(count) if *count > 0 => *count -= 1,
            _ => {
                return wrong_at(
                    mint,
                    format!("{} was issued for no epoch", mint.event.value),
                );
            }
        }
    }
    if let Some(((transaction, _, amount), _)) = unexplained.iter().find(|(_, count)| **count > 0) {
        return Err(Objection::Wrong {
            what: format!("{amount} was announced for an epoch and not issued"),
            transaction: Some(*transaction),
        });
    }
    if issued != total || total > cap {
        return wrong(format!(
            "the supply is {total}, {issued} was issued, the cap is {cap}"
        ));
    }
    Ok(format!("supply {total} of at most {cap}"))
}

/// What was sent to the distributor by strangers stays there, and is told apart.
pub(super) fn balance(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let balance = answer(
        data.answers.distributor_balance.as_ref(),
        "balanceOf(distributor)",
    )?;
    let mut owed = U256::ZERO;
    for opened in &data.events.opened {
        let state = state_of(data, opened.event.epoch)?;
        if !state.is_closed {
            let unclaimed = state.member_count.saturating_sub(state.claimed);
            owed = owed.saturating_add(state.amount.saturating_mul(unclaimed));
        }
    }
    let at = &data.deployment;
    let gifts = data.events.transfers.iter().filter(|transfer| {
        let from = transfer.event.from;
        transfer.event.to == at.distributor && !from.is_zero() && from != at.income_source
    });
    let gifts = sum(gifts.map(|gift| gift.event.value));
    if balance != owed.saturating_add(gifts) {
        return wrong(format!(
            "the distributor holds {balance}, owes {owed} and was given {gifts}"
        ));
    }
    Ok(format!(
        "holds {balance}, of it {owed} owed to members of open epochs"
    ))
}
