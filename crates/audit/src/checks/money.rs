use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, U256};
use annona_bindings::contracts::Distributor;
use annona_core::{Epoch, UnixSeconds};

use super::findings::{
    Finding, Findings, Verdict, answer, wrong, wrong_at, wrong_by_logs, wrong_by_logs_at,
    wrong_by_logs_in,
};
use super::rebuilt::{claim_calendar, looked_at};
use super::{Evidence, sum};
use crate::data::{AdminAction, At, ChainData, EpochState, Logged};

type Claim = Logged<Distributor::Claimed>;
type Opened = Logged<Distributor::EpochOpened>;

/// Transfers, counted: transaction, receiver, amount.
type Ledger = BTreeMap<(B256, Address, U256), i64>;

/// Checks AUDIT-15: every epoch was opened in time, on its root, for its members, within its
/// budget.
pub(super) fn epochs_opened(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let mut budgets = BTreeMap::new();
    for opened in &data.events.opened {
        let event = &opened.event;
        if budgets.insert(event.epoch, event.budget).is_some() {
            let what = format!("epoch {} was opened twice", event.epoch);
            found.note::<()>(wrong_at(opened, what));
        }
        found.note(opened_in_time(evidence, opened));
        found.note(opened_for_its_members(evidence, opened));
        found.note(amount_is_due(data, opened));
        found.note(budget_was_funded(data, opened));
        found.note(same_as_stored(data, opened));
    }
    for claim in &data.events.claims {
        if !budgets.contains_key(&claim.event.epoch) {
            let what = format!("epoch {} was paid but never opened", claim.event.epoch);
            found.note::<()>(wrong_by_logs_at(claim, what));
        }
    }
    looked_at(budgets.len(), "epochs opened")
}

fn opened_in_time(evidence: &Evidence<'_>, opened: &Opened) -> Result<(), Finding> {
    let data = evidence.data;
    let time = evidence.time_of(opened.at)?;
    let calendar = claim_calendar(data)?;
    let Ok(epoch) = u64::try_from(opened.event.epoch) else {
        return wrong_at(opened, "an epoch that never comes was opened");
    };
    match calendar.check(Epoch(epoch), UnixSeconds(time)) {
        Ok(()) => Ok(()),
        Err(error) => wrong_at(
            opened,
            format!("an epoch was opened at the wrong time: {error}"),
        ),
    }
}

fn opened_for_its_members(evidence: &Evidence<'_>, opened: &Opened) -> Result<(), Finding> {
    let event = &opened.event;
    let Ok(epoch) = u64::try_from(event.epoch) else {
        return wrong_at(opened, format!("epoch {} never comes", event.epoch));
    };
    let expected = evidence.rebuilt.before(epoch)?;
    if event.root == expected.root && event.memberCount == expected.members {
        return Ok(());
    }
    wrong_by_logs_at(
        opened,
        format!(
            "epoch {epoch} was opened on root {:#066x} for {} members instead of {:#066x} for {}",
            event.root, event.memberCount, expected.root, expected.members
        ),
    )
}

