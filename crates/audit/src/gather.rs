//! Reads the chain: every call at one block, every log up to it. Nothing is judged here.

mod calls;
mod logs;

use std::collections::{BTreeMap, BTreeSet};

use alloy::consensus::{BlockHeader, Transaction};
use alloy::eips::BlockNumberOrTag;
use alloy::network::TransactionResponse;
use alloy::primitives::{B256, U256};
use alloy::providers::{DynProvider, Provider};
use annona_chain::Deployment;
use annona_core::{EpochClock, UnixSeconds};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::AuditError;
use crate::data::{
    AdminAction, Answers, ChainData, Contract, Events, Head, RoleKey, Sent, creations,
};
pub(crate) use calls::Caller;
pub(crate) use logs::read_claims_of;

/// Blocks that one log query spans: what public endpoints commonly allow.
pub const LOG_RANGE_BLOCKS: u64 = 2_000;

/// Newest epochs whose checkpoint is compared; besides these, every epoch in
/// which a checkpoint can change or that was opened or claimed.
const NEWEST_CHECKPOINTS: u64 = 1_000;

/// Requests under way at the same time.
const CONCURRENT_REQUESTS: usize = 8;

/// Reads all that the audit needs.
pub(crate) async fn gather(
    provider: &DynProvider,
    deployment: &Deployment,
) -> Result<ChainData, AuditError> {
    let head = read_head(provider, deployment).await?;
    let caller = Caller::new(provider, deployment, head.hash);
    let mut code = BTreeMap::new();
    for contract in Contract::ALL {
        code.insert(contract, caller.code(contract).await?);
    }
    let answers = caller.answers().await?;
    let events = logs::read_events(provider, deployment, head.number).await?;
    let block_times = read_block_times(provider, &events).await?;
    let transactions = read_transactions(provider, &events).await?;
    let (epochs, claimed) = epochs_with_events(&events);
    let mut data = ChainData {
        deployment: deployment.clone(),
        head,
        code,
        checkpoints: BTreeMap::new(),
        epoch_states: read_all(epochs, |epoch| caller.epoch_state(epoch)).await?,
        external_nullifiers: read_all(claimed, |epoch| caller.external_nullifier(epoch)).await?,
        roles: read_all(roles_granted(&events), |role| caller.has_role(role)).await?,
        answers,
        events,
        block_times,
        transactions,
    };
    let checkpoints = epochs_to_compare(&data);
    data.checkpoints = read_all(checkpoints, |epoch| caller.checkpoint_before(epoch)).await?;
    require_canonical(provider, &head).await?;
    Ok(data)
}

/// The newest block, on the deployment's own chain.
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
    Ok(Head {
        number: block.header.number(),
        hash: block.header.hash,
        timestamp: block.header.timestamp(),
    })
}

/// Logs are asked for by number: they are those of the audited chain only if
/// its last block is still there.
pub(crate) async fn require_canonical(
    provider: &DynProvider,
    head: &Head,
) -> Result<(), AuditError> {
    let block = provider
        .get_block_by_number(head.number.into())
        .await
        .map_err(AuditError::endpoint("the audited block"))?;
    match block {
        Some(block) if block.header.hash == head.hash => Ok(()),
        _ => Err(AuditError::Reorganised {
            number: head.number,
        }),
    }
}

pub(crate) async fn read_block_time(
    provider: &DynProvider,
    number: u64,
) -> Result<u64, AuditError> {
    let block = provider
        .get_block_by_number(number.into())
        .await
        .map_err(AuditError::endpoint("a block"))?
        .ok_or(AuditError::MissingBlock { number })?;
    Ok(block.header.timestamp())
}

pub(crate) async fn read_transaction(
    provider: &DynProvider,
    hash: B256,
) -> Result<Sent, AuditError> {
    let transaction = provider
        .get_transaction_by_hash(hash)
        .await
        .map_err(AuditError::endpoint("a transaction"))?
        .ok_or(AuditError::MissingTransaction { hash })?;
    Ok(Sent {
        from: transaction.from(),
        to: Transaction::to(&transaction),
        input: transaction.input().clone(),
    })
}

async fn read_block_times(
    provider: &DynProvider,
    events: &Events,
) -> Result<BTreeMap<u64, u64>, AuditError> {
    let batches = events.batches.iter().map(|logged| logged.at.block);
    let opened = events.opened.iter().map(|logged| logged.at.block);
    let claims = events.claims.iter().map(|logged| logged.at.block);
    let blocks = batches.chain(opened).chain(claims).collect();
    read_all(blocks, |number| read_block_time(provider, number)).await
}

async fn read_transactions(
    provider: &DynProvider,
    events: &Events,
) -> Result<BTreeMap<B256, Sent>, AuditError> {
    let mut hashes = creations(events);
    hashes.extend(events.claims.iter().map(|logged| logged.at.transaction));
    read_all(hashes, |hash| read_transaction(provider, hash)).await
}

/// Reads a value for each key, several at a time.
async fn read_all<K, V, F>(
    keys: BTreeSet<K>,
    read: impl Fn(K) -> F,
) -> Result<BTreeMap<K, V>, AuditError>
where
    K: Ord + Copy,
    F: Future<Output = Result<V, AuditError>>,
{
    stream::iter(keys)
        .map(|key| {
            let value = read(key);
            async move { Ok((key, value.await?)) }
        })
        .buffered(CONCURRENT_REQUESTS)
        .try_collect()
        .await
}

/// Epochs with any event of the distributor, and those with a claim.
fn epochs_with_events(events: &Events) -> (BTreeSet<U256>, BTreeSet<U256>) {
    let claimed: BTreeSet<U256> = events
        .claims
        .iter()
        .map(|logged| logged.event.epoch)
        .collect();
    let opened = events.opened.iter().map(|logged| logged.event.epoch);
    let closed = events.closed.iter().map(|logged| logged.event.epoch);
    (
        claimed
            .iter()
            .copied()
            .chain(opened)
            .chain(closed)
            .collect(),
        claimed,
    )
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

fn epochs_to_compare(data: &ChainData) -> BTreeSet<u64> {
    let Some(current) = clock_of(&data.answers)
        .and_then(|clock| clock.epoch_at(UnixSeconds(data.head.timestamp)).ok())
    else {
        return BTreeSet::new();
    };
    let newest = current.0.saturating_sub(NEWEST_CHECKPOINTS - 1)..=current.0;
    let batches = data.events.batches.iter();
    let batches = batches.map(|logged| logged.event.epoch());
    // A batch shows in the checkpoint of the epoch after its own.
    let changed = batches.map(|epoch| epoch.saturating_add(U256::ONE));
    let used = data.epoch_states.keys().copied().chain(changed);
    newest
        .chain(used.filter_map(|epoch| u64::try_from(epoch).ok()))
        .filter(|epoch| *epoch <= current.0)
        .collect()
}

/// The deployment's calendar, when the registry's answers make one.
pub(crate) fn clock_of(answers: &Answers) -> Option<EpochClock> {
    let genesis = u64::try_from(answers.genesis?).ok()?;
    let length_secs = u64::try_from(answers.epoch_length?).ok()?;
    EpochClock::new(UnixSeconds(genesis), length_secs).ok()
}
