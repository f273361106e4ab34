//! Checks that the endpoint shows all that the audit must see: complete, consistent, and of now.
//!
//! The published contracts leave an event for every change. If their state is ahead of the events
//! and nothing shows that the events are all there, the endpoint keeps logs back.

use std::collections::{HashMap, HashSet};

use alloy::primitives::{B256, U256};
use annona_keys::DEVELOPMENT_CHAINS;

use super::findings::{Findings, Verdict, not_shown, wrong};
use super::money::owed_and_given;
use super::rebuilt::looked_at;
use super::{ARCHIVE_NODE, Evidence};
use crate::Gap;
use crate::data::{
    AdminAction, ChainData, CodeBefore, Contract, Logged, ReceiptState, RegistryBatch,
};
use crate::recomputed::RecomputedTree;

/// Longest time since the newest block of a chain that is alive, in seconds.
pub(super) const MAX_HEAD_AGE_SECS: u64 = 900;

const ANOTHER_ENDPOINT: &str = "ask another endpoint, best an archive node; if it shows the same, \
                                the contracts do not leave the events that they promise";

/// Checks the age of the newest block. The report tells the age itself beside the block's number: a
/// check says the same however often it is made (AUDIT-1).
pub(super) fn head_age(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    if DEVELOPMENT_CHAINS.contains(&data.deployment.chain_id) {
        let chain_id = data.deployment.chain_id;
        return Ok(format!("not asked of chain {chain_id}, for development"));
    }
    if data.now > data.head.timestamp.saturating_add(MAX_HEAD_AGE_SECS) {
        found.gaps.push(not_shown(
            format!(
                "the endpoint's newest block is older than {MAX_HEAD_AGE_SECS} s: what happened \
                 since is not in this report"
            ),
            "ask an endpoint that follows the chain",
        ));
    }
    if data.head.timestamp > data.now.saturating_add(MAX_HEAD_AGE_SECS) {
        found.gaps.push(not_shown(
            format!(
                "the endpoint's newest block is dated more than {MAX_HEAD_AGE_SECS} s ahead of \
                 this machine's clock"
            ),
            "set this machine's clock, or ask another endpoint",
        ));
    }
    Ok(format!("not older than {MAX_HEAD_AGE_SECS} s"))
}

/// Checks that no contract is older than `deploymentBlock`, which comes from a file: acts of a
/// contract before it would go unseen (AUDIT-2).
pub(super) fn deployment_block(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let block = data.deployment.deployment_block;
    let creations = data.events.creations();
    for contract in Contract::ALL {
        let before = data.code_before.get(&contract).copied();
        match before.unwrap_or(CodeBefore::NotShown) {
            CodeBefore::Nothing => {}
            CodeBefore::Something => {
                found.note::<()>(wrong(format!(
                    "{contract} was there before block {block}, the deployment's: what it did \
                     until then is not in the events that were read"
                )));
            }
            CodeBefore::NotShown => {
                let creation = creations.get(&contract).copied();
                let has_history = Contract::WITH_HISTORY.contains(&contract);
                if has_history && !is_created_in(data, contract, creation) {
                    found.gaps.push(not_shown(
                        format!(
                            "the endpoint has no state of the block before {block}, and no \
                             transaction that it shows creates {contract}"
                        ),
                        ARCHIVE_NODE,
                    ));
                }
            }
        }
    }
    looked_at(
        Contract::ALL.len(),
        "contracts, none of them there before the deployment's block",
    )
}

/// Returns whether the transaction `creation` itself creates the contract, which then has no
/// history before it.
fn is_created_in(data: &ChainData, contract: Contract, creation: Option<B256>) -> bool {
    let sent = creation.and_then(|creation| data.transaction(creation));
    sent.is_some_and(|sent| sent.creates == Some(contract.address(&data.deployment)))
}

pub(super) fn logs_complete(evidence: &Evidence<'_>, _: &mut Findings) -> Verdict {
    let events = &evidence.data.events;
    let first = events.places.first().map_or(0, |place| place.0);
    Ok(format!(
        "{} logs from block {first} on, as receipts and the contracts' own counters have them",
        events.places.len()
    ))
}

