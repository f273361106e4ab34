use annona_chain::PrivateKeySigner;
use annona_client::wire::ClaimView;
use serde_json::Value;

use crate::world::{PATIENCE, World, annona, annona_ok, enrolment_id};

/// What `annona audit --receipt` prints and whether it is content.
fn audit(world: &World, signer: &str, file: &str) -> (bool, Value) {
    let rpc = world.rpc();
    let output = annona(
        world.path(),
        &[
            "audit",
            "--rpc-url",
            &rpc,
            "--deployment",
            "deployment.json",
            "--receipt",
            file,
            "--signer",
            signer,
            "--json",
        ],
    );
    let verdict = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.success(), verdict)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_shows_a_kept_word_and_a_broken_one() {
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
    let signer = service.client.config().await.unwrap().receipt_signer;
    let paid_epoch = world.next_epoch().await;

    // The service takes a claim and is gone.
    world.hold_mining().await;
    let recipient = PrivateKeySigner::random().address();
    let draft = world.draft(&service, &wallet, paid_epoch, recipient).await;
    let view: ClaimView = service.client.claim(&draft.to_request()).await.unwrap();
    let receipt = view.receipt.unwrap();
    let path = world.path().join("dropped.json");
    std::fs::write(&path, serde_json::to_string(&receipt).unwrap()).unwrap();
    let (content, verdict) = audit(&world, &signer, "dropped.json");
    assert_eq!((content, &verdict["standing"]), (true, &"open".into()));
    assert_eq!(service.stop(), Some(0));
    world.forget_pool().await;
    world.next_epoch().await;
    world.next_epoch().await;
    let service = world.serve_elsewhere("other.sqlite");
    let (content, verdict) = audit(&world, &signer, "dropped.json");
    assert_eq!((content, &verdict["standing"]), (false, &"broken".into()));

    // Another service of the operator pays it after all.
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
    let (content, verdict) = audit(&world, &signer, "kept.json");
    assert_eq!((content, &verdict["standing"]), (true, &"kept".into()));

    let stranger = PrivateKeySigner::random().address().to_string();
    let (content, verdict) = audit(&world, &stranger, "kept.json");
    assert_eq!(
        (content, verdict),
        (false, Value::Null),
        "signed by another"
    );
}
