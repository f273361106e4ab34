//! Holds `docs/spec` and what cites it together: every requirement is held and tested
//! somewhere that exists, the code and a test there cite its id, and every id that is cited is
//! defined.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::bail;

use crate::shell::{root, tracked_files};

/// Folder of the specification.
const SPEC: &str = "docs/spec";
/// Extensions of files that may cite ids.
const CITING: [&str; 6] = ["rs", "sol", "md", "mjs", "ts", "svelte"];
/// Items that a requirement names, in this order.
const ITEMS: [&str; 3] = ["- Prevents:", HELD, TESTED];
/// Item that names the code of a requirement.
const HELD: &str = "- Held by:";
/// Item that names the tests of a requirement.
const TESTED: &str = "- Tested by:";
/// Words that open a function, in Rust and in Solidity.
const FUNCTION_WORDS: [&str; 2] = ["fn", "function"];

/// A numbered requirement.
#[derive(Debug, PartialEq, Eq)]
struct Requirement {
    id: String,
    text: String,
}

/// Fails with every objection to the specification.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut objections = Vec::new();
    let mut defined = BTreeSet::new();
    for page in pages()? {
        for requirement in requirements(&fs::read_to_string(&page)?) {
            objections.extend(objections_to(&requirement));
            objections.extend(uncited(&requirement));
            if !defined.insert(requirement.id.clone()) {
                objections.push(format!("{} is defined twice", requirement.id));
            }
        }
    }
    if defined.is_empty() {
        bail!("{SPEC} has no requirements");
    }
    objections.extend(gaps(&defined));
    let index = fs::read_to_string(root().join(SPEC).join("README.md"))?;
    objections.extend(unlisted(&index, &defined));
    objections.extend(undefined(&defined)?);
    if objections.is_empty() {
        return Ok(());
    }
    bail!("the specification:\n  {}", objections.join("\n  "))
}

fn pages() -> anyhow::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(root().join(SPEC))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}

/// The sections of a page whose heading begins with an id.
fn requirements(page: &str) -> Vec<Requirement> {
    let sections = page.split("\n#### ").skip(1);
    let found = sections.filter_map(|section| {
        let section = section.split("\n## ").next().unwrap_or_default();
        let id = ids(section.split_whitespace().next()?).into_iter().next()?;
        Some(Requirement {
            id,
            text: section.to_owned(),
        })
    });
    found.collect()
}

fn objections_to(requirement: &Requirement) -> Vec<String> {
    let Requirement { id, text } = requirement;
    let mut objections = Vec::new();
    if !text.contains("MUST") {
        objections.push(format!("{id} demands nothing"));
    }
    for item in ITEMS {
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(item)).collect();
        let [line] = lines.as_slice() else {
            objections.push(format!("{id} has {} lines `{item}`", lines.len()));
            continue;
        };
        if item != ITEMS[0] {
            let missing = missing(line).into_iter().chain(unnamed(line));
            objections.extend(missing.map(|what| format!("{id}: {what}")));
        }
    }
    objections
}

/// Files that a line cites, each perhaps with a test.
fn citations(line: &str) -> impl Iterator<Item = &str> {
    let spans = line.split('`').skip(1).step_by(2);
    spans.filter(|span| span.contains('/'))
}

/// Citations of a line that lead nowhere: files, and tests that are not in their file.
fn missing(line: &str) -> Vec<String> {
    let citations: Vec<&str> = citations(line).collect();
    if citations.is_empty() {
        return vec![format!("no file in `{line}`")];
    }
    let objection = |citation: &str| {
        let (file, test) = citation.split_once("::").unwrap_or((citation, ""));
        let path = root().join(file);
        if test.is_empty() {
            return (!path.exists()).then(|| format!("{file} does not exist"));
        }
        let Ok(text) = fs::read_to_string(path) else {
            return Some(format!("{file} cannot be read"));
        };
        let is_there = heads(test).iter().any(|head| text.contains(head));
        (!is_there).then(|| format!("{file} has no {test}"))
    };
    citations.into_iter().filter_map(objection).collect()
}

