//! BN254's fields and groups for WebAssembly, whose widest multiplication gives 64 bits.
//!
//! A number is kept as `ark-bn254` keeps it, in four words and in Montgomery form with the factor
//! `2^256`. To be multiplied it is cut into nine limbs of 29 bits: products of limbs have 58 bits,
//! and 64 of them fit into a word, so that no sum needs a carry. `ark-ff`'s own multiplication
//! takes products of 128 bits, which WebAssembly has to put together from four.

use core::marker::PhantomData;

use ark_ec::CurveConfig;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, BigInt, Fp, Fp2, Fp2Config, MontBackend, MontConfig, PrimeField};

/// Bits of a limb.
const BITS: u32 = 29;
/// Limbs of a number.
const COUNT: usize = 9;
const MASK: u64 = (1 << BITS) - 1;
/// Bits that the last step of a reduction takes away: `2^256` is `2^(8 * 29 + 24)`.
const LAST_BITS: u32 = 256 - (COUNT as u32 - 1) * BITS;
/// Products that one reduction may sum up. Its result is below twice the modulus while their
/// number times `modulus / 2^256`, which is 0.19, is below one.
const SUMMED: usize = 4;

type Limbs = [u64; COUNT];

/// Arithmetic in limbs of 29 bits for the field of `T`, which has a modulus of 254 bits.
#[derive(Debug)]
pub struct InLimbs<T>(PhantomData<T>);

type Field<T> = Fp<MontBackend<T, 4>, 4>;

impl<T: MontConfig<4>> InLimbs<T> {
    const MODULUS_LIMBS: Limbs = limbs(T::MODULUS.0);
    /// `-1 / modulus` modulo `2^29`.
    const INVERSE: u64 = T::INV & MASK;

    /// Returns the number of the same value.
    const fn same(number: Field<T>) -> Field<Self> {
        Fp::new_unchecked(number.0)
    }

    /// Divides a sum of products by `2^256` modulo the modulus.
    #[inline(always)]
    fn reduce(mut columns: [u64; 2 * COUNT]) -> Field<Self> {
        for place in 0..COUNT {
            let bits = if place + 1 < COUNT { BITS } else { LAST_BITS };
            let factor = columns[place].wrapping_mul(Self::INVERSE) & ((1 << bits) - 1);
            for (offset, limb) in Self::MODULUS_LIMBS.iter().enumerate() {
                columns[place + offset] += factor * limb;
            }
            if place + 1 < COUNT {
                columns[place + 1] += columns[place] >> BITS;
            }
        }
        let mut carry = 0;
        let mut rest = [0; COUNT + 1];
        for (limb, column) in rest.iter_mut().zip(&columns[COUNT - 1..]) {
            *limb = (column + carry) & MASK;
            carry = (column + carry) >> BITS;
        }
        let words = words_above(&rest);
        let (difference, borrow) = minus(words, T::MODULUS.0);
        Fp::new_unchecked(BigInt::new(if borrow { words } else { difference }))
    }

    #[inline(always)]
    fn add_product(columns: &mut [u64; 2 * COUNT], left: &Field<Self>, right: &Field<Self>) {
        let (left, right) = (limbs(left.0.0), limbs(right.0.0));
        for (place, left) in left.iter().enumerate() {
            for (offset, right) in right.iter().enumerate() {
                columns[place + offset] += left * right;
            }
        }
    }
}

impl<T: MontConfig<4>> MontConfig<4> for InLimbs<T> {
    const MODULUS: BigInt<4> = T::MODULUS;
    const GENERATOR: Field<Self> = Self::same(T::GENERATOR);
    const TWO_ADIC_ROOT_OF_UNITY: Field<Self> = Self::same(T::TWO_ADIC_ROOT_OF_UNITY);

    #[inline(always)]
    fn mul_assign(left: &mut Field<Self>, right: &Field<Self>) {
        let mut columns = [0; 2 * COUNT];
        Self::add_product(&mut columns, left, right);
        *left = Self::reduce(columns);
    }

    #[inline(always)]
    fn square_in_place(number: &mut Field<Self>) {
        let limbs = limbs(number.0.0);
        let mut columns = [0; 2 * COUNT];
        for (place, limb) in limbs.iter().enumerate() {
            columns[2 * place] += limb * limb;
            for (offset, other) in limbs.iter().enumerate().skip(place + 1) {
                columns[place + offset] += 2 * limb * other;
            }
        }
        *number = Self::reduce(columns);
    }

