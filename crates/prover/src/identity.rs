use core::fmt;

use annona_core::{
    Commitment, ExternalNullifier, FieldElement, NullifierHash, SCALAR_MODULUS, U256,
};
use annona_tree::hash_pair;
use rand_core::CryptoRng;
use semaphore_rs_poseidon::poseidon::hash1;
use sha2::{Digest, Sha256};
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
        let Parts {
            nullifier,
            trapdoor,
        } = self.parts();
        Commitment::try_from(hash1(hash_pair(nullifier, trapdoor).to_u256()))
            .expect("Poseidon's output is reduced, and a preimage of zero is not known")
    }

    /// Returns this person's nullifier hash under `external_nullifier`.
    #[must_use]
    pub fn nullifier_hash(&self, external_nullifier: ExternalNullifier) -> NullifierHash {
        let hash = hash_pair(external_nullifier.to_field(), self.parts().nullifier);
        NullifierHash::from(hash)
    }

    /// Derives the nullifier secret and the trapdoor, as Semaphore's package for identities
    /// does (docs/spec/identity.md).
    pub(crate) fn parts(&self) -> Parts {
        let mut seed_text = Zeroizing::new([0; 64]);
        let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(*self.secret)));
        for (digits, byte) in seed_text.chunks_exact_mut(2).zip(*digest) {
            digits.copy_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
        let derive = |suffix: &[u8]| {
            let digest = Sha256::new().chain_update(*seed_text).chain_update(suffix);
            let number = U256::from_be_bytes(<[u8; 32]>::from(digest.finalize()));
            FieldElement::try_from(number % SCALAR_MODULUS).expect("a remainder is reduced")
        };
        Parts {
            nullifier: derive(b"identity_nullifier"),
            trapdoor: derive(b"identity_trapdoor"),
        }
    }
}

/// The two secret numbers of an identity.
pub(crate) struct Parts {
    pub(crate) nullifier: FieldElement,
    pub(crate) trapdoor: FieldElement,
}

const fn hex_digit(value: u8) -> u8 {
    b"0123456789abcdef"[value as usize]
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
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    /// Tests IDENT-1.
    #[test]
    fn an_identity_is_never_printed() {
        let identity = Identity::from_secret([0xab; 32]);
        assert_eq!(format!("{identity:?}"), "Identity(..)");
    }

    #[test]
    fn the_secret_that_is_kept_restores_the_identity() {
        let mut seed = rand_chacha::ChaCha20Rng::from_seed([7; 32]);
        let identity = Identity::generate(&mut seed);
        let kept = *identity.expose_secret();
        assert_eq!(kept, *Identity::from_secret(kept).expose_secret());
        assert_eq!(
            identity.commitment(),
            Identity::from_secret(kept).commitment()
        );
        let other = Identity::from_secret(kept.map(|byte| !byte));
        assert_ne!(identity.commitment(), other.commitment());
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
    fn the_numbers_of_an_identity_are_those_of_semaphore_rs() {
        for seed in 0..20 {
            let identity = Identity::from_secret([seed; 32]);
            let theirs = semaphore_rs::identity::Identity::from_secret(&mut [seed; 32], None);
            let Parts {
                nullifier,
                trapdoor,
            } = identity.parts();
            assert_eq!(nullifier.to_u256(), theirs.nullifier);
            assert_eq!(trapdoor.to_u256(), theirs.trapdoor);
            assert_eq!(identity.commitment().to_u256(), theirs.commitment());
        }
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
