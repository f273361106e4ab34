//! The environment of a process as its configuration.

use crate::world::command;

fn refusal(arguments: &[&str], variable: &str, value: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path())
        .args(arguments)
        .env(variable, value)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?} {variable}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn every_command_refuses_a_misspelt_variable() {
    for arguments in [
        &["keys", "list"][..],
        &["openapi"],
        &["serve", "--config", "annona.toml"],
        &["demo", "--people", "3"],
    ] {
        let error = refusal(arguments, "ANNONA_CHAIN__RPC_ULR", "http://127.0.0.1:9");
        assert!(error.contains("ANNONA_CHAIN__RPC_ULR"), "{error}");
        assert!(error.contains("ANNONA_CHAIN__RPC_URL"), "{error}");
    }
    let error = refusal(&["keys", "list"], "annona_anvil_", "x");
    assert!(error.contains("nearest one is ANNONA_ANVIL"), "{error}");
}

#[test]
fn variables_of_an_orchestrator_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path())
        .args(["keys", "list"])
        .env("ANNONA_SERVICE_HOST", "10.96.0.12")
        .env("ANNONA_SERVICE_PORT", "8080")
        .env("ANNONA_PORT", "tcp://10.96.0.12:8080")
        .env("ANNONA_PORT_8080_TCP_ADDR", "10.96.0.12")
        .output()
        .unwrap();
    assert!(output.status.success());
}
