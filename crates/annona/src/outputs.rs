//! Files that commands write for people: begun before the work, so that a place that does
//! not do is found at once, and never over a file that was made for something else.

use std::path::Path;

use annona_files::{Audience, FileError, OutputFile, Purpose};
use image::{DynamicImage, ImageFormat};
use serde::Serialize;

use crate::output::say;

/// Longest file that is taken for an iris template.
const TEMPLATE_BYTES: u64 = 1 << 16;

/// Signature and header chunk of a PNG file.
const PNG_HEAD_BYTES: usize = 33;

/// The words in a PNG file of this program.
const PNG_MARK: &[u8] = b"Software\0annona figure";

/// Bytes of a chunk that is added: length, kind, contents, checksum.
const PNG_MARK_BYTES: usize = 12 + PNG_MARK.len();

/// Begins a JSON file. An earlier one is known by its `members`.
pub(crate) fn json(
    path: &Path,
    name: &'static str,
    members: &'static [&'static str],
) -> Result<OutputFile<'static>, FileError> {
    let purpose = Purpose::json_with(name, members);
    OutputFile::replace(path, Audience::Everybody, purpose)
}

/// Writes `value` as the whole of `file`.
pub(crate) fn put_json(
    mut file: OutputFile<'_>,
    value: &(impl Serialize + ?Sized),
) -> anyhow::Result<()> {
    file.put((serde_json::to_string_pretty(value)? + "\n").as_bytes())?;
    Ok(file.commit()?)
}

/// Place where a command's `--json` puts its figures.
pub(crate) enum JsonOutput {
    /// Nowhere: people read the answer.
    Absent,
    /// The path "-": standard output, which then holds nothing else.
    Stdout,
    /// A file, beside the answer for people.
    File(OutputFile<'static>),
}

impl JsonOutput {
    /// Begins a file, unless `path` is none or "-". An earlier one is known by its `members`.
    pub(crate) fn begin(
        path: Option<&Path>,
        name: &'static str,
        members: &'static [&'static str],
    ) -> Result<Self, FileError> {
        match path {
            None => Ok(Self::Absent),
            Some(path) if path == Path::new("-") => Ok(Self::Stdout),
            Some(path) => json(path, name, members).map(Self::File),
        }
    }

    /// Returns whether standard output is for the figures alone.
    pub(crate) const fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Writes the figures, and on standard output the answer for people if it is theirs.
    pub(crate) fn answer(
        self,
        figures: &(impl Serialize + ?Sized),
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        let is_stdout = self.is_stdout();
        self.put(figures)?;
        if is_stdout { Ok(()) } else { say(text()) }
    }

    /// Writes the figures.
    pub(crate) fn put(self, figures: &(impl Serialize + ?Sized)) -> anyhow::Result<()> {
        match self {
            Self::Absent => Ok(()),
            Self::Stdout => say(serde_json::to_string_pretty(figures)?),
            Self::File(file) => put_json(file, figures),
        }
    }
}

/// Begins a picture in PNG.
pub(crate) fn png(path: &Path) -> Result<OutputFile<'static>, FileError> {
    marked_png(path, Audience::Everybody)
}

/// Begins a picture of an eye in PNG, for the owner alone.
pub(crate) fn private_png(path: &Path) -> Result<OutputFile<'static>, FileError> {
    marked_png(path, Audience::Owner)
}

fn marked_png(path: &Path, audience: Audience) -> Result<OutputFile<'static>, FileError> {
    let bytes = (PNG_HEAD_BYTES + PNG_MARK_BYTES) as u64;
    let purpose = Purpose::starting_so("a picture of this command", bytes, |start| {
        start.get(PNG_HEAD_BYTES..) == Some(mark_chunk().as_slice())
    });
    OutputFile::replace(path, audience, purpose)
}

/// Writes `picture` as the whole of `file`.
pub(crate) fn put_png(
    mut file: OutputFile<'_>,
    picture: impl Into<DynamicImage>,
) -> anyhow::Result<()> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, ImageFormat::Png)?;
    let (head, rest) = bytes.get_ref().split_at(PNG_HEAD_BYTES);
    for part in [head, &mark_chunk(), rest] {
        file.put(part)?;
    }
    Ok(file.commit()?)
}

/// Begins a drawing in SVG.
pub(crate) fn svg(path: &Path) -> Result<OutputFile<'static>, FileError> {
    let purpose = Purpose::beginning_with(
        "a drawing of this command",
        annona_evaluation::plot::SVG_START.as_bytes(),
    );
    OutputFile::replace(path, Audience::Everybody, purpose)
}

/// Begins an iris template. It is biometric, so it is for the owner alone.
pub(crate) fn template(path: &Path) -> Result<OutputFile<'static>, FileError> {
    let purpose = Purpose::recognised_by("an iris template", TEMPLATE_BYTES, |bytes| {
        annona_template::IrisTemplate::from_bytes(bytes).is_ok()
    });
    OutputFile::replace(path, Audience::Owner, purpose)
}

/// A tEXt chunk with the mark.
fn mark_chunk() -> [u8; PNG_MARK_BYTES] {
    let mut chunk = [0; PNG_MARK_BYTES];
    chunk[..4].copy_from_slice(&(PNG_MARK.len() as u32).to_be_bytes());
    chunk[4..8].copy_from_slice(b"tEXt");
    chunk[8..PNG_MARK_BYTES - 4].copy_from_slice(PNG_MARK);
    let checksum = crc32fast::hash(&chunk[4..PNG_MARK_BYTES - 4]);
    chunk[PNG_MARK_BYTES - 4..].copy_from_slice(&checksum.to_be_bytes());
    chunk
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_picture_is_marked_and_takes_the_place_of_marked_ones_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.png");
        let picture = image::RgbImage::from_fn(7, 5, |x, y| image::Rgb([x as u8, y as u8, 9]));
        put_png(png(&path).unwrap(), picture.clone()).unwrap();
        assert_eq!(image::open(&path).unwrap().into_rgb8(), picture);
        put_png(png(&path).unwrap(), picture.clone()).unwrap();

        picture.save(&path).unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(png(&path), Err(FileError::Foreign { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
