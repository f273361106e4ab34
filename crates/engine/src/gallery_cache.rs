//! Gallery cache: a copy of the stored gallery that is filled up and compared with the database.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use annona_matcher::{Gallery, GalleryError, Snapshot};

use crate::ports::{GalleryEntry, Store, StoreError, UpgradedEntry};

/// Number of gallery entries read from the database at a time.
const GALLERY_PAGE: u32 = 1_024;

/// Copy of the stored gallery, in memory or in files; the database's sequence numbers decide
/// which entries are added. Entries whose templates are of the model that the service changes to
/// are held beside it, in memory.
pub(crate) struct GalleryCache {
    store: Arc<dyn Store>,
    copy: RwLock<Held>,
}

/// Everybody in the database at one moment, by the model of their templates.
pub(crate) struct GallerySnapshots {
    /// All entries; those with templates of the new model are left out of its searches.
    pub(crate) current: Snapshot,
    /// Entries with templates of the new model, by position.
    pub(crate) upgraded: Snapshot,
    /// Sequence number of each position.
    sequences: Arc<Vec<u64>>,
}

impl GallerySnapshots {
    /// Returns the sequence number of an upgraded entry by its position, which begins with 1.
    pub(crate) fn sequence_of(&self, position: u64) -> Option<u64> {
        let index = usize::try_from(position.checked_sub(1)?).ok()?;
        self.sequences.get(index).copied()
    }
}

struct Held {
    gallery: Gallery,
    upgraded: Gallery,
    sequences: Arc<Vec<u64>>,
    /// True once the entries in files were compared with those of the database.
    is_compared: bool,
}

impl GalleryCache {
    pub(crate) fn new(store: Arc<dyn Store>, gallery: Gallery) -> Self {
        let is_compared = gallery.is_empty();
        Self {
            store,
            copy: RwLock::new(Held {
                gallery,
                upgraded: Gallery::new(),
                sequences: Arc::default(),
                is_compared,
            }),
        }
    }

    /// Returns a snapshot of everybody in the database now. Nobody waits for the searches in
    /// it.
    ///
    /// Upgraded entries are read last: one that is left out of the first part's searches was
    /// upgraded before, so that it is in the second part.
    pub(crate) async fn refreshed(&self) -> Result<GallerySnapshots, StoreError> {
        self.follow_files();
        self.compare_with_database().await?;
        let current = self.refreshed_current().await?;
        loop {
            let (upgraded, sequences) = {
                let copy = self.read();
                (copy.upgraded.snapshot(), Arc::clone(&copy.sequences))
            };
            let behind = upgraded.len();
            let page = self.store.upgraded_after(behind, GALLERY_PAGE).await?;
            if page.is_empty() {
                return Ok(GallerySnapshots {
                    current,
                    upgraded,
                    sequences,
                });
            }
            let mut copy = self.write();
            for entry in &page {
                copy.add_upgraded(entry);
            }
        }
    }

    async fn refreshed_current(&self) -> Result<Snapshot, StoreError> {
        loop {
            let known = self.snapshot();
            let page = self.store.gallery_after(known.len(), GALLERY_PAGE).await?;
            if page.is_empty() {
                return Ok(known);
            }
            let mut copy = self.write();
            for entry in &page {
                copy.add(entry);
            }
        }
    }

    /// Takes over the entries that another process has written to the files.
    fn follow_files(&self) {
        let mut copy = self.write();
        let before = copy.gallery.in_files();
        if let Err(error) = copy.gallery.refresh() {
            // The database has everything; files that cannot be read cost only time.
            tracing::warn!(%error, "the gallery files cannot be followed");
            copy.gallery = Gallery::new();
        }
        if copy.gallery.in_files() != before {
            copy.is_compared = false;
        }
    }

    /// Compares the last entry with that of the database. If they differ, the gallery belongs
    /// to another database, or to one that was set back to an earlier state: it is begun anew.
    async fn compare_with_database(&self) -> Result<(), StoreError> {
        let known = {
            let copy = self.read();
            if copy.is_compared {
                return Ok(());
            }
            copy.gallery.snapshot()
        };
        let last = known.len();
        let Some(before_last) = last.checked_sub(1) else {
            return Ok(());
        };
        let page = self.store.gallery_after(before_last, 1).await?;
        let is_same = page.first().is_some_and(|entry| {
            entry.sequence == last && known.eyes(last).as_ref() == Some(&entry.templates)
        });
        let mut copy = self.write();
        if !is_same {
            tracing::warn!(entries = last, "the gallery files are not of this database");
            copy.begin_anew();
        }
        copy.is_compared = true;
        Ok(())
    }

    fn snapshot(&self) -> Snapshot {
        self.read().gallery.snapshot()
    }

    // A panic while a lock is held leaves whole entries behind, as a cut-off does.
    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.copy.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.copy.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Adds an entry unless the gallery has it already: two requests may have read the same
    /// page.
    fn add(&mut self, entry: &GalleryEntry) {
        self.push(entry);
        if entry.is_upgraded {
            self.leave_out(entry.sequence);
        }
    }

    fn push(&mut self, entry: &GalleryEntry) {
        let pushed = self.gallery.push(entry.sequence, &entry.templates);
        let Err(error) = pushed else { return };
        if matches!(error, GalleryError::Sequence { .. }) {
            return;
        }
        tracing::warn!(%error, "the gallery files cannot be written; going on in memory");
        self.gallery.stop_writing();
        // In memory only the sequence can be refused, and it was not.
        let _in_memory = self.gallery.push(entry.sequence, &entry.templates);
    }

    /// Adds an upgraded entry unless it is there, and leaves its old templates out of searches.
    fn add_upgraded(&mut self, entry: &UpgradedEntry) {
        if self
            .upgraded
            .push(entry.position, &entry.templates)
            .is_err()
        {
            return;
        }
        Arc::make_mut(&mut self.sequences).push(entry.sequence);
        self.leave_out(entry.sequence);
    }

    fn leave_out(&mut self, sequence: u64) {
        // An entry that stays is compared under both models, which costs only time.
        if let Err(error) = self.gallery.delete(sequence) {
            tracing::warn!(%error, "replaced templates cannot be marked in the gallery files");
        }
    }

    fn begin_anew(&mut self) {
        self.upgraded = Gallery::new();
        self.sequences = Arc::default();
        if let Err(error) = self.gallery.clear() {
            tracing::warn!(%error, "the gallery files cannot be removed; going on in memory");
            self.gallery = Gallery::new();
        }
    }
}
