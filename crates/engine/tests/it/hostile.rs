//! A town with a hostile orb, which a third of the people come to, for 20 epochs.
//!
//! The orb makes people up, surrounds others with decoys, puts its own commitments beside
//! their eyes, recovers them without asking, keeps them waiting, brings entries of few
//! bits, sends packets again, and fills what it may bring in. It is struck off in the
//! middle. `TEST_SOAK=1` runs more seeds.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use alloy::signers::local::PrivateKeySigner;
use annona_core::{B256, Claim, Commitment, EnrolmentKind, Epoch, UnixSeconds};
use annona_engine::ports::{OutboxRepository, PendingCounts, RevocationRepository};
use annona_engine::{
    EnrolError, EnrolmentPacket, EnrolmentPolicy, EnrolmentService, EnrolmentState,
};
use annona_faults::{
    HostileAct, HostileOrb, HostilePacket, SignedCapture, TestOrb, Visitor, capture,
};
use annona_matcher::{DecisionRule, Gallery};
use futures::FutureExt;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::chain::{EPOCH_SECS, GENESIS, calendar};
use crate::enrolments::DOMAIN;
use crate::service::{CONFIRMATIONS, Service, Workers, claim, membership, stranger};

const EPOCHS: u64 = 20;
/// The epoch in which the orb is struck off.
const STRUCK_OFF: u64 = 10;
/// People who come to live in the town in an epoch.
const ARRIVALS: u64 = 3;
/// Of a hundred visits to an orb.
const HOSTILE_PERCENT: u64 = 30;
/// The most that an orb brings in during an epoch, and all of them together.
const PEOPLE_PER_ORB: u32 = 30;
const CAP: u64 = 128;
const ROUNDS: u64 = 6 * CONFIRMATIONS;
const MODEL: B256 = B256::repeat_byte(0x3d);
/// Number of the hostile orb's first commitment.
const FIRST_HOSTILE: u64 = 1_000_000;

struct Citizen {
    number: u64,
    arrived: u64,
    /// True if the hostile orb has seen these eyes.
    was_seen: bool,
    commitments: Vec<Commitment>,
}

struct Town {
    rng: ChaCha8Rng,
    service: Service,
    workers: Workers,
    enrolments: EnrolmentService,
    citizens: Vec<Citizen>,
    hostile: HostileOrb,
    honest: [TestOrb; 2],
    epoch: u64,
    commitments_made: u64,
    /// Attacks of each kind that were taken.
    acts: BTreeMap<HostileAct, u64>,
    paid: u64,
}

