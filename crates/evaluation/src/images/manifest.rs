//! The list of images to evaluate: CSV with the columns `path,subject,eye,sample`.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use annona_iris::Eye;
use thiserror::Error;

/// Columns that a manifest must have; others are ignored.
const COLUMNS: [&str; 4] = ["path", "subject", "eye", "sample"];
/// Missing files named before the rest is only counted.
const NAMED_MISSING: usize = 5;

/// Manifest that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The file cannot be opened.
    #[error("cannot read the manifest {}", path.display())]
    Unreadable {
        /// Path of the manifest.
        path: PathBuf,
        /// Answer of the system.
        source: io::Error,
    },
    /// The file is not a manifest.
    #[error("{} is no manifest of images (columns {})", path.display(), COLUMNS.join(","))]
    Malformed {
        /// Path of the manifest.
        path: PathBuf,
        /// Rule that the file breaks.
        source: FormatError,
    },
    /// Images are not in the manifest's folder.
    #[error(
        "{missing} of {images} images are not in the folder {}: {}{}. Paths are relative to the manifest's folder: move the manifest or correct its paths.",
        folder.display(),
        named(first_missing),
        if *missing > first_missing.len() { ", …" } else { "" }
    )]
    MissingImages {
        /// Number of images that are missing.
        missing: usize,
        /// Number of images that the manifest lists.
        images: usize,
        /// Folder of the manifest.
        folder: PathBuf,
        /// The first of the missing images.
        first_missing: Vec<ManifestEntry>,
    },
}

/// Rule of the manifest's format that a text breaks.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The first line cannot be read.
    #[error("the first line is no CSV")]
    Header(#[source] csv::Error),
    /// The first line lacks a column.
    #[error("the column `{column}` is missing in line 1; make line 1 `{}`", COLUMNS.join(","))]
    MissingColumn {
        /// Name of the column.
        column: &'static str,
    },
    /// A later line cannot be read; csv's error names it.
    #[error(transparent)]
    Record(csv::Error),
    /// A field of a line cannot be used.
    #[error("line {line} cannot be used")]
    Line {
        /// Number of the line, from 1.
        line: u64,
        /// Field that cannot be used.
        source: FieldError,
    },
    /// Two lines name one image.
    #[error("lines {first} and {second} name the same image, {}; leave one of them out", path.display())]
    SameImage {
        /// Number of the line that names it first.
        first: u64,
        /// Number of the line that names it again.
        second: u64,
        /// Path of the image.
        path: PathBuf,
    },
    /// There is no line after the first.
    #[error("it lists no image")]
    Empty,
}

/// Field of a line that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The field holds nothing.
    #[error("`{column}` is empty")]
    Empty {
        /// Name of the column.
        column: &'static str,
    },
    /// The eye is neither the left nor the right one.
    #[error("`eye` is \"{found}\"; write left or right")]
    UnknownEye {
        /// Content of the field.
        found: String,
    },
}

/// Image of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Line of the manifest.
    pub line: u64,
    /// Path of the image, as written in the manifest.
    pub path: PathBuf,
    /// Name of the person whose eye it is.
    pub subject: String,
    /// Left or right eye.
    pub eye: Eye,
    /// Name of the capture, the same for both eyes of one capture.
    pub sample: String,
}

/// Reads a manifest and checks that its images are there. Paths are relative to
/// the manifest's folder.
///
/// # Errors
/// [`ManifestError`], which says what to correct.
pub fn load(manifest: &Path) -> Result<Vec<ManifestEntry>, ManifestError> {
    let file = std::fs::File::open(manifest).map_err(|source| ManifestError::Unreadable {
        path: manifest.to_owned(),
        source,
    })?;
    let entries = parse(file).map_err(|source| ManifestError::Malformed {
        path: manifest.to_owned(),
        source,
    })?;
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let missing: Vec<&ManifestEntry> = entries
        .iter()
        .filter(|entry| !folder.join(&entry.path).is_file())
        .collect();
    if missing.is_empty() {
        return Ok(entries);
    }
    Err(ManifestError::MissingImages {
        missing: missing.len(),
        images: entries.len(),
        // The relative path is shown where the current folder is unknown.
        folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
        first_missing: missing.into_iter().take(NAMED_MISSING).cloned().collect(),
    })
}

