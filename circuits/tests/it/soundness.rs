//! Each constraint of the encoding's circuit prevents a false statement. A test here has values
//! for all variables of such a statement: the circuit refuses them by that constraint alone, and
//! the same circuit without the constraint accepts them. At the end the same for single rows.

use annona_circuits::{Assignment, EncodingWitness, R1cs, assign, outputs};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::encoding::{Comparison, ROWS, ci, comparisons, context, honest, private};
use crate::faults::{rules, with_changes, with_fault};

/// Places of the public inputs in an assignment.
const IMAGE: usize = 1;
const CODE: usize = 2;
const CONTEXT: usize = 3;

/// Place of the first pixel: before it are the constant, public inputs, eye and salts.
const PIXELS: usize = 1 + 3 + 3;

/// The circuit without one constraint.
fn without(rule: u8) -> R1cs {
    let mut rows = ROWS.clone();
    let kept: Vec<bool> = rows.rules.iter().map(|it| it.0 != rule).collect();
    for matrix in [&mut rows.a, &mut rows.b, &mut rows.c] {
        let mut kept = kept.iter();
        matrix.retain(|_| *kept.next().unwrap());
    }
    rows.rules.retain(|it| it.0 != rule);
    assert!(rows.constraint_count() < ROWS.constraint_count());
    rows
}

/// Asserts that `forged` breaks `rule` and no other, and is accepted where that is left out.
fn assert_held_by(rule: u8, forged: &Assignment) {
    assert_eq!(rules(&ROWS, forged), [rule]);
    assert_eq!(without(rule).unsatisfied(forged), Vec::<usize>::new());
}

/// Asserts the same of a statement that pairs the honest iris with a code that is not its own.
fn assert_foreign_code_held_by(rule: u8, forged: &Assignment) {
    let (stated, own) = (forged.values(), honest().public);
    assert_eq!(stated[IMAGE], own.image_commitment);
    assert_ne!(stated[CODE], own.code_commitment);
    assert_held_by(rule, forged);
}

/// Asserts that some change of two neighbours, which leaves the packed iris as it is, gives a
/// foreign code that `rule` alone refuses.
fn assert_collision_held_by(rule: u8, count: usize, change: impl Fn(usize) -> EncodingWitness) {
    let own = honest().public;
    let forged = (0..count - 1).map(change).find_map(|witness| {
        let forged = assign(&ci(), &witness);
        let is_foreign = witness.public.code_commitment != own.code_commitment;
        (is_foreign && rules(&ROWS, &forged) == [rule]).then_some(forged)
    });
    assert_foreign_code_held_by(rule, &forged.unwrap());
}

/// The honest statement with other private inputs, and the commitments that follow.
fn stated(change: impl FnOnce(&mut annona_circuits::EncodingPrivate)) -> EncodingWitness {
    let mut private = private(ci(), 7);
    change(&mut private);
    ci().witness(private, context())
}

/// Tests ZKML-4: an eye that is neither left nor right.
#[test]
fn c1_refuses_a_third_eye() {
    let forged = stated(|it| it.eye = Fr::from(2));
    for eye in [Fr::ZERO, Fr::ONE] {
        let known = stated(|it| it.eye = eye);
        assert_ne!(
            forged.public.image_commitment,
            known.public.image_commitment
        );
    }
    assert_held_by(1, &assign(&ci(), &forged));
}

/// Tests ZKML-4: a pixel above white, and its neighbour one darker, have the packed form of the
/// honest iris and another code.
#[test]
fn c2_refuses_a_second_iris_of_the_same_packed_form() {
    let depth = ci().model.size().pixel_bits;
    assert_collision_held_by(2, ci().model.size().pixel_count(), |at| {
        stated(|it| {
            if (at + 1) % (248 / depth as usize) != 0 && it.pixels[at + 1] > 0 {
                it.pixels[at] += 1 << depth;
                it.pixels[at + 1] -= 1;
            }
        })
    });
}

/// Tests ZKML-4: a noise bit of 2 in the place of its neighbour's 1.
#[test]
fn c3_refuses_a_second_mask_of_the_same_packed_form() {
    assert_collision_held_by(3, ci().model.size().noise_count(), |at| {
        stated(|it| {
            if it.noise[at + 1] == 1 {
                it.noise[at] += 2;
                it.noise[at + 1] = 0;
            }
        })
    });
}

/// The honest values of a comparison: its bit, magnitude, and the sum that it is about.
fn read(values: &[Fr], it: &Comparison) -> (Fr, Fr, Fr) {
    let bits = values[it.sign + 1..=it.sign + it.bits].iter().rev();
    let magnitude = bits.fold(Fr::ZERO, |sum, bit| sum.double() + bit);
    let sign = values[it.sign];
    (
        sign,
        magnitude,
        sign * (magnitude.double() + Fr::ONE) - magnitude,
    )
}

