//! Excludes comparisons that cannot reach a limit, by counts and without a division.

use annona_template::CODE_BITS;

use crate::distance::MIN_SHARED_BITS;
use crate::kernel::{Distances, LANES, ROTATIONS};
use crate::score::IMPOSTOR_MICROS;

/// Binary places of the line's coefficients.
const PLACES: u32 = 16;

/// A straight line over the shared mask bits. A comparison that has more differing bits
/// than the line says, at every rotation, has a score at or above the limit.
///
/// With `n` bits compared the score is below `limit` exactly when the differing bits are at
/// most `D(n) = 0.45 n - c n / (n + n0)`, `c = 2 n0 (0.45 - limit)`. `D` is convex, so
/// between the mask floor and all bits it lies below the chord through its ends. The
/// coefficients are rounded up, so every comparison that the line excludes is excluded by
/// the definition; the others have to be scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    slope: u64,
    intercept: i64,
    /// Least difference of a score below the limit from 0.45, in millionths.
    least_gain: i64,
}

/// Bit `lane` is set for those lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BoundVerdict {
    /// The score may be below the limit.
    pub(crate) promising: u32,
    /// At some rotation enough bits are shared.
    pub(crate) comparable: u32,
}

impl BoundVerdict {
    pub(crate) const NONE: Self = Self {
        promising: 0,
        comparable: 0,
    };
}

impl Bound {
    /// The line for scores below `limit_micros`; `None` when every score may be.
    pub(crate) fn new(limit_micros: u32) -> Option<Self> {
        let least_gain = i64::from(IMPOSTOR_MICROS) + 1 - i64::from(limit_micros);
        if least_gain <= 0 {
            return None;
        }
        let (floor, all) = (i64::from(MIN_SHARED_BITS), CODE_BITS as i64);
        // 3 * 10^6 * D(n) at both ends, where n / (n + n0) is 1/3 and 2/3.
        let gain = least_gain * all;
        let at_floor = 3 * i64::from(IMPOSTOR_MICROS) * floor - gain;
        let at_all = 3 * i64::from(IMPOSTOR_MICROS) * all - 2 * gain;
        // Along the line by mask bits, of which there are half as many.
        let (run, unit) = ((all - floor) / 2, 3_000_000);
        let rise = at_all - at_floor;
        let intercept = at_floor * run - rise * floor / 2;
        Some(Self {
            slope: ceil_div(i128::from(rise) << PLACES, i128::from(run * unit)) as u64,
            intercept: ceil_div(i128::from(intercept) << PLACES, i128::from(run * unit)),
            least_gain,
        })
    }

    /// The limit that this was made for.
    pub(crate) fn limit_micros(&self) -> u32 {
        u32::try_from(i64::from(IMPOSTOR_MICROS) + 1 - self.least_gain)
            .expect("it was a limit of 32 bits")
    }

    /// The least agreement (agreeing bits minus differing ones) of a score below the
    /// limit, when at least `bits` are compared, which are at least the mask floor.
    ///
    /// `S >= 0.1 n + 2 c n / (n + n0)`, which grows with `n`; rounded down.
    pub(crate) fn least_agreement(&self, bits: u32) -> i32 {
        let (n, half) = (i64::from(bits), CODE_BITS as i64 / 2);
        let numerator = n * (50_000 * (n + half) + 2 * half * self.least_gain);
        let least = numerator / (500_000 * (n + half));
        i32::try_from(least).expect("an agreement is at most the bits of a code")
    }

