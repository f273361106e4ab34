//! A development chain with the contracts, for the demo, benches and tests.

use alloy::node_bindings::AnvilInstance;
use alloy::providers::{PendingTransactionBuilder, Provider};
use annona_bindings::Deployment;
use annona_bindings::contracts::Registry;
use annona_chain::devnet::{self, BlockTime};
use annona_chain::{DeployPlan, DynProvider, Ethereum, PrivateKeySigner, deploy};
use annona_core::{Address, AmountWei, UnixSeconds};
use annona_engine::FeePolicy;
use annona_engine::ports::AppendCall;
use annona_keys::UnsafeKeys;
use anyhow::Context;

/// Length of an epoch: a day, as in production.
pub const EPOCH_LENGTH_SECS: u64 = 86_400;
/// Epochs that an epoch stays claimable.
pub const CLAIM_WINDOW: u64 = 4;
/// Fees that are offered for gas, which costs nothing here.
pub const FEES: FeePolicy = FeePolicy {
    max_fee_wei: 1_000_000_000_000,
    bump_after_blocks: 3,
};
/// Amount that each member is paid in an epoch, in whole tokens.
pub const PER_PERSON_TOKENS: u64 = 10;

/// Holders of Anvil's funded accounts, in the order of the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// Deploys the contracts.
    Deployer,
    /// Appends members and revokes them.
    Sequencer,
    /// Pays claims.
    Relay,
    /// Proposes changes to the timelock.
    Governor,
    /// Pauses payments.
    Pauser,
    /// Signs receipts.
    Receipts,
}

impl Account {
    /// The account's key.
    pub fn key(self, anvil: &AnvilInstance) -> PrivateKeySigner {
        PrivateKeySigner::from(anvil.keys()[self as usize].clone())
    }
}

/// A chain of its own that makes a block for each transaction.
pub fn start_chain() -> anyhow::Result<AnvilInstance> {
    let anvil = devnet::find_anvil(&std::env::current_dir()?)?;
    Ok(devnet::start(&anvil, BlockTime::Instant)?)
}

/// Sends an append as the sequencer.
pub async fn send_append(
    anvil: &AnvilInstance,
    provider: &DynProvider,
    deployment: &Deployment,
    call: &AppendCall,
) -> anyhow::Result<PendingTransactionBuilder<Ethereum>> {
    let registry = Registry::new(deployment.registry, provider);
    let append = registry.append(
        call.leaves.iter().map(|leaf| leaf.to_u256()).collect(),
        call.post_root.to_u256(),
        call.digest.to_u256(),
        *call.proof.coordinates(),
    );
    let sender = Account::Sequencer.key(anvil).address();
    Ok(append.from(sender).send().await?)
}

/// Deploys the contracts with epoch 0 beginning at the newest block.
pub async fn deploy_contracts(
    anvil: &AnvilInstance,
    provider: &DynProvider,
    orbs: Vec<Address>,
) -> anyhow::Result<Deployment> {
    let head = provider.get_block(alloy::eips::BlockId::latest()).await?;
    let genesis = head.context("the chain has no block")?.header.timestamp;
    let plan = DeployPlan {
        genesis: UnixSeconds(genesis),
        epoch_length_secs: EPOCH_LENGTH_SECS,
        claim_window: CLAIM_WINDOW,
        per_person: AmountWei::from_tokens(PER_PERSON_TOKENS),
        per_person_cap: AmountWei::from_tokens(2 * PER_PERSON_TOKENS),
        token_cap: AmountWei::from_tokens(1_000_000_000),
        epoch_enrolment_cap: 100_000,
        timelock_delay_secs: 2 * EPOCH_LENGTH_SECS,
        governor: Account::Governor.key(anvil).address(),
        pauser: Account::Pauser.key(anvil).address(),
        sequencer: Account::Sequencer.key(anvil).address(),
        receipt_signer: Account::Receipts.key(anvil).address(),
        orbs,
        unsafe_keys: UnsafeKeys::Refuse,
    };
    Ok(deploy(provider, Account::Deployer.key(anvil), &plan).await?)
}