/// Checks that an epoch pays `min(cap, floor(budget / N_e))`, with the cap of that moment.
fn amount_is_due(data: &ChainData, opened: &Opened) -> Result<(), Finding> {
    let event = &opened.event;
    let Some(cap) = cap_at(data, opened.at) else {
        return wrong_by_logs_at(
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
    wrong_by_logs_at(
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

fn budget_was_funded(data: &ChainData, opened: &Opened) -> Result<(), Finding> {
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
    wrong_by_logs_at(
        opened,
        format!(
            "the budget of epoch {} is not what the income source granted",
            opened.event.epoch
        ),
    )
}

fn same_as_stored(data: &ChainData, opened: &Opened) -> Result<(), Finding> {
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

fn state_of(data: &ChainData, epoch: U256) -> Result<EpochState, Finding> {
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

/// Checks AUDIT-23: no epoch paid more claims than it has members.
pub(super) fn census(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let by_epoch = claims_by_epoch(data);
    for epoch in data.epoch_states.keys() {
        let claims = by_epoch.get(epoch).map_or(&[][..], Vec::as_slice);
        found.note(census_of(evidence, *epoch, claims));
    }
    looked_at(data.epoch_states.len(), "epochs")
}

fn census_of(evidence: &Evidence<'_>, epoch: U256, claims: &[&Claim]) -> Result<(), Finding> {
    let count = U256::from(claims.len());
    let state = state_of(evidence.data, epoch)?;
    let expected = match u64::try_from(epoch) {
        Ok(number) => evidence.rebuilt.before(number)?.members,
        Err(_) => U256::ZERO,
    };
    if count > expected
        && let Some(last) = claims.last()
    {
        let what = format!("epoch {epoch} paid {count} claims to {expected} members");
        return wrong_by_logs_at(last, what);
    }
    if count != state.claimed {
        return wrong_by_logs(format!(
            "the distributor counts {} claims in epoch {epoch}, the events {count}",
            state.claimed
        ));
    }
    Ok(())
}

/// Checks AUDIT-24: every transfer out of the distributor is owed, and every payment was
/// transferred (AUDIT-35).
pub(super) fn payments(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let by_epoch = claims_by_epoch(data);
    for opened in &data.events.opened {
        if let Some(claims) = by_epoch.get(&opened.event.epoch) {
            paid_within_budget(opened, claims, found);
        }
    }
    let mut ledger = Ledger::new();
    for transfer in &data.events.transfers {
        let event = &transfer.event;
        // Anybody can have nothing transferred from anybody.
        if event.from == data.deployment.distributor && !event.value.is_zero() {
            let key = (transfer.at.transaction, event.to, event.value);
            *ledger.entry(key).or_default() += 1;
        }
    }
    let transfers = ledger.values().sum::<i64>();
    for owed in owed_transfers(data) {
        if !owed.2.is_zero() {
            *ledger.entry(owed).or_default() -= 1;
        }
    }
    for ((transaction, receiver, amount), balance) in ledger {
        if balance == 0 {
            continue;
        }
        let what = if balance > 0 {
            "that nothing explains left"
        } else {
            "that was owed did not leave"
        };
        found.note::<()>(wrong_by_logs_in(
            transaction,
            format!("{amount} {what} the distributor for {receiver}"),
        ));
    }
    Ok(format!("{transfers} transfers out of the distributor"))
}

fn paid_within_budget(opened: &Opened, claims: &[&Claim], found: &mut Findings) {
    let (epoch, amount) = (opened.event.epoch, opened.event.amount);
    let mut paid = U256::ZERO;
    for claim in claims {
        if claim.event.amount != amount {
            let what = format!(
                "a claim of epoch {epoch} was paid {} instead of {amount}",
                claim.event.amount
            );
            found.note::<()>(wrong_at(claim, what));
        }
        paid = paid.saturating_add(claim.event.amount);
        if paid > opened.event.budget {
            let what = format!("epoch {epoch} paid more than its budget");
            found.note::<()>(wrong_at(claim, what));
        }
    }
}

/// Lists every transfer that the distributor's own events ask for.
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

/// Checks AUDIT-25: every token in existence was issued for an epoch, below the cap.
pub(super) fn supply(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
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
    let transfers = data.events.transfers.iter();
    for mint in transfers.filter(|one| one.event.from.is_zero()) {
        issued = issued.saturating_add(mint.event.value);
        let key = (mint.at.transaction, mint.event.to, mint.event.value);
        match unexplained.get_mut(&key) {
            Some(count) if *count > 0 => *count -= 1,
            _ => {
                let what = format!("{} was issued for no epoch", mint.event.value);
                found.note::<()>(wrong_by_logs_at(mint, what));
            }
        }
    }
    for ((transaction, _, amount), count) in unexplained {
        if count > 0 {
            let what = format!("{amount} was announced for an epoch and not issued");
            found.note::<()>(wrong_by_logs_in(transaction, what));
        }
    }
    if total > cap {
        found.note::<()>(wrong(format!("the supply is {total}, the cap is {cap}")));
    }
    if issued != total {
        found.note::<()>(wrong_by_logs(format!(
            "the supply is {total}, {issued} was issued"
        )));
    }
    Ok(format!("supply {total} of at most {cap}"))
}

/// Computes the sums left in the distributor: owed to members of open epochs, and given by
/// strangers.
pub(super) fn owed_and_given(data: &ChainData) -> Result<(U256, U256), Finding> {
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
        transfer.event.to == at.distributor
            && !from.is_zero()
            && from != at.income_source
            && from != at.distributor
    });
    Ok((owed, sum(gifts.map(|gift| gift.event.value))))
}

/// Checks the distributor's balance. Gifts of strangers stay in it, and are counted
/// apart (AUDIT-26).
pub(super) fn balance(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let balance = answer(
        data.answers.distributor_balance.as_ref(),
        "balanceOf(distributor)",
    )?;
    let (owed, given) = owed_and_given(data)?;
    if balance != owed.saturating_add(given) {
        found.note::<()>(wrong_by_logs(format!(
            "the distributor holds {balance}, owes {owed} and was given {given}"
        )));
    }
    Ok(format!(
        "holds {balance}, of it {owed} owed to members of open epochs"
    ))
}
