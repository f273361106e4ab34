use std::sync::LazyLock;

use annona_circuits::{Builder, Circuit, R1cs, Rule, SPONGE_RATE, absorb, hash_pair, outputs};
use ark_bn254::Fr;
use ark_crypto_primitives::sponge::poseidon::find_poseidon_ark_and_mds;
use ark_ff::{AdditiveGroup, Field, MontFp};
use proptest::prelude::*;

use crate::model;

type Matrix = Vec<Vec<Fr>>;

/// Round constants and matrix of width 17.
static WIDE: LazyLock<(Matrix, Matrix)> =
    LazyLock::new(|| find_poseidon_ark_and_mds(254, SPONGE_RATE, 8, PARTIAL as u64, 0));
const PARTIAL: usize = 68;

/// Poseidon of width 17 as its paper states it, round by round with full matrices.
fn permuted(mut state: Vec<Fr>) -> Fr {
    let (constants, matrix) = &*WIDE;
    for (round, constants) in constants.iter().enumerate() {
        for (element, constant) in state.iter_mut().zip(constants) {
            *element += constant;
        }
        let full = !(4..4 + PARTIAL).contains(&round);
        let powered = if full { state.len() } else { 1 };
        for element in &mut state[..powered] {
            *element = element.pow([5_u64]);
        }
        state = matrix
            .iter()
            .map(|row| row.iter().zip(&state).map(|(m, s)| *m * s).sum())
            .collect();
    }
    state[0]
}

/// The sponge of the circuits (CIRC-6), natively.
pub(crate) fn digest(items: &[Fr]) -> Fr {
    digest_from(Fr::ZERO, items)
}

/// The same with a capacity that starts as `domain`.
pub(crate) fn digest_from(domain: Fr, items: &[Fr]) -> Fr {
    items.chunks(SPONGE_RATE).fold(domain, |capacity, block| {
        let mut state = vec![capacity];
        state.extend(block);
        state.resize(SPONGE_RATE + 1, Fr::ZERO);
        permuted(state)
    })
}

/// One hash alone.
struct Hash;
/// One sponge alone.
struct Sponge;

impl Circuit for Hash {
    type Witness = [Fr; 2];

    fn blank(&self) -> [Fr; 2] {
        [Fr::ZERO; 2]
    }

    fn public_count(&self) -> usize {
        0
    }

    fn output_positions(&self) -> &'static [usize] {
        &[]
    }

    fn given(&self) -> Vec<usize> {
        vec![1, 2]
    }

    fn synthesize<B: Builder>(&self, builder: &mut B, witness: &[Fr; 2]) -> Vec<B::Lc> {
        let [left, right] = witness.map(|value| builder.private(value));
        vec![hash_pair(builder, Rule(1), &left, &right)]
    }
}

impl Circuit for Sponge {
    type Witness = Vec<Fr>;

    fn blank(&self) -> Vec<Fr> {
        vec![Fr::ZERO; 20]
    }

    fn public_count(&self) -> usize {
        0
    }

    fn output_positions(&self) -> &'static [usize] {
        &[]
    }

    fn given(&self) -> Vec<usize> {
        (1..=20).collect()
    }

    fn synthesize<B: Builder>(&self, builder: &mut B, witness: &Vec<Fr>) -> Vec<B::Lc> {
        let items: Vec<B::Lc> = witness
            .iter()
            .map(|value| builder.private(*value))
            .collect();
        vec![absorb(builder, Rule(1), &items)]
    }
}

#[test]
fn a_hash_costs_243_rows_and_a_permutation_of_the_sponge_612() {
    assert_eq!(R1cs::of(&Hash).constraint_count(), 243);
    assert_eq!(R1cs::of(&Sponge).constraint_count(), 2 * 612);
}

/// Value published with circomlib's tests for `Poseidon(16)` of 1 to 16.
#[test]
fn the_digest_of_sixteen_items_is_circomlibs() {
    let items: Vec<Fr> = (1..=16_u64).map(Fr::from).collect();
    let published =
        MontFp!("9989051620750914585850546081941653841776809718687451684622678807385399211877");
    assert_eq!(digest(&items), published);
    assert_eq!(outputs(&Sponge, &items), [published]);
}

/// The permutation can be inverted, so that an item behind the first block must
/// count as much as one in it.
#[test]
fn every_item_counts_wherever_it_is() {
    let items = model::leaves(1, 33);
    let whole = digest(&items);
    for at in 0..items.len() {
        let mut changed = items.clone();
        changed[at] += Fr::ONE;
        assert_ne!(digest(&changed), whole, "item {at}");
    }
    let mut swapped = items;
    swapped.swap(3, 20);
    assert_ne!(digest(&swapped), whole);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Tests CIRC-6.
    #[test]
    fn the_circuits_hash_is_the_trees(left in any::<u64>(), right in any::<u64>()) {
        let (left, right) = (model::hash(Fr::from(left), Fr::ZERO), Fr::from(right));
        prop_assert_eq!(outputs(&Hash, &[left, right]), [model::hash(left, right)]);
    }

    #[test]
    fn the_circuits_sponge_is_the_papers(seed in any::<u64>(), count in 1_usize..40) {
        let items = model::leaves(seed, count);
        prop_assert_eq!(outputs(&Sponge, &items), [digest(&items)]);
    }
}
