//! The pairing in the two halves that verification takes apart: the part that depends on the
//! point of G2 alone, and the rest.

use ark_bn254::{Config, Fq2, Fq12, G1Affine, G2Affine, g2};
use ark_ec::AffineRepr;
use ark_ec::bn::BnConfig;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::{AdditiveGroup, Field};

use super::VerifyError;

/// Lines that the Miller loop over a point Q of G2 needs: for each of its steps the line
/// through the points met there, as the coefficients of `y_P`, of `x_P w` and of `w^3`. There
/// are none for the point at infinity (CLAIM-7).
#[derive(Debug, Clone)]
pub(super) struct Lines(Vec<[Fq2; 3]>);

impl Lines {
    /// The lines of the optimal ate pairing (Vercauteren, <https://eprint.iacr.org/2008/096>),
    /// which show for nothing whether `point`, a point of the curve, is in G2.
    ///
    /// With ψ, the Frobenius map seen from the twist, the loop ends at
    /// `[6x+2]Q + ψ(Q) - ψ²(Q)`. In G2 this is `-ψ³(Q)`. Nowhere else: points at which both
    /// are equal are the kernel of `6x+2 + ψ - ψ² + ψ³`, whose order divides that
    /// endomorphism's norm, and the greatest common divisor of the norm and the order of the
    /// twist is r (`only_g2_is_in_the_kernel`).
    ///
    /// # Errors
    /// [`VerifyError::NotInGroup`].
    pub(super) fn new(point: &G2Affine) -> Result<Self, VerifyError> {
        if point.is_zero() {
            return Ok(Self(Vec::new()));
        }
        let mut lines = Vec::with_capacity(2 * Config::ATE_LOOP_COUNT.len());
        let mut running = Running::from(point);
        let opposite = -*point;
        for digit in loop_digits() {
            lines.push(running.double());
            match digit {
                1 => lines.push(running.add(point)),
                -1 => lines.push(running.add(&opposite)),
                _ => {}
            }
        }
        let once = frobenius(point);
        let twice = -frobenius(&once);
        let thrice = frobenius(&twice);
        lines.push(running.add(&once));
        lines.push(running.add(&twice));
        if running.is(&thrice) {
            Ok(Self(lines))
        } else {
            Err(VerifyError::NotInGroup)
        }
    }
}

/// Digits of `6x + 2` below the leading one, from the top.
fn loop_digits() -> impl Iterator<Item = i8> {
    Config::ATE_LOOP_COUNT.iter().rev().skip(1).copied()
}

/// ψ of a point of the twist.
fn frobenius(point: &G2Affine) -> G2Affine {
    let mut image = *point;
    image.x.frobenius_map_in_place(1);
    image.x *= Config::TWIST_MUL_BY_Q_X;
    image.y.frobenius_map_in_place(1);
    image.y *= Config::TWIST_MUL_BY_Q_Y;
    image
}

/// The point that the loop carries along: `(x/z, y/z)`.
///
/// An addition of two points with the same abscissa, which happens to no point of G2, makes
/// `z` zero, and no later step makes it anything else.
struct Running {
    x: Fq2,
    y: Fq2,
    z: Fq2,
}

impl From<&G2Affine> for Running {
    fn from(point: &G2Affine) -> Self {
        Self {
            x: point.x,
            y: point.y,
            z: Fq2::ONE,
        }
    }
}

impl Running {
    /// Doubles, and gives the tangent. Formulas: Costello, Lange, Naehrig,
    /// <https://eprint.iacr.org/2009/615>, section 5, with the point scaled by 4.
    fn double(&mut self) -> [Fq2; 3] {
        let xy = self.x * self.y;
        let yy = self.y.square();
        let zz = self.z.square();
        // 3 b z²
        let bzz = g2::Config::COEFF_B * (zz.double() + zz);
        let bzz3 = bzz.double() + bzz;
        let yz2 = (self.y + self.z).square() - (yy + zz);
        let xx = self.x.square();
        self.x = xy.double() * (yy - bzz3);
        let ee = bzz.square().double().double();
        self.y = (yy + bzz3).square() - (ee.double() + ee);
        self.z = (yy * yz2).double().double();
        [-yz2, xx.double() + xx, bzz - yy]
    }

    /// Adds `other`, and gives the line through both.
    fn add(&mut self, other: &G2Affine) -> [Fq2; 3] {
        let rise = self.y - other.y * self.z;
        let run = self.x - other.x * self.z;
        let run2 = run.square();
        let run3 = run2 * run;
        let middle = run2 * self.x;
        let height = run3 + rise.square() * self.z - middle.double();
        self.x = run * height;
        self.y = rise * (middle - height) - run3 * self.y;
        self.z *= run3;
        [run, -rise, rise * other.x - run * other.y]
    }

    fn is(&self, point: &G2Affine) -> bool {
        self.z != Fq2::ZERO && self.x == point.x * self.z && self.y == point.y * self.z
    }
}

