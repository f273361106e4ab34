//! Integers of circuits: range, sign, and their packing into items of a sponge.

use ark_bn254::Fr;
use ark_ff::Field;

use crate::builder::{Builder, Rule};
use crate::gadgets::{enforce_boolean, weighted_bits};

/// Single bits that one item of a sponge holds.
pub(crate) const BITS_IN_ITEM: usize = 253;

/// Rules of a comparison with zero.
#[derive(Clone, Copy)]
pub(crate) struct SignRules {
    pub(crate) sign: Rule,
    pub(crate) magnitude: Rule,
    pub(crate) relation: Rule,
}

/// A sum of the circuit with its value.
pub(crate) struct Sum<Lc> {
    pub(crate) combination: Lc,
    pub(crate) value: i64,
}

/// Packs numbers of `bits` bits into items, `count` in each, the first lowest.
pub(crate) fn pack<B: Builder>(
    builder: &B,
    numbers: &[B::Lc],
    bits: usize,
    count: usize,
) -> Vec<B::Lc> {
    let step = Fr::from(1_u64 << bits);
    let items = numbers.chunks(count);
    items
        .map(|numbers| {
            let mut weight = Fr::ONE;
            let mut terms = Vec::with_capacity(numbers.len());
            for number in numbers {
                terms.push((weight, number));
                weight *= step;
            }
            builder.combine(&terms)
        })
        .collect()
}

/// A variable that is an integer below `2^bits` (ZKML-4). The highest bit is no variable: it is
/// what the others leave of the integer.
pub(crate) fn below_power_of_two<B: Builder>(
    builder: &mut B,
    rule: Rule,
    value: u32,
    bits: usize,
) -> B::Lc {
    let integer = builder.private(Fr::from(value));
    let lower: Vec<B::Lc> = (0..bits - 1)
        .map(|at| builder.private(Fr::from(value >> at & 1)))
        .collect();
    let sum = weighted_bits(builder, &lower);
    let scale = Fr::from(1_u64 << (bits - 1)).inverse();
    let scale = scale.expect("a power of two is not zero");
    let highest = builder.combine(&[(scale, &integer), (-scale, &sum)]);
    for bit in lower.iter().chain([&highest]) {
        enforce_boolean(builder, rule, bit);
    }
    integer
}

/// A bit that says whether `sum` is above zero, for sums from `1 - 2^bits` to `2^bits`:
/// `b (2 m + 1) = sum + m` with `m` of `bits` bits leaves `b = 1`, `m = sum - 1`, or `b = 0`,
/// `m = -sum` (ZKML-5).
pub(crate) fn is_positive<B: Builder>(
    builder: &mut B,
    rules: SignRules,
    sum: &Sum<B::Lc>,
    bits: u32,
) -> B::Lc {
    let is_above = sum.value > 0;
    let magnitude = if is_above { sum.value - 1 } else { -sum.value };
    let sign = builder.private(Fr::from(is_above));
    enforce_boolean(builder, rules.sign, &sign);
    let magnitude_bits: Vec<B::Lc> = (0..bits)
        .map(|at| builder.private(Fr::from((magnitude >> at & 1) as u64)))
        .collect();
    for bit in &magnitude_bits {
        enforce_boolean(builder, rules.magnitude, bit);
    }
    let magnitude = weighted_bits(builder, &magnitude_bits);
    let one = builder.constant(Fr::ONE);
    let odd = builder.combine(&[(Fr::from(2), &magnitude), (Fr::ONE, &one)]);
    let moved = builder.combine(&[(Fr::ONE, &sum.combination), (Fr::ONE, &magnitude)]);
    builder.enforce(rules.relation, &sign, &odd, &moved);
    sign
}
