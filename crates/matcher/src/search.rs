//! Searches a gallery for people who are similar to a person: exact unless a prefilter is
//! asked for, over all arrangements of the eyes.
//!
//! A kernel correlates the eyes of several people with the probe's, at all rotations at once;
//! those who cannot reach the limit are excluded; everybody left is scored by the definition,
//! at all 200 rotations of each eye. The answer is the one that scoring everybody would give.
//! A prefiltered search does the same with only those people whom the prefilter keeps.

use std::ops::Range;

use annona_template::EyePair;
use rayon::prelude::*;

use crate::candidate::Candidate;
use crate::compare::{
    BoundedProbe, Comparer, GROUP, PROBE_TEMPLATES, ProbeTemplates, ProbeVerdicts,
};
use crate::entry::Entry;
use crate::kernel::Instructions;
use crate::kernel::prefilter::{TOGETHER, excesses, prefetch};
use crate::pair::{EyesCompared, best_arrangement, mirrored_pair};
use crate::prefilter::{PrefilterProbe, PrefilterTemplate, is_likely_comparable, keeps};

/// People that one task searches.
// Chosen for speed: large beside the cost of a task, small enough to share among all cores.
const TASK_PEOPLE: usize = 512;

/// Bits of everybody that a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchMode {
    /// All bits of everybody. Decisions are made on this (ENROL-6).
    Exact,
    /// First the prefiltered bits of everybody, then all bits of those who pass. A person
    /// within the limit may be missed, most of all one whose eyes are turned beyond the 31
    /// upright rotations; one who cannot be compared is not.
    Prefiltered,
}

/// Result of a search for one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchResult {
    /// The most alike of those within the limit; of equals the one admitted first.
    pub best: Option<Candidate>,
    /// People whose score, with one eye or both, is below the limit.
    pub similar: u64,
    /// People within the limit of whom no eye could be compared.
    pub incomparable: u64,
    /// People whom the prefilter dropped; none in an exact search.
    pub dropped: u64,
    /// All entries within the limit, in order of admission.
    pub candidates: Vec<Candidate>,
}

impl SearchResult {
    /// Returns the result of a search of only those entries for which `is_kept` holds.
    #[must_use]
    pub fn only(&self, is_kept: impl Fn(&Candidate) -> bool) -> Self {
        let mut kept = Self {
            dropped: self.dropped,
            ..Self::default()
        };
        for one in self.candidates.iter().filter(|one| is_kept(one)) {
            kept.add(*one);
        }
        kept
    }

    /// Returns the result of a search of both parts; `self` is the part admitted earlier.
    #[must_use]
    pub fn merge(mut self, later: Self) -> Self {
        self.candidates.extend(later.candidates);
        let best = match (self.best, later.best) {
            (Some(a), Some(b)) if b.score.micros < a.score.micros => Some(b),
            (a, b) => a.or(b),
        };
        Self {
            best,
            similar: self.similar + later.similar,
            incomparable: self.incomparable + later.incomparable,
            dropped: self.dropped + later.dropped,
            candidates: self.candidates,
        }
    }

    fn add(&mut self, found: Candidate) {
        match found.score.eyes {
            EyesCompared::Neither => self.incomparable += 1,
            _ => self.similar += 1,
        }
        let is_nearer = |best: Candidate| found.score.micros < best.score.micros;
        if self.best.is_none_or(is_nearer) {
            self.best = Some(found);
        }
        self.candidates.push(found);
    }
}

/// People that a search reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// All below a score, in millionths.
    Below(u32),
    /// The most alike one, whatever its score.
    Nearest,
}

/// A person to search for: both eyes, as they are and mirrored.
pub(crate) struct Probe {
    eyes: EyePair,
    mirrored: EyePair,
    templates: ProbeTemplates,
    /// The same templates for the prefilter.
    prefilters: [PrefilterProbe; PROBE_TEMPLATES],
}

impl Probe {
    pub(crate) fn new(eyes: &EyePair) -> Self {
        let templates = ProbeTemplates::new(eyes);
        Self {
            prefilters: templates.templates().each_ref().map(PrefilterProbe::new),
            templates,
            eyes: eyes.clone(),
            mirrored: mirrored_pair(eyes),
        }
    }
}

