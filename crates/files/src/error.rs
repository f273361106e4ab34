use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// An act on a file that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileAction {
    /// Reading.
    Read,
    /// Making or replacing.
    Write,
    /// Taking the rights of other users away.
    Restrict,
}

impl fmt::Display for FileAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Restrict => "take the rights of other users from",
        })
    }
}

/// A file that was not read or written; nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is a file, and one like it is never replaced.
    #[error("{} exists and is never overwritten; name another file", path.display())]
    Exists {
        /// Path of the file.
        path: PathBuf,
    },
    /// There is a file that was made for something else.
    #[error(
        "{} exists and does not hold {expected}, so it is not overwritten; name another file",
        path.display()
    )]
    Foreign {
        /// Path of the file.
        path: PathBuf,
        /// Contents that would have been replaced.
        expected: &'static str,
    },
    /// A private file would be written through a symbolic link.
    #[error("{} is a symbolic link; name the file itself", path.display())]
    Link {
        /// Path of the link.
        path: PathBuf,
    },
    /// The name belongs to a folder or a device.
    #[error("{} is not a file; name a file", path.display())]
    NotAFile {
        /// Path of the folder or device.
        path: PathBuf,
    },
    /// Other users have rights that cannot be taken from them.
    #[error(
        "other users of this machine can get at {}; run `chmod {} {0}`",
        path.display(),
        if *is_folder { "700" } else { "600" }
    )]
    Shared {
        /// Path of the file or folder.
        path: PathBuf,
        /// True for a folder, false for a file.
        is_folder: bool,
    },
    /// The text is UTF-16.
    #[error("{} is UTF-16 text; save it as UTF-8", path.display())]
    Utf16 {
        /// Path of the file.
        path: PathBuf,
    },
    /// The bytes are not text.
    #[error("{} is not UTF-8 text", path.display())]
    NotText {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file is larger than any of its kind.
    #[error("{} has more than {limit} bytes, which is too large for what it should hold", path.display())]
    TooLarge {
        /// Path of the file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// The operating system refused.
    #[error("cannot {action} {}{}", path.display(), hint(*action, source))]
    Io {
        /// Path of the file or folder.
        path: PathBuf,
        /// The act that failed.
        action: FileAction,
        /// The system's error.
        source: io::Error,
    },
}

impl FileError {
    pub(crate) fn io(path: &Path, action: FileAction) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            path: path.clone(),
            action,
            source,
        }
    }

    /// Tells whether there is no such file.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == ErrorKind::NotFound)
    }
}

/// The next step, after a semicolon.
fn hint(action: FileAction, source: &io::Error) -> &'static str {
    match (source.kind(), action) {
        (ErrorKind::NotFound, FileAction::Write) => "; its folder does not exist, make it first",
        (ErrorKind::NotFound, _) => "; there is no such file",
        (ErrorKind::PermissionDenied, FileAction::Write) => {
            "; you have no right to write there, choose another folder"
        }
        (ErrorKind::PermissionDenied, _) => "; you have no right to it",
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => {
            "; the disk is full, make room and try again"
        }
        (ErrorKind::ReadOnlyFilesystem, _) => "; the medium is read-only, choose another folder",
        _ => "",
    }
}
