//! Codes that match and codes that do not, and each constraint broken alone.

use std::sync::LazyLock;

use annona_circuits::{
    Assignment, Circuit, R1cs, Recapture, RecaptureCode, RecapturePrivate, RecaptureWitness,
    assign, commit_code, outputs,
};
use annona_matcher::RawDistance;
use annona_model::{EncodedIris, ModelName};
use annona_template::{COLUMNS, IrisTemplate};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, PrimeField};
use proptest::prelude::*;

use crate::faults::{assert_each_row_holds, rules, with_both};
use crate::numbers::numbers;
use crate::variables::free_variables;

static ROWS: LazyLock<R1cs> = LazyLock::new(|| R1cs::of(&ci()));

fn ci() -> Recapture {
    of(ModelName::Ci)
}

fn of(model: ModelName) -> Recapture {
    Recapture {
        model: model.model(),
    }
}

/// Columns of the test model, and code and mask bits of each.
const WIDTH: usize = 22;
const CODE: usize = 12;
const MASK: usize = 6;

/// Places of the public inputs in an assignment.
const ENROLLED: usize = 1;
const FRESH: usize = 2;
const MOST: usize = 3;
const CONTEXT: usize = 4;

/// Places of the first bits of each code: before them are the constant, public inputs, eye, salts.
const ENROLLED_BITS: usize = 1 + 4 + 3;
const FRESH_BITS: usize = ENROLLED_BITS + WIDTH * (CODE + MASK);
const TURNED_BITS: usize = FRESH_BITS + WIDTH * (CODE + MASK);
const TURNED_MASK: usize = TURNED_BITS + WIDTH * CODE;
const ROTATION_BITS: usize = TURNED_MASK + WIDTH * MASK;

/// A code that looks random, a seventh of it noisy.
fn code(model: ModelName, seed: u64) -> EncodedIris {
    let mut next = numbers(seed);
    let model = model.model();
    EncodedIris {
        code: (0..model.code_count()).map(|_| next(2) == 1).collect(),
        mask: (0..model.mask_count()).map(|_| next(7) != 0).collect(),
    }
}

/// The same eye again: turned, with one code bit of `one_in` flipped and other noise.
fn again(model: ModelName, of: &EncodedIris, rotation: i32, one_in: u64, seed: u64) -> EncodedIris {
    let mut next = numbers(seed);
    let columns = model.model().probe_columns().len();
    let offset = rotation.rem_euclid(columns as i32) as usize;
    let mut fresh = of.clone();
    let (code, mask) = (of.code.len() / columns, of.mask.len() / columns);
    fresh.code.rotate_right(offset * code);
    fresh.mask.rotate_right(offset * mask);
    for bit in &mut fresh.code {
        *bit ^= next(one_in) == 0;
    }
    for bit in &mut fresh.mask {
        *bit &= next(9) != 0;
    }
    fresh
}

fn context() -> Fr {
    Fr::from(0x1234_5678_9abc_u64)
}

fn private(
    circuit: Recapture,
    enrolled: &EncodedIris,
    fresh: &EncodedIris,
    rotation: i32,
) -> RecapturePrivate {
    RecapturePrivate {
        eye: Fr::ONE,
        enrolled: RecaptureCode::new(enrolled, Fr::from(101)),
        fresh: RecaptureCode::new(fresh, Fr::from(202)),
        rotation: circuit.rotation_number(rotation),
    }
}

/// Bound of the honest statement: below that of people's decisions.
const BOUND: u32 = 359_999;

/// An eye and the same again, turned by two columns. Nothing is seen of the first five columns at
/// the enrolment.
fn eyes() -> [EncodedIris; 2] {
    let mut enrolled = code(ModelName::Ci, 5);
    enrolled.mask[..5 * MASK].fill(false);
    let mut seen = enrolled.clone();
    seen.mask[..3 * MASK].fill(true);
    let fresh = again(ModelName::Ci, &seen, 2, 10, 6);
    [enrolled, fresh]
}

fn honest() -> RecaptureWitness {
    let [enrolled, fresh] = eyes();
    ci().witness(private(ci(), &enrolled, &fresh, 2), BOUND, context())
}

