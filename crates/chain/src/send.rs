use std::time::Duration;

use alloy::eips::eip2718::Encodable2718;
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::{Address, B256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::TransportError;
use annona_engine::FeePolicy;
use annona_engine::ports::{ChainError, Fees};
use tokio::time::{Instant, sleep};

use crate::error::from_transport;
use crate::fees::{TransactionKinds, is_kind_refused, read_market, with_fees};

/// Gas on top of the estimate, in percent.
const GAS_MARGIN_PERCENT: u64 = 20;

/// Longest wait for a block.
const BLOCK_LIMIT: Duration = Duration::from_secs(600);

/// Policy without a limit: a person who sends a transaction sees its cost, and nothing is held back
/// for its price.
const NO_LIMIT: FeePolicy = FeePolicy {
    max_fee_wei: u64::MAX,
    bump_after_blocks: u64::MAX,
};

/// A transaction that no block took.
#[derive(Debug, thiserror::Error)]
#[error("transaction {hash} is in no block after {} s; it may still come into one", limit.as_secs())]
pub struct NotMined {
    /// Hash of the transaction.
    pub hash: B256,
    /// Length of the wait.
    pub limit: Duration,
}

/// Sends transactions of one account, each of them when the one before is in a block.
pub struct AccountSender {
    provider: DynProvider,
    address: Address,
    wallet: EthereumWallet,
    chain_id: u64,
}

impl core::fmt::Debug for AccountSender {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AccountSender")
            .field("address", &self.address)
            .field("chain_id", &self.chain_id)
            .finish_non_exhaustive()
    }
}

impl AccountSender {
    /// Makes a sender of the account of `key` on the chain `chain_id`.
    #[must_use]
    pub fn new(provider: DynProvider, key: PrivateKeySigner, chain_id: u64) -> Self {
        Self {
            provider,
            address: key.address(),
            wallet: EthereumWallet::from(key),
            chain_id,
        }
    }

    /// Returns the address of the account.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Sends `request` with the account's `nonce`, and waits for the block that takes it. The
    /// receipt tells whether it reverted.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] when it would be refused and was not sent;
    /// [`ChainError::Unavailable`], with [`NotMined`] when no block takes it in time.
    pub async fn send(
        &self,
        request: TransactionRequest,
        nonce: u64,
    ) -> Result<TransactionReceipt, ChainError> {
        let request = request
            .with_from(self.address)
            .with_nonce(nonce)
            .with_chain_id(self.chain_id);
        let gas = self.provider.estimate_gas(request.clone()).await;
        let gas = gas.map_err(from_transport)?;
        let request = request.with_gas_limit(gas + gas * GAS_MARGIN_PERCENT / 100);
        let fees = self.fees(TransactionKinds::All).await?;
        let hash = match self.broadcast(request.clone(), fees).await? {
            Ok(hash) => hash,
            Err(refused) if is_kind_refused(&refused) && !fees.is_gas_price() => {
                let fees = self.fees(TransactionKinds::Legacy).await?;
                let sent = self.broadcast(request, fees).await?;
                sent.map_err(from_transport)?
            }
            Err(refused) => return Err(from_transport(refused)),
        };
        self.wait(hash).await
    }

    async fn fees(&self, kinds: TransactionKinds) -> Result<Fees, ChainError> {
        let market = read_market(&self.provider, kinds).await?;
        Ok(NO_LIMIT.first(&market))
    }

    /// Signs and sends a transaction, and returns its hash or the node's refusal.
    async fn broadcast(
        &self,
        request: TransactionRequest,
        fees: Fees,
    ) -> Result<Result<B256, TransportError>, ChainError> {
        let envelope = with_fees(request, fees)
            .build(&self.wallet)
            .await
            .map_err(|error| ChainError::Unavailable(Box::new(error)))?;
        let hash = *envelope.tx_hash();
        let sent = self
            .provider
            .send_raw_transaction(&envelope.encoded_2718())
            .await;
        Ok(match sent {
            Ok(_pending) => Ok(hash),
            // It is in a block already when an answer was lost and it was sent again.
            Err(refused) if is_nonce_used(&refused) && self.is_known(hash).await? => Ok(hash),
            Err(refused) => Err(refused),
        })
    }

    async fn is_known(&self, hash: B256) -> Result<bool, ChainError> {
        let known = self.provider.get_transaction_by_hash(hash).await;
        Ok(known.map_err(from_transport)?.is_some())
    }

    async fn wait(&self, hash: B256) -> Result<TransactionReceipt, ChainError> {
        let deadline = Instant::now() + BLOCK_LIMIT;
        loop {
            let receipt = self.provider.get_transaction_receipt(hash).await;
            if let Some(receipt) = receipt.map_err(from_transport)?
                && receipt.block_number.is_some()
            {
                return Ok(receipt);
            }
            let pause = self.provider.client().poll_interval();
            if Instant::now() + pause >= deadline {
                let limit = BLOCK_LIMIT;
                return Err(ChainError::Unavailable(Box::new(NotMined { hash, limit })));
            }
            sleep(pause).await;
        }
    }
}

fn is_nonce_used(error: &TransportError) -> bool {
    error
        .as_error_resp()
        .is_some_and(|refusal| refusal.message.to_lowercase().contains("nonce too low"))
}
