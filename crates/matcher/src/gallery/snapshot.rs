//! A gallery at one moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use annona_template::EyePair;

use super::segment::Published;
use crate::candidate::Candidate;
use crate::entry::Entry;
use crate::kernel::Instructions;
use crate::search::{Probe, SearchMode, SearchResult, Threshold, search};

#[derive(Clone)]
enum Part {
    Mapped(Published),
    Memory(Arc<Vec<Entry>>),
}

impl Part {
    fn entries(&self) -> &[Entry] {
        match self {
            Self::Mapped(published) => published.entries(),
            Self::Memory(entries) => entries,
        }
    }
}

/// A gallery as it was when [`Gallery::snapshot`](super::Gallery::snapshot) was
/// called. Nobody waits for its searches.
#[derive(Clone)]
pub struct Snapshot {
    parts: Vec<Part>,
    deleted: Arc<BTreeSet<u64>>,
}

impl Snapshot {
    pub(super) fn new(
        mapped: impl Iterator<Item = Published>,
        memory: &[Arc<Vec<Entry>>],
        deleted: Arc<BTreeSet<u64>>,
    ) -> Self {
        let memory = memory.iter().map(|part| Part::Memory(Arc::clone(part)));
        Self {
            parts: mapped.map(Part::Mapped).chain(memory).collect(),
            deleted,
        }
    }

    /// Number of entries, deleted ones included: the last sequence number.
    #[must_use]
    pub fn len(&self) -> u64 {
        let count: usize = self.parts.iter().map(|part| part.entries().len()).sum();
        count as u64
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everybody whose score is below `below_micros`, in any arrangement of the eyes and
    /// however each eye is turned: the most alike of them and how many they are. Exact: the same as scoring
    /// every entry.
    #[must_use]
    pub fn search(&self, probe: &EyePair, below_micros: u32) -> SearchResult {
        self.search_after(0, probe, below_micros)
    }

    /// As [`Snapshot::search`], of the entries behind `sequence` only.
    #[must_use]
    pub fn search_after(&self, sequence: u64, probe: &EyePair, below_micros: u32) -> SearchResult {
        let parts = self.parts_after(sequence);
        let instructions = Instructions::fastest();
        let probes = [Probe::new(probe)];
        let threshold = Threshold::Below(below_micros);
        let found = search(
            &parts,
            &self.is_deleted(),
            &probes,
            threshold,
            (instructions, SearchMode::Exact),
        );
        found.into_iter().next().unwrap_or_default()
    }

    /// [`Snapshot::search_after`] for several probes in one pass over the memory, on chosen
    /// instructions, exact or with a prefilter before; the answers are in the order of the
    /// probes.
    #[must_use]
    pub fn search_many(
        &self,
        sequence: u64,
        probes: &[EyePair],
        below_micros: u32,
        instructions: Instructions,
        mode: SearchMode,
    ) -> Vec<SearchResult> {
        let probes: Vec<Probe> = probes.iter().map(Probe::new).collect();
        let parts = self.parts_after(sequence);
        let threshold = Threshold::Below(below_micros);
        let how = (instructions, mode);
        search(&parts, &self.is_deleted(), &probes, threshold, how)
    }

    /// The most alike entry in any arrangement of the eyes, however different; of
    /// equals the first admitted. `None` only when there is no entry.
    #[must_use]
    pub fn nearest(&self, probe: &EyePair) -> Option<Candidate> {
        let parts = self.parts_after(0);
        let instructions = Instructions::fastest();
        let probes = [Probe::new(probe)];
        let found = search(
            &parts,
            &self.is_deleted(),
            &probes,
            Threshold::Nearest,
            (instructions, SearchMode::Exact),
        );
        found.first().and_then(|found| found.best)
    }

    /// The eyes of entry `sequence`, deleted or not.
    #[must_use]
    pub fn eyes(&self, sequence: u64) -> Option<EyePair> {
        let mut index = usize::try_from(sequence.checked_sub(1)?).ok()?;
        for part in &self.parts {
            match part.entries().get(index) {
                Some(entry) => return Some(entry.eyes()),
                None => index -= part.entries().len(),
            }
        }
        None
    }

    fn is_deleted(&self) -> impl Fn(u64) -> bool + Sync {
        |sequence| self.deleted.contains(&sequence)
    }

    fn parts_after(&self, sequence: u64) -> Vec<&[Entry]> {
        let mut skip = usize::try_from(sequence).unwrap_or(usize::MAX);
        self.parts
            .iter()
            .map(|part| {
                let entries = part.entries();
                let skipped = skip.min(entries.len());
                skip -= skipped;
                &entries[skipped..]
            })
            .filter(|entries| !entries.is_empty())
            .collect()
    }
}

/// Says how many entries there are; their bits are biometric and not shown.
impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot({} entries)", self.len())
    }
}
