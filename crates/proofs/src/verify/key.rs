use annona_core::{B256, FieldElement, ProofPoints};
use ark_bn254::{Bn254, Fq12, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::CurveGroup;
use ark_ec::pairing::{MillerLoopOutput, Pairing, PairingOutput};
use ark_ff::{AdditiveGroup, PrimeField};

use super::VerifyError;
use super::pairing::{Lines, miller_loop};
use super::points::OnCurve;
use crate::VerifyingKey;
use crate::field::to_scalar;

/// A verifying key with all that does not depend on the proof computed.
///
/// A proof holds when `e(A, B) = e(alpha, beta) e(L, gamma) e(C, delta)`, where L is the sum
/// of the input points, each times its input, the first times 1 (Groth,
/// <https://eprint.iacr.org/2016/260>).
#[derive(Debug, Clone)]
pub(crate) struct PreparedKey {
    pub(super) hash: B256,
    alpha: Multiples,
    inputs: Vec<Multiples>,
    alpha_beta: PairingOutput<Bn254>,
    minus_beta: Lines,
    minus_gamma: Lines,
    minus_delta: Lines,
}

impl PreparedKey {
    pub(crate) fn new(key: &VerifyingKey) -> Self {
        let ark = key.as_ark();
        let minus = |point: G2Affine| {
            Lines::new(&-point).expect("reading a key checks that its points are in their groups")
        };
        Self {
            hash: key.hash(),
            alpha: Multiples::new(ark.alpha_g1),
            inputs: ark
                .gamma_abc_g1
                .iter()
                .copied()
                .map(Multiples::new)
                .collect(),
            alpha_beta: Bn254::pairing(ark.alpha_g1, ark.beta_g2),
            minus_beta: minus(ark.beta_g2),
            minus_gamma: minus(ark.gamma_g2),
            minus_delta: minus(ark.delta_g2),
        }
    }

    /// Checks one proof.
    pub(crate) fn check(
        &self,
        inputs: &[FieldElement],
        proof: &ProofPoints,
    ) -> Result<(), VerifyError> {
        let OnCurve { a, b, c } = OnCurve::try_from(proof)?;
        let lines = Lines::new(&b)?;
        if inputs.len() + 1 != self.inputs.len() {
            return Err(VerifyError::Invalid);
        }
        let weights = [Fr::from(1)]
            .into_iter()
            .chain(inputs.iter().copied().map(to_scalar));
        let sum = self.weigh(weights).into_affine();
        let pairing = final_exponentiation(miller_loop(&[
            (a, &lines),
            (sum, &self.minus_gamma),
            (c, &self.minus_delta),
        ]));
        if pairing == self.alpha_beta {
            Ok(())
        } else {
            Err(VerifyError::Invalid)
        }
    }

    /// Computes the remainder of several equations, each to the power of its coefficient and
    /// then multiplied: the identity, if all hold.
    ///
    /// `pairs` is the product of the Miller loops over A and B, `c` the sum of the points C,
    /// and `weights` are the sums of the factors of the input points; the first is the sum of
    /// the coefficients.
    pub(super) fn remainder(
        &self,
        pairs: &Fq12,
        c: G1Projective,
        weights: &[Fr],
    ) -> PairingOutput<Bn254> {
        let mut alpha = G1Projective::ZERO;
        self.alpha.add_to(&mut alpha, weights[0]);
        let sums = [alpha, self.weigh(weights.iter().copied()), c];
        let sums = G1Projective::normalize_batch(&sums);
        let own = miller_loop(&[
            (sums[0], &self.minus_beta),
            (sums[1], &self.minus_gamma),
            (sums[2], &self.minus_delta),
        ]);
        final_exponentiation(own * pairs)
    }

    fn weigh(&self, weights: impl Iterator<Item = Fr>) -> G1Projective {
        let mut sum = G1Projective::ZERO;
        for (multiples, weight) in self.inputs.iter().zip(weights) {
            multiples.add_to(&mut sum, weight);
        }
        sum
    }
}

fn final_exponentiation(product: Fq12) -> PairingOutput<Bn254> {
    Bn254::final_exponentiation(MillerLoopOutput(product))
        .expect("no line through points of G2 meets a point of G1, so that no factor is zero")
}

/// Bits of a digit in [`Multiples`].
const DIGIT_BITS: usize = 6;
const DIGITS: usize = Fr::MODULUS_BIT_SIZE as usize / DIGIT_BITS + 1;
/// The largest digit.
const MAX_DIGIT: usize = (1 << DIGIT_BITS) - 1;

/// A point times each digit of a scalar at each of its places: multiplication by additions.
#[derive(Debug, Clone)]
struct Multiples(Vec<G1Affine>);

impl Multiples {
    fn new(base: G1Affine) -> Self {
        let mut multiples = Vec::with_capacity(DIGITS * MAX_DIGIT);
        let mut unit = G1Projective::from(base);
        for _ in 0..DIGITS {
            let mut multiple = unit;
            for _ in 0..MAX_DIGIT {
                multiples.push(multiple);
                multiple += unit;
            }
            unit = multiple;
        }
        Self(G1Projective::normalize_batch(&multiples))
    }

    fn add_to(&self, sum: &mut G1Projective, scalar: Fr) {
        let limbs = scalar.into_bigint().0;
        for (place, multiples) in self.0.chunks_exact(MAX_DIGIT).enumerate() {
            let (limb, shift) = (place * DIGIT_BITS / 64, place * DIGIT_BITS % 64);
            let mut digit = limbs[limb] >> shift;
            if shift + DIGIT_BITS > 64 && limb + 1 < limbs.len() {
                digit |= limbs[limb + 1] << (64 - shift);
            }
            let digit = digit as usize & MAX_DIGIT;
            if digit > 0 {
                *sum += multiples[digit - 1];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ark_ec::AffineRepr;
    use ark_ff::{Field, UniformRand};
    use rand_chacha_03::ChaCha20Rng;
    use rand_core_06::SeedableRng;

    use super::*;

    #[test]
    fn multiples_add_up_to_the_product() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let base = G1Projective::rand(&mut rng).into_affine();
        let multiples = Multiples::new(base);
        let edges = [Fr::ZERO, Fr::ONE, -Fr::ONE, -Fr::from(2)];
        let random = (0..50).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>();
        for scalar in edges.into_iter().chain(random) {
            let mut sum = G1Projective::ZERO;
            multiples.add_to(&mut sum, scalar);
            assert_eq!(sum, base.into_group() * scalar);
        }
    }
}
