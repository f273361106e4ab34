//! The tree follows the registry.

use annona_core::{Commitment, Epoch};
use annona_engine::ports::{ChainReader, RegistryState};
use annona_engine::{Membership, MembershipError};
use annona_tree::TreeError;

use crate::chain::{FakeChain, Fate};
use crate::service::stranger;

/// Blocks that one query of events may cover.
const MAX_BLOCK_RANGE: u64 = 2_000;
/// A reorg as deep as this is seen wherever it puts a batch.
const WINDOW: u64 = 64;

async fn assert_follows(membership: &Membership, chain: &FakeChain) {
    membership.sync(chain).await.unwrap();
    assert_eq!(membership.state(), chain.registry_state().await.unwrap());
}

fn people(seeds: std::ops::RangeInclusive<u64>) -> Vec<Commitment> {
    seeds.map(stranger).collect()
}

#[tokio::test]
async fn batches_are_followed_over_several_syncs() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    assert!(!membership.is_synced());
    assert_eq!(membership.sync(&*chain).await.unwrap(), 0);
    assert!(membership.is_synced());
    chain.append(&people(1..=3));
    let block = chain.append(&people(4..=4));
    assert_eq!(membership.sync(&*chain).await.unwrap(), 4);
    chain.mine_empty(100);
    assert_follows(&membership, &chain).await;
    let (leaf_index, _, found_in) = membership.locate(stranger(4)).unwrap();
    assert_eq!((leaf_index.get(), found_in), (3, block));
    chain.append(&people(5..=9));
    assert_eq!(membership.sync(&*chain).await.unwrap(), 9);
    assert_follows(&membership, &chain).await;
    assert_eq!(membership.locate(stranger(10)), None);
}

#[tokio::test]
async fn events_are_asked_for_in_ranges_that_endpoints_take() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    let borders = [
        MAX_BLOCK_RANGE - 1,
        MAX_BLOCK_RANGE,
        2 * MAX_BLOCK_RANGE + 1,
    ];
    for (seed, border) in (1..).zip(borders) {
        chain.mine_empty(border - chain.height() - 1);
        assert_eq!(chain.append(&[stranger(seed)]), border);
    }
    assert_eq!(membership.sync(&*chain).await.unwrap(), 3);
    assert_follows(&membership, &chain).await;
    assert_eq!(chain.widest_range(), MAX_BLOCK_RANGE);
}

#[tokio::test]
async fn a_batch_that_a_reorg_drops_is_undone() {
    for depth in 1..=4 {
        let (chain, membership) = (FakeChain::new(), Membership::default());
        for seed in 1..=4 {
            chain.append(&[stranger(2 * seed), stranger(2 * seed + 1)]);
        }
        assert_eq!(membership.sync(&*chain).await.unwrap(), 8);
        chain.reorg(depth, Fate::Forgotten);
        assert_eq!(membership.sync(&*chain).await.unwrap(), 8 - 2 * depth);
        assert_follows(&membership, &chain).await;
        assert_eq!(membership.locate(stranger(8)), None);
        chain.append(&people(20..=22));
        assert_follows(&membership, &chain).await;
    }
}

#[tokio::test]
async fn a_chain_that_became_shorter_is_followed() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    chain.append(&people(1..=2));
    chain.append(&people(3..=4));
    membership.sync(&*chain).await.unwrap();
    chain.roll_back(1, Fate::Forgotten);
    assert_eq!(membership.sync(&*chain).await.unwrap(), 2);
    chain.append(&people(5..=5));
    assert_follows(&membership, &chain).await;
}

#[tokio::test]
async fn a_batch_that_a_reorg_moves_is_followed() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    chain.append(&people(1..=2));
    let before = chain.append(&people(3..=4));
    membership.sync(&*chain).await.unwrap();
    chain.roll_back(1, Fate::BackToPool);
    chain.mine_empty(2);
    chain.mine();
    assert_follows(&membership, &chain).await;
    let (leaf_index, _, block) = membership.locate(stranger(4)).unwrap();
    assert_eq!((leaf_index.get(), block), (3, before + 2));
}

#[tokio::test]
async fn a_batch_in_a_block_number_that_held_none_is_seen() {
    for depth in [1, 2, WINDOW - 1] {
        let (chain, membership) = (FakeChain::new(), Membership::default());
        chain.append(&people(1..=2));
        chain.mine_empty(2 * WINDOW);
        membership.sync(&*chain).await.unwrap();
        chain.roll_back(depth, Fate::Forgotten);
        chain.append(&people(3..=3));
        chain.mine_empty(depth);
        assert_eq!(membership.sync(&*chain).await.unwrap(), 3, "{depth}");
        assert_follows(&membership, &chain).await;
    }
}

#[tokio::test]
async fn a_root_that_the_events_do_not_give_is_an_error() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    chain.append(&people(1..=2));
    let good = chain.registry_state().await.unwrap();
    chain.append(&people(3..=4));
    chain.append(&people(5..=5));
    chain.lie_about_batch_at(Some(2));
    for _ in 0..2 {
        let mismatch = membership.sync(&*chain).await;
        assert!(matches!(
            mismatch,
            Err(MembershipError::RootMismatch { leaf_count: 4, .. })
        ));
        assert_eq!(membership.state(), good);
        assert_eq!(membership.locate(stranger(3)), None);
    }
    chain.lie_about_batch_at(None);
    assert_follows(&membership, &chain).await;
}

