use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alloy::consensus::{Transaction, TxEnvelope};
use alloy::eips::eip2718::{Decodable2718, Encodable2718};
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::{Address, Bytes, U256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use annona_bindings::contracts::{Distributor, IDistributor, IRegistry, Registry};
use annona_core::{Claim, RevertReason};
use annona_engine::ports::{
    AppendCall, BlockTag, ChainError, ChainWriter, FeeMarket, Fees, Revocation, RevokeCall,
    SenderRole, SignedTransaction, TxSlot,
};
use async_trait::async_trait;

use crate::EvmReader;
use crate::error::from_transport;
use crate::fees::{TransactionKinds, is_kind_refused, read_market, with_fees};

/// Share on top of a gas estimate, in percent. The estimate is made on the present state; the share
/// covers the changes by other transactions of the same block.
const GAS_MARGIN_PERCENT: u64 = 20;

/// Gas that claims are given: more than a batch of an open epoch needs for recipients who hold
/// nothing (`cargo xtask bench gas`), and for 128 of them less than a transaction may have (2^24,
/// EIP-7825). Unused gas is not paid.
const CLAIMS_GAS: u64 = 250_000;
const CLAIM_GAS: u64 = 125_000;

/// Gas of a transfer of nothing to an account without code.
const CANCEL_GAS: u64 = 21_000;

/// Answers of a node to bytes that it has, that are in a block already, or whose place is taken by
/// others that offer more.
const HARMLESS_REFUSALS: [&str; 4] = [
    "already known",
    "already imported",
    "nonce too low",
    "underpriced",
];

/// The service's keys.
#[derive(Clone)]
pub struct SenderKeys {
    /// Key that appends members and revokes them.
    pub sequencer: PrivateKeySigner,
    /// Keys that pay the gas of claims.
    pub relay: Vec<PrivateKeySigner>,
}

/// Signs transactions with the service's keys, and sends them.
#[derive(Clone)]
pub struct EvmWriter {
    reader: EvmReader,
    sequencer: Address,
    relay: Vec<Address>,
    keys: HashMap<Address, PrivateKeySigner>,
    /// True if the chain refused fees of EIP-1559 although it has a base fee.
    refuses_dynamic_fees: Arc<AtomicBool>,
}

impl core::fmt::Debug for EvmWriter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EvmWriter")
            .field("sequencer", &self.sequencer)
            .field("relay", &self.relay)
            .finish_non_exhaustive()
    }
}

impl EvmWriter {
    /// Creates a writer that asks the chain by `reader`.
    #[must_use]
    pub fn new(reader: EvmReader, keys: SenderKeys) -> Self {
        let relay: Vec<Address> = keys.relay.iter().map(PrivateKeySigner::address).collect();
        let sequencer = keys.sequencer.address();
        let all = keys.relay.into_iter().chain([keys.sequencer]);
        Self {
            reader,
            sequencer,
            relay,
            keys: all.map(|key| (key.address(), key)).collect(),
            refuses_dynamic_fees: Arc::default(),
        }
    }

    /// Simulates and signs a call; a refusal of the contract comes back before anything is signed.
    async fn simulate_and_sign(
        &self,
        tx_slot: &TxSlot,
        to: Address,
        input: Vec<u8>,
    ) -> Result<SignedTransaction, ChainError> {
        self.estimate_and_sign(tx_slot, call(tx_slot.sender, to, input))
            .await
    }

    async fn estimate_and_sign(
        &self,
        tx_slot: &TxSlot,
        call: TransactionRequest,
    ) -> Result<SignedTransaction, ChainError> {
        let gas = self
            .reader
            .provider
            .estimate_gas(call.clone())
            .await
            .map_err(from_transport)?;
        let gas = gas + gas * GAS_MARGIN_PERCENT / 100;
        self.sign(tx_slot, call.with_gas_limit(gas)).await
    }

    async fn sign(
        &self,
        tx_slot: &TxSlot,
        request: TransactionRequest,
    ) -> Result<SignedTransaction, ChainError> {
        let Some(key) = self.keys.get(&tx_slot.sender) else {
            return Err(ChainError::UnknownSender {
                sender: tx_slot.sender,
            });
        };
        let request = request
            .with_nonce(tx_slot.nonce)
            .with_chain_id(self.reader.deployment.chain_id);
        let envelope = with_fees(request, tx_slot.fees)
            .build(&EthereumWallet::from(key.clone()))
            .await
            .map_err(|error| ChainError::Unavailable(Box::new(error)))?;
        Ok(SignedTransaction {
            sender: tx_slot.sender,
            nonce: tx_slot.nonce,
            fees: tx_slot.fees,
            hash: *envelope.tx_hash(),
            raw: envelope.encoded_2718(),
        })
    }

    fn claims_call(
        &self,
        sender: Address,
        claims: &[Claim],
    ) -> Result<TransactionRequest, ChainError> {
        let to = self.reader.deployment.distributor;
        Ok(call(sender, to, claims_input(claims)?))
    }

    async fn refusal_of(
        &self,
        call: TransactionRequest,
        at: BlockId,
    ) -> Result<Option<RevertReason>, ChainError> {
        let answer = self.reader.provider.call(call).block(at).await;
        match answer.map_err(from_transport) {
            Ok(_) => Ok(None),
            Err(ChainError::Reverted(reason)) => Ok(Some(reason)),
            Err(other) => Err(other),
        }
    }
}

fn call(sender: Address, to: Address, input: Vec<u8>) -> TransactionRequest {
    TransactionRequest::default()
        .with_from(sender)
        .with_to(to)
        .with_input(Bytes::from(input))
}

