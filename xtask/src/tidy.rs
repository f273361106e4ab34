//! Holds the manner of the house where a program can: names of the glossary, openings of doc
//! lines, phrases to avoid, a line on top of each file.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::bail;

use crate::shell::{root, tracked_files};

/// Names that were given up, and those that took their place (`docs/spec/README.md`, glossary).
/// Those that are words of English as well are names in Rust and Solidity only.
const REPLACED_NAMES: [(&str, &str); 45] = [
    ("Asked", "WaitingQuestion or RequestedPayment"),
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
    ("FrameFate", "FrameOutcome"),
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
    ("work_off", "answer_batches"),
];
/// Words that were given up in code and prose alike, in lower case.
const REPLACED_WORDS: [(&str, &str); 7] = [
    ("baton", "lock"),
    ("fate", "outcome"),
    ("lid", "eyelid"),
    ("lids", "eyelids"),
    ("payday", "payment"),
    ("screened", "prefiltered"),
    ("screening", "prefilter"),
];
/// Phrases that a native reader stumbles over, in lower case, and plain ones.
const REPLACED_PHRASES: [(&str, &str); 16] = [
    ("any more", "no longer"),
    ("anymore", "no longer"),
    ("came of", "came from"),
    ("come of", "come from"),
    ("comes of", "comes from"),
    ("for good", "finally"),
    ("hand in", "submit"),
    ("handed in", "submitted"),
    ("hands in", "submits"),
    ("maker of the block", "block proposer"),
    (
        "no experiment",
        "chosen, not measured, and why the value is reasonable",
    ),
    ("passed over", "skipped or ignored"),
    ("tell apart", "distinguish"),
    ("tells apart", "distinguishes"),
    ("telling apart", "distinguishing"),
    ("told apart", "distinguished"),
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
/// Extensions of the files that are held, and their languages.
const LANGUAGES: [(&str, Language); 9] = [
    ("rs", Language::Rust),
    ("sol", Language::Solidity),
    ("sql", Language::Sql),
    ("md", Language::Markdown),
    ("json", Language::Json),
    ("ts", Language::TypeScript),
    ("svelte", Language::TypeScript),
    ("mjs", Language::TypeScript),
    ("js", Language::TypeScript),
];
/// Files that are not held: this one and the glossary name all that is forbidden, the changelog
/// tells of earlier versions, and the text of a migration that has run never changes, so that
/// the schema that is made of it does not either.
const EXEMPT: [&str; 5] = [
    "xtask/src/tidy.rs",
    "docs/spec/README.md",
    "CHANGELOG.md",
    "crates/store/migrations",
    "crates/store/schema",
];
/// Folders whose JSON files were written by this project's programs, or for their tests.
const JSON_FOLDERS: [&str; 2] = ["docs/measurements", "xtask"];

/// Language of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Rust,
    Solidity,
    Sql,
    Markdown,
    /// Figures and samples, which have names and no sentences.
    Json,
    /// TypeScript and JavaScript, also in pages of Svelte.
    TypeScript,
}

impl Language {
    fn of(file: &Path) -> Option<Self> {
        let extension = file.extension()?.to_str()?;
        let mut languages = LANGUAGES.into_iter();
        let (_, language) = languages.find(|(name, _)| *name == extension)?;
        let is_held = language != Self::Json || JSON_FOLDERS.iter().any(|it| file.starts_with(it));
        is_held.then_some(language)
    }

    /// Text of a line behind the mark of a doc comment; `None` for other lines. The comment that
    /// opens a page of Svelte is its doc comment.
    fn doc(self, at: usize, line: &str) -> Option<&str> {
        let marks: &[&str] = match self {
            Self::Rust => &["///", "//!"],
            Self::Solidity => &["///", "/**", "* "],
            Self::TypeScript if at == 0 => &["/**", "<!--"],
            Self::TypeScript => &["/**", "* "],
            Self::Sql | Self::Markdown | Self::Json => return None,
        };
        let line = line.trim_start();
        marks.iter().find_map(|mark| line.strip_prefix(mark))
    }

