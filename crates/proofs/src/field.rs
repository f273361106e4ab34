use annona_core::FieldElement;
use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};

/// Converts to the form that circuits compute with. It is exact, because a [`FieldElement`] is
/// below the scalar modulus.
#[must_use]
pub fn to_scalar(value: FieldElement) -> Fr {
    Fr::from_be_bytes_mod_order(&value.to_be_bytes())
}

/// Converts from the form that circuits compute with.
#[must_use]
pub fn from_scalar(value: Fr) -> FieldElement {
    let bytes = value.into_bigint().to_bytes_be();
    let bytes: [u8; 32] = bytes.try_into().expect("a scalar has 32 bytes");
    FieldElement::from_be_bytes(bytes).expect("a scalar is reduced")
}
