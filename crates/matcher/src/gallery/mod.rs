//! Everybody admitted so far: in files that are mapped into memory, or in memory alone.
//!
//! The files are a copy of the database's gallery. Opening them checks every entry; from a
//! torn or damaged one on, entries are dropped, and the caller gives the missing entries
//! again, by sequence number. One process writes; others may read meanwhile.

mod folder;
mod segment;
mod snapshot;
mod tombstones;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

pub use folder::Access;
pub use snapshot::Snapshot;

use annona_template::EyePair;

use crate::candidate::Candidate;
use crate::entry::{ENTRY_BYTES, Entry};
use crate::error::GalleryError;
use crate::search::SearchResult;
use folder::Folder;
use segment::Segment;

/// People of a segment file: 373 MB when full.
const SEGMENT_PEOPLE: u32 = 65_536;
/// People of a part held in memory, which a push may have to copy while a search runs.
// Chosen, not measured: a copy of it is 0.7 MB.
const MEMORY_PART_PEOPLE: usize = 128;

/// Pairs of templates in order of admission, with sequence numbers from 1.
#[derive(Default)]
pub struct Gallery {
    files: Option<Folder>,
    segments: Vec<Segment>,
    /// Entries behind those of the segments.
    memory: Vec<Arc<Vec<Entry>>>,
    deleted: Arc<BTreeSet<u64>>,
}

impl Gallery {
    /// An empty gallery in memory.
    ///
    /// ```
    /// # use annona_matcher::{DecisionRule, Gallery};
    /// # use annona_template::{COLUMNS, EyePair, IrisTemplate};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let eye = |seed: u64| {
    ///     let word = |column: u64| (column + 200 * seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ///     let code = std::array::from_fn(|column| word(column as u64 + 1));
    ///     IrisTemplate::from_columns(code, [u32::MAX; COLUMNS])
    /// };
    /// let person = |seed: u64| EyePair { left: eye(seed), right: eye(seed + 1) };
    /// let mut gallery = Gallery::new();
    /// gallery.push(1, &person(10))?;
    /// gallery.push(2, &person(20))?;
    ///
    /// let found = gallery.search(&person(20), 300_000);
    /// assert_eq!(found.candidates.len(), 1);
    /// assert_eq!(found.candidates[0].sequence, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the gallery in `folder`; a writer makes it when it is missing.
    ///
    /// Every entry's checksum is compared. From the first entry that is not sound on,
    /// none is taken; a writer also removes them from the files.
    ///
    /// # Errors
    /// [`GalleryError::InUse`] when another process writes; `Format` or `Model` when
    /// the files are of another version; `Io`.
    pub fn open(folder: &Path, access: Access) -> Result<Self, GalleryError> {
        Self::open_with(folder, access, SEGMENT_PEOPLE)
    }

    /// Removes the files of a gallery that can only be rebuilt.
    ///
    /// # Errors
    /// [`GalleryError::InUse`] when another process writes; `Io`.
    pub fn discard(folder: &Path) -> Result<(), GalleryError> {
        Folder::open(folder, Access::Write, SEGMENT_PEOPLE)?.clear()
    }

    fn open_with(folder: &Path, access: Access, capacity: u32) -> Result<Self, GalleryError> {
        let files = Folder::open(folder, access, capacity)?;
        let segments = files.segments()?;
        let deleted = Arc::new(files.read_tombstones()?);
        Ok(Self {
            files: Some(files),
            segments,
            memory: Vec::new(),
            deleted,
        })
    }

    /// Number of entries, deleted ones included: the last sequence number.
    #[must_use]
    pub fn len(&self) -> u64 {
        let in_memory: usize = self.memory.iter().map(|part| part.len()).sum();
        self.in_files() + in_memory as u64
    }

    /// Number of entries that are in files.
    #[must_use]
    pub fn in_files(&self) -> u64 {
        self.segments.iter().map(|part| part.len() as u64).sum()
    }

