use std::fs::{self, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use crate::{FileAction, FileError};

/// Rights of anybody but the owner.
const OTHERS: u32 = 0o077;

/// Those who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The owner alone: mode 0600.
    Owner,
    /// Everybody whom the umask leaves.
    Everybody,
}

/// Treatment of a private file that other users have rights to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// It is refused, because its secret may be known already.
    Refuse,
    /// The rights are taken away, and it is refused only if that fails.
    Repair,
}

/// Opens a private file for reading. A symbolic link is followed, because secrets that are
/// mounted into containers are such links; the rights are those of the file behind it.
///
/// # Errors
/// [`FileError::Shared`] when other users have rights that `exposure` does not take away;
/// [`FileError::Io`].
pub fn open_private(path: &Path, exposure: Exposure) -> Result<File, FileError> {
    let failed = FileError::io(path, FileAction::Read);
    let file = File::open(path).map_err(&failed)?;
    let metadata = file.metadata().map_err(&failed)?;
    if metadata.is_dir() {
        return Err(FileError::NotAFile {
            path: path.to_owned(),
        });
    }
    if !has_shared_mode(&metadata) {
        return Ok(file);
    }
    if exposure == Exposure::Repair && file.set_permissions(owner_only(false)).is_ok() {
        let metadata = file.metadata().map_err(&failed)?;
        if !has_shared_mode(&metadata) {
            return Ok(file);
        }
    }
    Err(FileError::Shared {
        path: path.to_owned(),
        is_folder: false,
    })
}

/// Makes a folder and those above it that are missing. A new one for [`Audience::Owner`]
/// has mode 0700 at once; one that exists is left as it is.
///
/// # Errors
/// [`FileError::Io`].
pub fn create_folder(path: &Path, audience: Audience) -> Result<(), FileError> {
    let failed = FileError::io(path, FileAction::Write);
    if audience == Audience::Everybody || path.is_dir() {
        return fs::create_dir_all(path).map_err(failed);
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        fs::create_dir_all(above).map_err(&failed)?;
    }
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    match builder.create(path) {
        // Another process was quicker; the caller looks at the rights.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        // A umask can only take rights away, and the owner needs all three.
        made => made
            .and_then(|()| fs::set_permissions(path, owner_only(true)))
            .map_err(failed),
    }
}

/// Tells whether other users have rights to a folder or file.
///
/// # Errors
/// [`FileError::Io`] when it cannot be looked at.
pub fn is_shared(path: &Path) -> Result<bool, FileError> {
    let metadata = fs::metadata(path).map_err(FileError::io(path, FileAction::Read))?;
    Ok(has_shared_mode(&metadata))
}

/// Takes the rights of other users to a folder or file away, if they have any.
///
/// # Errors
/// [`FileError::Shared`] when they keep some; [`FileError::Io`] when it cannot be looked at.
pub fn restrict(path: &Path) -> Result<(), FileError> {
    let failed = FileError::io(path, FileAction::Restrict);
    let metadata = fs::metadata(path).map_err(&failed)?;
    if !has_shared_mode(&metadata) {
        return Ok(());
    }
    let is_folder = metadata.is_dir();
    let tried = fs::set_permissions(path, owner_only(is_folder));
    let metadata = fs::metadata(path).map_err(&failed)?;
    if tried.is_err() || has_shared_mode(&metadata) {
        return Err(FileError::Shared {
            path: path.to_owned(),
            is_folder,
        });
    }
    Ok(())
}

fn has_shared_mode(metadata: &fs::Metadata) -> bool {
    metadata.permissions().mode() & OTHERS != 0
}

pub(crate) fn owner_only(is_folder: bool) -> Permissions {
    Permissions::from_mode(if is_folder { 0o700 } else { 0o600 })
}
