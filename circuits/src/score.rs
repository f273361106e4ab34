//! **Score**: the hidden filter bank behind `modelCommitment` has at most `falseMatches` false
//! matches and at most `falseNonMatches` false non-matches over all pairs of the irises behind
//! `setCommitment`, which was fixed before the bank.
//!
//! Public inputs, in this order: `setCommitment, modelCommitment, falseMatches,
//! falseNonMatches, context`. Private inputs: a salt and the pixels of the irises, a salt, the
//! weights and the threshold of the bank.
//!
//! | | constraint | rows |
//! | --- | --- | --- |
//! | C1 | each pixel has `q` bits, each 0 or 1 | `q` a pixel |
//! | C2 | each weight, moved by half of its range, has `w` bits, each 0 or 1 | `w` a weight |
//! | C3 | the threshold `T` has `t` bits, each 0 or 1 | `t` |
//! | C4 | the product of a weight and a pixel of its window | 1 a weight and code bit |
//! | C5 | each code bit `b` is 0 or 1 | 1 a bit |
//! | C6 | each bit of a magnitude `m` is 0 or 1 | `B` a code bit |
//! | C7 | `b (2 m + 1) = R + m`, so that `b` says `R > 0` | 1 a code bit |
//! | C8 | the product of two code bits in the same place of two irises | 1 a bit and pair |
//! | C9 | each match bit `b` is 0 or 1 | 1 a pair |
//! | C10 | each bit of a distance `m` from the threshold is 0 or 1 | `t` a pair |
//! | C11 | `b (2 m + 1) = T + 1 - d + m`, so that `b` says `d <= T` | 1 a pair |
//! | C12 | each bit of what is left to a public count is 0 or 1 | 10 |
//! | C13 | it is the public count less the errors, so that they are no more | 2 |
//! | C14 | the sponge over salt and pixels | `612 ceil(items / 16)` |
//! | C15 | its result is `setCommitment` | 1 |
//! | C16 | the sponge over that result, salt, weights, threshold | `612 ceil(items / 16)` |
//! | C17 | its result is `modelCommitment` | 1 |
//! | C18 | the square of `context` is a variable, so that no proof fits another context | 1 |
//!
//! C1 to C3 are ZKML-15, C4 to C13 ZKML-14, C14 and C15 ZKML-12, C16 and C17 ZKML-13, C18 ZKML-6.
//!
//! `R` is the sum of the products of a window, `d` the number of places where two codes differ.
//! Irises `2 i` and `2 i + 1` are of one eye, all other pairs of two. C16 takes in the test set's
//! commitment, so that a bank can be committed to only after the set. Sums stay below `2^20`, far
//! from the field's order, so that C5 to C11 have one solution. Rows in all: 29,335 for the
//! size in use.
//!
//! **Not proved here**: that the test set is fair, or large enough to say anything about people.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, PrimeField};

use crate::builder::{Builder, Circuit, Rule};
use crate::gadgets::{bits, bits_of, enforce_equal};
use crate::integers::{BITS_IN_ITEM, SignRules, Sum, below_power_of_two, is_positive, pack};
use crate::poseidon::absorb_from;
use crate::values::{Evaluator, outputs};

const PIXEL: Rule = Rule(1);
const WEIGHT: Rule = Rule(2);
const THRESHOLD: Rule = Rule(3);
const PRODUCT: Rule = Rule(4);
const CODE: SignRules = SignRules {
    sign: Rule(5),
    magnitude: Rule(6),
    relation: Rule(7),
};
const BOTH: Rule = Rule(8);
const MATCH: SignRules = SignRules {
    sign: Rule(9),
    magnitude: Rule(10),
    relation: Rule(11),
};
const REST_BITS: Rule = Rule(12);
const REST: Rule = Rule(13);
const SET_SPONGE: Rule = Rule(14);
const SET_COMMITMENT: Rule = Rule(15);
const MODEL_SPONGE: Rule = Rule(16);
const MODEL_COMMITMENT: Rule = Rule(17);
const CONTEXT: Rule = Rule(18);

