//! Registers of floats, a template in each lane.
//!
//! The kernel is written once over [`Lanes`] and compiled for each kind of register.

/// A register of 32-bit floats.
///
/// Types of vector instructions are used only inside functions that are compiled for these
/// instructions, which are called only after the processor was asked for them.
pub(crate) trait Lanes: Copy {
    /// Number of lanes.
    const COUNT: usize;
    /// One word for each lane.
    type Words: Copy;

    /// The same value in each lane.
    fn splat(value: f32) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self * factor + sum`.
    fn mul_add(self, factor: Self, sum: Self) -> Self;
    /// `sum - self * factor`.
    fn neg_mul_add(self, factor: Self, sum: Self) -> Self;
    /// The greater value in each lane.
    fn max(self, other: Self) -> Self;
    /// Makes the words of all lanes.
    fn words(word: impl FnMut(usize) -> u32) -> Self::Words;
    /// Values of the two bits at `shift` in each word, see [`VALUES`].
    fn of_fields(words: &Self::Words, shift: u32) -> Self;
    /// Writes the lanes to the first places of `out`.
    fn store(self, out: &mut [f32; MOST_LANES]);
}

/// Lanes of the widest register.
pub(crate) const MOST_LANES: usize = 16;
/// Value of a code bit (low bit of the index) that is valid (high bit) or not.
const VALUES: [f32; 4] = [0.0, 0.0, -1.0, 1.0];

/// Four floats, on every processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 4]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, join: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| {
            join(self.0[lane], other.0[lane])
        }))
    }
}

impl Lanes for Portable {
    const COUNT: usize = 4;
    type Words = [u32; 4];

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, sum: Self) -> Self {
        self.mul(factor).add(sum)
    }

    #[inline(always)]
    fn neg_mul_add(self, factor: Self, sum: Self) -> Self {
        sum.sub(self.mul(factor))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn words(word: impl FnMut(usize) -> u32) -> Self::Words {
        std::array::from_fn(word)
    }

    #[inline(always)]
    fn of_fields(words: &Self::Words, shift: u32) -> Self {
        Self(words.map(|word| VALUES[(word >> shift & 0b11) as usize]))
    }

    #[inline(always)]
    fn store(self, out: &mut [f32; MOST_LANES]) {
        out[..4].copy_from_slice(&self.0);
    }
}

/// Writes out [`Lanes`] for a vector type of this processor family.
#[cfg(target_arch = "x86_64")]
macro_rules! vector_lanes {
    ($name:ident, $doc:literal, $count:literal, $floats:ident,
     $splat:ident, $add:ident, $sub:ident, $mul:ident, $fmadd:ident, $fnmadd:ident, $max:ident,
     $load_words:ident, $shift:ident, $load:ident, $permute:ident, $store:ident) => {
        #[doc = $doc]
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        pub(crate) struct $name($floats);

        impl Lanes for $name {
            const COUNT: usize = $count;
            type Words = [u32; $count];

            #[inline(always)]
            fn splat(value: f32) -> Self {
                // SAFETY: as the trait says, the processor was asked for the instructions.
                Self(unsafe { $splat(value) })
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $add(self.0, other.0) })
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $sub(self.0, other.0) })
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $mul(self.0, other.0) })
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, sum: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $fmadd(self.0, factor.0, sum.0) })
            }

            #[inline(always)]
            fn neg_mul_add(self, factor: Self, sum: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $fnmadd(self.0, factor.0, sum.0) })
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: as above.
                Self(unsafe { $max(self.0, other.0) })
            }

            #[inline(always)]
            fn words(word: impl FnMut(usize) -> u32) -> Self::Words {
                std::array::from_fn(word)
            }

            #[inline(always)]
            fn of_fields(words: &Self::Words, shift: u32) -> Self {
                const TABLE: [f32; $count] = {
                    let mut table = [0.0; $count];
                    let mut lane = 0;
                    while lane < $count {
                        table[lane] = VALUES[lane % 4];
                        lane += 1;
                    }
                    table
                };
                // SAFETY: as above; words and table are as long as a register, and no
                // alignment is needed. Each lane takes one of the four values beside it
                // by the low two bits of its index.
                unsafe {
                    let words = $load_words(words.as_ptr().cast());
                    let indices = $shift(words, _mm_cvtsi32_si128(shift.cast_signed()));
                    Self($permute($load(TABLE.as_ptr()), indices))
                }
            }

            #[inline(always)]
            fn store(self, out: &mut [f32; MOST_LANES]) {
                const _: () = assert!($count <= MOST_LANES);
                // SAFETY: as above; `out` is at least as long as a register.
                unsafe { $store(out.as_mut_ptr(), self.0) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::{
        __m256, __m512, _mm_cvtsi32_si128, _mm256_add_ps, _mm256_fmadd_ps, _mm256_fnmadd_ps,
        _mm256_loadu_ps, _mm256_loadu_si256, _mm256_max_ps, _mm256_mul_ps, _mm256_permutevar_ps,
        _mm256_set1_ps, _mm256_srl_epi32, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_ps,
        _mm512_fmadd_ps, _mm512_fnmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_max_ps,
        _mm512_mul_ps, _mm512_permutevar_ps, _mm512_set1_ps, _mm512_srl_epi32, _mm512_storeu_ps,
        _mm512_sub_ps,
    };

    use super::{Lanes, MOST_LANES, VALUES};

    vector_lanes!(
        Avx2,
        "Eight floats, on processors with AVX2 and FMA.",
        8,
        __m256,
        _mm256_set1_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_fmadd_ps,
        _mm256_fnmadd_ps,
        _mm256_max_ps,
        _mm256_loadu_si256,
        _mm256_srl_epi32,
        _mm256_loadu_ps,
        _mm256_permutevar_ps,
        _mm256_storeu_ps
    );
    vector_lanes!(
        Avx512,
        "Sixteen floats, on processors with AVX-512.",
        16,
        __m512,
        _mm512_set1_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_fmadd_ps,
        _mm512_fnmadd_ps,
        _mm512_max_ps,
        _mm512_loadu_si512,
        _mm512_srl_epi32,
        _mm512_loadu_ps,
        _mm512_permutevar_ps,
        _mm512_storeu_ps
    );
}
