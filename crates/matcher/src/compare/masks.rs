//! Bits that two templates share at the upright rotations.

use annona_template::{COLUMNS, IrisTemplate};

use crate::distance::{MAX_ROTATION, MIN_SHARED_BITS};
use crate::packed::{COLUMN_PAIRS, PackedTemplate};

const UPRIGHT: usize = 2 * MAX_ROTATION as usize + 1;
/// Pairs of columns from each parity on: those of a template and those that turns reach.
const PAIRS: usize = COLUMN_PAIRS + UPRIGHT / 2;

/// The mask of a probe with its columns repeated, so that a rotation is an offset.
///
/// Word `k` of parity `p` holds columns `2 k + p - 15` and the next one, cyclically.
pub(super) struct ProbeMask([[u64; PAIRS]; 2]);

impl ProbeMask {
    pub(super) fn new(template: &IrisTemplate) -> Self {
        let mask = |column: usize| u64::from(template.mask()[column % COLUMNS]);
        let from = |start: usize| mask(start) | mask(start + 1) << 32;
        Self([0, 1].map(|parity| {
            std::array::from_fn(|k| from(2 * k + parity + COLUMNS - MAX_ROTATION as usize))
        }))
    }

    /// Returns whether at some upright rotation enough bits are shared for a comparison.
    #[inline(always)]
    pub(super) fn is_comparable(&self, template: &PackedTemplate) -> bool {
        const STRAIGHT: usize = MAX_ROTATION as usize;
        let is_enough = |k| self.shared_bits(template, k) >= MIN_SHARED_BITS;
        is_enough(STRAIGHT) || (0..UPRIGHT).any(is_enough)
    }

    /// Code bits valid in both at rotation `15 - k`.
    #[inline(always)]
    fn shared_bits(&self, template: &PackedTemplate, k: usize) -> u32 {
        let words = self.0[k % 2][k / 2..].iter();
        let both = template.mask.iter().zip(words).map(|(a, b)| a & b);
        2 * both.map(u64::count_ones).sum::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::distance::raw_distance;
    use crate::testing::arb_template;

    proptest! {
        #[test]
        fn shared_bits_are_those_of_the_definition(a in arb_template(), b in arb_template()) {
            let (mask, packed) = (ProbeMask::new(&a), PackedTemplate::new(&b));
            for rotation in -MAX_ROTATION..=MAX_ROTATION {
                let k = (MAX_ROTATION - rotation) as usize;
                let expected = raw_distance(&a, &b, rotation).shared;
                prop_assert_eq!(mask.shared_bits(&packed, k), expected, "rotation {}", rotation);
            }
            let is_comparable = (-MAX_ROTATION..=MAX_ROTATION)
                .any(|rotation| raw_distance(&a, &b, rotation).shared >= MIN_SHARED_BITS);
            prop_assert_eq!(mask.is_comparable(&packed), is_comparable);
        }
    }
}
