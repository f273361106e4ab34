//! The plain way to compare, written for measuring against: the probe turned 31
//! times beforehand, one mask bit a code bit, and for each turn a loop of XOR, AND
//! and bit counts over 200 words.
//!
//! This is how plaintext matching is commonly written (`iris-mpc` does it so). Each
//! function is the same loop; they differ in what the compiler may use for it.

use annona_iris::{COLUMNS, IrisTemplate};

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

/// What the compiler may use for the plain loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainBuild {
    /// What every processor of the architecture has.
    Default,
    /// The bit-counting and vector instructions that this crate's kernels use as well;
    /// which of them it takes is the compiler's choice.
    Native,
}

impl PlainBuild {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Default, Self::Native];

    /// A short name for tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "plain",
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
        && is_x86_feature_detected!("avx512vpopcntdq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("popcnt")
    {
        // SAFETY: the processor was asked for the features of the function.
        return unsafe { least_native(turned, templates) };
    }
    let _ = build;
    least(turned, templates)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512vpopcntdq,popcnt,avx2,bmi2")]
fn least_native(turned: &[PlainCode], templates: &[PlainCode]) -> f64 {
    least(turned, templates)
}

// Loops, not iterators: a closure would be compiled without the caller's features.
#[inline(always)]
fn least(turned: &[PlainCode], templates: &[PlainCode]) -> f64 {
    let mut least = f64::INFINITY;
    for template in templates {
        for probe in turned {
            let raw = probe.distance(template);
            if raw.shared > 0 {
                least = least.min(f64::from(raw.different) / f64::from(raw.shared));
            }
        }
    }
    least
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
