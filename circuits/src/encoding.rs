//! **Encoding**: the code and mask behind `codeCommitment` are those that the model computes from
//! the normalised iris behind `imageCommitment`, and both are of the same eye.
//!
//! Public inputs, in this order: `imageCommitment, codeCommitment, context`.
//! Private inputs: eye, a salt for each commitment, pixels, noise bits.
//!
//! | | constraint | rows |
//! | --- | --- | --- |
//! | C1 | the eye is 0 or 1 | 1 |
//! | C2 | each pixel has `q` bits, each 0 or 1 | `q` a pixel |
//! | C3 | each noise bit is 0 or 1 | 1 a bit |
//! | C4 | each code bit `b` is 0 or 1 | 1 a bit |
//! | C5 | each bit of a magnitude `m` is 0 or 1 | `B` a code bit |
//! | C6 | `b (2 m + 1) = R + m`, so that `b` says `R > 0` | 1 a code bit |
//! | C7 | each mask bit `b` is 0 or 1 | 1 a bit |
//! | C8 | each bit of a distance `m` from the noise limit `T` is 0 or 1 | `c` a mask bit |
//! | C9 | `b (2 m + 1) = T + 1 - n + m`, so that `b` says `n <= T` | 1 a mask bit |
//! | C10 | the sponge over eye, salt, pixels, noise | `612 ceil(items / 16)` |
//! | C11 | its result is `imageCommitment` | 1 |
//! | C12 | the sponge over eye, salt, code, mask | `612 ceil(items / 16)` |
//! | C13 | its result is `codeCommitment` | 1 |
//! | C14 | the square of `context` is a variable, so that no proof fits another context | 1 |
//!
//! C1 to C3 are ZKML-4, C4 to C9 ZKML-5, C10 and C11 ZKML-2, C12 and C13 ZKML-3, C14 ZKML-6;
//! all together are ZKML-1.
//!
//! `R` is a response: a linear combination of the pixels of a window, wrapped round the eye,
//! with the model's integers; `n` is the number of noisy pixels in it. Neither costs a row. `B`
//! and `c` bits hold the magnitudes for every iris (the model's parser checks `B`), so that an
//! honest prover always succeeds; sums stay below `2^32`, far from the field's order, so that
//! C4 to C9 have one solution. Rows in all: 454,420 for the model P, 464,020 for P2, 243,824
//! for S18, 10,534 for the test model.
//!
//! **Not proved here**: that the normalised iris came from a living eye, and that it was found
//! and unrolled rightly. The orb's signature on `imageCommitment` vouches for that, and is
//! checked outside. The model is part of the rows: a key belongs to one model.

use annona_model::{EncodedIris, EncoderModel, Eye, Filter, NormalisedIris, Probe};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, PrimeField};

use crate::builder::{Builder, Circuit, Rule};
use crate::gadgets::{enforce_boolean, enforce_equal};
use crate::integers::{BITS_IN_ITEM, SignRules, Sum, below_power_of_two, is_positive, pack};
use crate::poseidon::absorb_from;
use crate::values::Evaluator;

const EYE: Rule = Rule(1);
const PIXEL: Rule = Rule(2);
const NOISE: Rule = Rule(3);
const CODE: SignRules = SignRules {
    sign: Rule(4),
    magnitude: Rule(5),
    relation: Rule(6),
};
const MASK: SignRules = SignRules {
    sign: Rule(7),
    magnitude: Rule(8),
    relation: Rule(9),
};
const IMAGE_SPONGE: Rule = Rule(10);
const IMAGE_COMMITMENT: Rule = Rule(11);
const CODE_SPONGE: Rule = Rule(12);
const CODE_COMMITMENT: Rule = Rule(13);
const CONTEXT: Rule = Rule(14);

/// Bits of pixels that one item of a sponge holds at most, below the order of the field.
const PIXEL_BITS_IN_ITEM: usize = 248;

/// The circuit of one model's encoder, for one eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// The model.
    pub model: &'static EncoderModel,
}

/// The public inputs of [`Encoding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncodingPublic {
    /// Commitment to the normalised iris, which an orb signs.
    pub image_commitment: Fr,
    /// Commitment to code and mask.
    pub code_commitment: Fr,
    /// Purpose, account and epoch of the proof, hashed.
    pub context: Fr,
}

