//! A town with a hostile orb, which 30 % of the visitors come to, against the whole service: a
//! process, its API, contracts on a chain, proofs.
//!
//! The orb does what `annona_faults::HostileOrb` can do, and claims for whomever it stole a
//! place. An operator refuses it, and strikes it off. `TEST_SOAK=1` runs 20 epochs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use annona_bindings::contracts::{AnnonaToken, Distributor};
use annona_chain::PrivateKeySigner;
use annona_client::wire::{ClaimStatus, EnrolmentRequest, EnrolmentStatus, EnrolmentView};
use annona_client::{ClaimDraft, ClientError, TreeReader};
use annona_core::{
    Address, B256, Commitment, EnrolmentKind, Epoch, ExternalNullifier, NullifierHash, U256,
    UnixSeconds, keccak256,
};
use annona_engine::ports::{ChainReader, RegistryChange};
use annona_faults::{HostileAct, HostileOrb, HostilePacket, SignedCapture, TestOrb, Visitor};
use annona_proofs::Identity;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::world::{
    Miner, PATIENCE, Service, World, annona_ok, enrolment_id, reconfigure, reread, settled, until,
};

/// Of a hundred visits to an orb.
const HOSTILE_PERCENT: u64 = 30;
/// Sends of one packet that the limits of rates ask for, at most.
const MAX_SENDS: u32 = 100;
/// Pause after an answer that asks for one.
const PAUSE: Duration = Duration::from_millis(200);
/// Account that the hostile orb's claims pay.
const THIEF: Address = Address::repeat_byte(0x66);

/// Size of a town, and its time.
struct Course {
    seed: u64,
    last_epoch: u64,
    /// Epoch in which the orb is struck off.
    struck_off: u64,
    /// People who live in the town from epoch 0.
    founders: u64,
    /// Most people that an orb brings in. The service's clock does not run ahead with the
    /// chain's, so that this is the limit for all epochs together.
    people_per_orb: u32,
    /// People whom the hostile orb makes up in an epoch; before it is struck off, as many as
    /// it can.
    made_up_per_epoch: u32,
}

/// With this seed the hostile orb steals a place and makes decoys in epoch 0, and recovers
/// somebody in epoch 1.
const SHORT: Course = Course {
    seed: 82,
    last_epoch: 3,
    struck_off: 2,
    founders: 4,
    people_per_orb: 8,
    made_up_per_epoch: 1,
};

const LONG: Course = Course {
    seed: 2,
    last_epoch: 20,
    struck_off: 10,
    founders: 4,
    people_per_orb: 80,
    made_up_per_epoch: 3,
};

/// An honest person. After the founders one arrives in each epoch.
struct Citizen {
    person: u64,
    arrived: u64,
    /// True once the hostile orb has seen these eyes.
    was_seen: bool,
    /// Identities that were enrolled for the person.
    identities: Vec<Identity>,
    /// Identities of the hostile orb that were enrolled with the person's eyes.
    stolen: Vec<Identity>,
    paid: Vec<Epoch>,
}

impl Citizen {
    fn recipient(&self) -> Address {
        Address::left_padding_from(&(0x1000 + self.person).to_be_bytes())
    }
}

struct Town {
    course: Course,
    rng: ChaCha8Rng,
    world: World,
    service: Service,
    _miner: Miner,
    hostile: HostileOrb,
    honest: [TestOrb; 2],
    citizens: Vec<Citizen>,
    epoch: Epoch,
    identities_made: u64,
    /// Packets that honest orbs and the hostile one submitted until it was struck off.
    packets: [u64; 2],
    /// Packets of the hostile orb that were taken.
    acts: BTreeMap<HostileAct, u64>,
    /// Packets of the hostile orb that were refused, by the reason.
    refusals: BTreeMap<String, u64>,
    thefts_paid: u64,
}

fn identity(owner: &str, number: u64) -> Identity {
    Identity::from_secret(keccak256(format!("{owner} {number}")).0)
}

fn hostile_commitment(number: u64) -> Commitment {
    identity("hostile", number).commitment()
}

fn captured_at() -> UnixSeconds {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    UnixSeconds(since.unwrap().as_secs())
}

/// Leaves of the membership tree on the chain.
async fn members(world: &World) -> HashSet<Commitment> {
    let head = world.chain.head().await.unwrap().number;
    let mut members = HashSet::new();
    for batch in world.chain.registry_batches(0, head).await.unwrap() {
        match batch.change {
            RegistryChange::Appended { leaves, .. } => members.extend(leaves),
            RegistryChange::Revoked { removals } => {
                for removal in removals {
                    members.remove(&removal.commitment);
                }
            }
        }
    }
    members
}

