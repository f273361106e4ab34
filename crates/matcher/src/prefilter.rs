//! The first stage of a prefiltered search: a sixth of the bits, at every other rotation.
//!
//! The prefilter compares filter 0 (the long one) at 64 of the 200 columns, 2,048 code bits,
//! at the 16 odd rotations of an eye held upright: neighbouring columns of this filter have 87 % of their bits in
//! common, so that one rotation does for two. It is statistical. People that it keeps are
//! scored exactly; people that it drops are not looked at again. The number of similar
//! people that it drops is measured, see [`passes_prefilter`].

use annona_template::{COLUMNS, IrisTemplate};
use bytemuck::{Pod, Zeroable};

use crate::distance::MAX_ROTATION;

/// Words of a part of a [`PrefilterTemplate`].
pub(crate) const PREFILTER_WORDS: usize = 16;
/// Rotations that are tried: every other one from -15 to 15.
pub(crate) const PREFILTER_ROTATIONS: usize = MAX_ROTATION as usize + 1;

/// Columns of a word.
const WORD_COLUMNS: usize = 4;
/// Distance of a word's columns: a word holds columns all round the eye.
const COLUMN_STRIDE: usize = COLUMNS / WORD_COLUMNS;
/// Distance of the first columns of neighbouring words.
const WORD_STRIDE: usize = 3;
/// Bits of a column and part: filter 0 at each radius.
const COLUMN_BITS: usize = 16;

/// A pair passes when, by the bits compared, less than 47 in 128 (0.367) differ.
// This, the bits and the rotations were chosen among 45 combinations on CASIA-IrisV1 and MMU2:
// 3 % of the impostor pairs stay, 1 of 4,216 genuine pairs below the limit is missed
// (docs/measurements/matching.md).
pub(crate) const MAX_DIFFERENT_PER_128: i64 = 47;
/// As [`MAX_DIFFERENT_PER_128`] is in 128 code bits, this is in as many mask bits.
pub(crate) const MASK_BITS_PER_128: i64 = 64;

/// Valid bits of two templates together from which they are taken for comparable. Of
/// the pairs of real eyes that were not, about half had fewer.
// The real eyes are those of CASIA-IrisV1 and MMU2, as above.
const LIKELY_COMPARABLE_BITS: u32 = 12_000;

/// The prefiltered bits of a template.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct PrefilterTemplate {
    pub(crate) real: [u64; PREFILTER_WORDS],
    pub(crate) imaginary: [u64; PREFILTER_WORDS],
    pub(crate) mask: [u64; PREFILTER_WORDS],
}

impl PrefilterTemplate {
    pub(crate) fn new(template: &IrisTemplate) -> Self {
        let [real, imaginary, mask] = words(template, 0);
        Self {
            real,
            imaginary,
            mask,
        }
    }
}

/// A probe's bits where they meet those of a [`PrefilterTemplate`], by word and rotation.
pub(crate) struct PrefilterProbe {
    pub(crate) real: [[u64; PREFILTER_ROTATIONS]; PREFILTER_WORDS],
    pub(crate) imaginary: [[u64; PREFILTER_ROTATIONS]; PREFILTER_WORDS],
    pub(crate) mask: [[u64; PREFILTER_ROTATIONS]; PREFILTER_WORDS],
}

impl PrefilterProbe {
    pub(crate) fn new(template: &IrisTemplate) -> Self {
        let blank = [[0; PREFILTER_ROTATIONS]; PREFILTER_WORDS];
        let mut probe = Self {
            real: blank,
            imaginary: blank,
            mask: blank,
        };
        for (k, rotation) in rotations().enumerate() {
            let [real, imaginary, mask] = words(template, rotation);
            for word in 0..PREFILTER_WORDS {
                probe.real[word][k] = real[word];
                probe.imaginary[word][k] = imaginary[word];
                probe.mask[word][k] = mask[word];
            }
        }
        probe
    }
}

