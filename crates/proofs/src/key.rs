use annona_core::{B256, U256, keccak256};
use annona_prover::{g1_words, g2_words};
use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, SerializationError};

/// The verifying key of the depth-30 Semaphore ceremony, arkworks' uncompressed
/// form; `cargo xtask gen` takes it out of the proving key that `semaphore-rs` carries.
const SEMAPHORE_30: &[u8] = include_bytes!("../keys/semaphore_30.vk");

/// Reason why a verifying key is not fit for use (REG-7).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are not a key.
    #[error("the bytes are not a Groth16 verifying key over BN254")]
    Unreadable(#[from] SerializationError),
    /// A point is not on its curve or not in the group.
    #[error("a point of the key is not in its group")]
    NotInGroup,
    /// gamma == delta: the ceremony had no phase-2 contribution, and anyone can forge.
    #[error("gamma equals delta: a proof for any statement can be forged under this key")]
    NoContribution,
    /// A point at infinity takes part of the equation away.
    #[error("the key holds the point at infinity")]
    IdentityPoint,
}

/// A Groth16 verifying key over BN254 that passed the sanity checks.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifyingKey(ark_groth16::VerifyingKey<Bn254>);

impl VerifyingKey {
    /// Returns the key of the Semaphore v3 ceremony at depth 30 (CLAIM-10).
    #[must_use]
    pub fn semaphore_30() -> Self {
        Self::from_bytes(SEMAPHORE_30).expect("the key in this crate is checked by its tests")
    }

    /// Reads arkworks' uncompressed form.
    ///
    /// # Errors
    /// [`KeyError`] for bytes that are no key and for keys that would accept anything.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::try_from(ark_groth16::VerifyingKey::deserialize_uncompressed(bytes)?)
    }

    /// Returns arkworks' uncompressed form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.uncompressed_size());
        self.0
            .serialize_uncompressed(&mut bytes)
            .expect("a vector takes every byte");
        bytes
    }

    /// Returns the number of public inputs.
    #[must_use]
    pub fn input_count(&self) -> usize {
        self.0.gamma_abc_g1.len() - 1
    }

    /// Returns the key as words, in the order of the contract's `verifyingKey()`: alpha (x,
    /// y), then beta, gamma and delta (x.c1, x.c0, y.c1, y.c0 each), then the points of the
    /// public inputs (x, y each).
    #[must_use]
    pub fn to_words(&self) -> Vec<U256> {
        let mut words = g1_words(&self.0.alpha_g1).to_vec();
        for point in [&self.0.beta_g2, &self.0.gamma_g2, &self.0.delta_g2] {
            words.extend(g2_words(point));
        }
        words.extend(self.0.gamma_abc_g1.iter().flat_map(g1_words));
        words
    }

    /// Returns the pin: `keccak256` of [`Self::to_words`], each as 32 big-endian bytes.
    #[must_use]
    pub fn hash(&self) -> B256 {
        let bytes: Vec<u8> = self
            .to_words()
            .iter()
            .flat_map(U256::to_be_bytes::<32>)
            .collect();
        keccak256(bytes)
    }

    pub(crate) const fn as_ark(&self) -> &ark_groth16::VerifyingKey<Bn254> {
        &self.0
    }
}

impl TryFrom<ark_groth16::VerifyingKey<Bn254>> for VerifyingKey {
    type Error = KeyError;

    fn try_from(key: ark_groth16::VerifyingKey<Bn254>) -> Result<Self, KeyError> {
        let in_g1 = |point: &G1Affine| point.is_on_curve();
        let in_g2 = |point: &G2Affine| {
            point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve()
        };
        let all_in_g1 = in_g1(&key.alpha_g1) && key.gamma_abc_g1.iter().all(in_g1);
        let all_in_g2 = [key.beta_g2, key.gamma_g2, key.delta_g2].iter().all(in_g2);
        if !all_in_g1 || !all_in_g2 {
            return Err(KeyError::NotInGroup);
        }
        if key.gamma_g2 == key.delta_g2 {
            return Err(KeyError::NoContribution);
        }
        let identity_in_g2 = [key.beta_g2, key.gamma_g2, key.delta_g2]
            .iter()
            .any(AffineRepr::is_zero);
        let identity_in_g1 =
            AffineRepr::is_zero(&key.alpha_g1) || key.gamma_abc_g1.iter().any(AffineRepr::is_zero);
        if identity_in_g1 || identity_in_g2 {
            return Err(KeyError::IdentityPoint);
        }
        Ok(Self(key))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ark_bn254::{Fq, Fq2};

    use super::*;

    fn bytes_of(key: &ark_groth16::VerifyingKey<Bn254>) -> Vec<u8> {
        VerifyingKey(key.clone()).to_bytes()
    }

    /// Tests CLAIM-10.
    #[test]
    fn the_pinned_key_is_the_one_of_the_ceremony() {
        let key = VerifyingKey::semaphore_30();
        assert_eq!(key.input_count(), 4);
        assert_eq!(
            key.hash().to_string(),
            include_str!("../keys/semaphore_30.hash").trim()
        );
    }

    #[test]
    fn a_key_without_a_contribution_is_refused() {
        let mut key = VerifyingKey::semaphore_30().0;
        key.delta_g2 = key.gamma_g2;
        assert!(matches!(
            VerifyingKey::from_bytes(&bytes_of(&key)),
            Err(KeyError::NoContribution)
        ));
    }

    #[test]
    fn a_key_with_an_identity_point_is_refused() {
        for position in 0..6 {
            let mut key = VerifyingKey::semaphore_30().0;
            match position {
                0 => key.alpha_g1 = G1Affine::identity(),
                1 => key.beta_g2 = G2Affine::identity(),
                2 => key.gamma_g2 = G2Affine::identity(),
                3 => key.delta_g2 = G2Affine::identity(),
                _ => key.gamma_abc_g1[position - 4] = G1Affine::identity(),
            }
            let refused = VerifyingKey::from_bytes(&bytes_of(&key));
            assert!(
                matches!(refused, Err(KeyError::IdentityPoint)),
                "position {position}"
            );
        }
    }

    #[test]
    fn a_key_with_a_point_outside_its_group_is_refused() {
        let on_curve = |x: u64| G2Affine::get_point_from_x_unchecked(Fq2::from(x), true);
        let outside = (1..).find_map(on_curve).unwrap();
        for position in 0..4 {
            let mut key = VerifyingKey::semaphore_30().0;
            match position {
                0 => key.alpha_g1.x += Fq::from(1),
                1 => key.beta_g2 = outside,
                2 => key.gamma_g2 = outside,
                _ => key.gamma_abc_g1[2].y += Fq::from(1),
            }
            let refused = VerifyingKey::try_from(key);
            assert!(
                matches!(refused, Err(KeyError::NotInGroup)),
                "position {position}"
            );
        }
    }

    #[test]
    fn cut_bytes_are_no_key() {
        assert!(matches!(
            VerifyingKey::from_bytes(&SEMAPHORE_30[1..]),
            Err(KeyError::Unreadable(_))
        ));
    }
}