/// Number of payments of each nullifier hash, by the chain's events.
async fn payments(world: &World) -> HashMap<NullifierHash, u32> {
    let filter = Filter::new()
        .address(world.chain.deployment().distributor)
        .event_signature(Distributor::Claimed::SIGNATURE_HASH)
        .from_block(0);
    let mut payments = HashMap::new();
    for log in world.chain.provider().get_logs(&filter).await.unwrap() {
        let event = log.log_decode::<Distributor::Claimed>().unwrap();
        let nullifier = event.inner.data.nullifierHash.try_into().unwrap();
        *payments.entry(nullifier).or_default() += 1;
    }
    payments
}

impl Town {
    async fn found(course: Course) -> Self {
        let model = B256::from(annona_template::MODEL_ID);
        let keys = [0x66, 0x71, 0x72]
            .map(|byte| PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap());
        let addresses = keys.each_ref().map(PrivateKeySigner::address);
        let cap = 3 * u64::from(course.people_per_orb);
        let world = World::create_with(&addresses, cap).await;
        let domain = world.chain.deployment().enrolment_domain();
        let [rogue, first, second] = keys.map(|key| TestOrb::new(key, domain, model));
        let limit = course.people_per_orb.to_string();
        let service = world.serve_with(&[
            ("ANNONA_ENROLMENT__PEOPLE_PER_ORB", &limit),
            // Whoever comes within a second shares a batch.
            ("ANNONA_SEQUENCER__MAX_WAIT_SECS", "1"),
        ]);
        Self {
            rng: ChaCha8Rng::seed_from_u64(course.seed),
            hostile: HostileOrb::new(course.seed, rogue, hostile_commitment),
            honest: [first, second],
            _miner: world.mine_often(),
            course,
            world,
            service,
            citizens: Vec::new(),
            epoch: Epoch(0),
            identities_made: 0,
            packets: [0; 2],
            acts: BTreeMap::new(),
            refusals: BTreeMap::new(),
            thefts_paid: 0,
        }
    }

    fn is_hostile_at_work(&self) -> bool {
        self.epoch.0 < self.course.struck_off
    }

    fn arrive(&mut self, people: u64) {
        for _ in 0..people {
            self.citizens.push(Citizen {
                person: self.citizens.len() as u64 + 1,
                arrived: self.epoch.0,
                was_seen: false,
                identities: Vec::new(),
                stolen: Vec::new(),
                paid: Vec::new(),
            });
        }
    }

    fn new_identity(&mut self) -> Identity {
        self.identities_made += 1;
        identity("citizen", self.identities_made)
    }

