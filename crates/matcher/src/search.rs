//! Who in a gallery is like a person: exact, over all arrangements of the eyes.
//!
//! Kernels count the bits of eight people at a time; a [`Bound`] excludes those who
//! cannot reach the limit; whoever is left is scored by the definition
//! ([`score`](crate::score)). The answer is the one that scoring everybody would give.

use rayon::prelude::*;

use crate::bound::{self, Bound, Verdict};
use crate::entry::Entry;
use crate::gallery::Match;
use crate::kernel::{Block, Distances, DoubledProbe, Instructions, LANES, distances};
use crate::pair::{EyePair, EyesCompared, best_arrangement};

/// People that one task searches.
const TASK_PEOPLE: usize = 512;

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// The most alike of those within the limit; of equals the one admitted first.
    pub best: Option<Match>,
    /// People whose score, with one eye or both, is below the limit.
    pub similar: u64,
    /// People within the limit of whom no eye could be compared.
    pub incomparable: u64,
}

impl Found {
    /// What a search of both parts finds; `self` is the part admitted earlier.
    #[must_use]
    pub fn merge(self, later: Self) -> Self {
        let best = match (self.best, later.best) {
            (Some(a), Some(b)) if b.score.micros < a.score.micros => Some(b),
            (a, b) => a.or(b),
        };
        Self {
            best,
            similar: self.similar + later.similar,
            incomparable: self.incomparable + later.incomparable,
        }
    }

    fn add(&mut self, found: Match) {
        let one = match found.score.eyes {
            EyesCompared::Neither => Self {
                incomparable: 1,
                ..Self::default()
            },
            _ => Self {
                similar: 1,
                ..Self::default()
            },
        };
        *self = self.merge(Self {
            best: Some(found),
            ..one
        });
    }
}

/// Which people a search reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All below a score, in millionths.
    Below(u32),
    /// The most alike one, whatever its score.
    Nearest,
}

/// A person to search for: both eyes, as they are and mirrored.
pub(crate) struct Probe {
    eyes: EyePair,
    mirrored: EyePair,
    /// Left, right, mirrored left, mirrored right.
    doubled: [DoubledProbe; 4],
}

impl Probe {
    pub(crate) fn new(eyes: &EyePair) -> Self {
        let mirrored = eyes.mirrored();
        let doubled = [&eyes.left, &eyes.right, &mirrored.left, &mirrored.right];
        Self {
            doubled: doubled.map(DoubledProbe::new),
            eyes: eyes.clone(),
            mirrored,
        }
    }
}

/// Which of the probe's templates meets which eye of the entry in the two
/// comparisons of each arrangement: indices into `Probe::doubled`, then 0 for the
/// entry's left eye and 1 for its right.
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
    reach: Reach,
    instructions: Instructions,
) -> Vec<Found> {
    let tasks: Vec<&[Entry]> = parts
        .iter()
        .flat_map(|part| part.chunks(TASK_PEOPLE))
        .collect();
    let nothing = || vec![Found::default(); probes.len()];
    tasks
        .into_par_iter()
        .map(|people| {
            let mut task = Task::new(probes, reach, instructions);
            for block in people.chunks(LANES) {
                task.search_block(block, is_deleted);
            }
            task.found
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
    reach: Reach,
    instructions: Instructions,
    found: Vec<Found>,
    block: Box<Block>,
    counts: Box<Distances>,
}

impl<'a> Task<'a> {
    fn new(probes: &'a [Probe], reach: Reach, instructions: Instructions) -> Self {
        Self {
            probes,
            reach,
            instructions,
            found: vec![Found::default(); probes.len()],
            block: Block::blank(),
            counts: Box::new(Distances::zero()),
        }
    }

    fn search_block(&mut self, people: &[Entry], is_deleted: &dyn Fn(u64) -> bool) {
        let mut verdicts = vec![[[NO_VERDICT; 2]; 4]; self.probes.len()];
        for side in 0..2 {
            let eyes: Vec<_> = people
                .iter()
                .map(|entry| [&entry.left, &entry.right][side])
                .collect();
            self.block.fill(&eyes, self.instructions);
            for (k, probe) in self.probes.iter().enumerate() {
                let bound = self.limit(k).map(Bound::new);
                for (template, doubled) in probe.doubled.iter().enumerate() {
                    distances(self.instructions, doubled, &self.block, &mut self.counts);
                    verdicts[k][template][side] = match bound {
                        Some(Some(bound)) => bound.judge(&self.counts),
                        _ => bound::judge_all(&self.counts),
                    };
                }
            }
        }
        for (k, verdicts) in verdicts.iter().enumerate() {
            let candidates = candidates(verdicts);
            for (lane, entry) in people.iter().enumerate() {
                if candidates >> lane & 1 == 1 && !is_deleted(entry.sequence) {
                    self.score(k, entry);
                }
            }
        }
    }

    /// Scores at or above this are not reported; `None`: all are.
    fn limit(&self, probe: usize) -> Option<u32> {
        match self.reach {
            Reach::Below(micros) => Some(micros),
            Reach::Nearest => self.found[probe].best.map(|best| best.score.micros),
        }
    }

    fn score(&mut self, k: usize, entry: &Entry) {
        let probe = &self.probes[k];
        let score = best_arrangement(&probe.eyes, &probe.mirrored, &entry.eyes());
        if self.limit(k).is_none_or(|limit| score.micros < limit) {
            self.found[k].add(Match {
                sequence: entry.sequence,
                score,
            });
        }
    }
}

const NO_VERDICT: Verdict = Verdict {
    promising: 0,
    comparable: 0,
};

/// Lanes that have to be scored: one comparison is promising, or in one
/// arrangement neither can be made. The score of a pair is below a limit only if
/// that of one eye is, or if it has none.
fn candidates(verdicts: &[[Verdict; 2]; 4]) -> u8 {
    ARRANGED.iter().fold(0, |set, comparisons| {
        let [a, b] = comparisons.map(|(template, side)| verdicts[template][side]);
        set | a.promising | b.promising | !(a.comparable | b.comparable)
    })
}