/// First bytes of the capacity of a test set's sponge; the sizes follow.
const SET_DOMAIN: &[u8] = b"annona.score-set.1";

/// First bytes of the capacity of a model's sponge; the sizes follow.
const MODEL_DOMAIN: &[u8] = b"annona.score-bank.1";

/// Captures of each eye in a test set.
const CAPTURES: usize = 2;

/// The circuit of a score, by its sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// Eyes in the test set, each captured twice.
    pub eyes: u8,
    /// Columns of a normalised iris, round the eye.
    pub width: u8,
    /// Rows of a normalised iris.
    pub height: u8,
    /// Bits of a pixel.
    pub pixel_bits: u8,
    /// Filters of a bank.
    pub filters: u8,
    /// Rows of a filter; probes lie as far apart.
    pub filter_height: u8,
    /// Columns of a filter.
    pub filter_width: u8,
    /// Bits of a weight, which is signed.
    pub weight_bits: u8,
    /// Columns from one probe to the next.
    pub column_step: u8,
    /// Bits of the threshold, enough for every distance.
    pub threshold_bits: u8,
}

/// The public inputs of [`Score`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScorePublic {
    /// Commitment to the irises of the test set.
    pub set_commitment: Fr,
    /// Commitment to the bank, made after the one to the test set.
    pub model_commitment: Fr,
    /// Most pairs of two eyes that the bank may take for one.
    pub false_matches: Fr,
    /// Most pairs of one eye that the bank may take for two.
    pub false_non_matches: Fr,
    /// Purpose, account and epoch of the proof, hashed.
    pub context: Fr,
}

/// The irises of a test set and the salt of their commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct ScoreSet {
    /// Salt of the commitment.
    pub salt: Fr,
    /// Pixels, iris by iris, row by row.
    pub pixels: Vec<u32>,
}

/// A filter bank and the salt of its commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct ScoreBank {
    /// Salt of the commitment.
    pub salt: Fr,
    /// Weights, filter by filter, row by row.
    pub weights: Vec<i32>,
    /// Greatest distance that is a match.
    pub threshold: u32,
}

/// All inputs of [`Score`]. Numbers that are out of range give an assignment that breaks rows.
#[derive(Clone, PartialEq, Eq)]
pub struct ScoreWitness {
    /// Inputs that the verifier knows.
    pub public: ScorePublic,
    /// The test set.
    pub set: ScoreSet,
    /// The bank.
    pub bank: ScoreBank,
}

/// Numbers of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreErrors {
    /// Pairs of two eyes taken for one.
    pub false_matches: u32,
    /// Pairs of one eye taken for two.
    pub false_non_matches: u32,
}

/// Integers as combinations with their values.
struct Integers<Lc> {
    combinations: Vec<Lc>,
    values: Vec<i64>,
}

/// Bits as combinations with their values.
struct Bits<Lc> {
    combinations: Vec<Lc>,
    values: Vec<bool>,
}

/// Pairs that count as errors, and their number.
struct Errors<Lc> {
    terms: Vec<(Fr, Lc)>,
    count: u32,
}

impl Score {
    /// The size in use: 14 irises of 20 by 6 pixels, codes of 40 bits.
    pub const SMALL: Self = Self {
        eyes: 7,
        width: 20,
        height: 6,
        pixel_bits: 4,
        filters: 2,
        filter_height: 3,
        filter_width: 5,
        weight_bits: 5,
        column_step: 2,
        threshold_bits: 6,
    };

    /// Returns the number of irises in a test set.
    #[must_use]
    pub const fn iris_count(self) -> usize {
        CAPTURES * self.eyes as usize
    }

