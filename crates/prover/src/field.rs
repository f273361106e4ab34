use annona_core::{FieldElement, U256};
use annona_groth16::field::{Fq, Fr, G1Affine, G2Affine};
use ark_ff::{BigInt, PrimeField};

/// Exact, because a [`FieldElement`] is below the scalar modulus.
pub(crate) fn to_scalar(value: FieldElement) -> Fr {
    let words = BigInt::new(value.to_u256().into_limbs());
    Fr::from_bigint(words).expect("a field element is reduced")
}

fn base_word(value: Fq) -> U256 {
    U256::from_limbs(value.into_bigint().0)
}

/// Returns the coordinates in the order of the EVM precompiles.
#[must_use]
pub fn g1_words(point: &G1Affine) -> [U256; 2] {
    [point.x, point.y].map(base_word)
}

/// Returns the coordinates in the order of the EVM precompiles.
#[must_use]
pub fn g2_words(point: &G2Affine) -> [U256; 4] {
    [point.x.c1, point.x.c0, point.y.c1, point.y.c0].map(base_word)
}
