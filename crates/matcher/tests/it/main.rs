//! A gallery's files between processes.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use annona_iris::{COLUMNS, IrisTemplate};
use annona_matcher::{Access, EyePair, Gallery};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Tells a child process of these tests which gallery to work on.
const FOLDER: &str = "GALLERY_TEST_FOLDER";
/// People that readers wait for while the writer is at work.
const WAITED_FOR: u64 = 300;
/// Most looks at a gallery that does not grow.
const MOST_LOOKS: u64 = 50_000_000;
const KILLS: usize = 4;

fn person(seed: u64) -> EyePair {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut eye = || IrisTemplate::from_columns(rng.random::<[u64; COLUMNS]>(), [u32::MAX; COLUMNS]);
    EyePair {
        left: eye(),
        right: eye(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test runner's arguments cannot carry the folder"
)]
fn folder_of_child() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Runs one test of this binary in a process of its own.
fn child(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Follows the gallery until `people` are in; every entry seen is whole.
fn follow(folder: &Path, people: u64) -> Gallery {
    let mut gallery = Gallery::open(folder, Access::Read).unwrap();
    let mut checked = 0;
    for _ in 0..MOST_LOOKS {
        gallery.refresh().unwrap();
        while checked < gallery.len() {
            checked += 1;
            assert_eq!(gallery.eyes(checked).unwrap(), person(checked));
        }
        if checked >= people {
            return gallery;
        }
        std::thread::yield_now();
    }
    panic!("the gallery stopped growing at {checked}");
}

/// As a child process: adds people until it is killed.
#[test]
fn child_that_appends() {
    let Some(folder) = folder_of_child() else {
        return;
    };
    let mut gallery = Gallery::open(&folder, Access::Write).unwrap();
    for sequence in gallery.len() + 1.. {
        gallery.push(sequence, &person(sequence)).unwrap();
    }
}

/// As a child process: reads until enough people are in.
#[test]
fn child_that_reads() {
    if let Some(folder) = folder_of_child() {
        follow(&folder, WAITED_FOR);
    }
}

#[test]
fn two_processes_read_while_one_appends_and_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = 0;
    for _ in 0..KILLS {
        let mut writer = child("child_that_appends", folder.path());
        let mut reader = child("child_that_reads", folder.path());
        let seen = follow(folder.path(), kept + WAITED_FOR);
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert!(reader.wait().unwrap().success());

        let mut survivor = Gallery::open(folder.path(), Access::Write).unwrap();
        assert!(survivor.len() >= seen.len(), "what was seen is kept");
        let next = survivor.len() + 1;
        survivor.push(next, &person(next)).unwrap();
        for sequence in (1..=next).rev().take(50) {
            assert_eq!(survivor.nearest(&person(sequence)).unwrap().sequence, sequence);
        }
        kept = next;
    }
}