    /// Returns whether a line may hold sentences. The app's texts for citizens are messages,
    /// which its scripts and tests quote; only its comments are held here.
    fn has_sentences(self, line: &str) -> bool {
        let line = line.trim_start();
        match self {
            Self::Json => false,
            Self::TypeScript => COMMENT_MARKS.iter().any(|mark| line.starts_with(mark)),
            Self::Rust | Self::Solidity | Self::Sql | Self::Markdown => true,
        }
    }

    /// Returns whether a name of [`REPLACED_NAMES`] means the old thing where it occurs.
    fn has_name(self, name: &str) -> bool {
        matches!(self, Self::Rust | Self::Solidity) || is_compound(name)
    }
}

/// Marks by which a line of a comment begins.
const COMMENT_MARKS: [&str; 7] = ["///", "//!", "//", "/**", "*", "--", "<!--"];

/// Fails with every line that breaks the manner.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut objections = Vec::new();
    for file in tracked_files(&LANGUAGES.map(|(extension, _)| extension))? {
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

/// Returns whether a file was written by hand, and is none that names what is forbidden.
fn is_ours(file: &Path) -> bool {
    let is_generated = file
        .components()
        .any(|part| part.as_os_str() == "generated");
    !is_generated && !EXEMPT.iter().any(|it| file.starts_with(it))
}

fn objections_to(file: &Path, text: &str) -> Vec<String> {
    let Some(language) = Language::of(file) else {
        return Vec::new();
    };
    let mut objections = Vec::new();
    if is_introduced(file) && !text.starts_with("//!") {
        objections.push(format!(
            "{}: the first line says what the file is for (`//!`)",
            file.display()
        ));
    }
    let sentences: Vec<String> = text.lines().map(sentence).collect();
    for (at, line) in text.lines().enumerate() {
        let place = format!("{}:{}", file.display(), at + 1);
        if let Some(opening) = language.doc(at, line).and_then(interrogative_opening) {
            objections.push(format!(
                "{place}: a doc line opens with a verb or a noun, not with {opening}"
            ));
        }
        for word in words(line) {
            objections.extend(objection_to_word(language, word).map(|it| format!("{place}: {it}")));
        }
        if language.has_sentences(line) {
            let next = sentences.get(at + 1).map_or("", String::as_str);
            let phrases = replaced_phrases(&sentences[at], next);
            objections.extend(phrases.map(|(old, new)| format!("{place}: \"{old}\" is \"{new}\"")));
        }
    }
    objections
}

fn objection_to_word(language: Language, word: &str) -> Option<String> {
    static NAMES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| REPLACED_NAMES.into());
    static WORDS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| REPLACED_WORDS.into());
    let name = NAMES.get(word).filter(|_| language.has_name(word));
    if let Some(new) = name.or_else(|| WORDS.get(word.to_lowercase().as_str())) {
        return Some(format!("{word} is called {new}"));
    }
    UNFINISHED.contains(&word).then(|| word.to_owned())
}

/// Returns whether a name cannot be a word of English: it is of several words.
fn is_compound(name: &str) -> bool {
    name.contains('_') || name.chars().skip(1).any(char::is_uppercase)
}

/// Phrases of [`REPLACED_PHRASES`] that begin in a sentence, and perhaps end in the next line's.
fn replaced_phrases(
    line: &str,
    next: &str,
) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let both = format!("{line} {next}");
    let ends = line.len();
    let is_at = move |phrase: &str| {
        both.match_indices(phrase).any(|(at, _)| {
            let is_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
            let (before, behind) = (&both[..at], &both[at + phrase.len()..]);
            at < ends && !before.ends_with(is_of_a_word) && !behind.starts_with(is_of_a_word)
        })
    };
    REPLACED_PHRASES.iter().filter(move |(old, _)| is_at(old))
}

