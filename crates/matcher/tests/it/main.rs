//! A gallery's files between processes.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use annona_matcher::{Access, Gallery};
use annona_template::{COLUMNS, EyePair, IrisTemplate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Tells a child process of these tests which gallery to work on.
const FOLDER: &str = "GALLERY_TEST_FOLDER";
/// Tells it how many people are in before anybody joins.
const BEFORE: &str = "GALLERY_TEST_BEFORE";
/// People that readers wait for while the writer is at work.
const WAITED_FOR: u64 = 100;
/// Most looks at a gallery that does not grow.
const MOST_LOOKS: u64 = 50_000_000;
const KILLS: usize = 4;
/// Most people that a writer adds before it waits to be killed.
const MOST_ADDED: u64 = 1_000;

fn person(seed: u64) -> EyePair {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut eye = || {
        let code = std::array::from_fn(|_| rng.random());
        IrisTemplate::from_columns(code, [u32::MAX; COLUMNS])
    };
    EyePair {
        left: eye(),
        right: eye(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test runner's arguments cannot carry these"
)]
fn told() -> Option<(PathBuf, u64)> {
    let folder = std::env::var_os(FOLDER)?;
    let before = std::env::var(BEFORE).unwrap();
    Some((folder.into(), before.parse().unwrap()))
}

/// Runs one test of this binary in a process of its own.
fn child(test: &str, folder: &Path, before: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(FOLDER, folder)
        .env(BEFORE, before.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Follows the gallery until [`WAITED_FOR`] people have joined; every entry seen is
/// whole.
fn follow(folder: &Path, before: u64) -> Gallery {
    let mut gallery = Gallery::open(folder, Access::Read).unwrap();
    let mut checked = before;
    for _ in 0..MOST_LOOKS {
        gallery.refresh().unwrap();
        while checked < gallery.len() {
            checked += 1;
            assert_eq!(gallery.eyes(checked).unwrap(), person(checked));
        }
        if checked >= before + WAITED_FOR {
            return gallery;
        }
        std::thread::yield_now();
    }
    panic!("the gallery stopped growing at {checked}");
}

/// As a child process: adds people until it is killed.
#[test]
fn child_that_appends() {
    let Some((folder, before)) = told() else {
        return;
    };
    let mut gallery = Gallery::open(&folder, Access::Write).unwrap();
    assert_eq!(gallery.len(), before);
    for sequence in before + 1..=before + MOST_ADDED {
        gallery.push(sequence, &person(sequence)).unwrap();
    }
    loop {
        std::thread::park();
    }
}

/// As a child process: reads until enough people are in.
#[test]
fn child_that_reads() {
    if let Some((folder, before)) = told() {
        follow(&folder, before);
    }
}

#[test]
fn two_processes_read_while_one_appends_and_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = 0;
    for _ in 0..KILLS {
        let mut reader = child("child_that_reads", folder.path(), before);
        let mut writer = child("child_that_appends", folder.path(), before);
        let seen = follow(folder.path(), before);
        assert!(reader.wait().unwrap().success());
        writer.kill().unwrap();
        writer.wait().unwrap();

        let mut survivor = Gallery::open(folder.path(), Access::Write).unwrap();
        assert!(survivor.len() >= seen.len(), "what was seen is kept");
        let next = survivor.len() + 1;
        survivor.push(next, &person(next)).unwrap();
        for sequence in (1..=next).rev().take(20) {
            let found = survivor.search(&person(sequence), 100_000);
            assert_eq!(found.best.unwrap().sequence, sequence);
        }
        before = next;
    }
}
