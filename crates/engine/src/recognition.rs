//! Searches the gallery for entries similar to a person, and separates those that count from the
//! others.

use std::sync::Arc;

use annona_matcher::{
    Candidate, DecisionRule, EyesCompared, Gallery, SearchResult, Snapshot, is_wide_open,
};
use annona_template::EyePair;

use crate::background::compute;
use crate::gallery_cache::{GalleryCache, GallerySnapshots};
use crate::ports::{
    GalleryEntryStatus, NewEntry, ReviewMatch, Store, StoreError, UpgradedTemplates,
};

/// Searches the gallery, and asks the database which of the entries found count.
pub(crate) struct Recognition {
    store: Arc<dyn Store>,
    known: GalleryCache,
    rule: DecisionRule,
}

/// Progress of a search. After a lost race, only those who joined meanwhile are searched.
#[derive(Default)]
pub(crate) struct Searched {
    people: u64,
    upgraded: u64,
    found: SearchResult,
}

/// Templates of a person, under each model that is searched.
#[derive(Clone, Copy)]
pub(crate) struct Probes<'a> {
    pub(crate) templates: &'a EyePair,
    pub(crate) upgraded: Option<&'a UpgradedTemplates>,
}

/// Entries of the gallery that a person is similar to.
pub(crate) struct Likeness {
    /// Number of entries searched.
    searched: u64,
    /// Similar entries that count (ENROL-10).
    pub(crate) counting: SearchResult,
    /// Similar entries that do not count.
    past: Vec<Candidate>,
    /// True if entries have templates of a new model, and the person was searched without any.
    pub(crate) lacks_codes: bool,
    statuses: Vec<GalleryEntryStatus>,
}

impl Recognition {
    pub(crate) fn new(store: Arc<dyn Store>, gallery: Gallery, rule: DecisionRule) -> Self {
        Self {
            known: GalleryCache::new(store.clone(), gallery),
            store,
            rule,
        }
    }

    /// Searches for the entries that a person is similar to now (ENROL-8), under each model that
    /// entries have templates of (ENROL-24).
    pub(crate) async fn look(
        &self,
        searched: &mut Searched,
        probes: Probes<'_>,
    ) -> Result<Likeness, StoreError> {
        let known = self.known.refreshed().await?;
        // The copy had to be begun anew.
        if known.current.len() < searched.people || known.upgraded.len() < searched.upgraded {
            *searched = Searched::default();
        }
        let probe = probes.templates;
        let later = self.search(&known.current, searched.people, probe).await;
        searched.people = known.current.len();
        searched.found = merged(&searched.found, &later);
        if let Some(upgraded) = probes.upgraded {
            let behind = searched.upgraded;
            let later = self.search(&known.upgraded, behind, &upgraded.templates);
            let later = by_sequence(later.await, &known);
            searched.found = merged(&searched.found, &later);
        }
        searched.upgraded = known.upgraded.len();
        // Eyes that are wide open can be compared with all others like them: an entry
        // of which too little is seen has no say about them.
        let is_wide_open = is_wide_open(probe);
        let found = searched
            .found
            .only(|found| !is_wide_open || found.score.eyes != EyesCompared::Neither);
        let sequences: Vec<u64> = found
            .candidates
            .iter()
            .map(|found| found.sequence)
            .collect();
        let statuses = self.store.gallery_entry_statuses(&sequences).await?;
        let counts =
            |found: &Candidate| status_of(&statuses, found.sequence).is_some_and(|one| one.counts);
        Ok(Likeness {
            searched: searched.people,
            counting: found.only(counts),
            past: found.only(|found| !counts(found)).candidates,
            lacks_codes: probes.upgraded.is_none() && !known.upgraded.is_empty(),
            statuses,
        })
    }

    /// Searches the entries after `searched`.
    async fn search(&self, known: &Snapshot, searched: u64, probe: &EyePair) -> SearchResult {
        let threshold = self.rule.threshold_micros();
        let (known, probe) = (known.clone(), probe.clone());
        compute(move || known.search_after(searched, &probe, threshold)).await
    }
}

