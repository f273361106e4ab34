//! The decision about two eyes, which is the matcher's of a pair: the mean of both scores, or one
//! score with a penalty (ZKML-25).

use annona_circuits::RecaptureScore;

/// Value below which two captures are of one person, in millionths: the matcher's.
pub const RECAPTURE_BELOW_MICROS: u32 = 360_000;

/// Greatest value that a verifier may ask for: from the score of strangers on, all match.
pub const MAX_BELOW_MICROS: u32 = 450_000;

/// Added to the score of one eye where there is no other: the matcher's.
const SINGLE_EYE_PENALTY_MICROS: u32 = 40_000;

/// Step in which a bound is stated that is above the usual one, so that it says less.
// Chosen, not measured: an eighth of what lies between people and strangers on either side.
const BOUND_STEP_MICROS: u32 = 10_000;

/// Computes the value that is decided on, from the scores of both eyes or of one, or from bounds of
/// them. None when there is no eye.
#[must_use]
pub fn pair_micros(scores: [Option<u32>; 2]) -> Option<u32> {
    match scores {
        [Some(left), Some(right)] => Some(u32::midpoint(left, right)),
        [Some(one), None] | [None, Some(one)] => Some(one + SINGLE_EYE_PENALTY_MICROS),
        [None, None] => None,
    }
}

/// Chooses the bounds that the proofs of both eyes state, of which [`pair_micros`] is below
/// `below_micros`. None when the scores are not of one person.
///
/// If each eye matches by itself, the bounds are the same for everybody and say nothing else about
/// the scores. If one eye makes up for the other, they have to say how much it does.
#[must_use]
pub fn bounds(scores: [Option<RecaptureScore>; 2], below_micros: u32) -> Option<[Option<u32>; 2]> {
    let scores = scores.map(|score| score.map(|it| it.micros));
    if pair_micros(scores)? >= below_micros {
        return None;
    }
    let [Some(left), Some(right)] = scores else {
        let bound = below_micros.checked_sub(SINGLE_EYE_PENALTY_MICROS + 1)?;
        return Some(scores.map(|score| score.map(|_| bound)));
    };
    let usual = below_micros - 1;
    if left.max(right) <= usual {
        return Some([Some(usual); 2]);
    }
    // What both bounds may add up to: their mean is rounded down.
    let sum = 2 * below_micros - 1;
    let (worse, better) = (left.max(right), left.min(right));
    let rounded = worse.next_multiple_of(BOUND_STEP_MICROS);
    let bound = if rounded + better <= sum {
        rounded
    } else {
        worse
    };
    let bounds = if left > right {
        [bound, sum - bound]
    } else {
        [sum - bound, bound]
    };
    Some(bounds.map(Some))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_matcher::{DecisionRule, IMPOSTOR_MICROS};
    use proptest::prelude::*;

    use super::*;

    fn score(micros: u32) -> RecaptureScore {
        RecaptureScore {
            micros,
            rotation: 0,
        }
    }

    /// Tests ZKML-25.
    #[test]
    fn thresholds_are_the_matchers() {
        let rule = DecisionRule::standard();
        assert_eq!(rule.duplicate_below_micros, RECAPTURE_BELOW_MICROS);
        assert_eq!(
            annona_matcher::SINGLE_EYE_PENALTY_MICROS,
            SINGLE_EYE_PENALTY_MICROS
        );
        assert_eq!(IMPOSTOR_MICROS, MAX_BELOW_MICROS);
    }

    /// Tests ZKML-25: one eye alone has to be more alike.
    #[test]
    fn one_eye_pays_for_the_other() {
        let one = |micros| bounds([None, Some(score(micros))], RECAPTURE_BELOW_MICROS);
        assert_eq!(one(319_999), Some([None, Some(319_999)]));
        assert_eq!(one(320_000), None);
        assert_eq!(bounds([None, None], RECAPTURE_BELOW_MICROS), None);
    }

    proptest! {
        /// Tests ZKML-25: bounds exist if and only if the matcher decides for one person, hold the
        /// scores, and let no worse scores through.
        #[test]
        fn bounds_say_what_the_matcher_decides(
            left in 0_u32..=1_200_000, right in 0_u32..=1_200_000, below in 100_000_u32..=450_000,
        ) {
            let found = bounds([Some(score(left)), Some(score(right))], below);
            prop_assert_eq!(found.is_some(), u32::midpoint(left, right) < below);
            if let Some(bounds) = found {
                let [most_left, most_right] = bounds.map(Option::unwrap);
                prop_assert!(left <= most_left && right <= most_right);
                prop_assert!(pair_micros(bounds).unwrap() < below);
                if left.max(right) < below {
                    prop_assert_eq!((most_left, most_right), (below - 1, below - 1));
                }
            }
        }
    }
}
