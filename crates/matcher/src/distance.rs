//! Masked Hamming distance at one rotation.

use annona_template::{COLUMNS, IrisTemplate};

/// Rotations to either side of an eye held upright, in columns of 1.8 degrees: 31 in all,
/// about 27 degrees each way.
// Among what mattered in 159 variants tried on four real sensors, beside long wavelengths.
pub const MAX_ROTATION: i32 = 15;
/// Least number of code bits, valid in both templates, for a comparison to count:
/// a quarter of the code.
// Chosen, not measured: with fewer bits the spread of an impostor score grows beyond what one
// threshold bears.
pub const MIN_SHARED_BITS: u32 = 3_200;

/// Two templates compared at one rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawDistance {
    /// Bits that differ among the shared ones.
    pub different: u32,
    /// Code bits valid in both.
    pub shared: u32,
}

impl RawDistance {
    /// Fractional Hamming distance, 0 to 1; `None` when nothing is shared.
    #[must_use]
    pub fn fraction(&self) -> Option<f64> {
        (self.shared > 0).then(|| f64::from(self.different) / f64::from(self.shared))
    }
}

/// Compares `a` with `b` turned by `rotation` columns: column `k` of `a` meets
/// column `k + rotation` (cyclic) of `b`. Any rotation is accepted.
#[must_use]
pub fn raw_distance(a: &IrisTemplate, b: &IrisTemplate, rotation: i32) -> RawDistance {
    Circle::new(b).distance(a, rotation)
}

/// A template with its columns repeated, so that a rotation is an offset.
pub(crate) struct Circle {
    code: [u64; 2 * COLUMNS],
    mask: [u32; 2 * COLUMNS],
}

impl Circle {
    pub(crate) fn new(template: &IrisTemplate) -> Self {
        let (code, mask) = (template.code(), template.mask());
        Self {
            code: std::array::from_fn(|column| code[column % COLUMNS]),
            mask: std::array::from_fn(|column| mask[column % COLUMNS]),
        }
    }

    /// [`raw_distance`] of `a` and this template.
    pub(crate) fn distance(&self, a: &IrisTemplate, rotation: i32) -> RawDistance {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vpopcntdq") {
            // SAFETY: the line above asked the processor for what the function needs.
            return unsafe { count_avx512(a, self, rotation) };
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("popcnt") {
            // SAFETY: the line above asked the processor for what the function needs.
            return unsafe { count_popcnt(a, self, rotation) };
        }
        count(a, self, rotation)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn count_avx512(a: &IrisTemplate, b: &Circle, rotation: i32) -> RawDistance {
    count(a, b, rotation)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn count_popcnt(a: &IrisTemplate, b: &Circle, rotation: i32) -> RawDistance {
    count(a, b, rotation)
}

// Inlined, so that it is compiled with the features of each caller.
#[inline(always)]
fn count(a: &IrisTemplate, b: &Circle, rotation: i32) -> RawDistance {
    let start = rotation.rem_euclid(COLUMNS as i32) as usize;
    let (code_a, mask_a) = (a.code(), a.mask());
    let (code_b, mask_b) = (&b.code[start..][..COLUMNS], &b.mask[start..][..COLUMNS]);
    let (mut different, mut shared) = (0_u64, 0_u64);
    for column in 0..COLUMNS {
        // One mask bit serves the real part (low half) and the imaginary (high half).
        let both = u64::from(mask_a[column] & mask_b[column]);
        let valid = both | both << 32;
        different += u64::from(((code_a[column] ^ code_b[column]) & valid).count_ones());
        shared += u64::from(valid.count_ones());
    }
    RawDistance {
        different: different as u32,
        shared: shared as u32,
    }
}

#[cfg(test)]
mod tests {
    use annona_template::CODE_BITS;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{arb_template, turned};

    /// The definition, bit by bit.
    fn reference(a: &IrisTemplate, b: &IrisTemplate, rotation: i32) -> RawDistance {
        let (mut different, mut shared) = (0, 0);
        for column in 0..COLUMNS {
            let other = (column as i32 + rotation).rem_euclid(COLUMNS as i32) as usize;
            for bit in 0..CODE_BITS / COLUMNS {
                let mask_bit = bit % 32;
                let valid = a.mask()[column] >> mask_bit & b.mask()[other] >> mask_bit & 1 == 1;
                if valid {
                    shared += 1;
                    let differ = (a.code()[column] ^ b.code()[other]) >> bit & 1;
                    different += differ as u32;
                }
            }
        }
        RawDistance { different, shared }
    }

    proptest! {
        #[test]
        fn popcounts_equal_the_bit_by_bit_definition(
            a in arb_template(), b in arb_template(), rotation in -400i32..400,
        ) {
            let expected = reference(&a, &b, rotation);
            prop_assert_eq!(raw_distance(&a, &b, rotation), expected);
            let circle = Circle::new(&b);
            prop_assert_eq!(count(&a, &circle, rotation), expected);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("popcnt") {
                // SAFETY: the line above asked the processor for what the function needs.
                prop_assert_eq!(unsafe { count_popcnt(&a, &circle, rotation) }, expected);
            }
        }

        #[test]
        fn turning_one_way_is_turning_the_other_the_other_way(
            a in arb_template(), b in arb_template(), rotation in -100i32..100,
        ) {
            prop_assert_eq!(raw_distance(&a, &b, rotation), raw_distance(&b, &a, -rotation));
        }

        #[test]
        fn masked_bits_do_not_matter(a in arb_template(), b in arb_template(), noise: [u64; 8]) {
            let code = std::array::from_fn(|k| {
                let hidden = u64::from(!a.mask()[k]);
                a.code()[k] ^ (noise[k % 8] & (hidden | hidden << 32))
            });
            let disturbed = IrisTemplate::from_columns(code, *a.mask());
            prop_assert_eq!(raw_distance(&disturbed, &b, 3), raw_distance(&a, &b, 3));
        }

        #[test]
        fn a_turned_template_has_distance_zero_at_its_turn(a in arb_template(), k in -15i32..=15) {
            prop_assert_eq!(raw_distance(&a, &turned(&a, k), k).different, 0);
        }
    }
}
