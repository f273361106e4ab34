//! Eight hashes at a time, with the multiplications of 52 bits that processors with
//! AVX-512 IFMA have.

use std::sync::LazyLock;

use annona_core::{FieldElement, SCALAR_MODULUS};
use core::arch::x86_64::__m512i;
use pulp::NullaryFnOnce;

use super::constants::{Constants, Form, Notation};
use super::rounds::{Arithmetic, hash};
use super::scalar::reduced;

/// Hashes at a time.
pub(super) const LANES: usize = 8;
/// Pairs that are sooner hashed among eight than one by one.
const WORTH_PADDING: usize = 3;
/// Limbs of a number.
const LIMBS: usize = 5;
/// Bits of a limb.
const LIMB_BITS: u32 = 52;
const LIMB_MASK: u64 = (1 << LIMB_BITS) - 1;

/// `r`, in limbs of 52 bits.
const MODULUS: Limbs = split(SCALAR_MODULUS.into_limbs());

/// `-1 / r` modulo `2^52`.
const NEGATED_INVERSE: u64 = super::scalar::NEGATED_INVERSE & LIMB_MASK;

/// A constant, the lowest limb first.
type Limbs = [u64; LIMBS];

/// Eight numbers below `4 r`; a vector holds a limb of each.
type Eight = [__m512i; LIMBS];

static CONSTANTS: LazyLock<Constants<Limbs>> = LazyLock::new(|| {
    Constants::derive(Notation {
        radix_bits: LIMBS as u64 * u64::from(LIMB_BITS),
        encode: split,
    })
});

pulp::simd_type! {
    /// Instructions that the processor must have.
    struct Needed {
        foundation: "avx512f",
        multiply: "avx512ifma",
    }
}

/// Eight hashes at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct EightAtATime {
    needed: Needed,
}

impl EightAtATime {
    /// Returns the value if the processor has the instructions.
    pub(super) fn available() -> Option<Self> {
        Needed::try_new().map(|needed| Self { needed })
    }

    /// Computes the hashes of the first pairs: of all but a few that are sooner hashed one by one.
    pub(super) fn hash_all(
        self,
        pairs: &[[FieldElement; 2]],
    ) -> impl Iterator<Item = FieldElement> {
        let (whole, rest) = pairs.as_chunks::<LANES>();
        let mut last = [[FieldElement::ZERO; 2]; LANES];
        last[..rest.len()].copy_from_slice(rest);
        let padded = (rest.len() >= WORTH_PADDING).then_some(last);
        let taken = if padded.is_some() {
            pairs.len()
        } else {
            whole.len() * LANES
        };
        let chunks = whole.iter().copied().chain(padded);
        chunks.flat_map(move |chunk| self.hash(&chunk)).take(taken)
    }

    /// Computes the hashes of pairs.
    fn hash(self, pairs: &[[FieldElement; 2]; LANES]) -> [FieldElement; LANES] {
        let [left, right] = [0, 1].map(|side| {
            let limbs = pairs.map(|pair| split(pair[side].to_u256().into_limbs()));
            transposed(&limbs)
        });
        let work = Work {
            vectors: Vectors(self.needed),
            left,
            right,
        };
        let limbs = self.needed.vectorize(work);
        core::array::from_fn(|lane| reduced(joined(limbs.map(|limb| limb[lane]))))
    }
}

/// A limb of each of eight numbers.
type Limb = [u64; LANES];

/// Work that is compiled for the vectors, with all that is inlined into it.
struct Work {
    vectors: Vectors,
    left: [Limb; LIMBS],
    right: [Limb; LIMBS],
}

impl NullaryFnOnce for Work {
    type Output = [Limb; LIMBS];

    #[inline(always)]
    fn call(self) -> [Limb; LIMBS] {
        let left = pulp::cast(self.left);
        let right = pulp::cast(self.right);
        pulp::cast(hash(self.vectors, &CONSTANTS, left, right))
    }
}

/// Arithmetic with the radix `2^260`. `r` is 0.012 of it, so that a quotient by it is hardly
/// above `r`, and sums stay far below `4 r` without any subtraction.
#[derive(Debug, Clone, Copy)]
struct Vectors(Needed);

impl Arithmetic for Vectors {
    type Constant = Limbs;
    type Number = Eight;

    #[inline(always)]
    fn evaluate<const N: usize>(self, form: &Form<Limbs, N>, inputs: [Eight; N]) -> Eight {
        self.evaluate_and_add(form, inputs, self.zero())
    }

