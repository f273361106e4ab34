//! Proofs and identities of the command line under the npm packages of Semaphore.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::world::{PATIENCE, World, annona, annona_ok, enrolment_id};

/// Runs the npm package on the claims; returns what it counted.
pub(crate) fn verify_with_npm(claims: &[std::path::PathBuf]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/tests/js/verify.mjs");
    let output = Command::new("node")
        .arg(script)
        .args(claims)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let counts = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"));
    assert!(output.status.success(), "{counts} {errors}");
    counts
}

/// Tests IDENT-4.
#[tokio::test(flavor = "multi_thread")]
async fn the_printed_proof_is_accepted_by_the_npm_package_and_refused_with_any_field_changed() {
    let world = World::create().await;
    world.resume_mining().await;
    let service = world.serve();
    annona_ok(
        world.path(),
        &["citizen", "new", "--wallet", "mine.json", "--json"],
    );
    let wallet = annona_client::Wallet::open(&world.path().join("mine.json")).unwrap();
    let enrolled = world.enrol(&service, &wallet, 3);
    service
        .client
        .wait_for_enrolment(enrolment_id(&enrolled), PATIENCE)
        .await
        .unwrap();

    let rpc = world.rpc();
    let connection = [
        "--wallet",
        "mine.json",
        "--service",
        service.client.base(),
        "--rpc-url",
        &rpc,
        "--deployment",
        "deployment.json",
    ];
    let status = |when: &str| -> Value {
        let arguments = [&["citizen", "status"], connection.as_slice(), &["--json"]].concat();
        serde_json::from_str(&annona_ok(world.path(), &arguments))
            .unwrap_or_else(|_| panic!("{when}"))
    };
    assert_eq!(
        status("before")["isMember"],
        false,
        "a newcomer is paid from the next epoch on"
    );
    world.next_epoch().await;
    assert_eq!(status("after")["isMember"], true);

    let recipient = "0x00000000000000000000000000000000000000aa";
    let claim = |command: &'static str| {
        [
            &["citizen", command],
            connection.as_slice(),
            &["--recipient", recipient, "--json"],
        ]
        .concat()
    };
    let printed = annona_ok(world.path(), &claim("prove"));
    let file = world.path().join("claim.json");
    std::fs::write(&file, printed).unwrap();
    let counts = verify_with_npm(&[file]);
    assert_eq!(
        (&counts["accepted"], &counts["changesRefused"]),
        (&1.into(), &12.into())
    );

    let paid: Value = serde_json::from_str(&annona_ok(world.path(), &claim("claim"))).unwrap();
    assert_eq!(paid["status"], "final");
    let audited = annona(
        world.path(),
        &[
            "audit",
            "--rpc-url",
            &rpc,
            "--deployment",
            "deployment.json",
            "--json",
        ],
    );
    let report: Value = serde_json::from_slice(&audited.stdout).unwrap();
    assert_eq!(
        (audited.status.success(), &report["failed"]),
        (true, &0.into()),
        "{report}"
    );
    let examined = annona(
        world.path(),
        &["doctor", "--config", "annona.toml", "--json"],
    );
    assert!(
        examined.status.success(),
        "{}",
        String::from_utf8_lossy(&examined.stdout)
    );
}
