//! A chain that can be set back, and services on it.

use std::fmt::Display;
use std::path::Path;
use std::sync::{Arc, Mutex};

use alloy::node_bindings::AnvilInstance;
use alloy::primitives::U256;
use alloy::providers::PendingTransactionBuilder;
use alloy::providers::ext::AnvilApi;
use annona_bindings::Deployment;
use annona_chain::devnet::{self, BlockTime};
use annona_chain::{DynProvider, Ethereum, EvmReader, EvmWriter, PrivateKeySigner, SenderKeys};
use annona_core::{Address, B256, Commitment, UnixSeconds};
use annona_engine::ports::{
    AppendCall, ChainPorts, ChainReader, Clock, NewEnrolment, OutboxRepository, RegistryChange,
    Store,
};
use annona_engine::{
    BatchPolicy, ClaimRules, ClaimService, Membership, MembershipRules, Outbox, Relay, RelayParts,
    RelayPolicy, RelayRules, Sequencer, SequencerParts, SequencerRules, SettlementRules,
};
use annona_keys::UnsafeKeys;
use annona_proofs::RegistryScope;
use annona_rpc::connect;
use annona_service::prover::LocalProver;
use annona_service::sandbox::{self, Account, FEES};
use annona_store::conformance::newcomer;
use annona_store::{DeploymentTag, SqliteStore};
use tempfile::TempDir;

use crate::crash::{CachingProver, CrashPoint, Crashable};

struct LateClock;

impl Clock for LateClock {
    /// Returns a time by which every wait has been long enough.
    fn now(&self) -> UnixSeconds {
        UnixSeconds(1 << 40)
    }
}

/// Anvil with the contracts, and a prover whose proofs are used again when it is set back.
pub(super) struct Harness {
    anvil: AnvilInstance,
    pub(super) provider: DynProvider,
    pub(super) deployment: Deployment,
    settlement: SettlementRules,
    prover: Arc<CachingProver<LocalProver>>,
}

/// The folder of a database, and the deployment that it belongs to.
pub(super) struct DataFolder {
    directory: TempDir,
    tag: DeploymentTag,
}

/// The background parts of the service; dropped, nothing of them is left.
pub(super) struct Running {
    pub(super) store: SqliteStore,
    pub(super) claim_service: ClaimService,
    outbox: Outbox,
    sequencer: Sequencer,
    relay: Relay,
    membership: Arc<Membership>,
    chain: Arc<dyn ChainReader>,
    /// Failures of its last rounds, the newest last.
    failures: Mutex<Vec<String>>,
}

/// Failures that are kept for the message of a test that fails.
const KEPT_FAILURES: usize = 8;

