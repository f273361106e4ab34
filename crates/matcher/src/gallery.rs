//! Everybody admitted so far, in memory.

use crate::pair::{EyePair, PairScore, pair_score, pair_score_swapped};

/// The entry of the gallery that a probe is most like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The entry's sequence number, as given to [`Gallery::push`].
    pub sequence: u64,
    /// How different the two are.
    pub score: PairScore,
}

/// Pairs of templates by sequence number, compared one by one.
#[derive(Debug, Default)]
pub struct Gallery {
    entries: Vec<(u64, EyePair)>,
}

impl Gallery {
    /// An empty gallery.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a person. The gallery does not judge: search first.
    pub fn push(&mut self, sequence: u64, eyes: EyePair) {
        self.entries.push((sequence, eyes));
    }

    /// Number of people.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The most alike entry, eyes straight or swapped; of equals the first pushed.
    /// `None` only when the gallery is empty.
    #[must_use]
    pub fn search(&self, probe: &EyePair) -> Option<Match> {
        self.entries
            .iter()
            .flat_map(|(sequence, entry)| {
                [pair_score(probe, entry), pair_score_swapped(probe, entry)].map(|score| Match {
                    sequence: *sequence,
                    score,
                })
            })
            .min_by_key(|found| found.score.micros)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::decision::{Decision, DecisionRule};
    use crate::pair::Arrangement;
    use crate::testing::{recaptured, seeded, turned};

    fn person(seed: u64) -> EyePair {
        EyePair {
            left: seeded(2 * seed),
            right: seeded(2 * seed + 1),
        }
    }

    fn crowd(people: u64) -> Gallery {
        let mut gallery = Gallery::new();
        for k in 0..people {
            gallery.push(100 + k, person(k));
        }
        gallery
    }

    #[test]
    fn a_second_capture_finds_its_person() {
        let probe = EyePair {
            left: turned(&recaptured(&seeded(14), 200, 1), 4),
            right: turned(&recaptured(&seeded(15), 220, 2), -3),
        };
        let found = crowd(20).search(&probe).unwrap();
        assert_eq!(found.sequence, 107);
        assert_eq!(found.score.left.unwrap().rotation, -4);
        assert!(matches!(
            DecisionRule::standard().decide(Some(found)),
            Decision::Duplicate { .. }
        ));
    }

    #[test]
    fn swapped_eyes_are_found() {
        let EyePair { left, right } = person(3);
        let found = crowd(8)
            .search(&EyePair {
                left: right,
                right: left,
            })
            .unwrap();
        assert_eq!(
            (found.sequence, found.score.arrangement),
            (103, Arrangement::Swapped)
        );
    }

    #[test]
    fn a_stranger_is_unique_and_an_empty_gallery_has_no_match() {
        let found = crowd(20).search(&person(99));
        assert_eq!(DecisionRule::standard().decide(found), Decision::Unique);
        assert_eq!(Gallery::new().search(&person(1)), None);
    }
}