/// Rebuilds the call in signed bytes.
fn request_of(signed: &SignedTransaction) -> Result<TransactionRequest, ChainError> {
    let envelope = TxEnvelope::decode_2718(&mut signed.raw.as_slice())
        .map_err(|_| ChainError::UnreadableTransaction { hash: signed.hash })?;
    let request = TransactionRequest::default()
        .with_from(signed.sender)
        .with_gas_limit(envelope.gas_limit())
        .with_input(envelope.input().clone());
    Ok(match envelope.to() {
        Some(to) => request.with_to(to),
        None => request,
    })
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

/// Encodes the call that pays `claims`. One claim costs less in a call of its own.
fn claims_input(claims: &[Claim]) -> Result<Vec<u8>, ChainError> {
    let [first, others @ ..] = claims else {
        return Err(ChainError::EmptyBatch);
    };
    if others.is_empty() {
        return Ok(claim_input(first));
    }
    if let Some(other) = others.iter().find(|claim| claim.epoch != first.epoch) {
        return Err(ChainError::MixedEpochs {
            first: first.epoch,
            other: other.epoch,
        });
    }
    let members = claims.iter().map(|claim| IDistributor::Claim {
        nullifierHash: claim.nullifier_hash.to_u256(),
        recipient: claim.payment.recipient,
        feeRecipient: claim.payment.fee_recipient,
        fee: claim.payment.fee.0,
        proof: *claim.points.coordinates(),
    });
    Ok(Distributor::claimBatchCall {
        epoch: U256::from(first.epoch.0),
        claims: members.collect(),
    }
    .abi_encode())
}

#[async_trait]
impl ChainWriter for EvmWriter {
    fn senders(&self, role: SenderRole) -> Vec<Address> {
        match role {
            SenderRole::Sequencer => vec![self.sequencer],
            SenderRole::Relay => self.relay.clone(),
        }
    }

    async fn fee_market(&self) -> Result<FeeMarket, ChainError> {
        let kinds = if self.refuses_dynamic_fees.load(Ordering::Relaxed) {
            TransactionKinds::Legacy
        } else {
            TransactionKinds::All
        };
        read_market(&self.reader.provider, kinds).await
    }

    fn takes(&self, fees: Fees) -> bool {
        fees.is_gas_price() || !self.refuses_dynamic_fees.load(Ordering::Relaxed)
    }

    async fn nonce_at(&self, account: Address, block_number: u64) -> Result<u64, ChainError> {
        self.reader
            .provider
            .get_transaction_count(account)
            .block_id(block_number.into())
            .await
            .map_err(from_transport)
    }

    async fn sign_append(
        &self,
        tx_slot: &TxSlot,
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
        self.simulate_and_sign(tx_slot, to, input).await
    }

    async fn sign_revoke(
        &self,
        tx_slot: &TxSlot,
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
        self.simulate_and_sign(tx_slot, to, input).await
    }

    async fn sign_claims(
        &self,
        tx_slot: &TxSlot,
        claims: &[Claim],
    ) -> Result<SignedTransaction, ChainError> {
        let call = self.claims_call(tx_slot.sender, claims)?;
        let gas = CLAIMS_GAS + CLAIM_GAS * claims.len() as u64;
        let ample = call.clone().with_gas_limit(gas);
        // Looking for the least gas executes a batch some twenty times; this does it once.
        let latest = BlockId::Number(BlockNumberOrTag::Latest);
        match self.refusal_of(ample.clone(), latest).await {
            Ok(None) => self.sign(tx_slot, ample).await,
            // Too little gas has many faces: a proof that cannot be paid for looks invalid.
            Ok(Some(_)) | Err(_) => self.estimate_and_sign(tx_slot, call).await,
        }
    }

    async fn sign_cancel(&self, tx_slot: &TxSlot) -> Result<SignedTransaction, ChainError> {
        let nothing = TransactionRequest::default()
            .with_from(tx_slot.sender)
            .with_to(tx_slot.sender)
            .with_value(U256::ZERO)
            .with_gas_limit(CANCEL_GAS);
        self.sign(tx_slot, nothing).await
    }

    async fn reprice(
        &self,
        signed: &SignedTransaction,
        fees: Fees,
    ) -> Result<SignedTransaction, ChainError> {
        let tx_slot = TxSlot {
            sender: signed.sender,
            nonce: signed.nonce,
            fees,
        };
        self.sign(&tx_slot, request_of(signed)?).await
    }

    async fn broadcast(&self, raw: &[u8]) -> Result<(), ChainError> {
        let Err(error) = self.reader.provider.send_raw_transaction(raw).await else {
            return Ok(());
        };
        let message = error
            .as_error_resp()
            .map(|response| response.message.to_lowercase());
        let is_harmless =
            message.is_some_and(|text| HARMLESS_REFUSALS.iter().any(|known| text.contains(known)));
        if is_harmless {
            return Ok(());
        }
        if is_kind_refused(&error) && !self.refuses_dynamic_fees.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "the chain refuses transactions with fees of EIP-1559; they get a gas price instead"
            );
        }
        Err(from_transport(error))
    }

    async fn refusal(
        &self,
        signed: &SignedTransaction,
    ) -> Result<Option<RevertReason>, ChainError> {
        let latest = BlockId::Number(BlockNumberOrTag::Latest);
        self.refusal_of(request_of(signed)?, latest).await
    }

    async fn claims_refusal(
        &self,
        claims: &[Claim],
        at: BlockTag,
    ) -> Result<Option<RevertReason>, ChainError> {
        let sender = self.relay.first().copied().unwrap_or(self.sequencer);
        let call = self.claims_call(sender, claims)?;
        let at = match at {
            BlockTag::Newest => BlockId::Number(BlockNumberOrTag::Latest),
            BlockTag::Block(number) => number.into(),
        };
        self.refusal_of(call, at).await
    }
}
