//! Commands of the registry beside a running service.

use annona_client::wire::EnrolmentStatus;
use annona_engine::ports::ChainReader;
use serde_json::Value;

use crate::world::{PATIENCE, World, annona_ok, enrolment_id, until};

fn json(world: &World, arguments: &[&str]) -> Value {
    let output = annona_ok(world.path(), &[arguments, &["--json"]].concat());
    serde_json::from_str(&output).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_the_registry_revokes_a_leaf_and_rebuilds_the_tree() {
    let world = World::create().await;
    let service = world.serve();
    world.resume_mining().await;
    let wallet = world.wallet("wallet.json");
    let enrolled = world.enrol(&service, &wallet, 1);
    let id = enrolment_id(&enrolled);
    service
        .client
        .wait_for_enrolment(id, PATIENCE)
        .await
        .unwrap();
    let rpc = world.rpc();
    let chain = ["--rpc-url", &rpc, "--deployment", "deployment.json"];
    let of_chain = |command| [&["registry", command], &chain[..]].concat();
    let status = [&of_chain("status")[..], &["--config", "annona.toml"]].concat();
    let before = json(&world, &status);
    assert_eq!(
        (&before["members"], &before["leaves"]),
        (&1.into(), &1.into())
    );
    assert_eq!(before["waiting"]["revocations"]["queued"], 0);

    let commitment = wallet.identity().commitment().to_string();
    let revoke = ["registry", "revoke", "--config", "annona.toml", &commitment];
    assert_eq!(json(&world, &revoke)["requested"], 1);
    assert_eq!(json(&world, &revoke)["requested"], 0, "asked for twice");
    until(async || {
        let view = service.client.enrolment(id).await.unwrap();
        view.status == EnrolmentStatus::Revoked
    })
    .await;
    let after = json(&world, &status);
    assert_eq!(
        (&after["members"], &after["leaves"]),
        (&0.into(), &1.into())
    );

    let root = world.chain.registry_state().await.unwrap().root.to_string();
    let rebuild = [&of_chain("rebuild")[..], &["--out", "annona.tree"]].concat();
    assert_eq!(service.stop(), Some(0));
    assert_eq!(json(&world, &rebuild)["root"], root.as_str());
    assert_eq!(world.serve().stop(), Some(0));
    let log = std::fs::read_to_string(world.path().join("service.log")).unwrap();
    assert!(log.contains("the tree was read from its file"), "{log}");
}
