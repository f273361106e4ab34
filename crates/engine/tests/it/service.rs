//! The parts of the service on one database, and how to stop and start them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use annona_core::{
    Address, AmountWei, B256, Claim, Commitment, Epoch, FieldElement, NullifierHash, Payment,
    ProofPoints, Root, U256, UnixSeconds, hash_to_field, keccak256,
};
use annona_engine::ports::{
    AdmitOutcome, ChainPorts, ClaimRepository, Clock, EnrolmentRepository, InsertClaimOutcome,
    OutboxRepository, Slot,
};
use annona_engine::{
    BatchPolicy, ClaimIntake, ClaimState, EnrolmentState, FeePolicy, Membership, MembershipRules,
    Outbox, OutboxReport, Relay, RelayParts, RelayPolicy, RelayRules, Sequencer, SequencerParts,
    SequencerRules, SettlementRules,
};
use annona_store::conformance::newcomer;
use annona_store::{DeploymentTag, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

use crate::chain::{BASE_FEE, FakeChain, GENESIS, TrustedProver, claim_calendar};

/// File name of the database.
const DATABASE: &str = "annona.sqlite";

/// Blocks on top of a final one.
pub(crate) const CONFIRMATIONS: u64 = 6;

/// Seconds before the end of an epoch in which no recovery begins.
pub(crate) const MARGIN_SECS: u64 = 1_000;

/// Fees offered for gas: up to sixteen times what blocks ask at first.
pub(crate) const FEES: FeePolicy = FeePolicy {
    max_fee_wei: 16 * BASE_FEE,
    bump_after_blocks: 3,
};

/// Nothing waits, and an account has two slots.
pub(crate) const RELAY_POLICY: RelayPolicy = RelayPolicy {
    wait_secs: 0,
    max_wait_secs: 600,
    cheap_base_fee_wei: 4 * BASE_FEE,
    window_margin_secs: MARGIN_SECS,
    slots_per_sender: 2,
};

/// A tree that has read nothing.
pub(crate) fn membership() -> Membership {
    Membership::new(MembershipRules {
        calendar: claim_calendar(),
        confirmations: CONFIRMATIONS,
    })
}

/// Rules that all workers share.
fn settlement() -> SettlementRules {
    SettlementRules {
        calendar: claim_calendar(),
        confirmations: CONFIRMATIONS,
        fees: FEES,
    }
}

/// A clock that a test sets.
pub(crate) struct SetClock(AtomicU64);

impl SetClock {
    pub(crate) fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(self.0.load(Ordering::SeqCst))
    }
}

/// A database, a chain and a clock.
pub(crate) struct Service {
    pub(crate) store: SqliteStore,
    pub(crate) chain: Arc<FakeChain>,
    pub(crate) clock: Arc<SetClock>,
    directory: TempDir,
}

