//! Reasons why a gallery's files cannot be used.

use std::io;
use std::path::PathBuf;

use annona_files::FileError;
use thiserror::Error;

/// Reason why a gallery's files cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GalleryError {
    /// The operating system refused.
    #[error("the gallery file {} cannot be used", path.display())]
    Io {
        /// File or folder that was accessed.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A file cannot be made, or not kept to its owner.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process writes to this gallery.
    #[error("another process writes to the gallery {}", folder.display())]
    InUse {
        /// The gallery's folder.
        folder: PathBuf,
    },
    /// The file is not a segment of a gallery of this version and machine.
    #[error("{} is not a gallery segment that this version reads", path.display())]
    Format {
        /// File that cannot be used.
        path: PathBuf,
    },
    /// The templates were made with other parameters, or are scored otherwise.
    #[error("the gallery {} belongs to another iris model or score version", path.display())]
    Model {
        /// File that cannot be used.
        path: PathBuf,
    },
    /// An entry that is not the next one.
    #[error("entry {given} was given where {expected} is the next one")]
    Sequence {
        /// Sequence number of the next entry.
        expected: u64,
        /// Sequence number that was given.
        given: u64,
    },
}

impl GalleryError {
    /// Returns whether the files can be thrown away and made again from the database.
    #[must_use]
    pub const fn is_cured_by_rebuilding(&self) -> bool {
        matches!(self, Self::Format { .. } | Self::Model { .. })
    }

    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
