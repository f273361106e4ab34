//! Gas of being paid: one claim, and batches, to recipients who hold none of the token and to those
//! who do.

use alloy::node_bindings::AnvilInstance;
use alloy::primitives::{Address, U256};
use alloy::providers::DynProvider;
use annona_bindings::Deployment;
use annona_bindings::contracts::{Distributor, IDistributor, Registry};
use annona_circuits::CircuitId;
use annona_core::{AmountWei, Commitment, Epoch, Payment};
use annona_keys::KeyFolder;
use annona_proofs::{AppendBatch, AppendProver, Identity, RegistryScope, prove_claim};
use annona_tree::MembershipTree;
use anyhow::{Context, ensure};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Map, Value, json};

use crate::{SEQUENCER, next_epoch, per_person};

/// Members, of whom those claim that a measurement needs.
const MEMBERS: u8 = 200;

/// Claims of one transaction; 1 is a single claim.
const SIZES: [u8; 4] = [1, 8, 32, 128];

/// A deployment with members whose secrets are known.
struct PaymentRun<'a> {
    anvil: &'a AnvilInstance,
    deployment: &'a Deployment,
    distributor: Distributor::DistributorInstance<&'a DynProvider>,
    tree: MembershipTree,
    rng: ChaCha20Rng,
}

/// Measures the gas of each claim, by size and holder.
pub(crate) async fn measure(
    anvil: &AnvilInstance,
    provider: &DynProvider,
    deployment: &Deployment,
    keys: &KeyFolder,
) -> anyhow::Result<Value> {
    let mut run = PaymentRun {
        anvil,
        deployment,
        distributor: Distributor::new(deployment.distributor, provider),
        tree: MembershipTree::default(),
        rng: ChaCha20Rng::seed_from_u64(2),
    };
    run.join(provider, keys).await?;
    let mut single = Map::new();
    let mut batch: Map<String, Value> = Map::new();
    // The recipients of the first epoch hold the token in the second.
    for (epoch, holder) in [(1, "new"), (2, "existing")] {
        next_epoch(provider).await?;
        run.open(epoch).await?;
        let mut first = 0;
        for size in SIZES {
            let gas = run.pay(epoch, first, size).await?;
            first += size;
            let name = match size {
                1 => format!("claim, {holder} holder"),
                size => format!("batch of {size} claims, {holder} holders"),
            };
            let share = per_person(&name, gas, size.into());
            if size == 1 {
                single.insert(holder.to_owned(), share);
            } else {
                let sizes = batch.entry(size.to_string());
                sizes.or_insert_with(|| json!({}))[holder] = share;
            }
        }
    }
    Ok(json!({ "single": single, "batch": batch }))
}

fn member(number: u8) -> Identity {
    Identity::from_secret([number + 1; 32])
}

impl PaymentRun<'_> {
    async fn join(&mut self, provider: &DynProvider, keys: &KeyFolder) -> anyhow::Result<()> {
        let leaves: Vec<Commitment> = (0..MEMBERS).map(|one| member(one).commitment()).collect();
        let batch = AppendBatch::to(&self.tree, leaves.clone())?;
        let scope = RegistryScope {
            chain_id: self.deployment.chain_id,
            registry: self.deployment.registry,
        };
        let circuit = CircuitId::Append256;
        let append = circuit.append().context("an append circuit")?;
        let prover = AppendProver::new(append, keys.test_key(circuit)?);
        let proved = prover.prove(&scope, &batch, &mut self.rng)?;
        let registry = Registry::new(self.deployment.registry, provider);
        let call = registry.append(
            leaves.iter().map(|leaf| leaf.to_u256()).collect(),
            batch.post_root.to_u256(),
            proved.statement.digest.to_u256(),
            *proved.points.coordinates(),
        );
        let sender = self.anvil.addresses()[SEQUENCER];
        let receipt = call.from(sender).send().await?.get_receipt().await?;
        ensure!(receipt.status(), "the registry refused the members");
        self.tree.append(&leaves)?;
        Ok(())
    }

    async fn open(&self, epoch: u64) -> anyhow::Result<()> {
        let call = self.distributor.openEpoch(U256::from(epoch));
        let sender = self.anvil.addresses()[SEQUENCER];
        let receipt = call.from(sender).send().await?.get_receipt().await?;
        ensure!(receipt.status(), "the epoch was not opened");
        Ok(())
    }

    /// Measures the gas of a transaction that pays `size` members from `first` on.
    async fn pay(&mut self, epoch: u64, first: u8, size: u8) -> anyhow::Result<u64> {
        let claims: anyhow::Result<Vec<_>> = (first..first + size)
            .map(|number| self.claim(Epoch(epoch), number))
            .collect();
        let (claims, epoch) = (claims?, U256::from(epoch));
        let sender = self.anvil.addresses()[SEQUENCER];
        let receipt = if let [one] = claims.as_slice() {
            let call = self.distributor.claim(
                epoch,
                one.nullifierHash,
                one.recipient,
                one.feeRecipient,
                one.fee,
                one.proof,
            );
            call.from(sender).send().await?.get_receipt().await?
        } else {
            let call = self.distributor.claimBatch(epoch, claims);
            call.from(sender).send().await?.get_receipt().await?
        };
        let paid = receipt.inner.logs().iter();
        let paid = paid.filter(|log| log.log_decode::<Distributor::Claimed>().is_ok());
        ensure!(
            paid.count() == usize::from(size),
            "not every claim was paid"
        );
        Ok(receipt.gas_used)
    }

    fn claim(&mut self, epoch: Epoch, number: u8) -> anyhow::Result<IDistributor::Claim> {
        let identity = member(number);
        let place = self.tree.leaf_index(identity.commitment());
        let path = self.tree.current().proof(place.context("a member")?);
        let payment = Payment {
            // Zeros in the address would make calldata cheap.
            recipient: Address::from([number + 1; 20]),
            fee_recipient: Address::ZERO,
            fee: AmountWei::ZERO,
        };
        let scope = self.deployment.claim_scope();
        let proof = prove_claim(&identity, &path, &scope, epoch, &payment, &mut self.rng)?;
        Ok(IDistributor::Claim {
            nullifierHash: proof.inputs.nullifier_hash.to_u256(),
            recipient: payment.recipient,
            feeRecipient: payment.fee_recipient,
            fee: payment.fee.0,
            proof: *proof.points.coordinates(),
        })
    }
}