/// Everything that works in the background; dropping it is a crash.
pub(crate) struct Workers {
    pub(crate) sequencer: Sequencer,
    pub(crate) relay: Relay,
    pub(crate) outbox: Outbox,
    pub(crate) membership: Arc<Membership>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let tag = DeploymentTag {
            chain_id: 31_337,
            registry: Address::repeat_byte(1),
            distributor: Address::repeat_byte(2),
            model_id: B256::repeat_byte(3),
        };
        let path = directory.path().join(DATABASE);
        Self {
            store: SqliteStore::open(&path, &tag).await.unwrap(),
            chain: FakeChain::new(),
            clock: Arc::new(SetClock(AtomicU64::new(GENESIS))),
            directory,
        }
    }

    /// A connection to the database past the store.
    pub(crate) async fn connect(&self) -> SqliteConnection {
        let path = self.directory.path().join(DATABASE);
        let options = SqliteConnectOptions::new().filename(path);
        options.connect().await.unwrap()
    }

    /// New workers, which know nothing but what the database and the chain hold.
    pub(crate) fn workers(&self) -> Workers {
        self.workers_that_wait(BatchPolicy {
            max_wait_secs: 0,
            epoch_margin_secs: MARGIN_SECS,
            recovery_share_percent: 10,
        })
    }

    /// As [`Self::workers`], with another policy.
    pub(crate) fn workers_that_wait(&self, policy: BatchPolicy) -> Workers {
        let store = Arc::new(self.store.clone());
        let membership = Arc::new(membership());
        Workers {
            sequencer: Sequencer::new(
                SequencerParts {
                    store: store.clone(),
                    chain: self.ports(),
                    membership: Arc::clone(&membership),
                    prover: Arc::new(TrustedProver),
                    clock: self.clock.clone(),
                },
                SequencerRules {
                    policy,
                    settlement: settlement(),
                },
            ),
            relay: self.relay(RELAY_POLICY),
            outbox: Outbox::new(store, self.ports(), settlement()),
            membership,
        }
    }

    fn ports(&self) -> ChainPorts {
        ChainPorts {
            reader: self.chain.clone(),
            writer: self.chain.clone(),
        }
    }

    /// A relay of its own.
    pub(crate) fn relay(&self, policy: RelayPolicy) -> Relay {
        Relay::new(
            RelayParts {
                store: Arc::new(self.store.clone()),
                chain: self.ports(),
                clock: self.clock.clone(),
            },
            RelayRules {
                policy,
                settlement: settlement(),
            },
        )
    }

    /// Admits people `1..=count`.
    pub(crate) async fn admit(&self, count: u64) {
        for seed in 1..=count {
            self.admit_one(seed).await;
        }
    }

    /// Admits person `seed` after all those before.
    pub(crate) async fn admit_one(&self, seed: u64) {
        let outcome = self.store.record_enrolment(&newcomer(seed, seed)).await;
        assert_eq!(outcome.unwrap(), AdmitOutcome::Recorded);
    }

    pub(crate) async fn enrolment(&self, seed: u64) -> EnrolmentState {
        let id = newcomer(seed, seed).record.id;
        self.store.enrolment(id).await.unwrap().unwrap().state
    }

    pub(crate) async fn queue(&self, claim: &Claim) {
        let intake = ClaimIntake {
            received_at: UnixSeconds(GENESIS),
            root: Root::try_from(U256::ZERO).unwrap(),
            chain_time: UnixSeconds(GENESIS),
            deadline: None,
        };
        let outcome = self.store.insert_claim(claim, &intake).await.unwrap();
        assert_eq!(outcome, InsertClaimOutcome::Inserted);
    }

    /// Queues claims `1..=count`.
    pub(crate) async fn queue_claims(&self, count: u64) {
        for seed in 1..=count {
            self.queue(&claim(seed)).await;
        }
    }

    pub(crate) async fn claim(&self, seed: u64) -> ClaimState {
        let nullifier = claim(seed).nullifier_hash;
        self.store.claim(nullifier).await.unwrap().unwrap().state
    }

    pub(crate) async fn open(&self) -> Vec<Slot> {
        self.store.open_slots().await.unwrap()
    }

    /// Asserts that claims `1..=count` are final and paid once.
    pub(crate) async fn assert_paid_once(&self, count: u64) {
        for seed in 1..=count {
            let state = self.claim(seed).await;
            assert!(
                matches!(state, ClaimState::Final { .. }),
                "{seed}: {state:?}"
            );
            assert_eq!(self.chain.payments(claim(seed).nullifier_hash), 1, "{seed}");
        }
        assert!(self.open().await.is_empty());
    }

    /// Asserts that people `1..=count` are final members, each at one leaf that the chain has.
    pub(crate) async fn assert_members(&self, count: u64) {
        for seed in 1..=count {
            let on_chain = self.chain.leaf_index(commitment(seed));
            match self.enrolment(seed).await {
                EnrolmentState::Final { leaf_index, .. } => {
                    assert_eq!(Some(leaf_index.get()), on_chain, "{seed}");
                }
                other => panic!("{seed}: {other:?}"),
            }
        }
        assert_eq!(self.chain.leaf_count(), count);
        assert!(self.open().await.is_empty());
    }
}

impl Workers {
    pub(crate) async fn follow(&self) -> OutboxReport {
        self.outbox.step().await.unwrap()
    }

    /// One round of everything, then a block, so often that what can settle has settled.
    pub(crate) async fn run(&self, chain: &FakeChain, rounds: u64) {
        for _ in 0..rounds {
            self.outbox.step().await.unwrap();
            self.sequencer.step().await.unwrap();
            self.relay.step().await.unwrap();
            chain.mine();
        }
        self.outbox.step().await.unwrap();
    }
}

fn field(what: &str, seed: u64) -> FieldElement {
    hash_to_field(keccak256([what.as_bytes(), &seed.to_be_bytes()].concat()))
}

/// A commitment that belongs to nobody.
pub(crate) fn stranger(seed: u64) -> Commitment {
    Commitment::try_from(field("stranger", seed).to_u256()).unwrap()
}

/// The commitment of admitted person `seed`.
pub(crate) fn commitment(seed: u64) -> Commitment {
    newcomer(seed, seed).record.commitment()
}

/// A claim of epoch 0 that the service took before.
pub(crate) fn claim(seed: u64) -> Claim {
    Claim {
        epoch: Epoch(0),
        nullifier_hash: NullifierHash::from(field("nullifier", seed)),
        payment: Payment {
            recipient: Address::left_padding_from(&seed.to_be_bytes()),
            fee_recipient: Address::ZERO,
            fee: AmountWei::ZERO,
        },
        points: ProofPoints::try_from([U256::from(seed); 8]).unwrap(),
    }
}
