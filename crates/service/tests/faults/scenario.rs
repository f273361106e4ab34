//! Members who can claim, and what must hold of their claims.

use std::collections::HashMap;

use alloy::primitives::U256;
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use annona_bindings::contracts::Distributor;
use annona_core::{Address, AmountWei, B256, Claim, Commitment, Epoch, NullifierHash, Payment};
use annona_engine::ports::{
    BatchProver, ClaimRepository, InsertClaimOutcome, OutboxRepository, PendingCounts,
};
use annona_engine::{ClaimRejection, ClaimState};
use annona_proofs::{AppendBatch, Identity, prove_claim};
use annona_service::sandbox::{CLAIM_WINDOW, EPOCH_LENGTH_SECS};
use annona_tree::MembershipTree;
use tokio::sync::OnceCell;

use crate::crash::CrashPoint;
use crate::harness::{DataFolder, Harness, Running};

/// Blocks on top of a final one: more than the deepest reorg.
pub(super) const CONFIRMATIONS: u64 = 9;
/// Members, each with a claim in epoch 1.
const MEMBERS: u8 = 12;
/// Rounds in which a transaction settles, and one more in its place if it was given up.
pub(super) const ROUNDS: u64 = 4 * CONFIRMATIONS + 12;

/// Times [`ROUNDS`] by which everything has settled.
const MAX_SETTLEMENTS: u32 = 4;

/// Made once: contracts, roots and claims are the same on every chain of these tests.
static CLAIMS: OnceCell<Vec<Claim>> = OnceCell::const_new();

/// A chain in epoch 1, to which it can be set back.
pub(super) struct ClaimScenario {
    pub(super) harness: Harness,
    pub(super) claims: Vec<Claim>,
    snapshot: U256,
    empty: DataFolder,
}

/// Claims by which a run is judged, and the name of the run.
pub(super) struct ExpectedClaims<'a> {
    pub(super) accepted: &'a [Claim],
    /// Nullifier hashes of the claims that the contract refuses, with the reasons.
    pub(super) refused: &'a [(NullifierHash, ClaimRejection)],
    /// Name of the run, for a message.
    pub(super) what: &'a str,
}

fn member(number: u8) -> Identity {
    Identity::from_secret([number + 1; 32])
}

impl ClaimScenario {
    pub(super) async fn new() -> Self {
        Self::with_confirmations(CONFIRMATIONS).await
    }

    pub(super) async fn with_confirmations(confirmations: u64) -> Self {
        let harness = Harness::new(confirmations).await;
        let tree = join(&harness).await;
        let later = harness.provider.anvil_increase_time(EPOCH_LENGTH_SECS);
        later.await.unwrap();
        // So deep that a refusal of now can be final.
        harness.mine(confirmations + 1).await;
        let claims = CLAIMS.get_or_init(|| async { prove(&harness, &tree) });
        let claims = claims.await.clone();
        let empty = harness.folder();
        harness
            .start(&empty, CrashPoint::never())
            .await
            .store
            .close()
            .await;
        Self {
            snapshot: harness.snapshot().await,
            claims,
            empty,
            harness,
        }
    }

    /// A service on a database in which nothing happened, and the database's folder.
    pub(super) async fn begin(&mut self) -> (Running, DataFolder) {
        let folder = self.again().await;
        (
            self.harness.start(&folder, CrashPoint::never()).await,
            folder,
        )
    }

    /// A database in which nothing happened, on a chain where nobody was paid.
    pub(super) async fn again(&mut self) -> DataFolder {
        self.snapshot = self.harness.set_back(self.snapshot).await;
        // Anvil cannot be set back to a block that a reorg took away.
        self.harness.mine(self.harness.confirmations()).await;
        self.empty.copy()
    }

    /// Pays a claim past the service, in a block of its own.
    pub(super) async fn pay_elsewhere(&self, claim: &Claim) {
        let harness = &self.harness;
        let distributor = Distributor::new(harness.deployment.distributor, &harness.provider);
        let call = distributor.claim(
            U256::from(claim.epoch.0),
            claim.nullifier_hash.to_u256(),
            claim.payment.recipient,
            claim.payment.fee_recipient,
            claim.payment.fee.0,
            *claim.points.coordinates(),
        );
        let stranger = harness.stranger();
        let nonce = harness.provider.get_transaction_count(stranger).await;
        // It may have been paid meanwhile.
        let call = call.from(stranger).nonce(nonce.unwrap()).gas(1_000_000);
        let _sent = call.send().await;
        harness.mine(1).await;
    }

    /// Makes `epoch` 1 unclaimable.
    pub(super) async fn end_window(&self) {
        let end = CLAIM_WINDOW * EPOCH_LENGTH_SECS;
        let later = self.harness.provider.anvil_increase_time(end);
        later.await.unwrap();
        self.harness.mine(1).await;
    }

