//! Simulated citizens of the demo, each with eyes from the seed, a wallet and a recipient address.

use annona_chain::PrivateKeySigner;
use annona_client::{Wallet, wire::EnrolmentView};
use annona_core::{Address, Epoch, ExternalNullifier, NullifierHash};
use orb_sim::Person;

use super::world::World;

/// A simulated citizen: eyes, a wallet on disk and an address for the money.
pub(crate) struct Citizen {
    pub(crate) number: u32,
    pub(crate) person: Person,
    pub(crate) wallet: Wallet,
    pub(crate) recipient: Address,
    /// Set when the service admitted the citizen.
    pub(crate) enrolment: Option<EnrolmentView>,
}

impl Citizen {
    pub(crate) fn nullifier(&self, world: &World, epoch: Epoch) -> NullifierHash {
        let external_nullifier = ExternalNullifier::new(&world.deployment().claim_scope(), epoch);
        self.wallet.identity().nullifier_hash(external_nullifier)
    }
}

/// People grown from the seed; their secrets and addresses are random as in life.
pub(crate) fn make(people: u32, seed: u64, world: &World) -> anyhow::Result<Vec<Citizen>> {
    (0..people)
        .map(|number| {
            Ok(Citizen {
                number,
                person: Person::from_seed(person_seed(seed, number)),
                wallet: world.new_wallet(&format!("citizen-{number}"))?,
                recipient: PrivateKeySigner::random().address(),
                enrolment: None,
            })
        })
        .collect()
}

/// Spreads the demo's seed so that neighbouring seeds share no person.
fn person_seed(seed: u64, number: u32) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(u64::from(number))
}
