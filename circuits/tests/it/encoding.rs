use std::sync::LazyLock;

use annona_circuits::{
    Circuit, Encoding, EncodingPrivate, EncodingWitness, R1cs, assign, commit_code, commit_image,
    outputs,
};
use annona_model::{EncodedIris, EncoderModel, ModelName, NormalisedIris, Probe};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, PrimeField};
use proptest::prelude::*;

use crate::faults::{assert_each_row_holds, broken_by_changes};
use crate::model::broken_rules;
use crate::poseidon::digest_from;
use crate::variables::free_variables;

pub(crate) static ROWS: LazyLock<R1cs> = LazyLock::new(|| R1cs::of(&ci()));

pub(crate) fn ci() -> Encoding {
    Encoding {
        model: ModelName::Ci.model(),
    }
}

/// An iris whose pixels and noise look random.
pub(crate) fn iris(model: &EncoderModel, seed: u64) -> NormalisedIris {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    };
    let size = *model.size();
    let pixels = (0..size.pixel_count()).map(|_| next() as u8 & size.white());
    let pixels = pixels.collect();
    let noise = (0..size.noise_count()).map(|_| next() % 7 == 0).collect();
    NormalisedIris::new(model, pixels, noise).unwrap()
}

pub(crate) fn private(circuit: Encoding, seed: u64) -> EncodingPrivate {
    let salt = |at: u64| Fr::from(seed + at).pow([0x1_0001_u64]);
    EncodingPrivate::new(&iris(circuit.model, seed), Fr::ONE, salt(2), salt(3))
}

pub(crate) fn context() -> Fr {
    Fr::from(0x1234_5678_9abc_u64)
}

pub(crate) fn honest() -> EncodingWitness {
    ci().witness(private(ci(), 7), context())
}

fn broken(witness: &EncodingWitness) -> Vec<u8> {
    crate::faults::rules(&ROWS, &assign(&ci(), witness))
}

/// The rules that are broken by private inputs whose commitments are the circuit's own.
fn broken_by(change: impl Fn(&mut EncodingPrivate)) -> Vec<u8> {
    let mut private = private(ci(), 7);
    change(&mut private);
    broken(&ci().witness(private, context()))
}

/// The variables of each comparison with zero, in the order of the rows: the bit, and how many
/// bits of a magnitude follow it.
pub(crate) struct Comparison {
    pub(crate) probe: Probe,
    /// 0 and 1 for the code, 2 for the mask.
    pub(crate) part: usize,
    pub(crate) sign: usize,
    pub(crate) bits: usize,
}

pub(crate) fn comparisons(model: &EncoderModel) -> Vec<Comparison> {
    let size = model.size();
    let pixels = size.pixel_count() * size.pixel_bits as usize;
    // The constant, public inputs, eye and salts, pixels with all bits but their highest, noise.
    let mut next = 1 + 3 + 3 + pixels + size.noise_count();
    let mut found = Vec::new();
    for (filter, kernels) in model.filters().iter().enumerate() {
        let limit = kernels.max_noisy_pixels_in_window as usize;
        let most = limit.max(kernels.window_pixels() - limit - 1);
        let distance = (usize::BITS - most.leading_zeros()) as usize;
        let [re, im] = model.magnitude_bits(filter).map(|bits| bits as usize);
        for radius in 0..kernels.probe_rows.len() {
            for column in 0..model.probe_columns().len() {
                for (part, bits) in [re, im, distance].into_iter().enumerate() {
                    let probe = Probe {
                        filter,
                        radius,
                        column,
                    };
                    found.push(Comparison {
                        probe,
                        part,
                        sign: next,
                        bits,
                    });
                    next += 1 + bits;
                }
            }
        }
    }
    found
}

/// The code and mask that are in an assignment.
fn bits_in(model: &EncoderModel, values: &[Fr]) -> EncodedIris {
    let mut found = EncodedIris {
        code: vec![false; model.code_count()],
        mask: vec![false; model.mask_count()],
    };
    for it in comparisons(model) {
        let bit = values[it.sign] == Fr::ONE;
        match it.part {
            2 => found.mask[model.mask_index(it.probe)] = bit,
            part => found.code[model.code_index(it.probe, part)] = bit,
        }
    }
    found
}