/// Finds signs that the logs that were read are not all; none if they are, as far as can be
/// told (AUDIT-3).
pub(super) fn log_gaps(data: &ChainData) -> Vec<Gap> {
    let mut gaps = Vec::new();
    gaps.extend(constructors_gap(data));
    gaps.extend(receipts_gap(data));
    gaps.extend(registry_gap(data));
    gaps.extend(openings_gap(data));
    gaps.extend(claims_gap(data));
    gaps.extend(parameters_gap(data));
    gaps
}

/// Finds contracts without their constructor's events: a grant and, if it has one, a parameter.
fn constructors_gap(data: &ChainData) -> Option<Gap> {
    let is_deployed = |contract: &Contract| {
        let code = data.code.get(contract);
        code.is_some_and(|code| !code.is_empty())
    };
    let silent: Vec<Contract> = Contract::WITH_HISTORY
        .into_iter()
        .filter(is_deployed)
        .filter(|contract| !has_constructor_events(data, *contract))
        .collect();
    if silent.is_empty() {
        return None;
    }
    let was_before = |contract: &Contract| {
        let before = data.code_before.get(contract);
        before == Some(&CodeBefore::Something)
    };
    if silent.iter().all(was_before) {
        return Some(not_shown(
            "logs are read from the deployment's block on, and its contracts are older",
            "set deploymentBlock to the block of the first contract",
        ));
    }
    let silent: Vec<String> = silent.iter().map(Contract::to_string).collect();
    let since = match data.events.places.first() {
        Some((block, _)) => format!("from before block {block}"),
        None => "of this deployment".to_owned(),
    };
    Some(not_shown(
        format!(
            "this endpoint has no logs {since}: the constructor's events of {} are not there",
            silent.join(", ")
        ),
        ARCHIVE_NODE,
    ))
}

fn has_constructor_events(data: &ChainData, contract: Contract) -> bool {
    let own = || {
        let all = data.events.admin.iter();
        all.filter(move |logged| logged.at.contract == contract)
    };
    let is_admin_granted = own().any(|logged| match &logged.event {
        AdminAction::RoleGranted(grant) => grant.role.is_zero(),
        _ => false,
    });
    let is_first_parameter = |logged: &Logged<AdminAction>| match &logged.event {
        AdminAction::MinDelayChange(event) => event.oldDuration.is_zero(),
        AdminAction::PerPersonChanged(event) => event.oldPerPerson.is_zero(),
        AdminAction::PerPersonCapChanged(event) => event.oldCap.is_zero(),
        AdminAction::EpochEnrolmentCapChanged(event) => event.oldCap.is_zero(),
        _ => false,
    };
    let has_parameter = contract != Contract::OrbRegistry;
    is_admin_granted && (!has_parameter || own().any(is_first_parameter))
}

fn receipts_gap(data: &ChainData) -> Option<Gap> {
    let count = |state| data.receipts.values().filter(|one| **one == state).count();
    let (unknown, larger) = (
        count(ReceiptState::NotShown),
        count(ReceiptState::HasMoreLogs),
    );
    if larger > 0 || data.events.without_place > 0 {
        return Some(not_shown(
            format!(
                "the receipts of {larger} transactions hold logs that the endpoint leaves out \
                 when it is asked for logs, or it gives logs without their place"
            ),
            ANOTHER_ENDPOINT,
        ));
    }
    (unknown > 0).then(|| {
        not_shown(
            format!(
                "the endpoint has no receipts of {unknown} transactions, although it serves their \
                 logs"
            ),
            ARCHIVE_NODE,
        )
    })
}