/// The private inputs of [`Encoding`]. Numbers that are out of range give an assignment that
/// breaks rows.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodingPrivate {
    /// The eye, 0 left and 1 right.
    pub eye: Fr,
    /// Salt of the image commitment.
    pub image_salt: Fr,
    /// Salt of the code commitment.
    pub code_salt: Fr,
    /// Pixels, row by row.
    pub pixels: Vec<u32>,
    /// Noise bits, row by row.
    pub noise: Vec<u32>,
}

/// All inputs of [`Encoding`].
#[derive(Clone, PartialEq, Eq)]
pub struct EncodingWitness {
    /// Inputs that the verifier knows.
    pub public: EncodingPublic,
    /// Inputs that only the prover knows.
    pub private: EncodingPrivate,
}

/// Pixels, or noise bits, as variables with their values.
struct Variables<Lc> {
    combinations: Vec<Lc>,
    values: Vec<u32>,
}

impl<Lc: Clone> Variables<Lc> {
    /// Computes a sum of variables, each times an integer.
    fn sum<B: Builder<Lc = Lc>>(&self, builder: &B, terms: &[(i64, usize)]) -> Sum<Lc> {
        let combined: Vec<(Fr, &Lc)> = terms
            .iter()
            .map(|(factor, at)| (Fr::from(*factor), &self.combinations[*at]))
            .collect();
        let values = terms
            .iter()
            .map(|(factor, at)| factor * i64::from(self.values[*at]));
        Sum {
            combination: builder.combine(&combined),
            value: values.sum(),
        }
    }
}

impl EncodingPrivate {
    /// Puts a normalised iris, its eye and the salts together.
    #[must_use]
    pub fn new(iris: &NormalisedIris, eye: Fr, image_salt: Fr, code_salt: Fr) -> Self {
        Self {
            eye,
            image_salt,
            code_salt,
            pixels: iris.pixels().iter().copied().map(u32::from).collect(),
            noise: iris.noise().iter().copied().map(u32::from).collect(),
        }
    }
}

/// Returns the number that stands for an eye in commitments (ZKML-2).
#[must_use]
pub fn eye_scalar(eye: Eye) -> Fr {
    match eye {
        Eye::Left => Fr::from(0),
        Eye::Right => Fr::from(1),
    }
}

/// Computes the commitment to a normalised iris of `model` (ZKML-2).
///
/// # Panics
/// Panics when `iris` has not the size of the model.
#[must_use]
pub fn commit_image(model: &EncoderModel, iris: &NormalisedIris, eye: Fr, salt: Fr) -> Fr {
    assert_eq!(iris.size(), model.size(), "the iris is of another size");
    let pixels: Vec<Fr> = iris.pixels().iter().map(|it| Fr::from(*it)).collect();
    let noise: Vec<Fr> = iris.noise().iter().map(|it| Fr::from(*it)).collect();
    image_sponge(
        model,
        &mut Evaluator::default(),
        [&eye, &salt],
        &pixels,
        &noise,
    )
}

/// Computes the commitment to a code and its mask (ZKML-3).
///
/// # Panics
/// Panics when `encoded` has not the size of the model's codes.
#[must_use]
pub fn commit_code(model: &EncoderModel, encoded: &EncodedIris, eye: Fr, salt: Fr) -> Fr {
    let (code, mask) = (encoded.code.len(), encoded.mask.len());
    let expected = (model.code_count(), model.mask_count());
    assert_eq!((code, mask), expected, "the code is of another size");
    let scalars = |bits: &[bool]| -> Vec<Fr> { bits.iter().map(|it| Fr::from(*it)).collect() };
    let (code, mask) = (scalars(&encoded.code), scalars(&encoded.mask));
    code_sponge(
        model,
        &mut Evaluator::default(),
        CODE_SPONGE,
        [&eye, &salt],
        &code,
        &mask,
    )
}

fn image_sponge<B: Builder>(
    model: &EncoderModel,
    builder: &mut B,
    head: [&B::Lc; 2],
    pixels: &[B::Lc],
    noise: &[B::Lc],
) -> B::Lc {
    let depth = model.size().pixel_bits as usize;
    let mut items = head.map(Clone::clone).to_vec();
    items.extend(pack(builder, pixels, depth, PIXEL_BITS_IN_ITEM / depth));
    items.extend(pack(builder, noise, 1, BITS_IN_ITEM));
    let domain = Fr::from_be_bytes_mod_order(&model.image_domain());
    absorb_from(builder, IMAGE_SPONGE, domain, &items)
}

