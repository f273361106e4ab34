//! **Re-capture**: the code behind `freshCommitment` matches the code behind
//! `enrolledCommitment`, at one of the upright rotations, with a score of at most `most`
//! millionths, and both are of the same eye and model.
//!
//! Public inputs, in this order: `enrolledCommitment, freshCommitment, most, context`.
//! Private inputs: eye, rotation, and of each code its salt, code bits and mask bits.
//!
//! | | constraint | rows |
//! | --- | --- | --- |
//! | C1 | the eye is 0 or 1 | 1 |
//! | C2 | each bit of the enrolled code and mask is 0 or 1 | `3 K` |
//! | C3 | each bit of the fresh code and mask is 0 or 1 | `3 K` |
//! | C4 | each bit of the turned code and mask is 0 or 1 | `3 K` |
//! | C5 | each bit of the rotation's number is 0 or 1 | `t` |
//! | C6 | not all of them are 1, so that the number is below `2^t - 1` | `t - 1` |
//! | C7 | for each bit of the number, columns move by its weight or stay | `t` a column |
//! | C8 | the turned bits are those of the columns that come out | 1 a column |
//! | C9 | the product of two mask bits in one place | `K` |
//! | C10 | the product of two code bits in one place | `2 K` |
//! | C11 | the number of differing bits of a place, if its mask bits are both 1 | `K` |
//! | C12 | each bit of the places that are shared beyond the least number is 0 or 1 | `s` |
//! | C13 | they are the places that are shared less `K / 4` | 1 |
//! | C14 | each bit of `most` is 0 or 1 | 20 |
//! | C15 | they are `most` | 1 |
//! | C16 | `(450000 n - 1000000 d) (n + K)` and `most n` are variables | 2 |
//! | C17 | each bit of the room below `most` is 0 or 1 | `x` |
//! | C18 | they are `(450000 n - 1000000 d) (n + K) - 2 K (450000 - most) n` | 1 |
//! | C19 | the sponge over eye, salt, enrolled code and mask | `612 ceil(items / 16)` |
//! | C20 | its result is `enrolledCommitment` | 1 |
//! | C21 | the sponge over eye, salt, fresh code and mask | `612 ceil(items / 16)` |
//! | C22 | its result is `freshCommitment` | 1 |
//! | C23 | the square of `context` is a variable, so that no proof fits another context | 1 |
//!
//! C1 to C4 are ZKML-23, C5 to C8 ZKML-24, C9 to C18 ZKML-22, C19 to C22 ZKML-3, C23 ZKML-6.
//!
//! `K` is the number of mask bits: a place, which has two code bits. `n` code bits are valid in
//! both codes at the rotation, two for each shared place, and `d` of them differ. **C12 to C18
//! are the matcher's own rule, exactly**: its score is `450000 - floor(q)` or 0, whichever is
//! more, with `q = (450000 n - 1000000 d) (n + K) / (2 K n)`. Since `most` is a whole number and
//! not negative, the score is at most `most` if and only if `q >= 450000 - most`; times the
//! positive `2 K n` that is C18 with a room that is not negative. `n >= K / 2`, a quarter of the
//! code, is the matcher's floor below which there is no score. Sums stay below `2^52`, far from
//! the field's order.
//!
//! Whole columns turn, so a column is turned as one number: `t` rows for each column instead of
//! `t` for each of its bits, and the bits of what comes out are found once more (C4, C8), which
//! has one solution because a column has far fewer bits than the field's order. Rows in all:
//! 90,619 for the models P and P2, 51,768 for S18, 3,106 for the test model.
//!
//! **Not proved here**: that the fresh code is an eye's, which the orb's statement and the proof
//! of its encoding say, and that it was captured now. Both are checked outside.

use annona_model::{EncodedIris, EncoderModel};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::builder::{Builder, Circuit, Rule};
use crate::encoding::code_sponge;
use crate::gadgets::{bits, bits_of, choose, enforce_boolean, enforce_equal, weighted_bits};
use crate::integers::Sum;

