//! Commands, options and variables that documents and messages name are those that exist.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use annona_service::config;
use clap::{Command, CommandFactory, Parser};

use crate::Cli;

/// Variables that only tests read.
const OF_TESTS: [&str; 4] = [
    "ANNONA_SEEDS",
    "ANNONA_FAULT_SEEDS",
    "ANNONA_TEST_DATABASE",
    "ANNONA_TEST_FIRST",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Texts of the repository with one of these extensions.
fn texts(extensions: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_made = name.starts_with('.') || ["target", "node_modules"].contains(&&*name);
            if path.is_dir() && !is_made && !path.is_symlink() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|it| extensions.iter().any(|wanted| it == *wanted))
            {
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 5, "the repository's documents are found");
    found
}

/// Lines of code between fences, with continued lines joined.
fn fenced(text: &str) -> Vec<String> {
    let blocks = text.split("\n```").skip(1).step_by(2);
    let lines = blocks.flat_map(|block| {
        let (_, code) = block.split_once('\n').unwrap_or_default();
        code.replace("\\\n", " ")
            .lines()
            .map(str::trim)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    lines.collect()
}

/// Code between single backticks on one line.
fn spans(text: &str) -> Vec<String> {
    let outside = text.lines().filter(|line| !line.starts_with("```"));
    let spans = outside.flat_map(|line| line.split('`').skip(1).step_by(2));
    spans.map(|span| span.replace("\\|", "|")).collect()
}

fn is_command(code: &str) -> bool {
    let rest = code.strip_prefix("annona ");
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// Objection to the shape of a command: a subcommand or an option that does not exist.
fn objection(code: &str) -> Option<String> {
    let (code, _) = code.split_once(" | ").unwrap_or((code, ""));
    let plain = code.replace(['[', ']'], " ");
    let mut words = plain.split_whitespace().skip(1).peekable();
    let mut command = Cli::command();
    command.build();
    while let Some(word) = words.peek().copied() {
        let is_name = word.starts_with(|c: char| c.is_ascii_lowercase());
        if !command.has_subcommands() || !is_name {
            break;
        }
        let mut chosen = None;
        for name in word.split('|') {
            let Some(found) = command.find_subcommand(name) else {
                return Some(format!(
                    "`{code}`: {name} is no command of {}",
                    command.get_name()
                ));
            };
            chosen = Some(found.clone());
        }
        command = chosen?;
        words.next();
    }
    words
        .filter(|word| word.starts_with('-') && word.len() > 1)
        .map(|word| {
            word.split(['=', '|'])
                .next()
                .unwrap_or(word)
                .trim_end_matches(['.', ','])
        })
        .find(|option| !has_option(&command, option))
        .map(|option| format!("`{code}`: {} has no option {option}", command.get_name()))
}

fn has_option(command: &Command, option: &str) -> bool {
    command
        .get_arguments()
        .any(|argument| match option.strip_prefix("--") {
            Some(long) => argument.get_long() == Some(long),
            None => argument.get_short() == option.chars().nth(1),
        })
}

#[test]
fn every_command_of_documents_and_messages_exists() {
    let mut objections = Vec::new();
    let mut count = 0;
    for (path, text) in texts(&["md", "rs", "toml", "yaml"]) {
        for code in spans(&text).into_iter().chain(fenced(&text)) {
            if is_command(&code) {
                count += 1;
                objections.extend(objection(&code).map(|why| format!("{}: {why}", path.display())));
            }
        }
    }
    assert!(count > 60, "only {count} commands were found");
    assert!(objections.is_empty(), "{objections:#?}");
}

#[test]
fn every_command_between_fences_can_be_given_as_it_is_written() {
    let mut count = 0;
    for (path, text) in texts(&["md"]) {
        for line in fenced(&text).into_iter().filter(|line| is_command(line)) {
            let line = line.split(" #").next().unwrap().to_owned();
            let line = line.replace("URL", "http://127.0.0.1:8545");
            let words = line.split_whitespace();
            let parsed = Cli::try_parse_from(words);
            assert!(
                parsed.is_ok(),
                "{}: {line}: {}",
                path.display(),
                parsed.err().unwrap()
            );
            count += 1;
        }
    }
    assert!(count >= 6, "only {count} commands were found");
}

#[test]
fn what_does_not_exist_is_objected_to() {
    for wrong in [
        "annona orbs enrol",
        "annona orb enroll",
        "annona registry status|revok",
        "annona audit --reciept FILE",
        "annona iris encode IMAGE [-x FILE]",
        "annona citizen --wallet FILE",
    ] {
        assert!(is_command(wrong) && objection(wrong).is_some(), "{wrong}");
    }
    for right in [
        "annona iris encode IMAGE [--eye left|right] [-o FILE]",
        "annona keys setup|list|export|import",
        "annona registry revoke --config FILE 0x…",
        "annona audit --receipt",
    ] {
        assert_eq!(objection(right), None);
    }
}

#[test]
fn the_manual_names_every_command() {
    let table = std::fs::read_to_string(root().join("docs/manual/cli.md")).unwrap();
    let visible = |command: &&Command| !command.is_hide_set();
    for command in Cli::command().get_subcommands().filter(visible) {
        let subcommands: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        let name = command.get_name();
        let rows: String = table
            .lines()
            .filter(|line| line.starts_with(&format!("| `annona {name}")))
            .collect();
        assert!(!rows.is_empty(), "`annona {name}` is not in the table");
        for subcommand in subcommands {
            let is_named = rows.contains(&format!("`annona {name} {subcommand}`"))
                || rows.contains(&format!("`{subcommand}`"));
            assert!(is_named, "`annona {name} {subcommand}` is not in the table");
        }
    }
}

#[test]
fn every_variable_that_is_named_exists() {
    let mut known = config::variables();
    known.extend(crate::variables_of_arguments());
    let mut objections = Vec::new();
    for (path, text) in texts(&["md", "toml", "yaml"]) {
        for (position, _) in text.match_indices("ANNONA_") {
            let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            let name: String = text[position..]
                .chars()
                .take_while(|&c| is_name(c))
                .collect();
            let is_known = known.contains(&name)
                || OF_TESTS.contains(&&*name)
                || name == "ANNONA_"
                || [
                    "ANNONA_SERVICE_HOST",
                    "ANNONA_PORT_8080_TCP",
                    "ANNONA_SECTION__NAME",
                ]
                .contains(&&*name);
            if !is_known {
                objections.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(objections.is_empty(), "{objections:#?}");
}

#[test]
fn packages_and_examples_of_cargo_commands_exist() {
    let root = root();
    let manifests = texts(&["toml"]);
    let packages: BTreeMap<&str, &Path> = manifests
        .iter()
        .filter(|(path, _)| path.ends_with("Cargo.toml"))
        .filter_map(|(path, text)| {
            let name = text.lines().find_map(|line| line.strip_prefix("name = "))?;
            Some((name.trim_matches('"'), path.parent()?))
        })
        .collect();
    for (path, text) in texts(&["md"]) {
        for code in spans(&text).into_iter().chain(fenced(&text)) {
            let words: Vec<&str> = code.split_whitespace().collect();
            if words.first() != Some(&"cargo") {
                continue;
            }
            let after = |option: &str| {
                let position = words.iter().position(|word| *word == option)?;
                words.get(position + 1).copied()
            };
            let package = after("-p").or_else(|| after("--package"));
            let folder = package.map(|package| {
                let known = packages.get(package);
                known.unwrap_or_else(|| panic!("{}: `{code}`", path.display()))
            });
            if let Some(example) = after("--example") {
                let folder = folder.map_or(root.as_path(), |folder| folder);
                let file = folder.join(format!("examples/{example}.rs"));
                assert!(
                    file.is_file(),
                    "{}: `{code}`: {}",
                    path.display(),
                    file.display()
                );
            }
        }
    }
}

#[test]
fn the_image_is_built_from_every_member_of_the_workspace() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let (image, ignored) = (
        read("deploy/Containerfile"),
        read("deploy/Containerfile.dockerignore"),
    );
    let manifest = read("Cargo.toml");
    let members = manifest
        .lines()
        .find_map(|line| line.strip_prefix("members = "))
        .unwrap();
    for member in members.trim_matches(['[', ']']).split(", ") {
        let folder = member.trim_matches('"').trim_end_matches("/*");
        assert!(
            image.contains(&format!("COPY {folder} {folder}\n")),
            "{folder}"
        );
        assert!(
            ignored.lines().any(|line| line == format!("!{folder}")),
            "{folder}"
        );
    }
    let channel = read("rust-toolchain.toml");
    let channel = channel
        .lines()
        .find_map(|line| line.strip_prefix("channel = "))
        .unwrap();
    let channel = channel.trim_matches('"');
    assert!(
        image.contains(&format!("FROM rust:{channel}-")),
        "{channel}"
    );
    assert!(
        image.contains(&format!("RUSTUP_TOOLCHAIN={channel}\n")),
        "{channel}"
    );
}