fn scalar_of_bits(bits: &[bool]) -> Fr {
    let bits = bits.iter().rev();
    bits.fold(Fr::ZERO, |sum, bit| sum.double() + Fr::from(*bit))
}

fn domain(bytes: [u8; 31]) -> Fr {
    Fr::from_be_bytes_mod_order(&bytes)
}

/// The items of an image commitment, written without the circuit.
fn image_items(iris: &NormalisedIris, eye: Fr, salt: Fr) -> Vec<Fr> {
    let depth = iris.size().pixel_bits as usize;
    let pixel = |pixel: &u8| {
        (0..depth)
            .map(|at| pixel >> at & 1 == 1)
            .collect::<Vec<_>>()
    };
    let pixels = iris.pixels().chunks(248 / depth);
    let pixels = pixels.map(|it| scalar_of_bits(&it.iter().flat_map(pixel).collect::<Vec<_>>()));
    let noise = iris.noise().chunks(253).map(scalar_of_bits);
    [eye, salt].into_iter().chain(pixels).chain(noise).collect()
}

/// The items of a code commitment, written without the circuit.
fn code_items(encoded: &EncodedIris, eye: Fr, salt: Fr) -> Vec<Fr> {
    let code = encoded.code.chunks(253).map(scalar_of_bits);
    let mask = encoded.mask.chunks(253).map(scalar_of_bits);
    [eye, salt].into_iter().chain(code).chain(mask).collect()
}

#[test]
fn an_honest_witness_breaks_no_rule() {
    assert_eq!(broken(&honest()), Vec::<u8>::new());
    assert_eq!(broken_rules(&ci(), &ci().blank()), [11, 13]);
}

#[test]
fn sizes_are_those_of_the_header() {
    for (name, rows) in [
        (ModelName::P, 454_420),
        (ModelName::S18, 243_824),
        (ModelName::Ci, 10_534),
        (ModelName::P2, 464_020),
    ] {
        let circuit = Encoding {
            model: name.model(),
        };
        assert_eq!(circuit.row_count(), rows, "{name}");
    }
    assert_eq!(ROWS.constraint_count(), ci().row_count());
}

/// Tests ZKML-4.
#[test]
fn c1_holds_the_eye_to_left_and_right() {
    for eye in [Fr::from(2), -Fr::ONE, Fr::from(2).inverse().unwrap()] {
        assert_eq!(broken_by(|private| private.eye = eye), [1]);
    }
}

/// Tests ZKML-4.
#[test]
fn c2_holds_pixels_to_their_depth() {
    assert_eq!(broken_by(|private| private.pixels[100] = 128), [2]);
    assert_eq!(broken_by(|private| private.pixels[479] = 255), [2]);
    // A bit that is 2, and the pixel that it gives.
    let witness = ci().witness(private(ci(), 7), context());
    let lowest = 1 + 3 + 3 + 1;
    let broken = broken_by_changes(&ci(), &ROWS, &witness, &[(lowest, Fr::from(2))]);
    assert_eq!(broken, [2]);
}

#[test]
fn c3_holds_noise_to_zero_and_one() {
    assert_eq!(broken_by(|private| private.noise[30] = 2), [3]);
}

/// Changes the variables of the first comparison of `part` whose bit is `bit`; `change` gets the
/// sum that it is about, and returns the bit and the lowest bit of the magnitude.
fn broken_comparison(part: usize, bit: Fr, change: impl Fn(Fr) -> (Fr, Fr)) -> Vec<u8> {
    let witness = honest();
    let assignment = assign(&ci(), &witness);
    let values = assignment.values();
    let comparisons = comparisons(ci().model);
    let of_part = comparisons.iter().filter(|it| it.part == part);
    let magnitude = |it: &Comparison| {
        let bits = values[it.sign + 1..=it.sign + it.bits].iter().rev();
        bits.fold(Fr::ZERO, |sum, bit| sum.double() + bit)
    };
    let chosen = of_part.filter(|it| values[it.sign] == bit && magnitude(it) > Fr::from(1));
    let chosen = chosen.into_iter().next().unwrap();
    let m = magnitude(chosen);
    let sum = bit * (m.double() + Fr::ONE) - m;
    let (sign, lowest) = change(sum);
    let mut changes: Vec<(usize, Fr)> = (2..=chosen.bits)
        .map(|at| (chosen.sign + at, Fr::ZERO))
        .collect();
    changes.extend([(chosen.sign, sign), (chosen.sign + 1, lowest)]);
    broken_by_changes(&ci(), &ROWS, &witness, &changes)
}

