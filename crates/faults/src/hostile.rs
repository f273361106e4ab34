use std::collections::BTreeSet;
use std::fmt;

use annona_core::{Commitment, EnrolmentKind, UnixSeconds};
use annona_template::EyePair;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::eyes::{capture, decoy, with_few_bits};
use crate::orb::{SignedCapture, TestOrb};

/// Number of the first person who does not exist.
const FIRST_MADE_UP: u64 = 1_000_000;
/// Number of captures of a person that differ.
const CAPTURES: u64 = 1_000;
/// Decoys around a person: two make a duplicate of the person, three a review.
const DECOYS: u64 = 3;
/// Packets that are sent again before each epoch's visitors come.
const REPLAYS: usize = 3;

/// Act of a hostile orb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostileAct {
    /// Enrols a visitor, as an honest orb does.
    Serve,
    /// Enrols a visitor's eyes with a commitment of its own.
    Steal,
    /// Enrols eyes similar to a visitor's.
    Decoy,
    /// Recovers a visitor of before, unasked, with a commitment of its own.
    Recover,
    /// Enrols eyes of few valid bits.
    FewBits,
    /// Enrols a person who does not exist.
    MakeUp,
    /// Sends a packet again.
    Replay,
}

impl HostileAct {
    /// Every act that is against somebody.
    pub const ATTACKS: [Self; 6] = [
        Self::Steal,
        Self::Decoy,
        Self::Recover,
        Self::FewBits,
        Self::MakeUp,
        Self::Replay,
    ];
}

/// Packet of a hostile orb, to be submitted.
#[derive(Debug, Clone)]
pub struct HostilePacket {
    /// Act that the packet is part of.
    pub act: HostileAct,
    /// Number of the real person whose eyes are in the packet.
    pub person: Option<u64>,
    /// The packet itself.
    pub capture: SignedCapture,
}

/// Person who comes to an orb.
#[derive(Debug, Clone, Copy)]
pub struct Visitor {
    /// Number of the person, below 1,000,000.
    pub person: u64,
    /// Commitment that the person's device shows.
    pub commitment: Commitment,
}

/// Orb whose operator attacks the people who come to it. A seed decides its acts.
pub struct HostileOrb {
    rng: ChaCha8Rng,
    orb: TestOrb,
    /// Makes the orb's own commitment of a number.
    commitment: fn(u64) -> Commitment,
    commitments_made: u64,
    people_made_up: u64,
    seen: BTreeSet<u64>,
    packets: Vec<HostilePacket>,
    /// Treatments of the next visitors, the next one last.
    treatments: Vec<Treatment>,
}

#[derive(Debug, Clone, Copy)]
enum Treatment {
    Serve,
    Steal,
    Surround,
    SendAway,
}

impl fmt::Debug for HostileOrb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostileOrb")
            .field("orb", &self.orb.id())
            .field("packets", &self.packets.len())
            .finish_non_exhaustive()
    }
}

impl HostileOrb {
    /// Creates an orb that has seen nobody; `commitment` makes its own commitments from numbers.
    #[must_use]
    pub fn new(seed: u64, orb: TestOrb, commitment: fn(u64) -> Commitment) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            orb,
            commitment,
            commitments_made: 0,
            people_made_up: 0,
            seen: BTreeSet::new(),
            packets: Vec::new(),
            treatments: Vec::new(),
        }
    }

    /// Returns the device.
    #[must_use]
    pub const fn device(&self) -> &TestOrb {
        &self.orb
    }

    /// Returns all commitments of its own that the orb has used so far.
    pub fn commitments(&self) -> impl Iterator<Item = Commitment> {
        (0..self.commitments_made).map(self.commitment)
    }

    /// Receives a visitor: serves, steals from, surrounds with decoys, or sends away.
    /// Each of four visitors is treated in another way, in an order by chance.
    pub fn receive(&mut self, visitor: Visitor, now: UnixSeconds) -> Vec<HostilePacket> {
        let Visitor { person, commitment } = visitor;
        self.seen.insert(person);
        let eyes = self.look_at(person);
        match self.next_treatment() {
            Treatment::Serve => {
                let capture = self.orb.sign(eyes, commitment, EnrolmentKind::New, now);
                vec![HostilePacket {
                    act: HostileAct::Serve,
                    person: Some(person),
                    capture,
                }]
            }
            Treatment::Steal => {
                vec![self.attack(
                    HostileAct::Steal,
                    eyes,
                    EnrolmentKind::New,
                    Some(person),
                    now,
                )]
            }
            Treatment::Surround => (0..DECOYS)
                .map(|part| {
                    let similar = decoy(&eyes, part);
                    self.attack(HostileAct::Decoy, similar, EnrolmentKind::New, None, now)
                })
                .collect(),
            Treatment::SendAway => Vec::new(),
        }
    }

    /// Acts without a visitor: recovers about a third of the people it has seen, sends packets
    /// again, and enrols eyes of few bits.
    pub fn act_alone(&mut self, now: UnixSeconds) -> Vec<HostilePacket> {
        let mut packets = Vec::new();
        for person in self.seen.clone() {
            if self.rng.random_range(0..3_u32) == 0 {
                let eyes = self.look_at(person);
                let kind = EnrolmentKind::Recovery;
                packets.push(self.attack(HostileAct::Recover, eyes, kind, Some(person), now));
            }
        }
        for _ in 0..self.packets.len().min(REPLAYS) {
            let again = self.rng.random_range(0..self.packets.len());
            packets.push(HostilePacket {
                act: HostileAct::Replay,
                ..self.packets[again].clone()
            });
        }
        let eyes = with_few_bits(&self.nobody());
        packets.push(self.attack(HostileAct::FewBits, eyes, EnrolmentKind::New, None, now));
        packets
    }

    /// Makes people up.
    pub fn make_up(&mut self, people: u32, now: UnixSeconds) -> Vec<HostilePacket> {
        (0..people)
            .map(|_| {
                let nobody = self.nobody();
                self.attack(HostileAct::MakeUp, nobody, EnrolmentKind::New, None, now)
            })
            .collect()
    }

    fn next_treatment(&mut self) -> Treatment {
        if self.treatments.is_empty() {
            self.treatments = vec![
                Treatment::Serve,
                Treatment::Steal,
                Treatment::Surround,
                Treatment::SendAway,
            ];
            self.treatments.shuffle(&mut self.rng);
        }
        self.treatments.pop().unwrap()
    }

    fn look_at(&mut self, person: u64) -> EyePair {
        capture(person, self.rng.random_range(1..CAPTURES))
    }

    fn nobody(&mut self) -> EyePair {
        self.people_made_up += 1;
        self.look_at(FIRST_MADE_UP + self.people_made_up)
    }

    fn attack(
        &mut self,
        act: HostileAct,
        eyes: EyePair,
        kind: EnrolmentKind,
        person: Option<u64>,
        now: UnixSeconds,
    ) -> HostilePacket {
        let commitment = (self.commitment)(self.commitments_made);
        self.commitments_made += 1;
        let packet = HostilePacket {
            act,
            person,
            capture: self.orb.sign(eyes, commitment, kind, now),
        };
        self.packets.push(packet.clone());
        packet
    }
}
