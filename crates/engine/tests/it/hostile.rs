//! A town with a hostile orb, which a third of the people come to, for 20 epochs.
//!
//! The orb makes people up, surrounds others with decoys, puts its own commitments beside
//! their eyes, recovers them without asking, keeps them waiting, brings entries of few
//! bits, sends packets again, and fills what it may bring in. It is struck off in the
//! middle. `TEST_SOAK=1` runs more seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use alloy::signers::local::PrivateKeySigner;
use annona_core::{B256, Commitment, EnrolmentKind, Epoch, OrbId, UnixSeconds};
use annona_engine::ports::{OutboxRepository, Pending, RevocationRepository};
use annona_engine::{
    Claim, EnrolError, EnrolmentDesk, EnrolmentPacket, EnrolmentPolicy, EnrolmentState,
};
use annona_iris::IrisTemplate;
use annona_matcher::{DecisionRule, EyePair, Gallery};
use futures::FutureExt;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::chain::{EPOCH_SECS, GENESIS, calendar};
use crate::enrolments::{DOMAIN, capture, signed_by, statement};
use crate::lockout::decoy;
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
/// People who do not exist begin here.
const MADE_UP: u64 = 1_000_000;

struct Citizen {
    number: u64,
    arrived: u64,
    /// Whether the hostile orb has seen these eyes.
    was_seen: bool,
    commitments: Vec<Commitment>,
}

struct Town {
    rng: ChaCha8Rng,
    service: Service,
    workers: Workers,
    desk: EnrolmentDesk,
    citizens: Vec<Citizen>,
    /// What the hostile orb keeps: packets, and whose eyes it has seen.
    packets: Vec<EnrolmentPacket>,
    seen: BTreeSet<u64>,
    epoch: u64,
    made: u64,
    acts: BTreeMap<&'static str, u64>,
    paid: u64,
}

fn key(byte: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap()
}

fn hostile() -> PrivateKeySigner {
    key(0x66)
}

impl Town {
    async fn new(seed: u64) -> Self {
        let service = Service::start().await;
        service.chain.set_enrolment_cap(CAP);
        for orb in [hostile(), key(0x71), key(0x72)] {
            service.chain.add_orb(OrbId(orb.address()));
        }
        let workers = service.workers();
        let policy = EnrolmentPolicy {
            domain: DOMAIN,
            model_id: statement(&capture(1, 1), 1).model_id,
            max_age_secs: 600,
            max_skew_secs: 30,
            rule: DecisionRule::standard(),
            recovery_cooldown_secs: EPOCH_SECS,
            calendar: calendar(),
            people_per_orb: PEOPLE_PER_ORB,
            review_keep_secs: EPOCH_SECS,
        };
        let desk = EnrolmentDesk::new(
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
            desk,
            citizens: Vec::new(),
            packets: Vec::new(),
            seen: BTreeSet::new(),
            epoch: 0,
            made: 0,
            acts: BTreeMap::new(),
            paid: 0,
        }
    }

    fn now(&self) -> u64 {
        GENESIS + self.epoch * EPOCH_SECS + 1_000
    }

    fn is_hostile_at_work(&self) -> bool {
        self.epoch < STRUCK_OFF
    }

    fn packet(
        &mut self,
        orb: &PrivateKeySigner,
        eyes: EyePair,
        kind: EnrolmentKind,
    ) -> EnrolmentPacket {
        self.made += 1;
        let mut enrolment = statement(&eyes, self.made);
        enrolment.kind = kind;
        enrolment.captured_at = UnixSeconds(self.now() - 10);
        signed_by(orb, enrolment, eyes)
    }

    fn look_at(&mut self, citizen: u64) -> EyePair {
        let capture_number = self.rng.random_range(1..1_000);
        capture(citizen, capture_number)
    }

    /// Hands in a packet of the hostile orb, whatever comes of it.
    async fn attack(&mut self, act: &'static str, eyes: EyePair, kind: EnrolmentKind) {
        let packet = self.packet(&hostile(), eyes, kind);
        self.packets.push(packet.clone());
        let taken = self.desk.submit(packet).await;
        if taken.is_ok_and(|record| record.state == EnrolmentState::Queued) {
            *self.acts.entry(act).or_default() += 1;
        }
    }