    #[inline(always)]
    fn sum_of_products<const M: usize>(
        left: &[Field<Self>; M],
        right: &[Field<Self>; M],
    ) -> Field<Self> {
        let mut sum = Field::<Self>::ZERO;
        for (left, right) in left.chunks(SUMMED).zip(right.chunks(SUMMED)) {
            let mut columns = [0; 2 * COUNT];
            for (left, right) in left.iter().zip(right) {
                Self::add_product(&mut columns, left, right);
            }
            sum += Self::reduce(columns);
        }
        sum
    }
}

/// Cuts a number below `2^256` into limbs.
#[inline(always)]
const fn limbs([a, b, c, d]: [u64; 4]) -> Limbs {
    [
        a & MASK,
        (a >> 29) & MASK,
        (a >> 58 | b << 6) & MASK,
        (b >> 23) & MASK,
        (b >> 52 | c << 12) & MASK,
        (c >> 17) & MASK,
        (c >> 46 | d << 18) & MASK,
        (d >> 11) & MASK,
        d >> 40,
    ]
}

/// Joins the bits above the lowest [`LAST_BITS`], which are zero.
#[inline(always)]
const fn words_above(limbs: &[u64; COUNT + 1]) -> [u64; 4] {
    [
        limbs[0] >> 24 | limbs[1] << 5 | limbs[2] << 34 | limbs[3] << 63,
        limbs[3] >> 1 | limbs[4] << 28 | limbs[5] << 57,
        limbs[5] >> 7 | limbs[6] << 22 | limbs[7] << 51,
        limbs[7] >> 13 | limbs[8] << 16 | limbs[9] << 45,
    ]
}

/// Computes `left - right` modulo `2^256`, and whether it is negative.
#[inline(always)]
pub(crate) fn minus(left: [u64; 4], right: [u64; 4]) -> ([u64; 4], bool) {
    let mut borrow = false;
    let difference = core::array::from_fn(|place| {
        let (difference, first) = left[place].overflowing_sub(right[place]);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        borrow = first | second;
        difference
    });
    (difference, borrow)
}

/// Base field.
pub type Fq = Field<InLimbs<ark_bn254::FqConfig>>;
/// Scalar field.
pub type Fr = Field<InLimbs<ark_bn254::FrConfig>>;
/// Quadratic extension of the base field.
pub type Fq2 = Fp2<Fq2Config>;
/// Point of G1.
pub type G1Affine = Affine<g1::Config>;
/// Point of G2.
pub type G2Affine = Affine<g2::Config>;

/// Extension by a root of -1.
#[derive(Debug)]
pub struct Fq2Config;

impl Fp2Config for Fq2Config {
    type Fp = Fq;
    const NONRESIDUE: Fq = base(ark_bn254::Fq2Config::NONRESIDUE);
    const FROBENIUS_COEFF_FP2_C1: &'static [Fq] = &[
        base(ark_bn254::Fq2Config::FROBENIUS_COEFF_FP2_C1[0]),
        base(ark_bn254::Fq2Config::FROBENIUS_COEFF_FP2_C1[1]),
    ];

    #[inline(always)]
    fn mul_fp_by_nonresidue_in_place(number: &mut Fq) -> &mut Fq {
        number.neg_in_place()
    }
}

const fn base(number: ark_bn254::Fq) -> Fq {
    InLimbs::same(number)
}

const fn extension(number: ark_bn254::Fq2) -> Fq2 {
    Fq2::new(base(number.c0), base(number.c1))
}

/// Defines a group by the constants of `ark-bn254`'s, with its numbers turned by `$same`.
macro_rules! group {
    ($name:ident, $field:ty, $same:ident, $doc:literal) => {
        #[doc = $doc]
        pub mod $name {
            use super::*;
            use ark_bn254::$name::Config as Published;

            #[doc = $doc]
            #[derive(Debug, Clone, Default, PartialEq, Eq)]
            pub struct Config;

            impl CurveConfig for Config {
                type BaseField = $field;
                type ScalarField = Fr;
                const COFACTOR: &'static [u64] = Published::COFACTOR;
                const COFACTOR_INV: Fr = InLimbs::same(Published::COFACTOR_INV);
            }

            impl SWCurveConfig for Config {
                type ZeroFlag = ();
                const COEFF_A: $field = $same(Published::COEFF_A);
                const COEFF_B: $field = $same(Published::COEFF_B);
                const GENERATOR: Affine<Self> = Affine::new_unchecked(
                    $same(Published::GENERATOR.x),
                    $same(Published::GENERATOR.y),
                );

                #[inline(always)]
                fn mul_by_a(_: $field) -> $field {
                    <$field>::ZERO
                }
            }

            impl GLVConfig for Config {
                const ENDO_COEFFS: &'static [$field] = &[$same(Published::ENDO_COEFFS[0])];
                const LAMBDA: Fr = InLimbs::same(Published::LAMBDA);
                const SCALAR_DECOMP_COEFFS: [(bool, <Fr as PrimeField>::BigInt); 4] =
                    Published::SCALAR_DECOMP_COEFFS;

                fn endomorphism(point: &Projective<Self>) -> Projective<Self> {
                    let mut image = *point;
                    image.x *= Self::ENDO_COEFFS[0];
                    image
                }

                fn endomorphism_affine(point: &Affine<Self>) -> Affine<Self> {
                    Affine::new_unchecked(point.x * Self::ENDO_COEFFS[0], point.y)
                }
            }
        }
    };
}

