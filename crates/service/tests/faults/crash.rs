//! Ports that stop answering at a chosen call, as a process does that is killed there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use annona_chain::{EvmReader, EvmWriter};
use annona_core::{
    Address, AmountWei, B256, Claim, Commitment, Epoch, IrisCommitments, LeafIndex, NullifierHash,
    OrbId, RevertReason, Root, UnixSeconds,
};
use annona_engine::ports::*;
use annona_engine::{
    ClaimIntake, ClaimRecord, ClaimRejection, EnrolmentId, EnrolmentRecord, RevocationReason,
    RevocationRecord,
};
use annona_proofs::{AppendBatch, RevokeBatch};
use annona_store::SqliteStore;
use async_trait::async_trait;
use tokio::sync::Notify;

/// Counts the calls that leave a trace, before and after each, and cuts one off.
#[derive(Default)]
pub(super) struct CrashPoint {
    passed: AtomicU64,
    at: Option<u64>,
    reached: Notify,
    names: Mutex<Vec<&'static str>>,
}

impl CrashPoint {
    /// Nothing is cut off.
    pub(super) fn never() -> Arc<Self> {
        Arc::default()
    }

    /// The `at`-th point is not passed.
    pub(super) fn at(at: u64) -> Arc<Self> {
        Arc::new(Self {
            at: Some(at),
            ..Self::default()
        })
    }