impl Probe {
    /// Tells which of at most [`TOGETHER`] people pass the prefilter, see
    /// [`passes_prefilter`](crate::passes_prefilter).
    fn passing(&self, people: &[Entry], instructions: Instructions) -> [bool; TOGETHER] {
        let person = |k: usize| people.get(k).unwrap_or(&people[0]);
        let excesses = [0, 1].map(|side| {
            let eyes: [&PrefilterTemplate; TOGETHER] =
                std::array::from_fn(|k| &person(k).prefiltered[side]);
            self.prefilters
                .each_ref()
                .map(|prefilter| excesses(instructions, prefilter, eyes))
        });
        std::array::from_fn(|k| {
            let is_comparable = |(template, side): (usize, usize)| {
                let valid_bits = self.templates.valid_bits()[template];
                is_likely_comparable(valid_bits, person(k).valid_bits[side])
            };
            ARRANGED.into_iter().any(|comparisons| {
                let of_eyes = comparisons.map(|(template, side)| excesses[side][template][k]);
                keeps(
                    of_eyes.iter().sum(),
                    comparisons.into_iter().any(is_comparable),
                )
            })
        })
    }
}

/// Groups of [`TOGETHER`] people that are brought into the cache ahead.
// Chosen, not measured: so far ahead that memory has answered by then.
const PREFETCHED: usize = 8;

/// Templates of the probe and eyes of the entry that meet in the two comparisons of each
/// arrangement: indices into [`ProbeTemplates`], then 0 for the entry's left eye and 1 for
/// its right.
const ARRANGED: [[(usize, usize); 2]; 4] = [
    [(0, 0), (1, 1)],
    [(0, 1), (1, 0)],
    [(2, 1), (3, 0)],
    [(2, 0), (3, 1)],
];

/// Searches parts of a gallery, in order of admission, for several probes in one
/// pass over the memory. People for whom `is_deleted` holds are left out.
pub(crate) fn search(
    parts: &[&[Entry]],
    is_deleted: &(dyn Fn(u64) -> bool + Sync),
    probes: &[Probe],
    threshold: Threshold,
    (instructions, mode): (Instructions, SearchMode),
) -> Vec<SearchResult> {
    let tasks: Vec<&[Entry]> = parts
        .iter()
        .flat_map(|part| part.chunks(TASK_PEOPLE))
        .collect();
    let nothing = || vec![SearchResult::default(); probes.len()];
    tasks
        .into_par_iter()
        .map(|people| {
            Comparer::with(instructions, |comparer| {
                let mut task = Task::new(probes, threshold, comparer);
                match mode {
                    SearchMode::Exact => task.search_all(people, is_deleted),
                    SearchMode::Prefiltered => {
                        task.search_prefiltered(people, is_deleted, instructions);
                    }
                }
                task.found
            })
        })
        // Rayon keeps the order of an indexed iterator: `earlier` was admitted earlier.
        .reduce(nothing, |earlier, later| {
            earlier
                .into_iter()
                .zip(later)
                .map(|(a, b)| a.merge(b))
                .collect()
        })
}

struct Task<'a> {
    probes: &'a [Probe],
    threshold: Threshold,
    found: Vec<SearchResult>,
    comparer: &'a mut Comparer,
}

impl<'a> Task<'a> {
    fn new(probes: &'a [Probe], threshold: Threshold, comparer: &'a mut Comparer) -> Self {
        Self {
            probes,
            threshold,
            found: vec![SearchResult::default(); probes.len()],
            comparer,
        }
    }

    fn search_all(&mut self, people: &[Entry], is_deleted: &dyn Fn(u64) -> bool) {
        let everybody: Vec<&Entry> = people.iter().collect();
        let mut groups = everybody.chunks(GROUP).peekable();
        while let Some(group) = groups.next() {
            let next = groups.peek().copied().unwrap_or_default();
            self.search_group(0..self.probes.len(), group, next, is_deleted);
        }
    }

