use alloy::primitives::B256;
use alloy::providers::DynProvider;
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolEvent;
use annona_bindings::Deployment;
use annona_bindings::contracts::{
    AnnonaToken, Distributor, MintedIncome, OrbRegistry, Registry, TimelockController,
};
use annona_core::NullifierHash;
use annona_rpc::{LOG_SPAN_MAX_BLOCKS, LogReader};

use crate::data::{AdminAction, At, Contract, Events, Logged, RegistryBatch};
use crate::{AuditError, AuditProgress};

/// Reads every event of the deployment up to block `last`, and the token's transfers that issue or
/// that touch the distributor or the income source.
pub(super) async fn read_events(
    provider: &DynProvider,
    deployment: &Deployment,
    last: u64,
    progress: &mut impl FnMut(AuditProgress<'_>),
) -> Result<Events, AuditError> {
    let reader = LogReader::new(provider.clone());
    let contracts = Contract::WITH_HISTORY.map(|contract| contract.address(deployment));
    let mut events = Events::default();
    let own = Filter::new().address(contracts.to_vec());
    for log in read_logs(&reader, deployment, last, &own, progress).await? {
        remember(&mut events, &log);
        events.sources.extend(log.transaction_hash);
        sort_in(&mut events, deployment, &log);
    }
    let (sources, receivers) = treasuries(deployment);
    let transfers = Filter::new()
        .address(deployment.token)
        .event_signature(AnnonaToken::Transfer::SIGNATURE_HASH);
    for filter in [
        transfers.clone().topic1(sources.to_vec()),
        transfers.topic2(receivers.to_vec()),
    ] {
        for log in read_logs(&reader, deployment, last, &filter, progress).await? {
            remember(&mut events, &log);
            take::<AnnonaToken::Transfer>(&mut events, deployment, &log, |events, logged| {
                // Anybody can have nothing transferred, as often as they like.
                if !logged.event.value.is_zero() {
                    events.sources.insert(logged.at.transaction);
                }
                events.transfers.push(logged);
            });
        }
    }
    // A transfer between two of these addresses came in both queries.
    events.transfers.sort_by_key(|logged| logged.at);
    events.transfers.dedup_by_key(|logged| logged.at);
    Ok(events)
}

/// Lists the senders and receivers of the token whose transfers are read.
fn treasuries(deployment: &Deployment) -> ([B256; 3], [B256; 2]) {
    let (distributor, source) = (
        deployment.distributor.into_word(),
        deployment.income_source.into_word(),
    );
    ([distributor, source, B256::ZERO], [distributor, source])
}

/// Returns whether [`read_events`] reads such a log.
pub(super) fn is_read(deployment: &Deployment, log: &Log) -> bool {
    match Contract::at(log.address(), deployment) {
        Some(Contract::Token) => {
            let (sources, receivers) = treasuries(deployment);
            let topics = log.topics();
            let is_among = |place: usize, some: &[B256]| {
                topics.get(place).is_some_and(|topic| some.contains(topic))
            };
            topics.first() == Some(&AnnonaToken::Transfer::SIGNATURE_HASH)
                && (is_among(1, &sources) || is_among(2, &receivers))
        }
        Some(contract) => Contract::WITH_HISTORY.contains(&contract),
        None => false,
    }
}

fn remember(events: &mut Events, log: &Log) {
    if let (Some(block), Some(index)) = (log.block_number, log.log_index) {
        events.places.insert((block, index));
    }
}

/// Reads the claims of one nullifier hash up to block `last`.
pub(crate) async fn read_claims_of(
    provider: &DynProvider,
    deployment: &Deployment,
    last: u64,
    nullifier: NullifierHash,
) -> Result<Vec<Logged<Distributor::Claimed>>, AuditError> {
    let filter = Filter::new()
        .address(deployment.distributor)
        .event_signature(Distributor::Claimed::SIGNATURE_HASH)
        .topic2(B256::from(nullifier.to_u256()));
    let mut events = Events::default();
    let reader = LogReader::new(provider.clone());
    for log in read_logs(&reader, deployment, last, &filter, &mut |_| ()).await? {
        sort_in(&mut events, deployment, &log);
    }
    Ok(events.claims)
}

/// Reads logs by a reader whose queries shrink to the size that the endpoint takes at once.
async fn read_logs(
    reader: &LogReader,
    deployment: &Deployment,
    last: u64,
    filter: &Filter,
    progress: &mut impl FnMut(AuditProgress<'_>),
) -> Result<Vec<Log>, AuditError> {
    let mut logs = Vec::new();
    let first = deployment.deployment_block;
    for (from, to) in ranges(first, last) {
        progress(AuditProgress::Reading {
            what: "event logs, by block",
            done: from - first,
            total: last - first + 1,
        });
        let found = reader.read(filter, from, to).await;
        logs.extend(found.map_err(AuditError::endpoint("the event logs"))?);
    }
    logs.sort_by_key(|log| (log.block_number, log.log_index));
    Ok(logs)
}

/// Splits the blocks from `first` to `last`, both included, into pieces between which progress is
/// told.
fn ranges(first: u64, last: u64) -> impl Iterator<Item = (u64, u64)> {
    let starts = (first..=last).step_by(LOG_SPAN_MAX_BLOCKS as usize);
    starts.map(move |from| (from, last.min(from.saturating_add(LOG_SPAN_MAX_BLOCKS - 1))))
}

/// Decodes `log` if it is an `E`, and returns whether it was one.
fn take<E: SolEvent>(
    events: &mut Events,
    deployment: &Deployment,
    log: &Log,
    put: impl FnOnce(&mut Events, Logged<E>),
) -> bool {
    if log.topic0() != Some(&E::SIGNATURE_HASH) {
        return false;
    }
    match (place_of(log, deployment), log.log_decode::<E>()) {
        (Some(at), Ok(decoded)) => {
            let event = decoded.inner.data;
            put(events, Logged { at, event });
        }
        (None, _) => events.without_place += 1,
        (_, Err(_)) => events.unreadable.push((E::SIGNATURE, log.transaction_hash)),
    }
    true
}

fn place_of(log: &Log, deployment: &Deployment) -> Option<At> {
    Some(At {
        block: log.block_number?,
        log_index: log.log_index?,
        contract: Contract::at(log.address(), deployment)?,
        transaction: log.transaction_hash?,
    })
}

/// Keeps `log` as a batch of the registry if it is an `E`, and returns whether it was one.
fn take_batch<E: SolEvent>(
    events: &mut Events,
    deployment: &Deployment,
    log: &Log,
    batch: impl FnOnce(E) -> RegistryBatch,
) -> bool {
    take::<E>(events, deployment, log, |events, Logged { at, event }| {
        let event = batch(event);
        events.batches.push(Logged { at, event });
    })
}

/// Keeps `log` as an act of administration if it is an `E`, and returns whether it was one.
fn take_admin<E: SolEvent>(
    events: &mut Events,
    deployment: &Deployment,
    log: &Log,
    action: impl FnOnce(E) -> AdminAction,
) -> bool {
    take::<E>(events, deployment, log, |events, Logged { at, event }| {
        let event = action(event);
        events.admin.push(Logged { at, event });
    })
}

/// Sorts `log` by its event. Contracts can only leave events that they declare, so the address
/// needs no second look: `contract-code` holds the code to the published one.
fn sort_in(events: &mut Events, deployment: &Deployment, log: &Log) {
    let _ = sort_membership_and_money(events, deployment, log)
        || sort_roles(events, deployment, log)
        || sort_parameters(events, deployment, log)
        || sort_timelock(events, deployment, log);
}

fn sort_membership_and_money(events: &mut Events, at: &Deployment, log: &Log) -> bool {
    take_batch::<Registry::LeavesAppended>(events, at, log, RegistryBatch::Appended)
        || take_batch::<Registry::LeavesRevoked>(events, at, log, RegistryBatch::Revoked)
        || take::<Distributor::Claimed>(events, at, log, |all, one| all.claims.push(one))
        || take::<Distributor::FeePaid>(events, at, log, |all, one| all.fees.push(one))
        || take::<Distributor::ClaimSkipped>(events, at, log, |all, one| all.skipped.push(one))
        || take::<Distributor::EpochOpened>(events, at, log, |all, one| all.opened.push(one))
        || take::<Distributor::EpochClosed>(events, at, log, |all, one| all.closed.push(one))
        || take::<MintedIncome::EpochFunded>(events, at, log, |all, one| all.funded.push(one))
}

fn sort_roles(events: &mut Events, at: &Deployment, log: &Log) -> bool {
    take_admin(events, at, log, AdminAction::RoleGranted)
        || take_admin(events, at, log, AdminAction::RoleRevoked)
        || take_admin(events, at, log, AdminAction::RoleAdminChanged)
}

fn sort_parameters(events: &mut Events, at: &Deployment, log: &Log) -> bool {
    take_admin::<OrbRegistry::OrbRegistered>(events, at, log, AdminAction::OrbRegistered)
        || take_admin(events, at, log, AdminAction::OrbRevoked)
        || take_admin(events, at, log, AdminAction::EpochEnrolmentCapChanged)
        || take_admin(events, at, log, AdminAction::PerPersonChanged)
        || take_admin(events, at, log, AdminAction::PerPersonCapChanged)
        || take_admin(events, at, log, AdminAction::Paused)
        || take_admin(events, at, log, AdminAction::Unpaused)
}

fn sort_timelock(events: &mut Events, at: &Deployment, log: &Log) -> bool {
    take_admin::<TimelockController::CallScheduled>(events, at, log, AdminAction::CallScheduled)
        || take_admin(events, at, log, AdminAction::CallExecuted)
        || take_admin(events, at, log, AdminAction::Cancelled)
        || take_admin(events, at, log, AdminAction::MinDelayChange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_every_block_once() {
        let of = |first, last| ranges(first, last).collect::<Vec<_>>();
        assert_eq!(of(5, 4), []);
        assert_eq!(of(5, 5), [(5, 5)]);
        assert_eq!(of(5, 2_004), [(5, 2_004)]);
        assert_eq!(of(5, 2_005), [(5, 2_004), (2_005, 2_005)]);
        assert_eq!(of(0, 4_500), [(0, 1_999), (2_000, 3_999), (4_000, 4_500)]);
        assert_eq!(of(u64::MAX, u64::MAX), [(u64::MAX, u64::MAX)]);
    }
}