    /// Submits a packet, and again when the service asks for patience.
    async fn submit(&self, capture: &SignedCapture) -> Result<EnrolmentView, ClientError> {
        let request = EnrolmentRequest::new(&capture.signed, &capture.templates, None);
        for _ in 0..MAX_SENDS {
            let answer = self.service.client.enrol(&request).await;
            let code = answer.as_ref().err().and_then(ClientError::code);
            if !matches!(code, Some("rate-limited" | "enrolment-busy")) {
                return answer;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("a packet is not taken after {MAX_SENDS} sends");
    }

    /// Submits packets of the hostile orb, whatever their outcome; returns the ids of the
    /// enrolments that were taken.
    async fn submit_hostile(&mut self, packets: Vec<HostilePacket>) -> Vec<B256> {
        let mut taken = Vec::new();
        for packet in packets {
            self.packets[1] += 1;
            match self.submit(&packet.capture).await {
                Ok(view) => {
                    *self.acts.entry(packet.act).or_default() += 1;
                    taken.push(enrolment_id(&view));
                    self.note_theft(&packet);
                }
                Err(error) => {
                    let code = error.code().expect("the service refuses").to_owned();
                    *self.refusals.entry(code).or_default() += 1;
                }
            }
        }
        taken
    }

    /// Notes an identity of the hostile orb that was enrolled with a person's eyes, at once or by
    /// a replay.
    fn note_theft(&mut self, packet: &HostilePacket) {
        let commitment = packet.capture.signed.enrolment.commitment;
        let number = self.hostile.commitments().position(|one| one == commitment);
        let (Some(person), Some(number)) = (packet.person, number) else {
            return;
        };
        let mut citizens = self.citizens.iter_mut();
        let victim = citizens.find(|citizen| citizen.person == person).unwrap();
        if !victim
            .stolen
            .iter()
            .any(|one| one.commitment() == commitment)
        {
            victim.stolen.push(identity("hostile", number as u64));
        }
    }

    async fn visit_hostile(&mut self, place: usize) -> Vec<B256> {
        let identity = self.new_identity();
        let visitor = Visitor {
            person: self.citizens[place].person,
            commitment: identity.commitment(),
        };
        let citizen = &mut self.citizens[place];
        citizen.was_seen = true;
        // Of use only if the orb serves its visitor.
        citizen.identities.push(identity);
        let packets = self.hostile.receive(visitor, captured_at());
        self.submit_hostile(packets).await
    }

    /// Comes to an honest orb as a new person; whoever is known already comes to recover.
    async fn visit_honest(&mut self, place: usize) -> Vec<B256> {
        // In turn, so that both have as much to do.
        self.honest.rotate_left(1);
        let orb = self.honest[0].clone();
        for kind in [EnrolmentKind::New, EnrolmentKind::Recovery] {
            let person = self.citizens[place].person;
            let eyes = annona_faults::capture(person, self.rng.random_range(1..1_000));
            let identity = self.new_identity();
            let capture = orb.sign(eyes, identity.commitment(), kind, captured_at());
            self.packets[0] += u64::from(self.is_hostile_at_work());
            match self.submit(&capture).await {
                Ok(view) => {
                    self.citizens[place].identities.push(identity);
                    return vec![enrolment_id(&view)];
                }
                Err(error) => assert!(
                    matches!(
                        error.code(),
                        Some("enrolment-duplicate" | "enrolment-review" | "recovery-too-soon")
                    ),
                    "an honest orb is told: {error}"
                ),
            }
        }
        Vec::new()
    }

    /// Everybody who is no member comes to an orb.
    async fn visit_orbs(&mut self) -> Vec<B256> {
        let members = members(&self.world).await;
        let mut taken = Vec::new();
        for place in 0..self.citizens.len() {
            let mut identities = self.citizens[place].identities.iter();
            if identities.any(|identity| members.contains(&identity.commitment())) {
                continue;
            }
            let lot = self.rng.random_range(0..100_u64);
            taken.extend(if self.is_hostile_at_work() && lot < HOSTILE_PERCENT {
                self.visit_hostile(place).await
            } else {
                self.visit_honest(place).await
            });
        }
        taken
    }

    /// Claims with every identity that is in the epoch's tree, those of the thief too.
    async fn claim_for_all(&self) {
        let checkpoint = self.world.chain.checkpoint_before(self.epoch).await;
        let checkpoint = checkpoint.unwrap();
        let client = &self.service.client;
        let mut tree = TreeReader::new(client, self.epoch, checkpoint.member_count);
        let mut drafts: Vec<ClaimDraft> = Vec::new();
        for citizen in &self.citizens {
            let own = citizen
                .identities
                .iter()
                .map(|one| (one, citizen.recipient()));
            let stolen = citizen.stolen.iter().map(|one| (one, THIEF));
            for (identity, recipient) in own.chain(stolen) {
                let place = tree.find(identity.commitment(), None).await.unwrap();
                if let Some(place) = place {
                    let path = tree.path(place).await.unwrap();
                    let (epoch, root) = (self.epoch, checkpoint.root);
                    drafts.push(self.world.prove(identity, &path, epoch, root, recipient));
                }
            }
        }
        for draft in &drafts {
            client.claim(&draft.to_request()).await.unwrap();
        }
        for draft in &drafts {
            let view = settled(&self.service, draft).await;
            assert_eq!(view.status, ClaimStatus::Final);
        }
    }

    /// An operator refuses the orb, which needs no more than a signal, and strikes it off.
    async fn strike_off(&mut self) {
        let orb = self.hostile.device().id().to_string();
        let setting = "[enrolment]\n";
        let refusing = format!("{setting}refused_orbs = [\"{orb}\"]\n");
        reconfigure(&self.world, setting, &refusing);
        let sentence = "orbs that are refused were read again";
        reread(&self.world, &self.service, sentence).await;
        let packets = self.hostile.make_up(1, captured_at());
        self.submit_hostile(packets).await;
        assert_eq!(self.refusals.get("orb-refused"), Some(&1));

        let arguments = ["--orb", &orb, "--config", "annona.toml", "--json"];
        let arguments = [&["registry", "revoke"], &arguments[..]].concat();
        let answer = annona_ok(self.world.path(), &arguments);
        let struck: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert!(struck["revocations"].as_u64().unwrap() > 0, "{answer}");
        // Batch by batch: the wait for each is as long as one batch needs at most.
        let mut left = self.hostile_leaves().await;
        while left > 0 {
            until(async || self.hostile_leaves().await < left).await;
            left = self.hostile_leaves().await;
        }
    }

    async fn hostile_leaves(&self) -> usize {
        let members = members(&self.world).await;
        let leaves = self.hostile.commitments();
        leaves.filter(|leaf| members.contains(leaf)).count()
    }

    /// Waits until everything that was taken has become a member or will not.
    async fn settle(&self, taken: Vec<B256>) {
        for id in taken {
            let waiting = self.service.client.wait_for_enrolment(id, PATIENCE);
            let view = waiting.await.unwrap();
            let is_settled = matches!(
                view.status,
                EnrolmentStatus::Final | EnrolmentStatus::Revoked
            );
            assert!(is_settled, "{:?}", view.status);
        }
    }

    async fn live_through_epoch(&mut self) {
        if self.epoch.0 > 0 {
            self.claim_for_all().await;
            self.check_payments().await;
        }
        if self.epoch.0 == self.course.struck_off {
            self.strike_off().await;
        }
        self.arrive(match self.epoch.0 {
            0 => self.course.founders,
            _ => 1,
        });
        let mut taken = Vec::new();
        if self.is_hostile_at_work() {
            let packets = self.hostile.act_alone(captured_at());
            taken.extend(self.submit_hostile(packets).await);
        }
        taken.extend(self.visit_orbs().await);
        if self.is_hostile_at_work() {
            let people = match self.epoch.0 + 1 {
                last if last == self.course.struck_off => self.course.people_per_orb,
                _ => self.course.made_up_per_epoch,
            };
            let packets = self.hostile.make_up(people, captured_at());
            taken.extend(self.submit_hostile(packets).await);
        }
        self.settle(taken).await;
    }

    /// A pair of eyes is paid once at most. A person is paid from the epoch after arriving on,
    /// and one who was in the hostile orb's hands from the epoch after it was struck off.
    async fn check_payments(&mut self) {
        let scope = self.world.chain.deployment().claim_scope();
        let external = ExternalNullifier::new(&scope, self.epoch);
        let payments = payments(&self.world).await;
        let count = |identities: &[Identity]| -> u32 {
            let nullifiers = identities.iter().map(|one| one.nullifier_hash(external));
            nullifiers.filter_map(|hash| payments.get(&hash)).sum()
        };
        for citizen in &mut self.citizens {
            let (person, arrived, epoch) = (citizen.person, citizen.arrived, self.epoch);
            let (own, stolen) = (count(&citizen.identities), count(&citizen.stolen));
            assert!(own + stolen <= 1, "{person} is paid twice in epoch {epoch}");
            let free_since = match citizen.was_seen {
                true => self.course.struck_off.max(arrived),
                false => arrived,
            };
            assert!(
                own == 1 || epoch.0 <= free_since,
                "{person}, who arrived in epoch {arrived}, is not paid in epoch {epoch}"
            );
            if own == 1 {
                citizen.paid.push(epoch);
            }
            self.thefts_paid += u64::from(stolen);
        }
    }

    /// Every payment is where it belongs, and the hostile orb has no place left.
    async fn check_the_end(&self) {
        let Self { world, acts, .. } = self;
        let token = AnnonaToken::new(
            world.chain.deployment().token,
            world.chain.provider().clone(),
        );
        for citizen in &self.citizens {
            let mut owed = U256::ZERO;
            for epoch in &citizen.paid {
                owed += world.chain.epoch_account(*epoch).await.unwrap().amount.0;
            }
            let balance = token.balanceOf(citizen.recipient()).call().await.unwrap();
            assert_eq!(balance, owed, "person {}", citizen.person);
        }
        let census = world.chain.census(self.epoch).await.unwrap();
        assert_eq!(census.members, self.citizens.len() as u64);
        // The attacks were made, and came through while they could.
        for act in HostileAct::ATTACKS {
            assert!(acts.get(&act).is_some_and(|times| *times > 0), "{acts:?}");
        }
        assert!(self.thefts_paid > 0, "nobody was robbed");
        let limited = self.refusals.get("orb-limit-reached");
        assert!(limited.is_some_and(|times| *times > 0), "no limit was met");
        let [honest, hostile] = self.packets;
        assert!(100 * hostile >= HOSTILE_PERCENT * (honest + hostile));
    }
}

fn course() -> Course {
    match std::env::var_os("TEST_SOAK") {
        Some(_) => LONG,
        None => SHORT,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_town_with_a_hostile_orb_is_paid_by_the_whole_service() {
    let course = course();
    let last_epoch = course.last_epoch;
    let mut town = Town::found(course).await;
    town.live_through_epoch().await;
    for epoch in 1..=last_epoch {
        town.epoch = town.world.next_epoch().await;
        assert_eq!(town.epoch, Epoch(epoch), "an epoch was missed");
        town.live_through_epoch().await;
    }
    town.check_the_end().await;
    assert_eq!(town.service.stop(), Some(0));
}
