//! The checks, in the order of the report.

use super::findings::{Findings, Verdict};
use super::{Evidence, claims, contracts, evidence, membership, money, power, unchecked};

/// Source that a check's answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RestsOn {
    /// The contracts' state or nothing of the chain: logs that are missing do not matter.
    State,
    /// The logs: all of them must be there.
    Logs,
}

pub(super) struct Check {
    /// Id of the requirement in `docs/spec/audit.md` that the check tests.
    pub(super) requirement: &'static str,
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) rests_on: RestsOn,
    pub(super) run: fn(&Evidence<'_>, &mut Findings) -> Verdict,
}

const fn of_state(
    requirement: &'static str,
    id: &'static str,
    title: &'static str,
    run: fn(&Evidence<'_>, &mut Findings) -> Verdict,
) -> Check {
    Check {
        requirement,
        id,
        title,
        rests_on: RestsOn::State,
        run,
    }
}

const fn of_logs(
    requirement: &'static str,
    id: &'static str,
    title: &'static str,
    run: fn(&Evidence<'_>, &mut Findings) -> Verdict,
) -> Check {
    Check {
        rests_on: RestsOn::Logs,
        ..of_state(requirement, id, title, run)
    }
}

/// All checks. Their ids are stable: scripts and people refer to them.
pub(super) const CHECKS: [Check; 33] = [
    of_state(
        "AUDIT-1",
        "head-age",
        "The chain was read up to now",
        evidence::head_age,
    ),
    of_state(
        "AUDIT-2",
        "deployment-block",
        "No contract is older than the block that events are read from",
        evidence::deployment_block,
    ),
    of_logs(
        "AUDIT-3",
        "logs-complete",
        "Every event is shown",
        evidence::logs_complete,
    ),
    of_state(
        "AUDIT-4",
        "contract-code",
        "Every contract runs the published code",
        contracts::code,
    ),
    of_state(
        "AUDIT-5",
        "batch-verifier-keys",
        "The registry's verifiers have no test keys",
        contracts::batch_verifier_keys,
    ),
    of_state(
        "AUDIT-6",
        "immutables",
        "What was built into the code is this deployment",
        contracts::immutables,
    ),
    of_state(
        "AUDIT-7",
        "wiring",
        "The contracts refer to each other as deployed",
        contracts::wiring,
    ),
    of_state(
        "AUDIT-8",
        "verifying-key",
        "The verifier uses the sound key of the public ceremony",
        contracts::verifying_key,
    ),
    of_logs(
        "AUDIT-9",
        "events-readable",
        "Every event can be read",
        contracts::events_readable,
    ),
    of_logs(
        "AUDIT-10",
        "leaves",
        "Every leaf is a commitment, and none is there twice",
        membership::leaves,
    ),
    of_logs(
        "AUDIT-11",
        "revocations",
        "Every revoked leaf was that member's until then",
        membership::revocations,
    ),
    of_logs(
        "AUDIT-12",
        "tree-roots",
        "Every root follows from the batches before it",
        membership::roots,
    ),
    of_logs(
        "AUDIT-13",
        "registry-state",
        "The registry is where its events lead",
        membership::registry_state,
    ),
    of_logs(
        "AUDIT-14",
        "checkpoints",
        "The root and member count of every epoch are the recomputed ones",
        membership::checkpoints,
    ),
    of_logs(
        "AUDIT-15",
        "epochs-opened",
        "Every epoch was opened in time, on its root, for its members, within its budget",
        money::epochs_opened,
    ),
    of_logs(
        "AUDIT-16",
        "claim-calls",
        "Every payment is what its transaction asked for",
        claims::calls,
    ),
    of_logs(
        "AUDIT-17",
        "claim-ranges",
        "Every input of a claim is in its field",
        claims::ranges,
    ),
    of_logs(
        "AUDIT-18",
        "claim-window",
        "Every claim was paid inside its window",
        claims::window,
    ),
    of_logs(
        "AUDIT-19",
        "external-nullifiers",
        "The external nullifier of every epoch is the recomputed one",
        claims::external_nullifiers,
    ),
    of_logs(
        "AUDIT-20",
        "claim-proofs",
        "Every claim's proof holds against its epoch's root",
        claims::proofs,
    ),
    of_logs(
        "AUDIT-21",
        "claims-through-contracts",
        "The calldata of every claim could be read",
        claims::through_contracts,
    ),
    of_logs(
        "AUDIT-22",
        "nullifiers-unique",
        "No nullifier was paid twice",
        claims::nullifiers_unique,
    ),
    of_logs(
        "AUDIT-23",
        "census",
        "No epoch paid more claims than it has members",
        money::census,
    ),
    of_logs(
        "AUDIT-24",
        "payments",
        "Every transfer out of the distributor is owed, and every payment was transferred",
        money::payments,
    ),
    of_logs(
        "AUDIT-25",
        "supply",
        "Every token in existence was issued for an epoch, below the cap",
        money::supply,
    ),
    of_logs(
        "AUDIT-26",
        "balance",
        "The distributor holds what it still owes",
        money::balance,
    ),
    of_logs(
        "AUDIT-27",
        "timelock-delay",
        "A change always waited longer than an epoch",
        power::timelock_delay,
    ),
    of_logs(
        "AUDIT-28",
        "admin-roles",
        "Only the timelock administers",
        power::admin_roles,
    ),
    of_logs(
        "AUDIT-29",
        "deployer-powerless",
        "The deployer never held a role",
        power::deployer_powerless,
    ),
    of_logs(
        "AUDIT-30",
        "admin-actions",
        "Every act of administration went through the timelock",
        power::admin_actions,
    ),
    of_state(
        "AUDIT-31",
        "leaves-are-people",
        "Every leaf is one living person",
        unchecked::leaves_are_people,
    ),
    of_state(
        "AUDIT-32",
        "enrolment-signatures",
        "Every leaf was signed for by an active orb",
        unchecked::enrolment_signatures,
    ),
    of_state(
        "AUDIT-33",
        "log-anchors",
        "The transparency log is anchored on chain",
        unchecked::log_anchors,
    ),
];