#[tokio::test]
async fn batches_of_one_block_are_followed_though_the_second_was_read_wrong() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    chain.pool_append(&people(1..=2));
    chain.pool_append(&people(3..=4));
    chain.mine();
    assert_eq!(chain.height(), 1);
    chain.lie_about_batch_at(Some(2));
    membership.sync(&*chain).await.unwrap_err();
    assert_eq!(membership.state().next_index, 2);
    chain.lie_about_batch_at(None);
    assert_follows(&membership, &chain).await;
    chain.append(&people(5..=5));
    assert_follows(&membership, &chain).await;
    chain.reorg(2, Fate::Forgotten);
    assert_eq!(membership.sync(&*chain).await.unwrap(), 0);
}

#[tokio::test]
async fn a_chain_that_does_not_answer_leaves_whole_batches() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    chain.append(&people(1..=2));
    membership.sync(&*chain).await.unwrap();
    let good = membership.state();
    chain.append(&people(3..=4));
    for failing in 1..=2 {
        chain.fail_calls(failing);
        let error = membership.sync(&*chain).await;
        assert!(matches!(error, Err(MembershipError::Chain(_))));
        assert_eq!(membership.state(), good);
        chain.fail_calls(0);
    }
    assert_follows(&membership, &chain).await;
}

#[tokio::test]
async fn a_member_has_a_path_to_the_root_of_the_epoch() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    let early = membership.path_at(&*chain, stranger(1), Epoch(0)).await;
    assert!(matches!(early, Err(MembershipError::NotSynced)));
    chain.append(&people(1..=3));
    chain.warp_to(Epoch(1));
    membership.sync(&*chain).await.unwrap();
    let unknown = membership.path_at(&*chain, stranger(9), Epoch(1)).await;
    assert!(matches!(
        unknown,
        Err(MembershipError::UnknownCommitment(who)) if who == stranger(9)
    ));
    let found = membership
        .path_at(&*chain, stranger(2), Epoch(1))
        .await
        .unwrap();
    assert_eq!(
        found.checkpoint,
        chain.checkpoint_before(Epoch(1)).await.unwrap()
    );
    assert_eq!(found.checkpoint.member_count, 3);
    assert_eq!(found.path.root_from(stranger(2)), found.checkpoint.root);
}

#[tokio::test]
async fn a_tree_behind_the_checkpoint_gives_no_path() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    chain.append(&people(1..=1));
    membership.sync(&*chain).await.unwrap();
    chain.append(&people(2..=2));
    chain.warp_to(Epoch(1));
    let behind = membership.path_at(&*chain, stranger(1), Epoch(1)).await;
    assert!(matches!(behind, Err(MembershipError::NotSynced)));
    chain.reorg(3, Fate::Forgotten);
    chain.append(&people(3..=3));
    chain.warp_to(Epoch(2));
    let elsewhere = membership.path_at(&*chain, stranger(1), Epoch(2)).await;
    assert!(matches!(elsewhere, Err(MembershipError::NotSynced)));
}

#[tokio::test]
async fn who_joins_in_an_epoch_is_told_which() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    chain.append(&people(1..=2));
    chain.warp_to(Epoch(3));
    chain.append(&people(3..=3));
    membership.sync(&*chain).await.unwrap();
    let newcomer = membership.path_at(&*chain, stranger(3), Epoch(3)).await;
    assert!(matches!(
        newcomer,
        Err(MembershipError::NotYetMember { commitment, joined: Epoch(3) })
            if commitment == stranger(3)
    ));
    let a_while_before = membership.path_at(&*chain, stranger(3), Epoch(2)).await;
    assert!(matches!(
        a_while_before,
        Err(MembershipError::NotYetMember {
            joined: Epoch(3),
            ..
        })
    ));
    let at_the_start = membership.path_at(&*chain, stranger(1), Epoch(0)).await;
    assert!(matches!(
        at_the_start,
        Err(MembershipError::NotYetMember {
            joined: Epoch(0),
            ..
        })
    ));
    chain.warp_to(Epoch(4));
    membership
        .path_at(&*chain, stranger(3), Epoch(4))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_path_of_an_old_epoch_outlives_later_batches() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    chain.append(&people(1..=3));
    chain.warp_to(Epoch(1));
    membership.sync(&*chain).await.unwrap();
    let before = membership
        .path_at(&*chain, stranger(2), Epoch(1))
        .await
        .unwrap();
    chain.append(&people(4..=9));
    chain.warp_to(Epoch(2));
    chain.append(&people(10..=11));
    membership.sync(&*chain).await.unwrap();
    let after = membership
        .path_at(&*chain, stranger(2), Epoch(1))
        .await
        .unwrap();
    assert_eq!(before, after);
    let newer = membership
        .path_at(&*chain, stranger(2), Epoch(2))
        .await
        .unwrap();
    assert_eq!(newer.path.root_from(stranger(2)), newer.checkpoint.root);
    assert_eq!(newer.checkpoint.member_count, 9);
}

#[tokio::test]
async fn a_root_after_is_told_and_nothing_changes() {
    let (chain, membership) = (FakeChain::new(), Membership::default());
    chain.append(&people(1..=3));
    membership.sync(&*chain).await.unwrap();
    let before = membership.state();
    let told = membership.root_after(&people(4..=6)).unwrap();
    let refused = membership.root_after(&[stranger(7), stranger(1)]);
    assert!(matches!(
        refused,
        Err(MembershipError::Tree(TreeError::AlreadyMember { .. }))
    ));
    assert_eq!(membership.state(), before);
    for seed in 4..=7 {
        assert_eq!(membership.locate(stranger(seed)), None);
    }
    chain.append(&people(4..=6));
    assert_follows(&membership, &chain).await;
    let RegistryState { root, next_index } = membership.state();
    assert_eq!((root, next_index), (told, 6));
}
