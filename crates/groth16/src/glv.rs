//! Scalars split in two halves by the endomorphism of BN254 (Gallant, Lambert and Vanstone,
//! CRYPTO 2001).

use crate::field::{Fr, g1, g2};
use crate::limbs::minus;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ff::{BigInt, PrimeField};

/// The short vectors of the lattice behind BN254's eigenvalue consist of three numbers, `A`,
/// `B` and `C = A + B`, which G1 and G2 take in different orders. `ark-bn254` states them too.
const A: u128 = 0x6f4d_8248_eeb8_59fc_8211_bbeb_7d4f_1128;
const B: u128 = 0x89d3_2568_94d2_13e3;
const C: u128 = 0x6f4d_8248_eeb8_59fd_0be4_e154_1221_250b;

/// `round(2^256 * A / r)`, and the same for `B` and `C`; the lowest word comes first.
const A_OVER_R: [u64; 3] = [0x7a7b_d9d4_391e_b18e, 0x4cce_f014_a773_d2cf, 2];
const B_OVER_R: [u64; 3] = [0xd91d_232e_c7e0_b3d7, 2, 0];
const C_OVER_R: [u64; 3] = [0x5398_fd03_00ff_6565, 0x4cce_f014_a773_d2d2, 2];

/// Half of a scalar: its sign, and its magnitude below `2^127`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) is_negative: bool,
    pub(crate) magnitude: u128,
}

/// A group of BN254 with its eigenvalue `lambda`.
pub(crate) trait Curve: GLVConfig<ScalarField = Fr> {
    /// Splits `scalar` into `[k1, k2]` with `scalar = k1 + lambda * k2`.
    fn split(scalar: &Fr) -> [Half; 2];
}

impl Curve for g1::Config {
    fn split(scalar: &Fr) -> [Half; 2] {
        let k = scalar.into_bigint();
        let (c1, c2) = (multiple(&k, &C_OVER_R), multiple(&k, &B_OVER_R));
        let k1 = minus(minus(k.0, product(c1, A)).0, product(c2, B)).0;
        let k2 = minus(product(c1, B), product(c2, C)).0;
        [half(k1), half(k2)]
    }
}

impl Curve for g2::Config {
    fn split(scalar: &Fr) -> [Half; 2] {
        let k = scalar.into_bigint();
        let (c1, c2) = (multiple(&k, &A_OVER_R), multiple(&k, &B_OVER_R));
        let k1 = minus(minus(k.0, product(c1, C)).0, product(c2, B)).0;
        let k2 = minus(product(c2, A), product(c1, B)).0;
        [half(k1), half(k2)]
    }
}

/// Computes `floor(k * factor / 2^256)`, which is below `2^128` for the factors above.
fn multiple(k: &BigInt<4>, factor: &[u64; 3]) -> u128 {
    let mut words = [0; 7];
    for (place, word) in k.0.iter().enumerate() {
        let mut carry = 0;
        for (offset, factor) in factor.iter().enumerate() {
            let sum = u128::from(*word) * u128::from(*factor)
                + u128::from(words[place + offset])
                + u128::from(carry);
            (words[place + offset], carry) = (low(sum), high(sum));
        }
        words[place + factor.len()] = carry;
    }
    u128::from(words[5]) << 64 | u128::from(words[4])
}

fn product(left: u128, right: u128) -> [u64; 4] {
    let (left, right) = ([low(left), high(left)], [low(right), high(right)]);
    let mut words = [0; 4];
    for (place, left) in left.into_iter().enumerate() {
        let mut carry = 0;
        for (offset, right) in right.into_iter().enumerate() {
            let sum = u128::from(left) * u128::from(right)
                + u128::from(words[place + offset])
                + u128::from(carry);
            (words[place + offset], carry) = (low(sum), high(sum));
        }
        words[place + 2] = carry;
    }
    words
}

/// Reads a number in two's complement whose magnitude is below `2^127`.
fn half(words: [u64; 4]) -> Half {
    let is_negative = words[3] >> 63 == 1;
    let words = if is_negative {
        minus([0; 4], words).0
    } else {
        words
    };
    debug_assert_eq!(words[2..], [0, 0]);
    Half {
        is_negative,
        magnitude: u128::from(words[1]) << 64 | u128::from(words[0]),
    }
}

const fn low(wide: u128) -> u64 {
    wide as u64
}

const fn high(wide: u128) -> u64 {
    (wide >> 64) as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ark_ff::{AdditiveGroup, Field};
    use proptest::prelude::*;

    use super::*;

    fn value(half: Half) -> Fr {
        let magnitude = Fr::from(half.magnitude);
        if half.is_negative {
            -magnitude
        } else {
            magnitude
        }
    }

    fn assert_splits<P: Curve>(scalar: Fr) {
        let [k1, k2] = P::split(&scalar);
        assert!(k1.magnitude < 1 << 127 && k2.magnitude < 1 << 127);
        assert_eq!(value(k1) + P::LAMBDA * value(k2), scalar);
    }

    fn arb_scalar() -> impl Strategy<Value = Fr> {
        any::<[u8; 32]>().prop_map(|bytes| Fr::from_le_bytes_mod_order(&bytes))
    }

    proptest! {
        #[test]
        fn both_halves_make_the_scalar(scalar in arb_scalar()) {
            assert_splits::<g1::Config>(scalar);
            assert_splits::<g2::Config>(scalar);
        }
    }

    #[test]
    fn scalars_at_the_ends_split_too() {
        let lambdas = [g1::Config::LAMBDA, g2::Config::LAMBDA];
        let ends = [
            Fr::ZERO,
            Fr::ONE,
            -Fr::ONE,
            Fr::from(u128::MAX),
            Fr::from(2).inverse().unwrap(),
        ];
        for scalar in ends.into_iter().chain(lambdas) {
            for scalar in [scalar, -scalar] {
                assert_splits::<g1::Config>(scalar);
                assert_splits::<g2::Config>(scalar);
            }
        }
    }
}