const EYE: Rule = Rule(1);
const ENROLLED: Rule = Rule(2);
const FRESH: Rule = Rule(3);
const TURNED: Rule = Rule(4);
const ROTATION: Rule = Rule(5);
const IN_RANGE: Rule = Rule(6);
const TURN: Rule = Rule(7);
const COLUMN: Rule = Rule(8);
const BOTH_VALID: Rule = Rule(9);
const BOTH_SET: Rule = Rule(10);
const DIFFERENT: Rule = Rule(11);
const SURPLUS_BITS: Rule = Rule(12);
const SURPLUS: Rule = Rule(13);
const MOST_BITS: Rule = Rule(14);
const MOST: Rule = Rule(15);
const PRODUCT: Rule = Rule(16);
const ROOM_BITS: Rule = Rule(17);
const ROOM: Rule = Rule(18);
const ENROLLED_SPONGE: Rule = Rule(19);
const ENROLLED_COMMITMENT: Rule = Rule(20);
const FRESH_SPONGE: Rule = Rule(21);
const FRESH_COMMITMENT: Rule = Rule(22);
const CONTEXT: Rule = Rule(23);

/// Score of strangers, in millionths, which the normalisation leaves as it is: the matcher's.
const IMPOSTOR_MICROS: i64 = 450_000;

/// Millionths of a whole.
const MICROS: i64 = 1_000_000;

/// Bits of the bound of a score: enough for twice the score of strangers, which one eye may have
/// where the other makes up for it.
pub const MOST_BIT_COUNT: usize = 20;

/// Columns by which a real code is turned at most, each way: the matcher's.
const MAX_ROTATION: i32 = 15;

/// Columns by which a code of few columns is turned at most.
// Chosen, not measured: the test model has 22 columns, fewer than 31 rotations.
const MAX_ROTATION_OF_FEW: i32 = 3;

/// Columns from which on a code is a real one.
const MANY_COLUMNS: usize = 100;

/// The circuit that compares two codes of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recapture {
    /// The model.
    pub model: &'static EncoderModel,
}

/// The public inputs of [`Recapture`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecapturePublic {
    /// Commitment to the enrolled code.
    pub enrolled_commitment: Fr,
    /// Commitment to the fresh code.
    pub fresh_commitment: Fr,
    /// Greatest score that is a match, in millionths.
    pub most: Fr,
    /// Purpose, account and epoch of the proof, hashed.
    pub context: Fr,
}

/// A code with the salt of its commitment. Numbers above 1 give an assignment that breaks rows.
#[derive(Clone, PartialEq, Eq)]
pub struct RecaptureCode {
    /// Salt of the commitment.
    pub salt: Fr,
    /// Code bits, in the order of the commitment.
    pub code: Vec<u32>,
    /// Mask bits, in the order of the commitment.
    pub mask: Vec<u32>,
}

/// The private inputs of [`Recapture`].
#[derive(Clone, PartialEq, Eq)]
pub struct RecapturePrivate {
    /// The eye, 0 left and 1 right.
    pub eye: Fr,
    /// The enrolled code.
    pub enrolled: RecaptureCode,
    /// The fresh code.
    pub fresh: RecaptureCode,
    /// Number of the rotation: 0 for the one furthest back, see [`Recapture::rotation_number`].
    pub rotation: u32,
}

/// All inputs of [`Recapture`].
#[derive(Clone, PartialEq, Eq)]
pub struct RecaptureWitness {
    /// Inputs that the verifier knows.
    pub public: RecapturePublic,
    /// Greatest score that is a match, in millionths, as a number.
    pub most: u32,
    /// Inputs that only the prover knows.
    pub private: RecapturePrivate,
}

/// Two codes compared at one rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecaptureScore {
    /// The normalised score in millionths, as the matcher has it.
    pub micros: u32,
    /// Columns by which the fresh code is turned.
    pub rotation: i32,
}