/// Another person's eye for the enrolled one, at its best rotation.
fn stranger() -> RecaptureWitness {
    let [enrolled, _] = eyes();
    let other = code(ModelName::Ci, 77);
    let best = ci().score(&enrolled, &other).unwrap();
    assert!(best.micros > BOUND, "{}", best.micros);
    let private = private(ci(), &enrolled, &other, best.rotation);
    ci().witness(private, BOUND, context())
}

fn broken(witness: &RecaptureWitness) -> Vec<u8> {
    rules(&ROWS, &assign(&ci(), witness))
}

/// The definition of shared and differing bits, bit by bit, for code words of `2 half` bits.
fn distance(
    enrolled: &EncodedIris,
    fresh: &EncodedIris,
    rotation: i32,
    columns: i32,
) -> RawDistance {
    let half = enrolled.mask.len() / columns as usize;
    let (mut different, mut shared) = (0, 0);
    for column in 0..columns {
        let other = (column + rotation).rem_euclid(columns) as usize;
        for at in 0..2 * half {
            let mask = |code: &EncodedIris, column: usize| code.mask[column * half + at % half];
            let bit = |code: &EncodedIris, column: usize| code.code[column * 2 * half + at];
            let column = column as usize;
            if mask(enrolled, column) && mask(fresh, other) {
                shared += 1;
                different += u32::from(bit(enrolled, column) != bit(fresh, other));
            }
        }
    }
    RawDistance { different, shared }
}

/// The specification's formula in exact fractions: the least whole number of millionths that is
/// no less, or 0.
fn micros(raw: RawDistance, half_code: i128) -> u32 {
    let (d, n) = (i128::from(raw.different), i128::from(raw.shared));
    // 0.45 - (0.45 - d/n) (n/(2 h) + 1/2), times 2 h n.
    let numerator = 450_000 * 2 * half_code * n - (450_000 * n - 1_000_000 * d) * (n + half_code);
    let denominator = 2 * half_code * n;
    let rounded_up = -(-numerator).div_euclid(denominator);
    u32::try_from(rounded_up.max(0)).unwrap()
}

#[test]
fn sizes_are_those_of_the_header() {
    for (model, rows) in [
        (ModelName::P, 90_619),
        (ModelName::P2, 90_619),
        (ModelName::S18, 51_768),
        (ModelName::Ci, 3_106),
    ] {
        assert_eq!(of(model).row_count(), rows, "{model}");
    }
    assert_eq!(ROWS.constraint_count(), ci().row_count());
    assert_eq!(assign(&ci(), &honest()).values().len(), ROWS.variable_count);
    assert_eq!(
        (of(ModelName::P).max_rotation(), ci().max_rotation()),
        (15, 3)
    );
}

