//! One file of a gallery: a header of a page, then entries of fixed size.
//!
//! Entries are only ever added behind the last one; entries that were published as sound
//! are never written again. A file that has to lose entries is replaced by a new one under
//! the same name, so that a process that has the old one mapped keeps it whole.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annona_files::{Audience, OutputFile, Purpose};
use annona_template::MODEL_ID;
use bytemuck::{Pod, Zeroable};
use memmap2::{MmapOptions, MmapRaw};
use rayon::prelude::*;

use crate::entry::{ENTRY_BYTES, Entry};
use crate::error::GalleryError;
use crate::score::SCORE_VERSION;

/// Read as a number, so that a machine of the other byte order does not know it.
const MAGIC: u64 = u64::from_le_bytes(*b"annonaG\x02");
/// Offset of the first entry, in bytes: a page, which keeps entries on cache lines.
pub(crate) const HEADER_BYTES: usize = 4_096;

/// Entries from which checking them is shared among threads.
// Chosen, not measured: fewer are checked sooner than threads are woken.
const SHARED_FROM: usize = 64;

/// Description of a segment, at the start of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
struct Header {
    magic: u64,
    /// Sequence number of the first entry.
    first: u64,
    /// Most entries of a segment.
    capacity: u32,
    entry_bytes: u32,
    score_version: u32,
    checksum: u32,
    model: [u8; 32],
}

impl Header {
    fn new(first: u64, capacity: u32) -> Self {
        let mut header = Self {
            magic: MAGIC,
            first,
            capacity,
            entry_bytes: ENTRY_BYTES as u32,
            score_version: u32::from(SCORE_VERSION),
            checksum: 0,
            model: MODEL_ID,
        };
        header.checksum = crc32fast::hash(bytemuck::bytes_of(&header));
        header
    }

    fn is_sound(&self) -> bool {
        let unsealed = Self {
            checksum: 0,
            ..*self
        };
        self.checksum == crc32fast::hash(bytemuck::bytes_of(&unsealed))
    }
}

/// The mapped bytes of a segment, up to its capacity.
pub(crate) struct Mapping(MmapRaw);

impl Mapping {
    /// The first `count` entries, which must have been found sound.
    fn entries(&self, count: usize) -> &[Entry] {
        let start = self.0.as_ptr().wrapping_add(HEADER_BYTES);
        debug_assert!(start.cast::<Entry>().is_aligned());
        assert!(HEADER_BYTES + count * ENTRY_BYTES <= self.0.len());
        // SAFETY: the mapping is as long as asserted, starts at a page and so aligns
        // the entries, and lives as long as `self`. Any bytes are an `Entry`. The file
        // reaches as far as `count` entries, because callers count whole entries of
        // its length, and a file under the name of a segment is never cut below an
        // entry that was counted as sound nor are such entries written again; what
        // other processes append lies behind this slice.
        unsafe { std::slice::from_raw_parts(start.cast(), count) }
    }
}

impl Mapping {
    /// A copy of an entry that another process may be writing at this moment.
    /// `count` whole entries are in the file.
    fn copy(&self, index: usize, count: usize) -> Entry {
        assert!(index < count && HEADER_BYTES + count * ENTRY_BYTES <= self.0.len());
        let start = self.0.as_ptr().wrapping_add(HEADER_BYTES).cast::<Entry>();
        // SAFETY: the entry lies within the mapping and the file, as asserted and as the
        // caller counted; it is aligned because the mapping starts at a page. Any bytes
        // are an `Entry`. The read is volatile, so that nothing is assumed about bytes
        // that change meanwhile; what was half written has another checksum.
        unsafe { start.add(index).read_volatile() }
    }
}

/// Entries of a mapped segment that were found sound.
#[derive(Clone)]
pub(crate) struct Published {
    mapping: Arc<Mapping>,
    count: usize,
}

impl Published {
    pub(crate) fn entries(&self) -> &[Entry] {
        self.mapping.entries(self.count)
    }
}

/// An open segment of a gallery.
pub(crate) struct Segment {
    path: PathBuf,
    file: File,
    /// Open once something was appended.
    writing: Option<File>,
    first: u64,
    capacity: usize,
    published: Published,
}

/// Bytes of a segment's file behind its sound entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Nothing behind the last sound entry.
    Clean,
    /// Part of an entry.
    Torn,
    /// Whole entries that are not sound.
    Damaged,
}

impl Segment {
    /// Makes an empty segment; `first` is the sequence number of its first entry.
    pub(crate) fn create(path: &Path, first: u64, capacity: u32) -> Result<Self, GalleryError> {
        write_new(path, &Header::new(first, capacity), &[])?;
        Self::open(path, first)
    }

    /// Opens a segment that must start at entry `first`, and publishes its sound entries.
    pub(crate) fn open(path: &Path, first: u64) -> Result<Self, GalleryError> {
        let io = || GalleryError::io(path);
        let mut file = OpenOptions::new().read(true).open(path).map_err(io())?;
        let header = read_header(&mut file, path)?;
        if header.first != first {
            return Err(GalleryError::Format { path: path.into() });
        }
        let capacity = header.capacity as usize;
        let mapping = MmapOptions::new()
            .len(HEADER_BYTES + capacity * ENTRY_BYTES)
            .map_raw_read_only(&file)
            .map_err(io())?;
        let mut segment = Self {
            path: path.into(),
            file,
            writing: None,
            first,
            capacity,
            published: Published {
                mapping: Arc::new(Mapping(mapping)),
                count: 0,
            },
        };
        segment.publish_sound()?;
        Ok(segment)
    }

