use core::fmt;

use annona_core::{Commitment, ExternalNullifier, NullifierHash};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A person's Semaphore secret: 32 bytes, made and kept on the person's device.
///
/// The nullifier secret and the trapdoor are derived when they are needed
/// (SHA-256 with the labels of the Semaphore v3 identity package), so that the
/// seed is the only copy at rest; it is wiped when this value is dropped.
#[derive(Clone)]
pub struct Identity {
    secret: Zeroizing<[u8; 32]>,
}

impl Identity {
    /// Creates a fresh identity (IDENT-1).
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut());
        Self { secret }
    }

    /// Restores the identity of a secret that was kept.
    #[must_use]
    pub fn from_secret(secret: [u8; 32]) -> Self {
        Self {
            secret: Zeroizing::new(secret),
        }
    }

    /// Returns the secret, for the wallet's own storage and nothing else.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Returns the commitment, which represents this person on chain.
    #[must_use]
    pub fn commitment(&self) -> Commitment {
        Commitment::try_from(self.semaphore().commitment())
            .expect("Poseidon's output is reduced, and a preimage of zero is not known")
    }

    /// Returns this person's nullifier hash under `external_nullifier`.
    #[must_use]
    pub fn nullifier_hash(&self, external_nullifier: ExternalNullifier) -> NullifierHash {
        let hash = semaphore_rs::protocol::generate_nullifier_hash(
            &self.semaphore(),
            external_nullifier.to_field().to_u256(),
        );
        NullifierHash::try_from(hash).expect("Poseidon's output is reduced")
    }

    pub(crate) fn semaphore(&self) -> semaphore_rs::identity::Identity {
        // `from_secret` wipes the copy it is given.
        let mut copy = *self.secret;
        semaphore_rs::identity::Identity::from_secret(&mut copy, None)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{Address, ClaimScope, Epoch};

    use super::*;

    /// Tests IDENT-1.
    #[test]
    fn an_identity_is_never_printed() {
        let identity = Identity::from_secret([0xab; 32]);
        assert_eq!(format!("{identity:?}"), "Identity(..)");
    }

    /// Values of npm `@semaphore-protocol/identity` and `group` 3.15.2, to which trapdoor and
    /// nullifier secret were given, computed with Node's SHA-256.
    #[test]
    fn the_way_from_a_secret_to_its_nullifier_hash_is_frozen() {
        let secret = std::array::from_fn(|place| u8::try_from(place).unwrap());
        let identity = Identity::from_secret(secret);
        let scope = ClaimScope {
            chain_id: 31_337,
            distributor: Address::repeat_byte(0x22),
        };
        let external_nullifier = ExternalNullifier::new(&scope, Epoch(5));
        let nullifier_hash = identity.nullifier_hash(external_nullifier);
        let words = [
            identity.commitment().to_field(),
            external_nullifier.to_field(),
            nullifier_hash.to_field(),
        ]
        .map(|element| format!("{:064x}", element.to_u256()));
        assert_eq!(
            words,
            [
                "213d316bc3bbd5ebd4e1a46f1c5c7c64bc0a762f9c834b429b0b448ad508e4c2",
                "0093ba1934a038b1301bd04580cdbc39d40e912d18adef5cec68a8c359de0094",
                "2dbf799e8b94713af1406095562b4332c66d0919b34972a7c2c4785116c77d35",
            ]
        );
    }

    #[test]
    fn nullifiers_are_fresh_each_epoch_and_stable_within_one() {
        let identity = Identity::from_secret([7; 32]);
        let scope = ClaimScope {
            chain_id: 1,
            distributor: Address::ZERO,
        };
        let at = |epoch| identity.nullifier_hash(ExternalNullifier::new(&scope, Epoch(epoch)));
        assert_eq!(at(3), at(3));
        assert_ne!(at(3), at(4));
        let other = Identity::from_secret([8; 32]);
        assert_ne!(
            at(3),
            other.nullifier_hash(ExternalNullifier::new(&scope, Epoch(3)))
        );
    }
}
