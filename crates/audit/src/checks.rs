//! The rules of the protocol, each a pure function of the gathered data.

mod claims;
mod contracts;
mod cover;
mod evidence;
mod findings;
mod list;
mod membership;
mod money;
mod power;
mod rebuilt;
mod requests;
#[cfg(test)]
mod tests;
mod unchecked;

use alloy::primitives::U256;
use annona_core::{AmountWei, UnixSeconds};

use crate::data::{At, ChainData, Logged, RegistryBatch};
use crate::{AuditReport, AuditTotals, AuditedBlock, CheckResult, Gap};
use findings::{Finding, Findings};
use list::{CHECKS, Check, RestsOn};
use rebuilt::Rebuilt;
use requests::{Matcher, RequestedPayment};

pub(crate) use claims::statement;
pub(crate) use requests::Invocation;

const ARCHIVE_NODE: &str = "ask an archive node";

/// Data that the checks look at, as gathered and as worked out from it.
pub(crate) struct Evidence<'a> {
    data: &'a ChainData,
    rebuilt: Rebuilt,
    /// Every payment with the requests that it can be the answer to.
    asked: Vec<RequestedPayment<'a>>,
    /// Signs that logs are missing.
    log_gaps: Vec<Gap>,
}

impl<'a> Evidence<'a> {
    fn of(data: &'a ChainData) -> Self {
        Self {
            data,
            rebuilt: Rebuilt::from_events(data),
            asked: Matcher::all(data),
            log_gaps: evidence::log_gaps(data),
        }
    }

    /// Returns the timestamp of an event's block.
    fn time_of(&self, at: At) -> Result<u64, Finding> {
        match self.data.block_times.get(&at.block) {
            Some(time) => Ok(*time),
            None => findings::unchecked(
                "the endpoint does not know blocks whose logs it serves",
                ARCHIVE_NODE,
            ),
        }
    }
}

/// Makes every check, in order.
pub(crate) fn run(data: &ChainData, mut progress: impl FnMut(&CheckResult)) -> AuditReport {
    let evidence = Evidence::of(data);
    let mut checks = Vec::with_capacity(CHECKS.len());
    for check in &CHECKS {
        let result = result_of(check, &evidence);
        progress(&result);
        checks.push(result);
    }
    AuditReport {
        chain_id: data.deployment.chain_id,
        block: AuditedBlock {
            number: data.head.number,
            hash: data.head.hash,
            timestamp: UnixSeconds(data.head.timestamp),
        },
        audited_at: UnixSeconds(data.now),
        checks,
        totals: totals(data),
    }
}

fn result_of(check: &Check, evidence: &Evidence<'_>) -> CheckResult {
    let mut found = match check.rests_on {
        RestsOn::State => Findings::default(),
        RestsOn::Logs => Findings::resting_on(&evidence.log_gaps),
    };
    let verdict = (check.run)(evidence, &mut found);
    let detail = found.note(verdict).unwrap_or_default();
    CheckResult {
        requirement: check.requirement,
        id: check.id,
        title: check.title,
        objections: found.objections,
        gaps: found.gaps,
        detail,
    }
}

/// Adds up amounts, and stops at the largest number instead of wrapping: events are not trusted to
/// be sane.
fn sum(amounts: impl Iterator<Item = U256>) -> U256 {
    amounts.fold(U256::ZERO, U256::saturating_add)
}

fn totals(data: &ChainData) -> AuditTotals {
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
    AuditTotals {
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
