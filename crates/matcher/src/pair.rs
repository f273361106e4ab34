//! Both eyes of a person.

use annona_template::{CODE_BITS, COLUMNS, EyePair, IrisTemplate};

use crate::distance::MIN_SHARED_BITS;
use crate::score::{FullCircleScore, Score, full_circle_score, score};

/// Added to the score when only one eye could be compared: one eye has to be that
/// much more alike than two.
// Three standard deviations of the impostor scores of one eye
// (docs/measurements/iris-scores.md).
pub const SINGLE_EYE_PENALTY_MICROS: u32 = 40_000;
/// The value of two pairs of which no eye could be compared. It lies between the
/// thresholds of every sound rule, so that it is looked at by a person.
// Chosen, not measured: any value between the thresholds does.
pub const INCOMPARABLE_MICROS: u32 = 370_000;

/// Valid bits of both eyes together from which on a pair is wide open (ENROL-8).
///
/// Templates with `a` and `b` valid bits share at least `a + b - CODE_BITS` at any
/// rotation, so they can be compared when `a + b` is `CODE_BITS + MIN_SHARED_BITS` or
/// more. Two pairs with that many bits each have twice that many together; in each
/// arrangement all four templates meet in two comparisons, so one of the two has enough.
pub const WIDE_OPEN_BITS: u32 = CODE_BITS as u32 + MIN_SHARED_BITS;

/// The imaginary half of a code word.
const IMAGINARY_BITS: u64 = 0xffff_ffff << 32;

/// Both eyes [`mirrored`], each on its side.
#[must_use]
pub fn mirrored_pair(eyes: &EyePair) -> EyePair {
    EyePair {
        left: mirrored(&eyes.left),
        right: mirrored(&eyes.right),
    }
}

/// Returns whether so much of both eyes is seen that any two such pairs can be compared
/// in every arrangement, see [`WIDE_OPEN_BITS`].
#[must_use]
pub fn is_wide_open(eyes: &EyePair) -> bool {
    eyes.left.valid_bits() + eyes.right.valid_bits() >= WIDE_OPEN_BITS
}

/// Arrangement in which the eyes of the probe met those of the gallery (ENROL-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// Left with left, right with right.
    Straight,
    /// Left with right: somebody presented their eyes the wrong way round.
    Swapped,
    /// The mirror image of a face: mirrored left with right, mirrored right with left.
    Mirrored,
    /// Each eye mirrored by itself, left with left and right with right.
    MirroredInPlace,
}

impl Arrangement {
    /// All arrangements; of equal scores the earlier one counts.
    pub const ALL: [Self; 4] = [
        Self::Straight,
        Self::Swapped,
        Self::Mirrored,
        Self::MirroredInPlace,
    ];
}

/// Eyes whose comparisons a pair's score is made of; sides are the probe's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EyesCompared {
    /// Both eyes shared enough bits.
    Both,
    /// Only the left eye of the probe.
    LeftOnly,
    /// Only the right eye of the probe.
    RightOnly,
    /// Neither: the pairs may be the same person or not.
    Neither,
}

/// Difference between two pairs of eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairScore {
    /// The value to decide on, in millionths: the mean of both eyes' scores; one
    /// eye's score plus [`SINGLE_EYE_PENALTY_MICROS`]; or [`INCOMPARABLE_MICROS`].
    pub micros: u32,
    /// Eyes that were compared.
    pub eyes: EyesCompared,
    /// Arrangement in which the eyes met.
    pub arrangement: Arrangement,
    /// Score of the probe's left eye.
    pub left: Option<Score>,
    /// Score of the probe's right eye.
    pub right: Option<Score>,
}

impl PairScore {
    /// The value to decide on, 0 to about 1.
    #[must_use]
    pub fn value(&self) -> f64 {
        f64::from(self.micros) / 1e6
    }

