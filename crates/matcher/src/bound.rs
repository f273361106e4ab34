//! Excludes comparisons that cannot reach a limit, by their agreement.

use annona_template::CODE_BITS;

use crate::score::IMPOSTOR_MICROS;

/// Least agreements of the scores below a limit.
///
/// With `n` bits compared the score is below `limit` exactly when the differing bits are at
/// most `D(n) = 0.45 n - c n / (n + n0)`, `c = 2 n0 (0.45 - limit)`. The agreement, which is
/// agreeing bits minus differing ones, is then `n - 2 D(n)` or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Least difference of a score below the limit from 0.45, in millionths.
    least_gain: i64,
}

/// Bit `k` is set for template `k` of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BoundVerdict {
    /// The score may be below the limit.
    pub(crate) promising: u32,
    /// At some upright rotation enough bits are shared.
    pub(crate) comparable: u32,
}

impl BoundVerdict {
    pub(crate) const NONE: Self = Self {
        promising: 0,
        comparable: 0,
    };
}

impl Bound {
    /// The bound for scores below `limit_micros`; `None` when every score may be.
    pub(crate) fn new(limit_micros: u32) -> Option<Self> {
        let least_gain = i64::from(IMPOSTOR_MICROS) + 1 - i64::from(limit_micros);
        (least_gain > 0).then_some(Self { least_gain })
    }

    /// The least agreement of a score below the limit, when at least `bits` are compared,
    /// which are at least the mask floor.
    ///
    /// `S >= 0.1 n + 2 c n / (n + n0)`, which grows with `n`; rounded down.
    pub(crate) fn least_agreement(&self, bits: u32) -> i32 {
        let (n, half) = (i64::from(bits), CODE_BITS as i64 / 2);
        let numerator = n * (50_000 * (n + half) + 2 * half * self.least_gain);
        let least = numerator / (500_000 * (n + half));
        i32::try_from(least).expect("an agreement is at most the bits of a code")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distance::{MIN_SHARED_BITS, RawDistance};
    use crate::score::normalised_micros;

    #[test]
    fn no_score_below_the_limit_is_excluded() {
        for limit in [
            1, 20_000, 200_000, 340_000, 360_000, 385_000, 410_000, 449_999, 450_000,
        ] {
            let bound = Bound::new(limit).expect("some scores are above");
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
    fn above_what_normalisation_leaves_alone_everything_is_left_in() {
        assert_eq!(Bound::new(450_001), None);
        assert!(Bound::new(0).is_some());
    }
}
