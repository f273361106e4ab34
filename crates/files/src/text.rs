use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use crate::private::{Exposure, open_private};
use crate::{FileAction, FileError};

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// Reads a text file of at most `limit` bytes. A byte order mark is skipped.
///
/// # Errors
/// [`FileError`], for UTF-16 as well.
pub fn read_text(path: &Path, limit: u64) -> Result<String, FileError> {
    let file = File::open(path).map_err(FileError::io(path, FileAction::Read))?;
    let bytes = read_bounded(path, &file, limit)?;
    decode_text(path, &bytes).map(str::to_owned)
}

/// Reads a private file of at most `limit` bytes, as [`read_secret`].
///
/// # Errors
/// [`FileError`].
pub fn read_private(
    path: &Path,
    limit: u64,
    exposure: Exposure,
) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let file = open_private(path, exposure)?;
    read_bounded(path, &file, limit)
}

/// Reads a private text file of at most `limit` bytes, as [`read_text`]; the text is wiped
/// from memory when it is dropped.
///
/// # Errors
/// [`FileError::Shared`] when other users have rights that `exposure` does not take away.
pub fn read_secret(
    path: &Path,
    limit: u64,
    exposure: Exposure,
) -> Result<Zeroizing<String>, FileError> {
    let bytes = read_private(path, limit, exposure)?;
    decode_text(path, &bytes).map(|text| Zeroizing::new(text.to_owned()))
}

/// The text in `bytes`, which are of the file `path`, without a byte order mark.
///
/// # Errors
/// [`FileError::Utf16`], [`FileError::NotText`].
pub fn decode_text<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, FileError> {
    if UTF16_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(FileError::Utf16 {
            path: path.to_owned(),
        });
    }
    let bytes = bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| FileError::NotText {
        path: path.to_owned(),
    })
}

fn read_bounded(path: &Path, file: &File, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let failed = FileError::io(path, FileAction::Read);
    let metadata = file.metadata().map_err(&failed)?;
    if metadata.is_dir() {
        return Err(FileError::NotAFile {
            path: path.to_owned(),
        });
    }
    // Room for all of it at once: a vector that grows leaves copies behind.
    let expected = metadata.len().min(limit) + 2;
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(expected).unwrap_or_default(),
    ));
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(&failed)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}
