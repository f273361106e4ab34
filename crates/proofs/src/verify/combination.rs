//! Many claims as one equation: each claim's to the power of a coefficient of its own, and
//! then all multiplied (Bellare, Garay, Rabin, EUROCRYPT 1998).
//!
//! The coefficients are 128 bits of a hash over the key and all claims, so that they exist
//! only after everything is fixed. Take any set of claims of which one is false. Whatever
//! the others' coefficients are, at most one of 2^128 values of its own hides it. Of n claims
//! at most 2n sets are looked at: a false claim passes with a probability of at most
//! 2n / 2^128 for each list of claims that somebody tries.

use std::ops::Range;

use annona_core::{B256, U256, keccak256};
use ark_bn254::{Bn254, Fq12, Fr, G1Affine, G1Projective, g1};
use ark_ec::CurveGroup;
use ark_ec::pairing::PairingOutput;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ff::{AdditiveGroup, Field, Zero};
use rayon::prelude::*;

use super::VerifyError;
use super::key::PreparedKey;
use super::pairing::{Lines, miller_loop};
use super::points::OnCurve;
use crate::ClaimProof;
use crate::field::to_scalar;

const DOMAIN: &[u8] = b"annona.verify.v1";
/// Numbers that the key's points count: 1 and the public inputs.
const WEIGHTS: usize = 5;
/// Claims whose pairings are folded together and kept for the search for a bad one.
const GROUP: usize = 8;
/// Claims of one equation. The lines of each take 17 KiB while it is looked at.
const MAX_COMBINED: usize = 128;

/// Checks each claim as [`PreparedKey::check`] does.
pub(super) fn check_all(key: &PreparedKey, claims: &[ClaimProof]) -> Vec<Result<(), VerifyError>> {
    let check_chunk = |claims: &[ClaimProof]| match claims {
        [one] => vec![key.check(&one.inputs.to_fields(), &one.points)],
        _ => check_combined(key, claims, &coefficients(key, claims)),
    };
    claims.chunks(MAX_COMBINED).flat_map(check_chunk).collect()
}

pub(super) fn check_combined(
    key: &PreparedKey,
    claims: &[ClaimProof],
    coefficients: &[Coefficient],
) -> Vec<Result<(), VerifyError>> {
    let terms: Vec<Result<Term, VerifyError>> = claims
        .par_iter()
        .zip(coefficients)
        .map(|(claim, coefficient)| Term::new(claim, *coefficient))
        .collect();
    let mut answers: Vec<Result<(), VerifyError>> = terms
        .iter()
        .map(|term| term.as_ref().map_or_else(|error| Err(*error), |_| Ok(())))
        .collect();
    let terms: Vec<Term> = terms.into_iter().filter_map(Result::ok).collect();
    let holds = Search::new(key, &terms).run();
    let in_group = answers.iter_mut().filter(|answer| answer.is_ok());
    for (answer, holds) in in_group.zip(holds) {
        if !holds {
            *answer = Err(VerifyError::Invalid);
        }
    }
    answers
}

/// Scalar `low + high λ`, where λ is the factor of the cheap endomorphism of G1.
///
/// Different pairs are different scalars: a difference of two would be a vector of the
/// lattice of `(u, v)` with `u + λv = 0 mod r` and be shorter than 2^65, while the shortest
/// vectors of that lattice have 127 bits (Gallant, Lambert, Vanstone, CRYPTO 2001).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coefficient {
    pub(super) low: u64,
    pub(super) high: u64,
}

impl Coefficient {
    fn to_scalar(self) -> Fr {
        Fr::from(self.low) + Fr::from(self.high) * g1::Config::LAMBDA
    }
}

/// A coefficient for each claim, out of a hash of the key and of all claims (CLAIM-6).
pub(super) fn coefficients(key: &PreparedKey, claims: &[ClaimProof]) -> Vec<Coefficient> {
    let mut transcript = Vec::with_capacity(DOMAIN.len() + 40 + claims.len() * 12 * 32);
    transcript.extend_from_slice(DOMAIN);
    transcript.extend_from_slice(key.hash.as_slice());
    transcript.extend_from_slice(&(claims.len() as u64).to_be_bytes());
    for ClaimProof { inputs, points } in claims {
        for input in inputs.to_fields() {
            transcript.extend_from_slice(&input.to_be_bytes());
        }
        for coordinate in points.coordinates() {
            transcript.extend_from_slice(&coordinate.to_be_bytes::<32>());
        }
    }
    let seed = keccak256(transcript);
    (0..claims.len() as u64)
        .map(|index| coefficient(seed, index))
        .collect()
}

fn coefficient(seed: B256, index: u64) -> Coefficient {
    let word = keccak256([seed.as_slice(), &index.to_be_bytes()].concat());
    let [low, high, ..] = *U256::from_be_bytes(word.0).as_limbs();
    Coefficient { low, high }
}

/// The sum of the points, each times its coefficient. The doublings are shared.
fn combine(points: &[(Coefficient, G1Affine)]) -> G1Projective {
    let tables: Vec<[G1Affine; 3]> = points.iter().map(|(_, point)| multiples(point)).collect();
    let mut sum = G1Projective::ZERO;
    for bit in (0..u64::BITS).rev() {
        sum.double_in_place();
        for ((Coefficient { low, high }, _), table) in points.iter().zip(&tables) {
            match ((low >> bit) & 1, (high >> bit) & 1) {
                (0, 0) => {}
                (_, 0) => sum += table[0],
                (0, _) => sum += table[1],
                _ => sum += table[2],
            }
        }
    }
    sum
}

/// A point times 1, λ and `1 + λ`, which is `-λ²`.
fn multiples(point: &G1Affine) -> [G1Affine; 3] {
    let once = g1::Config::endomorphism_affine(point);
    let twice = g1::Config::endomorphism_affine(&once);
    [*point, once, -twice]
}

