use annona_api::Limits;
use annona_core::{Commitment, Epoch, U256};
use annona_wire::{ConfigView, EpochView, InclusionView};

use crate::chain::Mood;
use crate::world::{CURRENT, EPOCH_LENGTH_SECS, GENESIS, JOINED, NOW, World, member};

fn proof_path(commitment: Commitment, epoch: u64) -> String {
    format!("/v1/identities/{commitment}/proof?epoch={epoch}")
}

#[tokio::test]
async fn a_path_leads_to_the_root_of_its_epoch() {
    let world = World::new().await;
    let late = Commitment::try_from(U256::from(99)).unwrap();
    world.chain.append(CURRENT, &[late]);
    world.membership.sync(&*world.chain).await.unwrap();
    let commitment = member(2).commitment();
    let view: InclusionView = world.get(&proof_path(commitment, CURRENT.0)).await.json();
    let (path, root) = view.parse().unwrap();
    assert_eq!(root, world.chain.root_before(CURRENT));
    assert_eq!(path.root_from(commitment), root);
    assert_eq!((view.member_count, view.leaf_index), (5, 2));
}

#[tokio::test]
async fn a_newcomer_is_told_from_when_on_they_are_paid() {
    let world = World::new().await;
    let late = Commitment::try_from(U256::from(99)).unwrap();
    world.chain.append(CURRENT, &[late]);
    world.membership.sync(&*world.chain).await.unwrap();
    let problem = world
        .get(&proof_path(late, CURRENT.0))
        .await
        .assert_problem(409, "not-yet-member");
    let next = CURRENT.0 + 1;
    let left = GENESIS + next * EPOCH_LENGTH_SECS - NOW;
    assert_eq!(problem.retry_after_secs, Some(left));
    assert!(
        problem.detail.contains(&format!("epoch {next}")),
        "{}",
        problem.detail
    );
}

#[tokio::test]
async fn an_epoch_before_joining_names_the_first_that_pays_without_a_wait() {
    let world = World::new().await;
    let asked = proof_path(member(0).commitment(), JOINED.0);
    let problem = world
        .get(&asked)
        .await
        .assert_problem(409, "not-yet-member");
    assert!(
        problem.detail.contains(&format!("epoch {}", JOINED.0 + 1)),
        "{}",
        problem.detail
    );
    assert_eq!(problem.retry_after_secs, None);
}

#[tokio::test]
async fn an_epoch_in_the_future_has_no_root_yet() {
    let world = World::new().await;
    for epoch in [CURRENT.0 + 1, u64::MAX] {
        let asked = proof_path(member(0).commitment(), epoch);
        let problem = world
            .get(&asked)
            .await
            .assert_problem(409, "epoch-not-begun");
        assert!(problem.retry_after_secs > Some(0));
    }
}

#[tokio::test]
async fn a_stranger_has_no_path() {
    let world = World::new().await;
    let stranger = Commitment::try_from(U256::from(42)).unwrap();
    world
        .get(&proof_path(stranger, CURRENT.0))
        .await
        .assert_problem(404, "commitment-unknown");
}

#[tokio::test]
async fn a_tree_that_lags_behind_says_so() {
    let world = World::unsynced(Limits::default()).await;
    let asked = proof_path(member(0).commitment(), CURRENT.0);
    let problem = world
        .get(&asked)
        .await
        .assert_problem(503, "membership-not-synced");
    assert!(problem.retry_after_secs.is_some());
    world.membership.sync(&*world.chain).await.unwrap();
    assert_eq!(world.get(&asked).await.status, 200);
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused() {
    let world = World::new().await;
    let base = format!("/v1/identities/{}/proof", member(0).commitment());
    for query in [
        "",
        "?epoch=",
        "?epoch=-1",
        "?epoch=x",
        "?epoch=1&epoch=2",
        "?epoch=1&root=2",
    ] {
        world
            .get(&format!("{base}{query}"))
            .await
            .assert_problem(400, "query-invalid");
    }
    let zero = format!("/v1/identities/0x{}/proof?epoch=1", "0".repeat(64));
    world
        .get(&zero)
        .await
        .assert_problem(400, "zero-commitment");
    world
        .get("/v1/identities/1/proof?epoch=1")
        .await
        .assert_problem(400, "malformed-field");
}

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
    world.chain.ledger().mood = Mood::Unavailable;
    world
        .get("/v1/epochs/current")
        .await
        .assert_problem(503, "chain-unavailable");
    let asked = proof_path(member(0).commitment(), CURRENT.0);
    world
        .get(&asked)
        .await
        .assert_problem(503, "chain-unavailable");
    let config: ConfigView = world.get("/v1/config").await.json();
    assert_eq!(config.chain_id, 31_337);
}