/// Text of a line in lower case, without the mark of a comment.
fn sentence(line: &str) -> String {
    let line = line.trim();
    let mark = COMMENT_MARKS.iter().find(|mark| line.starts_with(**mark));
    let text = mark.map_or(line, |mark| &line[mark.len()..]);
    text.trim_start().to_lowercase()
}

/// Returns whether a file belongs to a crate of which each file begins with its purpose.
fn is_introduced(file: &Path) -> bool {
    let crates = INTRODUCED.iter();
    file.extension().is_some_and(|it| it == "rs")
        && crates
            .map(|name| Path::new("crates").join(name))
            .any(|it| file.starts_with(it))
}

fn interrogative_opening(doc: &str) -> Option<&'static str> {
    let doc = doc.trim_start_matches([' ', '*']);
    let doc = ["@notice ", "@dev ", "@return "]
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
            objections("contracts/src/A.sol", "/// @notice Who pays.\n"),
            1
        );
    }

    #[test]
    fn tests_are_held_as_sources_are() {
        let test = "crates/core/tests/it/a.rs";
        assert_eq!(objections(test, "use std::fmt;\n"), 1);
        assert_eq!(
            objections("crates/tree/tests/it/a.rs", "use std::fmt;\n"),
            0
        );
        assert_eq!(objections(test, "//! What holds.\n"), 1);
        assert_eq!(objections(test, "//! Sums.\n/// What holds.\n"), 1);
        let solidity = "contracts/test/unit/A.t.sol";
        assert_eq!(objections(solidity, "    /// @dev How it pays.\n"), 1);
    }

    #[test]
    fn the_apps_doc_lines_are_held() {
        for file in ["app/src/a.ts", "app/src/A.svelte", "app/scripts/a.mjs"] {
            assert_eq!(objections(file, "  /** What is paid. */\n"), 1);
            assert_eq!(objections(file, "/**\n * Which of two.\n */\n"), 1);
            assert_eq!(objections(file, "/** The payment. */\n// What now?\n"), 0);
        }
        let page = "app/src/A.svelte";
        assert_eq!(objections(page, "<!-- How it looks. -->\n<p>\n"), 1);
        assert_eq!(objections(page, "<p>\n<!-- How it comes. -->\n"), 0);
    }

    #[test]
    fn replaced_names_are_found_in_every_language() {
        for file in [
            "a.sql",
            "docs/a.md",
            "app/src/a.ts",
            "docs/measurements/a.json",
        ] {
            assert_eq!(objections(file, "the `ClaimDesk` there\n"), 1, "{file}");
            assert_eq!(objections(file, "\"screening\": 1, Lids\n"), 2, "{file}");
            // Words of English outside of code.
            assert_eq!(objections(file, "Found in Reach\n"), 0, "{file}");
        }
        assert_eq!(objections("contracts/src/A.sol", "struct Found {}\n"), 1);
        assert_eq!(objections("app/package.json", "\"lids\"\n"), 0);
    }

    #[test]
    fn phrases_are_found_within_and_across_lines() {
        for file in ["crates/tree/src/a.rs", "contracts/src/A.sol", "a.sql"] {
            assert_eq!(objections(file, "// It is not read any more.\n"), 1);
            assert_eq!(
                objections(file, "-- Not read any\n-- more, or many more.\n"),
                1
            );
            assert_eq!(objections(file, "// Many more for goods.\n"), 0);
        }
        assert_eq!(objections("docs/a.md", "Hand in two. Told apart.\n"), 2);
        assert_eq!(objections("app/src/a.ts", "see('not any more');\n"), 0);
        assert_eq!(objections("app/src/a.ts", "// not any more\n"), 1);
    }

    #[test]
    fn history_is_left_as_it_is() {
        for file in [
            "CHANGELOG.md",
            "crates/store/migrations/sqlite/0001_initial.sql",
        ] {
            assert!(!is_ours(Path::new(file)));
        }
        assert!(is_ours(Path::new("crates/store/queries/insert_claim.sql")));
    }

    #[test]
    fn the_house_is_tidy() {
        check().unwrap();
    }
}
