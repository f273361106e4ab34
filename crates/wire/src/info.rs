//! Bodies that describe the deployment and the current epoch.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::{AddressText, AmountText, ScalarText, WordText};

/// Facts that a wallet, an orb or an auditor needs to know of this service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigView {
    /// Version of the service.
    pub version: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the registry.
    #[schema(value_type = AddressText)]
    pub registry: String,
    /// Address of the distributor.
    #[schema(value_type = AddressText)]
    pub distributor: String,
    /// Address of the orb registry, the verifying contract of enrolments.
    #[schema(value_type = AddressText)]
    pub orb_registry: String,
    /// Address of the token.
    #[schema(value_type = AddressText)]
    pub token: String,
    /// Address whose key signs the receipts of claims.
    #[schema(value_type = AddressText)]
    pub receipt_signer: String,
    /// First second of epoch 0.
    pub genesis: u64,
    /// Length of an epoch in seconds.
    pub epoch_length_secs: u64,
    /// Epochs that an epoch stays claimable, its own included.
    pub claim_window_epochs: u64,
    /// Blocks on top of a block after which it is final.
    pub confirmations: u64,
    /// Block of the first contract; no event of the deployment is older.
    pub deployment_block: u64,
    /// RPC endpoints of the chain that the operator recommends to wallets whose owner has named
    /// none, in the order of preference. Each is https, or http to the reader's own machine.
    #[schema(max_items = 8)]
    pub rpc_urls: Vec<String>,
    /// Hash of the iris encoder's parameter file.
    #[schema(value_type = WordText)]
    pub model_id: String,
    /// Oldest capture taken, in seconds.
    pub max_capture_age_secs: u64,
}

/// The current epoch, by the chain's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EpochView {
    /// Number of the epoch.
    pub epoch: u64,
    /// Timestamp of the newest block.
    pub chain_time: u64,
    /// First second of the epoch.
    pub starts_at: u64,
    /// First second of the next epoch.
    pub ends_at: u64,
    /// Oldest epoch that can still be claimed.
    pub oldest_claimable: u64,
    /// Members who can claim: `N_e`.
    pub member_count: u64,
    /// Root to claim against: `R_e`.
    #[schema(value_type = ScalarText)]
    pub root: String,
    /// Amount for each member, in the token's smallest unit; fixed by the epoch's first claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AmountText>)]
    pub amount: Option<String>,
    /// Claims paid in the epoch.
    pub claimed: u64,
}
