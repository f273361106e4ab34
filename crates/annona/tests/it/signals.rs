//! Signals, closed outputs and the end of a parent: nothing is left behind.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use annona_faults::patience;
use tempfile::TempDir;

use crate::world::{PATIENCE, command};

/// Work in which the first pieces of each command are done, on most machines 2 s.
const ENOUGH_TICKS: u64 = 200;

/// A demo that has come to its second chapter, so that chain and service run.
struct Demo {
    process: Child,
    lines: Option<BufReader<ChildStdout>>,
    /// Parent of its folder for temporary files.
    temporary: TempDir,
    /// Anvil, the service and the caretaker.
    children: Vec<u32>,
}

impl Demo {
    fn start() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut process = with_default_signals(temporary.path())
            .args(["demo", "--people", "3"])
            // Variables of an operator, which the demo's own service must not heed.
            .env("ANNONA_CHAIN__RPC_URL", "http://127.0.0.1:9")
            .env("ANNONA_SERVICE__DATABASE", "/dev/null/none")
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("== proof of encoding") {
            line.clear();
            let read = lines.read_line(&mut line).unwrap();
            assert!(read > 0, "the demo came to its second chapter");
        }
        let children = children_of(process.id());
        assert_eq!(
            children.len(),
            3,
            "Anvil, the service and the caretaker run"
        );
        assert_eq!(entries(temporary.path()), 1);
        Self {
            process,
            lines: Some(lines),
            temporary,
            children,
        }
    }

    fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }

    /// The exit code, once nothing is left of the demo.
    fn end(mut self) -> Option<i32> {
        let status = self.process.wait().unwrap();
        eventually("all processes have ended", || {
            !self.children.iter().any(|&child| is_alive(child))
        });
        eventually("the folder is removed", || {
            entries(self.temporary.path()) == 0
        });
        status.code()
    }
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// The binary with the signals as a terminal leaves them, also below `nohup`.
fn with_default_signals(folder: &Path) -> Command {
    let inner = command(folder);
    let mut outer = Command::new("env");
    outer
        .arg("--default-signal=HUP,INT,TERM")
        .arg(inner.get_program())
        .current_dir(folder);
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

fn signal(process: u32, name: &str) {
    let told = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status();
    assert!(told.unwrap().success());
}

/// State and parent of a process; the command in its line may hold spaces.
fn state_and_parent(process: u32) -> Option<(String, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

fn is_alive(process: u32) -> bool {
    state_and_parent(process).is_some_and(|(state, _)| state != "Z")
}

fn children_of(parent: u32) -> Vec<u32> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&process| {
            state_and_parent(process).is_some_and(|(state, of)| of == parent && state != "Z")
        })
        .collect()
}

/// Waits for what happens a moment after a process has ended.
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn each_signal_ends_a_demo_with_all_that_belongs_to_it() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let demo = Demo::start();
        demo.signal(name);
        assert_eq!(demo.end(), Some(code), "{name}");
    }
}

#[test]
fn a_demo_that_is_killed_leaves_nothing_behind() {
    let demo = Demo::start();
    demo.signal("KILL");
    assert_eq!(demo.end(), None);
}

#[test]
fn a_demo_whose_reader_goes_ends_quietly_with_all_that_belongs_to_it() {
    let mut demo = Demo::start();
    demo.lines = None;
    assert_eq!(demo.end(), Some(141));
}

#[test]
fn long_work_reports_what_it_did_until_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("manifest.csv"), manifest(folder.path())).unwrap();
    let works: [&[&str]; 4] = [
        &["orb", "attacks", "--people", "10000", "--json", "out.json"],
        &["orb", "trial", "--people", "100000", "--json", "out.json"],
        &[
            "orb",
            "calibrate",
            "--people",
            "100000",
            "--json",
            "out.json",
        ],
        &["iris", "evaluate", "manifest.csv", "--json", "out.json"],
    ];
    for (work, (name, code)) in
        works
            .iter()
            .zip([("TERM", 143), ("INT", 130), ("HUP", 129), ("TERM", 143)])
    {
        let mut process = with_default_signals(folder.path())
            .args(*work)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("it has done some work", || {
            listens(process.id(), name) && worked(process.id()) >= ENOUGH_TICKS
        });
        signal(process.id(), name);
        assert_eq!(process.wait().unwrap().code(), Some(code), "{work:?}");
        assert!(
            folder.path().join("out.json").is_file(),
            "{work:?} kept its figures"
        );
        std::fs::remove_file(folder.path().join("out.json")).unwrap();
    }
}

#[test]
fn a_second_signal_ends_long_work_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = with_default_signals(folder.path())
        .args(["orb", "trial", "--people", "100000", "--frames", "100"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("signals are listened to", || listens(process.id(), "INT"));
    signal(process.id(), "INT");
    let mut line = String::new();
    let mut errors = BufReader::new(process.stderr.take().unwrap());
    errors.read_line(&mut line).unwrap();
    assert!(line.contains("Ctrl-C again"), "{line}");
    let told = Instant::now();
    signal(process.id(), "INT");
    assert_eq!(process.wait().unwrap().code(), Some(130));
    assert!(told.elapsed() < patience(Duration::from_secs(2)));
}

/// Time of all cores that a process has used, in ticks.
fn worked(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().nth(11).unwrap().parse().unwrap()
}

/// Returns whether a process has a handler for a signal.
fn listens(process: u32, name: &str) -> bool {
    let number = [("HUP", 1), ("INT", 2), ("TERM", 15)];
    let number = number.iter().find(|(known, _)| *known == name).unwrap().1;
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .unwrap();
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
    caught & (1 << (number - 1)) != 0
}

/// Many names of few pictures, so that the work is long enough to be stopped.
fn manifest(folder: &Path) -> String {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images");
    let mut text = String::from("path,subject,eye,sample\n");
    for number in 0..400 {
        let name = format!("{number}.jpg");
        let image = images.join(format!("eye-{}.jpg", 1 + number % 3));
        std::os::unix::fs::symlink(image.canonicalize().unwrap(), folder.join(&name)).unwrap();
        text += &format!("{name},{number},left,1\n");
    }
    text
}