    /// Applies the line to the counts of a block.
    #[inline(always)]
    pub(crate) fn judge(&self, distances: &Distances) -> BoundVerdict {
        // A sign bit stays set as long as every rotation was negative.
        let mut above_line = [-1i64; LANES];
        let mut below_floor = [-1i64; LANES];
        for rotation in 0..ROTATIONS {
            let different = &distances.different[rotation];
            let shared = &distances.shared_mask[rotation];
            for lane in 0..LANES {
                // Counts are below 2^14, so 32 bits hold what is multiplied.
                let line = u64::from(shared[lane] as u32) * u64::from(self.slope as u32);
                let room =
                    line.cast_signed() + self.intercept - (different[lane] << PLACES).cast_signed();
                above_line[lane] &= room;
                below_floor[lane] &= shared[lane].cast_signed() - i64::from(MIN_SHARED_BITS / 2);
            }
        }
        BoundVerdict {
            promising: non_negative(&above_line),
            comparable: non_negative(&below_floor),
        }
    }
}

/// Tells which lanes are comparable, when every score may be below the limit.
pub(crate) fn judge_all(distances: &Distances) -> BoundVerdict {
    let bound = Bound {
        slope: 0,
        intercept: 0,
        least_gain: 0,
    };
    BoundVerdict {
        promising: u32::MAX,
        comparable: bound.judge(distances).comparable,
    }
}

fn non_negative(lanes: &[i64; LANES]) -> u32 {
    (0..LANES).fold(0, |set, lane| set | u32::from(lanes[lane] >= 0) << lane)
}

fn ceil_div(numerator: i128, denominator: i128) -> i64 {
    let quotient = -(-numerator).div_euclid(denominator);
    i64::try_from(quotient).expect("coefficients are below 2^32")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::distance::RawDistance;
    use crate::score::normalised_micros;

    fn judged(bound: &Bound, different: u64, shared_mask: u64) -> BoundVerdict {
        let mut distances = Distances::zero();
        for rotation in 0..ROTATIONS {
            distances.different[rotation] = [u64::from(u16::MAX); LANES];
        }
        distances.different[17][5] = different;
        distances.shared_mask[17][5] = shared_mask;
        bound.judge(&distances)
    }

    #[test]
    fn no_score_below_the_limit_is_excluded() {
        for limit in [
            1, 20_000, 200_000, 340_000, 360_000, 385_000, 410_000, 449_999, 450_000,
        ] {
            let bound = Bound::new(limit).unwrap();
            assert_eq!(bound.limit_micros(), limit);
            for mask_bits in MIN_SHARED_BITS / 2..=CODE_BITS as u32 / 2 {
                let shared = 2 * mask_bits;
                let below = |different: &u32| {
                    let raw = RawDistance {
                        different: *different,
                        shared,
                    };
                    normalised_micros(raw) < limit
                };
                let Some(most) = (0..=shared).rev().find(below) else {
                    continue;
                };
                let verdict = judged(&bound, u64::from(most), u64::from(mask_bits));
                assert_eq!(
                    verdict.promising,
                    1 << 5,
                    "limit {limit}, {most} of {shared}"
                );
                let agreement = shared.cast_signed() - 2 * most.cast_signed();
                let least = bound.least_agreement(shared);
                assert!(agreement >= least, "limit {limit}, {most} of {shared}");
                // One bit more that differs is too many, and the bound says so.
                assert!(agreement - 2 <= least, "limit {limit}, {most} of {shared}");
                assert!(least >= bound.least_agreement(MIN_SHARED_BITS.max(shared - 2)));
            }
        }
    }

    #[test]
    fn strangers_are_excluded() {
        let bound = Bound::new(385_000).unwrap();
        for shared in [3_200u64, 6_400, 8_000, 12_800] {
            let verdict = judged(&bound, shared * 42 / 100, shared / 2);
            assert_eq!((verdict.promising, verdict.comparable), (0, 1 << 5));
        }
        assert_eq!(judged(&bound, 0, 0).promising, 0);
        assert_eq!(judged(&bound, 0, 1_599).comparable, 0);
    }

    #[test]
    fn above_what_normalisation_leaves_alone_everything_is_left_in() {
        assert_eq!(Bound::new(450_001), None);
        let verdict = judge_all(&Distances::zero());
        assert_eq!((verdict.promising, verdict.comparable), (u32::MAX, 0));
    }
}
