use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::private::owner_only;
use crate::{Audience, FileAction, FileError, Purpose};

/// Beginning and end of the name of a file in the making.
const PREFIX: &str = ".annona-";
const SUFFIX: &str = ".unfinished";

/// Mode of a file for everybody before the umask.
const EVERYBODY: u32 = 0o666;

/// A file in the making: beside its place until [`Self::commit`] moves it there. Dropped
/// before, it leaves nothing.
///
/// Making one finds out everything that can be wrong with the place, so a command makes it
/// before it spends anything.
pub struct OutputFile<'a> {
    path: PathBuf,
    sink: Sink,
    existing: Existing<'a>,
    written: u64,
}

enum Sink {
    Beside(NamedTempFile),
    /// A device or pipe, which has no contents to lose.
    Device(File),
}

enum Existing<'a> {
    Refused,
    Replaced(Purpose<'a>),
}

impl<'a> OutputFile<'a> {
    /// Begins a file that must not exist yet, then or later.
    ///
    /// # Errors
    /// [`FileError::Exists`]; [`FileError::Io`] when nothing can be made there.
    pub fn create(path: &Path, audience: Audience) -> Result<Self, FileError> {
        Self::begin(path, audience, Existing::Refused)
    }

    /// Begins a file that takes the place of an earlier one for the same purpose, if there
    /// is one.
    ///
    /// # Errors
    /// [`FileError::Foreign`] when the earlier one is something else; [`FileError::Io`].
    pub fn replace(
        path: &Path,
        audience: Audience,
        purpose: Purpose<'a>,
    ) -> Result<Self, FileError> {
        Self::begin(path, audience, Existing::Replaced(purpose))
    }

    fn begin(path: &Path, audience: Audience, existing: Existing<'a>) -> Result<Self, FileError> {
        let path = target(path, audience)?;
        if audience == Audience::Everybody && is_device(&path) {
            let file = OpenOptions::new().write(true).open(&path);
            return Ok(Self {
                sink: Sink::Device(file.map_err(FileError::io(&path, FileAction::Write))?),
                path,
                existing,
                written: 0,
            });
        }
        existing.check(&path)?;
        Ok(Self {
            sink: Sink::Beside(beside(&path, audience)?),
            path,
            existing,
            written: 0,
        })
    }

    /// Takes the disk space of `bytes` now, so that a disk that fills up later does no harm.
    ///
    /// # Errors
    /// [`FileError::Io`] when there is not so much.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), FileError> {
        let failed = FileError::io(&self.path, FileAction::Write);
        let Sink::Beside(file) = &mut self.sink else {
            return Ok(());
        };
        file.write_all(&vec![0; bytes])
            .and_then(|()| file.as_file().sync_all())
            .and_then(|()| file.seek(SeekFrom::Start(0)).map(drop))
            .map_err(failed)
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let failed = FileError::io(&self.path, FileAction::Write);
        self.write_all(bytes).map_err(failed)
    }

    /// Syncs what was written and moves it to its place.
    ///
    /// # Errors
    /// As the function that began it, and nothing has changed then.
    pub fn commit(self) -> Result<(), FileError> {
        let failed = FileError::io(&self.path, FileAction::Write);
        let file = match self.sink {
            Sink::Device(mut file) => return file.flush().map_err(failed),
            Sink::Beside(file) => file,
        };
        file.as_file()
            .set_len(self.written)
            .and_then(|()| file.as_file().sync_all())
            .map_err(&failed)?;
        self.existing.check(&self.path)?;
        match self.existing {
            Existing::Refused => file.persist_noclobber(&self.path).map(drop),
            Existing::Replaced(_) => file.persist(&self.path).map(drop),
        }
        .map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => FileError::Exists {
                path: self.path.clone(),
            },
            _ => failed(error.error),
        })?;
        sync_folder(folder_of(&self.path)).map_err(failed)
    }
}

impl Write for OutputFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match &mut self.sink {
            Sink::Beside(file) => file.write(bytes),
            Sink::Device(file) => file.write(bytes),
        }?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Beside(file) => file.flush(),
            Sink::Device(file) => file.flush(),
        }
    }
}

impl Existing<'_> {
    fn check(&self, path: &Path) -> Result<(), FileError> {
        match self {
            Self::Refused if fs::symlink_metadata(path).is_ok() => Err(FileError::Exists {
                path: path.to_owned(),
            }),
            Self::Refused => Ok(()),
            Self::Replaced(purpose) => check_purpose(path, purpose),
        }
    }
}

/// Writes a new file.
///
/// # Errors
/// As [`OutputFile::create`].
pub fn write_new(path: &Path, audience: Audience, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = OutputFile::create(path, audience)?;
    file.put(bytes)?;
    file.commit()
}

/// Writes a file, in the place of one for the same purpose if there is one.
///
/// # Errors
/// As [`OutputFile::replace`].
pub fn write_over(
    path: &Path,
    audience: Audience,
    purpose: Purpose<'_>,
    bytes: &[u8],
) -> Result<(), FileError> {
    let mut file = OutputFile::replace(path, audience, purpose)?;
    file.put(bytes)?;
    file.commit()
}

/// The name that is written to. A link to a file for everybody is followed; one in the
/// place of a private file is refused.
fn target(path: &Path, audience: Audience) -> Result<PathBuf, FileError> {
    let owned = || path.to_owned();
    let ends_in_a_name =
        path.file_name().is_some() && !path.as_os_str().as_encoded_bytes().ends_with(b"/");
    if !ends_in_a_name || path.is_dir() {
        return Err(FileError::NotAFile { path: owned() });
    }
    if !path.is_symlink() || is_device(path) {
        return Ok(owned());
    }
    match audience {
        Audience::Owner => Err(FileError::Link { path: owned() }),
        Audience::Everybody => path
            .canonicalize()
            .map_err(FileError::io(path, FileAction::Write)),
    }
}

/// Tells whether a file is one that a process did not live to finish.
#[must_use]
pub fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str);
    name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
}

fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn check_purpose(path: &Path, purpose: &Purpose<'_>) -> Result<(), FileError> {
    let failed = FileError::io(path, FileAction::Read);
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) => metadata,
    };
    if !metadata.is_file() {
        return Err(FileError::NotAFile {
            path: path.to_owned(),
        });
    }
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(purpose.bytes_to_read()).read_to_end(&mut start))
        .map_err(failed)?;
    if purpose.allows(&start) {
        return Ok(());
    }
    Err(FileError::Foreign {
        path: path.to_owned(),
        expected: purpose.name(),
    })
}

fn beside(path: &Path, audience: Audience) -> Result<NamedTempFile, FileError> {
    let failed = FileError::io(path, FileAction::Write);
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    if audience == Audience::Everybody {
        builder.permissions(Permissions::from_mode(EVERYBODY));
    }
    let file = builder.tempfile_in(folder_of(path)).map_err(&failed)?;
    if audience == Audience::Owner {
        // The umask may have taken rights from the owner as well.
        file.as_file()
            .set_permissions(owner_only(false))
            .map_err(failed)?;
    }
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| *folder != OsStr::new(""))
        .unwrap_or(Path::new("."))
}

/// Makes a move in a folder last. Not every file system can, which loses nothing else.
fn sync_folder(folder: &Path) -> io::Result<()> {
    let Ok(folder) = File::open(folder) else {
        return Ok(());
    };
    match folder.sync_all() {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}