    /// Waits until the point is reached.
    pub(super) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// The calls so far.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.names.lock().unwrap().clone()
    }

    async fn point(&self, name: &'static str) {
        self.names.lock().unwrap().push(name);
        let passed = self.passed.fetch_add(1, Ordering::SeqCst);
        if Some(passed) == self.at {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// A run that was cut off nowhere passed each of these points.
pub(super) fn assert_reached(points: &[&str], steps: &[&str]) {
    for step in steps {
        assert!(
            points.contains(step),
            "{step} was never reached: {points:?}"
        );
    }
}

/// A part of the service that can be cut off.
pub(super) struct Crashable<T> {
    pub(super) inner: T,
    pub(super) crash: Arc<CrashPoint>,
}

/// Passes calls on: those behind `crash` are points, those behind `pass` only read.
macro_rules! crashable {
    ($trait:ident for $inner:ty, $error:ty;
     pass { $(fn $read:ident($($read_arg:ident: $read_type:ty),*) -> $read_ret:ty;)* }
     crash { $(fn $write:ident($($write_arg:ident: $write_type:ty),*) -> $write_ret:ty;)* }
     plain { $($plain:item)* }) => {
        #[async_trait]
        impl $trait for Crashable<$inner> {
            $($plain)*
            $(async fn $read(&self, $($read_arg: $read_type),*) -> Result<$read_ret, $error> {
                self.inner.$read($($read_arg),*).await
            })*
            $(async fn $write(&self, $($write_arg: $write_type),*) -> Result<$write_ret, $error> {
                self.crash.point(concat!("before ", stringify!($write))).await;
                let done = self.inner.$write($($write_arg),*).await;
                self.crash.point(concat!("after ", stringify!($write))).await;
                done
            })*
        }
    };
}

crashable!(EnrolmentRepository for SqliteStore, StoreError;
    pass {
        fn enrolment(id: EnrolmentId) -> Option<EnrolmentRecord>;
        fn enrolment_of_nonce(nonce: B256) -> Option<EnrolmentRecord>;
        fn iris_commitments(id: EnrolmentId) -> Option<IrisCommitments>;
        fn package_of_nonce(nonce: B256) -> Option<PackageToKeep>;
        fn gallery_after(sequence: u64, limit: u32) -> Vec<GalleryEntry>;
        fn gallery_entry_statuses(sequences: &[u64]) -> Vec<GalleryEntryStatus>;
        fn open_reviews(limit: u32) -> Vec<Review>;
        fn open_review(id: EnrolmentId) -> Option<Review>;
        fn queued_enrolments(limit: u32) -> Vec<EnrolmentRecord>;
        fn pending_enrolments() -> PendingCounts;
    }
    crash {
        fn record_enrolment(new: &NewEnrolment) -> AdmitOutcome;
        fn adopt_leaf(commitment: Commitment, leaf_index: LeafIndex, transaction: B256) -> ();
        fn note_matches(id: EnrolmentId, matches: &[ReviewMatch]) -> ();
        fn decide_review(
            id: EnrolmentId,
            decision: &ReviewDecision,
            decided_at: UnixSeconds
        ) -> ReviewOutcome;
        fn wipe_old_reviews(now: UnixSeconds) -> u64;
        fn wipe_package(nonce: B256) -> bool;
        fn wipe_old_packages(now: UnixSeconds) -> u64;
    }
    plain {});

crashable!(ModelRepository for SqliteStore, StoreError;
    pass {
        fn model_upgrade() -> Option<ModelUpgrade>;
        fn upgrade_account(commitment: Commitment) -> Option<UpgradeAccount>;
        fn upgraded_after(position: u64, limit: u32) -> Vec<UpgradedEntry>;
        fn entries_left(sequence: u64, limit: u32) -> Vec<EntryLeft>;
        fn upgrade_counts() -> UpgradeCounts;
    }
    crash {
        fn publish_model_upgrade(upgrade: &ModelUpgrade) -> PublishOutcome;
        fn upgrade_entry(
            sequence: u64,
            upgraded: &UpgradedTemplates,
            now: UnixSeconds
        ) -> UpgradeOutcome;
    }
    plain {});

crashable!(RevocationRepository for SqliteStore, StoreError;
    pass {
        fn is_struck_off(orb: OrbId) -> bool;
        fn revocation(commitment: Commitment) -> Option<RevocationRecord>;
        fn queued_revocations(recoveries: u32, limit: u32) -> Vec<RevocationRecord>;
        fn gone_after(cursor: Option<Commitment>, limit: u32) -> Vec<Commitment>;
        fn pending_revocations() -> PendingCounts;
    }
    crash {
        fn request_revocations(
            commitments: &[Commitment],
            reason: RevocationReason,
            requested_at: UnixSeconds
        ) -> u64;
        fn strike_off(orb: OrbId, struck_at: UnixSeconds) -> StruckOff;
        fn adopt_revocation(commitment: Commitment, transaction: B256) -> ();
        fn void_revocation(commitment: Commitment) -> bool;
        fn revoke_again(commitment: Commitment, requested_at: UnixSeconds) -> bool;
    }
    plain {});

crashable!(ClaimRepository for SqliteStore, StoreError;
    pass {
        fn claim(nullifier: NullifierHash) -> Option<ClaimRecord>;
        fn queued_claims(per_epoch: u32) -> Vec<QueuedClaim>;
        fn pending_claims() -> PendingCounts;
    }
    crash {
        fn insert_claim(claim: &Claim, intake: &ClaimIntake) -> InsertClaimOutcome;
        fn adopt_claim(nullifier: NullifierHash, transaction: B256) -> ();
        fn reject_claim(nullifier: NullifierHash, why: ClaimRejection) -> ();
    }
    plain {});

crashable!(OutboxRepository for SqliteStore, StoreError;
    pass {
        fn next_nonce(sender: Address, chain_nonce: u64) -> u64;
        fn open_slots() -> Vec<Slot>;
        fn attempts_to_pay(nullifier: NullifierHash) -> Vec<B256>;
    }
    crash {
        fn open_slot(attempt: &Attempt, payload: &Payload) -> OpenOutcome;
        fn add_attempt(id: SlotId, attempt: &Attempt) -> AttemptOutcome;
        fn mark_sent(id: SlotId) -> ();
        fn mark_mined(
            id: SlotId,
            transaction: B256,
            block_number: u64,
            block_hash: B256,
            paid: &[NullifierHash]
        ) -> ();
        fn mark_unmined(id: SlotId) -> ();
        fn mark_final(id: SlotId, rejected: &[(NullifierHash, ClaimRejection)]) -> ();
        fn mark_failed(id: SlotId) -> ();
    }
    plain {});

crashable!(ChainReader for EvmReader, ChainError;
pass {
    fn head() -> BlockHead;
    fn block_hash(number: u64) -> Option<B256>;
    fn checkpoint_before(epoch: Epoch) -> Checkpoint;
    fn registry_state() -> RegistryState;
    fn census(epoch: Epoch) -> Census;
    fn registry_batches(from: u64, to: u64) -> Vec<RegistryBatch>;
    fn is_active_orb(orb: OrbId) -> bool;
    fn epoch_account(epoch: Epoch) -> EpochAccount;
    fn spent_among(epoch: Epoch, nullifiers: &[NullifierHash]) -> Vec<NullifierHash>;
    fn per_person_cap() -> AmountWei;
    fn refused_recipients(amount: AmountWei, recipients: &[Address]) -> Vec<Address>;
    fn is_paused() -> bool;
    fn account_nonce(account: Address) -> u64;
    fn transaction_status(hash: B256) -> TransactionStatus;
}
crash {}
plain {
    fn deployment_block(&self) -> u64 {
        self.inner.deployment_block()
    }
});

crashable!(ChainWriter for EvmWriter, ChainError;
pass {
    fn fee_market() -> FeeMarket;
    fn nonce_at(account: Address, block_number: u64) -> u64;
    fn refusal(signed: &SignedTransaction) -> Option<RevertReason>;
    fn claims_refusal(claims: &[Claim], at: BlockTag) -> Option<RevertReason>;
}
crash {
    fn sign_append(tx_slot: &TxSlot, call: &AppendCall) -> SignedTransaction;
    fn sign_revoke(tx_slot: &TxSlot, call: &RevokeCall) -> SignedTransaction;
    fn sign_claims(tx_slot: &TxSlot, claims: &[Claim]) -> SignedTransaction;
    fn sign_cancel(tx_slot: &TxSlot) -> SignedTransaction;
    fn reprice(signed: &SignedTransaction, fees: Fees) -> SignedTransaction;
    fn broadcast(raw: &[u8]) -> ();
}
plain {
    fn takes(&self, fees: Fees) -> bool {
        self.inner.takes(fees)
    }

    fn senders(&self, role: SenderRole) -> Vec<Address> {
        self.inner.senders(role)
    }
});

/// Proves each batch once: on a chain that is set back, a proof holds again.
pub(super) struct CachingProver<P> {
    pub(super) prover: P,
    appends: Mutex<HashMap<(Root, Vec<Commitment>), AppendCall>>,
    revokes: Mutex<HashMap<(Root, Vec<Commitment>), RevokeCall>>,
}

impl<P> CachingProver<P> {
    pub(super) fn new(prover: P) -> Self {
        Self {
            prover,
            appends: Mutex::default(),
            revokes: Mutex::default(),
        }
    }
}

#[async_trait]
impl<P: BatchProver> BatchProver for CachingProver<P> {
    async fn prove_append(&self, batch: AppendBatch) -> Result<AppendCall, ProverError> {
        let key = (batch.pre_root, batch.leaves.clone());
        let known = self.appends.lock().unwrap().get(&key).cloned();
        if let Some(call) = known {
            return Ok(call);
        }
        let call = self.prover.prove_append(batch).await?;
        self.appends.lock().unwrap().insert(key, call.clone());
        Ok(call)
    }

    async fn prove_revoke(&self, batch: RevokeBatch) -> Result<RevokeCall, ProverError> {
        let leaves = batch.removals.iter().map(|removed| removed.commitment);
        let key = (batch.pre_root, leaves.collect());
        let known = self.revokes.lock().unwrap().get(&key).cloned();
        if let Some(call) = known {
            return Ok(call);
        }
        let call = self.prover.prove_revoke(batch).await?;
        self.revokes.lock().unwrap().insert(key, call.clone());
        Ok(call)
    }
}

crashable!(BatchProver for Arc<CachingProver<annona_service::prover::LocalProver>>, ProverError;
    pass {}
    crash {
        fn prove_append(batch: AppendBatch) -> AppendCall;
        fn prove_revoke(batch: RevokeBatch) -> RevokeCall;
    }
    plain {});
