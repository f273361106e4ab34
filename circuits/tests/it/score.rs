use std::sync::LazyLock;

use annona_circuits::{
    Assignment, Circuit, R1cs, Score, ScoreBank, ScoreErrors, ScoreSet, ScoreWitness, assign,
    outputs,
};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, PrimeField};
use proptest::prelude::*;

use crate::faults::{assert_each_row_holds, rules, with_both, with_changes, with_fault};
use crate::numbers::numbers;
use crate::poseidon::digest_from;
use crate::variables::free_variables;

/// Three eyes instead of seven, and the rest as in the size in use.
const FEW: Score = Score {
    eyes: 3,
    ..Score::SMALL
};

static ROWS: LazyLock<R1cs> = LazyLock::new(|| R1cs::of(&FEW));

/// Two captures of each eye that differ by one level in every eighth pixel or so.
fn set(size: Score, seed: u64) -> ScoreSet {
    let mut next = numbers(seed);
    let mut pixels = Vec::new();
    for _ in 0..size.eyes {
        let first: Vec<u32> = (0..size.pixel_count()).map(|_| next(16) as u32).collect();
        let second: Vec<u32> = first
            .iter()
            .map(|pixel| if next(8) == 0 { pixel ^ 1 } else { *pixel })
            .collect();
        pixels.extend([first, second].concat());
    }
    ScoreSet {
        salt: Fr::from(seed + 11),
        pixels,
    }
}

/// A band-pass and an edge along the angle.
fn bank() -> ScoreBank {
    let rows = |along: [i32; 5]| {
        [1, 2, 1]
            .map(|down| along.map(|weight| down * weight))
            .concat()
    };
    ScoreBank {
        salt: Fr::from(77),
        weights: [rows([-3, 1, 4, 1, -3]), rows([-3, -4, 0, 4, 3])].concat(),
        threshold: 8,
    }
}

/// A bank that tells nobody apart: no code bit is ever set.
fn blind_bank() -> ScoreBank {
    ScoreBank {
        weights: vec![0; 30],
        ..bank()
    }
}

fn context() -> Fr {
    Fr::from(0x1234_5678_9abc_u64)
}

fn errors(false_matches: u32, false_non_matches: u32) -> ScoreErrors {
    ScoreErrors {
        false_matches,
        false_non_matches,
    }
}

fn honest() -> ScoreWitness {
    FEW.witness(set(FEW, 3), bank(), errors(1, 1), context())
}

fn broken(witness: &ScoreWitness) -> Vec<u8> {
    rules(&ROWS, &assign(&FEW, witness))
}

/// Errors of a bank, written without the circuit.
fn counted(size: Score, set: &ScoreSet, bank: &ScoreBank) -> ScoreErrors {
    let (width, height) = (20, 6);
    let code = |iris: &[u32]| -> Vec<bool> {
        let mut code = Vec::new();
        for filter in bank.weights.chunks(15) {
            for top in (0..height).step_by(3) {
                for middle in (0..width).step_by(2) {
                    let response: i64 = (0..15)
                        .map(|at| {
                            let column = (middle + width + at % 5 - 2) % width;
                            let pixel = iris[(top + at / 5) * width + column];
                            i64::from(filter[at]) * i64::from(pixel)
                        })
                        .sum();
                    code.push(response > 0);
                }
            }
        }
        code
    };
    let codes: Vec<Vec<bool>> = set.pixels.chunks(width * height).map(code).collect();
    assert_eq!(codes.len(), size.iris_count());
    let mut found = errors(0, 0);
    for (at, one) in codes.iter().enumerate() {
        for (other, two) in codes.iter().enumerate().take(at) {
            let distance = one.iter().zip(two).filter(|(x, y)| x != y).count();
            let is_match = distance as u32 <= bank.threshold;
            let is_one_eye = at / 2 == other / 2;
            found.false_matches += u32::from(is_match && !is_one_eye);
            found.false_non_matches += u32::from(!is_match && is_one_eye);
        }
    }
    found
}

#[test]
fn sizes_are_those_of_the_header() {
    assert_eq!(Score::SMALL.row_count(), 29_335);
    assert_eq!(Score::SMALL.code_count(), 40);
    assert_eq!(Score::SMALL.pair_counts(), (7, 84));
    assert_eq!(ROWS.constraint_count(), FEW.row_count());
}

