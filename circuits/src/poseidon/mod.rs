//! Poseidon over the scalar field of BN254: S-box x^5, 8 full rounds, circomlib's
//! constants and numbers of partial rounds.
//!
//! A permutation of width `t` costs `3 * (8 t + partial rounds)` rows: 243 at
//! width 3, 612 at width 17. Linear layers cost none.

mod parameters;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::builder::{Builder, Rule};
use crate::values::Evaluator;
use parameters::{FULL_ROUNDS, PAIR, Parameters, WIDE};

/// Elements that one permutation of the sponge takes in.
///
/// 612 rows for 16 elements are 38 an element; at width 3, the width of the
/// tree, an element would cost 122. 16 divides every batch size, and no wider
/// permutation has published constants.
pub const SPONGE_RATE: usize = 16;

/// The node above `left` and `right`; 243 rows (CIRC-6).
pub fn hash_pair<B: Builder>(builder: &mut B, rule: Rule, left: &B::Lc, right: &B::Lc) -> B::Lc {
    let state = vec![builder.constant(Fr::ZERO), left.clone(), right.clone()];
    permute(builder, rule, &PAIR, state)
}

/// `[l]` is the root of an empty tree of `l` levels, for `l` up to `depth`.
pub(crate) fn empty_nodes(depth: usize) -> Vec<Fr> {
    let mut evaluator = Evaluator::default();
    let mut nodes = vec![Fr::ZERO];
    for level in 0..depth {
        let below = nodes[level];
        // The rule is of no use to an evaluator.
        nodes.push(hash_pair(&mut evaluator, Rule(0), &below, &below));
    }
    nodes
}

/// The digest of `items`: an overwriting sponge of capacity one element.
///
/// The capacity starts as 0; each permutation replaces the 16 others with the
/// next items, a last incomplete block with zeros behind it. The digest is the
/// first element at the end, so that of 16 items is circomlib's `Poseidon(16)`.
/// The number of items is fixed by the circuit, which is why it is not hashed.
pub fn absorb<B: Builder>(builder: &mut B, rule: Rule, items: &[B::Lc]) -> B::Lc {
    absorb_from(builder, rule, Fr::ZERO, items)
}

/// The digest of `items` as [`absorb`] computes it, but with a capacity that starts as `domain`,
/// a constant of the circuit, so that equal items of two domains have different digests.
pub(crate) fn absorb_from<B: Builder>(
    builder: &mut B,
    rule: Rule,
    domain: Fr,
    items: &[B::Lc],
) -> B::Lc {
    let zero = builder.constant(Fr::ZERO);
    let start = builder.constant(domain);
    items.chunks(SPONGE_RATE).fold(start, |capacity, block| {
        let mut state = vec![capacity];
        state.extend_from_slice(block);
        state.resize(SPONGE_RATE + 1, zero.clone());
        permute(builder, rule, &WIDE, state)
    })
}

/// The first element of the permuted `state`.
fn permute<B: Builder>(
    builder: &mut B,
    rule: Rule,
    parameters: &Parameters,
    mut state: Vec<B::Lc>,
) -> B::Lc {
    for constants in &parameters.first_rounds {
        state = full_round(builder, rule, &state, constants, &parameters.matrix);
    }
    state = partial_rounds(builder, rule, parameters, &state);
    let (last, inner) = parameters
        .last_rounds
        .split_last()
        .expect("half of the full rounds come last");
    for constants in inner {
        state = full_round(builder, rule, &state, constants, &parameters.matrix);
    }
    // Only the first row of the last matrix is wanted.
    let first_row = &parameters.matrix[..1];
    full_round(builder, rule, &state, last, first_row).swap_remove(0)
}

fn full_round<B: Builder>(
    builder: &mut B,
    rule: Rule,
    state: &[B::Lc],
    constants: &[Fr],
    matrix: &[Vec<Fr>],
) -> Vec<B::Lc> {
    let zero = builder.constant(Fr::ZERO);
    let powers: Vec<B::Lc> = state
        .iter()
        .zip(constants)
        .map(|(element, constant)| {
            let x = shifted(builder, element, *constant);
            let x4 = fourth_power(builder, rule, &x);
            builder.solve(rule, &x4, &x, Fr::ONE, &zero)
        })
        .collect();
    matrix
        .iter()
        .map(|row| dot(builder, row, &powers))
        .collect()
}

/// All partial rounds. In each the variable is the first element *after* the round, not the
/// power: the power is then a linear combination that appears only on the right-hand side of
/// its row, and both factors of every row stay short.
fn partial_rounds<B: Builder>(
    builder: &mut B,
    rule: Rule,
    parameters: &Parameters,
    state: &[B::Lc],
) -> Vec<B::Lc> {
    let (mut first, mut rest) = (state[0].clone(), state[1..].to_vec());
    for round in &parameters.partial_rounds {
        let x = shifted(builder, &first, round.first_constant);
        let x4 = fourth_power(builder, rule, &x);
        for (element, constant) in rest.iter_mut().zip(&round.rest_constants) {
            *element = shifted(builder, element, *constant);
        }
        let carried = dot(builder, &round.row, &rest);
        first = builder.solve(rule, &x4, &x, parameters.corner, &carried);
        let inverse = parameters.corner_inverse;
        let power = builder.combine(&[(inverse, &first), (-inverse, &carried)]);
        for (element, factor) in rest.iter_mut().zip(&round.column) {
            *element = builder.combine(&[(Fr::ONE, element), (*factor, &power)]);
        }
    }
    let mixed = parameters.carried_matrix.iter();
    core::iter::once(first)
        .chain(mixed.map(|row| dot(builder, row, &rest)))
        .collect()
}

fn fourth_power<B: Builder>(builder: &mut B, rule: Rule, x: &B::Lc) -> B::Lc {
    let zero = builder.constant(Fr::ZERO);
    let square = builder.solve(rule, x, x, Fr::ONE, &zero);
    builder.solve(rule, &square, &square, Fr::ONE, &zero)
}

fn shifted<B: Builder>(builder: &B, element: &B::Lc, constant: Fr) -> B::Lc {
    let constant = builder.constant(constant);
    builder.combine(&[(Fr::ONE, element), (Fr::ONE, &constant)])
}

fn dot<B: Builder>(builder: &B, factors: &[Fr], elements: &[B::Lc]) -> B::Lc {
    let terms: Vec<(Fr, &B::Lc)> = factors.iter().copied().zip(elements).collect();
    builder.combine(&terms)
}

const _: () = assert!(FULL_ROUNDS.is_multiple_of(2));
