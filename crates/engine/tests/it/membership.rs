//! The tree follows the registry.

use annona_core::{B256, Commitment, Epoch, Root};
use annona_engine::ports::{ChainReader, RegistryState};
use annona_engine::{ArchiveError, Membership, MembershipError};
use annona_tree::TreeError;
use futures::FutureExt;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::chain::{FakeChain, OrphanedTransactions, WINDOW as CLAIM_WINDOW};
use crate::service::{CONFIRMATIONS, membership, stranger};

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
    let (chain, membership) = (FakeChain::new(), membership());
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
    let (chain, membership) = (FakeChain::new(), membership());
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
        let (chain, membership) = (FakeChain::new(), membership());
        for seed in 1..=4 {
            chain.append(&[stranger(2 * seed), stranger(2 * seed + 1)]);
        }
        assert_eq!(membership.sync(&*chain).await.unwrap(), 8);
        chain.reorg(depth, OrphanedTransactions::Forgotten);
        assert_eq!(membership.sync(&*chain).await.unwrap(), 8 - 2 * depth);
        assert_follows(&membership, &chain).await;
        assert_eq!(membership.locate(stranger(8)), None);
        chain.append(&people(20..=22));
        assert_follows(&membership, &chain).await;
    }
}

#[tokio::test]
async fn a_chain_that_became_shorter_is_followed() {
    let (chain, membership) = (FakeChain::new(), membership());
    chain.append(&people(1..=2));
    chain.append(&people(3..=4));
    membership.sync(&*chain).await.unwrap();
    chain.roll_back(1, OrphanedTransactions::Forgotten);
    assert_eq!(membership.sync(&*chain).await.unwrap(), 2);
    chain.append(&people(5..=5));
    assert_follows(&membership, &chain).await;
}

#[tokio::test]
async fn a_batch_that_a_reorg_moves_is_followed() {
    let (chain, membership) = (FakeChain::new(), membership());
    chain.append(&people(1..=2));
    let before = chain.append(&people(3..=4));
    membership.sync(&*chain).await.unwrap();
    chain.roll_back(1, OrphanedTransactions::BackToPool);
    chain.mine_empty(2);
    chain.mine();
    assert_follows(&membership, &chain).await;
    let (leaf_index, _, block) = membership.locate(stranger(4)).unwrap();
    assert_eq!((leaf_index.get(), block), (3, before + 2));
}

#[tokio::test]
async fn a_batch_in_a_block_number_that_held_none_is_seen() {
    for depth in [1, 2, WINDOW - 1] {
        let (chain, membership) = (FakeChain::new(), membership());
        chain.append(&people(1..=2));
        chain.mine_empty(2 * WINDOW);
        membership.sync(&*chain).await.unwrap();
        chain.roll_back(depth, OrphanedTransactions::Forgotten);
        chain.append(&people(3..=3));
        chain.mine_empty(depth);
        assert_eq!(membership.sync(&*chain).await.unwrap(), 3, "{depth}");
        assert_follows(&membership, &chain).await;
    }
}

#[tokio::test]
async fn a_root_that_the_events_do_not_give_is_an_error() {
    let (chain, membership) = (FakeChain::new(), membership());
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
    let (chain, membership) = (FakeChain::new(), membership());
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
    chain.reorg(2, OrphanedTransactions::Forgotten);
    assert_eq!(membership.sync(&*chain).await.unwrap(), 0);
}