group!(g1, Fq, base, "G1.");
group!(g2, Fq2, extension, "G2.");

#[cfg(test)]
mod tests {
    use ark_ec::CurveGroup;
    use ark_ff::Field as _;
    use proptest::prelude::*;

    use super::*;

    /// Numbers below the modulus, many of them near the ends of its limbs and its words.
    fn arb_number<T: MontConfig<4>>() -> impl Strategy<Value = Field<T>> {
        let word = prop_oneof![
            4 => any::<u64>(),
            1 => Just(0),
            1 => Just(u64::MAX),
            1 => (0_u32..64).prop_map(|bits| (1 << bits) - 1),
        ];
        let near_the_modulus = (1_u64..4).prop_map(|distance| {
            let (number, _) = minus(T::MODULUS.0, [distance, 0, 0, 0]);
            BigInt::new(number)
        });
        let anywhere = [word.clone(), word.clone(), word.clone(), word].prop_map(|mut words| {
            words[3] %= T::MODULUS.0[3];
            BigInt::new(words)
        });
        prop_oneof![1 => near_the_modulus, 6 => anywhere].prop_map(Fp::new_unchecked)
    }

    fn assert_same<T: MontConfig<4>>(left: Field<T>, right: Field<T>) {
        let [a, b] = [left, right].map(InLimbs::same);
        let same = |number: Field<InLimbs<T>>| Field::<T>::new_unchecked(number.0);
        assert_eq!(same(a * b), left * right);
        assert_eq!(same(a.square()), left.square());
        assert_eq!(same(a + b), left + right);
        assert_eq!(same(a - b), left - right);
        assert_eq!(a.inverse().map(same), left.inverse());
        for (sum, expected) in [
            (
                Field::<InLimbs<T>>::sum_of_products(&[a, b], &[b, b]),
                Field::<T>::sum_of_products(&[left, right], &[right, right]),
            ),
            (
                Field::<InLimbs<T>>::sum_of_products(&[a; 9], &[b; 9]),
                Field::<T>::sum_of_products(&[left; 9], &[right; 9]),
            ),
        ] {
            assert_eq!(same(sum), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_base_field_is_the_published_one(
            left in arb_number::<ark_bn254::FqConfig>(),
            right in arb_number::<ark_bn254::FqConfig>(),
        ) {
            assert_same(left, right);
        }

        #[test]
        fn the_scalar_field_is_the_published_one(
            left in arb_number::<ark_bn254::FrConfig>(),
            right in arb_number::<ark_bn254::FrConfig>(),
        ) {
            assert_same(left, right);
        }

        #[test]
        fn the_extension_is_the_published_one(
            numbers in [
                arb_number::<ark_bn254::FqConfig>(),
                arb_number::<ark_bn254::FqConfig>(),
                arb_number::<ark_bn254::FqConfig>(),
                arb_number::<ark_bn254::FqConfig>(),
            ],
        ) {
            let [a, b, c, d] = numbers;
            let (left, right) = (ark_bn254::Fq2::new(a, b), ark_bn254::Fq2::new(c, d));
            prop_assert_eq!(extension(left) * extension(right), extension(left * right));
            prop_assert_eq!(extension(left).square(), extension(left.square()));
        }
    }

    #[test]
    fn the_groups_are_the_published_ones() {
        let (g1, g2) = (g1::Config::GENERATOR, g2::Config::GENERATOR);
        assert!(g1.is_on_curve() && g2.is_on_curve());
        let image = g1::Config::endomorphism_affine(&g1);
        assert_eq!(image, (g1 * g1::Config::LAMBDA).into_affine());
        let image = g2::Config::endomorphism_affine(&g2);
        assert_eq!(image, (g2 * g2::Config::LAMBDA).into_affine());
        assert_eq!(Fq::ZERO, base(ark_bn254::Fq::ZERO));
    }
}