    /// Bytes of a person in memory and in files.
    #[must_use]
    pub const fn bytes_a_person(&self) -> usize {
        ENTRY_BYTES
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a person, to the files if this process writes them. The gallery does not
    /// judge: search first.
    ///
    /// # Errors
    /// [`GalleryError::Sequence`] when `sequence` is not the next one. `Io`: the entry
    /// is not in; [`Gallery::stop_writing`] lets the gallery go on in memory.
    pub fn push(&mut self, sequence: u64, eyes: &EyePair) -> Result<(), GalleryError> {
        let expected = self.len() + 1;
        if sequence != expected {
            return Err(GalleryError::Sequence {
                expected,
                given: sequence,
            });
        }
        let entry = Entry::new(sequence, eyes);
        match &self.files {
            Some(files) if files.may_write() => {
                if self.segments.last().is_none_or(Segment::is_full) {
                    self.segments
                        .push(files.create_after(self.segments.last())?);
                }
                let last = self
                    .segments
                    .last_mut()
                    .expect("one was pushed if none was");
                last.append(&entry)
            }
            _ => {
                self.push_in_memory(entry);
                Ok(())
            }
        }
    }

    fn push_in_memory(&mut self, entry: Entry) {
        match self.memory.last_mut() {
            // A snapshot that is being searched keeps the part as it was.
            Some(part) if part.len() < MEMORY_PART_PEOPLE => Arc::make_mut(part).push(entry),
            _ => self.memory.push(Arc::new(vec![entry])),
        }
    }

    /// Leaves the files as they are; entries pushed from now on are in memory only.
    pub fn stop_writing(&mut self) {
        if let Some(files) = &mut self.files {
            files.stop_writing();
        }
    }

    /// Returns whether pushed entries go to files.
    #[must_use]
    pub fn is_writer(&self) -> bool {
        self.files.as_ref().is_some_and(Folder::may_write)
    }

    /// Takes over entries and tombstones that another process has written since. A writer
    /// has nothing to take over.
    ///
    /// # Errors
    /// As [`Gallery::open`].
    pub fn refresh(&mut self) -> Result<(), GalleryError> {
        let Some(files) = self.files.as_ref().filter(|files| !files.may_write()) else {
            return Ok(());
        };
        let before = self.in_files();
        if self.segments.iter().all(Segment::is_current) && !self.segments.is_empty() {
            follow(files, &mut self.segments)?;
        } else {
            // The writer replaced or removed a file.
            self.segments = files.segments()?;
        }
        self.deleted = Arc::new(files.read_tombstones()?);
        let after = self.in_files();
        match after.checked_sub(before) {
            Some(grown) => self.forget_in_memory(grown),
            // Entries in memory follow those in files without a gap, or not at all.
            None => self.memory.clear(),
        }
        Ok(())
    }

    /// Drops the first `count` entries in memory, which are in files now.
    fn forget_in_memory(&mut self, count: u64) {
        let mut left = usize::try_from(count).unwrap_or(usize::MAX);
        while left > 0 && !self.memory.is_empty() {
            let part = &mut self.memory[0];
            if part.len() <= left {
                left -= part.len();
                self.memory.remove(0);
            } else {
                Arc::make_mut(part).drain(..left);
                left = 0;
            }
        }
    }

    /// Leaves entry `sequence` out of searches from now on. In files the entry stays
    /// until they are rebuilt.
    ///
    /// # Errors
    /// `Io`; the entry is then not deleted.
    pub fn delete(&mut self, sequence: u64) -> Result<(), GalleryError> {
        if let Some(files) = self.files.as_ref().filter(|files| files.may_write()) {
            tombstones::append(&files.tombstones(), sequence)?;
        }
        Arc::make_mut(&mut self.deleted).insert(sequence);
        Ok(())
    }

    /// Removes all entries and tombstones, from the files as well if this process
    /// writes them.
    ///
    /// # Errors
    /// `Io`.
    pub fn clear(&mut self) -> Result<(), GalleryError> {
        if let Some(files) = self.files.as_ref().filter(|files| files.may_write()) {
            files.clear()?;
        } else {
            self.files = None;
        }
        self.segments.clear();
        self.memory.clear();
        self.deleted = Arc::default();
        Ok(())
    }

    /// The eyes of entry `sequence`, deleted or not.
    #[must_use]
    pub fn eyes(&self, sequence: u64) -> Option<EyePair> {
        self.snapshot().eyes(sequence)
    }

    /// The gallery as it is now, to be searched while it grows.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mapped = self.segments.iter().map(Segment::published);
        Snapshot::new(mapped.cloned(), &self.memory, Arc::clone(&self.deleted))
    }

    /// Searches the gallery as it is now, see [`Snapshot::search`].
    #[must_use]
    pub fn search(&self, probe: &EyePair, below_micros: u32) -> SearchResult {
        self.snapshot().search(probe, below_micros)
    }

    /// Finds the most similar entry, see [`Snapshot::nearest`].
    #[must_use]
    pub fn nearest(&self, probe: &EyePair) -> Option<Candidate> {
        self.snapshot().nearest(probe)
    }
}

/// Publishes new entries of the last segment, and of those made behind it.
fn follow(files: &Folder, segments: &mut Vec<Segment>) -> Result<(), GalleryError> {
    while let Some(last) = segments.last_mut() {
        last.publish_sound()?;
        if !last.is_full() {
            break;
        }
        let Some(next) = files.open_after(last)? else {
            break;
        };
        segments.push(next);
    }
    Ok(())
}

/// Says how many entries there are; their bits are biometric and not shown.
impl std::fmt::Debug for Gallery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gallery({} entries)", self.len())
    }
}

#[cfg(test)]
mod rights;
#[cfg(test)]
mod tests;