/// Tests ZKML-5.
#[test]
fn c4_c7_hold_signs_to_zero_and_one() {
    for (part, rule) in [(0, 4), (1, 4), (2, 7)] {
        for bit in [Fr::ZERO, Fr::ONE] {
            // With no magnitude the relation says that the bit is the sum itself.
            let broken = broken_comparison(part, bit, |sum| (sum, Fr::ZERO));
            assert_eq!(broken, [rule], "part {part}, bit {bit}");
        }
    }
}

/// Tests ZKML-5.
#[test]
fn c5_c8_hold_magnitudes_to_their_bits() {
    for (part, rule) in [(0, 5), (1, 5), (2, 8)] {
        let broken = broken_comparison(part, Fr::ONE, |sum| (Fr::ZERO, -sum));
        assert_eq!(broken, [rule], "part {part}");
        let broken = broken_comparison(part, Fr::ZERO, |sum| (Fr::ONE, sum - Fr::ONE));
        assert_eq!(broken, [rule], "part {part}");
    }
}

/// Tests ZKML-5.
#[test]
fn c6_c9_hold_signs_to_their_sums() {
    let witness = honest();
    let assignment = assign(&ci(), &witness);
    for it in comparisons(ci().model).iter().step_by(13) {
        let other = Fr::ONE - assignment.values()[it.sign];
        let broken = broken_by_changes(&ci(), &ROWS, &witness, &[(it.sign, other)]);
        assert_eq!(broken, [if it.part == 2 { 9 } else { 6 }]);
    }
}

/// Tests ZKML-2 and ZKML-3.
#[test]
fn c10_c12_hold_every_step_of_the_sponges() {
    for rule in [10, 12] {
        assert_each_row_holds(&ci(), &honest(), rule, 4);
    }
}

#[test]
fn c11_holds_the_iris_to_its_commitment() {
    let mut witness = honest();
    witness.public.image_commitment += Fr::ONE;
    assert_eq!(broken(&witness), [11]);
}

#[test]
fn c13_holds_the_code_to_its_commitment() {
    let mut witness = honest();
    witness.public.code_commitment += Fr::ONE;
    assert_eq!(broken(&witness), [13]);
}

/// Tests ZKML-6.
#[test]
fn c14_holds_the_proof_to_its_context() {
    let mut assignment = assign(&ci(), &honest());
    assignment.set(3, context() + Fr::ONE);
    assert_eq!(crate::faults::rules(&ROWS, &assignment), [14]);
}

/// Tests ZKML-4.
#[test]
fn no_variable_can_be_changed_alone() {
    assert_eq!(free_variables(&ci(), &honest()), Vec::<usize>::new());
}

#[test]
fn rows_do_not_depend_on_the_witness() {
    let assignment = assign(&ci(), &honest());
    assert_eq!(assignment.values().len(), ROWS.variable_count);
    assert_eq!(assignment.public_inputs().len() + 1, ROWS.public_count);
}

/// Tests ZKML-4.
#[test]
fn the_other_eye_another_pixel_and_swapped_salts_are_refused() {
    let honest = honest();
    let refused = |change: &dyn Fn(&mut EncodingPrivate)| {
        let mut witness = honest.clone();
        change(&mut witness.private);
        broken(&witness)
    };
    assert_eq!(refused(&|it| it.eye = Fr::ZERO), [11, 13]);
    assert_eq!(refused(&|it| it.pixels[200] ^= 1)[0], 11);
    assert_eq!(refused(&|it| it.noise[3] ^= 1)[0], 11);
    assert_eq!(refused(&|it| it.image_salt += Fr::ONE), [11]);
    assert_eq!(refused(&|it| it.code_salt += Fr::ONE), [13]);
    let swap = |it: &mut EncodingPrivate| core::mem::swap(&mut it.image_salt, &mut it.code_salt);
    assert_eq!(refused(&swap), [11, 13]);
}

