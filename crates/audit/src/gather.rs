//! Reads the chain: every call at one block, every log up to it. Nothing is judged here.

mod calls;
mod logs;
mod transactions;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use alloy::consensus::BlockHeader;
use alloy::eips::BlockNumberOrTag;
use alloy::primitives::{B256, U256};
use alloy::providers::{DynProvider, Provider};
use annona_bindings::Deployment;
use annona_core::{EpochClock, UnixSeconds};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::data::{AdminAction, Answers, ChainData, Contract, Events, Head, RoleKey, Sent};
use crate::{AuditError, AuditProgress};
pub(crate) use calls::Caller;
pub(crate) use logs::read_claims_of;
pub(crate) use transactions::{
    is_carried_out, read_calls_of, read_transaction, read_transactions_of_block,
};

/// Newest epochs whose checkpoint and account are compared; besides these, every
/// epoch in which a checkpoint can change or that was opened or claimed.
const NEWEST_EPOCHS: u64 = 1_000;

/// Number of requests under way at the same time.
const CONCURRENT_REQUESTS: usize = 8;

/// Number of answers between two reports of progress.
const ANSWERS_PER_PROGRESS: u64 = 64;

/// Reads all that the audit needs up to `head`. The caller must ask afterwards whether `head` is
/// still there (AUDIT-34).
pub(crate) async fn gather(
    provider: &DynProvider,
    deployment: &Deployment,
    head: Head,
    now: UnixSeconds,
    progress: &mut impl FnMut(AuditProgress<'_>),
) -> Result<ChainData, AuditError> {
    let caller = Caller::new(provider, deployment, head.hash);
    let (mut code, mut code_before) = (BTreeMap::new(), BTreeMap::new());
    for contract in Contract::ALL {
        code.insert(contract, caller.code(contract).await?);
        code_before.insert(contract, caller.code_before(contract).await?);
    }
    let answers = caller.answers().await?;
    let events = logs::read_events(provider, deployment, head.number, progress).await?;
    let block_times = read_block_times(provider, &events, progress).await?;
    let transactions = read_transactions(provider, &events, progress).await?;
    let through = through_contracts(deployment, &events, &transactions);
    let inner_calls = read_all("traces", through, progress, |hash| async move {
        Ok(read_calls_of(provider, deployment.distributor, hash).await)
    });
    let inner_calls = inner_calls.await?;
    let sources = events.sources.clone();
    let receipts = read_all("receipts", sources, progress, |hash| {
        transactions::read_receipt(provider, deployment, &events.places, hash)
    });
    let receipts = receipts.await?;
    let claimed = claimed_epochs(&events);
    let external_nullifiers = read_all("external nullifiers", claimed, progress, |epoch| {
        caller.external_nullifier(epoch)
    });
    let external_nullifiers = external_nullifiers.await?;
    let roles = read_all("roles", roles_granted(&events), progress, |role| {
        caller.has_role(role)
    });
    let roles = roles.await?;
    let mut data = ChainData {
        deployment: deployment.clone(),
        head,
        now: now.0,
        code,
        code_before,
        checkpoints: BTreeMap::new(),
        epoch_states: BTreeMap::new(),
        external_nullifiers,
        roles,
        answers,
        events,
        block_times,
        transactions,
        inner_calls,
        receipts,
    };
    let (checkpoints, accounts) = epochs_to_compare(&data);
    data.epoch_states = read_all("epochs", accounts, progress, |epoch| {
        caller.epoch_state(epoch)
    })
    .await?;
    data.checkpoints = read_all("checkpoints", checkpoints, progress, |epoch| {
        caller.checkpoint_before(epoch)
    })
    .await?;
    Ok(data)
}

/// Reads the newest block; refuses another chain, and one that ends before the deployment.
pub(crate) async fn read_head(
    provider: &DynProvider,
    deployment: &Deployment,
) -> Result<Head, AuditError> {
    let actual = provider
        .get_chain_id()
        .await
        .map_err(AuditError::endpoint("the chain id"))?;
    if actual != deployment.chain_id {
        return Err(AuditError::WrongChain {
            expected: deployment.chain_id,
            actual,
        });
    }
    let block = provider
        .get_block_by_number(BlockNumberOrTag::Latest)
        .await
        .map_err(AuditError::endpoint("the newest block"))?
        .ok_or(AuditError::MissingBlock { number: 0 })?;
    let head = Head {
        number: block.header.number(),
        hash: block.header.hash,
        timestamp: block.header.timestamp(),
    };
    if head.number < deployment.deployment_block {
        return Err(AuditError::BeforeDeployment {
            head: head.number,
            deployment: deployment.deployment_block,
        });
    }
    Ok(head)
}

/// Returns whether `head` is still in the chain. Logs are asked for by number: they are those of
/// the audited chain only if it is.
pub(crate) async fn is_canonical(provider: &DynProvider, head: &Head) -> Result<bool, AuditError> {
    let block = provider
        .get_block_by_number(head.number.into())
        .await
        .map_err(AuditError::endpoint("the audited block"))?;
    Ok(block.is_some_and(|block| block.header.hash == head.hash))
}

/// Reads the timestamp of a block; `None` if the endpoint does not know it.
pub(crate) async fn read_block_time(
    provider: &DynProvider,
    number: u64,
) -> Result<Option<u64>, AuditError> {
    let block = provider
        .get_block_by_number(number.into())
        .await
        .map_err(AuditError::endpoint("a block"))?;
    Ok(block.map(|block| block.header.timestamp()))
}

async fn read_block_times(
    provider: &DynProvider,
    events: &Events,
    progress: &mut impl FnMut(AuditProgress<'_>),
) -> Result<BTreeMap<u64, u64>, AuditError> {
    let batches = events.batches.iter().map(|logged| logged.at.block);
    let opened = events.opened.iter().map(|logged| logged.at.block);
    let claims = events.claims.iter().map(|logged| logged.at.block);
    let operations = events.admin.iter().filter(|logged| {
        matches!(
            logged.event,
            AdminAction::CallScheduled(_) | AdminAction::CallExecuted(_)
        )
    });
    let operations = operations.map(|logged| logged.at.block);
    let blocks = batches.chain(opened).chain(claims).chain(operations);
    let times = read_all("block times", blocks.collect(), progress, |number| {
        read_block_time(provider, number)
    });
    let known = times.await?.into_iter();
    Ok(known.filter_map(|(at, time)| Some((at, time?))).collect())
}

async fn read_transactions(
    provider: &DynProvider,
    events: &Events,
    progress: &mut impl FnMut(AuditProgress<'_>),
) -> Result<BTreeMap<B256, Option<Sent>>, AuditError> {
    let mut hashes: BTreeSet<B256> = events.creations().into_values().collect();
    hashes.extend(events.claims.iter().map(|logged| logged.at.transaction));
    read_all("transactions", hashes, progress, |hash| {
        read_transaction(provider, hash)
    })
    .await
}

/// Lists the transactions with a claim that went to another contract.
fn through_contracts(
    deployment: &Deployment,
    events: &Events,
    transactions: &BTreeMap<B256, Option<Sent>>,
) -> BTreeSet<B256> {
    let claims = events.claims.iter().map(|logged| logged.at.transaction);
    let is_through = |hash: &B256| {
        let sent = transactions.get(hash).and_then(Option::as_ref);
        sent.is_some_and(|sent| sent.to != Some(deployment.distributor))
    };
    claims.filter(is_through).collect()
}

/// Reads a value for each key, several at a time.
async fn read_all<K, V, F>(
    what: &'static str,
    keys: BTreeSet<K>,
    progress: &mut impl FnMut(AuditProgress<'_>),
    read: impl Fn(K) -> F,
) -> Result<BTreeMap<K, V>, AuditError>
where
    K: Ord + Copy,
    F: Future<Output = Result<V, AuditError>>,
{
    let (done, total) = (Cell::new(0_u64), keys.len() as u64);
    stream::iter(keys)
        .map(|key| {
            let value = read(key);
            async move { Ok((key, value.await?)) }
        })
        .buffered(CONCURRENT_REQUESTS)
        .inspect_ok(|_| {
            done.set(done.get() + 1);
            if done.get().is_multiple_of(ANSWERS_PER_PROGRESS) {
                let done = done.get();
                progress(AuditProgress::Reading { what, done, total });
            }
        })
        .try_collect()
        .await
}

fn claimed_epochs(events: &Events) -> BTreeSet<U256> {
    let claims = events.claims.iter();
    claims.map(|logged| logged.event.epoch).collect()
}

fn roles_granted(events: &Events) -> BTreeSet<RoleKey> {
    let grants = events
        .admin
        .iter()
        .filter_map(|logged| match &logged.event {
            AdminAction::RoleGranted(grant) => Some(RoleKey {
                contract: logged.at.contract,
                role: grant.role,
                account: grant.account,
            }),
            _ => None,
        });
    grants.collect()
}

/// Returns the epochs whose checkpoint is read, and those whose account is read.
fn epochs_to_compare(data: &ChainData) -> (BTreeSet<u64>, BTreeSet<U256>) {
    let events = &data.events;
    let opened = events.opened.iter().map(|logged| logged.event.epoch);
    let closed = events.closed.iter().map(|logged| logged.event.epoch);
    let mut accounts = claimed_epochs(events);
    accounts.extend(opened.chain(closed));
    let Some(current) = clock_of(&data.answers)
        .and_then(|clock| clock.epoch_at(UnixSeconds(data.head.timestamp)).ok())
    else {
        return (BTreeSet::new(), accounts);
    };
    let newest = current.0.saturating_sub(NEWEST_EPOCHS - 1)..=current.0;
    let batches = events.batches.iter();
    let batches = batches.map(|logged| logged.event.epoch());
    // A batch shows in the checkpoint of the epoch after its own.
    let changed = batches.map(|epoch| epoch.saturating_add(U256::ONE));
    let used = accounts.iter().copied().chain(changed);
    let checkpoints = newest
        .clone()
        .chain(used.filter_map(|epoch| u64::try_from(epoch).ok()))
        .filter(|epoch| *epoch <= current.0)
        .collect();
    accounts.extend(newest.map(U256::from));
    (checkpoints, accounts)
}

/// Builds the deployment's calendar, if the registry's answers make one.
pub(crate) fn clock_of(answers: &Answers) -> Option<EpochClock> {
    let genesis = u64::try_from(answers.genesis?).ok()?;
    let length_secs = u64::try_from(answers.epoch_length?).ok()?;
    EpochClock::new(UnixSeconds(genesis), length_secs).ok()
}
