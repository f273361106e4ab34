use alloy::eips::eip2718::Encodable2718;
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::{Address, Bytes, U256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use annona_core::{B256, Epoch, NullifierHash, OrbId};
use annona_engine::Claim;
use annona_engine::ports::{
    AppendCall, BlockHead, ChainError, ChainReader, ChainWriter, Checkpoint, EpochAccount,
    RegistryBatch, RegistryState, RevertReason, Revocation, RevokeCall, SenderRole,
    SignedTransaction, TransactionStatus,
};
use async_trait::async_trait;

use crate::EvmReader;
use crate::bindings::{Distributor, IRegistry, Registry};
use crate::error::from_transport;

/// Gas is estimated on the state of now; this share on top (in percent) covers
/// what other transactions of the same block change.
const GAS_MARGIN_PERCENT: u64 = 20;

/// What a node answers to bytes that it has, or that are in a block already.
const HARMLESS_REFUSALS: [&str; 3] = ["already known", "already imported", "nonce too low"];

/// The chain with the service's two keys.
#[derive(Clone)]
pub struct EvmChain {
    reader: EvmReader,
    sequencer: PrivateKeySigner,
    relay: PrivateKeySigner,
}

impl core::fmt::Debug for EvmChain {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EvmChain")
            .field("sequencer", &self.sequencer.address())
            .field("relay", &self.relay.address())
            .finish_non_exhaustive()
    }
}

impl EvmChain {
    /// A chain to read and to write.
    #[must_use]
    pub const fn new(
        reader: EvmReader,
        sequencer: PrivateKeySigner,
        relay: PrivateKeySigner,
    ) -> Self {
        Self {
            reader,
            sequencer,
            relay,
        }
    }

    /// The provider that is asked.
    #[must_use]
    pub const fn provider(&self) -> &DynProvider {
        self.reader.provider()
    }

    const fn key(&self, role: SenderRole) -> &PrivateKeySigner {
        match role {
            SenderRole::Sequencer => &self.sequencer,
            SenderRole::Relay => &self.relay,
        }
    }

    /// Simulates and signs a call; a refusal of the contract comes back before anything is signed.
    async fn sign(
        &self,
        role: SenderRole,
        nonce: u64,
        to: Address,
        input: Vec<u8>,
    ) -> Result<SignedTransaction, ChainError> {
        let key = self.key(role);
        let provider = &self.reader.provider;
        let call = TransactionRequest::default()
            .with_from(key.address())
            .with_to(to)
            .with_input(Bytes::from(input));
        let gas = provider
            .estimate_gas(call.clone())
            .await
            .map_err(from_transport)?;
        let fees = provider
            .estimate_eip1559_fees()
            .await
            .map_err(from_transport)?;
        let request = call
            .with_nonce(nonce)
            .with_chain_id(self.reader.deployment.chain_id)
            .with_gas_limit(gas + gas * GAS_MARGIN_PERCENT / 100)
            .with_max_fee_per_gas(fees.max_fee_per_gas)
            .with_max_priority_fee_per_gas(fees.max_priority_fee_per_gas);
        let envelope = request
            .build(&EthereumWallet::from(key.clone()))
            .await
            .map_err(|error| ChainError::Unavailable(Box::new(error)))?;
        Ok(SignedTransaction {
            sender: key.address(),
            nonce,
            hash: *envelope.tx_hash(),
            raw: envelope.encoded_2718(),
        })
    }
}

fn claim_input(claim: &Claim) -> Vec<u8> {
    Distributor::claimCall {
        epoch: U256::from(claim.epoch.0),
        nullifierHash: claim.nullifier_hash.to_u256(),
        recipient: claim.payment.recipient,
        feeRecipient: claim.payment.fee_recipient,
        fee: claim.payment.fee.0,
        proof: *claim.points.coordinates(),
    }
    .abi_encode()
}

#[async_trait]
impl ChainWriter for EvmChain {
    fn sender(&self, role: SenderRole) -> Address {
        self.key(role).address()
    }