/// The changes that give a comparison another sign and bits of its magnitude; bits behind those
/// given are 0.
fn changes(it: &Comparison, sign: Fr, magnitude: &[Fr]) -> Vec<(usize, Fr)> {
    let bits = magnitude
        .iter()
        .copied()
        .chain(core::iter::repeat(Fr::ZERO));
    let bits = (it.sign + 1..=it.sign + it.bits).zip(bits);
    core::iter::once((it.sign, sign)).chain(bits).collect()
}

/// A sign that is no bit: the relation holds for it with a small magnitude.
fn other_than_a_bit(values: &[Fr], it: &Comparison) -> Vec<(usize, Fr)> {
    let sum = read(values, it).2;
    let solution = |bits: [u64; 2]| {
        let bits = bits.map(Fr::from);
        let magnitude = bits[0] + bits[1].double();
        let odd = (magnitude.double() + Fr::ONE).inverse().unwrap();
        (sum + magnitude) * odd
    };
    let found = [[0, 0], [1, 0], [0, 1]].into_iter().find_map(|bits| {
        let sign = solution(bits);
        (sign != Fr::ZERO && sign != Fr::ONE).then(|| changes(it, sign, &bits.map(Fr::from)))
    });
    found.unwrap()
}

/// The opposite sign, with a magnitude whose bit `at` is no bit.
fn opposite_sign(values: &[Fr], it: &Comparison, at: usize) -> Vec<(usize, Fr)> {
    let (sign, _, sum) = read(values, it);
    let (other, magnitude) = if sign == Fr::ONE {
        (Fr::ZERO, -sum)
    } else {
        (Fr::ONE, sum - Fr::ONE)
    };
    let mut bits = vec![Fr::ZERO; it.bits];
    bits[at] = magnitude * Fr::from(1_u64 << at).inverse().unwrap();
    changes(it, other, &bits)
}

/// Forges with the first comparison of `part` (0 and 1 code, 2 mask) whose bit is `bit`.
fn forged_comparison(
    part: usize,
    bit: Fr,
    change: impl Fn(&[Fr], &Comparison) -> Vec<(usize, Fr)>,
) -> Assignment {
    let witness = honest();
    let own = assign(&ci(), &witness);
    let all = comparisons(ci().model);
    let mut of_part = all.iter().filter(|it| it.part == part);
    let chosen = of_part.find(|it| own.values()[it.sign] == bit).unwrap();
    with_changes(&ci(), &witness, &change(own.values(), chosen))
}

fn assert_comparisons_held(
    rules: [u8; 3],
    change: impl Fn(&[Fr], &Comparison) -> Vec<(usize, Fr)>,
) {
    for (part, rule) in rules.into_iter().enumerate() {
        for bit in [Fr::ZERO, Fr::ONE] {
            assert_foreign_code_held_by(rule, &forged_comparison(part, bit, &change));
        }
    }
}

/// Tests ZKML-5.
#[test]
fn c4_c7_refuse_bits_that_are_none() {
    assert_comparisons_held([4, 4, 7], other_than_a_bit);
}

/// Tests ZKML-5: without them every code can be proved for every iris.
#[test]
fn c5_c8_refuse_magnitudes_that_turn_a_sign() {
    assert_comparisons_held([5, 5, 8], |values, it| opposite_sign(values, it, 0));
    assert_comparisons_held([5, 5, 8], |values, it| {
        opposite_sign(values, it, it.bits - 1)
    });
}

/// Tests ZKML-5.
#[test]
fn c6_c9_refuse_a_sign_that_is_not_its_sums() {
    assert_comparisons_held([6, 6, 9], |values, it| {
        vec![(it.sign, Fr::ONE - values[it.sign])]
    });
}

/// The values of a statement about another iris, with the variable of the last row of `rule`, a
/// sponge, chosen so that its digest is the one wanted. Position `output` of the outputs is it.
fn forged_sponge(other: &EncodingWitness, rule: u8, output: usize, wanted: Fr) -> Assignment {
    let place = output + 1;
    let last = ROWS.rules.iter().filter(|it| it.0 == rule).count() - 1;
    let own = outputs(&ci(), other)[output];
    // The digest is linear in that variable.
    let shifted = with_fault(&ci(), other, rule, last);
    let slope = shifted.values()[place] - own;
    let honest = assign(&ci(), other);
    let variable = (0..honest.values().len())
        .rfind(|at| *at > CONTEXT && honest.values()[*at] != shifted.values()[*at]);
    let variable = variable.unwrap();
    let value = honest.values()[variable] + (wanted - own) * slope.inverse().unwrap();
    let mut forged = honest;
    forged.set(variable, value);
    forged.set(place, wanted);
    forged
}