#[tokio::test]
async fn a_chain_that_does_not_answer_leaves_whole_batches() {
    let (chain, membership) = (FakeChain::new(), membership());
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

fn root_of(membership: &Membership, epoch: u64) -> Option<Root> {
    let tree = membership.tree_of(Epoch(epoch))?;
    Some(tree.version.root())
}

fn is_settled(membership: &Membership, epoch: u64) -> bool {
    membership.tree_of(Epoch(epoch)).unwrap().is_settled
}

#[tokio::test]
async fn each_claimable_epoch_has_the_tree_of_its_checkpoint() {
    let (chain, membership) = (FakeChain::new(), membership());
    chain.append(&people(1..=3));
    assert!(membership.tree_of(Epoch(0)).is_none());
    membership.sync(&*chain).await.unwrap();
    assert_eq!(root_of(&membership, 0), Some(annona_tree::empty_root()));
    assert_eq!(root_of(&membership, 1), None);
    for epoch in 1..=12 {
        chain.warp_to(Epoch(epoch));
        // Nobody joins in some of the epochs.
        if epoch % 3 != 0 {
            chain.append(&people(10 * epoch..=10 * epoch + 5));
            chain.mine_empty(2 * WINDOW);
            chain.append(&people(10 * epoch + 6..=10 * epoch + 7));
        }
        membership.sync(&*chain).await.unwrap();
        for claimable in 0..=epoch + 1 {
            let kept = (epoch + 1).saturating_sub(CLAIM_WINDOW)..=epoch;
            let mut expected = None;
            if kept.contains(&claimable) {
                let checkpoint = chain.checkpoint_before(Epoch(claimable)).await;
                expected = Some(checkpoint.unwrap().root);
            }
            assert_eq!(
                root_of(&membership, claimable),
                expected,
                "{claimable} in {epoch}"
            );
        }
    }
    let tree = membership.tree_of(Epoch(12)).unwrap().version;
    let (leaf_index, ..) = membership.locate(stranger(2)).unwrap();
    assert_eq!(tree.proof(leaf_index).root_from(stranger(2)), tree.root());
}

/// Tests REG-13.
#[tokio::test]
async fn a_tree_that_the_contract_does_not_have_is_not_shown() {
    let (chain, membership) = (FakeChain::new(), membership());
    chain.append(&people(1..=1));
    membership.sync(&*chain).await.unwrap();
    chain.append(&people(2..=2));
    chain.warp_to(Epoch(1));
    assert_eq!(root_of(&membership, 1), None);
    membership.sync(&*chain).await.unwrap();
    let shown = root_of(&membership, 1).unwrap();
    chain.reorg(3, OrphanedTransactions::Forgotten);
    chain.append(&people(3..=3));
    chain.warp_to(Epoch(1));
    chain.lie_about_batch_at(Some(0));
    let _ = membership.sync(&*chain).await;
    assert_ne!(root_of(&membership, 1), Some(shown));
    chain.lie_about_batch_at(None);
    membership.sync(&*chain).await.unwrap();
    let checkpoint = chain.checkpoint_before(Epoch(1)).await.unwrap();
    assert_eq!(root_of(&membership, 1), Some(checkpoint.root));
}

#[tokio::test]
async fn a_tree_is_held_against_the_checkpoint() {
    let (chain, membership) = (FakeChain::new(), membership());
    chain.append(&people(1..=2));
    chain.warp_to(Epoch(1));
    chain.lie_about_checkpoints();
    membership.sync(&*chain).await.unwrap();
    assert_eq!(root_of(&membership, 1), None);
    chain.tell_the_truth();
    membership.sync(&*chain).await.unwrap();
    assert!(root_of(&membership, 1).is_some());
    // Until it is settled, it is compared each time.
    chain.lie_about_checkpoints();
    membership.sync(&*chain).await.unwrap();
    assert_eq!(root_of(&membership, 1), None);
}

#[tokio::test]
async fn a_tree_settles_when_its_epoch_has_confirmations() {
    let (chain, membership) = (FakeChain::new(), membership());
    chain.append(&people(1..=3));
    chain.warp_to(Epoch(1));
    membership.sync(&*chain).await.unwrap();
    for _ in 1..CONFIRMATIONS {
        chain.mine_empty(1);
        membership.sync(&*chain).await.unwrap();
        assert!(!is_settled(&membership, 1));
    }
    // A reorg takes the blocks away and brings as many: counting starts again.
    chain.roll_back(CONFIRMATIONS, OrphanedTransactions::Forgotten);
    membership.sync(&*chain).await.unwrap();
    assert_eq!(root_of(&membership, 1), None);
    chain.warp_to(Epoch(1));
    for _ in 0..CONFIRMATIONS {
        membership.sync(&*chain).await.unwrap();
        assert!(!is_settled(&membership, 1));
        chain.mine_empty(1);
    }
    membership.sync(&*chain).await.unwrap();
    assert!(is_settled(&membership, 1));
    assert!(is_settled(&membership, 0));
}

#[tokio::test]
async fn a_reorg_deeper_than_the_versions_kept_is_followed() {
    let (chain, membership) = (FakeChain::new(), membership());
    for seed in 1..=5 {
        chain.append(&[stranger(seed)]);
        chain.mine_empty(WINDOW);
    }
    membership.sync(&*chain).await.unwrap();
    chain.reorg(3 * WINDOW, OrphanedTransactions::Forgotten);
    chain.append(&people(20..=22));
    assert_follows(&membership, &chain).await;
    assert_eq!(membership.locate(stranger(4)), None);
}

const TAG: B256 = B256::repeat_byte(9);

fn saved(membership: &Membership) -> Vec<u8> {
    let mut file = Vec::new();
    membership.save(TAG, &mut file).unwrap();
    file
}

#[tokio::test]
async fn a_saved_tree_goes_on_where_it_was() {
    let chain = FakeChain::new();
    let before = membership();
    for epoch in 0..8 {
        chain.warp_to(Epoch(epoch));
        chain.append(&people(10 * epoch + 1..=10 * epoch + 5));
        chain.mine_empty(MAX_BLOCK_RANGE / 4);
        before.sync(&*chain).await.unwrap();
    }
    let after = membership();
    after.load(TAG, &mut saved(&before).as_slice()).unwrap();
    assert!(!after.is_synced());
    assert!(after.tree_of(Epoch(7)).is_none());
    chain.append(&people(200..=201));
    assert_follows(&after, &chain).await;
    // What is in the file is not asked for again.
    assert!(chain.widest_range() < MAX_BLOCK_RANGE);
    assert!(after.is_synced());
    before.sync(&*chain).await.unwrap();
    for epoch in 0..9 {
        assert_eq!(root_of(&after, epoch), root_of(&before, epoch), "{epoch}");
    }
    assert_eq!(after.locate(stranger(33)), before.locate(stranger(33)));
    chain.reorg(1, OrphanedTransactions::Forgotten);
    assert_follows(&after, &chain).await;
}

#[tokio::test]
async fn a_saved_tree_of_a_chain_that_went_elsewhere_is_made_again() {
    let (chain, other) = (FakeChain::new(), FakeChain::new());
    let (elsewhere, membership) = (membership(), membership());
    other.append(&people(1..=3));
    other.append(&people(4..=5));
    elsewhere.sync(&*other).await.unwrap();
    // The same blocks, and other members in them.
    chain.append(&people(11..=13));
    chain.append(&people(14..=15));
    let file = saved(&elsewhere);
    membership.load(TAG, &mut file.as_slice()).unwrap();
    assert_follows(&membership, &chain).await;
    assert_eq!(membership.locate(stranger(1)), None);
}

#[tokio::test]
async fn a_file_that_is_damaged_or_foreign_is_not_taken() {
    let chain = FakeChain::new();
    let whole = membership();
    chain.append(&people(1..=3));
    chain.warp_to(Epoch(1));
    chain.append(&people(4..=5));
    whole.sync(&*chain).await.unwrap();
    let file = saved(&whole);
    let refused = membership();
    for place in 0..file.len() {
        let mut damaged = file.clone();
        damaged[place] ^= 1;
        assert!(
            refused.load(TAG, &mut damaged.as_slice()).is_err(),
            "{place}"
        );
        assert!(refused.load(TAG, &mut &file[..place]).is_err(), "{place}");
    }
    let foreign = refused.load(B256::ZERO, &mut file.as_slice());
    assert!(matches!(foreign, Err(ArchiveError::Foreign)));
    assert_eq!(refused.state().next_index, 0);
    refused.load(TAG, &mut file.as_slice()).unwrap();
    assert_eq!(refused.state(), whole.state());
}

#[tokio::test]
async fn a_root_after_is_told_and_nothing_changes() {
    let (chain, membership) = (FakeChain::new(), membership());
    chain.append(&people(1..=3));
    membership.sync(&*chain).await.unwrap();
    let before = membership.state();
    let told = membership.append_batch(people(4..=6)).unwrap().post_root;
    let refused = membership.append_batch(vec![stranger(7), stranger(1)]);
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

#[tokio::test]
async fn a_request_that_is_never_answered_holds_up_no_other_sync() {
    let (chain, membership) = (FakeChain::new(), membership());
    chain.append(&people(1..=3));
    for answered_before in 0..3 {
        membership.sync(&*chain).await.unwrap();
        chain.append(&[stranger(100 + answered_before)]);
        // The sync hangs at its first question, or at a later one.
        let mut hanging = Box::pin(membership.sync(&*chain));
        chain.answer_late(true);
        for _ in 0..answered_before {
            assert!(futures::poll!(hanging.as_mut()).is_pending());
        }
        chain.answer_late(false);
        chain.hang(1);
        assert!(futures::poll!(hanging.as_mut()).is_pending());
        let synced = membership.sync(&*chain).now_or_never();
        assert!(synced.expect("nobody waits").is_ok(), "{answered_before}");
        assert_eq!(membership.state(), chain.registry_state().await.unwrap());
    }
}

/// Syncs that run beside each other get answers of different times.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the length of a test run is chosen by whoever runs it"
)]
async fn answers_that_come_late_leave_the_registrys_tree() {
    let seeds = if std::env::var_os("TEST_SOAK").is_some() {
        2_000
    } else {
        60
    };
    for seed in 0..seeds {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (chain, membership) = (FakeChain::new(), membership());
        let mut next = 1;
        chain.answer_late(true);
        let mut syncing = Vec::new();
        for _ in 0..60 {
            match rng.random_range(0..10_u32) {
                0..=1 if syncing.len() < 4 => syncing.push(Box::pin(membership.sync(&*chain))),
                2 => {
                    chain.append(&people(next..=next + 1));
                    next += 2;
                }
                3 => chain.reorg(rng.random_range(1..4), OrphanedTransactions::Forgotten),
                4 => chain.reorg(rng.random_range(1..4), OrphanedTransactions::BackToPool),
                5 => chain.mine(),
                _ if syncing.is_empty() => {}
                _ => {
                    let one = rng.random_range(0..syncing.len());
                    // That roots of two times do not fit is an error like any other.
                    if futures::poll!(syncing[one].as_mut()).is_ready() {
                        drop(syncing.swap_remove(one));
                    }
                }
            }
        }
        for sync in syncing {
            let _outcome = sync.await;
        }
        chain.answer_late(false);
        assert_follows(&membership, &chain).await;
    }
}