/// Bits as combinations with their values.
struct Bits<Lc> {
    combinations: Vec<Lc>,
    values: Vec<u32>,
}

/// A code and its mask as variables.
struct Code<Lc> {
    code: Bits<Lc>,
    mask: Bits<Lc>,
}

impl RecaptureCode {
    /// Puts a code and the salt of its commitment together.
    #[must_use]
    pub fn new(encoded: &EncodedIris, salt: Fr) -> Self {
        let numbers = |bits: &[bool]| bits.iter().copied().map(u32::from).collect();
        Self {
            salt,
            code: numbers(&encoded.code),
            mask: numbers(&encoded.mask),
        }
    }
}

impl<Lc> Bits<Lc> {
    /// Adds a variable for each number, which `rule` holds to 0 and 1.
    fn new<B: Builder<Lc = Lc>>(builder: &mut B, rule: Rule, values: Vec<u32>) -> Self {
        let mut combinations = Vec::with_capacity(values.len());
        for value in &values {
            let bit = builder.private(Fr::from(*value));
            enforce_boolean(builder, rule, &bit);
            combinations.push(bit);
        }
        Self {
            combinations,
            values,
        }
    }
}

impl<Lc: Clone> Code<Lc> {
    fn new<B: Builder<Lc = Lc>>(builder: &mut B, rule: Rule, code: &RecaptureCode) -> Self {
        Self {
            code: Bits::new(builder, rule, code.code.clone()),
            mask: Bits::new(builder, rule, code.mask.clone()),
        }
    }

    /// Returns each column as one number: code bits, and mask bits above them.
    fn columns<B: Builder<Lc = Lc>>(&self, builder: &B, count: usize) -> Vec<Lc> {
        let (code, mask) = (&self.code.combinations, &self.mask.combinations);
        let codes = code.chunks(code.len() / count);
        let masks = mask.chunks(mask.len() / count);
        codes
            .zip(masks)
            .map(|(code, mask)| weighted_bits(builder, &[code, mask].concat()))
            .collect()
    }
}

impl Recapture {
    /// Returns the columns up to which the fresh code is turned each way.
    #[must_use]
    pub fn max_rotation(self) -> i32 {
        if self.columns() < MANY_COLUMNS {
            MAX_ROTATION_OF_FEW
        } else {
            MAX_ROTATION
        }
    }

    /// Returns the number of a rotation, from `-max_rotation` to `max_rotation` columns.
    #[must_use]
    pub fn rotation_number(self, rotation: i32) -> u32 {
        (rotation + self.max_rotation()).cast_unsigned()
    }

    /// Finds the least score of two codes over all rotations; of equals the smallest turn. None
    /// when no rotation shares a quarter of the code's bits.
    ///
    /// # Panics
    /// Panics when a code has not the size of the model's.
    #[must_use]
    pub fn score(self, enrolled: &EncodedIris, fresh: &EncodedIris) -> Option<RecaptureScore> {
        let most = self.max_rotation();
        let turns = (1..=most).flat_map(|turn| [turn, -turn]);
        core::iter::once(0)
            .chain(turns)
            .filter_map(|turn| self.score_at(enrolled, fresh, turn))
            .min_by_key(|score| score.micros)
    }

    /// Computes the score of two codes at one rotation: column `k` of the enrolled code meets
    /// column `k + rotation` of the fresh one, round the eye.
    fn score_at(
        self,
        enrolled: &EncodedIris,
        fresh: &EncodedIris,
        rotation: i32,
    ) -> Option<RecaptureScore> {
        let offset = rotation.rem_euclid(self.columns() as i32) as usize;
        let turn = |bits: &[bool]| {
            let (back, front) = bits.split_at(offset * bits.len() / self.columns());
            [front, back].concat()
        };
        let (code, mask) = (turn(&fresh.code), turn(&fresh.mask));
        let (mut different, mut shared) = (0, 0);
        for (place, is_seen) in mask.iter().enumerate() {
            if *is_seen && enrolled.mask[place] {
                shared += 1;
                let parts = self.parts(place);
                different += parts
                    .map(|at| i64::from(enrolled.code[at] != code[at]))
                    .iter()
                    .sum::<i64>();
            }
        }
        if shared < self.least_shared() {
            return None;
        }
        let (half, valid) = (self.places() as i64, 2 * shared);
        let nearer = (IMPOSTOR_MICROS * valid - MICROS * different) * (valid + half);
        let micros = IMPOSTOR_MICROS - nearer.div_euclid(2 * half * valid);
        let micros = u32::try_from(micros.max(0)).expect("a score is below two millions");
        Some(RecaptureScore { micros, rotation })
    }

