//! Fitness of an endpoint for a deployment, as `annona doctor` reports it.

use alloy::primitives::Address;
use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use annona_engine::ports::{ChainError, ChainReader, FeeMarket};
use annona_rpc::LOG_SPAN_MAX_BLOCKS;

use crate::EvmReader;
use crate::error::from_transport;
use crate::fees::{TransactionKinds, read_market};

/// Event logs as an endpoint gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogFitness {
    /// Number of blocks that the endpoint takes in one query, if it refused more.
    pub limit_blocks: Option<u64>,
    /// True if the endpoint still has the logs of the block in which the deployment began.
    pub has_first_block: bool,
}

impl EvmReader {
    /// Refuses an endpoint of another chain.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], and as every call.
    pub async fn check_chain_id(&self) -> Result<(), ChainError> {
        let actual = self.provider.get_chain_id().await.map_err(from_transport)?;
        let expected = self.deployment.chain_id;
        if actual == expected {
            Ok(())
        } else {
            Err(ChainError::WrongChain { expected, actual })
        }
    }

    /// Lists the deployment's contracts that have no code here, by name: all of them on a chain
    /// with the same id and another past.
    ///
    /// # Errors
    /// As every call.
    pub async fn missing_contracts(&self) -> Result<Vec<(&'static str, Address)>, ChainError> {
        let mut missing = Vec::new();
        for (name, address) in self.deployment.contracts() {
            let code = self.provider.get_code_at(address).await;
            if code.map_err(from_transport)?.is_empty() {
                missing.push((name, address));
            }
        }
        Ok(missing)
    }

    /// Reads the fees that blocks ask for now.
    ///
    /// # Errors
    /// As every call.
    pub async fn fee_market(&self) -> Result<FeeMarket, ChainError> {
        read_market(&self.provider, TransactionKinds::All).await
    }

    /// Tests the endpoint with queries of event logs.
    ///
    /// # Errors
    /// As every call; also if the endpoint gives no logs at all.
    pub async fn log_fitness(&self) -> Result<LogFitness, ChainError> {
        let first = self.deployment.deployment_block;
        let head = self.head().await?.number;
        let oldest = Filter::new().address(self.deployment.timelock);
        let reading = self.logs().read(&oldest, first, first);
        let has_first_block = !reading.await.map_err(from_transport)?.is_empty();
        let registry = Filter::new().address(self.deployment.registry);
        let from = first.max((head + 1).saturating_sub(LOG_SPAN_MAX_BLOCKS));
        let reading = self.logs().read(&registry, from, head);
        reading.await.map_err(from_transport)?;
        Ok(LogFitness {
            limit_blocks: self.logs().limit_blocks(),
            has_first_block,
        })
    }
}
