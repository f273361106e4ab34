//! The score: distance over all rotations, normalised by the bits compared.

use annona_template::{CODE_BITS, IrisTemplate};

use crate::distance::{MAX_ROTATION, MIN_SHARED_BITS, RawDistance, raw_distance};

/// Changes whenever encoder, mask rule or normalisation change: scores of
/// different versions must not meet one threshold.
pub const SCORE_VERSION: u16 = 1;
/// Score that the normalisation leaves as it is, in millionths.
// The mean distance of different eyes, least over 31 rotations: 0.457 on real sensors and on
// simulated eyes (docs/measurements/iris-scores.md).
pub const IMPOSTOR_MICROS: u32 = 450_000;

/// Difference between two eyes; smaller is more alike. Ordered by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// The normalised score in millionths: 0 for equal codes, about 450,000 for
    /// different eyes.
    pub micros: u32,
    /// Bits that differ at the best rotation.
    pub different: u32,
    /// Bits compared at the best rotation.
    pub bits: u32,
    /// The best rotation, in columns of 1.8 degrees.
    pub rotation: i32,
}

impl Score {
    /// The normalised score, 0 to about 1.
    #[must_use]
    pub fn value(&self) -> f64 {
        f64::from(self.micros) / 1e6
    }

    /// The fractional Hamming distance at the best rotation. Never decide on it: it does
    /// not tell how many bits it was computed from.
    #[must_use]
    pub fn raw(&self) -> f64 {
        f64::from(self.different) / f64::from(self.bits)
    }
}

/// The least normalised score over 31 rotations; of equals the smallest turn (ENROL-6).
///
/// `None` when no rotation shares [`MIN_SHARED_BITS`] bits: the two cannot be
/// compared, which is not the same as being different.
#[must_use]
pub fn score(a: &IrisTemplate, b: &IrisTemplate) -> Option<Score> {
    let mut best: Option<Score> = None;
    for rotation in rotations() {
        let raw = raw_distance(a, b, rotation);
        if raw.shared < MIN_SHARED_BITS {
            continue;
        }
        let micros = normalised_micros(raw);
        if best.is_none_or(|b| micros < b.micros) {
            best = Some(Score {
                micros,
                different: raw.different,
                bits: raw.shared,
                rotation,
            });
        }
    }
    best
}

/// 0, 1, -1, 2, -2 ..: smaller turns first, so that they win ties.
fn rotations() -> impl Iterator<Item = i32> {
    (0..=MAX_ROTATION).flat_map(|k| [k, -k].into_iter().take(if k == 0 { 1 } else { 2 }))
}

/// `max(0, 0.45 - (0.45 - d/n) * (n / (2 n0) + 1/2))` in millionths, rounded up,
/// with n0 half the code: few shared bits pull the score towards 0.45.
pub(crate) fn normalised_micros(raw: RawDistance) -> u32 {
    const HALF_CODE: i64 = CODE_BITS as i64 / 2;
    let impostor = i64::from(IMPOSTOR_MICROS);
    let (d, n) = (i64::from(raw.different), i64::from(raw.shared));
    let nearer = (impostor * n - 1_000_000 * d) * (n + HALF_CODE);
    let micros = impostor - nearer.div_euclid(2 * HALF_CODE * n);
    u32::try_from(micros.max(0)).expect("at most 450,000 + 1,000,000 * 3 / 2")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_template::COLUMNS;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{arb_open_template, arb_template, turned};

    #[test]
    fn the_formula_gives_the_known_values() {
        let micros = |different, shared| normalised_micros(RawDistance { different, shared });
        // At half the code the raw fraction is kept as it is.
        assert_eq!(micros(1_280, 6_400), 200_000);
        // With all bits, 0.45 - 0.25 * 1.5; with a quarter, 0.45 - 0.25 * 0.75.
        assert_eq!(micros(2_560, 12_800), 75_000);
        assert_eq!(micros(640, 3_200), 262_500);
        assert_eq!(micros(0, 12_800), 0);
        assert_eq!(micros(12_800, 12_800), 1_275_000);
    }

    #[test]
    fn below_the_mask_floor_there_is_no_score() {
        // 200 columns x 8 mask bits x 2 parts are exactly the floor.
        let at_floor = IrisTemplate::from_columns([5; COLUMNS], [0xff; COLUMNS]);
        assert!(score(&at_floor, &at_floor).is_some());
        let mut mask = [0xff; COLUMNS];
        mask[0] = 0x7f;
        let below = IrisTemplate::from_columns([5; COLUMNS], mask);
        assert_eq!(score(&below, &below), None);
    }

    #[test]
    fn there_are_31_different_rotations() {
        let mut all: Vec<i32> = rotations().collect();
        all.sort_unstable();
        assert_eq!(all, (-15..=15).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn a_template_has_distance_zero_to_itself(a in arb_open_template()) {
            let s = score(&a, &a).unwrap();
            prop_assert_eq!((s.different, s.rotation), (0, 0));
        }

        #[test]
        fn the_score_is_symmetric(a in arb_open_template(), b in arb_open_template()) {
            let (ab, ba) = (score(&a, &b).unwrap(), score(&b, &a).unwrap());
            prop_assert_eq!(ab.micros, ba.micros);
        }

        #[test]
        fn a_turn_within_reach_is_found(a in arb_open_template(), k in -15i32..=15) {
            let s = score(&a, &turned(&a, k)).unwrap();
            prop_assert_eq!((s.different, s.rotation), (0, k));
        }

        #[test]
        fn any_two_templates_are_compared_without_a_panic(a in arb_template(), b in arb_template()) {
            if let Some(s) = score(&a, &b) {
                prop_assert!(s.bits >= MIN_SHARED_BITS && s.different <= s.bits);
            }
        }
    }
}
