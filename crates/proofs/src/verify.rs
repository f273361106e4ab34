use annona_core::{ClaimInputs, FieldElement, ProofPoints, U256};
use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ff::PrimeField;
use ark_groth16::{Groth16, PreparedVerifyingKey, prepare_verifying_key};

use crate::VerifyingKey;
use crate::field::to_scalar;

/// Why a proof is not accepted. Every variant is the sender's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A point is not on its curve or not in the group.
    #[error("a point of the proof is not in its group")]
    NotInGroup,
    /// The pairing equation does not hold for these public inputs.
    #[error("the proof does not hold for these public inputs")]
    Invalid,
}

/// Verifies claim proofs with a key that is prepared once.
#[derive(Debug, Clone)]
pub struct ClaimVerifier {
    prepared: PreparedVerifyingKey<Bn254>,
}

impl ClaimVerifier {
    /// A verifier under `key`.
    #[must_use]
    pub fn new(key: &VerifyingKey) -> Self {
        Self {
            prepared: prepare_verifying_key(key.as_ark()),
        }
    }

    /// Checks one claim proof.
    ///
    /// # Errors
    /// [`VerifyError::NotInGroup`] for points that are none, [`VerifyError::Invalid`] for a false statement.
    pub fn verify(&self, inputs: &ClaimInputs, proof: &ProofPoints) -> Result<(), VerifyError> {
        check_proof(&self.prepared, &inputs.to_fields(), proof)
    }
}

/// Checks a proof of any circuit.
pub(crate) fn check_proof(
    key: &PreparedVerifyingKey<Bn254>,
    inputs: &[FieldElement],
    proof: &ProofPoints,
) -> Result<(), VerifyError> {
    let proof = to_ark_proof(proof)?;
    let inputs: Vec<Fr> = inputs.iter().copied().map(to_scalar).collect();
    match Groth16::<Bn254>::verify_proof(key, &proof, &inputs) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(VerifyError::Invalid),
    }
}

/// Exact, because a [`ProofPoints`] holds only coordinates below the base modulus.
fn to_base(value: U256) -> Fq {
    Fq::from_be_bytes_mod_order(&value.to_be_bytes::<32>())
}

fn to_g1(x: U256, y: U256) -> Result<G1Affine, VerifyError> {
    // The curve has cofactor 1: on the curve is in the group.
    let point = G1Affine::new_unchecked(to_base(x), to_base(y));
    if point.is_on_curve() {
        Ok(point)
    } else {
        Err(VerifyError::NotInGroup)
    }
}

fn to_g2(x: [U256; 2], y: [U256; 2]) -> Result<G2Affine, VerifyError> {
    let extension = |[c1, c0]: [U256; 2]| Fq2::new(to_base(c0), to_base(c1));
    let point = G2Affine::new_unchecked(extension(x), extension(y));
    if point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve() {
        Ok(point)
    } else {
        Err(VerifyError::NotInGroup)
    }
}

fn to_ark_proof(proof: &ProofPoints) -> Result<ark_groth16::Proof<Bn254>, VerifyError> {
    let [ax, ay, bx1, bx0, by1, by0, cx, cy] = *proof.coordinates();
    Ok(ark_groth16::Proof {
        a: to_g1(ax, ay)?,
        b: to_g2([bx1, bx0], [by1, by0])?,
        c: to_g1(cx, cy)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::LazyLock;

    use annona_core::{Address, AmountWei, ClaimScope, Epoch, Payment};
    use annona_tree::MembershipTree;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::{ClaimProof, Identity, prove_claim};

    static VERIFIER: LazyLock<ClaimVerifier> =
        LazyLock::new(|| ClaimVerifier::new(&VerifyingKey::semaphore_30()));

    static PROOF: LazyLock<ClaimProof> = LazyLock::new(|| {
        let identity = Identity::from_secret([3; 32]);
        let mut tree = MembershipTree::default();
        tree.append(&[
            Identity::from_secret([2; 32]).commitment(),
            identity.commitment(),
        ])
        .unwrap();
        let index = tree.leaf_index(identity.commitment()).unwrap();
        let path = tree.proof_at(2, index).unwrap();
        let scope = ClaimScope {
            chain_id: 31_337,
            distributor: Address::repeat_byte(1),
        };
        let payment = Payment {
            recipient: Address::repeat_byte(2),
            fee_recipient: Address::ZERO,
            fee: AmountWei::ZERO,
        };
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        prove_claim(&identity, &path, &scope, Epoch(1), &payment, &mut rng).unwrap()
    });

    #[test]
    fn the_pinned_key_accepts_what_the_ceremonys_prover_makes() {
        assert_eq!(VERIFIER.verify(&PROOF.inputs, &PROOF.points), Ok(()));
    }

    #[test]
    fn any_other_public_input_is_refused() {
        let other = FieldElement::try_from(U256::from(5)).unwrap();
        let inputs = PROOF.inputs;
        let signal = annona_core::SignalHash {
            word: annona_core::B256::ZERO,
        };
        let external_nullifier = annona_core::ExternalNullifier {
            word: annona_core::B256::ZERO,
        };
        for changed in [
            ClaimInputs {
                root: other.into(),
                ..inputs
            },
            ClaimInputs {
                nullifier_hash: other.into(),
                ..inputs
            },
            ClaimInputs { signal, ..inputs },
            ClaimInputs {
                external_nullifier,
                ..inputs
            },
        ] {
            assert_eq!(
                VERIFIER.verify(&changed, &PROOF.points),
                Err(VerifyError::Invalid)
            );
        }
    }

    #[test]
    fn a_point_off_the_curve_is_an_answer_and_no_panic() {
        for index in 0..8 {
            let mut coordinates = *PROOF.points.coordinates();
            coordinates[index] = if coordinates[index].is_zero() {
                U256::from(1)
            } else {
                coordinates[index] - U256::from(1)
            };
            let points = ProofPoints::try_from(coordinates).unwrap();
            assert_eq!(
                VERIFIER.verify(&PROOF.inputs, &points),
                Err(VerifyError::NotInGroup)
            );
        }
    }

    #[test]
    fn points_at_infinity_prove_nothing() {
        let zeros = ProofPoints::try_from([U256::ZERO; 8]).unwrap();
        assert_eq!(
            VERIFIER.verify(&PROOF.inputs, &zeros),
            Err(VerifyError::Invalid)
        );
    }

    proptest! {
        #[test]
        fn no_coordinates_make_it_panic(words in proptest::array::uniform8(any::<[u64; 4]>())) {
            let reduced = words.map(|limbs| U256::from_limbs(limbs) % annona_core::BASE_MODULUS);
            let points = ProofPoints::try_from(reduced).unwrap();
            prop_assert!(VERIFIER.verify(&PROOF.inputs, &points).is_err());
        }
    }
}