    /// The transactions that paid each nullifier.
    async fn payments(&self) -> HashMap<NullifierHash, Vec<B256>> {
        let filter = Filter::new()
            .address(self.harness.deployment.distributor)
            .event_signature(Distributor::Claimed::SIGNATURE_HASH)
            .from_block(0);
        let mut payments: HashMap<NullifierHash, Vec<B256>> = HashMap::new();
        for log in self.harness.provider.get_logs(&filter).await.unwrap() {
            let event = log.log_decode::<Distributor::Claimed>().unwrap();
            let nullifier = event.inner.data.nullifierHash.try_into().unwrap();
            let transaction = log.transaction_hash.unwrap();
            payments.entry(nullifier).or_default().push(transaction);
        }
        payments
    }

    /// Each accepted claim is paid exactly once or rejected with a true reason, the
    /// database says so, and no slot is left over.
    pub(super) async fn assert_right(&self, running: &Running, outcome: &ExpectedClaims<'_>) {
        let ExpectedClaims {
            accepted,
            refused,
            what,
        } = outcome;
        let payments = self.payments().await;
        for (nullifier, by) in &payments {
            assert_eq!(by.len(), 1, "{what}: {nullifier} was paid by {by:?}");
        }
        for claim in *accepted {
            let nullifier = claim.nullifier_hash;
            let record = running.store.claim(nullifier).await.unwrap();
            let state = record.unwrap().state;
            let paid_by = payments.get(&nullifier).map(|by| by[0]);
            match state {
                ClaimState::Final { transaction } => {
                    assert_eq!(Some(transaction), paid_by, "{what}: {nullifier}");
                }
                ClaimState::Rejected(ClaimRejection::NullifierSpent) => {
                    assert!(paid_by.is_some(), "{what}: {nullifier} was not spent");
                    let ours = running.store.attempts_to_pay(nullifier).await.unwrap();
                    let by = paid_by.unwrap();
                    assert!(!ours.contains(&by), "{what}: {nullifier} was paid by us");
                }
                ClaimState::Rejected(why) => {
                    let is_true = refused.contains(&(nullifier, why));
                    assert!(is_true, "{what}: {nullifier} is {state:?}");
                    assert_eq!(paid_by, None, "{what}: {nullifier} is {state:?}");
                }
                other => {
                    let evidence = running.evidence().await;
                    panic!("{what}: {nullifier} is {other:?}\n{evidence}");
                }
            }
        }
        let open = running.store.open_slots().await.unwrap();
        assert!(open.is_empty(), "{what}: {open:?}");
    }

    /// Has the service settle whatever is under way, and judges it.
    pub(super) async fn settle(&self, running: &Running, outcome: &ExpectedClaims<'_>) {
        // Each transaction that is given up begins the count anew.
        for _ in 0..MAX_SETTLEMENTS {
            running.rounds(&self.harness, ROUNDS).await;
            if running.is_settled().await {
                break;
            }
        }
        self.assert_right(running, outcome).await;
    }
}

impl Running {
    /// Returns whether no claim waits and no slot is open.
    pub(super) async fn is_settled(&self) -> bool {
        self.store.pending_claims().await.unwrap() == PendingCounts::default()
            && self.store.open_slots().await.unwrap().is_empty()
    }

    /// Puts claims into the queue as the service does when it has checked them.
    pub(super) async fn queue(&self, claims: &[Claim]) {
        for claim in claims {
            let intake = annona_engine::ClaimIntake {
                received_at: annona_core::UnixSeconds(1),
                root: annona_core::Root::try_from(annona_core::U256::ZERO).unwrap(),
                chain_time: annona_core::UnixSeconds(1),
                deadline: None,
            };
            let outcome = self.store.insert_claim(claim, &intake).await.unwrap();
            assert_eq!(outcome, InsertClaimOutcome::Inserted);
        }
    }
}

/// Everybody joins in epoch 0.
async fn join(harness: &Harness) -> MembershipTree {
    let mut tree = MembershipTree::default();
    let leaves: Vec<Commitment> = (0..MEMBERS).map(|one| member(one).commitment()).collect();
    let batch = AppendBatch::to(&tree, leaves.clone()).unwrap();
    let call = harness.prover().prove_append(batch).await.unwrap();
    let pending = harness.send_append(&call).await;
    harness.mine(1).await;
    let receipt = pending.get_receipt().await.unwrap();
    assert!(receipt.status(), "the registry refused the members");
    tree.append(&leaves).unwrap();
    tree
}

fn prove(harness: &Harness, tree: &MembershipTree) -> Vec<Claim> {
    let scope = harness.deployment.claim_scope();
    let one = |number: u8| {
        let identity = member(number);
        let place = tree.leaf_index(identity.commitment()).unwrap();
        let payment = Payment {
            recipient: Address::repeat_byte(number + 1),
            fee_recipient: Address::ZERO,
            fee: AmountWei::ZERO,
        };
        let path = tree.current().proof(place);
        let mut rng = rand::rng();
        let proof = prove_claim(&identity, &path, &scope, Epoch(1), &payment, &mut rng).unwrap();
        Claim {
            epoch: Epoch(1),
            nullifier_hash: proof.inputs.nullifier_hash,
            payment,
            points: proof.points,
        }
    };
    (0..MEMBERS).map(one).collect()
}
