//! The files of the database on the disk, by name and by identity.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::OpenError;
use crate::error::ReplacedFile;

/// Device and number of a file: the same as long as it is the same file.
type Identity = (u64, u64);

/// The files that the connections have open. A connection goes on writing to a file that
/// was deleted or replaced, and everything that it acknowledges is lost with it (RELAY-9).
#[derive(Debug)]
pub(super) struct DatabaseFiles {
    database: OnceLock<Watched>,
    /// Write-ahead log. SQLite makes it anew when the last connection of all processes was closed.
    log: Mutex<Option<Watched>>,
    path: PathBuf,
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    identity: Option<Identity>,
}

impl Watched {
    fn new(path: PathBuf) -> Self {
        let identity = identity(&path);
        Self { path, identity }
    }

    fn check(&self) -> Result<(), ReplacedFile> {
        if identity(&self.path) == self.identity {
            return Ok(());
        }
        Err(ReplacedFile {
            path: self.path.clone(),
        })
    }
}

impl DatabaseFiles {
    /// Names the files of the database at `path`, with nothing of them known yet.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            database: OnceLock::new(),
            log: Mutex::default(),
            path: path.to_owned(),
        }
    }

    /// Checks that the names still lead to the files that are open.
    pub(super) fn check(&self) -> Result<(), ReplacedFile> {
        self.check_database()?;
        self.log().as_ref().map_or(Ok(()), Watched::check)
    }

    /// Checks that the name of the database still leads to the file that is open. The log of
    /// a writing connection that closes may be gone without harm.
    pub(super) fn check_database(&self) -> Result<(), ReplacedFile> {
        self.database.get().map_or(Ok(()), Watched::check)
    }

    /// Notes the database's file, which a connection has open.
    pub(super) fn note_database(&self) {
        self.database
            .get_or_init(|| Watched::new(self.path.clone()));
    }

    /// Notes the write-ahead log that a connection has open.
    pub(super) fn note_log(&self) {
        self.log()
            .get_or_insert_with(|| Watched::new(beside(&self.path, "-wal")));
    }

    /// Forgets the write-ahead log: a writing connection is new, and may have opened another one.
    pub(super) fn forget_log(&self) {
        *self.log() = None;
    }

    // Nothing panics while it holds the lock.
    fn log(&self) -> MutexGuard<'_, Option<Watched>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes all rights to the database file from everybody but its owner. The
/// files that SQLite puts beside it take over its mode when they are made (ENROL-15).
pub(super) fn restrict_to_owner(path: &Path) -> Result<(), OpenError> {
    #[cfg(unix)]
    for suffix in ["", "-wal", "-shm"] {
        use std::os::unix::fs::PermissionsExt;

        let file = beside(path, suffix);
        let owner_only = std::fs::Permissions::from_mode(0o600);
        match std::fs::set_permissions(&file, owner_only) {
            Err(cause) if suffix.is_empty() || cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(OpenError::Backend(Box::new(cause)));
            }
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;

    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Tells only whether there is a file: where an open one cannot be deleted, its name leads to it.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    path.exists().then_some((0, 0))
}