/// The sponge of a code commitment (ZKML-3), in the rows of `rule`.
pub(crate) fn code_sponge<B: Builder>(
    model: &EncoderModel,
    builder: &mut B,
    rule: Rule,
    head: [&B::Lc; 2],
    code: &[B::Lc],
    mask: &[B::Lc],
) -> B::Lc {
    let mut items = head.map(Clone::clone).to_vec();
    items.extend(pack(builder, code, 1, BITS_IN_ITEM));
    items.extend(pack(builder, mask, 1, BITS_IN_ITEM));
    let domain = Fr::from_be_bytes_mod_order(&model.code_domain());
    absorb_from(builder, rule, domain, &items)
}

impl Encoding {
    /// Returns the private inputs' outputs as public ones: a true statement about them.
    #[must_use]
    pub fn witness(self, private: EncodingPrivate, context: Fr) -> EncodingWitness {
        let public = EncodingPublic {
            context,
            ..EncodingPublic::default()
        };
        let mut witness = EncodingWitness { public, private };
        let computed = crate::values::outputs(&self, &witness);
        witness.public.image_commitment = computed[0];
        witness.public.code_commitment = computed[1];
        witness
    }

    fn pixels<B: Builder>(self, builder: &mut B, pixels: &[u32]) -> Variables<B::Lc> {
        let bits = self.model.size().pixel_bits as usize;
        let combinations = pixels
            .iter()
            .map(|&value| below_power_of_two(builder, PIXEL, value, bits))
            .collect();
        Variables {
            combinations,
            values: pixels.to_vec(),
        }
    }

    fn noise<B: Builder>(builder: &mut B, noise: &[u32]) -> Variables<B::Lc> {
        let combinations = noise
            .iter()
            .map(|&value| {
                let bit = builder.private(Fr::from(value));
                enforce_boolean(builder, NOISE, &bit);
                bit
            })
            .collect();
        Variables {
            combinations,
            values: noise.to_vec(),
        }
    }

    /// Calls `visit` with each probe, its filter, and the row and column of its centre.
    fn for_each_probe(self, mut visit: impl FnMut(Probe, &Filter, usize, usize)) {
        for (filter, kernels) in self.model.filters().iter().enumerate() {
            for (radius, &row) in kernels.probe_rows.iter().enumerate() {
                for (column, &centre) in self.model.probe_columns().iter().enumerate() {
                    let probe = Probe {
                        filter,
                        radius,
                        column,
                    };
                    visit(probe, kernels, row, centre);
                }
            }
        }
    }

    /// Computes code and mask bits in the order of the commitment.
    fn bits<B: Builder>(
        self,
        builder: &mut B,
        pixels: &Variables<B::Lc>,
        noise: &Variables<B::Lc>,
    ) -> (Vec<B::Lc>, Vec<B::Lc>) {
        let model = self.model;
        let zero = builder.constant(Fr::ZERO);
        let mut code = vec![zero.clone(); model.code_count()];
        let mut mask = vec![zero; model.mask_count()];
        self.for_each_probe(|probe, filter, row, column| {
            let angular = filter.angular().into_iter();
            for (part, (kernel, bits)) in
                angular.zip(model.magnitude_bits(probe.filter)).enumerate()
            {
                let terms = self.window(filter, kernel, row, column);
                let response = pixels.sum(builder, &terms);
                code[model.code_index(probe, part)] = is_positive(builder, CODE, &response, bits);
            }
            let free = self.noise_below_limit(builder, filter, noise, (row, column));
            let bits = distance_bits(filter);
            mask[model.mask_index(probe)] = is_positive(builder, MASK, &free, bits);
        });
        (code, mask)
    }

    /// Computes `T + 1 - n` for the window of a probe.
    fn noise_below_limit<B: Builder>(
        self,
        builder: &B,
        filter: &Filter,
        noise: &Variables<B::Lc>,
        (row, column): (usize, usize),
    ) -> Sum<B::Lc> {
        let size = self.model.size();
        let ones = vec![1; filter.angular_re.len()];
        let (across, block) = (size.width_angles, size.noise_block_columns);
        let terms: Vec<(i64, usize)> = places(filter, &ones, (row, column), across)
            .map(|(_, row, column)| (1, row * (across / block) + column / block))
            .collect();
        let noisy = noise.sum(builder, &terms);
        let limit = i64::from(filter.max_noisy_pixels_in_window) + 1;
        let constant = builder.constant(Fr::from(limit));
        Sum {
            combination: builder.combine(&[(Fr::ONE, &constant), (-Fr::ONE, &noisy.combination)]),
            value: limit - noisy.value,
        }
    }

