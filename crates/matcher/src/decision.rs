//! Decides whether a person is new: the only place where thresholds meet scores.
//!
//! In words, first match wins:
//! 1. Similar to three people or more: the template is not one eye's, or somebody made up
//!    people who are like this one. A person looks.
//! 2. Surely one person in the gallery (both eyes' mean below the first threshold): duplicate.
//!    With one eye comparable, that eye has to be more alike by
//!    [`SINGLE_EYE_PENALTY_MICROS`](crate::SINGLE_EYE_PENALTY_MICROS).
//! 3. Perhaps somebody in the gallery (below the second threshold): a person looks.
//! 4. Somebody could not be compared: a person looks. Too little to see is never new.
//! 5. Otherwise: unique.
//!
//! The caller decides first which entries count: those of people who are members or about
//! to be, and, for eyes that are [wide open](crate::is_wide_open), those that could be
//! compared, see [`SearchResult::only`]. Of two pairs of which neither can be compared, one at
//! least is not wide open; when the probe is, the entry has no say: otherwise somebody who
//! brings entries of few bits could turn away everybody else.
//!
//! Each holds in every [`Arrangement`](crate::Arrangement): eyes straight, swapped, or
//! seen in a mirror. `docs/measurements/matching.md` says what the thresholds mean at each
//! size of the gallery.

use crate::candidate::Candidate;
use crate::pair::EyesCompared;
use crate::search::SearchResult;
#[cfg(doc)]
use annona_template::EyePair;

/// Thresholds on the value of a [`PairScore`](crate::PairScore), in millionths, and
/// how many people one may be like (ENROL-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionRule {
    /// Below this the two are the same person.
    pub duplicate_below_micros: u32,
    /// Below this, and not a duplicate, a person has to look.
    pub review_below_micros: u32,
    /// Number of similar people from which on a template is nobody's.
    pub saturated_from: u64,
}

/// Decision that follows from a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nobody in the gallery is similar.
    Unique,
    /// Neither surely new nor surely known.
    Review {
        /// The entry to look at.
        closest: Candidate,
    },
    /// The person is already in the gallery.
    Duplicate {
        /// The entry that is the same person.
        existing: Candidate,
    },
    /// Like several people at once, which no eye is: a person has to look.
    Saturated {
        /// The entry it is most like.
        closest: Candidate,
        /// Number of people that it is similar to.
        similar: u64,
    },
}

impl Decision {
    /// A stable name for records, metrics and the API.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unique => "unique",
            Self::Review { .. } => "review",
            Self::Duplicate { .. } => "duplicate",
            Self::Saturated { .. } => "saturated",
        }
    }
}

impl DecisionRule {
    /// The rule in use; `docs/measurements/iris-scores.md` has the measurement behind the
    /// thresholds, `docs/measurements/matching.md` what they mean for galleries of up to 10^9.
    #[must_use]
    pub const fn standard() -> Self {
        Self {
            // Above the greatest genuine score of four seeds of simulated eyes.
            duplicate_below_micros: 360_000,
            // Below the least of their impostor scores.
            review_below_micros: 385_000,
            // Chosen, not measured: two, because one person may be in twice by mistake.
            saturated_from: 3,
        }
    }

    /// Returns the value below which a search has to report scores for
    /// [`DecisionRule::decide`], in millionths.
    #[must_use]
    pub const fn threshold_micros(&self) -> u32 {
        self.review_below_micros
    }

    /// Decides on the result of a search within [`DecisionRule::threshold_micros`].
    #[must_use]
    pub fn decide(&self, found: &SearchResult) -> Decision {
        let Some(closest) = found.best else {
            return Decision::Unique;
        };
        if found.similar >= self.saturated_from {
            return Decision::Saturated {
                closest,
                similar: found.similar,
            };
        }
        let is_compared = closest.score.eyes != EyesCompared::Neither;
        if is_compared && closest.score.micros < self.duplicate_below_micros {
            return Decision::Duplicate { existing: closest };
        }
        if !is_compared || closest.score.micros < self.review_below_micros {
            return Decision::Review { closest };
        }
        Decision::Unique
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::{Arrangement, INCOMPARABLE_MICROS, PairScore};

    fn one(best: Candidate) -> SearchResult {
        SearchResult {
            best: Some(best),
            similar: 1,
            ..SearchResult::default()
        }
    }

    fn matched(micros: u32, eyes: EyesCompared) -> Candidate {
        let arrangement = Arrangement::Straight;
        Candidate {
            sequence: 7,
            score: PairScore {
                micros,
                eyes,
                arrangement,
                left: None,
                right: None,
            },
        }
    }

    /// Tests ENROL-7.
    #[test]
    fn each_side_of_each_threshold_is_decided() {
        let rule = DecisionRule::standard();
        let decide = |micros| rule.decide(&one(matched(micros, EyesCompared::Both)));
        let at = |micros| matched(micros, EyesCompared::Both);
        let (duplicate, review) = (rule.duplicate_below_micros, rule.review_below_micros);
        assert_eq!(
            decide(duplicate - 1),
            Decision::Duplicate {
                existing: at(duplicate - 1)
            }
        );
        assert_eq!(
            decide(duplicate),
            Decision::Review {
                closest: at(duplicate)
            }
        );
        assert_eq!(
            decide(review - 1),
            Decision::Review {
                closest: at(review - 1)
            }
        );
        assert_eq!(decide(review), Decision::Unique);
        assert_eq!(rule.decide(&SearchResult::default()), Decision::Unique);
    }

    #[test]
    fn what_cannot_be_compared_is_looked_at() {
        let rule = DecisionRule::standard();
        let blind = matched(INCOMPARABLE_MICROS, EyesCompared::Neither);
        assert_eq!(
            rule.decide(&one(blind)),
            Decision::Review { closest: blind }
        );
    }

    #[test]
    fn an_incomparable_entry_hides_no_duplicate_and_outranks_strangers() {
        let rule = DecisionRule::standard();
        assert!(rule.duplicate_below_micros <= INCOMPARABLE_MICROS);
        assert!(INCOMPARABLE_MICROS < rule.review_below_micros);
    }

    #[test]
    fn who_is_like_three_people_is_like_nobody() {
        let rule = DecisionRule::standard();
        let closest = matched(100_000, EyesCompared::Both);
        let like = |similar| {
            rule.decide(&SearchResult {
                best: Some(closest),
                similar,
                ..SearchResult::default()
            })
        };
        assert_eq!(like(2), Decision::Duplicate { existing: closest });
        assert_eq!(
            like(3),
            Decision::Saturated {
                closest,
                similar: 3
            }
        );
        assert_eq!(like(3).code(), "saturated");
    }
}
