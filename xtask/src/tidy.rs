//! Holds the manner of the house where a program can: names of the glossary, openings of doc
//! lines, a line on top of each file.

use std::fs;
use std::path::Path;

use anyhow::bail;

use crate::shell::{root, tracked_files};

/// Names that were given up, and those that took their place (`docs/spec/README.md`, glossary).
const REPLACED_NAMES: [(&str, &str); 42] = [
    ("BadRecipient", "InvalidRecipient"),
    ("Batcher", "BatchVerifier"),
    ("Carrier", "SlotPayload"),
    ("CensusReached", "CensusExceeded"),
    ("ChainGround", "ChainIdentity"),
    ("ClaimDesk", "ClaimService"),
    ("ClaimParts", "Claim"),
    ("EnrolmentDesk", "EnrolmentService"),
    ("EntryStanding", "GalleryEntryStatus"),
    ("EpochNotOpen", "EpochNotClaimable"),
    ("EpochSight", "EpochSnapshot"),
    ("FineSheet", "FineIris"),
    ("Found", "SearchResult"),
    ("GalleryMoved", "GalleryConflict"),
    ("Gatherer", "Coalescer"),
    ("KnownPeople", "GalleryCache"),
    ("LidEdge", "EyelidEdge"),
    ("LoadMoved", "PayloadConflict"),
    ("NoMoney", "NothingToPay"),
    ("NormalisedSheet", "NormalisedIris"),
    ("PermitDesk", "RequestPermits"),
    ("PersonMoved", "PersonConflict"),
    ("ProofFold", "BatchAccumulator"),
    ("Reach", "Threshold"),
    ("ReceiptDesk", "ReceiptService"),
    ("ReviewDesk", "ReviewService"),
    ("Screened", "Prefiltered"),
    ("Seat", "TxSlot"),
    ("Sight", "ChainSnapshot"),
    ("Sighting", "TxLocation"),
    ("SlotMoved", "SlotConflict"),
    ("Stages", "SearchMode"),
    ("Standing", "PaymentMatch or PromiseVerdict"),
    ("Voted", "VotedCircle"),
    ("find_lids", "find_eyelids"),
    ("is_dear", "is_overpriced"),
    ("lower_lid_row", "lower_eyelid_row"),
    ("outbid", "replace_by_fee"),
    ("passes_screen", "passes_prefilter"),
    ("reach_micros", "threshold_micros"),
    ("take_out", "quarantine_or_settle"),
    ("upper_lid_row", "upper_eyelid_row"),
];
/// Openings that leave a doc line without verb or noun.
const INTERROGATIVES: [&str; 10] = [
    "What", "Who", "Whose", "Whom", "Where", "Why", "How", "Whether", "Which", "When",
];
/// Marks of work that is not done.
const UNFINISHED: [&str; 3] = ["TODO", "FIXME", "XXX"];
/// Crates of which each file begins with its purpose.
const INTRODUCED: [&str; 11] = [
    "annona",
    "api",
    "bindings",
    "core",
    "engine",
    "evaluation",
    "generate",
    "rpc",
    "service",
    "template",
    "wire",
];
/// This file names all that it forbids.
const SELF: &str = "xtask/src/tidy.rs";

/// Fails with every line that breaks the manner.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut objections = Vec::new();
    for file in tracked_files(&["rs", "sol"])? {
        if is_ours(&file) {
            objections.extend(objections_to(
                &file,
                &fs::read_to_string(root().join(&file))?,
            ));
        }
    }
    if objections.is_empty() {
        return Ok(());
    }
    bail!("not tidy:\n  {}", objections.join("\n  "))
}

/// Returns whether a file was written by hand, and is not the one that names what it forbids.
fn is_ours(file: &Path) -> bool {
    let is_generated = file
        .components()
        .any(|part| part.as_os_str() == "generated");
    !is_generated && file != Path::new(SELF)
}

fn objections_to(file: &Path, text: &str) -> Vec<String> {
    let mut objections = Vec::new();
    let is_source = is_source(file);
    if is_source && is_introduced(file) && !text.starts_with("//!") {
        objections.push(format!(
            "{}: the first line says what the file is for (`//!`)",
            file.display()
        ));
    }
    for (line, number) in text.lines().zip(1..) {
        let place = format!("{}:{number}", file.display());
        // The first line of a test file opens its documentation as well.
        let is_held = is_source || number == 1;
        if let Some(opening) = interrogative_opening(line).filter(|_| is_held) {
            objections.push(format!(
                "{place}: a doc line opens with a verb or a noun, not with {opening}"
            ));
        }
        for word in words(line) {
            if let Some((_, new)) = REPLACED_NAMES.iter().find(|(old, _)| *old == word) {
                objections.push(format!("{place}: {word} is called {new}"));
            }
            if UNFINISHED.contains(&word) {
                objections.push(format!("{place}: {word}"));
            }
        }
    }
    objections
}

/// Returns whether a file is part of a library, a program or a contract, and not one of tests.
fn is_source(file: &Path) -> bool {
    let has = |name: &str| file.components().any(|part| part.as_os_str() == name);
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    has("src") && !has("tests") && !stem.ends_with("tests") && stem != "testing"
}

/// Returns whether a file belongs to a crate of which each file begins with its purpose.
fn is_introduced(file: &Path) -> bool {
    let crates = INTRODUCED.iter();
    file.extension().is_some_and(|it| it == "rs")
        && crates
            .map(|name| Path::new("crates").join(name))
            .any(|it| file.starts_with(it))
}

fn interrogative_opening(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    let doc = line
        .strip_prefix("///")
        .or_else(|| line.strip_prefix("//!"))?;
    let doc = doc.trim_start_matches([' ', '*']);
    let doc = ["@notice ", "@dev "]
        .iter()
        .find_map(|tag| doc.strip_prefix(tag))
        .unwrap_or(doc);
    let first = doc.split(|c: char| !c.is_alphabetic()).next()?;
    INTERROGATIVES.into_iter().find(|word| *word == first)
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn objections(file: &str, text: &str) -> usize {
        objections_to(Path::new(file), text).len()
    }

    #[test]
    fn each_kind_is_found() {
        let source = "crates/core/src/a.rs";
        assert_eq!(objections(source, "//! Amounts.\n/// Adds two.\n"), 0);
        assert_eq!(objections(source, "use std::fmt;\n"), 1);
        assert_eq!(objections(source, "//! A.\n    /// Whether it adds.\n"), 1);
        assert_eq!(
            objections(source, "//! A.\n/// Whichever comes first.\n"),
            0
        );
        assert_eq!(objections(source, "//! A.\nstruct ClaimDesk;\n"), 1);
        assert_eq!(objections(source, "//! A.\nstruct ClaimDesks;\n"), 0);
        assert_eq!(objections(source, "//! A.\n// TODO: add\n"), 1);
        assert_eq!(
            objections("crates/core/tests/it/a.rs", "use std::fmt;\n"),
            0
        );
        let test = "crates/core/tests/it/a.rs";
        assert_eq!(objections(test, "//! What holds.\n"), 1);
        assert_eq!(objections(test, "//! Sums.\n/// What holds.\n"), 0);
        assert_eq!(
            objections("contracts/src/A.sol", "/// @notice Who pays.\n"),
            1
        );
    }

    #[test]
    fn the_house_is_tidy() {
        check().unwrap();
    }
}