/// A claim's part of the equation.
struct Term {
    coefficient: Coefficient,
    /// A times the coefficient.
    a: G1Affine,
    b: Lines,
    c: G1Affine,
    weights: [Fr; WEIGHTS],
}

impl Term {
    fn new(claim: &ClaimProof, coefficient: Coefficient) -> Result<Self, VerifyError> {
        let OnCurve { a, b, c } = OnCurve::try_from(&claim.points)?;
        let scalar = coefficient.to_scalar();
        let [root, nullifier, signal, external_nullifier] = claim
            .inputs
            .to_fields()
            .map(|input| to_scalar(input) * scalar);
        Ok(Self {
            coefficient,
            a: combine(&[(coefficient, a)]).into_affine(),
            b: Lines::new(&b)?,
            c,
            weights: [scalar, root, nullifier, signal, external_nullifier],
        })
    }
}

/// Several terms folded into one.
#[derive(Clone, Copy)]
struct Folded {
    pairs: Fq12,
    c: G1Projective,
    weights: [Fr; WEIGHTS],
}

impl Folded {
    const NOTHING: Self = Self {
        pairs: Fq12::ONE,
        c: G1Projective::ZERO,
        weights: [Fr::ZERO; WEIGHTS],
    };

    fn of(terms: &[Term]) -> Self {
        let pairs: Vec<(G1Affine, &Lines)> = terms.iter().map(|term| (term.a, &term.b)).collect();
        let points: Vec<(Coefficient, G1Affine)> = terms
            .iter()
            .map(|term| (term.coefficient, term.c))
            .collect();
        let weights = terms.iter().map(|term| term.weights);
        Self {
            pairs: miller_loop(&pairs),
            c: combine(&points),
            weights: weights.fold([Fr::ZERO; WEIGHTS], added),
        }
    }

    fn with(self, other: &Self) -> Self {
        Self {
            pairs: self.pairs * other.pairs,
            c: self.c + other.c,
            weights: added(self.weights, other.weights),
        }
    }
}

fn added(mut sums: [Fr; WEIGHTS], weights: [Fr; WEIGHTS]) -> [Fr; WEIGHTS] {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        *sum += weight;
    }
    sums
}

/// Finds the terms that do not hold, by halves.
struct Search<'a> {
    key: &'a PreparedKey,
    terms: &'a [Term],
    /// One for each [`GROUP`] terms.
    groups: Vec<Folded>,
}

impl<'a> Search<'a> {
    fn new(key: &'a PreparedKey, terms: &'a [Term]) -> Self {
        let groups = terms.par_chunks(GROUP).map(Folded::of).collect();
        Self { key, terms, groups }
    }

    /// Returns for each term whether it holds.
    fn run(&self) -> Vec<bool> {
        let mut holds = vec![true; self.terms.len()];
        let all = 0..self.terms.len();
        let remainder = self.remainder(all.clone());
        self.halve(all, remainder, &mut holds);
        holds
    }

    /// Marks the terms of a range that do not hold. Equations that all hold leave the
    /// identity. The remainders of the two halves make up the remainder of both, so that only
    /// one of them is computed.
    fn halve(&self, range: Range<usize>, remainder: PairingOutput<Bn254>, holds: &mut [bool]) {
        if remainder.is_zero() {
            return;
        }
        if let [one] = holds {
            *one = false;
            return;
        }
        let middle = half(holds.len());
        let (left, right) = (
            range.start..range.start + middle,
            range.start + middle..range.end,
        );
        let of_left = self.remainder(left.clone());
        let (left_holds, right_holds) = holds.split_at_mut(middle);
        rayon::join(
            || self.halve(left, of_left, left_holds),
            || self.halve(right, remainder - of_left, right_holds),
        );
    }

    fn remainder(&self, range: Range<usize>) -> PairingOutput<Bn254> {
        let Folded { pairs, c, weights } = self.folded(range);
        self.key.remainder(&pairs, c, &weights)
    }

    /// Whole groups where the range has more than one; [`half`] sees to it that they fit.
    fn folded(&self, range: Range<usize>) -> Folded {
        if range.len() < GROUP {
            return Folded::of(&self.terms[range]);
        }
        self.groups[range.start / GROUP..range.end.div_ceil(GROUP)]
            .iter()
            .fold(Folded::NOTHING, Folded::with)
    }
}

/// About half of `count`, in whole groups if it has more than one.
fn half(count: usize) -> usize {
    let half = count / 2;
    if count > GROUP {
        half.next_multiple_of(GROUP)
    } else {
        half
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use rand_chacha_03::ChaCha20Rng;
    use rand_core_06::{RngCore, SeedableRng};

    use super::*;

    #[test]
    fn combined_points_are_the_sum_of_their_multiples() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut points = Vec::new();
        let mut expected = G1Projective::ZERO;
        for count in 0..12 {
            assert_eq!(combine(&points), expected, "{count} points");
            let point = if count == 5 {
                G1Projective::ZERO
            } else {
                G1Projective::rand(&mut rng)
            };
            let (low, high) = (rng.next_u64(), rng.next_u64());
            let coefficient = Coefficient { low, high };
            points.push((coefficient, point.into_affine()));
            expected += point * coefficient.to_scalar();
        }
    }

    #[test]
    fn halves_are_whole_groups_and_smaller_than_the_whole() {
        for count in 2..=MAX_COMBINED {
            let half = half(count);
            assert!((1..count).contains(&half), "{half} of {count}");
            assert!(
                count <= GROUP || half.is_multiple_of(GROUP),
                "{half} of {count}"
            );
        }
    }
}
