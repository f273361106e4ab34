//! The rules of the protocol, each a pure function of what was gathered.

mod claims;
mod contracts;
mod membership;
mod money;
mod power;
mod rebuilt;
#[cfg(test)]
mod tests;
mod unchecked;

use alloy::primitives::{B256, U256};
use annona_core::AmountWei;

use crate::data::{ChainData, Logged, RegistryBatch};
use crate::{AuditedBlock, CheckResult, Outcome, Report, Totals};
use rebuilt::Rebuilt;

pub(crate) use claims::{Route, route, statement};

/// What a check looks at.
pub(crate) struct Evidence<'a> {
    data: &'a ChainData,
    rebuilt: Rebuilt,
}

/// Why a check does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Objection {
    /// The rule does not hold.
    Wrong {
        what: String,
        transaction: Option<B256>,
    },
    /// The rule cannot be looked at, or not in full.
    Unchecked { why: String },
}

/// What was looked at, or what stands against it.
type Verdict = Result<String, Objection>;

fn wrong<T>(what: impl Into<String>) -> Result<T, Objection> {
    Err(Objection::Wrong {
        what: what.into(),
        transaction: None,
    })
}

fn wrong_at<T, E>(logged: &Logged<E>, what: impl Into<String>) -> Result<T, Objection> {
    Err(Objection::Wrong {
        what: what.into(),
        transaction: Some(logged.at.transaction),
    })
}

/// A getter's answer; that there is none is a finding.
fn answer<T: Clone>(answer: Option<&T>, getter: &str) -> Result<T, Objection> {
    match answer {
        Some(value) => Ok(value.clone()),
        None => wrong(format!("the contract does not answer {getter}")),
    }
}

