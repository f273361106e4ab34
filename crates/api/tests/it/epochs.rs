//! Routes of epochs and of the configuration.

use annona_core::Epoch;
use annona_wire::{ConfigView, EpochView};

use crate::chain::HeadAnswer;
use crate::world::{GENESIS, NOW, World};

#[tokio::test]
async fn the_current_epoch_follows_the_clock_of_the_chain() {
    let world = World::new().await;
    let view: EpochView = world.get("/v1/epochs/current").await.json();
    assert_eq!(
        (view.epoch, view.chain_time, view.oldest_claimable),
        (3, NOW, 2)
    );
    assert_eq!((view.starts_at, view.ends_at), (1_300, 1_400));
    assert_eq!((view.member_count, view.amount), (5, None));
    assert_eq!(view.root, world.chain.root_before(Epoch(3)).to_string());
    world.chain.ledger().now = GENESIS;
    world.chain.ledger().amount = Some(7);
    let first: EpochView = world.get("/v1/epochs/current").await.json();
    assert_eq!(
        (first.epoch, first.oldest_claimable, first.member_count),
        (0, 0, 0)
    );
    assert_eq!(first.amount.as_deref(), Some("7"));
}

#[tokio::test]
async fn before_genesis_there_is_no_epoch() {
    let world = World::new().await;
    world.chain.ledger().now = GENESIS - 30;
    let problem = world
        .get("/v1/epochs/current")
        .await
        .assert_problem(409, "epoch-not-begun");
    assert_eq!(problem.retry_after_secs, Some(30));
}

#[tokio::test]
async fn a_chain_that_does_not_answer_is_told_as_such() {
    let world = World::new().await;
    world.chain.ledger().head = HeadAnswer::Unavailable;
    world
        .get("/v1/epochs/current")
        .await
        .assert_problem(503, "chain-unavailable");
    let config: ConfigView = world.get("/v1/config").await.json();
    assert_eq!(config.chain_id, 31_337);
    assert_eq!(config.deployment_block, 7);
    assert_eq!(config.rpc_urls, ["https://rpc.example/"]);
}