/// A model that differs by one weight proves another code commitment, and none of this one.
/// Tests ZKML-3.
#[test]
fn another_model_is_refused() {
    let file = include_str!("../../../crates/model/params/ci_40x12_q7.json");
    let other = file.replacen("[-3, 1, 4, 1, -3]", "[-3, 2, 3, 1, -3]", 1);
    assert_ne!(file, other);
    let other = Box::leak(Box::new(EncoderModel::parse(&other).unwrap()));
    let other = Encoding { model: other };
    assert_eq!(broken_rules(&other, &honest()), [13]);
    let witness = other.witness(private(other, 7), context());
    let own = honest().public;
    assert_eq!(witness.public.image_commitment, own.image_commitment);
    assert_ne!(witness.public.code_commitment, own.code_commitment);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Tests ZKML-1: the pipeline's code is the witness's, bit for bit, and commitments are those
    /// of the specification.
    #[test]
    fn the_circuit_computes_what_the_pipeline_computes(seed: u64, right: bool) {
        let circuit = ci();
        let iris = iris(circuit.model, seed);
        let encoded = circuit.model.encode(&iris);
        let (eye, image_salt, code_salt) = (Fr::from(right), Fr::from(seed), Fr::from(!seed));
        let private = EncodingPrivate::new(&iris, eye, image_salt, code_salt);
        let witness = circuit.witness(private, context());
        let assignment = assign(&circuit, &witness);
        prop_assert_eq!(crate::faults::rules(&ROWS, &assignment), Vec::<u8>::new());
        prop_assert!(bits_in(circuit.model, assignment.values()) == encoded);

        let image = digest_from(
            domain(circuit.model.image_domain()),
            &image_items(&iris, eye, image_salt),
        );
        let code = digest_from(
            domain(circuit.model.code_domain()),
            &code_items(&encoded, eye, code_salt),
        );
        prop_assert_eq!(outputs(&circuit, &witness), [image, code]);
        prop_assert_eq!(commit_image(circuit.model, &iris, eye, image_salt), image);
        prop_assert_eq!(commit_code(circuit.model, &encoded, eye, code_salt), code);
    }
}

/// Tests ZKML-1 at the size of real codes.
#[test]
fn full_sizes_compute_what_the_pipeline_computes() {
    for name in [ModelName::P, ModelName::S18, ModelName::P2] {
        let circuit = Encoding {
            model: name.model(),
        };
        let iris = iris(circuit.model, 11);
        let witness = circuit.witness(private(circuit, 11), context());
        let assignment = assign(&circuit, &witness);
        let encoded = circuit.model.encode(&iris);
        assert!(bits_in(circuit.model, assignment.values()) == encoded);
        let valid = encoded.mask.iter().filter(|bit| **bit).count();
        assert!(valid > 0 && valid < encoded.mask.len(), "{valid}");
        let salt = witness.private.code_salt;
        assert_eq!(
            witness.public.code_commitment,
            commit_code(circuit.model, &encoded, Fr::ONE, salt)
        );
    }
}

/// Flat irises, where every response is exactly zero, and noise exactly at the limit.
/// Tests ZKML-5.
#[test]
fn zero_is_not_positive_and_the_limit_is_valid() {
    let model = ci().model;
    let size = *model.size();
    for level in [0, 64, 127] {
        let noise = (0..size.noise_count()).map(|at| at % 10 == 3).collect();
        let iris = NormalisedIris::new(model, vec![level; size.pixel_count()], noise).unwrap();
        let mut at_the_limit = 0;
        model.for_each_probe(&iris, |probe, response| {
            let limit = model.filters()[probe.filter].max_noisy_pixels_in_window;
            at_the_limit += usize::from(response.noisy_pixels == limit);
        });
        assert!(at_the_limit > 0);
        let private = EncodingPrivate::new(&iris, Fr::ZERO, Fr::ONE, Fr::ONE);
        let witness = ci().witness(private, context());
        let assignment = assign(&ci(), &witness);
        assert_eq!(crate::faults::rules(&ROWS, &assignment), Vec::<u8>::new());
        let found = bits_in(model, assignment.values());
        assert!(found.code.iter().all(|bit| !bit));
        assert!(found == model.encode(&iris));
    }
}
