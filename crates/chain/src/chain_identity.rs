//! Facts that identify a chain and the contracts on it.

use alloy::primitives::{Address, B256, keccak256};
use alloy::providers::Provider;
use annona_bindings::contracts::{
    UnsafeTestAppend16Verifier, UnsafeTestAppend256Verifier, UnsafeTestAppend1024Verifier,
    UnsafeTestRevoke8Verifier, UnsafeTestRevoke32Verifier,
};
use annona_engine::ports::{ChainError, ChainReader};

use crate::EvmReader;
use crate::error::from_transport;

/// A contract and the hash of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractCode {
    /// Name of the contract in a deployment.
    pub contract: &'static str,
    /// Address of the contract.
    pub address: Address,
    /// Keccak-256 of its code; `None` where there is none.
    pub code_hash: Option<B256>,
}

/// Chain and contracts of a deployment, as an endpoint shows them (RELAY-8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainIdentity {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of block 0, if the endpoint has it.
    pub genesis_hash: Option<B256>,
    /// Hash of the block in which the deployment begins, if the endpoint has it.
    pub deployment_hash: Option<B256>,
    /// Number of the newest block.
    pub head_number: u64,
    /// The contracts that hold members and money.
    pub contracts: Vec<ContractCode>,
}

impl EvmReader {
    /// Reads the facts that identify the deployment's chain and contracts.
    ///
    /// # Errors
    /// [`ChainError`], as every call.
    pub async fn chain_identity(&self) -> Result<ChainIdentity, ChainError> {
        let chain_id = self.provider.get_chain_id().await.map_err(from_transport)?;
        let head = self.head().await?;
        let deployment = &self.deployment;
        let mut contracts = Vec::new();
        for (contract, address) in [
            ("registry", deployment.registry),
            ("distributor", deployment.distributor),
            ("orb registry", deployment.orb_registry),
            ("token", deployment.token),
        ] {
            let code = self.provider.get_code_at(address).await;
            let code = code.map_err(from_transport)?;
            contracts.push(ContractCode {
                contract,
                address,
                code_hash: (!code.is_empty()).then(|| keccak256(&code)),
            });
        }
        Ok(ChainIdentity {
            chain_id,
            genesis_hash: self.block_hash(0).await?,
            deployment_hash: self.block_hash(deployment.deployment_block).await?,
            head_number: head.number,
            contracts,
        })
    }

    /// Finds the batch verifiers whose keys come from the seed in the sources, with which
    /// anyone can forge a batch.
    ///
    /// # Errors
    /// [`ChainError`], as every call.
    pub async fn unsafe_batch_verifiers(&self) -> Result<Vec<Address>, ChainError> {
        let test_codes = [
            &UnsafeTestAppend16Verifier::DEPLOYED_BYTECODE,
            &UnsafeTestAppend256Verifier::DEPLOYED_BYTECODE,
            &UnsafeTestAppend1024Verifier::DEPLOYED_BYTECODE,
            &UnsafeTestRevoke8Verifier::DEPLOYED_BYTECODE,
            &UnsafeTestRevoke32Verifier::DEPLOYED_BYTECODE,
        ];
        let at = &self.deployment;
        let mut found = Vec::new();
        for &verifier in at.append_verifiers.iter().chain(&at.revoke_verifiers) {
            let code = self.provider.get_code_at(verifier).await;
            let code = code.map_err(from_transport)?;
            if test_codes.contains(&&code) {
                found.push(verifier);
            }
        }
        Ok(found)
    }
}
