//! Poseidon over BN254 of two elements: width 3, 8 full and 57 partial rounds,
//! circomlib's constants.
//!
//! The result is that of the published rounds, to the bit. The way to it has fewer
//! multiplications: see `constants`.

mod constants;
mod scalar;

use std::sync::LazyLock;

use annona_core::FieldElement;

use constants::{Constants, Form, Mixing};
use scalar::{Scalar, sum_of_products};

static CONSTANTS: LazyLock<Constants> = LazyLock::new(Constants::derive);

/// Poseidon of two elements.
#[must_use]
pub fn hash_pair(left: FieldElement, right: FieldElement) -> FieldElement {
    let constants = &*CONSTANTS;
    let [first, second] = &constants.inputs;
    let mut lanes = first_round(
        constants,
        first.of([Scalar::plain(left)]),
        second.of([Scalar::plain(right)]),
    );
    for mixing in &constants.first_half {
        lanes = full_round(mixing, lanes);
    }
    lanes = partial_rounds(constants, lanes);
    for mixing in &constants.second_half {
        lanes = full_round(mixing, lanes);
    }
    constants
        .output
        .of(lanes.map(Scalar::fifth_power))
        .to_field()
}

/// Lane 0 comes in as a constant.
#[inline(always)]
fn first_round(constants: &Constants, lane1: Scalar, lane2: Scalar) -> [Scalar; 3] {
    let (u1, u2) = (lane1.fifth_power(), lane2.fifth_power());
    constants
        .first
        .each_ref()
        .map(|form| form.of([u2]).plus(u1))
}

#[inline(always)]
fn full_round(mixing: &Mixing<2>, lanes: [Scalar; 3]) -> [Scalar; 3] {
    let [u0, u1, u2] = lanes.map(Scalar::fifth_power);
    mixing.each_ref().map(|form| form.of([u1, u2]).plus(u0))
}

#[inline(always)]
fn partial_rounds(constants: &Constants, [x0, s1, s2]: [Scalar; 3]) -> [Scalar; 3] {
    let mut u_earlier = x0.fifth_power();
    let mut x_before = constants.enter_first.of([s1, s2]).plus(u_earlier);
    let mut u_before = x_before.fifth_power();
    let mut x = constants
        .enter_second
        .of([s1, s2, u_earlier])
        .plus(u_before);
    for form in &constants.partial {
        let known = form.of([x, x_before, u_before, u_earlier]);
        let u = x.fifth_power();
        (x_before, u_earlier, u_before) = (x, u_before, u);
        x = known.plus(u);
    }
    let [lane1, lane2] = constants.leave.each_ref().map(|form| {
        form.of([x, x_before, u_before, u_earlier])
            .plus(Scalar::ZERO)
    });
    [x, lane1, lane2]
}

impl<const N: usize> Form<N> {
    #[inline(always)]
    fn of(&self, inputs: [Scalar; N]) -> Scalar {
        sum_of_products(self.offset, &self.coefficients, &inputs)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{SCALAR_MODULUS, U256};
    use proptest::prelude::*;
    use semaphore_rs_poseidon::poseidon::hash2;

    use super::*;

    fn published(left: FieldElement, right: FieldElement) -> U256 {
        hash2(left.to_u256(), right.to_u256())
    }

    fn arb_element() -> impl Strategy<Value = FieldElement> {
        let near_the_ends = (0_u64..4, any::<bool>()).prop_map(|(distance, low)| {
            let distance = U256::from(distance);
            if low {
                distance
            } else {
                SCALAR_MODULUS - U256::from(1) - distance
            }
        });
        let anywhere = any::<[u64; 4]>().prop_map(|limbs| U256::from_limbs(limbs) % SCALAR_MODULUS);
        prop_oneof![1 => near_the_ends, 7 => anywhere]
            .prop_map(|value| FieldElement::try_from(value).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn the_hash_is_the_published_one(left in arb_element(), right in arb_element()) {
            prop_assert_eq!(hash_pair(left, right).to_u256(), published(left, right));
        }
    }

    #[test]
    fn a_long_chain_of_hashes_is_the_published_one() {
        let mut node = FieldElement::ZERO;
        for _ in 0..2_000 {
            let expected = published(node, node);
            node = hash_pair(node, node);
            assert_eq!(node.to_u256(), expected);
        }
    }
}