/// Names behind the files of a line, in parentheses, that do not occur in their file.
fn unnamed(line: &str) -> Vec<String> {
    let objection = |(file, name): (&str, &str)| {
        // A file that cannot be read is an objection of its own.
        let text = fs::read_to_string(root().join(file)).ok()?;
        (!is_named(&text, name)).then(|| format!("{file} does not name {name}"))
    };
    names(line).into_iter().filter_map(objection).collect()
}

/// The names of a line in parentheses, each with the file that they are said to be in.
fn names(line: &str) -> Vec<(&str, &str)> {
    let mut names = Vec::new();
    let (mut file, mut is_open) = ("", false);
    for (at, part) in line.split('`').enumerate() {
        let is_quoted = at % 2 == 1;
        if is_quoted && is_open {
            names.push((file, part));
        } else if is_quoted {
            file = part;
        } else {
            is_open = part.starts_with(" (") || (is_open && !part.starts_with(')'));
        }
    }
    names
}

/// Returns whether a name occurs in a text, as a whole or, of a path such as `Wallet::open`,
/// part by part.
fn is_named(text: &str, name: &str) -> bool {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let occurs = |name: &str| {
        text.match_indices(name).any(|(at, _)| {
            let (before, behind) = (&text[..at], &text[at + name.len()..]);
            let begins_inside = name.starts_with(is_of_a_word) && before.ends_with(is_of_a_word);
            let ends_inside = name.ends_with(is_of_a_word) && behind.starts_with(is_of_a_word);
            !begins_inside && !ends_inside
        })
    };
    occurs(name) || name.replace("::", ".").split('.').all(occurs)
}

/// Lines of a requirement whose files do not cite it back: no comment of the code that holds
/// it, or of the tests that it names, has its id.
fn uncited(requirement: &Requirement) -> Vec<String> {
    let Requirement { id, text } = requirement;
    let by_code = |file: &str, _: &str| {
        fs::read_to_string(root().join(file)).map(|text| is_cited_by_code(&text, id))
    };
    let by_test = |file: &str, test: &str| {
        fs::read_to_string(root().join(file)).map(|text| is_cited_by_test(&text, test, id))
    };
    let mut objections = Vec::new();
    if !is_cited(text, HELD, by_code) {
        objections.push(format!("{id} is in no comment of the code that holds it"));
    }
    if !is_cited(text, TESTED, by_test) {
        objections.push(format!("{id} is in no comment of a test of it"));
    }
    objections
}

/// Returns whether a citation of the line that begins with `item` leads to text that `cites`.
fn is_cited(text: &str, item: &str, cites: impl Fn(&str, &str) -> std::io::Result<bool>) -> bool {
    let lines = text.lines().filter(|line| line.starts_with(item));
    lines.flat_map(citations).any(|citation| {
        let (file, test) = citation.split_once("::").unwrap_or((citation, ""));
        cites(file, test).unwrap_or(false)
    })
}

/// Returns whether a comment that does not belong to a test has the id.
fn is_cited_by_code(text: &str, id: &str) -> bool {
    comments(text).any(|line| !line.contains("Tests ") && has_id(line, id))
}

/// Returns whether the comment on top of a test, or of its attributes, has the id.
fn is_cited_by_test(text: &str, test: &str, id: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let heads = heads(test);
    let is_head = |line: &&str| heads.iter().any(|head| line.contains(head));
    let Some(head) = lines.iter().position(is_head) else {
        return false;
    };
    let above = lines[..head].iter().rev();
    above
        .map(|line| line.trim_start())
        .take_while(|line| line.starts_with("//") || line.starts_with("#["))
        .any(|line| line.starts_with("//") && has_id(line, id))
}