    /// Returns the statement that the codes match with a score of at most `most`, with the
    /// commitments that are true; whether the rest is true is for the rows to say.
    #[must_use]
    pub fn witness(self, private: RecapturePrivate, most: u32, context: Fr) -> RecaptureWitness {
        let public = RecapturePublic {
            most: Fr::from(most),
            context,
            ..RecapturePublic::default()
        };
        let mut witness = RecaptureWitness {
            public,
            most,
            private,
        };
        let computed = crate::values::outputs(&self, &witness);
        witness.public.enrolled_commitment = computed[0];
        witness.public.fresh_commitment = computed[1];
        witness
    }

    fn columns(self) -> usize {
        self.model.probe_columns().len()
    }

    /// Returns the number of places, each with a mask bit and two code bits.
    fn places(self) -> usize {
        self.model.mask_count()
    }

    /// Returns the least number of shared places: a quarter of all, as the matcher asks for.
    fn least_shared(self) -> i64 {
        self.places() as i64 / 4
    }

    /// Returns the code bits of a place.
    fn parts(self, place: usize) -> [usize; 2] {
        let height = self.places() / self.columns();
        let real = place + place / height * height;
        [real, real + height]
    }

    /// Returns the number of bits of a rotation's number.
    fn rotation_bits(self) -> usize {
        (i32::BITS - self.max_rotation().leading_zeros()) as usize + 1
    }

    /// Returns the number of bits that hold the room below every bound.
    fn room_bits(self) -> usize {
        let half = self.places() as i64;
        let most = (1 << MOST_BIT_COUNT) - 1;
        let room = 2 * half * half * (IMPOSTOR_MICROS + 2 * most);
        (i64::BITS - room.leading_zeros()) as usize
    }

    /// Adds the bits of the rotation's number, which is in range (ZKML-24).
    fn rotation<B: Builder>(self, builder: &mut B, number: u32) -> Vec<B::Lc> {
        let values = (0..self.rotation_bits()).map(|at| number >> at & 1);
        let bits = Bits::new(builder, ROTATION, values.collect()).combinations;
        let zero = builder.constant(Fr::ZERO);
        let (last, others) = bits.split_last().expect("a rotation's number has bits");
        let mut all = others[0].clone();
        for bit in &others[1..] {
            all = builder.solve(IN_RANGE, &all, bit, Fr::ONE, &zero);
        }
        builder.enforce(IN_RANGE, &all, last, &zero);
        bits
    }

    /// Turns the fresh code (ZKML-24).
    fn turned<B: Builder>(self, builder: &mut B, fresh: &Code<B::Lc>, number: u32) -> Code<B::Lc> {
        let (count, most) = (self.columns(), self.max_rotation() as usize);
        let offset = (count - most + number as usize) % count;
        let turn = |bits: &Bits<B::Lc>| {
            let (back, front) = bits.values.split_at(offset * bits.values.len() / count);
            [front, back].concat()
        };
        let code = Code {
            code: Bits::new(builder, TURNED, turn(&fresh.code)),
            mask: Bits::new(builder, TURNED, turn(&fresh.mask)),
        };
        let rotation = self.rotation(builder, number);
        let mut columns = fresh.columns(builder, count);
        columns.rotate_right(most);
        for (stage, bit) in rotation.iter().enumerate() {
            let moved = |at: usize| &columns[(at + (1 << stage)) % count];
            columns = (0..count)
                .map(|at| choose(builder, TURN, bit, moved(at), &columns[at]))
                .collect();
        }
        for (turned, column) in code.columns(builder, count).iter().zip(&columns) {
            enforce_equal(builder, COLUMN, turned, column);
        }
        code
    }

