//! Whether a person is new: the only place where thresholds meet scores.

use crate::gallery::Match;
use crate::pair::EyesCompared;

/// Thresholds on the value of a [`PairScore`](crate::PairScore), in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionRule {
    /// Below this the two are the same person.
    pub duplicate_below_micros: u32,
    /// Below this, and not a duplicate, a person has to look.
    pub review_below_micros: u32,
}

/// What follows from the best match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nobody in the gallery is alike.
    Unique,
    /// Neither surely new nor surely known.
    Review {
        /// The entry to look at.
        closest: Match,
    },
    /// Already in.
    Duplicate {
        /// The entry that is the same person.
        existing: Match,
    },
}

impl DecisionRule {
    /// The thresholds in use; `docs/iris-scores.md` has the measurement behind them.
    #[must_use]
    pub const fn standard() -> Self {
        Self {
            duplicate_below_micros: 360_000,
            review_below_micros: 385_000,
        }
    }

    /// Decides on the best match of a search (`None`: the gallery was empty).
    #[must_use]
    pub fn decide(&self, best: Option<Match>) -> Decision {
        let Some(found) = best else {
            return Decision::Unique;
        };
        if found.score.eyes == EyesCompared::Neither {
            return Decision::Review { closest: found };
        }
        if found.score.micros < self.duplicate_below_micros {
            return Decision::Duplicate { existing: found };
        }
        if found.score.micros < self.review_below_micros {
            return Decision::Review { closest: found };
        }
        Decision::Unique
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::{Arrangement, INCOMPARABLE_MICROS, PairScore};

    fn matched(micros: u32, eyes: EyesCompared) -> Match {
        let arrangement = Arrangement::Straight;
        Match {
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

    #[test]
    fn each_side_of_each_threshold_is_decided() {
        let rule = DecisionRule::standard();
        let decide = |micros| rule.decide(Some(matched(micros, EyesCompared::Both)));
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
        assert_eq!(rule.decide(None), Decision::Unique);
    }

    #[test]
    fn what_cannot_be_compared_is_looked_at() {
        let rule = DecisionRule::standard();
        let blind = matched(INCOMPARABLE_MICROS, EyesCompared::Neither);
        assert_eq!(
            rule.decide(Some(blind)),
            Decision::Review { closest: blind }
        );
    }

    #[test]
    fn an_incomparable_entry_hides_no_duplicate_and_outranks_strangers() {
        let rule = DecisionRule::standard();
        assert!(rule.duplicate_below_micros <= INCOMPARABLE_MICROS);
        assert!(INCOMPARABLE_MICROS < rule.review_below_micros);
    }
}