/// Reads the lines of a manifest.
///
/// # Errors
/// [`FormatError`], with the line that breaks the format.
pub(crate) fn parse(source: impl Read) -> Result<Vec<ManifestEntry>, FormatError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(source);
    let header = reader.headers().map_err(FormatError::Header)?;
    let mut positions = [0; COLUMNS.len()];
    for (position, column) in positions.iter_mut().zip(COLUMNS) {
        *position = header
            .iter()
            .position(|field| field == column)
            .ok_or(FormatError::MissingColumn { column })?;
    }
    let mut entries = Vec::new();
    let mut lines = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(FormatError::Record)?;
        let line = record.position().map_or(0, csv::Position::line);
        let fields = positions.map(|position| record.get(position).unwrap_or_default());
        let entry = entry(line, fields).map_err(|source| FormatError::Line { line, source })?;
        if let Some(first) = lines.insert(entry.path.clone(), line) {
            return Err(FormatError::SameImage {
                first,
                second: line,
                path: entry.path,
            });
        }
        entries.push(entry);
    }
    if entries.is_empty() {
        return Err(FormatError::Empty);
    }
    Ok(entries)
}

fn entry(line: u64, [path, subject, eye, sample]: [&str; 4]) -> Result<ManifestEntry, FieldError> {
    for (column, field) in COLUMNS.into_iter().zip([path, subject, eye, sample]) {
        if field.is_empty() {
            return Err(FieldError::Empty { column });
        }
    }
    let eye = match eye.to_ascii_lowercase().as_str() {
        "left" | "l" => Eye::Left,
        "right" | "r" => Eye::Right,
        _ => {
            return Err(FieldError::UnknownEye {
                found: eye.to_owned(),
            });
        }
    };
    Ok(ManifestEntry {
        line,
        path: PathBuf::from(path),
        subject: subject.to_owned(),
        eye,
        sample: sample.to_owned(),
    })
}

fn named(entries: &[ManifestEntry]) -> String {
    let named: Vec<String> = entries
        .iter()
        .map(|entry| format!("{} (line {})", entry.path.display(), entry.line))
        .collect();
    named.join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::error::Error;

    use super::*;

    fn refusal(text: &str) -> String {
        let error = parse(text.as_bytes()).unwrap_err();
        let sources = std::iter::successors(error.source(), |error| (*error).source());
        sources.fold(error.to_string(), |text, source| {
            format!("{text}: {source}")
        })
    }

    #[test]
    fn lines_are_read_in_order_whatever_the_order_of_columns() {
        let text = "note,eye,path,sample,subject\nx, L ,\"a, b.png\",1_2,007\ny,right,c.png,2,8\n";
        let entries = parse(text.as_bytes()).unwrap();
        assert_eq!(entries[0].path, Path::new("a, b.png"));
        assert_eq!((entries[0].line, entries[0].eye), (2, Eye::Left));
        assert_eq!(
            (entries[0].subject.as_str(), entries[0].sample.as_str()),
            ("007", "1_2")
        );
        assert_eq!((entries[1].line, entries[1].eye), (3, Eye::Right));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let header = "path,subject,eye,sample\n";
        assert!(refusal("").contains("`path` is missing in line 1"));
        assert!(refusal("path,subject,sample\n").contains("`eye` is missing"));
        assert!(refusal(header).contains("no image"));
        let middle = refusal(&format!("{header}a.png,1,left,1\nb.png,1,middle,2\n"));
        assert!(middle.contains("line 3") && middle.contains("\"middle\""));
        assert!(
            refusal(&format!("{header}a.png,,left,1\n"))
                .contains("line 2 cannot be used: `subject` is empty")
        );
        assert!(refusal(&format!("{header}a.png,1,left\n")).contains("line: 2"));
        let twice = refusal(&format!("{header}a.png,1,left,1\na.png,2,left,1\n"));
        assert!(twice.contains("lines 2 and 3"), "{twice}");
    }

    #[test]
    fn a_missing_image_is_named_with_its_line_and_folder() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("list.csv");
        std::fs::write(&manifest, "path,subject,eye,sample\nnone.png,1,left,1\n").unwrap();
        let error = load(&manifest).unwrap_err().to_string();
        assert!(error.contains("1 of 1 images"), "{error}");
        assert!(error.contains("none.png (line 2)"), "{error}");
    }
}
