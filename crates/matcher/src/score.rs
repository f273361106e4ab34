//! The score: distance over all rotations, normalised by the bits compared.

use annona_template::{CODE_BITS, COLUMNS, IrisTemplate};

use crate::distance::{Circle, MAX_ROTATION, MIN_SHARED_BITS, RawDistance};

/// Changes whenever encoder, mask rule or normalisation change: scores of
/// different versions must not meet one threshold.
pub const SCORE_VERSION: u16 = 1;
/// Score that the normalisation leaves as it is, in millionths.
// The mean distance of different eyes, least over 31 rotations: 0.457 on real sensors and on
// simulated eyes (docs/measurements/iris-scores.md).
pub const IMPOSTOR_MICROS: u32 = 450_000;

/// Added to the score at a rotation outside the 31 upright ones, when a search looks at all
/// 200: a turned eye has to be that much more alike than an upright one (ENROL-6).
// Chosen on 36,047 impostor pairs of real and simulated people, stated on as many others: with
// it no more of them are below 0.40 than at 31 rotations
// (docs/decisions/0017-eyes-however-turned.md).
pub const TURNED_PENALTY_MICROS: u32 = 20_000;

/// Difference between two eyes; smaller is more alike. Ordered by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// The normalised score in millionths: 0 for equal codes, about 450,000 for
    /// different eyes; with [`TURNED_PENALTY_MICROS`] where the eye is turned.
    pub micros: u32,
    /// Bits that differ at the best rotation.
    pub different: u32,
    /// Bits compared at the best rotation.
    pub bits: u32,
    /// The best rotation, in columns of 1.8 degrees: -15 to 15 of [`score()`], -99 to 100 of
    /// a search.
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

/// Difference between two eyes, however one of them is turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FullCircleScore {
    /// The score over the 31 upright rotations, see [`score()`].
    pub(crate) upright: Option<Score>,
    /// The least score over all 200 rotations, turned ones with
    /// [`TURNED_PENALTY_MICROS`]; of equals the smallest turn.
    pub(crate) any: Option<Score>,
}

/// The least normalised score over 31 rotations; of equals the smallest turn.
///
/// `None` when no rotation shares [`MIN_SHARED_BITS`] bits: the two cannot be
/// compared, which is not the same as being different.
#[must_use]
pub fn score(a: &IrisTemplate, b: &IrisTemplate) -> Option<Score> {
    upright_score(a, &Circle::new(b))
}

/// The scores by which a search decides (ENROL-6).
pub(crate) fn full_circle_score(a: &IrisTemplate, b: &IrisTemplate) -> FullCircleScore {
    let b = Circle::new(b);
    let upright = upright_score(a, &b);
    let turned = least(a, &b, rotations().filter(|rotation| !is_upright(*rotation)));
    let any = match (upright, turned) {
        (Some(upright), Some(turned)) if turned.micros < upright.micros => Some(turned),
        (upright, turned) => upright.or(turned),
    };
    FullCircleScore { upright, any }
}

fn upright_score(a: &IrisTemplate, b: &Circle) -> Option<Score> {
    least(
        a,
        b,
        rotations().take_while(|rotation| is_upright(*rotation)),
    )
}

/// The score at one rotation; `None` when too few bits are shared there.
pub(crate) fn score_at(a: &IrisTemplate, b: &Circle, rotation: i32) -> Option<Score> {
    let raw = b.distance(a, rotation);
    let penalty = if is_upright(rotation) {
        0
    } else {
        TURNED_PENALTY_MICROS
    };
    (raw.shared >= MIN_SHARED_BITS).then(|| Score {
        micros: normalised_micros(raw) + penalty,
        different: raw.different,
        bits: raw.shared,
        rotation,
    })
}

/// Returns whether `rotation` is one of the 31 that a head held upright needs.
pub(crate) const fn is_upright(rotation: i32) -> bool {
    rotation.abs() <= MAX_ROTATION
}

/// The least score; of equals the first.
fn least(a: &IrisTemplate, b: &Circle, at: impl Iterator<Item = i32>) -> Option<Score> {
    at.filter_map(|rotation| score_at(a, b, rotation))
        .reduce(|best, next| {
            if next.micros < best.micros {
                next
            } else {
                best
            }
        })
}

/// 0, 1, -1, 2, -2 .. 99, -99, 100: smaller turns first, so that they win ties.
fn rotations() -> impl Iterator<Item = i32> {
    let half = COLUMNS as i32 / 2;
    std::iter::once(0)
        .chain((1..half).flat_map(|k| [k, -k]))
        .chain(std::iter::once(half))
}

/// `max(0, 0.45 - (0.45 - d/n) * (n / (2 n0) + 1/2))` in millionths, rounded up,
/// with n0 half the code: few shared bits pull the score towards 0.45. At least one bit is shared.
#[must_use]
pub fn normalised_micros(raw: RawDistance) -> u32 {
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
    fn there_are_200_different_rotations_and_31_of_them_are_upright() {
        let mut all: Vec<i32> = rotations().collect();
        assert!(all.is_sorted_by_key(|rotation| rotation.abs()));
        all.sort_unstable();
        assert_eq!(all, (-99..=100).collect::<Vec<_>>());
        all.retain(|rotation| is_upright(*rotation));
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
        fn any_turn_is_found_and_turns_beyond_reach_pay(
            a in arb_open_template(), k in -99i32..=100,
        ) {
            let found = full_circle_score(&a, &turned(&a, k));
            let any = found.any.unwrap();
            let penalty = if k.abs() > 15 { TURNED_PENALTY_MICROS } else { 0 };
            prop_assert_eq!((any.different, any.rotation, any.micros), (0, k, penalty));
            prop_assert_eq!(found.upright, score(&a, &turned(&a, k)));
        }

        #[test]
        fn any_two_templates_are_compared_without_a_panic(a in arb_template(), b in arb_template()) {
            if let Some(s) = score(&a, &b) {
                prop_assert!(s.bits >= MIN_SHARED_BITS && s.different <= s.bits);
            }
        }
    }
}
