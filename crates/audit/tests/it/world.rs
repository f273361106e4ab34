//! A deployment on a development chain, with a sequencer and claimants.

use std::path::Path;

use alloy::node_bindings::AnvilInstance;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::{DynProvider, Provider};
use annona_audit::{AuditProgress, AuditReport, CheckOutcome, audit};
use annona_bindings::Deployment;
use annona_bindings::contracts::{Distributor, Registry};
use annona_chain::devnet::{BlockTime, find_anvil, start};
use annona_chain::{DeployPlan, PrivateKeySigner, deploy};
use annona_circuits::CircuitId;
use annona_core::{AmountWei, Epoch, Payment, UnixSeconds};
use annona_keys::UnsafeKeys;
use annona_proofs::{
    AppendBatch, AppendProver, AppendStatement, BatchProof, ClaimProof, Identity, ProvingKey,
    RegistryScope, prove_claim,
};
use annona_rpc::connect;
use annona_tree::MembershipTree;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// Longer than the test may take: the chain's clock runs between the warps.
pub(crate) const EPOCH_LENGTH_SECS: u64 = 100_000;

/// Enough for a claim that opens its epoch, so that no estimate refuses it beforehand.
pub(crate) const CLAIM_GAS: u64 = 1_000_000;

pub(crate) const RECIPIENT: Address = Address::repeat_byte(0xaa);

pub(crate) struct Chain {
    pub(crate) anvil: AnvilInstance,
    pub(crate) provider: DynProvider,
    pub(crate) deployment: Deployment,
}

impl Chain {
    pub(crate) async fn start() -> Self {
        let binary = find_anvil(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let anvil = start(&binary, BlockTime::Instant).unwrap();
        let provider = connect(&anvil.endpoint()).unwrap();
        let newest = provider
            .get_block_by_number(0.into())
            .await
            .unwrap()
            .unwrap();
        let accounts = anvil.addresses();
        let plan = DeployPlan {
            genesis: UnixSeconds(newest.header.timestamp),
            epoch_length_secs: EPOCH_LENGTH_SECS,
            claim_window: 4,
            per_person: AmountWei(U256::from(20)),
            per_person_cap: AmountWei(U256::from(12)),
            token_cap: AmountWei(U256::from(1_000)),
            epoch_enrolment_cap: 100,
            timelock_delay_secs: EPOCH_LENGTH_SECS + 1,
            governor: accounts[1],
            pauser: accounts[3],
            sequencer: accounts[2],
            receipt_signer: accounts[5],
            orbs: vec![accounts[4]],
            unsafe_keys: UnsafeKeys::Refuse,
        };
        let key = PrivateKeySigner::from(anvil.keys()[0].clone());
        let deployment = deploy(&provider, key, &plan).await.unwrap();
        Self {
            anvil,
            provider,
            deployment,
        }
    }

    /// Appends `members` as the sequencer.
    pub(crate) async fn append(&self, tree: &mut MembershipTree, members: &[Identity]) {
        let leaves: Vec<_> = members.iter().map(Identity::commitment).collect();
        let words = leaves.iter().map(|leaf| leaf.to_u256()).collect();
        let batch = AppendBatch::to(tree, leaves).unwrap();
        assert_eq!(tree.append(&batch.leaves).unwrap(), batch.post_root);
        let proved = self.prove(&batch);
        let receipt = Registry::new(self.deployment.registry, self.provider.clone())
            .append(
                words,
                batch.post_root.to_u256(),
                proved.statement.digest.to_u256(),
                *proved.points.coordinates(),
            )
            .from(self.anvil.addresses()[2])
            .send()
            .await
            .unwrap()
            .get_receipt()
            .await
            .unwrap();
        assert!(receipt.status());
    }

    /// Proves a batch of at most 16 under the test key that the registry's verifier has.
    fn prove(&self, batch: &AppendBatch) -> BatchProof<AppendStatement> {
        let circuit = CircuitId::Append16.append().unwrap();
        let key = ProvingKey::unsafe_test(&circuit).unwrap();
        let scope = RegistryScope {
            chain_id: self.deployment.chain_id,
            registry: self.deployment.registry,
        };
        AppendProver::new(circuit, key)
            .prove(&scope, batch, &mut ChaCha20Rng::seed_from_u64(16))
            .unwrap()
    }

    /// Lets an epoch's time pass.
    pub(crate) async fn next_epoch(&self) {
        let seconds = (U256::from(EPOCH_LENGTH_SECS),);
        let _: serde_json::Value = self
            .provider
            .raw_request("evm_increaseTime".into(), seconds)
            .await
            .unwrap();
        let _: serde_json::Value = self
            .provider
            .raw_request("evm_mine".into(), ())
            .await
            .unwrap();
    }

    /// Sends a claim and waits until it is mined; its transaction and whether it was paid.
    pub(crate) async fn claim(&self, proof: &ClaimProof, payment: &Payment) -> (B256, bool) {
        let receipt = Distributor::new(self.deployment.distributor, self.provider.clone())
            .claim(
                U256::ONE,
                proof.inputs.nullifier_hash.to_u256(),
                payment.recipient,
                payment.fee_recipient,
                payment.fee.0,
                *proof.points.coordinates(),
            )
            .from(self.anvil.addresses()[5])
            .gas(CLAIM_GAS)
            .send()
            .await
            .unwrap()
            .get_receipt()
            .await
            .unwrap();
        (receipt.transaction_hash, receipt.status())
    }
}

pub(crate) fn prove(
    chain: &Chain,
    tree: &MembershipTree,
    person: &Identity,
    payment: &Payment,
) -> ClaimProof {
    let index = tree.leaf_index(person.commitment()).unwrap();
    let path = tree.current().proof(index);
    let scope = chain.deployment.claim_scope();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    prove_claim(person, &path, &scope, Epoch(1), payment, &mut rng).unwrap()
}

/// Audits through `provider`; on a development chain the time of the audit does not matter.
pub(crate) async fn report(provider: &DynProvider, deployment: &Deployment) -> AuditReport {
    audit(provider, deployment, UnixSeconds(0), nothing)
        .await
        .unwrap()
}

pub(crate) fn nothing(_: AuditProgress<'_>) {}

pub(crate) async fn failing(chain: &Chain, deployment: &Deployment) -> Vec<&'static str> {
    let report = report(&chain.provider, deployment).await;
    with_outcome(&report, CheckOutcome::Fail)
}

pub(crate) fn with_outcome(report: &AuditReport, outcome: CheckOutcome) -> Vec<&'static str> {
    let checks = report.checks.iter();
    let some = checks.filter(|check| check.outcome() == outcome);
    some.map(|check| check.id).collect()
}