    async fn sign_append(
        &self,
        nonce: u64,
        call: &AppendCall,
    ) -> Result<SignedTransaction, ChainError> {
        let input = Registry::appendCall {
            leaves: call.leaves.iter().map(|leaf| leaf.to_u256()).collect(),
            postRoot: call.post_root.to_u256(),
            digest: call.digest.to_u256(),
            proof: *call.proof.coordinates(),
        }
        .abi_encode();
        let to = self.reader.deployment.registry;
        self.sign(SenderRole::Sequencer, nonce, to, input).await
    }

    async fn sign_revoke(
        &self,
        nonce: u64,
        call: &RevokeCall,
    ) -> Result<SignedTransaction, ChainError> {
        let removal = |removal: &Revocation| IRegistry::Removal {
            leafIndex: U256::from(removal.leaf_index.get()),
            commitment: removal.commitment.to_u256(),
        };
        let input = Registry::revokeCall {
            removals: call.removals.iter().map(removal).collect(),
            postRoot: call.post_root.to_u256(),
            digest: call.digest.to_u256(),
            proof: *call.proof.coordinates(),
        }
        .abi_encode();
        let to = self.reader.deployment.registry;
        self.sign(SenderRole::Sequencer, nonce, to, input).await
    }

    async fn sign_claim(&self, nonce: u64, claim: &Claim) -> Result<SignedTransaction, ChainError> {
        let to = self.reader.deployment.distributor;
        self.sign(SenderRole::Relay, nonce, to, claim_input(claim))
            .await
    }

    async fn broadcast(&self, raw: &[u8]) -> Result<(), ChainError> {
        match self.reader.provider.send_raw_transaction(raw).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let message = error
                    .as_error_resp()
                    .map(|response| response.message.to_lowercase());
                let is_harmless = message
                    .is_some_and(|text| HARMLESS_REFUSALS.iter().any(|known| text.contains(known)));
                if is_harmless {
                    Ok(())
                } else {
                    Err(from_transport(error))
                }
            }
        }
    }

    async fn claim_refusal(&self, claim: &Claim) -> Result<Option<RevertReason>, ChainError> {
        let call = TransactionRequest::default()
            .with_from(self.relay.address())
            .with_to(self.reader.deployment.distributor)
            .with_input(Bytes::from(claim_input(claim)));
        match self
            .reader
            .provider
            .call(call)
            .await
            .map_err(from_transport)
        {
            Ok(_) => Ok(None),
            Err(ChainError::Reverted(reason)) => Ok(Some(reason)),
            Err(other) => Err(other),
        }
    }
}

#[async_trait]
impl ChainReader for EvmChain {
    async fn head(&self) -> Result<BlockHead, ChainError> {
        self.reader.head().await
    }

    async fn block_hash(&self, number: u64) -> Result<Option<B256>, ChainError> {
        self.reader.block_hash(number).await
    }

    async fn checkpoint_before(&self, epoch: Epoch) -> Result<Checkpoint, ChainError> {
        self.reader.checkpoint_before(epoch).await
    }

    async fn registry_state(&self) -> Result<RegistryState, ChainError> {
        self.reader.registry_state().await
    }

    fn deployment_block(&self) -> u64 {
        self.reader.deployment_block()
    }

    async fn registry_batches(&self, from: u64, to: u64) -> Result<Vec<RegistryBatch>, ChainError> {
        self.reader.registry_batches(from, to).await
    }

    async fn is_active_orb(&self, orb: OrbId) -> Result<bool, ChainError> {
        self.reader.is_active_orb(orb).await
    }

    async fn epoch_account(&self, epoch: Epoch) -> Result<EpochAccount, ChainError> {
        self.reader.epoch_account(epoch).await
    }

    async fn is_spent(&self, epoch: Epoch, nullifier: NullifierHash) -> Result<bool, ChainError> {
        self.reader.is_spent(epoch, nullifier).await
    }

    async fn is_paused(&self) -> Result<bool, ChainError> {
        self.reader.is_paused().await
    }

    async fn account_nonce(&self, account: Address) -> Result<u64, ChainError> {
        self.reader.account_nonce(account).await
    }

    async fn transaction_status(&self, hash: B256) -> Result<TransactionStatus, ChainError> {
        self.reader.transaction_status(hash).await
    }
}