    /// Counts the places that both codes share, and the bits that differ there.
    fn compare<B: Builder>(
        self,
        builder: &mut B,
        enrolled: &Code<B::Lc>,
        turned: &Code<B::Lc>,
    ) -> [Sum<B::Lc>; 2] {
        let zero = builder.constant(Fr::ZERO);
        let (mut shared, mut different) = (Vec::new(), Vec::new());
        let (mut shared_count, mut different_count) = (0, 0);
        for place in 0..self.places() {
            let masks = [&enrolled.mask, &turned.mask];
            let [one, other] = masks.map(|it| &it.combinations[place]);
            let valid = builder.solve(BOTH_VALID, one, other, Fr::ONE, &zero);
            let count: u32 = masks.map(|it| it.values[place]).iter().product();
            shared_count += i64::from(count);
            let mut terms = Vec::new();
            for at in self.parts(place) {
                let codes = [&enrolled.code, &turned.code];
                let [one, other] = codes.map(|it| &it.combinations[at]);
                let both = builder.solve(BOTH_SET, one, other, Fr::ONE, &zero);
                terms.extend([(Fr::ONE, one.clone()), (Fr::ONE, other.clone())]);
                terms.push((-Fr::from(2), both));
                let [one, other] = codes.map(|it| it.values[at]);
                different_count += i64::from(count * one.abs_diff(other));
            }
            let terms: Vec<(Fr, &B::Lc)> = terms.iter().map(|(by, it)| (*by, it)).collect();
            let differing = builder.combine(&terms);
            different.push(builder.solve(DIFFERENT, &valid, &differing, Fr::ONE, &zero));
            shared.push(valid);
        }
        [(shared, shared_count), (different, different_count)].map(|(counted, value)| {
            let terms: Vec<(Fr, &B::Lc)> = counted.iter().map(|it| (Fr::ONE, it)).collect();
            Sum {
                combination: builder.combine(&terms),
                value,
            }
        })
    }

    /// Holds the number of shared places to the least that is a comparison (ZKML-22).
    fn enforce_enough<B: Builder>(self, builder: &mut B, shared: &Sum<B::Lc>) {
        let (least, all) = (self.least_shared(), self.places() as i64);
        let constant = builder.constant(Fr::from(least));
        let surplus = builder.combine(&[(Fr::ONE, &shared.combination), (-Fr::ONE, &constant)]);
        let count = (i64::BITS - (all - least).leading_zeros()) as usize;
        let value = (shared.value - least).cast_unsigned();
        bits_of(
            builder,
            (SURPLUS_BITS, SURPLUS),
            &bits(value, count),
            &surplus,
        );
    }

    /// Holds the score to `most`: the matcher's rule without its division (ZKML-22).
    fn enforce_match<B: Builder>(
        self,
        builder: &mut B,
        [shared, different]: &[Sum<B::Lc>; 2],
        most: &Sum<B::Lc>,
    ) {
        let zero = builder.constant(Fr::ZERO);
        let half = self.places() as i64;
        let integer = |value: i64| Fr::from(value);
        let valid = builder.combine(&[(integer(2), &shared.combination)]);
        let nearer = builder.combine(&[
            (integer(IMPOSTOR_MICROS), &valid),
            (-integer(MICROS), &different.combination),
        ]);
        let constant = builder.constant(integer(half));
        let weight = builder.combine(&[(Fr::ONE, &valid), (Fr::ONE, &constant)]);
        let nearer = builder.solve(PRODUCT, &nearer, &weight, Fr::ONE, &zero);
        let allowed = builder.solve(PRODUCT, &most.combination, &valid, Fr::ONE, &zero);
        let room = builder.combine(&[
            (Fr::ONE, &nearer),
            (-integer(2 * half * IMPOSTOR_MICROS), &valid),
            (integer(2 * half), &allowed),
        ]);
        let valid = 2 * shared.value;
        let value = (IMPOSTOR_MICROS * valid - MICROS * different.value) * (valid + half)
            - 2 * half * (IMPOSTOR_MICROS - most.value) * valid;
        let bits = bits(value.cast_unsigned(), self.room_bits());
        bits_of(builder, (ROOM_BITS, ROOM), &bits, &room);
    }

