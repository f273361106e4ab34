//! Standard output and standard error as other programs treat them.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::world::{World, command};

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

    let mute = run(folder, arguments, full_disk(), full_disk());
    assert_eq!(
        mute.status.code(),
        Some(1),
        "{arguments:?} without standard error"
    );
    let mute = run(folder, arguments, closed_pipe(), closed_pipe());
    assert_eq!(
        mute.status.code(),
        Some(CLOSED_PIPE),
        "{arguments:?} without standard error"
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
    let commands: [&[&str]; 14] = [
        &["--help"],
        &["--version"],
        &["help"],
        &["citizen", "claim", "--help"],
        &["openapi"],
        &["keys", "list"],
        &["keys", "list", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["iris", "encode", eye],
        &["iris", "compare", eye, eye, "--json"],
        &["iris", "evaluate", "manifest.csv"],
        &["orb", "attacks", "--people", "1", "--only", "print"],
        &["orb", "trial", "--people", "1"],
    ];
    for arguments in commands {
        answers_as_programs_do(folder.path(), arguments);
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