    fn new(left: Option<Score>, right: Option<Score>, arrangement: Arrangement) -> Self {
        let (micros, eyes) = match (left, right) {
            (Some(l), Some(r)) => (u32::midpoint(l.micros, r.micros), EyesCompared::Both),
            (Some(l), None) => (l.micros + SINGLE_EYE_PENALTY_MICROS, EyesCompared::LeftOnly),
            (None, Some(r)) => (
                r.micros + SINGLE_EYE_PENALTY_MICROS,
                EyesCompared::RightOnly,
            ),
            (None, None) => (INCOMPARABLE_MICROS, EyesCompared::Neither),
        };
        Self {
            micros,
            eyes,
            arrangement,
            left,
            right,
        }
    }
}

/// Compares left with left and right with right, at 31 rotations.
#[must_use]
pub fn pair_score(probe: &EyePair, other: &EyePair) -> PairScore {
    PairScore::new(
        score(&probe.left, &other.left),
        score(&probe.right, &other.right),
        Arrangement::Straight,
    )
}

/// Compares left with right and right with left, at 31 rotations.
#[must_use]
pub fn pair_score_swapped(probe: &EyePair, other: &EyePair) -> PairScore {
    PairScore::new(
        score(&probe.left, &other.right),
        score(&probe.right, &other.left),
        Arrangement::Swapped,
    )
}

/// The least score over all arrangements and, each eye by itself, all 200 rotations; of equals
/// the first of [`Arrangement::ALL`]. `mirrored` is [`mirrored_pair`] of `probe` (ENROL-6).
pub(crate) fn best_arrangement(probe: &EyePair, mirrored: &EyePair, other: &EyePair) -> PairScore {
    let score_in = |arrangement| match arrangement {
        Arrangement::Straight => straight(probe, other, arrangement),
        Arrangement::Swapped => crossed(probe, other, arrangement),
        Arrangement::Mirrored => crossed(mirrored, other, arrangement),
        Arrangement::MirroredInPlace => straight(mirrored, other, arrangement),
    };
    least(Arrangement::ALL.map(score_in))
}

fn straight(probe: &EyePair, other: &EyePair, arrangement: Arrangement) -> PairScore {
    at_all_rotations(
        full_circle_score(&probe.left, &other.left),
        full_circle_score(&probe.right, &other.right),
        arrangement,
    )
}

fn crossed(probe: &EyePair, other: &EyePair, arrangement: Arrangement) -> PairScore {
    at_all_rotations(
        full_circle_score(&probe.left, &other.right),
        full_circle_score(&probe.right, &other.left),
        arrangement,
    )
}

/// The least score, where an eye that cannot be compared upright counts with its turned score
/// or as not compared. Otherwise whoever shows half of an eye, and later the other half, would
/// be taken for somebody else: turned by half a turn, the halves can be compared and differ.
fn at_all_rotations(
    left: FullCircleScore,
    right: FullCircleScore,
    arrangement: Arrangement,
) -> PairScore {
    let with = |eye: FullCircleScore| eye.any;
    let without = |eye: FullCircleScore| eye.upright.and(eye.any);
    least([
        PairScore::new(with(left), with(right), arrangement),
        PairScore::new(with(left), without(right), arrangement),
        PairScore::new(without(left), with(right), arrangement),
        PairScore::new(without(left), without(right), arrangement),
    ])
}

/// The least of some scores; of equals the first.
fn least([first, rest @ ..]: [PairScore; 4]) -> PairScore {
    rest.into_iter().fold(first, |best, next| {
        if next.micros < best.micros {
            next
        } else {
            best
        }
    })
}