/// Finds missing batches. One breaks the chain of roots and leaves the counters ahead; either sign
/// alone is no missing log.
fn registry_gap(data: &ChainData) -> Option<Gap> {
    let answers = &data.answers;
    let (root, next_index, members) = (
        answers.current_root?,
        answers.next_index?,
        answers.member_count?,
    );
    let (mut newest, mut is_linked) = (RecomputedTree::default().root(), true);
    let (mut joined, mut left) = (0_u64, 0_u64);
    for batch in &data.events.batches {
        is_linked &= batch.event.pre_root() == newest;
        newest = batch.event.post_root();
        match &batch.event {
            RegistryBatch::Appended(event) => joined += event.leaves.len() as u64,
            RegistryBatch::Revoked(event) => left += event.removals.len() as u64,
        }
    }
    is_linked &= newest == root;
    let counted = U256::from(joined);
    let is_ahead = next_index > counted
        || (next_index == counted && members < U256::from(joined.saturating_sub(left)));
    (!is_linked && is_ahead).then(|| {
        not_shown(
            format!(
                "the registry counts {next_index} leaves and {members} members, the logs show \
                 {joined} that joined and {left} that left: logs of batches are missing"
            ),
            ANOTHER_ENDPOINT,
        )
    })
}

fn openings_gap(data: &ChainData) -> Option<Gap> {
    let opened: HashSet<U256> = data
        .events
        .opened
        .iter()
        .map(|opened| opened.event.epoch)
        .collect();
    let silent: Vec<String> = data
        .epoch_states
        .iter()
        .filter(|(epoch, state)| {
            let is_open = state.is_some_and(|state| !state.member_count.is_zero());
            is_open && !opened.contains(*epoch)
        })
        .map(|(epoch, _)| epoch.to_string())
        .collect();
    (!silent.is_empty()).then(|| {
        not_shown(
            format!(
                "the distributor has accounts of {} epochs whose opening is not in the logs, the \
                 first is {}",
                silent.len(),
                silent[0]
            ),
            ANOTHER_ENDPOINT,
        )
    })
}

/// Finds claims that the accounts of epochs count and the events do not show, if the money left as
/// the accounts say.
fn claims_gap(data: &ChainData) -> Option<Gap> {
    let mut shown = HashMap::<U256, u64>::new();
    for claim in &data.events.claims {
        *shown.entry(claim.event.epoch).or_default() += 1;
    }
    let mut missing = U256::ZERO;
    for (epoch, state) in &data.epoch_states {
        let claimed = state.map_or(U256::ZERO, |state| state.claimed);
        let shown = U256::from(shown.get(epoch).copied().unwrap_or_default());
        missing = missing.saturating_add(claimed.saturating_sub(shown));
    }
    let (owed, given) = owed_and_given(data).ok()?;
    let is_balanced = data.answers.distributor_balance == Some(owed.saturating_add(given));
    (!missing.is_zero() && is_balanced).then(|| {
        not_shown(
            format!("the distributor counts {missing} claims whose events are not in the logs"),
            ANOTHER_ENDPOINT,
        )
    })
}

/// Finds parameters and roles whose newest change in the logs is not the contracts' present state.
fn parameters_gap(data: &ChainData) -> Option<Gap> {
    let (mut delay, mut cap) = (None, None);
    for logged in &data.events.admin {
        match &logged.event {
            AdminAction::MinDelayChange(event) => delay = Some(event.newDuration),
            AdminAction::PerPersonCapChanged(event) => cap = Some(event.newCap),
            _ => {}
        }
    }
    let differs = |shown: Option<U256>, actual: Option<U256>| {
        shown.is_some() && actual.is_some() && shown != actual
    };
    let mut what = Vec::new();
    if differs(delay, data.answers.min_delay) {
        what.push("the timelock's delay".to_owned());
    }
    if differs(cap, data.answers.per_person_cap) {
        what.push("the cap per person".to_owned());
    }
    let holders = super::power::holders(data);
    for (key, held) in &data.roles {
        if held.is_some_and(|held| held != holders.contains_key(key)) {
            what.push(format!("a role of {} at {}", key.account, key.contract));
        }
    }
    (!what.is_empty()).then(|| {
        not_shown(
            format!("changes are not in the logs: of {}", what.join(", of ")),
            ANOTHER_ENDPOINT,
        )
    })
}