impl Harness {
    pub(super) async fn new(confirmations: u64) -> Self {
        let binary = devnet::find_anvil(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let anvil = devnet::start(&binary, BlockTime::Instant).unwrap();
        let provider = connect(&anvil.endpoint()).unwrap();
        let deploying = sandbox::deploy_contracts(&anvil, &provider, Vec::new());
        let deployment = deploying.await.unwrap();
        let reader = EvmReader::trusting(provider.clone(), deployment.clone());
        let calendar = reader.calendar().await.unwrap();
        provider.anvil_set_auto_mine(false).await.unwrap();
        let scope = RegistryScope {
            chain_id: deployment.chain_id,
            registry: deployment.registry,
        };
        // As the demo and the benches: keys are made once for a checkout.
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/annona-keys");
        let prover = LocalProver::new(scope, keys, UnsafeKeys::Refuse).unwrap();
        Self {
            anvil,
            provider,
            settlement: SettlementRules {
                calendar,
                confirmations,
                fees: FEES,
            },
            deployment,
            prover: Arc::new(CachingProver::new(prover)),
        }
    }

    pub(super) async fn snapshot(&self) -> U256 {
        self.provider.anvil_snapshot().await.unwrap()
    }

    /// Back to `snapshot`, which can be gone back to again under the number returned.
    pub(super) async fn set_back(&self, snapshot: U256) -> U256 {
        assert!(
            self.provider.anvil_revert(snapshot).await.unwrap(),
            "no such state"
        );
        self.empty_pool().await;
        self.snapshot().await
    }

    pub(super) async fn empty_pool(&self) {
        self.provider.anvil_drop_all_transactions().await.unwrap();
    }

    pub(super) async fn mine(&self, blocks: u64) {
        self.provider.anvil_mine(Some(blocks), None).await.unwrap();
    }

    /// A block with this base fee, in wei.
    pub(super) async fn mine_at(&self, base_fee: u128) {
        let setting = self
            .provider
            .anvil_set_next_block_base_fee_per_gas(base_fee);
        setting.await.unwrap();
        self.mine(1).await;
    }

    /// Takes the newest blocks away and puts one more empty one in their place.
    pub(super) async fn reorg(&self, depth: u64) {
        self.provider.anvil_rollback(Some(depth)).await.unwrap();
        self.empty_pool().await;
        // Another hash than before, so that nothing passes for the old block.
        let later = self.provider.anvil_increase_time(1);
        later.await.unwrap();
        self.mine(depth + 1).await;
    }

    /// Blocks on top of a final one.
    pub(super) const fn confirmations(&self) -> u64 {
        self.settlement.confirmations
    }

    /// Writes with the service's keys, by way of `reader`.
    fn writer(&self, reader: EvmReader) -> EvmWriter {
        let key = |account: Account| account.key(&self.anvil);
        let second =
            PrivateKeySigner::from(self.anvil.keys()[Account::Pauser as usize + 1].clone());
        let keys = SenderKeys {
            sequencer: key(Account::Sequencer),
            relay: vec![key(Account::Relay), second],
        };
        EvmWriter::new(reader, keys)
    }

    pub(super) fn reader(&self) -> EvmReader {
        EvmReader::trusting(self.provider.clone(), self.deployment.clone())
    }

    pub(super) fn endpoint(&self) -> String {
        self.anvil.endpoint()
    }

    /// An account that is neither of the service nor of its governors.
    pub(super) fn stranger(&self) -> Address {
        self.anvil.addresses()[Account::Pauser as usize + 2]
    }

    pub(super) async fn send_append(
        &self,
        call: &AppendCall,
    ) -> PendingTransactionBuilder<Ethereum> {
        let sending = sandbox::send_append(&self.anvil, &self.provider, &self.deployment, call);
        sending.await.unwrap()
    }

    pub(super) const fn prover(&self) -> &Arc<CachingProver<LocalProver>> {
        &self.prover
    }

    /// Returns the commitments that joined and left, in the chain's order.
    pub(super) async fn history(&self) -> Vec<(&'static str, Commitment)> {
        let reader = self.reader();
        let head = reader.head().await.unwrap().number;
        let batches = reader.registry_batches(0, head).await.unwrap();
        let mut history = Vec::new();
        for batch in batches {
            match batch.change {
                RegistryChange::Appended { leaves, .. } => {
                    history.extend(leaves.into_iter().map(|leaf| ("joins", leaf)));
                }
                RegistryChange::Revoked { removals } => {
                    let left = removals.into_iter().map(|removal| removal.commitment);
                    history.extend(left.map(|leaf| ("leaves", leaf)));
                }
            }
        }
        history
    }

    pub(super) fn folder(&self) -> DataFolder {
        DataFolder {
            directory: tempfile::tempdir().unwrap(),
            tag: DeploymentTag {
                chain_id: self.deployment.chain_id,
                registry: self.deployment.registry,
                distributor: self.deployment.distributor,
                model_id: B256::ZERO,
            },
        }
    }

    pub(super) async fn start(&self, folder: &DataFolder, crash: Arc<CrashPoint>) -> Running {
        self.start_through(self.provider.clone(), folder, crash)
            .await
    }

    /// A service that reaches the chain by `provider`.
    pub(super) async fn start_through(
        &self,
        provider: DynProvider,
        folder: &DataFolder,
        crash: Arc<CrashPoint>,
    ) -> Running {
        let path = folder.directory.path().join("annona.sqlite");
        let sqlite = SqliteStore::open(&path, &folder.tag).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(Crashable {
            inner: sqlite.clone(),
            crash: Arc::clone(&crash),
        });
        let settlement = self.settlement;
        let reader = EvmReader::trusting(provider, self.deployment.clone());
        let writer = Arc::new(Crashable {
            inner: self.writer(reader.clone()),
            crash: Arc::clone(&crash),
        });
        let reader: Arc<dyn ChainReader> = Arc::new(Crashable {
            inner: reader,
            crash: Arc::clone(&crash),
        });
        let chain = ChainPorts {
            reader: Arc::clone(&reader),
            writer,
        };
        let membership = Arc::new(Membership::new(MembershipRules {
            calendar: settlement.calendar,
            confirmations: settlement.confirmations,
        }));
        let parts = SequencerParts {
            store: Arc::clone(&store),
            chain: chain.clone(),
            membership: Arc::clone(&membership),
            prover: Arc::new(Crashable {
                inner: Arc::clone(&self.prover),
                crash,
            }),
            clock: Arc::new(LateClock),
        };
        let rules = SequencerRules {
            policy: BatchPolicy {
                max_wait_secs: 0,
                epoch_margin_secs: 60,
                recovery_share_percent: 10,
            },
            settlement,
        };
        let relay_rules = RelayRules {
            policy: RelayPolicy {
                wait_secs: 0,
                max_wait_secs: 600,
                cheap_base_fee_wei: u64::MAX,
                window_margin_secs: 60,
                slots_per_sender: 4,
            },
            settlement,
        };
        let relay_parts = RelayParts {
            store: Arc::clone(&store),
            chain: chain.clone(),
            clock: Arc::new(LateClock),
        };
        let claim_service = ClaimService::new(
            Arc::clone(&store),
            Arc::clone(&reader),
            Arc::new(LateClock),
            ClaimRules {
                scope: self.deployment.claim_scope(),
                token: self.deployment.token,
                calendar: settlement.calendar,
                promise_secs: 3_600,
            },
        );
        Running {
            claim_service,
            store: sqlite,
            outbox: Outbox::new(store, chain, settlement),
            sequencer: Sequencer::new(parts, rules),
            relay: Relay::new(relay_parts, relay_rules),
            membership,
            chain: reader,
            failures: Mutex::default(),
        }
    }
}

impl DataFolder {
    /// A copy of the database as it is, for a service that is not running.
    pub(super) fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        Self {
            directory: folder,
            tag: self.tag,
        }
    }
}

