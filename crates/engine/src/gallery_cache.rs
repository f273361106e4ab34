//! Gallery cache: a copy of the stored gallery that is filled up and compared with the database.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use annona_matcher::{Gallery, GalleryError, Snapshot};

use crate::ports::{GalleryEntry, Store, StoreError};

/// Number of gallery entries read from the database at a time.
const GALLERY_PAGE: u32 = 1_024;

/// Copy of the stored gallery, in memory or in files; the database's sequence numbers decide
/// which entries are added.
pub(crate) struct GalleryCache {
    store: Arc<dyn Store>,
    copy: RwLock<Held>,
}

struct Held {
    gallery: Gallery,
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
                is_compared,
            }),
        }
    }

    /// Returns a snapshot of everybody in the database now. Nobody waits for the searches in
    /// it.
    pub(crate) async fn refreshed(&self) -> Result<Snapshot, StoreError> {
        self.follow_files();
        self.compare_with_database().await?;
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

    fn begin_anew(&mut self) {
        if let Err(error) = self.gallery.clear() {
            tracing::warn!(%error, "the gallery files cannot be removed; going on in memory");
            self.gallery = Gallery::new();
        }
    }
}