    #[inline(always)]
    fn evaluate_and_add<const N: usize>(
        self,
        form: &Form<Limbs, N>,
        inputs: [Eight; N],
        addend: Eight,
    ) -> Eight {
        let mut sums = [self.all(0); 2 * LIMBS];
        for limb in 0..LIMBS {
            sums[limb] = self.all(form.offset[limb]);
            sums[LIMBS + limb] = addend[limb];
        }
        for (coefficient, input) in form.coefficients.iter().zip(&inputs) {
            let coefficient = self.all_limbs(coefficient);
            self.add_product(&mut sums, &coefficient, input);
        }
        self.divided_by_radix(sums)
    }

    #[inline(always)]
    fn fifth_power(self, x: Eight) -> Eight {
        let square = self.times(&x, &x);
        self.times(&self.times(&square, &square), &x)
    }

    #[inline(always)]
    fn zero(self) -> Eight {
        [self.all(0); LIMBS]
    }
}

impl Vectors {
    /// The same number in each lane.
    #[inline(always)]
    fn all(self, number: u64) -> __m512i {
        self.0.foundation._mm512_set1_epi64(number as i64)
    }

    #[inline(always)]
    fn all_limbs(self, [l0, l1, l2, l3, l4]: &Limbs) -> Eight {
        [
            self.all(*l0),
            self.all(*l1),
            self.all(*l2),
            self.all(*l3),
            self.all(*l4),
        ]
    }

    #[inline(always)]
    fn times(self, a: &Eight, b: &Eight) -> Eight {
        let mut sums = [self.all(0); 2 * LIMBS];
        self.add_product(&mut sums, a, b);
        self.divided_by_radix(sums)
    }

    /// Adds `a b`. A sum takes at most 50 halves of products, those of the reduction
    /// included, and stays below `2^58`.
    #[inline(always)]
    fn add_product(self, sums: &mut [__m512i; 2 * LIMBS], a: &Eight, b: &Eight) {
        for (position, limb) in a.iter().enumerate() {
            self.add_row(&mut sums[position..], *limb, b);
        }
    }

    /// Adds `a b`, where `a` has one limb: the lower halves of the products first, so that
    /// no sum waits for another.
    #[inline(always)]
    fn add_row(self, sums: &mut [__m512i], a: __m512i, b: &Eight) {
        let ifma = self.0.multiply;
        for (sum, limb) in sums.iter_mut().zip(b) {
            *sum = ifma._mm512_madd52lo_epu64(*sum, a, *limb);
        }
        for (sum, limb) in sums[1..].iter_mut().zip(b) {
            *sum = ifma._mm512_madd52hi_epu64(*sum, a, *limb);
        }
    }

    /// Montgomery's reduction, limb by limb; the limbs of the result have 52 bits.
    #[inline(always)]
    fn divided_by_radix(self, mut sums: [__m512i; 2 * LIMBS]) -> Eight {
        let (base, ifma) = (self.0.foundation, self.0.multiply);
        let modulus = self.all_limbs(&MODULUS);
        for position in 0..LIMBS {
            let factor =
                ifma._mm512_madd52lo_epu64(self.all(0), sums[position], self.all(NEGATED_INVERSE));
            self.add_row(&mut sums[position..], factor, &modulus);
            let carry = base._mm512_srli_epi64::<LIMB_BITS>(sums[position]);
            sums[position + 1] = base._mm512_add_epi64(sums[position + 1], carry);
        }
        for position in LIMBS..2 * LIMBS - 1 {
            let carry = base._mm512_srli_epi64::<LIMB_BITS>(sums[position]);
            sums[position + 1] = base._mm512_add_epi64(sums[position + 1], carry);
            sums[position] = base._mm512_and_si512(sums[position], self.all(LIMB_MASK));
        }
        let [.., l0, l1, l2, l3, l4] = sums;
        [l0, l1, l2, l3, l4]
    }
}

/// Limbs of 52 bits of limbs of 64.
const fn split([a, b, c, d]: [u64; 4]) -> Limbs {
    [
        a & LIMB_MASK,
        (a >> 52 | b << 12) & LIMB_MASK,
        (b >> 40 | c << 24) & LIMB_MASK,
        (c >> 28 | d << 36) & LIMB_MASK,
        d >> 16,
    ]
}

/// Limbs of 64 bits of limbs of 52.
const fn joined([a, b, c, d, e]: Limbs) -> [u64; 4] {
    [
        a | b << 52,
        b >> 12 | c << 40,
        c >> 24 | d << 28,
        d >> 36 | e << 16,
    ]
}

fn transposed(numbers: &[Limbs; LANES]) -> [Limb; LIMBS] {
    core::array::from_fn(|limb| numbers.map(|number| number[limb]))
}
