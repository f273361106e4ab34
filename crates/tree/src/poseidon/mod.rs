//! Poseidon over BN254 of two elements: width 3, 8 full and 57 partial rounds,
//! circomlib's constants.
//!
//! The result is that of the published rounds, to the bit. The way to it has fewer
//! multiplications: see `constants`.

mod constants;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod rounds;
mod scalar;

use annona_core::FieldElement;

use rounds::hash;
use scalar::OneByOne;

/// Poseidon of two elements (CIRC-6).
#[must_use]
pub fn hash_pair(left: FieldElement, right: FieldElement) -> FieldElement {
    let [left, right] = [left, right].map(OneByOne::plain);
    OneByOne::to_field(hash(OneByOne, &scalar::CONSTANTS, left, right))
}

/// Poseidon of each pair, in order; eight at a time where the processor can.
#[must_use]
pub fn hash_pairs(pairs: &[[FieldElement; 2]]) -> Vec<FieldElement> {
    let mut nodes = Vec::with_capacity(pairs.len());
    #[cfg(target_arch = "x86_64")]
    if let Some(eight) = lanes::EightAtATime::available() {
        nodes.extend(eight.hash_all(pairs));
    }
    let rest = &pairs[nodes.len()..];
    nodes.extend(rest.iter().map(|[left, right]| hash_pair(*left, *right)));
    nodes
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn hashes_of_many_pairs_are_those_of_each(
            pairs in proptest::collection::vec([arb_element(), arb_element()], 0..40),
        ) {
            let each: Vec<FieldElement> = pairs
                .iter()
                .map(|[left, right]| hash_pair(*left, *right))
                .collect();
            prop_assert_eq!(hash_pairs(&pairs), each);
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
