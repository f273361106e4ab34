use std::sync::LazyLock;

use annona_core::{FieldElement, SCALAR_MODULUS, U256};

use super::constants::{Constants, Form, Notation};
use super::rounds::Arithmetic;

/// `r`, in limbs of 64 bits, the lowest first.
const MODULUS: [u64; 4] = SCALAR_MODULUS.into_limbs();

/// `2 r`: the bound of a [`Scalar`].
const TWICE_MODULUS: [u64; 4] = SCALAR_MODULUS.wrapping_add(SCALAR_MODULUS).into_limbs();

/// `-1 / r` modulo `2^64`.
pub(super) const NEGATED_INVERSE: u64 = {
    // Newton's iteration doubles the number of right bits; an odd number is its own
    // inverse modulo 8.
    let mut inverse = MODULUS[0];
    let mut rounds = 0;
    while rounds < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(MODULUS[0].wrapping_mul(inverse)));
        rounds += 1;
    }
    inverse.wrapping_neg()
};

/// A number below `2 r` that represents a scalar, usually in Montgomery's form: the scalar
/// times `2^256`.
///
/// `r` is `0.19 * 2^256`. That leaves room for sums of products, and for leaving
/// most subtractions of `r` out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scalar([u64; 4]);

/// Constants of [`OneByOne`].
pub(super) static CONSTANTS: LazyLock<Constants<Scalar>> = LazyLock::new(|| {
    Constants::derive(Notation {
        radix_bits: 256,
        encode: Scalar,
    })
});

/// One hash at a time, on the multiplier of every processor.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneByOne;

impl OneByOne {
    /// The number itself, not in Montgomery's form.
    pub(super) const fn plain(value: FieldElement) -> Scalar {
        Scalar(value.to_u256().into_limbs())
    }

    /// The number, reduced.
    pub(super) fn to_field(number: Scalar) -> FieldElement {
        reduced(number.0)
    }
}

/// The scalar of limbs that are below `2 r`.
pub(super) fn reduced(limbs: [u64; 4]) -> FieldElement {
    let reduced = subtract_if_reached(limbs, &MODULUS);
    FieldElement::try_from(U256::from_limbs(reduced)).expect("a number below 2 r is reduced")
}

impl Arithmetic for OneByOne {
    type Constant = Scalar;
    type Number = Scalar;

    #[inline(always)]
    fn evaluate<const N: usize>(self, form: &Form<Scalar, N>, inputs: [Scalar; N]) -> Scalar {
        sum_of_products(form.offset, &form.coefficients, &inputs)
    }

    #[inline(always)]
    fn evaluate_and_add<const N: usize>(
        self,
        form: &Form<Scalar, N>,
        inputs: [Scalar; N],
        addend: Scalar,
    ) -> Scalar {
        // At most two inputs are no fifth powers, which are below 1.6 r, and the addend is one:
        // the sum is below 4 r, and fits four limbs.
        let value = self.evaluate(form, inputs);
        let mut sum = [0; 4];
        let mut carry = 0;
        for (limb, (left, right)) in sum.iter_mut().zip(value.0.into_iter().zip(addend.0)) {
            (*limb, carry) = add(left, right, carry);
        }
        Scalar(subtract_if_reached(sum, &TWICE_MODULUS))
    }

    #[inline(always)]
    fn fifth_power(self, x: Scalar) -> Scalar {
        let square = times(x, x);
        times(times(square, square), x)
    }

    #[inline(always)]
    fn zero(self) -> Scalar {
        Scalar::ZERO
    }
}

impl Scalar {
    const ZERO: Self = Self([0; 4]);
}

/// `a b / 2^256`.
#[inline(always)]
fn times(a: Scalar, b: Scalar) -> Scalar {
    sum_of_products(Scalar::ZERO, &[a], &[b])
}