impl Town {
    async fn new(seed: u64) -> Self {
        let service = Service::start().await;
        service.chain.set_enrolment_cap(CAP);
        let orbs = [0x66, 0x71, 0x72].map(|byte| {
            let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap();
            TestOrb::new(key, DOMAIN, MODEL)
        });
        for orb in &orbs {
            service.chain.add_orb(orb.id());
        }
        let [rogue, first, second] = orbs;
        let workers = service.workers();
        let policy = EnrolmentPolicy {
            domain: DOMAIN,
            model_id: MODEL,
            max_age_secs: 600,
            max_skew_secs: 30,
            rule: DecisionRule::standard(),
            recovery_cooldown_secs: EPOCH_SECS,
            calendar: calendar(),
            people_per_orb: PEOPLE_PER_ORB,
            review_keep_secs: EPOCH_SECS,
            commitments: annona_engine::CommitmentPolicy::Optional,
            proofs: annona_engine::ProofPolicy::Off,
        };
        let enrolments = EnrolmentService::new(
            Arc::new(service.store.clone()),
            service.chain.clone(),
            service.clock.clone(),
            Arc::new(membership()),
            policy,
            Gallery::new(),
        );
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            service,
            workers,
            enrolments,
            citizens: Vec::new(),
            hostile: HostileOrb::new(seed, rogue, |number| stranger(FIRST_HOSTILE + number)),
            honest: [first, second],
            epoch: 0,
            commitments_made: 0,
            acts: BTreeMap::new(),
            paid: 0,
        }
    }

    fn now(&self) -> u64 {
        GENESIS + self.epoch * EPOCH_SECS + 1_000
    }

    fn captured_at(&self) -> UnixSeconds {
        UnixSeconds(self.now() - 10)
    }

    fn is_hostile_at_work(&self) -> bool {
        self.epoch < STRUCK_OFF
    }

    fn new_commitment(&mut self) -> Commitment {
        self.commitments_made += 1;
        stranger(self.commitments_made)
    }

    /// Submits packets of the hostile orb, whatever their outcome; returns the acts of which
    /// a packet was queued, or answered with an earlier record.
    async fn submit_hostile(&mut self, packets: Vec<HostilePacket>) -> Vec<HostileAct> {
        let mut queued = Vec::new();
        for packet in packets {
            let answer = self.enrolments.submit(packet_of(packet.capture)).await;
            let is_replay = packet.act == HostileAct::Replay;
            if answer.is_ok_and(|record| is_replay || record.state == EnrolmentState::Queued) {
                *self.acts.entry(packet.act).or_default() += 1;
                queued.push(packet.act);
            }
        }
        queued
    }

    /// A citizen comes to the hostile orb, which does one of many things.
    async fn visit_hostile(&mut self, place: usize) {
        let visitor = Visitor {
            person: self.citizens[place].number,
            commitment: self.new_commitment(),
        };
        self.citizens[place].was_seen = true;
        let packets = self.hostile.receive(visitor, self.captured_at());
        let queued = self.submit_hostile(packets).await;
        if queued.contains(&HostileAct::Serve) {
            self.citizens[place].commitments.push(visitor.commitment);
        }
    }

    /// Comes to an honest orb as a new person; who is known already comes to recover.
    async fn visit_honest(&mut self, place: usize) {
        let orb = self.honest[self.rng.random_range(0..2)].clone();
        for kind in [EnrolmentKind::New, EnrolmentKind::Recovery] {
            let eyes = capture(self.citizens[place].number, self.rng.random_range(1..1_000));
            let commitment = self.new_commitment();
            let signed = orb.sign(eyes, commitment, kind, self.captured_at());
            match self.enrolments.submit(packet_of(signed)).await {
                Ok(record) if record.state == EnrolmentState::Queued => {
                    self.citizens[place].commitments.push(commitment);
                    return;
                }
                Ok(_) | Err(EnrolError::RecoveryTooSoon { .. }) => {}
                Err(error) => panic!("an honest orb is told: {error}"),
            }
        }
    }

    /// Returns whether a citizen is a member now.
    fn is_member(&self, place: usize) -> bool {
        let mut commitments = self.citizens[place].commitments.iter();
        commitments.any(|leaf| self.service.chain.leaf_index(*leaf).is_some())
    }

    async fn claim_for_all(&self) {
        let epoch = Epoch(self.epoch);
        for citizen in &self.citizens {
            let chain = &self.service.chain;
            let leaves = chain.members_among(&citizen.commitments, epoch);
            assert!(
                leaves <= 1,
                "citizen {} has {leaves} leaves",
                citizen.number
            );
            if leaves == 1 {
                self.service
                    .queue(&claim_of(citizen.number, self.epoch))
                    .await;
            }
        }
    }

    async fn live_through(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.service.chain.warp_to_time(self.now());
        self.service.clock.set(self.now());
        if epoch > 0 {
            self.claim_for_all().await;
        }
        if epoch == STRUCK_OFF {
            let rogue = self.hostile.device().id();
            let now = UnixSeconds(self.now());
            self.service.store.strike_off(rogue, now).await.unwrap();
            // Citizens see that they are no longer members.
            self.workers.run(&self.service.chain, ROUNDS).await;
        }
        for _ in 0..ARRIVALS {
            self.citizens.push(Citizen {
                number: self.citizens.len() as u64 + 1,
                arrived: epoch,
                was_seen: false,
                commitments: Vec::new(),
            });
        }
        if self.is_hostile_at_work() {
            let packets = self.hostile.act_alone(self.captured_at());
            self.submit_hostile(packets).await;
        }
        for place in 0..self.citizens.len() {
            if self.is_member(place) {
                continue;
            }
            let lot = self.rng.random_range(0..100_u64);
            if self.is_hostile_at_work() && lot < HOSTILE_PERCENT {
                self.visit_hostile(place).await;
            } else {
                self.visit_honest(place).await;
            }
        }
        if self.is_hostile_at_work() {
            let packets = self.hostile.make_up(PEOPLE_PER_ORB, self.captured_at());
            self.submit_hostile(packets).await;
        }
        self.workers.run(&self.service.chain, ROUNDS).await;
        self.check_paid();
    }

    /// Checks that people whom the hostile orb never saw are paid from the epoch after their
    /// arrival on, and everybody from the epoch after it was struck off.
    fn check_paid(&mut self) {
        for citizen in &self.citizens {
            let nullifier = claim_of(citizen.number, self.epoch).nullifier_hash;
            let payments = self.service.chain.payments(nullifier);
            assert!(payments <= 1, "citizen {} is paid twice", citizen.number);
            self.paid += u64::from(payments);
            let free_since = if citizen.was_seen {
                STRUCK_OFF.max(citizen.arrived)
            } else {
                citizen.arrived
            };
            assert!(
                payments == 1 || self.epoch <= free_since,
                "citizen {} of epoch {} is not paid in epoch {}",
                citizen.number,
                citizen.arrived,
                self.epoch
            );
        }
    }
}