    /// Number of sound entries.
    pub(crate) fn len(&self) -> usize {
        self.published.count
    }

    pub(crate) fn is_full(&self) -> bool {
        self.published.count == self.capacity
    }

    pub(crate) fn capacity(&self) -> u32 {
        u32::try_from(self.capacity).expect("it was read as 32 bits")
    }

    /// The sequence number of the entry after the last one that fits.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.capacity as u64
    }

    pub(crate) fn published(&self) -> &Published {
        &self.published
    }

    /// Publishes sound entries that were written since; returns how many.
    pub(crate) fn publish_sound(&mut self) -> Result<usize, GalleryError> {
        let known = self.published.count;
        let whole = self.whole_entries()?;
        if whole <= known {
            return Ok(0);
        }
        let mapping = &self.published.mapping;
        let first = self.first;
        let is_damaged = |k: usize| !mapping.copy(k, whole).is_sound(first + k as u64);
        let damaged = if whole - known < SHARED_FROM {
            (known..whole).position(is_damaged)
        } else {
            (known..whole)
                .into_par_iter()
                .with_min_len(SHARED_FROM)
                .position_first(is_damaged)
        };
        let sound = damaged.unwrap_or(whole - known);
        self.published.count += sound;
        Ok(sound)
    }

    /// Tells what lies behind the sound entries.
    pub(crate) fn tail(&self) -> Result<Tail, GalleryError> {
        let sound = (HEADER_BYTES + self.len() * ENTRY_BYTES) as u64;
        if self.whole_entries()? > self.len() {
            return Ok(Tail::Damaged);
        }
        Ok(if self.file_bytes()? > sound {
            Tail::Torn
        } else {
            Tail::Clean
        })
    }

    /// Drops everything behind the sound entries. Only the writer may do this.
    pub(crate) fn repair(self) -> Result<Self, GalleryError> {
        match self.tail()? {
            Tail::Clean => Ok(self),
            Tail::Torn => {
                let sound = (HEADER_BYTES + self.len() * ENTRY_BYTES) as u64;
                let file = self.open_for_writing()?;
                file.set_len(sound).map_err(GalleryError::io(&self.path))?;
                Ok(self)
            }
            Tail::Damaged => {
                let header = Header::new(self.first, self.capacity());
                write_new(&self.path, &header, self.published.entries())?;
                Self::open(&self.path, self.first)
            }
        }
    }

    /// Writes the next entry behind the last one and publishes it. Only the writer
    /// may do this, after [`Segment::repair`] and while there is room.
    pub(crate) fn append(&mut self, entry: &Entry) -> Result<(), GalleryError> {
        debug_assert_eq!(entry.sequence, self.first + self.len() as u64);
        let offset = (HEADER_BYTES + self.len() * ENTRY_BYTES) as u64;
        let mut file = match self.writing.take() {
            Some(file) => file,
            None => self.open_for_writing()?,
        };
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.write_all(bytemuck::bytes_of(entry)))
            .map_err(GalleryError::io(&self.path))?;
        self.writing = Some(file);
        self.published.count += 1;
        Ok(())
    }

    /// Returns whether the name still leads to the file that is open here.
    pub(crate) fn is_current(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let open = self.file.metadata().map(identity);
        let named = std::fs::metadata(&self.path).map(identity);
        matches!((open, named), (Ok(a), Ok(b)) if a == b)
    }

    fn open_for_writing(&self) -> Result<File, GalleryError> {
        OpenOptions::new()
            .write(true)
            .open(&self.path)
            .map_err(GalleryError::io(&self.path))
    }

    fn whole_entries(&self) -> Result<usize, GalleryError> {
        let body = self.file_bytes()?.saturating_sub(HEADER_BYTES as u64);
        Ok(usize::try_from(body / ENTRY_BYTES as u64)
            .unwrap_or(usize::MAX)
            .min(self.capacity))
    }

    fn file_bytes(&self) -> Result<u64, GalleryError> {
        let metadata = self.file.metadata();
        Ok(metadata.map_err(GalleryError::io(&self.path))?.len())
    }
}

fn read_header(file: &mut File, path: &Path) -> Result<Header, GalleryError> {
    let mut bytes = [0; size_of::<Header>()];
    file.read_exact(&mut bytes)
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::UnexpectedEof => GalleryError::Format { path: path.into() },
            _ => GalleryError::io(path)(source),
        })?;
    let header: Header = bytemuck::pod_read_unaligned(&bytes);
    let readable = header.magic == MAGIC
        && header.is_sound()
        && header.entry_bytes as usize == ENTRY_BYTES
        && header.capacity > 0;
    if !readable {
        return Err(GalleryError::Format { path: path.into() });
    }
    if header.model != MODEL_ID || header.score_version != u32::from(SCORE_VERSION) {
        return Err(GalleryError::Model { path: path.into() });
    }
    Ok(header)
}

/// Writes a segment beside its place and moves it there: no reader sees half of it.
fn write_new(path: &Path, header: &Header, entries: &[Entry]) -> Result<(), GalleryError> {
    let mut page = [0; HEADER_BYTES];
    page[..size_of::<Header>()].copy_from_slice(bytemuck::bytes_of(header));
    let magic = MAGIC.to_ne_bytes();
    let purpose = Purpose::beginning_with("a gallery segment", &magic);
    let mut file = OutputFile::replace(path, Audience::Owner, purpose)?;
    file.put(&page)?;
    file.put(bytemuck::cast_slice(entries))?;
    Ok(file.commit()?)
}