impl Running {
    /// One look at everything, as `serve` does; what fails comes round again.
    pub(super) async fn round(&self) {
        self.note("outbox", self.outbox.step().await);
        self.note("membership", self.membership.sync(&*self.chain).await);
        self.note("sequencer", self.sequencer.step().await);
        self.note("relay", self.relay.step().await);
    }

    fn note<T>(&self, part: &str, outcome: Result<T, impl Display>) {
        if let Err(error) = outcome {
            let mut failures = self.failures.lock().unwrap();
            if failures.len() == KEPT_FAILURES {
                failures.remove(0);
            }
            failures.push(format!("{part}: {error:#}"));
        }
    }

    /// Returns what holds up a slot: the slots that are open, the status of each of their
    /// attempts, and the failures of the last rounds.
    pub(super) async fn evidence(&self) -> String {
        let open = self.store.open_slots().await.unwrap();
        let mut lines = vec![format!("failures: {:?}", self.failures.lock().unwrap())];
        for slot in open {
            let (sender, nonce) = (slot.sender, slot.nonce);
            let next = self.chain.account_nonce(sender).await;
            lines.push(format!(
                "slot {nonce} of {sender}, next {next:?}: {:?}",
                slot.state
            ));
            for attempt in slot.attempts {
                let status = self.chain.transaction_status(attempt.signed.hash).await;
                let (kind, signed) = (attempt.kind, attempt.signed);
                let at = attempt.made_at_block;
                lines.push(format!(
                    "{kind:?} made at {at}, {:?}: {status:?}",
                    signed.fees
                ));
            }
        }
        lines.join("\n")
    }

    /// Rounds with a block after each.
    pub(super) async fn rounds(&self, harness: &Harness, count: u64) {
        for _ in 0..count {
            self.round().await;
            harness.mine(1).await;
        }
    }

    /// Returns whether the tree was brought to the chain's newest block once.
    pub(super) fn is_synced(&self) -> bool {
        self.membership.is_synced()
    }

    pub(super) async fn admit(&self, seed: u64) -> Commitment {
        self.record(&newcomer(seed, seed)).await
    }

    pub(super) async fn record(&self, new: &NewEnrolment) -> Commitment {
        use annona_engine::ports::{AdmitOutcome, EnrolmentRepository};
        let outcome = self.store.record_enrolment(new).await.unwrap();
        assert_eq!(outcome, AdmitOutcome::Recorded);
        new.record.commitment()
    }
}
