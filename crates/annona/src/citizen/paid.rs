//! Finds a wallet's payments among the events of all claims, without naming them to the endpoint.

use std::collections::HashMap;

use alloy::consensus::BlockHeader;
use alloy::primitives::{B256, U256};
use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use annona_bindings::contracts::Distributor::Claimed;
use annona_chain::EvmReader;
use annona_core::{Epoch, EpochClock, NullifierHash, UnixSeconds};
use annona_engine::ports::ChainReader;
use annona_rpc::LogReader;
use anyhow::Context;

/// Finds, among the events of everybody's claims of the epochs from `oldest` on, those of
/// `nullifiers`, with the transactions that paid them (IDENT-10).
///
/// The endpoint is not told which of them are looked for: it is asked for all.
pub(super) async fn transactions(
    chain: &EvmReader,
    calendar: &EpochClock,
    oldest: Epoch,
    nullifiers: &HashMap<NullifierHash, Epoch>,
) -> anyhow::Result<HashMap<Epoch, B256>> {
    let head = chain.head().await?.number;
    let first = first_block_from(chain, calendar.start_of(oldest), head).await?;
    let filter = Filter::new()
        .address(chain.deployment().distributor)
        .event_signature(Claimed::SIGNATURE_HASH);
    let mut found = HashMap::new();
    let logs = LogReader::new(chain.provider().clone());
    for log in logs.read(&filter, first, head).await? {
        let event = log.log_decode::<Claimed>()?.inner.data;
        let own = NullifierHash::try_from(event.nullifierHash)
            .ok()
            .and_then(|nullifier| nullifiers.get(&nullifier));
        if let (Some(epoch), Some(hash)) = (own, log.transaction_hash)
            && U256::from(epoch.0) == event.epoch
        {
            found.insert(*epoch, hash);
        }
    }
    Ok(found)
}

/// The first block of the deployment at or after `time`, or the newest.
async fn first_block_from(chain: &EvmReader, time: UnixSeconds, head: u64) -> anyhow::Result<u64> {
    let (mut low, mut high) = (chain.deployment_block().min(head), head);
    while low < high {
        let middle = low + (high - low) / 2;
        let block = chain.provider().get_block_by_number(middle.into()).await?;
        let block = block.with_context(|| format!("the chain's endpoint has no block {middle}"))?;
        if block.header.timestamp() < time.0 {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