/// Tests ZKML-2: the code of another iris for the commitment of the honest one.
#[test]
fn c10_refuses_a_digest_that_is_not_the_sponges() {
    let other = ci().witness(private(ci(), 8), context());
    let forged = forged_sponge(&other, 10, 0, honest().public.image_commitment);
    assert_foreign_code_held_by(10, &forged);
}

/// Tests ZKML-2: the same by writing the other commitment down.
#[test]
fn c11_refuses_the_commitment_of_another_iris() {
    let other = ci().witness(private(ci(), 8), context());
    let mut forged = assign(&ci(), &other);
    forged.set(IMAGE, honest().public.image_commitment);
    assert_foreign_code_held_by(11, &forged);
}

/// Tests ZKML-3: the honest iris with the commitment to another's code.
#[test]
fn c12_refuses_a_digest_that_is_not_the_sponges() {
    let wanted = ci().witness(private(ci(), 8), context()).public;
    let forged = forged_sponge(&honest(), 12, 1, wanted.code_commitment);
    assert_foreign_code_held_by(12, &forged);
}

/// Tests ZKML-3: the same by writing the other commitment down.
#[test]
fn c13_refuses_the_commitment_to_another_code() {
    let wanted = ci().witness(private(ci(), 8), context()).public;
    let mut forged = assign(&ci(), &honest());
    forged.set(CODE, wanted.code_commitment);
    assert_foreign_code_held_by(13, &forged);
}

/// Tests ZKML-6: a proof that is used again elsewhere.
#[test]
fn c14_refuses_another_context() {
    let mut forged = assign(&ci(), &honest());
    forged.set(CONTEXT, context() + Fr::ONE);
    assert_held_by(14, &forged);
}

/// Values that break the row `row` and no other.
fn breaking_row_alone(row: usize) -> Assignment {
    let rule = ROWS.rules[row].0;
    // Rows of a rule follow each other, but for those of comparisons.
    let at = row - ROWS.rules.iter().position(|it| it.0 == rule).unwrap();
    let depth = ci().model.size().pixel_bits as usize;
    match rule {
        1 => assign(&ci(), &stated(|it| it.eye = Fr::from(2))),
        2 => pixel_above_white(at / depth, at % depth, depth),
        3 => assign(&ci(), &stated(|it| it.noise[at] = 2)),
        4..=9 => breaking_comparison_row(row),
        10 | 12 => with_fault(&ci(), &honest(), rule, at),
        _ => {
            let place = [IMAGE, CODE, CONTEXT][usize::from((rule - 11).div_ceil(2))];
            let mut forged = assign(&ci(), &honest());
            forged.set(place, forged.values()[place] + Fr::ONE);
            forged
        }
    }
}

/// A pixel one above white, all of it in the bit `bit`. The highest bit is what the others leave.
fn pixel_above_white(pixel: usize, bit: usize, depth: usize) -> Assignment {
    let witness = stated(|it| it.pixels[pixel] = 1 << depth);
    let lowest = PIXELS + pixel * depth + 1;
    let whole = (lowest + bit, Fr::from(1_u64 << (depth - bit)));
    let change = if bit + 1 < depth {
        vec![whole]
    } else {
        Vec::new()
    };
    with_changes(&ci(), &witness, &change)
}

fn breaking_comparison_row(row: usize) -> Assignment {
    let witness = honest();
    let own = assign(&ci(), &witness);
    let mut first = ROWS.rules.iter().position(|it| it.0 == 4).unwrap();
    let all = comparisons(ci().model);
    let mut from = all.iter().map(|it| {
        let begin = first;
        // The sign, each bit, and the relation.
        first += it.bits + 2;
        (it, begin)
    });
    let (it, begin) = from.find(|(it, begin)| row < begin + it.bits + 2).unwrap();
    let values = own.values();
    let change = match row - begin {
        0 => other_than_a_bit(values, it),
        at if at <= it.bits => opposite_sign(values, it, at - 1),
        _ => vec![(it.sign, Fr::ONE - values[it.sign])],
    };
    with_changes(&ci(), &witness, &change)
}

/// Rows between two that are tried: no multiple of the rows of a pixel, of a comparison or of an
/// S-box, so that rows of every kind come up.
const STEP: usize = 59;

/// Tests ZKML-4 and ZKML-5: without that one row, values that no honest prover has are accepted.
#[test]
fn no_row_is_superfluous() {
    let firsts = (1..=14).map(|rule| ROWS.rules.iter().position(|it| it.0 == rule).unwrap());
    for row in (0..ROWS.constraint_count()).step_by(STEP).chain(firsts) {
        let forged = breaking_row_alone(row);
        assert_eq!(
            ROWS.unsatisfied(&forged),
            [row],
            "a row of {}",
            ROWS.rules[row]
        );
    }
}
