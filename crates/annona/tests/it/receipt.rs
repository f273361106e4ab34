//! Receipts that `annona audit --receipt` holds against the chain.

use alloy::providers::ext::AnvilApi;
use annona_bindings::contracts::Distributor;
use annona_chain::PrivateKeySigner;
use annona_client::wire::ClaimView;
use serde_json::Value;

use crate::world::{EPOCH_LENGTH_SECS, PATIENCE, World, annona, annona_ok, enrolment_id};

/// Runs `annona audit --receipt`; returns whether it succeeded, and its report.
fn audit(world: &World, file: &str, more: &[&str]) -> (bool, Value) {
    let rpc = world.rpc();
    let arguments = [
        "audit",
        "--rpc-url",
        &rpc,
        "--deployment",
        "deployment.json",
        "--receipt",
        file,
        "--json",
    ];
    let output = annona(world.path(), &[&arguments, more].concat());
    let verdict = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.success(), verdict)
}

/// The verdict's standing and whether the audit is content with it.
fn standing(world: &World, file: &str) -> (bool, String) {
    let (content, verdict) = audit(world, file, &[]);
    let standing = verdict["standing"].as_str().unwrap_or_default();
    (content, standing.to_owned())
}

/// Pauses payments for an epoch.
async fn pause_for_an_epoch(world: &World) {
    let distributor = world.chain.deployment().distributor;
    let distributor = Distributor::new(distributor, world.chain.provider().clone());
    let pauser = world.pauser();
    let paused = distributor.pause().from(pauser).send().await.unwrap();
    world.chain.provider().evm_mine(None).await.unwrap();
    assert!(paused.get_receipt().await.unwrap().status());
    world.next_epoch().await;
    let unpaused = distributor.unpause().from(pauser).send().await.unwrap();
    world.chain.provider().evm_mine(None).await.unwrap();
    assert!(unpaused.get_receipt().await.unwrap().status());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_shows_a_kept_word_a_late_one_and_a_broken_one() {
    let world = World::create().await;
    let service = world.serve();
    world.resume_mining().await;
    let wallet = world.wallet("wallet.json");
    let enrolled = world.enrol(&service, &wallet, 1);
    service
        .client
        .wait_for_enrolment(enrolment_id(&enrolled), PATIENCE)
        .await
        .unwrap();
    let paid_epoch = world.next_epoch().await;

    // The service takes a claim and is gone.
    world.hold_mining().await;
    let recipient = PrivateKeySigner::random().address();
    let draft = world.draft(&service, &wallet, paid_epoch, recipient).await;
    let view: ClaimView = service.client.claim(&draft.to_request()).await.unwrap();
    let receipt = view.receipt.unwrap();
    let path = world.path().join("dropped.json");
    std::fs::write(&path, serde_json::to_string(&receipt).unwrap()).unwrap();
    assert_eq!(standing(&world, "dropped.json"), (true, "open".to_owned()));
    assert_eq!(service.stop(), Some(0));
    world.forget_pool().await;
    // Time in a pause does not count.
    pause_for_an_epoch(&world).await;
    assert_eq!(standing(&world, "dropped.json"), (true, "open".to_owned()));
    world.next_epoch().await;
    // The blocks of the pause lie some seconds apart, on a busy machine more than a few.
    world.wait(EPOCH_LENGTH_SECS / 2).await;
    let broken = (false, "broken".to_owned());
    assert_eq!(standing(&world, "dropped.json"), broken);

    // Another service of the operator pays it after all: that is late for the first receipt.
    let service = world.serve_elsewhere("other.sqlite");
    world.resume_mining().await;
    let rpc = world.rpc();
    let (epoch, recipient) = (paid_epoch.to_string(), recipient.to_string());
    annona_ok(
        world.path(),
        &[
            "citizen",
            "claim",
            "--wallet",
            "wallet.json",
            "--service",
            service.client.base(),
            "--rpc-url",
            &rpc,
            "--deployment",
            "deployment.json",
            "--recipient",
            &recipient,
            "--epoch",
            &epoch,
            "--receipt",
            "kept.json",
        ],
    );
    assert_eq!(standing(&world, "kept.json"), (true, "kept".to_owned()));
    assert_eq!(standing(&world, "dropped.json"), (false, "late".to_owned()));

    let stranger = PrivateKeySigner::random().address().to_string();
    let (content, verdict) = audit(&world, "kept.json", &["--signer", &stranger]);
    assert!(!content, "signed by another");
    assert_eq!(verdict["verdict"], "not audited");
    assert_eq!(verdict["exitCode"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_cannot_sign_with_another_key_than_the_deployment_names() {
    let world = World::create().await;
    let output = std::process::Command::new(crate::world::ANNONA)
        .args(["serve", "--config", "annona.toml"])
        .env("ANNONA_KEYS__RECEIPT_FILE", "orb.key")
        .current_dir(world.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    let named = world.chain.deployment().receipt_signer.to_string();
    assert!(
        error.contains(&named) && error.contains("receipt_file"),
        "{error}"
    );
}