    /// A citizen comes to the hostile orb, which does one of many things.
    async fn visit_hostile(&mut self, place: usize) {
        let citizen = self.citizens[place].number;
        let eyes = self.look_at(citizen);
        self.citizens[place].was_seen = true;
        self.seen.insert(citizen);
        match self.rng.random_range(0..4_u32) {
            0 => {
                let packet = self.packet(&hostile(), eyes, EnrolmentKind::New);
                let commitment = packet.signed.enrolment.commitment;
                if self.desk.submit(packet).await.is_ok() {
                    self.citizens[place].commitments.push(commitment);
                }
            }
            1 => self.attack("steal", eyes, EnrolmentKind::New).await,
            2 => {
                for part in 0..3 {
                    let made_up = decoy(&eyes, part);
                    self.attack("decoy", made_up, EnrolmentKind::New).await;
                }
            }
            _ => {}
        }
    }

    /// What the hostile orb does without visitors.
    async fn be_hostile(&mut self) {
        let known: Vec<u64> = self.seen.iter().copied().collect();
        for citizen in known {
            if self.rng.random_range(0..3_u32) == 0 {
                let eyes = self.look_at(citizen);
                self.attack("recover", eyes, EnrolmentKind::Recovery).await;
            }
        }
        let again = self.packets.len().min(3);
        for _ in 0..again {
            let which = self.rng.random_range(0..self.packets.len());
            drop(self.desk.submit(self.packets[which].clone()).await);
        }
        let narrow = |eye: &IrisTemplate| {
            let mask = std::array::from_fn(|column| if column < 100 { u32::MAX } else { 0 });
            IrisTemplate::from_columns(*eye.code(), mask)
        };
        let somebody = capture(MADE_UP + self.made, 1);
        let few_bits = EyePair {
            left: narrow(&somebody.left),
            right: narrow(&somebody.right),
        };
        self.attack("few bits", few_bits, EnrolmentKind::New).await;
    }

    /// The hostile orb makes people up, as many as it may bring in.
    async fn fill_up(&mut self) {
        for _ in 0..PEOPLE_PER_ORB {
            let nobody = capture(MADE_UP + self.made, 1);
            self.attack("nobody", nobody, EnrolmentKind::New).await;
        }
    }

    /// Comes to an honest orb as a new person; who is known already comes to recover.
    async fn visit_honest(&mut self, place: usize) {
        let orb = key(0x71 + self.rng.random_range(0..2_u8));
        for kind in [EnrolmentKind::New, EnrolmentKind::Recovery] {
            let eyes = self.look_at(self.citizens[place].number);
            let packet = self.packet(&orb, eyes, kind);
            let commitment = packet.signed.enrolment.commitment;
            match self.desk.submit(packet).await {
                Ok(record) if record.state == EnrolmentState::Queued => {
                    self.citizens[place].commitments.push(commitment);
                    return;
                }
                Ok(_) | Err(EnrolError::RecoveryTooSoon { .. }) => {}
                Err(error) => panic!("an honest orb is told: {error}"),
            }
        }
    }

    /// Whether a citizen is a member now.
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
            let rogue = OrbId(hostile().address());
            let now = UnixSeconds(self.now());
            self.service.store.strike_off(rogue, now).await.unwrap();
            // Citizens see that they are members no more.
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
            self.be_hostile().await;
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
            self.fill_up().await;
        }
        self.workers.run(&self.service.chain, ROUNDS).await;
        self.check_paid();
    }

    /// Who was not in the hostile orb's hands is paid from the epoch after arriving on,
    /// and everybody from the epoch after it was struck off.
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
        Pending::default()
    );
    assert!(town.service.store.open_slots().await.unwrap().is_empty());
    let made_up = (1..=town.made).map(stranger);
    let leaves = made_up.filter(|leaf| town.service.chain.leaf_index(*leaf).is_some());
    assert_eq!(
        leaves.count(),
        town.citizens.len(),
        "one leaf for each citizen"
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
    let mut acts: BTreeMap<&str, u64> = BTreeMap::new();
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
    for act in ["steal", "decoy", "recover", "few bits", "nobody"] {
        assert!(acts.get(act).is_some_and(|times| *times > 0), "{act}");
    }
}
