//! The list of images to evaluate: CSV with the columns `path,subject,eye,sample`.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use annona_iris::Eye;
use anyhow::{Context, bail, ensure};

/// Columns that a manifest must have; others are passed over.
const COLUMNS: [&str; 4] = ["path", "subject", "eye", "sample"];
/// Missing files named before the rest is only counted.
const NAMED_MISSING: usize = 5;

/// An image of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Line of the manifest.
    pub(crate) line: u64,
    /// Path of the image, as written in the manifest.
    pub(crate) path: PathBuf,
    /// Name of the person whose eye it is.
    pub(crate) subject: String,
    /// Left or right eye.
    pub(crate) eye: Eye,
    /// Name of the capture, the same for both eyes of one capture.
    pub(crate) sample: String,
}

/// Reads a manifest and checks that its images are there. Paths are relative to
/// the manifest's folder.
pub(crate) fn load(manifest: &Path) -> anyhow::Result<Vec<Entry>> {
    let file = std::fs::File::open(manifest)
        .with_context(|| format!("cannot read the manifest {}", manifest.display()))?;
    let entries = parse(file).with_context(|| {
        format!(
            "{} is no manifest of images (columns {})",
            manifest.display(),
            COLUMNS.join(",")
        )
    })?;
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let missing: Vec<&Entry> = entries
        .iter()
        .filter(|entry| !folder.join(&entry.path).is_file())
        .collect();
    if missing.is_empty() {
        return Ok(entries);
    }
    let named: Vec<String> = missing
        .iter()
        .take(NAMED_MISSING)
        .map(|entry| format!("{} (line {})", entry.path.display(), entry.line))
        .collect();
    bail!(
        "{} of {} images are not in the folder {}: {}{}. Paths are relative to the manifest's folder: move the manifest or correct its paths.",
        missing.len(),
        entries.len(),
        std::path::absolute(folder)?.display(),
        named.join(", "),
        if missing.len() > named.len() {
            ", …"
        } else {
            ""
        },
    );
}

/// Reads the lines of a manifest.
pub(crate) fn parse(source: impl Read) -> anyhow::Result<Vec<Entry>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(source);
    let header = reader.headers().context("the first line is no CSV")?;
    let mut columns = [0; COLUMNS.len()];
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        *column = header
            .iter()
            .position(|field| field == name)
            .with_context(|| {
                format!(
                    "the column `{name}` is missing in line 1; make line 1 `{}`",
                    COLUMNS.join(",")
                )
            })?;
    }
    let mut entries = Vec::new();
    let mut lines = HashMap::new();
    for record in reader.records() {
        // csv names the line in its own errors.
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let fields = columns.map(|column| record.get(column).unwrap_or_default());
        let entry = entry(line, fields).with_context(|| format!("line {line} cannot be used"))?;
        if let Some(first) = lines.insert(entry.path.clone(), line) {
            bail!(
                "lines {first} and {line} name the same image, {}; leave one of them out",
                entry.path.display()
            );
        }
        entries.push(entry);
    }
    ensure!(!entries.is_empty(), "it lists no image");
    Ok(entries)
}

fn entry(line: u64, [path, subject, eye, sample]: [&str; 4]) -> anyhow::Result<Entry> {
    for (name, field) in COLUMNS.iter().zip([path, subject, eye, sample]) {
        ensure!(!field.is_empty(), "`{name}` is empty");
    }
    let eye = match eye.to_ascii_lowercase().as_str() {
        "left" | "l" => Eye::Left,
        "right" | "r" => Eye::Right,
        _ => bail!("`eye` is \"{eye}\"; write left or right"),
    };
    Ok(Entry {
        line,
        path: PathBuf::from(path),
        subject: subject.to_owned(),
        eye,
        sample: sample.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refusal(text: &str) -> String {
        format!("{:#}", parse(text.as_bytes()).unwrap_err())
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
