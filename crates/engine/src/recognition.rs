//! Searches the gallery for entries similar to a person, and separates those that count from the
//! others.

use std::sync::Arc;

use annona_matcher::{
    Candidate, DecisionRule, EyesCompared, Gallery, SearchResult, Snapshot, is_wide_open,
};
use annona_template::EyePair;

use crate::background::compute;
use crate::gallery_cache::GalleryCache;
use crate::ports::{GalleryEntryStatus, NewEntry, ReviewMatch, Store, StoreError};

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
    found: SearchResult,
}

/// Entries of the gallery that a person is similar to.
pub(crate) struct Likeness {
    /// Number of entries searched.
    searched: u64,
    /// Similar entries that count (ENROL-10).
    pub(crate) counting: SearchResult,
    /// Similar entries that do not count.
    past: Vec<Candidate>,
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

    /// Searches for the entries that `probe` is similar to now (ENROL-8).
    pub(crate) async fn look(
        &self,
        searched: &mut Searched,
        probe: &EyePair,
    ) -> Result<Likeness, StoreError> {
        let known = self.known.refreshed().await?;
        // The copy had to be begun anew.
        if known.len() < searched.people {
            *searched = Searched::default();
        }
        let later = self.search(&known, searched.people, probe).await;
        searched.people = known.len();
        searched.found = std::mem::take(&mut searched.found).merge(later);
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
    pub(crate) fn new_entry(&self, templates: EyePair) -> NewEntry {
        NewEntry {
            sequence: self.searched + 1,
            templates,
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

fn status_of(statuses: &[GalleryEntryStatus], sequence: u64) -> Option<&GalleryEntryStatus> {
    let place = statuses.binary_search_by_key(&sequence, |status| status.sequence);
    place.ok().map(|place| &statuses[place])
}
