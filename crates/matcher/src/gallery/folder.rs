//! The folder of a gallery: its segments, and the right to write.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use annona_files::{Audience, FileError, create_folder, is_shared, is_unfinished, restrict};

use super::segment::Segment;
use super::tombstones;
use crate::error::GalleryError;

const LOCK: &str = "lock";
const TOMBSTONES: &str = "tombstones";

/// Right of a process to a gallery's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// This process adds and repairs; no other may at the same time.
    Write,
    /// This process follows another one that writes.
    Read,
}

/// The folder, and the lock of its writer.
pub(crate) struct Folder {
    path: PathBuf,
    capacity: u32,
    /// Held by the writer as long as it lives; the system frees it when a process dies.
    lock: Option<File>,
}

impl Folder {
    pub(crate) fn open(path: &Path, access: Access, capacity: u32) -> Result<Self, GalleryError> {
        if access == Access::Write {
            create_folder(path, Audience::Owner)?;
        }
        keep_to_owner(path)?;
        let lock = match access {
            Access::Read => None,
            Access::Write => Some(lock(path)?),
        };
        Ok(Self {
            path: path.into(),
            capacity,
            lock,
        })
    }

    pub(crate) fn may_write(&self) -> bool {
        self.lock.is_some()
    }

    /// From now on this process only reads.
    pub(crate) fn stop_writing(&mut self) {
        self.lock = None;
    }

    pub(crate) fn tombstones(&self) -> PathBuf {
        self.path.join(TOMBSTONES)
    }

    /// Opens all segments, up to the first that is not full. The writer repairs it
    /// and removes those behind it, whose entries have lost their place.
    pub(crate) fn segments(&self) -> Result<Vec<Segment>, GalleryError> {
        let mut segments: Vec<Segment> = Vec::new();
        let mut first = 1;
        while segments.last().is_none_or(Segment::is_full) {
            let path = self.segment_path(first);
            if !path.exists() {
                break;
            }
            let mut segment = Segment::open(&path, first)?;
            if self.may_write() {
                segment = segment.repair()?;
            }
            first = segment.end();
            segments.push(segment);
        }
        if self.may_write() {
            self.remove_from(first)?;
        }
        Ok(segments)
    }

    /// Makes the segment behind `last`.
    pub(crate) fn create_after(&self, last: Option<&Segment>) -> Result<Segment, GalleryError> {
        let first = last.map_or(1, Segment::end);
        let capacity = last.map_or(self.capacity, Segment::capacity);
        Segment::create(&self.segment_path(first), first, capacity)
    }

    /// Opens the segment behind `last`, if another process has made it.
    pub(crate) fn open_after(&self, last: &Segment) -> Result<Option<Segment>, GalleryError> {
        let path = self.segment_path(last.end());
        if !path.exists() {
            return Ok(None);
        }
        Segment::open(&path, last.end()).map(Some)
    }

    /// Removes all segments and tombstones.
    pub(crate) fn clear(&self) -> Result<(), GalleryError> {
        self.remove_from(0)?;
        let tombstones = self.tombstones();
        if tombstones.exists() {
            std::fs::remove_file(&tombstones).map_err(GalleryError::io(tombstones))?;
        }
        Ok(())
    }

    pub(crate) fn read_tombstones(&self) -> Result<std::collections::BTreeSet<u64>, GalleryError> {
        tombstones::read(&self.tombstones())
    }

    fn segment_path(&self, first: u64) -> PathBuf {
        self.path.join(format!("{first:012}.segment"))
    }

    /// Removes segments that start at `first` or behind it, and unfinished ones.
    fn remove_from(&self, first: u64) -> Result<(), GalleryError> {
        let io = || GalleryError::io(&self.path);
        for item in std::fs::read_dir(&self.path).map_err(io())? {
            let path = item.map_err(io())?.path();
            let is_behind = segment_number(&path).is_some_and(|number| number >= first);
            if is_unfinished(&path) || is_behind {
                std::fs::remove_file(&path).map_err(GalleryError::io(path))?;
            }
        }
        Ok(())
    }
}

fn segment_number(path: &Path) -> Option<u64> {
    let is_segment = path.extension()? == "segment";
    let number = path.file_stem()?.to_str()?.parse().ok()?;
    is_segment.then_some(number)
}

/// Takes the rights of other users to the templates away. In a folder that holds other
/// things as well, somebody may need them (ENROL-15).
fn keep_to_owner(folder: &Path) -> Result<(), GalleryError> {
    let items = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        items => items.map_err(GalleryError::io(folder))?,
    };
    let mut own = Vec::new();
    let mut has_others = false;
    for item in items {
        let path = item.map_err(GalleryError::io(folder))?.path();
        if is_own(&path) {
            own.push(path);
        } else {
            has_others = true;
        }
    }
    if has_others && is_shared(folder)? {
        return Err(FileError::Shared {
            path: folder.into(),
            is_folder: true,
        }
        .into());
    }
    restrict(folder)?;
    for path in own {
        match restrict(&path) {
            // A writer has replaced it meanwhile.
            Err(error) if error.is_not_found() => {}
            restricted => restricted?,
        }
    }
    Ok(())
}

fn is_own(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    matches!(name, Some(LOCK | TOMBSTONES)) || segment_number(path).is_some() || is_unfinished(path)
}

fn lock(folder: &Path) -> Result<File, GalleryError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(GalleryError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(GalleryError::InUse {
            folder: folder.into(),
        }),
        Err(TryLockError::Error(source)) => Err(GalleryError::Io { path, source }),
    }
}