    /// Returns the number of pixels of an iris.
    #[must_use]
    pub const fn pixel_count(self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Returns the number of weights of a bank.
    #[must_use]
    pub const fn weight_count(self) -> usize {
        self.filters as usize * self.window()
    }

    /// Returns the number of bits of a code.
    #[must_use]
    pub const fn code_count(self) -> usize {
        let rows = self.height as usize / self.filter_height as usize;
        let columns = self.width as usize / self.column_step as usize;
        self.filters as usize * rows * columns
    }

    /// Returns the number of pairs of one eye, and of two.
    #[must_use]
    pub const fn pair_counts(self) -> (u32, u32) {
        let irises = self.iris_count() as u32;
        let genuine = self.eyes as u32;
        (genuine, irises * (irises - 1) / 2 - genuine)
    }

    /// Returns the range of a weight.
    #[must_use]
    pub const fn weight_range(self) -> core::ops::RangeInclusive<i32> {
        -self.weight_offset()..=self.weight_offset() - 1
    }

    const fn weight_offset(self) -> i32 {
        1 << (self.weight_bits - 1)
    }

    /// Returns the number of weights of a filter.
    const fn window(self) -> usize {
        self.filter_height as usize * self.filter_width as usize
    }

    /// Returns the bits that hold the magnitude of every response.
    const fn magnitude_bits(self) -> u32 {
        let most =
            self.window() as u32 * ((1 << self.pixel_bits) - 1) * self.weight_offset() as u32;
        u32::BITS - most.leading_zeros()
    }

    /// Writes the sizes behind a text: 31 bytes at most, a scalar.
    fn domain(self, text: &[u8]) -> Fr {
        let sizes = [
            self.eyes,
            self.width,
            self.height,
            self.pixel_bits,
            self.filters,
            self.filter_height,
            self.filter_width,
            self.weight_bits,
            self.column_step,
            self.threshold_bits,
        ];
        Fr::from_be_bytes_mod_order(&[text, &sizes].concat())
    }

    /// Computes the commitment to a test set (ZKML-12).
    ///
    /// # Panics
    /// Panics when `set` has not the size of the circuit's test sets.
    #[must_use]
    pub fn commit_set(self, set: &ScoreSet) -> Fr {
        let expected = self.iris_count() * self.pixel_count();
        assert_eq!(
            set.pixels.len(),
            expected,
            "the test set is of another size"
        );
        let pixels: Vec<Fr> = set.pixels.iter().map(|it| Fr::from(*it)).collect();
        self.set_sponge(&mut Evaluator::default(), &set.salt, &pixels)
    }

    /// Computes the commitment to a bank that is made after the one to a test set (ZKML-13).
    ///
    /// # Panics
    /// Panics when `bank` has not the size of the circuit's banks.
    #[must_use]
    pub fn commit_bank(self, set_commitment: Fr, bank: &ScoreBank) -> Fr {
        let expected = self.weight_count();
        assert_eq!(bank.weights.len(), expected, "the bank is of another size");
        let moved = bank.weights.iter().map(|it| it + self.weight_offset());
        let moved: Vec<Fr> = moved.map(Fr::from).collect();
        let threshold = Fr::from(bank.threshold);
        let head = [&set_commitment, &bank.salt];
        self.model_sponge(&mut Evaluator::default(), head, &moved, &threshold)
    }

    /// Returns the statement that `bank` has at most `most` errors over `set`, with the
    /// commitments that are true; whether the rest is true is for the rows to say.
    #[must_use]
    pub fn witness(
        self,
        set: ScoreSet,
        bank: ScoreBank,
        most: ScoreErrors,
        context: Fr,
    ) -> ScoreWitness {
        let public = ScorePublic {
            false_matches: Fr::from(most.false_matches),
            false_non_matches: Fr::from(most.false_non_matches),
            context,
            ..ScorePublic::default()
        };
        let mut witness = ScoreWitness { public, set, bank };
        let computed = outputs(&self, &witness);
        witness.public.set_commitment = computed[0];
        witness.public.model_commitment = computed[1];
        witness
    }

    fn set_sponge<B: Builder>(self, builder: &mut B, salt: &B::Lc, pixels: &[B::Lc]) -> B::Lc {
        let mut items = vec![salt.clone()];
        let depth = usize::from(self.pixel_bits);
        items.extend(pack(builder, pixels, depth, BITS_IN_ITEM / depth));
        absorb_from(builder, SET_SPONGE, self.domain(SET_DOMAIN), &items)
    }

    fn model_sponge<B: Builder>(
        self,
        builder: &mut B,
        head: [&B::Lc; 2],
        moved_weights: &[B::Lc],
        threshold: &B::Lc,
    ) -> B::Lc {
        let mut items = head.map(Clone::clone).to_vec();
        let depth = usize::from(self.weight_bits);
        items.extend(pack(builder, moved_weights, depth, BITS_IN_ITEM / depth));
        items.push(threshold.clone());
        absorb_from(builder, MODEL_SPONGE, self.domain(MODEL_DOMAIN), &items)
    }

    fn pixels<B: Builder>(self, builder: &mut B, pixels: &[u32]) -> Integers<B::Lc> {
        let depth = usize::from(self.pixel_bits);
        let combinations = pixels
            .iter()
            .map(|&value| below_power_of_two(builder, PIXEL, value, depth))
            .collect();
        Integers {
            combinations,
            values: pixels.iter().copied().map(i64::from).collect(),
        }
    }

    /// Returns the weights, and the form that is committed to: each moved by half of its range
    /// (ZKML-15).
    fn weights<B: Builder>(
        self,
        builder: &mut B,
        weights: &[i32],
    ) -> (Integers<B::Lc>, Vec<B::Lc>) {
        let (offset, depth) = (self.weight_offset(), usize::from(self.weight_bits));
        let moved: Vec<B::Lc> = weights
            .iter()
            .map(|&value| below_power_of_two(builder, WEIGHT, (value + offset) as u32, depth))
            .collect();
        let offset = builder.constant(Fr::from(offset));
        let weight = |it: &B::Lc| builder.combine(&[(Fr::ONE, it), (-Fr::ONE, &offset)]);
        let weights = Integers {
            combinations: moved.iter().map(weight).collect(),
            values: weights.iter().copied().map(i64::from).collect(),
        };
        (weights, moved)
    }

    /// Computes the code of the iris `iris`.
    fn code<B: Builder>(
        self,
        builder: &mut B,
        iris: usize,
        pixels: &Integers<B::Lc>,
        weights: &Integers<B::Lc>,
    ) -> Bits<B::Lc> {
        let (height, step) = (
            usize::from(self.filter_height),
            usize::from(self.column_step),
        );
        let mut code = Bits::default();
        for filter in 0..usize::from(self.filters) {
            for row in 0..usize::from(self.height) / height {
                for column in (0..usize::from(self.width)).step_by(step) {
                    let window = self.window_pixels(iris, row * height, column);
                    let first = filter * self.window();
                    let response = response(builder, pixels, &window, weights, first);
                    code.values.push(response.value > 0);
                    let bit = is_positive(builder, CODE, &response, self.magnitude_bits());
                    code.combinations.push(bit);
                }
            }
        }
        code
    }

    /// Lists the pixels of the window whose first row is `row` and whose middle column is
    /// `column`, wrapped round the eye.
    fn window_pixels(self, iris: usize, row: usize, column: usize) -> Vec<usize> {
        let (width, across) = (usize::from(self.width), usize::from(self.filter_width));
        let first = column + width - across / 2;
        let rows = row..row + usize::from(self.filter_height);
        rows.flat_map(|row| {
            let start = iris * self.pixel_count() + row * width;
            (0..across).map(move |at| start + (first + at) % width)
        })
        .collect()
    }

    /// Compares all pairs, and counts errors as sums of match bits.
    fn errors<B: Builder>(
        self,
        builder: &mut B,
        codes: &[Bits<B::Lc>],
        threshold: &Sum<B::Lc>,
    ) -> [Errors<B::Lc>; 2] {
        let one = builder.constant(Fr::ONE);
        let [mut false_matches, mut false_non_matches] = [Errors::default(), Errors::default()];
        for (at, first) in codes.iter().enumerate() {
            for (other, second) in codes.iter().enumerate().skip(at + 1) {
                let distance = distance(builder, first, second);
                let room = room(builder, threshold, &distance);
                let matched = room.value > 0;
                let bits = u32::from(self.threshold_bits);
                let bit = is_positive(builder, MATCH, &room, bits);
                if at / CAPTURES == other / CAPTURES {
                    let missed = builder.combine(&[(Fr::ONE, &one), (-Fr::ONE, &bit)]);
                    false_non_matches.add(missed, !matched);
                } else {
                    false_matches.add(bit, matched);
                }
            }
        }
        [false_matches, false_non_matches]
    }

    /// Counts the errors of `bank` over `set` by the circuit's own arithmetic.
    #[must_use]
    pub fn count_errors(self, set: &ScoreSet, bank: &ScoreBank) -> ScoreErrors {
        let builder = &mut Evaluator::default();
        let pixels = self.pixels(builder, &set.pixels);
        let (weights, _) = self.weights(builder, &bank.weights);
        let codes: Vec<Bits<Fr>> = (0..self.iris_count())
            .map(|iris| self.code(builder, iris, &pixels, &weights))
            .collect();
        let threshold = Sum {
            combination: Fr::from(bank.threshold),
            value: i64::from(bank.threshold),
        };
        let [false_matches, false_non_matches] = self.errors(builder, &codes, &threshold);
        ScoreErrors {
            false_matches: false_matches.count,
            false_non_matches: false_non_matches.count,
        }
    }
}

impl<Lc> Default for Bits<Lc> {
    fn default() -> Self {
        Self {
            combinations: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl<Lc> Default for Errors<Lc> {
    fn default() -> Self {
        Self {
            terms: Vec::new(),
            count: 0,
        }
    }
}

impl<Lc> Errors<Lc> {
    fn add(&mut self, bit: Lc, is_error: bool) {
        self.terms.push((Fr::ONE, bit));
        self.count += u32::from(is_error);
    }

    /// Holds the errors to at most `most` (ZKML-14): the rest is a number of as many bits as hold all pairs.
    fn enforce_at_most<B: Builder<Lc = Lc>>(&self, builder: &mut B, most: Fr, public: &Lc) {
        let terms: Vec<(Fr, &Lc)> = self.terms.iter().map(|(_, lc)| (-Fr::ONE, lc)).collect();
        let terms = [&[(Fr::ONE, public)], &terms[..]].concat();
        let rest = builder.combine(&terms);
        let value = (most - Fr::from(self.count)).into_bigint().0[0];
        let count = usize::BITS - self.terms.len().leading_zeros();
        let bits = bits(value, count as usize);
        bits_of(builder, (REST_BITS, REST), &bits, &rest);
    }
}

/// Computes the sum of the products of a window's pixels and the weights from `first` on.
fn response<B: Builder>(
    builder: &mut B,
    pixels: &Integers<B::Lc>,
    window: &[usize],
    weights: &Integers<B::Lc>,
    first: usize,
) -> Sum<B::Lc> {
    let zero = builder.constant(Fr::ZERO);
    let mut value = 0;
    let products: Vec<B::Lc> = window
        .iter()
        .enumerate()
        .map(|(at, &place)| {
            value += pixels.values[place] * weights.values[first + at];
            let (pixel, weight) = (
                &pixels.combinations[place],
                &weights.combinations[first + at],
            );
            builder.solve(PRODUCT, pixel, weight, Fr::ONE, &zero)
        })
        .collect();
    let terms: Vec<(Fr, &B::Lc)> = products.iter().map(|it| (Fr::ONE, it)).collect();
    Sum {
        combination: builder.combine(&terms),
        value,
    }
}

/// Computes the number of places where two codes differ: `x + y - 2 x y`, summed.
fn distance<B: Builder>(builder: &mut B, first: &Bits<B::Lc>, second: &Bits<B::Lc>) -> Sum<B::Lc> {
    let zero = builder.constant(Fr::ZERO);
    let pairs = first.combinations.iter().zip(&second.combinations);
    let both: Vec<B::Lc> = pairs
        .map(|(x, y)| builder.solve(BOTH, x, y, Fr::ONE, &zero))
        .collect();
    let bits = first.combinations.iter().chain(&second.combinations);
    let twice = -Fr::from(2);
    let terms: Vec<(Fr, &B::Lc)> = bits
        .map(|it| (Fr::ONE, it))
        .chain(both.iter().map(|it| (twice, it)))
        .collect();
    let differing = first.values.iter().zip(&second.values);
    Sum {
        combination: builder.combine(&terms),
        value: differing.filter(|(x, y)| x != y).count() as i64,
    }
}

/// Computes `T + 1 - d`.
fn room<B: Builder>(builder: &B, threshold: &Sum<B::Lc>, distance: &Sum<B::Lc>) -> Sum<B::Lc> {
    let one = builder.constant(Fr::ONE);
    Sum {
        combination: builder.combine(&[
            (Fr::ONE, &threshold.combination),
            (Fr::ONE, &one),
            (-Fr::ONE, &distance.combination),
        ]),
        value: threshold.value + 1 - distance.value,
    }
}

impl Circuit for Score {
    type Witness = ScoreWitness;

    fn blank(&self) -> ScoreWitness {
        ScoreWitness {
            public: ScorePublic {
                // With no code bit set, all pairs match.
                false_matches: Fr::from(self.pair_counts().1),
                ..ScorePublic::default()
            },
            set: ScoreSet {
                salt: Fr::ZERO,
                pixels: vec![0; self.iris_count() * self.pixel_count()],
            },
            bank: ScoreBank {
                salt: Fr::ZERO,
                weights: vec![0; self.weight_count()],
                threshold: 0,
            },
        }
    }

    fn public_count(&self) -> usize {
        5
    }

    fn output_positions(&self) -> &'static [usize] {
        &[0, 1]
    }

    /// Public counts, context, salts, pixels, weights, threshold. Behind each of the last three
    /// are its lower bits.
    fn given(&self) -> Vec<usize> {
        let mut given: Vec<usize> = (3..8).collect();
        let mut next = 8;
        let pixels = self.iris_count() * self.pixel_count();
        let groups = [
            (pixels, self.pixel_bits),
            (self.weight_count(), self.weight_bits),
            (1, self.threshold_bits),
        ];
        for (count, bits) in groups {
            let end = next + count * usize::from(bits);
            given.extend((next..end).step_by(usize::from(bits)));
            next = end;
        }
        given
    }

    fn synthesize<B: Builder>(&self, builder: &mut B, witness: &ScoreWitness) -> Vec<B::Lc> {
        let ScoreWitness { public, set, bank } = witness;
        let set_commitment = builder.public(public.set_commitment);
        let model_commitment = builder.public(public.model_commitment);
        let most = [public.false_matches, public.false_non_matches];
        let public_counts = most.map(|most| builder.public(most));
        let context = builder.public(public.context);

        let set_salt = builder.private(set.salt);
        let model_salt = builder.private(bank.salt);
        let pixels = self.pixels(builder, &set.pixels);
        let (weights, moved) = self.weights(builder, &bank.weights);
        let bits = usize::from(self.threshold_bits);
        let threshold = Sum {
            combination: below_power_of_two(builder, THRESHOLD, bank.threshold, bits),
            value: i64::from(bank.threshold),
        };
        let codes: Vec<Bits<B::Lc>> = (0..self.iris_count())
            .map(|iris| self.code(builder, iris, &pixels, &weights))
            .collect();
        let errors = self.errors(builder, &codes, &threshold);
        for ((errors, most), public) in errors.iter().zip(most).zip(&public_counts) {
            errors.enforce_at_most(builder, most, public);
        }

        let set = self.set_sponge(builder, &set_salt, &pixels.combinations);
        enforce_equal(builder, SET_COMMITMENT, &set, &set_commitment);
        let head = [&set, &model_salt];
        let model = self.model_sponge(builder, head, &moved, &threshold.combination);
        enforce_equal(builder, MODEL_COMMITMENT, &model, &model_commitment);
        let zero = builder.constant(Fr::ZERO);
        builder.solve(CONTEXT, &context, &context, Fr::ONE, &zero);
        vec![set, model]
    }
}