    /// Lists the weights of a window with the pixels that they are for.
    fn window(
        self,
        filter: &Filter,
        angular: &[i32],
        row: usize,
        column: usize,
    ) -> Vec<(i64, usize)> {
        let across = self.model.size().width_angles;
        places(filter, angular, (row, column), across)
            .filter(|(weight, _, _)| *weight != 0)
            .map(|(weight, row, column)| (weight, row * across + column))
            .collect()
    }
}

/// Lists weight, row and column of each place of a window round `centre`, wrapped round an iris
/// of `across` columns.
fn places<'a>(
    filter: &'a Filter,
    angular: &'a [i32],
    (row, column): (usize, usize),
    across: usize,
) -> impl Iterator<Item = (i64, usize, usize)> + 'a {
    let first_row = row - filter.radial.len() / 2;
    let first_column = column + across - angular.len() / 2;
    filter
        .radial
        .iter()
        .enumerate()
        .flat_map(move |(down, radial)| {
            angular.iter().enumerate().map(move |(along, weight)| {
                let weight = i64::from(*radial) * i64::from(*weight);
                (weight, first_row + down, (first_column + along) % across)
            })
        })
}

/// Returns the number of bits that hold both `T - n` and `n - T - 1` for every window.
fn distance_bits(filter: &Filter) -> u32 {
    let limit = filter.max_noisy_pixels_in_window;
    let most = limit.max(filter.window_pixels() as u32 - limit - 1);
    u32::BITS - most.leading_zeros()
}

impl Circuit for Encoding {
    type Witness = EncodingWitness;

    fn blank(&self) -> EncodingWitness {
        let size = self.model.size();
        EncodingWitness {
            public: EncodingPublic::default(),
            private: EncodingPrivate {
                eye: Fr::ZERO,
                image_salt: Fr::ZERO,
                code_salt: Fr::ZERO,
                pixels: vec![0; size.pixel_count()],
                noise: vec![0; size.noise_count()],
            },
        }
    }

    fn public_count(&self) -> usize {
        3
    }

    fn output_positions(&self) -> &'static [usize] {
        &[0, 1]
    }

    /// Context, eye, salts, pixels, noise. Behind each pixel are its lower bits.
    fn given(&self) -> Vec<usize> {
        let size = self.model.size();
        let (bits, pixels) = (size.pixel_bits as usize, size.pixel_count());
        let noise = 7 + pixels * bits;
        let mut given = vec![3, 4, 5, 6];
        given.extend((7..noise).step_by(bits));
        given.extend(noise..noise + size.noise_count());
        given
    }

    fn synthesize<B: Builder>(&self, builder: &mut B, witness: &EncodingWitness) -> Vec<B::Lc> {
        let EncodingWitness { public, private } = witness;
        let image_commitment = builder.public(public.image_commitment);
        let code_commitment = builder.public(public.code_commitment);
        let context = builder.public(public.context);

        let eye = builder.private(private.eye);
        enforce_boolean(builder, EYE, &eye);
        let image_salt = builder.private(private.image_salt);
        let code_salt = builder.private(private.code_salt);
        let pixels = self.pixels(builder, &private.pixels);
        let noise = Self::noise(builder, &private.noise);
        let (code, mask) = self.bits(builder, &pixels, &noise);

        let image = image_sponge(
            self.model,
            builder,
            [&eye, &image_salt],
            &pixels.combinations,
            &noise.combinations,
        );
        enforce_equal(builder, IMAGE_COMMITMENT, &image, &image_commitment);
        let coded = code_sponge(
            self.model,
            builder,
            CODE_SPONGE,
            [&eye, &code_salt],
            &code,
            &mask,
        );
        enforce_equal(builder, CODE_COMMITMENT, &coded, &code_commitment);
        let zero = builder.constant(Fr::ZERO);
        builder.solve(CONTEXT, &context, &context, Fr::ONE, &zero);
        vec![image, coded]
    }
}