fn packet_of(capture: SignedCapture) -> EnrolmentPacket {
    EnrolmentPacket {
        signed: capture.signed,
        templates: capture.templates,
        code_salts: None,
        encoding_proofs: None,
        upgraded: None,
        package: None,
    }
}

/// The claim of a citizen in an epoch.
fn claim_of(citizen: u64, epoch: u64) -> Claim {
    Claim {
        epoch: Epoch(epoch),
        ..claim(1_000 * citizen + epoch)
    }
}

async fn live(seed: u64) -> Town {
    let mut town = Town::new(seed).await;
    for epoch in 0..=EPOCHS {
        town.live_through(epoch).await;
    }
    assert_eq!(
        town.service.store.pending_revocations().await.unwrap(),
        PendingCounts::default()
    );
    assert!(town.service.store.open_slots().await.unwrap().is_empty());
    let is_leaf = |leaf: &Commitment| town.service.chain.leaf_index(*leaf).is_some();
    let leaves = (1..=town.commitments_made).map(stranger).filter(is_leaf);
    assert_eq!(
        leaves.count(),
        town.citizens.len(),
        "one leaf for each citizen"
    );
    assert!(
        !town.hostile.commitments().any(|leaf| is_leaf(&leaf)),
        "no leaf for the hostile orb"
    );
    town
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs tests can ask for the long form in no other way"
)]
fn seeds() -> std::ops::Range<u64> {
    match std::env::var_os("TEST_SOAK") {
        Some(_) => 0..12,
        None => 0..1,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_hostile_orb_does_everybody_is_paid_once_it_is_struck_off() {
    let mut acts: BTreeMap<HostileAct, u64> = BTreeMap::new();
    for seed in seeds() {
        let lived = AssertUnwindSafe(live(seed)).catch_unwind().await;
        let Ok(town) = lived else {
            panic!("seed {seed} fails");
        };
        for (act, times) in &town.acts {
            *acts.entry(*act).or_default() += times;
        }
        assert!(town.paid > ARRIVALS * EPOCHS);
    }
    // The attacks were made, and came through while they could.
    for act in HostileAct::ATTACKS {
        assert!(acts.get(&act).is_some_and(|times| *times > 0), "{act:?}");
    }
}
