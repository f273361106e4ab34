use std::path::Path;

use alloy::node_bindings::AnvilInstance;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::{DynProvider, Provider};
use annona_audit::{Outcome, ProofVerdict, UnpaidReason, audit, explain};
use annona_chain::bindings::{Distributor, Registry};
use annona_chain::devnet::{BlockTime, find_anvil, start};
use annona_chain::{DeployPlan, Deployment, PrivateKeySigner, connect, deploy};
use annona_circuits::CircuitId;
use annona_core::{AmountWei, Epoch, NullifierHash, Payment, UnixSeconds};
use annona_keys::UnsafeKeys;
use annona_proofs::{
    AppendBatch, AppendProver, AppendStatement, BatchProof, ClaimProof, Identity, ProvingKey,
    RegistryScope, prove_claim,
};
use annona_tree::MembershipTree;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// Longer than the test may take: the chain's clock runs between the warps.
const EPOCH_LENGTH_SECS: u64 = 100_000;

/// Enough for a claim that opens its epoch, so that no estimate refuses it beforehand.
const CLAIM_GAS: u64 = 1_000_000;

const RECIPIENT: Address = Address::repeat_byte(0xaa);

struct Chain {
    anvil: AnvilInstance,
    provider: DynProvider,
    deployment: Deployment,
}

impl Chain {
    async fn start() -> Self {
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
    async fn append(&self, tree: &mut MembershipTree, members: &[Identity]) {
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
    async fn next_epoch(&self) {
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
    async fn claim(&self, proof: &ClaimProof, payment: &Payment) -> (B256, bool) {
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

fn prove(chain: &Chain, tree: &MembershipTree, person: &Identity, payment: &Payment) -> ClaimProof {
    let index = tree.leaf_index(person.commitment()).unwrap();
    let path = tree.current().proof(index);
    let scope = chain.deployment.claim_scope();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    prove_claim(person, &path, &scope, Epoch(1), payment, &mut rng).unwrap()
}

async fn failing(chain: &Chain, deployment: &Deployment) -> Vec<&'static str> {
    let report = audit(&chain.provider, deployment, |_| ()).await.unwrap();
    let failed = report.checks.iter();
    failed
        .filter(|check| matches!(check.outcome, Outcome::Fail { .. }))
        .map(|check| check.id)
        .collect()
}

async fn assert_clean(chain: &Chain) {
    let report = audit(&chain.provider, &chain.deployment, |_| ())
        .await
        .unwrap();
    assert!(report.is_clean(), "{}", report.to_json());
    assert_eq!(
        (report.passed(), report.failed(), report.not_checked()),
        (26, 0, 3)
    );
    let totals = report.totals;
    assert_eq!((totals.members, totals.epochs, totals.claims), (2, 1, 1));
    assert_eq!(totals.paid_wei.0, U256::from(12));
    assert_eq!(totals.issued_wei.0, U256::from(40));
    let again = audit(&chain.provider, &chain.deployment, |_| ())
        .await
        .unwrap();
    assert_eq!(again.to_json(), report.to_json());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_deployment_is_clean_and_its_claims_are_explained() {
    let chain = Chain::start().await;
    assert_eq!(failing(&chain, &chain.deployment).await, Vec::<&str>::new());

    let people = [1, 2].map(|seed| Identity::from_secret([seed; 32]));
    let mut tree = MembershipTree::default();
    chain.append(&mut tree, &people).await;
    chain.next_epoch().await;
    let payment = Payment {
        recipient: RECIPIENT,
        fee_recipient: Address::repeat_byte(0xfe),
        fee: AmountWei(U256::ONE),
    };
    let proof = prove(&chain, &tree, &people[0], &payment);
    let (transaction, is_paid) = chain.claim(&proof, &payment).await;
    assert!(is_paid);
    assert_clean(&chain).await;

    let nullifier = proof.inputs.nullifier_hash;
    let told = explain(&chain.provider, &chain.deployment, nullifier)
        .await
        .unwrap();
    assert_eq!(told.unpaid, None);
    let [settlement] = told.settlements.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(settlement.transaction, transaction);
    assert_eq!(
        (settlement.epoch, settlement.recipient),
        (Epoch(1), RECIPIENT)
    );
    assert_eq!(settlement.amount.0, U256::from(12));
    assert_eq!(settlement.fee, Some(payment.fee));
    assert_eq!(settlement.root, Some(tree.root()));
    assert_eq!(settlement.proof, ProofVerdict::Verified);

    refusals_are_explained(&chain, &tree, &people[1], &payment).await;
    assert_clean(&chain).await;
    tampering_is_found(&chain).await;
}

/// A relay that changes the recipient, and a nullifier that nobody sent.
async fn refusals_are_explained(
    chain: &Chain,
    tree: &MembershipTree,
    person: &Identity,
    payment: &Payment,
) {
    let proof = prove(chain, tree, person, payment);
    let changed = Payment {
        recipient: Address::repeat_byte(0xbb),
        ..*payment
    };
    let (transaction, is_paid) = chain.claim(&proof, &changed).await;
    assert!(!is_paid);
    let nullifier = proof.inputs.nullifier_hash;
    let told = explain(&chain.provider, &chain.deployment, nullifier)
        .await
        .unwrap();
    let reason = Some("the proof does not verify".to_owned());
    assert_eq!(
        told.unpaid,
        Some(UnpaidReason::Refused {
            transaction,
            reason
        })
    );

    let unknown = NullifierHash::try_from(U256::from(5)).unwrap();
    let told = explain(&chain.provider, &chain.deployment, unknown)
        .await
        .unwrap();
    assert!(
        matches!(told.unpaid, Some(UnpaidReason::NeverClaimed { .. })),
        "{told:?}"
    );
}

async fn tampering_is_found(chain: &Chain) {
    let nowhere = Deployment {
        orb_registry: Address::repeat_byte(0x11),
        ..chain.deployment.clone()
    };
    assert!(failing(chain, &nowhere).await.contains(&"contract-code"));

    // Next index, members and epoch of the newest checkpoint share this slot.
    let newest_slot = B256::from(U256::from(2));
    let forged = (chain.deployment.registry, newest_slot, B256::repeat_byte(1));
    let _: serde_json::Value = chain
        .provider
        .raw_request("anvil_setStorageAt".into(), forged)
        .await
        .unwrap();
    let _: serde_json::Value = chain
        .provider
        .raw_request("evm_mine".into(), ())
        .await
        .unwrap();
    assert_eq!(
        failing(chain, &chain.deployment).await,
        ["registry-state", "checkpoints"]
    );
}