/// The product of the Miller loops over `pairs`, before the final exponentiation.
pub(super) fn miller_loop(pairs: &[(G1Affine, &Lines)]) -> Fq12 {
    let pairs: Vec<(G1Affine, &[[Fq2; 3]])> = pairs
        .iter()
        .filter(|(point, lines)| !point.is_zero() && !lines.0.is_empty())
        .map(|(point, lines)| (*point, lines.0.as_slice()))
        .collect();
    let mut product = Fq12::ONE;
    let mut step = 0;
    let mut multiply = |product: &mut Fq12| {
        for (point, lines) in &pairs {
            let [mut y, mut x, constant] = lines[step];
            y.mul_assign_by_fp(&point.y);
            x.mul_assign_by_fp(&point.x);
            product.mul_by_034(&y, &x, &constant);
        }
        step += 1;
    };
    for digit in loop_digits() {
        product.square_in_place();
        multiply(&mut product);
        if digit != 0 {
            multiply(&mut product);
        }
    }
    multiply(&mut product);
    multiply(&mut product);
    product
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
    use ark_ec::pairing::{MillerLoopOutput, Pairing};
    use ark_ec::{CurveConfig, CurveGroup};
    use ark_ff::{PrimeField, UniformRand};
    use rand_chacha_03::ChaCha20Rng;
    use rand_core_06::SeedableRng;

    use super::*;

    /// Prime factors of the twist's cofactor that trial division finds, each once in it.
    const SMALL_ORDERS: [u64; 2] = [10_069, 5_864_401];

    fn point_of_the_twist(rng: &mut ChaCha20Rng) -> G2Affine {
        loop {
            if let Some(point) = G2Affine::get_point_from_x_unchecked(Fq2::rand(rng), true) {
                return point;
            }
        }
    }

    /// A point whose order divides `order`, which divides the cofactor.
    fn point_of_order(order: u64, rng: &mut ChaCha20Rng) -> G2Affine {
        let mut cofactor: Vec<u64> = g2::Config::COFACTOR.to_vec();
        let mut remainder = 0_u128;
        for limb in cofactor.iter_mut().rev() {
            let dividend = (remainder << 64) | u128::from(*limb);
            *limb = u64::try_from(dividend / u128::from(order)).unwrap();
            remainder = dividend % u128::from(order);
        }
        assert_eq!(remainder, 0);
        let of_cofactor = point_of_the_twist(rng).mul_bigint(Fr::MODULUS);
        of_cofactor.into_affine().mul_bigint(cofactor).into_affine()
    }

    #[test]
    fn the_pairing_is_the_librarys() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for count in 0..6 {
            let g1: Vec<G1Affine> = (0..count)
                .map(|_| G1Projective::rand(&mut rng).into_affine())
                .collect();
            let g2: Vec<G2Affine> = (0..count)
                .map(|_| G2Projective::rand(&mut rng).into_affine())
                .collect();
            let lines: Vec<Lines> = g2.iter().map(|point| Lines::new(point).unwrap()).collect();
            let pairs: Vec<_> = g1.iter().copied().zip(&lines).collect();
            let ours = MillerLoopOutput(miller_loop(&pairs));
            assert_eq!(
                Bn254::final_exponentiation(ours).unwrap(),
                Bn254::multi_pairing(&g1, &g2)
            );
        }
    }

    #[test]
    fn infinity_pairs_to_one() {
        let lines = Lines::new(&G2Affine::zero()).unwrap();
        assert_eq!(miller_loop(&[(G1Affine::generator(), &lines)]), Fq12::ONE);
        let lines = Lines::new(&G2Affine::generator()).unwrap();
        assert_eq!(miller_loop(&[(G1Affine::zero(), &lines)]), Fq12::ONE);
    }

    #[test]
    fn points_outside_the_group_have_no_lines() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        for _ in 0..20 {
            let outside = point_of_the_twist(&mut rng);
            assert!(!outside.is_in_correct_subgroup_assuming_on_curve());
            assert!(Lines::new(&outside).is_err());
            let inside = outside.clear_cofactor();
            assert!(Lines::new(&inside).is_ok());
            for order in SMALL_ORDERS {
                let small = point_of_order(order, &mut rng);
                assert!(!small.is_zero() && small.mul_bigint([order]) == G2Projective::ZERO);
                assert!(Lines::new(&small).is_err());
                assert!(Lines::new(&(inside + small).into_affine()).is_err());
            }
        }
    }

    /// The norm of `6x+2 + ψ - ψ² + ψ³` modulo ψ² - tψ + p shares with the order of the
    /// twist, cofactor times r, the factor r and no other.
    #[test]
    fn only_g2_is_in_the_kernel() {
        use num_bigint::BigInt;
        use num_integer::Integer;
        let x = BigInt::from(Config::X[0]);
        let t: BigInt = 6 * &x * &x + 1;
        let p = BigInt::from(num_bigint::BigUint::from(ark_bn254::Fq::MODULUS));
        let r = BigInt::from(num_bigint::BigUint::from(Fr::MODULUS));
        assert_eq!(&p + 1 - &t, r);
        let cofactor: BigInt = &p - 1 + &t;
        let words = cofactor.to_biguint().unwrap().to_u64_digits();
        assert_eq!(words, g2::Config::COFACTOR);
        // Low coefficients first; the leading one is taken down by ψ² = tψ - p.
        let mut f: Vec<BigInt> = vec![6 * &x + 2, 1.into(), (-1).into(), 1.into()];
        while let [.., low, high, leading] = f.as_mut_slice() {
            *high += &*leading * &t;
            *low -= &*leading * &p;
            f.pop();
        }
        let (a, b) = (&f[0], &f[1]);
        let norm: BigInt = a * a + a * b * &t + b * b * &p;
        assert_eq!(norm.gcd(&(cofactor * &r)), r);
    }
}
