use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::builder::{Builder, Rule};

/// `a - b`.
pub(crate) fn difference<B: Builder>(builder: &B, a: &B::Lc, b: &B::Lc) -> B::Lc {
    builder.combine(&[(Fr::ONE, a), (-Fr::ONE, b)])
}

/// `a == b`; one row.
pub(crate) fn enforce_equal<B: Builder>(builder: &mut B, rule: Rule, a: &B::Lc, b: &B::Lc) {
    let one = builder.constant(Fr::ONE);
    builder.enforce(rule, a, &one, b);
}

/// `bit` is 0 or 1; one row.
pub(crate) fn enforce_boolean<B: Builder>(builder: &mut B, rule: Rule, bit: &B::Lc) {
    let (zero, one) = (builder.constant(Fr::ZERO), builder.constant(Fr::ONE));
    let rest = difference(builder, &one, bit);
    builder.enforce(rule, bit, &rest, &zero);
}

/// The integer whose bits these are, lowest first.
pub(crate) fn weighted_bits<B: Builder>(builder: &B, bits: &[B::Lc]) -> B::Lc {
    let mut weight = Fr::ONE;
    let mut terms = Vec::with_capacity(bits.len());
    for bit in bits {
        terms.push((weight, bit));
        weight.double_in_place();
    }
    builder.combine(&terms)
}

/// `chosen` when `bit` is 1, `otherwise` when it is 0; one row.
pub(crate) fn choose<B: Builder>(
    builder: &mut B,
    rule: Rule,
    bit: &B::Lc,
    chosen: &B::Lc,
    otherwise: &B::Lc,
) -> B::Lc {
    let step = difference(builder, chosen, otherwise);
    builder.solve(rule, bit, &step, Fr::ONE, otherwise)
}

/// The rows of an integer given by its bits, lowest first: each bit is 0 or 1
/// (`boolean`), and they add up to `integer` (`sum`). Returns the bits.
pub(crate) fn bits_of<B: Builder>(
    builder: &mut B,
    (boolean, sum): (Rule, Rule),
    bits: &[Fr],
    integer: &B::Lc,
) -> Vec<B::Lc> {
    let bits: Vec<B::Lc> = bits.iter().map(|bit| builder.private(*bit)).collect();
    for bit in &bits {
        enforce_boolean(builder, boolean, bit);
    }
    let total = weighted_bits(builder, &bits);
    enforce_equal(builder, sum, &total, integer);
    bits
}

/// `sum of items[i] * x^i` by Horner's rule; one row for each item but the last (CIRC-5).
pub(crate) fn evaluate<B: Builder>(
    builder: &mut B,
    rule: Rule,
    items: &[B::Lc],
    x: &B::Lc,
) -> B::Lc {
    let Some((last, others)) = items.split_last() else {
        return builder.constant(Fr::ZERO);
    };
    others.iter().rev().fold(last.clone(), |sum, item| {
        builder.solve(rule, &sum, x, Fr::ONE, item)
    })
}

/// The lowest `count` bits of `number` as field elements, lowest first.
pub(crate) fn bits(number: u64, count: usize) -> Vec<Fr> {
    (0..count).map(|at| Fr::from((number >> at) & 1)).collect()
}