#[test]
fn an_honest_witness_breaks_no_rule() {
    assert_eq!(broken(&honest()), Vec::<u8>::new());
    assert_eq!(broken(&ci().blank()), [20, 22]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Tests ZKML-22: exactly the scores up to the bound are accepted, at each rotation, and the
    /// commitments are those of encodings.
    #[test]
    fn the_circuit_decides_what_the_specification_decides(
        seed in 0..u64::MAX / 2, turn in -3_i32..=3, rotation in -3_i32..=3, one_in in 2_u64..40,
    ) {
        let enrolled = code(ModelName::Ci, seed);
        let fresh = again(ModelName::Ci, &enrolled, turn, one_in, seed + 1);
        let raw = distance(&enrolled, &fresh, rotation, WIDTH as i32);
        let score = micros(raw, 132);
        let witness = |most| {
            ci().witness(private(ci(), &enrolled, &fresh, rotation), most, context())
        };
        // Strangers can have scores beyond every bound that can be stated.
        let mut expected = Vec::new();
        expected.extend((raw.shared < 66).then_some(13));
        expected.extend((score >= 1 << 20).then_some(15));
        prop_assert_eq!(broken(&witness(score)), expected);
        if let Some(less) = score.checked_sub(1) {
            prop_assert!(broken(&witness(less)).contains(&18));
        }
        let own = witness(score);
        let commit = |code, salt: u64| commit_code(ci().model, code, Fr::ONE, Fr::from(salt));
        prop_assert_eq!(outputs(&ci(), &own), [commit(&enrolled, 101), commit(&fresh, 202)]);
        let best = ci().score(&enrolled, &fresh);
        let all = (-3..=3).map(|it| distance(&enrolled, &fresh, it, WIDTH as i32));
        let least = all.filter(|it| it.shared >= 66).map(|it| micros(it, 132)).min();
        prop_assert_eq!(best.map(|it| it.micros), least);
    }

    /// Tests ZKML-22: the formula is the matcher's, to the millionth.
    #[test]
    fn the_rule_is_the_matchers(shared in 1_600_u32..=6_400, part in 0_u32..=1_000) {
        let shared = 2 * shared;
        let raw = RawDistance { different: shared * part / 1_000, shared };
        prop_assert_eq!(micros(raw, 6_400), annona_matcher::normalised_micros(raw));
    }
}

/// The template of a full-size code.
fn template(code: &EncodedIris) -> IrisTemplate {
    let word = |bits: &[bool]| {
        let bits = bits.iter().rev();
        bits.fold(0_u64, |word, bit| word << 1 | u64::from(*bit))
    };
    let codes = std::array::from_fn::<u64, COLUMNS, _>(|at| word(&code.code[64 * at..][..64]));
    let masks = std::array::from_fn(|at| word(&code.mask[32 * at..][..32]) as u32);
    IrisTemplate::from_columns(codes, masks)
}

/// Tests ZKML-22 at the size of real codes: what the matcher scores is provable, and one millionth
/// less is not.
#[test]
fn full_sizes_are_scored_as_the_matcher_scores_them() {
    let circuit = of(ModelName::P);
    let rows = R1cs::of(&circuit);
    for (turn, one_in) in [(-15, 4), (0, 3), (15, 3), (7, 2)] {
        let enrolled = code(ModelName::P, 3);
        let fresh = again(ModelName::P, &enrolled, turn, one_in, 4);
        let matched = annona_matcher::score(&template(&enrolled), &template(&fresh)).unwrap();
        let own = circuit.score(&enrolled, &fresh).unwrap();
        assert_eq!(
            (own.micros, own.rotation),
            (matched.micros, matched.rotation)
        );
        let private = private(circuit, &enrolled, &fresh, own.rotation);
        let witness = |most| circuit.witness(private.clone(), most, context());
        let broken = |most| rules(&rows, &assign(&circuit, &witness(most)));
        assert_eq!(broken(own.micros), Vec::<u8>::new(), "turned by {turn}");
        assert_eq!(broken(own.micros - 1), [18], "turned by {turn}");
    }
}

/// Tests ZKML-22.
#[test]
fn another_persons_code_is_refused() {
    assert_eq!(broken(&stranger()), [18]);
}

/// Tests ZKML-22: a fresh code that shares less than a quarter is no comparison, however alike.
#[test]
fn a_code_of_which_too_little_is_seen_is_refused() {
    let [enrolled, _] = eyes();
    let mut fresh = enrolled.clone();
    let seen = fresh.mask.iter_mut().filter(|bit| **bit);
    seen.skip(33).for_each(|bit| *bit = false);
    let witness = |fresh| ci().witness(private(ci(), &enrolled, &fresh, 0), BOUND, context());
    assert_eq!(broken(&witness(fresh.clone())), Vec::<u8>::new());
    let last = fresh.mask.iter().rposition(|bit| *bit).unwrap();
    fresh.mask[last] = false;
    assert_eq!(broken(&witness(fresh.clone())), [13]);
    assert_eq!(ci().score(&enrolled, &fresh), None);
}

/// Tests ZKML-22: the fresh code of the other eye, though bit for bit the same.
#[test]
fn a_fresh_code_of_the_other_eye_is_refused() {
    let [enrolled, fresh] = eyes();
    let mut witness = honest();
    let commit = |code, eye| commit_code(ci().model, code, eye, Fr::from(202));
    assert_eq!(witness.public.fresh_commitment, commit(&fresh, Fr::ONE));
    witness.public.fresh_commitment = commit(&fresh, Fr::ZERO);
    assert_eq!(broken(&witness), [22]);
    // Nor do both open as codes of that eye.
    witness.private.eye = Fr::ZERO;
    assert_eq!(broken(&witness), [20]);
    let enrolled = commit_code(ci().model, &enrolled, Fr::ONE, Fr::from(101));
    assert_eq!(witness.public.enrolled_commitment, enrolled);
}

/// Tests ZKML-24: the eye turned one column further than the least and the greatest rotation.
#[test]
fn a_rotation_out_of_range_is_refused() {
    let [enrolled, _] = eyes();
    for turn in [3, 4] {
        let fresh = again(ModelName::Ci, &enrolled, turn, 1_000_000, 6);
        let mut private = private(ci(), &enrolled, &fresh, 3);
        private.rotation = (turn + 3) as u32;
        let witness = ci().witness(private, BOUND, context());
        let expected: &[u8] = if turn == 3 { &[] } else { &[6] };
        assert_eq!(broken(&witness), expected);
    }
    let fresh = again(ModelName::Ci, &enrolled, 4, 1_000_000, 6);
    let best = ci().score(&enrolled, &fresh);
    assert!(best.is_none_or(|it| it.micros > BOUND));
}

/// Tests ZKML-3: codes of another model have other commitments.
#[test]
fn codes_of_another_model_are_refused() {
    let file = include_str!("../../../crates/model/params/ci_40x12_q7.json");
    let other = file.replacen("[-3, 1, 4, 1, -3]", "[-3, 2, 3, 1, -3]", 1);
    let model = annona_model::EncoderModel::parse(&other).unwrap();
    let other = Recapture {
        model: Box::leak(Box::new(model)),
    };
    let rows = R1cs::of(&other);
    assert_eq!(rules(&rows, &assign(&other, &honest())), [20, 22]);
}

/// Tests ZKML-23.
#[test]
fn no_variable_can_be_changed_alone() {
    assert_eq!(free_variables(&ci(), &honest()), Vec::<usize>::new());
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

fn value(row: &[(Fr, usize)], values: &[Fr]) -> Fr {
    row.iter().map(|(factor, at)| *factor * values[*at]).sum()
}

/// The variables of the bits of a sum that the row of `rule` states, and the sum.
fn bits_of(rule: u8, assignment: &Assignment) -> (Vec<usize>, Fr) {
    let row = ROWS.rules.iter().position(|it| it.0 == rule).unwrap();
    let bits = ROWS.a[row].iter().map(|(_, variable)| *variable).collect();
    (bits, value(&ROWS.c[row], assignment.values()))
}

/// The place of no fault.
const NO_FAULT: (u8, usize) = (0, usize::MAX);

/// Values with a fault and with changes, of a prover who then takes the bits of surplus and room
/// that fit, where there are any.
fn forged(witness: &RecaptureWitness, fault: (u8, usize), changes: &[(usize, Fr)]) -> Assignment {
    let first = with_both(&ci(), witness, fault, changes);
    let mut all = changes.to_vec();
    for rule in [13, 18] {
        let (bits, sum) = bits_of(rule, &first);
        let [low, 0, 0, 0] = sum.into_bigint().0 else {
            continue;
        };
        if low >> bits.len() == 0 {
            let fitting = bits.iter().enumerate();
            all.extend(fitting.map(|(at, bit)| (*bit, Fr::from(low >> at & 1))));
        }
    }
    with_both(&ci(), witness, fault, &all)
}

/// Changes that give a sum of bits a value in its lowest bit alone.
fn in_lowest_bit(rule: u8, of: &Assignment) -> Vec<(usize, Fr)> {
    let (bits, sum) = bits_of(rule, of);
    let value = |at| if at == 0 { sum } else { Fr::ZERO };
    let changes = bits.iter().enumerate();
    changes.map(|(at, bit)| (*bit, value(at))).collect()
}

/// Tests ZKML-23.
#[test]
fn c1_refuses_a_third_eye() {
    let mut private = honest().private;
    private.eye = Fr::from(2);
    assert_held_by(1, &assign(&ci(), &ci().witness(private, BOUND, context())));
}

/// Tests ZKML-23: a second enrolled code behind the same commitment.
#[test]
fn c2_refuses_a_second_code_of_the_same_packed_form() {
    let own = assign(&ci(), &honest());
    let is_pair = |at: &usize| [0, 1].map(|it| own.values()[at + it]) == [Fr::ZERO, Fr::ONE];
    let pairs = ENROLLED_BITS + 5 * CODE..ENROLLED_BITS + 252;
    let pair = pairs.into_iter().find(is_pair).unwrap();
    let changes = [(pair, Fr::from(2)), (pair + 1, Fr::ZERO)];
    let forged = forged(&honest(), NO_FAULT, &changes);
    assert_eq!(forged.public_inputs(), own.public_inputs());
    assert_held_by(2, &forged);
}

/// Tests ZKML-23: a bit that two columns share in the packed form, moved from one to the other,
/// where it makes a place valid that is not.
#[test]
fn c3_refuses_a_second_code_of_the_same_packed_form() {
    let mut witness = honest();
    let (last, next) = (CODE * 11 - 1, CODE * 11);
    witness.private.fresh.code[last] = 0;
    witness.private.fresh.code[next] = 1;
    witness.private.fresh.mask[10 * MASK] = 0;
    let witness = ci().witness(witness.private, BOUND, context());
    // Column 10 of the fresh code, of rotation 2, meets column 8.
    let changes = [
        (FRESH_BITS + last, Fr::from(2)),
        (FRESH_BITS + next, Fr::ZERO),
        (TURNED_BITS + 9 * CODE, Fr::ZERO),
        (TURNED_MASK + 8 * MASK, Fr::ONE),
    ];
    let forged = forged(&witness, NO_FAULT, &changes);
    assert_eq!(
        forged.public_inputs(),
        assign(&ci(), &witness).public_inputs()
    );
    assert_held_by(3, &forged);
}

/// Tests ZKML-23: turned bits that make up the same column and are none.
#[test]
fn c4_refuses_turned_bits_that_are_none() {
    let own = assign(&ci(), &honest());
    let is_pair = |at: &usize| [0, 1].map(|it| own.values()[at + it]) == [Fr::ZERO, Fr::ONE];
    let columns = (5..WIDTH).map(|it| TURNED_BITS + it * CODE);
    let pair = columns
        .flat_map(|it| it..it + CODE - 1)
        .find(is_pair)
        .unwrap();
    let changes = [(pair, Fr::from(2)), (pair + 1, Fr::ZERO)];
    assert_held_by(4, &forged(&honest(), NO_FAULT, &changes));
}

/// Tests ZKML-24: a mixture of columns, here of equal ones, so that it is a column again.
#[test]
fn c5_refuses_a_rotation_between_two() {
    let mut private = honest().private;
    for (bits, count) in [
        (&mut private.fresh.code, CODE),
        (&mut private.fresh.mask, MASK),
    ] {
        let first = bits[..count].to_vec();
        bits.chunks_mut(count)
            .for_each(|it| it.copy_from_slice(&first));
    }
    private.enrolled = private.fresh.clone();
    private.rotation = 2;
    let witness = ci().witness(private, BOUND, context());
    let changes = [(ROTATION_BITS, Fr::from(5))];
    assert_held_by(5, &forged(&witness, NO_FAULT, &changes));
}

/// Tests ZKML-24.
#[test]
fn c6_refuses_a_rotation_beyond_the_last() {
    let mut private = honest().private;
    private.rotation = 7;
    // One column further than the fresh code is turned: the enrolled code is moved along.
    private.enrolled.code.rotate_right(WIDTH * CODE - 2 * CODE);
    private.enrolled.mask.rotate_right(WIDTH * MASK - 2 * MASK);
    let witness = ci().witness(private, BOUND, context());
    assert_held_by(6, &assign(&ci(), &witness));
    // The same by a product that is not one.
    let row = with_both(&ci(), &honest(), (6, 0), &[]);
    assert_eq!(rules(&ROWS, &row)[0], 6);
}

/// Tests ZKML-24: a column that comes out of the turn as another one.
#[test]
fn c7_refuses_a_column_that_is_not_turned() {
    let own = assign(&ci(), &honest());
    let columns = 5..WIDTH;
    let column = columns
        .into_iter()
        .find(|it| own.values()[TURNED_BITS + it * CODE] == Fr::ZERO);
    let column = column.unwrap();
    let changes = [(TURNED_BITS + column * CODE, Fr::ONE)];
    assert_held_by(7, &forged(&honest(), (7, 2 * WIDTH + column), &changes));
}

/// Tests ZKML-24: turned bits that are not the column's, by which a stranger matches.
#[test]
fn c8_refuses_a_turned_code_of_somebody_else() {
    let stranger = stranger();
    let enrolled = &stranger.private.enrolled;
    let bits = [&enrolled.code[..], &enrolled.mask[..]].concat();
    let changes = bits.iter().enumerate();
    let changes: Vec<(usize, Fr)> = changes
        .map(|(at, bit)| (TURNED_BITS + at, Fr::from(*bit)))
        .collect();
    assert_held_by(8, &forged(&stranger, NO_FAULT, &changes));
}

/// Tests ZKML-22: counts that are not those of the codes.
#[test]
fn c9_c10_c11_hold_counts_to_the_codes() {
    for rule in [9, 10, 11] {
        for at in [0, 40, 131] {
            assert_held_by(rule, &forged(&honest(), (rule, at), &[]));
        }
    }
}

/// Two equal codes of which 32 places are shared, one less than is asked for.
fn hardly_seen() -> RecaptureWitness {
    let [enrolled, _] = eyes();
    let mut fresh = enrolled.clone();
    let seen = fresh.mask.iter_mut().filter(|bit| **bit);
    seen.skip(32).for_each(|bit| *bit = false);
    ci().witness(private(ci(), &enrolled, &fresh, 0), BOUND, context())
}

/// Tests ZKML-22: fewer shared places than a comparison needs.
#[test]
fn c12_c13_refuse_a_comparison_of_too_little() {
    let own = assign(&ci(), &hardly_seen());
    assert_held_by(13, &own);
    let changes = in_lowest_bit(13, &own);
    assert_held_by(12, &with_both(&ci(), &hardly_seen(), NO_FAULT, &changes));
}

/// Tests ZKML-22: a bound so great that anybody matches.
#[test]
fn c14_c15_hold_the_bound_to_its_range() {
    let mut witness = stranger();
    witness.public.most = Fr::from(1_100_000);
    assert_held_by(15, &forged(&witness, NO_FAULT, &[]));
    let changes = in_lowest_bit(15, &assign(&ci(), &witness));
    assert_held_by(14, &forged(&witness, NO_FAULT, &changes));
}

/// Tests ZKML-22: products that are not those of the counts.
#[test]
fn c16_holds_both_products() {
    for at in [0, 1] {
        assert_held_by(16, &forged(&honest(), (16, at), &[]));
    }
}

/// Tests ZKML-22: a score above the bound.
#[test]
fn c17_c18_refuse_a_score_above_the_bound() {
    let own = assign(&ci(), &stranger());
    assert_held_by(18, &own);
    let changes = in_lowest_bit(18, &own);
    assert_held_by(17, &with_both(&ci(), &stranger(), NO_FAULT, &changes));
}

/// Tests ZKML-3.
#[test]
fn c19_c21_hold_every_step_of_the_sponges() {
    for rule in [19, 21] {
        assert_each_row_holds(&ci(), &honest(), rule, 4);
        assert_held_by(rule, &with_both(&ci(), &honest(), (rule, 3), &[]));
    }
}

/// Tests ZKML-3 and ZKML-6: other commitments, and another context.
#[test]
fn c20_c22_c23_hold_the_public_inputs() {
    for (place, rule) in [(ENROLLED, 20), (FRESH, 22), (CONTEXT, 23)] {
        let mut forged = assign(&ci(), &honest());
        forged.set(place, forged.values()[place] + Fr::ONE);
        assert_held_by(rule, &forged);
    }
    let mut forged = assign(&ci(), &honest());
    forged.set(MOST, forged.values()[MOST] + Fr::ONE);
    assert_eq!(rules(&ROWS, &forged), [15, 16]);
}
