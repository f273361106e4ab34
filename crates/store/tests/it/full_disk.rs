//! A disk that is full again and again under a store that stays open.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use annona_core::UnixSeconds;
use annona_engine::ports::{ClaimRepository, InsertClaimOutcome};
use annona_store::SqliteStore;
use annona_store::conformance::{claim, intake};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{number, raw, tag};

/// Names the folder of the database to the process on the faulty disk.
const FOLDER: &str = "ANNONA_TEST_FAULTY_DISK";
/// Names the kind of the disk.
const KIND: &str = "ANNONA_TEST_FAULTY_DISK_KIND";
const NOW: UnixSeconds = UnixSeconds(5);
/// Refusals in a row after which the disk counts as full.
const REFUSALS: u32 = 12;
/// More than fit: a run ends.
const MOST_CLAIMS: u64 = 200_000;

/// Makes room on a disk and takes it away.
#[derive(Debug, Clone, Copy)]
enum Disk {
    /// A file system in memory, mounted for the process alone: no space is left.
    Small,
    /// A limit on the length of files: writing fails.
    Limited,
}

impl Disk {
    const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Limited => "limited",
        }
    }

    fn of_this_process() -> Option<Self> {
        let kind = std::env::var(KIND).ok()?;
        [Self::Small, Self::Limited]
            .into_iter()
            .find(|disk| disk.name() == kind)
    }

    /// Starts a shell on the disk.
    fn shell(self, script: &str) -> Command {
        match self {
            Self::Small => {
                let mut command = Command::new("unshare");
                command.args(["-Urm", "sh", "-c"]);
                let mount = format!("mount -t tmpfs -o size=3m annona \"${FOLDER}\" && {script}");
                command.arg(mount);
                command
            }
            Self::Limited => {
                let mut command = Command::new("sh");
                command.args(["-c", &format!("trap '' XFSZ; {script}")]);
                command
            }
        }
    }

    /// Leaves room for `spare` bytes, more or less.
    fn fill(self, folder: &Path, spare: u64) {
        match self {
            Self::Small => {
                let mut filler = File::create(filler(folder)).unwrap();
                let block = vec![1; 4_096];
                let mut written = 0_u64;
                while filler.write_all(&block).is_ok() {
                    written += 4_096;
                }
                filler.set_len(written.saturating_sub(spare)).unwrap();
            }
            Self::Limited => {
                let log = folder.join("annona.sqlite-wal");
                limit_files(&(log.metadata().unwrap().len() + spare).to_string());
            }
        }
    }

    fn free(self, folder: &Path) {
        match self {
            Self::Small => std::fs::remove_file(filler(folder)).unwrap(),
            Self::Limited => limit_files("unlimited"),
        }
    }
}

fn filler(folder: &Path) -> PathBuf {
    folder.join("filler")
}

/// Sets this process's soft limit.
fn limit_files(bytes: &str) {
    let process = std::process::id().to_string();
    let limited = Command::new("prlimit")
        .args(["--pid", &process, &format!("--fsize={bytes}:")])
        .status()
        .unwrap();
    assert!(limited.success());
}

/// Not a test: the process on the faulty disk.
#[tokio::test]
async fn process_on_a_faulty_disk() {
    let Some(disk) = Disk::of_this_process() else {
        return;
    };
    let folder = PathBuf::from(std::env::var(FOLDER).unwrap());
    let path = folder.join("annona.sqlite");
    let store = SqliteStore::open(&path, &tag()).await.unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut acknowledged = Vec::new();
    let mut seeds = 1..MOST_CLAIMS;
    for _ in 0..cycles() {
        disk.fill(&folder, rng.random_range(0..60_000));
        let mut refusals = 0;
        while refusals < REFUSALS {
            let seed = seeds.next().expect("the disk gets full");
            match store.insert_claim(&claim(seed), &intake(NOW)).await {
                Ok(outcome) => {
                    assert_eq!(outcome, InsertClaimOutcome::Inserted);
                    acknowledged.push(seed);
                    refusals = 0;
                }
                Err(_) => refusals += 1,
            }
        }
        let known = acknowledged.last().map(|seed| claim(*seed).nullifier_hash);
        if let Some(known) = known {
            assert!(store.claim(known).await.unwrap().is_some());
        }
        disk.free(&folder);
        store.probe_write(NOW).await.unwrap();
        let seed = seeds.next().unwrap();
        store
            .insert_claim(&claim(seed), &intake(NOW))
            .await
            .unwrap();
        acknowledged.push(seed);
    }
    store.close().await;
    let store = SqliteStore::open(&path, &tag()).await.unwrap();
    for seed in &acknowledged {
        let record = store.claim(claim(*seed).nullifier_hash).await.unwrap();
        assert!(record.is_some(), "{seed} was acknowledged");
    }
    let mut connection = raw(&path).await;
    let damage = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
    assert_eq!(number(&mut connection, damage).await, 0);
    println!("acknowledged {}", acknowledged.len());
}

fn cycles() -> u32 {
    if std::env::var_os("TEST_SOAK").is_some() {
        100
    } else {
        4
    }
}

/// Runs the process above on a disk, unless this machine cannot have one of the kind.
fn run_on(disk: Disk) {
    let folder = tempfile::tempdir().unwrap();
    let possible = disk
        .shell("command -v prlimit")
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("no {} disk on this machine", disk.name());
        return;
    }
    let binary = std::env::current_exe().unwrap();
    let script = "exec \"$0\" --exact full_disk::process_on_a_faulty_disk --nocapture";
    let output = disk
        .shell(script)
        .arg(&binary)
        .env(FOLDER, folder.path())
        .env(KIND, disk.name())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.contains("acknowledged "), "{said}\n{errors}");
}

#[test]
fn a_disk_without_space_is_survived_and_nothing_acknowledged_is_lost() {
    run_on(Disk::Small);
}

#[test]
fn files_that_cannot_grow_are_survived_and_nothing_acknowledged_is_lost() {
    run_on(Disk::Limited);
}