#[test]
fn an_honest_witness_breaks_no_rule() {
    assert_eq!(broken(&honest()), Vec::<u8>::new());
    assert_eq!(broken(&FEW.blank()), [15, 17]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Tests ZKML-12, ZKML-13 and ZKML-14: errors and commitments are those of the specification,
    /// exactly so many errors are provable, and one less is not.
    #[test]
    fn the_circuit_counts_what_the_specification_counts(seed in 0..u64::MAX / 2, threshold in 0_u32..41) {
        let (set, bank) = (set(FEW, seed), ScoreBank { threshold, ..bank() });
        let own = counted(FEW, &set, &bank);
        prop_assert_eq!(FEW.count_errors(&set, &bank), own);
        let witness = |most| FEW.witness(set.clone(), bank.clone(), most, context());
        prop_assert_eq!(broken(&witness(own)), Vec::<u8>::new());
        for (false_matches, false_non_matches) in [(1, 0), (0, 1)] {
            let fewer = own.false_matches.checked_sub(false_matches);
            let missed = own.false_non_matches.checked_sub(false_non_matches);
            if let (Some(fewer), Some(missed)) = (fewer, missed) {
                prop_assert_eq!(broken(&witness(errors(fewer, missed))), [13]);
            }
        }
        let expected = commitments(&set, &bank);
        prop_assert_eq!(outputs(&FEW, &witness(own)), expected);
        prop_assert_eq!([FEW.commit_set(&set), FEW.commit_bank(expected[0], &bank)], expected);
    }
}

/// Both commitments, written without the circuit.
fn commitments(set: &ScoreSet, bank: &ScoreBank) -> [Fr; 2] {
    let packed = |numbers: &mut dyn Iterator<Item = u32>, bits: u32| {
        let step = Fr::from(1_u64 << bits);
        numbers
            .collect::<Vec<_>>()
            .chunks((253 / bits) as usize)
            .map(|chunk| {
                chunk
                    .iter()
                    .rev()
                    .fold(Fr::ZERO, |sum, it| sum * step + Fr::from(*it))
            })
            .collect::<Vec<_>>()
    };
    let sizes = [3, 20, 6, 4, 2, 3, 5, 5, 2, 6];
    let domain = |text: &[u8]| Fr::from_be_bytes_mod_order(&[text, &sizes].concat());
    let pixels = packed(&mut set.pixels.iter().copied(), 4);
    let set = digest_from(
        domain(b"annona.score-set.1"),
        &[vec![set.salt], pixels].concat(),
    );
    let weights = packed(&mut bank.weights.iter().map(|it| (it + 16) as u32), 5);
    let items = [
        vec![set, bank.salt],
        weights,
        vec![Fr::from(bank.threshold)],
    ]
    .concat();
    [set, digest_from(domain(b"annona.score-bank.1"), &items)]
}

/// Tests ZKML-14: a bank that misses the target has no witness, whatever it claims.
#[test]
fn a_blind_bank_misses_every_target_below_all_pairs() {
    let (one_eye, two_eyes) = FEW.pair_counts();
    let claim = |most| broken(&FEW.witness(set(FEW, 3), blind_bank(), most, context()));
    assert_eq!(claim(errors(two_eyes, 0)), Vec::<u8>::new());
    assert_eq!(claim(errors(two_eyes - 1, one_eye)), [13]);
    assert_eq!(claim(errors(0, 0)), [13]);
}

/// Tests ZKML-12 and ZKML-13: another test set under the old commitment, also with a model
/// commitment that is its own.
#[test]
fn a_test_set_changed_after_the_model_is_refused() {
    let committed = honest();
    let mut changed = committed.clone();
    changed.set.pixels[17] ^= 1;
    assert_eq!(broken(&changed), [15, 17]);
    let own = FEW.witness(changed.set.clone(), bank(), errors(15, 3), context());
    let mut half = own.clone();
    half.public.set_commitment = committed.public.set_commitment;
    assert_eq!(broken(&half), [15]);
    let mut half = own;
    half.public.model_commitment = committed.public.model_commitment;
    assert_eq!(broken(&half), [17]);
}

/// Tests ZKML-15.
#[test]
fn no_variable_can_be_changed_alone() {
    assert_eq!(free_variables(&FEW, &honest()), Vec::<usize>::new());
}

/// Asserts that values break one constraint, and that the circuit without it accepts them.
fn assert_held_by(rule: u8, forged: &Assignment) {
    assert_eq!(rules(&ROWS, forged), [rule]);
    let mut without = ROWS.clone();
    for matrix in [&mut without.a, &mut without.b, &mut without.c] {
        let mut rules = ROWS.rules.iter();
        matrix.retain(|_| rules.next().unwrap().0 != rule);
    }
    without.rules.retain(|it| it.0 != rule);
    assert_eq!(without.unsatisfied(forged), Vec::<usize>::new());
}

fn stated(change: impl FnOnce(&mut ScoreSet, &mut ScoreBank)) -> Assignment {
    let (mut set, mut bank) = (set(FEW, 3), bank());
    change(&mut set, &mut bank);
    let (one_eye, two_eyes) = FEW.pair_counts();
    assign(
        &FEW,
        &FEW.witness(set, bank, errors(two_eyes, one_eye), context()),
    )
}

/// Tests ZKML-15: a pixel, a weight and a threshold one above their range.
#[test]
fn c1_c2_c3_hold_numbers_to_their_range() {
    assert_held_by(1, &stated(|set, _| set.pixels[30] = 16));
    assert_held_by(2, &stated(|_, bank| bank.weights[4] = 16));
    // A distance of 0 would be out of the reach of C11 too.
    let apart = |set: &mut ScoreSet| {
        for iris in set.pixels.chunks_mut(2 * FEW.pixel_count()) {
            iris[..FEW.pixel_count()].rotate_left(1);
        }
    };
    let forged = stated(|set, bank| {
        apart(set);
        bank.threshold = 64;
    });
    assert_held_by(3, &forged);
}

/// The place of no fault.
const NO_FAULT: (u8, usize) = (0, usize::MAX);

fn value(row: &[(Fr, usize)], values: &[Fr]) -> Fr {
    row.iter().map(|(factor, at)| *factor * values[*at]).sum()
}

fn integer(value: Fr) -> i64 {
    let magnitude = |value: Fr| value.into_bigint().0;
    match (magnitude(value), magnitude(-value)) {
        ([low, 0, 0, 0], _) => i64::try_from(low).unwrap(),
        (_, [low, 0, 0, 0]) => -i64::try_from(low).unwrap(),
        _ => panic!("a sum is far out of range"),
    }
}

fn rows_of(rule: u8) -> impl Iterator<Item = usize> {
    (0..ROWS.constraint_count()).filter(move |row| ROWS.rules[*row].0 == rule)
}

/// A comparison: the place of its sign, how many bits of a magnitude follow it, and its sum.
#[derive(Clone, Copy)]
struct Comparison {
    sign: usize,
    bits: usize,
    sum: i64,
}

/// Reads the comparison whose relation `row` states.
fn comparison(row: usize, values: &[Fr]) -> Comparison {
    let magnitude = (value(&ROWS.b[row], values) - Fr::ONE) * Fr::from(2).inverse().unwrap();
    Comparison {
        sign: ROWS.a[row][0].1,
        bits: if ROWS.rules[row].0 == 7 { 12 } else { 6 },
        sum: integer(value(&ROWS.c[row], values) - magnitude),
    }
}

/// The values of a comparison with the magnitude as its lowest bit.
fn with_magnitude(it: Comparison, sign: i64, magnitude: i64) -> Vec<(usize, Fr)> {
    let zeros = (it.sign + 2..=it.sign + it.bits).map(|at| (at, Fr::ZERO));
    let chosen = [
        (it.sign, Fr::from(sign)),
        (it.sign + 1, Fr::from(magnitude)),
    ];
    chosen.into_iter().chain(zeros).collect()
}

/// The values that are true of a comparison.
fn honest_values(it: Comparison) -> Vec<(usize, Fr)> {
    let magnitude = if it.sum > 0 { it.sum - 1 } else { -it.sum };
    let bit = |at: usize| (it.sign + 1 + at, Fr::from(magnitude >> at & 1));
    let sign = (it.sign, Fr::from(it.sum > 0));
    core::iter::once(sign)
        .chain((0..it.bits).map(bit))
        .collect()
}

/// A cheat's values: a fault and `changes`, and everything after them computed anew as an honest
/// prover would, so that nothing else is wrong. All errors are allowed.
fn cheat(fault: (u8, usize), changes: &[(usize, Fr)]) -> Assignment {
    let (one_eye, two_eyes) = FEW.pair_counts();
    let most = errors(two_eyes, one_eye - 1);
    let witness = FEW.witness(set(FEW, 3), bank(), most, context());
    let forged: Vec<usize> = changes.iter().map(|change| change.0).collect();
    let mut changes = changes.to_vec();
    let mut assignment = with_both(&FEW, &witness, fault, &changes);
    for rule in [7, 11] {
        for row in rows_of(rule) {
            let it = comparison(row, assignment.values());
            if !forged.contains(&it.sign) {
                changes.extend(honest_values(it));
            }
        }
        assignment = with_both(&FEW, &witness, fault, &changes);
    }
    for row in rows_of(13) {
        let rest = integer(value(&ROWS.c[row], assignment.values()));
        let bits = ROWS.a[row].iter().enumerate();
        changes.extend(bits.map(|(at, (_, bit))| (*bit, Fr::from(rest >> at & 1))));
    }
    with_both(&FEW, &witness, fault, &changes)
}

/// Asserts that each of the rules alone refuses `forge`d values of some comparison, in code and
/// in matches.
fn assert_comparisons_held(rules: [u8; 2], forge: impl Fn(Comparison) -> Option<Vec<(usize, Fr)>>) {
    let own = cheat(NO_FAULT, &[]);
    assert_eq!(crate::faults::rules(&ROWS, &own), Vec::<u8>::new());
    for (relation, rule) in [7, 11].into_iter().zip(rules) {
        let found = rows_of(relation).find_map(|row| forge(comparison(row, own.values())));
        assert_held_by(rule, &cheat(NO_FAULT, &found.unwrap()));
    }
}

/// Tests ZKML-14: a response that is not the sum of the products.
#[test]
fn c4_holds_products() {
    assert_held_by(4, &cheat((4, 70), &[]));
}

/// Tests ZKML-14: a sign of 2 or -1.
#[test]
fn c5_c9_hold_signs_to_zero_and_one() {
    assert_comparisons_held([5, 9], |it| {
        match it.sum {
            2.. if it.sum % 3 == 2 => Some((2, (it.sum - 2) / 3)),
            ..0 if it.sum % 3 == -1 => Some((-1, (-it.sum - 1) / 3)),
            _ => None,
        }
        .map(|(sign, magnitude)| {
            let mut values = honest_values(Comparison {
                sum: -magnitude,
                ..it
            });
            values[0].1 = Fr::from(sign);
            values
        })
    });
}

/// Tests ZKML-14: the opposite sign, with a magnitude that is no number of so many bits.
#[test]
fn c6_c10_hold_magnitudes_to_their_bits() {
    assert_comparisons_held([6, 10], |it| {
        let [sign, magnitude] = if it.sum > 0 {
            [0, -it.sum]
        } else {
            [1, it.sum - 1]
        };
        Some(with_magnitude(it, sign, magnitude))
    });
}

/// Tests ZKML-14: the opposite sign with the honest magnitude.
#[test]
fn c7_c11_hold_signs_to_their_sums() {
    assert_comparisons_held([7, 11], |it| {
        let mut values = honest_values(it);
        values[0].1 = Fr::ONE - values[0].1;
        Some(values)
    });
}

/// Tests ZKML-14: a distance that is not the number of differing bits.
#[test]
fn c8_holds_distances() {
    assert_held_by(8, &cheat((8, 100), &[]));
}

/// Tests ZKML-14: fewer errors than there are.
#[test]
fn c12_c13_hold_errors_to_what_is_claimed() {
    let (_, two_eyes) = FEW.pair_counts();
    let witness = FEW.witness(
        set(FEW, 3),
        blind_bank(),
        errors(two_eyes - 1, 0),
        context(),
    );
    assert_held_by(13, &assign(&FEW, &witness));
    // A rest of -1 in the lowest bit.
    let row = rows_of(13).next().unwrap();
    let changes: Vec<(usize, Fr)> = ROWS.a[row]
        .iter()
        .enumerate()
        .map(|(at, (_, bit))| (*bit, if at == 0 { -Fr::ONE } else { Fr::ZERO }))
        .collect();
    assert_held_by(12, &with_changes(&FEW, &witness, &changes));
}

/// Tests ZKML-12 and ZKML-13.
#[test]
fn c14_c16_hold_every_step_of_the_sponges() {
    for rule in [14, 16] {
        assert_each_row_holds(&FEW, &honest(), rule, 4);
        assert_held_by(rule, &with_fault(&FEW, &honest(), rule, 3));
    }
}

/// Tests ZKML-12, ZKML-13 and ZKML-6: other commitments, and another context.
#[test]
fn c15_c17_c18_hold_the_public_inputs() {
    for (place, rule) in [(1, 15), (2, 17), (5, 18)] {
        let mut forged = assign(&FEW, &honest());
        forged.set(place, forged.values()[place] + Fr::ONE);
        assert_held_by(rule, &forged);
    }
}