    fn search_prefiltered(
        &mut self,
        people: &[Entry],
        is_deleted: &dyn Fn(u64) -> bool,
        instructions: Instructions,
    ) {
        let mut kept = vec![Vec::new(); self.probes.len()];
        for (place, four) in people.chunks(TOGETHER).enumerate() {
            let ahead = people.iter().skip((place + PREFETCHED) * TOGETHER);
            ahead.take(TOGETHER).for_each(prefetch);
            for (kept, probe) in kept.iter_mut().zip(self.probes) {
                let passing = probe.passing(four, instructions);
                let of_four = four.iter().zip(passing).filter(|(_, passes)| *passes);
                kept.extend(of_four.map(|(entry, _)| entry));
            }
        }
        for (k, kept) in kept.iter().enumerate() {
            self.found[k].dropped = (people.len() - kept.len()) as u64;
            for group in kept.chunks(GROUP) {
                self.search_group(k..k + 1, group, &[], is_deleted);
            }
        }
    }

    fn search_group(
        &mut self,
        probes: Range<usize>,
        people: &[&Entry],
        next: &[&Entry],
        is_deleted: &dyn Fn(u64) -> bool,
    ) {
        let bounded: Vec<BoundedProbe> = probes
            .clone()
            .map(|k| (&self.probes[k].templates, self.limit(k)))
            .collect();
        let left: Vec<_> = people.iter().map(|entry| &entry.left).collect();
        let right: Vec<_> = people.iter().map(|entry| &entry.right).collect();
        let next: Vec<_> = next.iter().map(|entry| &entry.left).collect();
        let verdicts = [(&left, &right), (&right, &next)]
            .map(|(eyes, next)| self.comparer.judge(eyes, next, &bounded));
        for (of_range, k) in probes.enumerate() {
            let of_probe = verdicts.each_ref().map(|side| side[of_range]);
            let places = promising_places(&of_probe);
            for (place, entry) in people.iter().enumerate() {
                if places >> place & 1 == 1 && !is_deleted(entry.sequence) {
                    self.score(k, entry);
                }
            }
        }
    }

    /// Scores at or above this are not reported; `None`: all are.
    fn limit(&self, probe: usize) -> Option<u32> {
        match self.threshold {
            Threshold::Below(micros) => Some(micros),
            Threshold::Nearest => self.found[probe].best.map(|best| best.score.micros),
        }
    }

    fn score(&mut self, k: usize, entry: &Entry) {
        let probe = &self.probes[k];
        let score = best_arrangement(&probe.eyes, &probe.mirrored, &entry.eyes());
        if self.limit(k).is_none_or(|limit| score.micros < limit) {
            if self.threshold == Threshold::Nearest {
                self.found[k] = SearchResult::default();
            }
            self.found[k].add(Candidate {
                sequence: entry.sequence,
                score,
            });
        }
    }
}

/// Places that have to be scored: one comparison is promising, or in one
/// arrangement neither can be made upright. The score of a pair is below a limit only if
/// that of one eye is, or if it has none. Verdicts are by side of the entry and
/// template of the probe.
fn promising_places(verdicts: &[ProbeVerdicts; 2]) -> u32 {
    ARRANGED.iter().fold(0, |set, comparisons| {
        let [a, b] = comparisons.map(|(template, side)| verdicts[side][template]);
        set | a.promising | b.promising | !(a.comparable | b.comparable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::{Arrangement, INCOMPARABLE_MICROS, PairScore};

    fn one(sequence: u64, micros: u32, eyes: EyesCompared) -> Candidate {
        Candidate {
            sequence,
            score: PairScore {
                micros,
                eyes,
                arrangement: Arrangement::Straight,
                left: None,
                right: None,
            },
        }
    }

    #[test]
    fn what_is_left_out_counts_in_no_number() {
        let mut found = SearchResult::default();
        let all = [
            one(1, 200_000, EyesCompared::Both),
            one(2, 300_000, EyesCompared::Both),
            one(3, INCOMPARABLE_MICROS, EyesCompared::Neither),
        ];
        for each in all {
            found.add(each);
        }
        assert_eq!(found.only(|_| true), found);
        let later = found.only(|one| one.sequence > 1);
        assert_eq!(later.best, Some(all[1]));
        assert_eq!((later.similar, later.incomparable), (1, 1));
        let compared = found.only(|one| one.score.eyes != EyesCompared::Neither);
        assert_eq!((compared.similar, compared.incomparable), (2, 0));
        assert_eq!(found.only(|_| false), SearchResult::default());
    }
}