/// Texts by which a test begins: a function of Rust or Solidity, or a sentence of TypeScript.
fn heads(test: &str) -> Vec<String> {
    let functions = FUNCTION_WORDS
        .iter()
        .flat_map(|word| ['(', '<'].map(|end| format!("{word} {test}{end}")));
    functions.chain([format!("it('{test}'")]).collect()
}

fn comments(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim_start);
    // Blocks of TypeScript as well as lines.
    lines.filter(|line| {
        ["//", "/*", "* "]
            .iter()
            .any(|start| line.starts_with(start))
    })
}

fn has_id(line: &str, id: &str) -> bool {
    ids(line).iter().any(|found| found == id)
}

/// The highest number of each family.
fn last_numbers(defined: &BTreeSet<String>) -> BTreeMap<&str, u32> {
    let mut last = BTreeMap::new();
    for id in defined {
        if let Some((family, number)) = id.split_once('-') {
            let number: u32 = number.parse().unwrap_or(0);
            let highest = last.entry(family).or_insert(0);
            *highest = number.max(*highest);
        }
    }
    last
}

/// Families whose range in the specification's list of pages is not the defined one.
fn unlisted(index: &str, defined: &BTreeSet<String>) -> Vec<String> {
    let ranges = last_numbers(defined);
    let ranges = ranges
        .iter()
        .map(|(family, last)| format!("{family}-1 to {family}-{last}"));
    ranges
        .filter(|range| {
            let ends = index.split(range.as_str()).skip(1);
            !ends
                .into_iter()
                .any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        })
        .map(|range| format!("{SPEC}/README.md does not list {range}"))
        .collect()
}

/// Numbers that are left out between 1 and the last of each family.
fn gaps(defined: &BTreeSet<String>) -> Vec<String> {
    let expected = last_numbers(defined)
        .into_iter()
        .flat_map(|(family, last)| (1..=last).map(move |number| format!("{family}-{number}")));
    expected
        .filter(|id| !defined.contains(id))
        .map(|id| format!("{id} is left out"))
        .collect()
}

/// Ids that tracked files cite and no page defines.
fn undefined(defined: &BTreeSet<String>) -> anyhow::Result<Vec<String>> {
    let mut objections = Vec::new();
    for file in tracked_files(&CITING)? {
        let Ok(text) = fs::read_to_string(root().join(&file)) else {
            continue;
        };
        let cited: BTreeSet<String> = ids(&text).into_iter().collect();
        for id in cited.difference(defined) {
            objections.push(format!(
                "{} cites {id}, which is not defined",
                file.display()
            ));
        }
    }
    Ok(objections)
}

/// Families of ids.
const FAMILIES: [&str; 11] = [
    "IDENT", "EPOCH", "REG", "CIRC", "ENROL", "CLAIM", "RECOV", "RELAY", "RCPT", "AUDIT", "ZKML",
];

