//! `gas KEYS [FILE]`, run by `cargo xtask bench gas`: costs of joining, leaving and being paid for
//! a person, in gas of the whole transaction, on Anvil with real proofs, those of the registry
//! under the test keys of the folder KEYS. Prints a table, and writes JSON to FILE.
#![allow(
    clippy::unwrap_used,
    reason = "the model of the tree is that of the tests"
)]

#[path = "../../../proofs/tests/it/model.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod model;

mod claims;

use std::path::Path;

use alloy::contract::{CallBuilder, CallDecoder};
use alloy::eips::BlockId;
use alloy::node_bindings::AnvilInstance;
use alloy::primitives::U256;
use alloy::providers::{DynProvider, Provider};
use annona_bindings::Deployment;
use annona_bindings::contracts::{IRegistry, Registry};
use annona_chain::devnet::{BlockTime, find_anvil, start};
use annona_chain::{DeployPlan, PrivateKeySigner, deploy};
use annona_circuits::CircuitId;
use annona_core::{AmountWei, UnixSeconds};
use annona_keys::{KeyFolder, UnsafeKeys};
use annona_proofs::{AppendProver, RegistryScope, RevokeProver};
use annona_rpc::connect;
use anyhow::{Context, bail, ensure};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Map, Value, json};

use model::Tree;

/// Length of an epoch, in seconds: longer than the measurement takes, as the chain's clock runs.
const EPOCH_LENGTH_SECS: u64 = 100_000;