/// `(offset + a_0 b_0 + a_1 b_1 + ...) / 2^256`, for up to four products of an `a` below
/// `r` with a `b` below `2 r`, or for one product of two numbers below `2 r`.
///
/// The sums on the way then stay below `2^320`, so that no carry is lost, and the result
/// below `r + 1 + 0.19 (a_0 b_0 + a_1 b_1 + ...) / r`: below `1.8 r` for one product,
/// `2.6 r` for four.
#[inline(always)]
fn sum_of_products<const N: usize>(offset: Scalar, a: &[Scalar; N], b: &[Scalar; N]) -> Scalar {
    let [mut t0, mut t1, mut t2, mut t3] = offset.0;
    for limb in 0..4 {
        let mut t4 = 0_u64;
        for (a, b) in a.iter().zip(b) {
            let (a, b) = (&a.0, b.0[limb]);
            let mut carry = 0;
            (t0, carry) = multiply_add(t0, a[0], b, carry);
            (t1, carry) = multiply_add(t1, a[1], b, carry);
            (t2, carry) = multiply_add(t2, a[2], b, carry);
            (t3, carry) = multiply_add(t3, a[3], b, carry);
            t4 = t4.wrapping_add(carry);
        }
        let m = t0.wrapping_mul(NEGATED_INVERSE);
        let (_, carry) = multiply_add(t0, m, MODULUS[0], 0);
        (t0, t1, t2, t3) = {
            let (r0, carry) = multiply_add(t1, m, MODULUS[1], carry);
            let (r1, carry) = multiply_add(t2, m, MODULUS[2], carry);
            let (r2, carry) = multiply_add(t3, m, MODULUS[3], carry);
            (r0, r1, r2, t4.wrapping_add(carry))
        };
    }
    Scalar([t0, t1, t2, t3])
}

/// `sum + a b + carry`, which is below `2^128`.
#[inline(always)]
fn multiply_add(sum: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = u128::from(sum) + u128::from(a) * u128::from(b) + u128::from(carry);
    (wide as u64, (wide >> 64) as u64)
}

#[inline(always)]
fn add(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = u128::from(a) + u128::from(b) + u128::from(carry);
    (wide as u64, (wide >> 64) as u64)
}

/// `value - bound` if that is not negative, else `value`; without a branch.
#[inline(always)]
fn subtract_if_reached(value: [u64; 4], bound: &[u64; 4]) -> [u64; 4] {
    let mut difference = [0; 4];
    let mut borrow = false;
    for (limb, (left, right)) in difference.iter_mut().zip(value.into_iter().zip(bound)) {
        let (partial, first) = left.overflowing_sub(*right);
        let (full, second) = partial.overflowing_sub(u64::from(borrow));
        (*limb, borrow) = (full, first | second);
    }
    let kept = u64::from(borrow).wrapping_neg();
    core::array::from_fn(|limb| (value[limb] & kept) | (difference[limb] & !kept))
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::{Field, PrimeField};

    use super::*;

    fn of_limbs(limbs: [u64; 4]) -> Fr {
        Fr::from_le_bytes_mod_order(&limbs.map(u64::to_le_bytes).concat())
    }

    #[test]
    fn the_greatest_sum_loses_no_carry() {
        let one = U256::from(1);
        let a = Scalar((SCALAR_MODULUS - one).into_limbs());
        let b = Scalar((SCALAR_MODULUS + SCALAR_MODULUS - one).into_limbs());
        let sum = sum_of_products(a, &[a; 4], &[b; 4]);
        let (a, b) = (of_limbs(a.0), of_limbs(b.0));
        let radix = Fr::from(2_u64).pow([256]);
        assert_eq!(of_limbs(sum.0) * radix, a + Fr::from(4_u64) * a * b);
        assert!(U256::from_limbs(sum.0) < SCALAR_MODULUS / U256::from(10) * U256::from(26));
    }

    #[test]
    fn fifth_powers_are_as_small_as_sums_need() {
        let greatest = SCALAR_MODULUS + SCALAR_MODULUS - U256::from(1);
        let power = OneByOne.fifth_power(Scalar(greatest.into_limbs()));
        assert!(U256::from_limbs(power.0) < SCALAR_MODULUS / U256::from(10) * U256::from(16));
    }
}
