use std::collections::{BTreeMap, BTreeSet, HashMap};

use alloy::primitives::{Address, B256, U256, keccak256};
use annona_bindings::contracts::TimelockController;

use super::findings::{
    Finding, Findings, Verdict, answer, not_shown, wrong, wrong_at, wrong_by_logs, wrong_by_logs_at,
};
use super::{ARCHIVE_NODE, Evidence, cover};
use crate::data::{AdminAction, At, ChainData, Contract, Logged, RoleKey};

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

/// Checks the delay now and at every time before: an hour without a delay is enough to change
/// anything (AUDIT-27).
pub(super) fn timelock_delay(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let answers = &evidence.data.answers;
    let length = answer(answers.epoch_length.as_ref(), "epochLength()")?;
    let mut scheduled = HashMap::new();
    for logged in &evidence.data.events.admin {
        match &logged.event {
            AdminAction::MinDelayChange(event) if event.newDuration <= length => {
                let what = format!(
                    "the delay was set to {} s, an epoch lasts {length} s",
                    event.newDuration
                );
                found.note::<()>(wrong_at(logged, what));
            }
            AdminAction::CallScheduled(event) => {
                if event.delay <= length {
                    let what = format!(
                        "operation {} was scheduled to wait {} s, an epoch lasts {length} s",
                        event.id, event.delay
                    );
                    found.note::<()>(wrong_at(logged, what));
                }
                scheduled.insert(event.id, (logged.at, event.delay));
            }
            AdminAction::CallExecuted(event) => {
                found.note(has_waited(evidence, logged.at, event, &scheduled));
            }
            _ => {}
        }
    }
    let delay = answer(answers.min_delay.as_ref(), "getMinDelay()")?;
    let now = format!("a change waits {delay} s, an epoch lasts {length} s");
    if delay <= length {
        return wrong(now);
    }
    Ok(now)
}

fn has_waited(
    evidence: &Evidence<'_>,
    at: At,
    executed: &TimelockController::CallExecuted,
    scheduled: &HashMap<B256, (At, U256)>,
) -> Result<(), Finding> {
    let id = executed.id;
    let Some((since, delay)) = scheduled.get(&id) else {
        let what = format!("operation {id} was executed and never scheduled");
        return wrong_by_logs_at(&Logged { at, event: () }, what);
    };
    let (from, to) = (evidence.time_of(*since)?, evidence.time_of(at)?);
    let waited = to.saturating_sub(from);
    if U256::from(waited) >= *delay {
        return Ok(());
    }
    let what = format!("operation {id} waited {waited} s instead of {delay}");
    wrong_at(&Logged { at, event: () }, what)
}

/// Lists the accounts that created contracts of the deployment, as far as the endpoint shows it.
fn deployers(data: &ChainData) -> Result<Vec<Address>, Finding> {
    let mut deployers = Vec::new();
    for creation in data.events.creations().into_values() {
        let Some(sent) = data.transaction(creation) else {
            return Err(Finding::Unchecked(not_shown(
                "the endpoint does not know the transactions of the deployment",
                ARCHIVE_NODE,
            )));
        };
        if !deployers.contains(&sent.from) {
            deployers.push(sent.from);
        }
    }
    Ok(deployers)
}

/// Lists the roles and their holders by the events, each with the transaction that granted it.
pub(super) fn holders(data: &ChainData) -> BTreeMap<RoleKey, B256> {
    let mut holders = BTreeMap::new();
    for Logged { at, event } in &data.events.admin {
        match event {
            AdminAction::RoleGranted(grant) => {
                let key = role_key(*at, grant.role, grant.account);
                holders.insert(key, at.transaction);
            }
            AdminAction::RoleRevoked(revoked) => {
                holders.remove(&role_key(*at, revoked.role, revoked.account));
            }
            _ => {}
        }
    }
    holders
}

const fn role_key(at: At, role: B256, account: Address) -> RoleKey {
    RoleKey {
        contract: at.contract,
        role,
        account,
    }
}

/// Lists every grant that there ever was: a role held for one transaction is power as well.
fn grants(data: &ChainData) -> impl Iterator<Item = (RoleKey, At)> + '_ {
    let admin = data.events.admin.iter();
    admin.filter_map(|logged| match &logged.event {
        AdminAction::RoleGranted(grant) => {
            Some((role_key(logged.at, grant.role, grant.account), logged.at))
        }
        _ => None,
    })
}

/// Checks AUDIT-28: only the timelock administers (REG-9).
pub(super) fn admin_roles(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let (timelock, holders) = (data.deployment.timelock, holders(data));
    for (key, held) in &data.roles {
        found.note(answer(
            held.as_ref(),
            &format!("hasRole({}, {})", role_name(key.role), key.account),
        ));
    }
    let (mut former, mut now) = (BTreeSet::new(), BTreeSet::new());
    for (key, at) in grants(data) {
        let holds = holders.contains_key(&key);
        if key.role == DEFAULT_ADMIN_ROLE && key.account != timelock {
            let verb = if holds { "is" } else { "was once" };
            let what = format!("{} {verb} administered by {}", key.contract, key.account);
            found.note::<()>(wrong_at(&Logged { at, event: () }, what));
        }
        if holds {
            now.insert(key);
        } else {
            former.insert(key);
        }
    }
    for contract in Contract::WITH_HISTORY {
        let key = RoleKey {
            contract,
            role: DEFAULT_ADMIN_ROLE,
            account: timelock,
        };
        if !now.contains(&key) {
            let what = format!("{contract} is not administered by the timelock");
            found.note::<()>(wrong_by_logs(what));
        }
    }
    let line = |key: &RoleKey, word: &str| {
        let role = role_name(key.role);
        format!("{role} of {}: {}{word}", key.contract, key.account)
    };
    let now = now.iter().map(|key| line(key, ""));
    let former = former.iter().map(|key| line(key, ", given up or taken"));
    Ok(lines(now.chain(former)))
}

/// Checks AUDIT-29: the deployer never held a role.
pub(super) fn deployer_powerless(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let deployers = deployers(data)?;
    let holders = holders(data);
    for (key, at) in grants(data) {
        if deployers.contains(&key.account) {
            let verb = if holders.contains_key(&key) {
                "holds"
            } else {
                "once held"
            };
            let what = format!(
                "the deployer {verb} {} of {}",
                role_name(key.role),
                key.contract
            );
            found.note::<()>(wrong_at(&Logged { at, event: () }, what));
        }
    }
    let mut shown: Vec<String> = deployers.iter().map(Address::to_string).collect();
    shown.sort();
    Ok(format!("deployed by {}", shown.join(", ")))
}

/// Checks that parameters, orbs and roles change only at deployment or by an operation of the
/// timelock; a holder may also give a role up (AUDIT-30).
pub(super) fn admin_actions(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    for action in cover::uncovered(data) {
        let what = format!("{} without the timelock", describe(&action.event));
        found.note::<()>(wrong_by_logs_at(action, what));
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