/// Positions of the senders among Anvil's accounts.
const DEPLOYER: usize = 0;
const SEQUENCER: usize = 1;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Cargo adds a flag that says what it runs.
    let arguments = std::env::args().skip(1).filter(|it| it != "--bench");
    let arguments: Vec<String> = arguments.collect();
    let (keys, file) = match arguments.as_slice() {
        [keys] => (keys, None),
        [keys, file] => (keys, Some(file)),
        _ => bail!("usage: gas KEYS [FILE]"),
    };
    let anvil = find_anvil(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let anvil = start(&anvil, BlockTime::Instant)?;
    let mut bench = Bench::new(anvil, KeyFolder::new(keys)).await?;
    let mut whole = Map::new();
    let mut append = Map::new();
    for (circuit, count) in [
        (CircuitId::Append16, 16),
        (CircuitId::Append256, 256),
        (CircuitId::Append1024, 1024),
    ] {
        let gas = bench.append(circuit, count).await?;
        append.insert(count.to_string(), per_person(circuit.name(), gas, count));
        whole.insert(format!("append_{count}"), json!(gas));
    }
    let mut revoke = Map::new();
    for (circuit, count) in [(CircuitId::Revoke8, 8), (CircuitId::Revoke32, 32)] {
        let gas = bench.revoke(circuit, count).await?;
        revoke.insert(count.to_string(), per_person(circuit.name(), gas, count));
        whole.insert(format!("revoke_{count}"), json!(gas));
    }
    next_epoch(&bench.provider).await?;
    let gas = bench.append(CircuitId::Append16, 16).await?;
    let first = per_person("append-16, first batch of an epoch", gas, 16);
    whole.insert("append_16_first_of_epoch".to_owned(), json!(gas));
    let deployment = deploy_contracts(&bench.anvil, &bench.provider).await?;
    let claim = claims::measure(&bench.anvil, &bench.provider, &deployment, &bench.keys).await?;
    if let Some(file) = file {
        let report = json!({
            "unit": "gas per person",
            "append": append,
            "revoke": revoke,
            "append_first_of_epoch": { "16": first },
            "claim": claim,
            "whole_batches": whole,
        });
        std::fs::write(file, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}

/// Prints a line of the table; the share is rounded up.
fn per_person(name: &str, gas: u64, persons: u64) -> Value {
    let share = gas.div_ceil(persons);
    println!("{name:<36} {gas:>9} gas, {share:>6} a person");
    json!(share)
}

/// Deploys the contracts, with epoch 0 beginning at the newest block.
async fn deploy_contracts(
    anvil: &AnvilInstance,
    provider: &DynProvider,
) -> anyhow::Result<Deployment> {
    let newest = provider.get_block(BlockId::latest()).await?;
    let newest = newest.context("the chain has no block")?;
    let accounts = anvil.addresses();
    let token = AmountWei(U256::from(10).pow(U256::from(18)));
    let plan = DeployPlan {
        genesis: UnixSeconds(newest.header.timestamp),
        epoch_length_secs: EPOCH_LENGTH_SECS,
        claim_window: 4,
        per_person: token,
        per_person_cap: token,
        token_cap: AmountWei(token.0 * U256::from(1_000_000)),
        epoch_enrolment_cap: 10_000,
        timelock_delay_secs: EPOCH_LENGTH_SECS + 1,
        governor: accounts[DEPLOYER],
        pauser: accounts[DEPLOYER],
        sequencer: accounts[SEQUENCER],
        receipt_signer: accounts[DEPLOYER],
        orbs: Vec::new(),
        unsafe_keys: UnsafeKeys::Refuse,
    };
    let key = PrivateKeySigner::from(anvil.keys()[DEPLOYER].clone());
    Ok(deploy(provider, key, &plan).await?)
}

async fn next_epoch(provider: &DynProvider) -> anyhow::Result<()> {
    let seconds = (U256::from(EPOCH_LENGTH_SECS),);
    let _: Value = provider
        .raw_request("evm_increaseTime".into(), seconds)
        .await?;
    let _: Value = provider.raw_request("evm_mine".into(), ()).await?;
    Ok(())
}

/// A chain, its registry, and the tree that the registry has the root of.
struct Bench {
    anvil: AnvilInstance,
    provider: DynProvider,
    deployment: Deployment,
    keys: KeyFolder,
    tree: Tree,
    appended: u64,
    revoked: u64,
    rng: ChaCha20Rng,
}

impl Bench {
    async fn new(anvil: AnvilInstance, keys: KeyFolder) -> anyhow::Result<Self> {
        let provider = connect(&anvil.endpoint())?;
        let deployment = deploy_contracts(&anvil, &provider).await?;
        Ok(Self {
            anvil,
            provider,
            deployment,
            keys,
            tree: Tree::default(),
            appended: 0,
            revoked: 0,
            rng: ChaCha20Rng::seed_from_u64(1),
        })
    }

    /// Measures the gas of an append of `count` new leaves.
    async fn append(&mut self, circuit: CircuitId, count: u64) -> anyhow::Result<u64> {
        let leaves = model::commitments(self.appended, count);
        let batch = self.tree.append(self.appended, &leaves);
        self.appended += count;
        let append = circuit.append().context("an append circuit")?;
        let prover = AppendProver::new(append, self.keys.test_key(circuit)?);
        let proved = prover.prove(&self.scope(), &batch, &mut self.rng)?;
        let registry = self.registry();
        let call = registry.append(
            leaves.iter().map(|leaf| leaf.to_u256()).collect(),
            batch.post_root.to_u256(),
            proved.statement.digest.to_u256(),
            *proved.points.coordinates(),
        );
        self.gas_of(call).await
    }

    /// Measures the gas of a revocation of `count` leaves, far from each other.
    async fn revoke(&mut self, circuit: CircuitId, count: u64) -> anyhow::Result<u64> {
        let positions: Vec<u64> = (self.revoked..self.revoked + count)
            .map(|at| at * 31)
            .collect();
        let batch = self.tree.revoke(&positions);
        self.revoked += count;
        let revoke = circuit.revoke().context("a revoke circuit")?;
        let prover = RevokeProver::new(revoke, self.keys.test_key(circuit)?);
        let proved = prover.prove(&self.scope(), &batch, &mut self.rng)?;
        let removals = batch
            .removals
            .iter()
            .map(|removal| IRegistry::Removal {
                leafIndex: U256::from(removal.leaf_index.get()),
                commitment: removal.commitment.to_u256(),
            })
            .collect();
        let registry = self.registry();
        let call = registry.revoke(
            removals,
            batch.post_root.to_u256(),
            proved.statement.digest.to_u256(),
            *proved.points.coordinates(),
        );
        self.gas_of(call).await
    }

    /// Sends a call, and returns the gas that its receipt tells.
    async fn gas_of<P: Provider, D: CallDecoder>(
        &self,
        call: CallBuilder<P, D>,
    ) -> anyhow::Result<u64> {
        let sender = self.anvil.addresses()[SEQUENCER];
        let receipt = call.from(sender).send().await?.get_receipt().await?;
        ensure!(receipt.status(), "the registry refused the batch");
        Ok(receipt.gas_used)
    }

    fn registry(&self) -> Registry::RegistryInstance<&DynProvider> {
        Registry::new(self.deployment.registry, &self.provider)
    }

    const fn scope(&self) -> RegistryScope {
        RegistryScope {
            chain_id: self.deployment.chain_id,
            registry: self.deployment.registry,
        }
    }
}
