//! Standard output and standard error as other programs treat them.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::world::{World, annona, command};

/// Exit code of a program whose reader has gone.
const CLOSED_PIPE: i32 = 141;

fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Stdio::from(writer)
}

fn full_disk() -> Stdio {
    Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap())
}

fn run(folder: &Path, arguments: &[&str], stdout: Stdio, stderr: Stdio) -> Output {
    command(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap()
}

/// A command whose answer cannot be written is quiet when nobody wants it, and fails when
/// it is lost.
fn answers_as_programs_do(folder: &Path, arguments: &[&str]) {
    let closed = run(folder, arguments, closed_pipe(), Stdio::piped());
    let errors = String::from_utf8_lossy(&closed.stderr).into_owned();
    assert_eq!(
        closed.status.code(),
        Some(CLOSED_PIPE),
        "{arguments:?}: {errors}"
    );
    assert!(
        !errors.contains("panicked") && !errors.contains("error"),
        "{arguments:?}: {errors}"
    );

    let full = run(folder, arguments, full_disk(), Stdio::piped());
    let errors = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(1), "{arguments:?}: {errors}");
    assert!(
        errors.contains("standard output"),
        "{arguments:?}: {errors}"
    );
}

#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let eye = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images/eye-1.jpg");
    let eye = eye.canonicalize().unwrap();
    let eye = eye.to_str().unwrap();
    let manifest = format!("path,subject,eye,sample\n{eye},1,left,1\n");
    std::fs::write(folder.path().join("manifest.csv"), manifest).unwrap();
    let commands: [&[&str]; 11] = [
        &["--help"],
        &["--version"],
        &["help"],
        &["citizen", "claim", "--help"],
        &["openapi"],
        &["keys", "list"],
        &["keys", "list", "--json"],
        &["doctor"],
        &["iris", "compare", eye, eye, "--json"],
        &["iris", "evaluate", "manifest.csv"],
        &["orb", "attacks", "--people", "1", "--only", "print"],
    ];
    for arguments in commands {
        answers_as_programs_do(folder.path(), arguments);
    }
}

#[test]
fn an_answer_is_lost_in_the_same_way_when_nobody_can_read_why() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["openapi"][..], &["keys", "list"], &["--help"]] {
        for (stdout, stderr, code) in [
            (full_disk(), full_disk(), 1),
            (closed_pipe(), closed_pipe(), CLOSED_PIPE),
        ] {
            let mute = run(folder.path(), arguments, stdout, stderr);
            assert_eq!(mute.status.code(), Some(code), "{arguments:?}");
        }
    }
}

#[test]
fn an_error_is_an_error_when_nobody_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code) in [
        (&["no-such-command"][..], 2),
        (&["citizen", "status", "--deployment", "none.json"][..], 1),
    ] {
        for stderr in [closed_pipe(), full_disk()] {
            let output = run(folder.path(), arguments, Stdio::piped(), stderr);
            assert_eq!(output.status.code(), Some(code), "{arguments:?}");
            assert!(output.stdout.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_about_a_world_that_cannot_be_written_are_no_success() {
    let world = World::create().await;
    let service = world.serve();
    world.wallet("wallet.json");
    let rpc = world.rpc();
    let chain = ["--rpc-url", &rpc, "--deployment", "deployment.json"];
    let citizen = [&chain[..], &["--service", service.client.base()]].concat();
    let nullifier = "0x0000000000000000000000000000000000000000000000000000000000000001";
    let commands: [Vec<&str>; 9] = [
        [&["audit"], &chain[..]].concat(),
        [&["audit", "--json"], &chain[..]].concat(),
        [&["audit", "--explain", nullifier], &chain[..]].concat(),
        [&["registry", "status"], &chain[..]].concat(),
        [&["registry", "rebuild", "--json"], &chain[..]].concat(),
        vec!["relay", "status", "--config", "annona.toml"],
        vec!["doctor", "--config", "annona.toml"],
        [&["citizen", "status"], &citizen[..]].concat(),
        [&["citizen", "status", "--json"], &citizen[..]].concat(),
    ];
    for arguments in commands {
        answers_as_programs_do(world.path(), &arguments);
    }
    let serve = ["serve", "--config", "annona.toml"];
    assert_eq!(service.stop(), Some(0));
    let full = run(world.path(), &serve, full_disk(), Stdio::piped());
    assert_eq!(full.status.code(), Some(1), "its one line tells the port");
}

#[test]
fn a_demo_that_cannot_be_told_ends() {
    let folder = tempfile::tempdir().unwrap();
    for (stdout, code) in [(closed_pipe(), CLOSED_PIPE), (full_disk(), 1)] {
        let output = command(folder.path())
            .args(["demo", "--people", "3"])
            .env("TMPDIR", folder.path())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code));
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "its folder is removed");
    }
}

#[test]
fn figures_for_machines_go_alone_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images");
    let mut manifest = String::from("path,subject,eye,sample\n");
    for number in 1..=2 {
        let image = images.join(format!("eye-{number}.jpg"));
        let image = image.canonicalize().unwrap();
        manifest += &format!("{},{number},left,1\n", image.display());
    }
    std::fs::write(folder.path().join("manifest.csv"), manifest).unwrap();
    let (people, json) = (["--people", "1"], ["--json", "-"]);
    for command in [
        [&["orb", "trial"], &people[..], &json].concat(),
        [&["orb", "calibrate"], &people[..], &json].concat(),
        [&["orb", "attacks", "--only", "living"], &people[..], &json].concat(),
        [&["iris", "evaluate", "manifest.csv"], &json[..]].concat(),
    ] {
        let output = annona(folder.path(), &command);
        let figures: Result<serde_json::Value, _> = serde_json::from_slice(&output.stdout);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(figures.is_ok(), "{command:?}: {text}");
        assert!(!folder.path().join("-").exists(), "{command:?}");
    }
}