/// The template of the mirror image of an eye. Columns begin at three o'clock: an
/// angle `a` becomes half a turn less `a`, so the columns of the lower half and those
/// of the upper half each run the other way. The imaginary responses, which are odd
/// along the columns, change their sign.
#[must_use]
pub fn mirrored(template: &IrisTemplate) -> IrisTemplate {
    let from = |column: usize| (COLUMNS + COLUMNS / 2 - 1 - column) % COLUMNS;
    IrisTemplate::from_columns(
        std::array::from_fn(|column| template.code()[from(column)] ^ IMAGINARY_BITS),
        std::array::from_fn(|column| template.mask()[from(column)]),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{arb_open_template, recaptured, seeded};

    fn blind() -> IrisTemplate {
        IrisTemplate::from_columns([0; COLUMNS], [0; COLUMNS])
    }

    proptest! {
        #[test]
        fn the_pair_score_is_symmetric(
            a in arb_open_template(), b in arb_open_template(),
            c in arb_open_template(), d in arb_open_template(),
        ) {
            let (p, q) = (EyePair { left: a, right: b }, EyePair { left: c, right: d });
            prop_assert_eq!(pair_score(&p, &q).micros, pair_score(&q, &p).micros);
        }
    }

    /// Templates of which the first or the last columns alone are seen: those of two
    /// pairs share as little as their numbers of valid bits allow.
    fn seen(left: usize, right: usize, first: bool) -> EyePair {
        let eye = |columns: usize, seed| {
            let mask = std::array::from_fn(|column| {
                let place = if first { column } else { COLUMNS - 1 - column };
                if place < columns { u32::MAX } else { 0 }
            });
            IrisTemplate::from_columns(*seeded(seed).code(), mask)
        };
        EyePair {
            left: eye(left, 1),
            right: eye(right, 2),
        }
    }

    #[test]
    fn two_wide_open_pairs_are_compared_however_they_are_presented() {
        // 250 columns of 64 bits are the 16,000 of a pair that is just wide open.
        for left in [60, 100, 125, 150, 190] {
            for other in [60, 100, 125, 150, 190] {
                let a = seen(left, 250 - left, true);
                let b = seen(other, 250 - other, false);
                assert!(is_wide_open(&a) && is_wide_open(&b));
                let mirrored = mirrored_pair(&a);
                for (one, two) in [(&a, &b), (&mirrored, &b)] {
                    for score in [pair_score(one, two), pair_score_swapped(one, two)] {
                        assert_ne!(score.eyes, EyesCompared::Neither, "{left} {other}");
                    }
                }
            }
        }
        assert!(!is_wide_open(&seen(100, 149, true)));
    }

    #[test]
    fn a_mirror_image_changes_the_sign_of_the_imaginary_half() {
        let black = IrisTemplate::from_columns([0; COLUMNS], [u32::MAX; COLUMNS]);
        let mirrored_black = mirrored(&black);
        assert!(mirrored_black.code().iter().all(|it| *it == !0 << 32));
        assert_eq!(mirrored(&mirrored_black), black);
        assert_eq!(mirrored(&mirrored(&seeded(1))), seeded(1));
    }

    #[test]
    fn the_value_is_the_mean_of_both_eyes() {
        let (l, r) = (seeded(1), seeded(2));
        let other = EyePair {
            left: recaptured(&l, 300, 3),
            right: recaptured(&r, 350, 4),
        };
        let s = pair_score(&EyePair { left: l, right: r }, &other);
        let mean = (s.left.unwrap().micros + s.right.unwrap().micros) / 2;
        assert_eq!((s.micros, s.eyes), (mean, EyesCompared::Both));
        assert_eq!(s.value(), f64::from(mean) / 1e6);
    }

    #[test]
    fn swapped_eyes_meet_when_asked() {
        let pair = EyePair {
            left: seeded(1),
            right: seeded(2),
        };
        let swapped = EyePair {
            left: seeded(2),
            right: seeded(1),
        };
        assert!(pair_score(&pair, &swapped).micros > 350_000);
        assert_eq!(pair_score_swapped(&pair, &swapped).micros, 0);
    }

    #[test]
    fn one_eye_pays_a_penalty_and_none_is_not_different() {
        let probe = EyePair {
            left: seeded(1),
            right: blind(),
        };
        let one = pair_score(&probe, &probe);
        assert_eq!(
            (one.micros, one.eyes),
            (SINGLE_EYE_PENALTY_MICROS, EyesCompared::LeftOnly)
        );
        let none = EyePair {
            left: blind(),
            right: blind(),
        };
        assert_eq!(pair_score(&none, &probe).eyes, EyesCompared::Neither);
    }
}