impl Likeness {
    /// Makes the gallery entry of the person, after all entries that were searched.
    pub(crate) fn new_entry(&self, person: Probes<'_>) -> NewEntry {
        NewEntry {
            sequence: self.searched + 1,
            templates: person.templates.clone(),
            upgraded: person.upgraded.cloned(),
            past: self.past.iter().map(|found| found.sequence).collect(),
        }
    }

    /// Returns the enrolment behind an entry that was found, and whether the entry counts.
    pub(crate) fn status(&self, sequence: u64) -> Option<&GalleryEntryStatus> {
        status_of(&self.statuses, sequence)
    }

    /// Returns the entries that count, the most similar first.
    pub(crate) fn review_matches(&self) -> Vec<ReviewMatch> {
        let all = self.counting.candidates.iter();
        let mut matches: Vec<ReviewMatch> = all
            .map(|found| ReviewMatch {
                sequence: found.sequence,
                micros: found.score.micros,
            })
            .collect();
        matches.sort_by_key(|one| (one.micros, one.sequence));
        matches
    }

    /// Returns whether somebody who surely is the same person was a member, or was to be
    /// one (RECOV-1).
    pub(crate) fn was_known(&self, rule: &DecisionRule) -> bool {
        self.past.iter().any(|found| {
            found.score.eyes != EyesCompared::Neither
                && found.score.micros < rule.duplicate_below_micros
        })
    }
}

/// Returns a search of upgraded entries by their sequence numbers instead of their positions.
fn by_sequence(found: SearchResult, known: &GallerySnapshots) -> SearchResult {
    let renamed = |one: Candidate| Candidate {
        sequence: known.sequence_of(one.sequence).unwrap_or(one.sequence),
        ..one
    };
    SearchResult {
        best: found.best.map(renamed),
        candidates: found.candidates.into_iter().map(renamed).collect(),
        ..found
    }
}

/// Returns the results of two searches as one. Of an entry that both found, because it was upgraded
/// between them, the lower score counts.
fn merged(earlier: &SearchResult, later: &SearchResult) -> SearchResult {
    let beats = |one: &Candidate, other: &Candidate| {
        one.sequence == other.sequence && one.score.micros < other.score.micros
    };
    let kept = earlier.only(|one| !later.candidates.iter().any(|it| beats(it, one)));
    let is_new = |one: &Candidate| {
        let mut same = kept.candidates.iter();
        !same.any(|it| it.sequence == one.sequence)
    };
    let new = later.only(is_new);
    kept.merge(new)
}

fn status_of(statuses: &[GalleryEntryStatus], sequence: u64) -> Option<&GalleryEntryStatus> {
    let place = statuses.binary_search_by_key(&sequence, |status| status.sequence);
    place.ok().map(|place| &statuses[place])
}

#[cfg(test)]
mod tests {
    use annona_matcher::{Arrangement, PairScore};

    use super::*;

    fn found(scores: &[(u64, u32)]) -> SearchResult {
        let candidates = scores.iter().map(|&(sequence, micros)| Candidate {
            sequence,
            score: PairScore {
                micros,
                eyes: EyesCompared::Both,
                arrangement: Arrangement::Straight,
                left: None,
                right: None,
            },
        });
        let all = SearchResult {
            candidates: candidates.collect(),
            ..SearchResult::default()
        };
        all.only(|_| true)
    }

    /// Tests ENROL-24.
    #[test]
    fn of_an_entry_that_both_searches_found_the_lower_score_counts() {
        let earlier = found(&[(1, 300_000), (2, 320_000), (4, 340_000)]);
        let later = found(&[(2, 310_000), (3, 290_000), (4, 350_000)]);
        let both = merged(&earlier, &later);
        let mut scores: Vec<(u64, u32)> = (both.candidates.iter())
            .map(|one| (one.sequence, one.score.micros))
            .collect();
        scores.sort_unstable();
        assert_eq!(
            scores,
            [(1, 300_000), (2, 310_000), (3, 290_000), (4, 340_000)]
        );
        assert_eq!(both.best.map(|one| one.sequence), Some(3));
        assert_eq!(both.similar, 4);
        // Once, where the scores are equal.
        assert_eq!(merged(&earlier, &earlier), earlier);
    }
}
