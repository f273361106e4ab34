use annona_core::{ProofPoints, U256};
use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ff::PrimeField;

use super::VerifyError;

/// The three points of a proof, each on its curve. The curve of `a` and `c` has no point
/// outside the group; [`Lines`](super::pairing::Lines) tells whether `b` is in its group (CLAIM-7).
pub(super) struct OnCurve {
    pub(super) a: G1Affine,
    pub(super) b: G2Affine,
    pub(super) c: G1Affine,
}

impl TryFrom<&ProofPoints> for OnCurve {
    type Error = VerifyError;

    fn try_from(proof: &ProofPoints) -> Result<Self, VerifyError> {
        let [ax, ay, bx1, bx0, by1, by0, cx, cy] = proof.coordinates().map(to_base);
        let points = Self {
            a: G1Affine::new_unchecked(ax, ay),
            b: G2Affine::new_unchecked(Fq2::new(bx0, bx1), Fq2::new(by0, by1)),
            c: G1Affine::new_unchecked(cx, cy),
        };
        if points.a.is_on_curve() && points.b.is_on_curve() && points.c.is_on_curve() {
            Ok(points)
        } else {
            Err(VerifyError::NotInGroup)
        }
    }
}

/// Exact, because a [`ProofPoints`] holds only coordinates below the base modulus.
fn to_base(value: U256) -> Fq {
    Fq::from_be_bytes_mod_order(&value.to_be_bytes::<32>())
}