struct Check {
    id: &'static str,
    title: &'static str,
    run: fn(&Evidence<'_>) -> Verdict,
}

const fn check(id: &'static str, title: &'static str, run: fn(&Evidence<'_>) -> Verdict) -> Check {
    Check { id, title, run }
}

/// Ids are stable: scripts and people refer to them.
const CHECKS: [Check; 29] = [
    check(
        "contract-code",
        "Every contract runs the published code",
        contracts::code,
    ),
    check(
        "immutables",
        "What was built into the code is this deployment",
        contracts::immutables,
    ),
    check(
        "wiring",
        "The contracts refer to each other as deployed",
        contracts::wiring,
    ),
    check(
        "verifying-key",
        "The verifier uses the sound key of the public ceremony",
        contracts::verifying_key,
    ),
    check(
        "events-readable",
        "Every event can be read",
        contracts::events_readable,
    ),
    check(
        "leaves",
        "Every leaf is a commitment, and none is there twice",
        membership::leaves,
    ),
    check(
        "revocations",
        "Every revoked leaf was that member's until then",
        membership::revocations,
    ),
    check(
        "tree-roots",
        "Every root follows from the batches before it",
        membership::roots,
    ),
    check(
        "registry-state",
        "The registry is where its events lead",
        membership::registry_state,
    ),
    check(
        "checkpoints",
        "The root and member count of every epoch are the recomputed ones",
        membership::checkpoints,
    ),
    check(
        "epochs-opened",
        "Every epoch was opened in time, on its root, for its members, within its budget",
        money::epochs_opened,
    ),
    check(
        "claim-calls",
        "Every payment is what its transaction asked for",
        claims::calls,
    ),
    check(
        "claim-ranges",
        "Every input of a claim is in its field",
        claims::ranges,
    ),
    check(
        "claim-window",
        "Every claim was paid inside its window",
        claims::window,
    ),
    check(
        "external-nullifiers",
        "The external nullifier of every epoch is the recomputed one",
        claims::external_nullifiers,
    ),
    check(
        "claim-proofs",
        "Every claim's proof holds against its epoch's root",
        claims::proofs,
    ),
    check(
        "claims-through-contracts",
        "Every claim came in a transaction of its own",
        claims::through_contracts,
    ),
    check(
        "nullifiers-unique",
        "No nullifier was paid twice",
        claims::nullifiers_unique,
    ),
    check(
        "census",
        "No epoch paid more claims than it has members",
        money::census,
    ),
    check(
        "payments",
        "Every transfer out of the distributor is owed, and every payment was transferred",
        money::payments,
    ),
    check(
        "supply",
        "Every token in existence was issued for an epoch, below the cap",
        money::supply,
    ),
    check(
        "balance",
        "The distributor holds what it still owes",
        money::balance,
    ),
    check(
        "timelock-delay",
        "A change waits longer than an epoch",
        power::timelock_delay,
    ),
    check(
        "admin-roles",
        "Only the timelock administers",
        power::admin_roles,
    ),
    check(
        "deployer-powerless",
        "The deployer holds no role",
        power::deployer_powerless,
    ),
    check(
        "admin-actions",
        "Every act of administration went through the timelock",
        power::admin_actions,
    ),
    check(
        "leaves-are-people",
        "Every leaf is one living person",
        unchecked::leaves_are_people,
    ),
    check(
        "enrolment-signatures",
        "Every leaf was signed for by an active orb",
        unchecked::enrolment_signatures,
    ),
    check(
        "log-anchors",
        "The transparency log is anchored on chain",
        unchecked::log_anchors,
    ),
];

/// Makes every check, in order.
pub(crate) fn run(data: &ChainData, mut progress: impl FnMut(&CheckResult)) -> Report {
    let evidence = Evidence {
        data,
        rebuilt: Rebuilt::from_events(data),
    };
    let mut checks = Vec::with_capacity(CHECKS.len());
    for check in &CHECKS {
        let result = result_of(check, (check.run)(&evidence));
        progress(&result);
        checks.push(result);
    }
    Report {
        chain_id: data.deployment.chain_id,
        block: AuditedBlock {
            number: data.head.number,
            hash: data.head.hash,
        },
        checks,
        totals: totals(data),
    }
}

fn result_of(check: &Check, verdict: Verdict) -> CheckResult {
    let (outcome, detail) = match verdict {
        Ok(detail) => (Outcome::Pass, detail),
        Err(Objection::Wrong { what, transaction }) => {
            (Outcome::Fail { what, transaction }, String::new())
        }
        Err(Objection::Unchecked { why }) => (Outcome::NotChecked { why }, String::new()),
    };
    CheckResult {
        id: check.id,
        title: check.title,
        outcome,
        detail,
    }
}

/// A sum that stops at the largest number instead of wrapping: events are not trusted to be sane.
fn sum(amounts: impl Iterator<Item = U256>) -> U256 {
    amounts.fold(U256::ZERO, U256::saturating_add)
}

fn totals(data: &ChainData) -> Totals {
    let events = &data.events;
    let leaves = |batch: &Logged<RegistryBatch>| match &batch.event {
        RegistryBatch::Appended(event) => (event.leaves.len() as u64, 0),
        RegistryBatch::Revoked(event) => (0, event.removals.len() as u64),
    };
    let (joined, revoked) = events
        .batches
        .iter()
        .map(leaves)
        .fold((0, 0), |sum, batch| (sum.0 + batch.0, sum.1 + batch.1));
    Totals {
        members: joined.saturating_sub(revoked),
        revoked,
        batches: events.batches.len() as u64,
        epochs: events.opened.len() as u64,
        claims: events.claims.len() as u64,
        paid_wei: AmountWei(sum(events.claims.iter().map(|claim| claim.event.amount))),
        fees_wei: AmountWei(sum(events.fees.iter().map(|fee| fee.event.fee))),
        issued_wei: AmountWei(sum(events.funded.iter().map(|funded| funded.event.issued))),
        admin_actions: events.admin.len() as u64,
    }
}