/// Returns whether a prefiltered search would score these comparisons of one arrangement, one
/// or both eyes, each the probe's template and the entry's: the prefilter sees enough in
/// common over all of them, or it is not likely that one of them can be made.
#[must_use]
pub fn passes_prefilter(eyes: &[(&IrisTemplate, &IrisTemplate)]) -> bool {
    let excess: i32 = eyes.iter().map(|(a, b)| prefilter_excess(a, b)).sum();
    let is_comparable = |(a, b): &(&IrisTemplate, &IrisTemplate)| {
        is_likely_comparable(a.valid_bits(), b.valid_bits())
    };
    keeps(excess, eyes.iter().any(is_comparable))
}

/// The prefilter's rule, over both eyes of one arrangement.
pub(crate) fn keeps(excess: i32, is_comparable: bool) -> bool {
    excess <= 0 || !is_comparable
}

/// Returns whether two templates with so many valid bits are likely to share enough of
/// them. Eyelids hide much the same part of every eye, so most that have this many do.
pub(crate) fn is_likely_comparable(valid_bits: u32, others: u32) -> bool {
    valid_bits + others >= LIKELY_COMPARABLE_BITS
}

/// Returns how far two templates are from passing: the least of `64 d - 47 m` over the odd
/// rotations, where `m` prefiltered mask bits are valid in both and `d` of the `2 m` code bits
/// differ. Below 0 they are alike as far as the prefilter sees.
///
/// This is the definition that every path of the search is tested against.
pub(crate) fn prefilter_excess(probe: &IrisTemplate, entry: &IrisTemplate) -> i32 {
    let excess_at = |rotation: i32| {
        let (mut different, mut shared) = (0, 0);
        for column in columns() {
            let other = (column as i32 + rotation).rem_euclid(COLUMNS as i32) as usize;
            let valid = entry.mask()[column] & probe.mask()[other] & 0xffff;
            let both = u64::from(valid) | u64::from(valid) << 32;
            let differing = (entry.code()[column] ^ probe.code()[other]) & both;
            different += differing.count_ones();
            shared += valid.count_ones();
        }
        excess(u64::from(different), u64::from(shared))
    };
    let least = rotations().map(excess_at).min().unwrap_or_default();
    i32::try_from(least).expect("at most 64 times 2,048 bits")
}

/// `64 d - 47 m`.
#[inline(always)]
pub(crate) fn excess(different: u64, shared_mask: u64) -> i64 {
    MASK_BITS_PER_128 * different.cast_signed() - MAX_DIFFERENT_PER_128 * shared_mask.cast_signed()
}

fn rotations() -> impl Iterator<Item = i32> {
    (-MAX_ROTATION..=MAX_ROTATION).step_by(2)
}

/// The prefiltered columns, word by word.
fn columns() -> impl Iterator<Item = usize> {
    (0..PREFILTER_WORDS)
        .flat_map(|word| (0..WORD_COLUMNS).map(move |k| WORD_STRIDE * word + COLUMN_STRIDE * k))
}

/// Real, imaginary and mask words of the columns that lie `rotation` behind those of
/// [`columns`].
fn words(template: &IrisTemplate, rotation: i32) -> [[u64; PREFILTER_WORDS]; 3] {
    let mut parts = [[0; PREFILTER_WORDS]; 3];
    for (place, column) in columns().enumerate() {
        let from = (column as i32 + rotation).rem_euclid(COLUMNS as i32) as usize;
        let code = template.code()[from];
        let of_column = [code, code >> 32, u64::from(template.mask()[from])];
        let (word, shift) = (place / WORD_COLUMNS, COLUMN_BITS * (place % WORD_COLUMNS));
        for (part, bits) in parts.iter_mut().zip(of_column) {
            part[word] |= (bits & 0xffff) << shift;
        }
    }
    parts
}

const _: () = assert!(MAX_ROTATION % 2 == 1);
const _: () = assert!(WORD_STRIDE * (PREFILTER_WORDS - 1) < COLUMN_STRIDE);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_word_holds_other_columns_all_round_the_eye() {
        let columns: Vec<usize> = columns().collect();
        for word in columns.chunks(WORD_COLUMNS) {
            let mut steps = word.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(steps.all(|step| step == COLUMN_STRIDE), "{word:?}");
        }
        let distinct: BTreeSet<usize> = columns.iter().copied().collect();
        assert_eq!(distinct.len(), PREFILTER_WORDS * WORD_COLUMNS);
        assert!(distinct.iter().all(|column| *column < COLUMNS));
    }
}