    fn sponge<B: Builder>(
        self,
        builder: &mut B,
        rule: Rule,
        head: [&B::Lc; 2],
        code: &Code<B::Lc>,
    ) -> B::Lc {
        let (code, mask) = (&code.code.combinations, &code.mask.combinations);
        code_sponge(self.model, builder, rule, head, code, mask)
    }
}

impl Circuit for Recapture {
    type Witness = RecaptureWitness;

    /// Returns two codes of zeros, all valid, which match.
    fn blank(&self) -> RecaptureWitness {
        let code = RecaptureCode {
            salt: Fr::ZERO,
            code: vec![0; self.model.code_count()],
            mask: vec![1; self.places()],
        };
        RecaptureWitness {
            public: RecapturePublic::default(),
            most: 0,
            private: RecapturePrivate {
                eye: Fr::ZERO,
                enrolled: code.clone(),
                fresh: code,
                rotation: 0,
            },
        }
    }

    fn public_count(&self) -> usize {
        4
    }

    fn output_positions(&self) -> &'static [usize] {
        &[0, 1]
    }

    /// Bound, context, eye, salts, both codes with their masks, bits of the rotation's number.
    /// The turned code lies between the last two.
    fn given(&self) -> Vec<usize> {
        let first = 8;
        let turned = first + 2 * 3 * self.places();
        let rotation = turned + 3 * self.places();
        let mut given: Vec<usize> = (3..turned).collect();
        given.extend(rotation..rotation + self.rotation_bits());
        given
    }

    fn synthesize<B: Builder>(&self, builder: &mut B, witness: &RecaptureWitness) -> Vec<B::Lc> {
        let RecaptureWitness {
            public, private, ..
        } = witness;
        let enrolled_commitment = builder.public(public.enrolled_commitment);
        let fresh_commitment = builder.public(public.fresh_commitment);
        let most = Sum {
            combination: builder.public(public.most),
            value: i64::from(witness.most),
        };
        let context = builder.public(public.context);

        let eye = builder.private(private.eye);
        enforce_boolean(builder, EYE, &eye);
        let enrolled_salt = builder.private(private.enrolled.salt);
        let fresh_salt = builder.private(private.fresh.salt);
        let enrolled = Code::new(builder, ENROLLED, &private.enrolled);
        let fresh = Code::new(builder, FRESH, &private.fresh);
        let turned = self.turned(builder, &fresh, private.rotation);
        let counts = self.compare(builder, &enrolled, &turned);
        self.enforce_enough(builder, &counts[0]);
        let most_bits = bits(u64::from(witness.most), MOST_BIT_COUNT);
        bits_of(builder, (MOST_BITS, MOST), &most_bits, &most.combination);
        self.enforce_match(builder, &counts, &most);

        let head = [&eye, &enrolled_salt];
        let enrolled = self.sponge(builder, ENROLLED_SPONGE, head, &enrolled);
        enforce_equal(
            builder,
            ENROLLED_COMMITMENT,
            &enrolled,
            &enrolled_commitment,
        );
        let fresh = self.sponge(builder, FRESH_SPONGE, [&eye, &fresh_salt], &fresh);
        enforce_equal(builder, FRESH_COMMITMENT, &fresh, &fresh_commitment);
        let zero = builder.constant(Fr::ZERO);
        builder.solve(CONTEXT, &context, &context, Fr::ONE, &zero);
        vec![enrolled, fresh]
    }
}
