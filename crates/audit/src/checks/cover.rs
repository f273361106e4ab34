//! Assigns acts of administration to the operations of the timelock that made them.

use std::collections::BTreeMap;

use alloy::primitives::B256;
use alloy::sol_types::SolCall;
use annona_bindings::contracts::{
    Distributor, MintedIncome, OrbRegistry, Registry, TimelockController,
};

use crate::data::{AdminAction, ChainData, Contract, Logged};

type Act = Logged<AdminAction>;

/// Finds the acts that need the timelock and are neither a constructor's nor an operation's.
///
/// The timelock tells of a call right after it was made. So the last act before that event is the
/// call's, if the call was to that contract and asks for just this; and a call has one act.
pub(super) fn uncovered(data: &ChainData) -> Vec<&Act> {
    let creations = data.events.creations();
    let mut by_transaction = BTreeMap::<(u64, B256), Vec<&Act>>::new();
    for act in &data.events.admin {
        let key = (act.at.block, act.at.transaction);
        by_transaction.entry(key).or_default().push(act);
    }
    let mut uncovered = Vec::new();
    for acts in by_transaction.values() {
        uncovered.extend(uncovered_in(data, &creations, acts));
    }
    uncovered.sort_by_key(|act| act.at);
    uncovered
}

/// Does as [`uncovered`] for the acts of one transaction, in their order.
fn uncovered_in<'a>(
    data: &ChainData,
    creations: &BTreeMap<Contract, B256>,
    acts: &[&'a Act],
) -> Vec<&'a Act> {
    let (mut uncovered, mut waiting) = (Vec::new(), Vec::new());
    for act in acts {
        if let AdminAction::CallExecuted(call) = &act.event {
            let is_its_act = |last: &&Act| asks_for(data, call, last);
            if waiting.last().is_some_and(is_its_act) {
                waiting.pop();
            }
            uncovered.append(&mut waiting);
        } else if needs_timelock(&act.event)
            && creations.get(&act.at.contract) != Some(&act.at.transaction)
        {
            waiting.push(*act);
        }
    }
    uncovered.append(&mut waiting);
    uncovered
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

fn asks_for(data: &ChainData, call: &TimelockController::CallExecuted, act: &Act) -> bool {
    call.target == act.at.contract.address(&data.deployment)
        && calldata_of(&act.event).is_some_and(|expected| call.data.starts_with(&expected))
}

/// Encodes the one call that leaves this event; `None` if no function does.
pub(super) fn calldata_of(action: &AdminAction) -> Option<Vec<u8>> {
    Some(match action {
        // All contracts share the declarations of the role functions.
        AdminAction::RoleGranted(event) => Registry::grantRoleCall {
            role: event.role,
            account: event.account,
        }
        .abi_encode(),
        AdminAction::RoleRevoked(event) => Registry::revokeRoleCall {
            role: event.role,
            account: event.account,
        }
        .abi_encode(),
        AdminAction::EpochEnrolmentCapChanged(event) => Registry::setEpochEnrolmentCapCall {
            newCap: event.newCap,
        }
        .abi_encode(),
        AdminAction::PerPersonChanged(event) => MintedIncome::setPerPersonCall {
            newPerPerson: event.newPerPerson,
        }
        .abi_encode(),
        AdminAction::PerPersonCapChanged(event) => Distributor::setPerPersonCapCall {
            newCap: event.newCap,
        }
        .abi_encode(),
        AdminAction::OrbRegistered(event) => {
            OrbRegistry::registerCall { orb: event.orb }.abi_encode()
        }
        AdminAction::OrbRevoked(event) => OrbRegistry::revokeCall { orb: event.orb }.abi_encode(),
        AdminAction::MinDelayChange(event) => TimelockController::updateDelayCall {
            newDelay: event.newDuration,
        }
        .abi_encode(),
        AdminAction::RoleAdminChanged(_)
        | AdminAction::Paused(_)
        | AdminAction::Unpaused(_)
        | AdminAction::CallScheduled(_)
        | AdminAction::CallExecuted(_)
        | AdminAction::Cancelled(_) => return None,
    })
}
