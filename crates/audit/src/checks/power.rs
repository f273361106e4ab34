use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, B256, U256, keccak256};

use super::{Evidence, Objection, Verdict, answer, wrong, wrong_at};
use crate::data::{AdminAction, ChainData, Contract, Logged, RoleKey};

/// OpenZeppelin's `DEFAULT_ADMIN_ROLE`.
const DEFAULT_ADMIN_ROLE: B256 = B256::ZERO;

/// Roles by their names, for people.
const ROLE_NAMES: [&str; 5] = [
    "SEQUENCER_ROLE",
    "PAUSER_ROLE",
    "PROPOSER_ROLE",
    "EXECUTOR_ROLE",
    "CANCELLER_ROLE",
];

pub(super) fn timelock_delay(evidence: &Evidence<'_>) -> Verdict {
    let answers = &evidence.data.answers;
    let delay = answer(answers.min_delay.as_ref(), "getMinDelay()")?;
    let length = answer(answers.epoch_length.as_ref(), "epochLength()")?;
    if delay <= length {
        return wrong(format!(
            "a change waits {delay} s, an epoch lasts {length} s"
        ));
    }
    Ok(format!(
        "a change waits {delay} s, an epoch lasts {length} s"
    ))
}

/// Who holds which role by the events, with the transaction that granted it.
fn holders(data: &ChainData) -> BTreeMap<RoleKey, B256> {
    let mut holders = BTreeMap::new();
    for Logged { at, event } in &data.events.admin {
        let key = |role, account| RoleKey {
            contract: at.contract,
            role,
            account,
        };
        match event {
            AdminAction::RoleGranted(grant) => {
                holders.insert(key(grant.role, grant.account), at.transaction);
            }
            AdminAction::RoleRevoked(revoked) => {
                holders.remove(&key(revoked.role, revoked.account));
            }
            _ => {}
        }
    }
    holders
}

pub(super) fn admin_roles(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let (timelock, holders) = (data.deployment.timelock, holders(data));
    for (key, held) in &data.roles {
        let held = answer(held.as_ref(), "hasRole(role, account)")?;
        if held != holders.contains_key(key) {
            return wrong(format!(
                "{} of {} and its events disagree on {}",
                role_name(key.role),
                key.contract,
                key.account
            ));
        }
    }
    for (key, granted) in &holders {
        if key.role == DEFAULT_ADMIN_ROLE && key.account != timelock {
            return Err(Objection::Wrong {
                what: format!("{} is administered by {}", key.contract, key.account),
                transaction: Some(*granted),
            });
        }
    }
    for contract in Contract::ADMINISTERED
        .into_iter()
        .chain([Contract::Timelock])
    {
        let key = RoleKey {
            contract,
            role: DEFAULT_ADMIN_ROLE,
            account: timelock,
        };
        if !holders.contains_key(&key) {
            return wrong(format!("{contract} is not administered by the timelock"));
        }
    }
    Ok(lines(holders.keys().map(|key| {
        format!(
            "{} of {}: {}",
            role_name(key.role),
            key.contract,
            key.account
        )
    })))
}

pub(super) fn deployer_powerless(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let mut deployers = BTreeSet::new();
    for creation in data.creations() {
        let Some(sent) = data.transactions.get(&creation) else {
            return wrong("a transaction of the deployment is missing");
        };
        deployers.insert(sent.from);
    }
    for (key, granted) in holders(data) {
        if deployers.contains(&key.account) {
            return Err(Objection::Wrong {
                what: format!(
                    "the deployer holds {} of {}",
                    role_name(key.role),
                    key.contract
                ),
                transaction: Some(granted),
            });
        }
    }
    Ok(format!(
        "deployed by {}",
        lines(deployers.iter().map(Address::to_string))
    ))
}

/// Parameters, orbs and roles change at deployment or by an operation of the
/// timelock; a holder may also give a role up.
pub(super) fn admin_actions(evidence: &Evidence<'_>) -> Verdict {
    let data = evidence.data;
    let creations = data.creations();
    let executed: BTreeSet<B256> = data
        .events
        .admin
        .iter()
        .filter(|logged| matches!(logged.event, AdminAction::CallExecuted(_)))
        .map(|logged| logged.at.transaction)
        .collect();
    for action in &data.events.admin {
        let transaction = action.at.transaction;
        let is_covered = creations.contains(&transaction) || executed.contains(&transaction);
        if !is_covered && needs_timelock(&action.event) {
            return wrong_at(
                action,
                format!("{} without the timelock", describe(&action.event)),
            );
        }
    }
    Ok(lines(data.events.admin.iter().map(|action| {
        format!(
            "block {}, {}: {}",
            action.at.block,
            action.at.contract,
            describe(&action.event)
        )
    })))
}

fn needs_timelock(action: &AdminAction) -> bool {
    match action {
        AdminAction::RoleRevoked(revoked) => revoked.sender != revoked.account,
        AdminAction::Paused(_)
        | AdminAction::Unpaused(_)
        | AdminAction::CallScheduled(_)
        | AdminAction::CallExecuted(_)
        | AdminAction::Cancelled(_) => false,
        AdminAction::RoleGranted(_)
        | AdminAction::RoleAdminChanged(_)
        | AdminAction::EpochEnrolmentCapChanged(_)
        | AdminAction::PerPersonChanged(_)
        | AdminAction::PerPersonCapChanged(_)
        | AdminAction::OrbRegistered(_)
        | AdminAction::OrbRevoked(_)
        | AdminAction::MinDelayChange(_) => true,
    }
}

fn describe(action: &AdminAction) -> String {
    let changed = |what: &str, old: U256, new: U256| format!("{what} changed from {old} to {new}");
    match action {
        AdminAction::RoleGranted(e) => format!("{} granted to {}", role_name(e.role), e.account),
        AdminAction::RoleRevoked(e) => format!("{} taken from {}", role_name(e.role), e.account),
        AdminAction::RoleAdminChanged(e) => {
            format!("{} got another administrator", role_name(e.role))
        }
        AdminAction::EpochEnrolmentCapChanged(e) => changed("enrolment cap", e.oldCap, e.newCap),
        AdminAction::PerPersonChanged(e) => {
            changed("income per person", e.oldPerPerson, e.newPerPerson)
        }
        AdminAction::PerPersonCapChanged(e) => changed("cap per person", e.oldCap, e.newCap),
        AdminAction::Paused(e) => format!("paused by {}", e.account),
        AdminAction::Unpaused(e) => format!("unpaused by {}", e.account),
        AdminAction::OrbRegistered(e) => format!("orb {} registered", e.orb),
        AdminAction::OrbRevoked(e) => format!("orb {} revoked", e.orb),
        AdminAction::CallScheduled(e) => {
            format!(
                "operation {} scheduled, calls {} after {} s",
                e.id, e.target, e.delay
            )
        }
        AdminAction::CallExecuted(e) => format!("operation {} executed, called {}", e.id, e.target),
        AdminAction::Cancelled(e) => format!("operation {} cancelled", e.id),
        AdminAction::MinDelayChange(e) => changed("delay", e.oldDuration, e.newDuration),
    }
}

fn role_name(role: B256) -> String {
    if role == DEFAULT_ADMIN_ROLE {
        return "DEFAULT_ADMIN_ROLE".to_owned();
    }
    ROLE_NAMES
        .into_iter()
        .find(|name| keccak256(name) == role)
        .map_or_else(|| role.to_string(), str::to_owned)
}

fn lines(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("\n")
}
