//! The form of a template that searches run on.
//!
//! Two neighbouring columns share a word, so that one mask word serves the real
//! and the imaginary word beside it and is counted once for both.

use annona_template::{COLUMNS, IrisTemplate};
use bytemuck::{Pod, Zeroable};

/// Pairs of columns of a template.
pub(crate) const COLUMN_PAIRS: usize = COLUMNS / 2;

/// A template as 100 real words, 100 imaginary words, 100 mask words.
///
/// Word `p` of each part holds column `2p` in its low half and column `2p + 1` in
/// its high half, each half ordered as in [`IrisTemplate`]: bit
/// `16 * filter + radius`.
#[derive(Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct PackedTemplate {
    pub(crate) real: [u64; COLUMN_PAIRS],
    pub(crate) imaginary: [u64; COLUMN_PAIRS],
    pub(crate) mask: [u64; COLUMN_PAIRS],
    /// Always zero; makes the size a multiple of a cache line.
    filling: [u64; 4],
}

impl PackedTemplate {
    /// Packs a template.
    pub(crate) fn new(template: &IrisTemplate) -> Self {
        let word = |column: usize| ColumnWords::of(template, column);
        let mut packed = Self::blank();
        for pair in 0..COLUMN_PAIRS {
            let joined = word(2 * pair).beside(word(2 * pair + 1));
            packed.real[pair] = joined.real;
            packed.imaginary[pair] = joined.imaginary;
            packed.mask[pair] = joined.mask;
        }
        packed
    }

    /// A template of which no bit is valid.
    pub(crate) const fn blank() -> Self {
        Self {
            real: [0; COLUMN_PAIRS],
            imaginary: [0; COLUMN_PAIRS],
            mask: [0; COLUMN_PAIRS],
            filling: [0; 4],
        }
    }

    /// The template that was packed.
    pub(crate) fn unpack(&self) -> IrisTemplate {
        let half = |word: u64, column: usize| word >> (32 * (column % 2)) & 0xffff_ffff;
        let code = std::array::from_fn(|column| {
            let real = half(self.real[column / 2], column);
            let imaginary = half(self.imaginary[column / 2], column);
            real | imaginary << 32
        });
        let mask = std::array::from_fn(|column| half(self.mask[column / 2], column) as u32);
        IrisTemplate::from_columns(code, mask)
    }

    /// Number of valid code bits.
    pub(crate) fn valid_bits(&self) -> u32 {
        2 * self.mask.iter().map(|word| word.count_ones()).sum::<u32>()
    }
}

/// The real, imaginary and mask bits of one column (low half) or two.
#[derive(Clone, Copy)]
struct ColumnWords {
    real: u64,
    imaginary: u64,
    mask: u64,
}

impl ColumnWords {
    /// One column, in the low halves.
    fn of(template: &IrisTemplate, column: usize) -> Self {
        Self {
            real: template.code()[column] & 0xffff_ffff,
            imaginary: template.code()[column] >> 32,
            mask: u64::from(template.mask()[column]),
        }
    }

    /// This column in the low halves, `next` in the high ones.
    fn beside(self, next: Self) -> Self {
        Self {
            real: self.real | next.real << 32,
            imaginary: self.imaginary | next.imaginary << 32,
            mask: self.mask | next.mask << 32,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::arb_template;

    proptest! {
        #[test]
        fn packing_loses_nothing(template in arb_template()) {
            let packed = PackedTemplate::new(&template);
            prop_assert_eq!(packed.unpack(), template.clone());
            prop_assert_eq!(packed.valid_bits(), template.valid_bits());
        }
    }
}
