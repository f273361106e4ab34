//! The plain way to compare, written for measuring against: the probe turned 31
//! times beforehand, one mask bit a code bit, and for each turn a loop of XOR, AND
//! and bit counts over 200 words.
//!
//! This is how plaintext matching is commonly written (`iris-mpc` does it so). The
//! native build is the same loop with eight words in a register, written out because
//! the compiler, when it is allowed to, does not take vector instructions for it unless
//! it is also told to tune the whole program for this processor.

use annona_template::{COLUMNS, IrisTemplate};

use crate::distance::{MAX_ROTATION, RawDistance};

/// A template as 200 code words and 200 mask words.
#[derive(Clone)]
pub struct PlainCode {
    code: [u64; COLUMNS],
    mask: [u64; COLUMNS],
}

impl PlainCode {
    /// The template with its mask doubled, and turned so that column `k` is column
    /// `k + rotation`.
    #[must_use]
    pub fn new(template: &IrisTemplate, rotation: i32) -> Self {
        let from = |k: usize| (k as i32 + rotation).rem_euclid(COLUMNS as i32) as usize;
        let mask = |k: usize| u64::from(template.mask()[from(k)]);
        Self {
            code: std::array::from_fn(|k| template.code()[from(k)]),
            mask: std::array::from_fn(|k| mask(k) | mask(k) << 32),
        }
    }

    /// The template at all 31 rotations.
    #[must_use]
    pub fn at_all_rotations(template: &IrisTemplate) -> Vec<Self> {
        (-MAX_ROTATION..=MAX_ROTATION)
            .map(|rotation| Self::new(template, rotation))
            .collect()
    }

    // Inlined, so that it is compiled with the features of each build.
    #[inline(always)]
    fn distance(&self, other: &Self) -> RawDistance {
        let (mut different, mut shared) = (0_u64, 0_u64);
        for k in 0..COLUMNS {
            let valid = self.mask[k] & other.mask[k];
            different += u64::from(((self.code[k] ^ other.code[k]) & valid).count_ones());
            shared += u64::from(valid.count_ones());
        }
        RawDistance {
            different: different as u32,
            shared: shared as u32,
        }
    }
}

/// Instructions that the compiler may use for the plain loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainBuild {
    /// Those that every processor of the architecture has.
    Default,
    /// The bit count of one word in one instruction, where the processor has it: `iris-mpc`
    /// gets the same when it is built for the machine it runs on.
    Popcnt,
    /// AVX-512 with VPOPCNTDQ, where the processor has them.
    Native,
}

impl PlainBuild {
    /// All builds of the plain loop.
    pub const ALL: [Self; 3] = [Self::Default, Self::Popcnt, Self::Native];

    /// A short name for tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "plain",
            Self::Popcnt => "plain-popcnt",
            Self::Native => "plain-native",
        }
    }
}

/// The least fraction of differing bits over all rotations of the probe and all
/// templates.
#[must_use]
pub fn least_fraction(build: PlainBuild, turned: &[PlainCode], templates: &[PlainCode]) -> f64 {
    #[cfg(target_arch = "x86_64")]
    if build == PlainBuild::Native
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vpopcntdq")
    {
        // SAFETY: the processor was asked for the features of the function.
        return unsafe { least_native(turned, templates) };
    }
    #[cfg(target_arch = "x86_64")]
    if build == PlainBuild::Popcnt && is_x86_feature_detected!("popcnt") {
        // SAFETY: the processor was asked for the feature of the function.
        return unsafe { least_popcnt(turned, templates) };
    }
    let _ = build;
    least(turned, templates)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn least_popcnt(turned: &[PlainCode], templates: &[PlainCode]) -> f64 {
    least(turned, templates)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn least_native(turned: &[PlainCode], templates: &[PlainCode]) -> f64 {
    let mut least = f64::INFINITY;
    for template in templates {
        for probe in turned {
            least = lesser(least, native_distance(probe, template));
        }
    }
    least
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn native_distance(a: &PlainCode, b: &PlainCode) -> RawDistance {
    use std::arch::x86_64::{
        _mm512_add_epi64, _mm512_and_si512, _mm512_loadu_si512, _mm512_popcnt_epi64,
        _mm512_reduce_add_epi64, _mm512_setzero_si512, _mm512_xor_si512,
    };
    const LANES: usize = 8;
    const _: () = assert!(COLUMNS.is_multiple_of(LANES));
    let load = |words: &[u64; COLUMNS], k: usize| {
        let eight: &[u64; LANES] = &words.as_chunks().0[k];
        // SAFETY: `eight` are 64 readable bytes; no alignment is needed.
        unsafe { _mm512_loadu_si512(eight.as_ptr().cast()) }
    };
    let mut different = _mm512_setzero_si512();
    let mut shared = _mm512_setzero_si512();
    for k in 0..COLUMNS / LANES {
        let valid = _mm512_and_si512(load(&a.mask, k), load(&b.mask, k));
        let unequal = _mm512_xor_si512(load(&a.code, k), load(&b.code, k));
        let counted = _mm512_popcnt_epi64(_mm512_and_si512(unequal, valid));
        different = _mm512_add_epi64(different, counted);
        shared = _mm512_add_epi64(shared, _mm512_popcnt_epi64(valid));
    }
    RawDistance {
        different: _mm512_reduce_add_epi64(different) as u32,
        shared: _mm512_reduce_add_epi64(shared) as u32,
    }
}

#[inline(always)]
fn least(turned: &[PlainCode], templates: &[PlainCode]) -> f64 {
    let mut least = f64::INFINITY;
    for template in templates {
        for probe in turned {
            least = lesser(least, probe.distance(template));
        }
    }
    least
}

#[inline(always)]
fn lesser(least: f64, raw: RawDistance) -> f64 {
    if raw.shared == 0 {
        return least;
    }
    least.min(f64::from(raw.different) / f64::from(raw.shared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distance::raw_distance;
    use crate::testing::{recaptured, seeded, turned};

    #[test]
    fn the_plain_way_finds_the_same_distance() {
        let probe = turned(&recaptured(&seeded(3), 200, 1), 5);
        let least = raw_distance(&probe, &seeded(3), -5).fraction();
        let all = PlainCode::at_all_rotations(&probe);
        let templates: Vec<_> = (1..6).map(|k| PlainCode::new(&seeded(k), 0)).collect();
        for build in PlainBuild::ALL {
            assert_eq!(Some(least_fraction(build, &all, &templates)), least);
        }
    }
}