/// All ids in a text, such as `CLAIM-3`.
fn ids(text: &str) -> Vec<String> {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let words = text.split(|c: char| !is_of_a_word(c));
    let found = words.filter(|word| {
        word.split_once('-').is_some_and(|(family, number)| {
            let is_number = !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit());
            FAMILIES.contains(&family) && is_number
        })
    });
    found.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_specification_holds() {
        check().unwrap();
    }

    const PAGE: &str = "# Claims\n\n#### CLAIM-1 Once\n\nIt MUST.\n\n- Prevents: two.\n\
        - Held by: `xtask/src/spec.rs` (`ids`)\n\
        - Tested by: `xtask/src/spec.rs::ids_are_found_in_text`\n\n## More\n\nMUST\n";

    fn objections(page: &str) -> Vec<String> {
        requirements(page).iter().flat_map(objections_to).collect()
    }

    #[test]
    fn a_requirement_that_is_held_and_tested_is_well() {
        assert_eq!(requirements(PAGE)[0].id, "CLAIM-1");
        assert_eq!(objections(PAGE), Vec::<String>::new());
    }

    #[test]
    fn a_requirement_without_a_test_or_a_file_is_not() {
        for (from, to, said) in [
            ("::ids_are_found", "::none_is", "has no none_is"),
            ("xtask/src/spec.rs` (", "xtask/none.rs` (", "does not exist"),
            (
                "`xtask/src/spec.rs::ids_are_found_in_text`",
                "none",
                "no file",
            ),
            ("- Prevents: two.\n", "", "0 lines `- Prevents:`"),
            ("It MUST.", "It may.", "demands nothing"),
            ("(`ids`)", "(`ids`, `absen\x74`)", "does not name absen"),
        ] {
            let changed = PAGE.replace(from, to);
            assert_ne!(changed, PAGE);
            let objections = objections(&changed).join("; ");
            assert!(objections.contains(said), "{said}: {objections}");
        }
    }

    #[test]
    fn names_are_held_against_the_file_that_they_follow() {
        let line = "- Held by: `a/b.rs` (`one`, `Two::three`); `c/d.rs`; `e/f.sql` (`x = x + 1`)";
        let expected = [
            ("a/b.rs", "one"),
            ("a/b.rs", "Two::three"),
            ("e/f.sql", "x = x + 1"),
        ];
        assert_eq!(names(line), expected);
        for name in ["one", "Two::three", "x = x + 1"] {
            assert!(is_named("impl Two { fn three() } one; x = x + 1", name));
            assert!(!is_named("Twofold three(); ones; x = x + 10", name));
        }
    }

    #[test]
    fn code_cites_a_requirement_in_a_comment_of_its_own() {
        assert!(is_cited_by_code(
            "    /// Pays once (CLAIM-3).\n",
            "CLAIM-3"
        ));
        for other in [
            "/// Tests CLAIM-1.\n",
            "/// Pays once (CLAIM-12).\n",
            "let id = \"CLAIM-1\";\n",
        ] {
            assert!(!is_cited_by_code(other, "CLAIM-1"), "{other}");
        }
    }

    #[test]
    fn a_test_cites_a_requirement_right_above_it() {
        let text = "/// Tests CLAIM-3.\n#[test]\nfn first() {}\n\n#[test]\nfn second() {}\n";
        assert!(is_cited_by_test(text, "first", "CLAIM-3"));
        assert!(!is_cited_by_test(text, "first", "CLAIM-4"));
        assert!(!is_cited_by_test(text, "second", "CLAIM-3"));
        assert!(!is_cited_by_test(text, "third", "CLAIM-3"));
    }

    #[test]
    fn a_requirement_that_nothing_cites_back_is_found() {
        let found: Vec<String> = requirements(PAGE).iter().flat_map(uncited).collect();
        let expected = [
            "CLAIM-1 is in no comment of the code that holds it",
            "CLAIM-1 is in no comment of a test of it",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn ids_are_found_in_text() {
        assert_eq!(ids("(CLAIM-12, `REG-1`)"), ["CLAIM-12", "REG-1"]);
        assert_eq!(
            ids("XCLAIM-1 CLAIM-1a CLAIM_-1 EIP-712"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn numbers_that_are_left_out_are_found() {
        let defined = ["REG-1", "REG-3"].map(str::to_owned).into();
        assert_eq!(gaps(&defined), ["REG-2 is left out"]);
    }

    #[test]
    fn the_list_of_pages_names_the_last_requirement() {
        let defined = ["REG-1", "REG-2"].map(str::to_owned).into();
        assert_eq!(unlisted("REG-1 to REG-2 |", &defined), [""; 0]);
        for stale in ["to REG-1 |", "to REG-2", "REG-1 to REG-2_5 |"] {
            let objections = unlisted(&stale.replace('_', ""), &defined);
            let expected = "docs/spec/README.md does not list REG-1 to REG-2";
            assert_eq!(objections, [expected]);
        }
    }
}
