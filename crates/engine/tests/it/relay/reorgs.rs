//! Blocks that go away, and what counts as final.

use annona_engine::ClaimState;
use annona_engine::ports::{SenderRole, SlotState};

use super::{ROUNDS, follow_blocks, newest_attempt, start, start_with_queued, start_with_sent};
use crate::chain::OrphanedTransactions;
use crate::service::{CONFIRMATIONS, claim};

/// Tests RELAY-4.
#[tokio::test]
async fn a_claim_is_final_under_so_many_confirmations_and_not_before() {
    let (service, workers) = start_with_sent(1).await;
    assert!(matches!(
        service.claim(1).await,
        ClaimState::Submitted { .. }
    ));
    service.chain.mine();
    for _ in 0..CONFIRMATIONS {
        workers.follow().await;
        assert!(matches!(service.claim(1).await, ClaimState::Mined { .. }));
        service.chain.mine();
    }
    assert_eq!(workers.follow().await.settled, 1);
    service.assert_paid_once(1).await;
}

#[tokio::test]
async fn a_claim_that_a_reorg_drops_is_paid_again_once() {
    for orphaned in [
        OrphanedTransactions::BackToPool,
        OrphanedTransactions::Forgotten,
    ] {
        for depth in 1..=8 {
            let (service, workers) = start().await;
            service.chain.mine_empty(8);
            service.queue_claims(3).await;
            workers.relay.step().await.unwrap();
            service.chain.mine();
            workers.follow().await;
            assert!(matches!(service.claim(1).await, ClaimState::Mined { .. }));
            service.chain.mine_empty(depth - 1);
            service.chain.reorg(depth, orphaned);
            workers.follow().await;
            assert!(matches!(
                service.claim(1).await,
                ClaimState::Submitted { .. }
            ));
            assert_eq!(service.chain.payments(claim(1).nullifier_hash), 0);
            workers.run(&service.chain, ROUNDS).await;
            service.assert_paid_once(3).await;
            assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1);
        }
    }
}

#[tokio::test]
async fn a_claim_mined_again_in_another_block_begins_to_wait_anew() {
    let (service, workers) = start_with_sent(1).await;
    service.chain.mine();
    workers.follow().await;
    service.chain.mine_empty(CONFIRMATIONS - 1);
    service
        .chain
        .roll_back(CONFIRMATIONS, OrphanedTransactions::BackToPool);
    service.chain.mine_empty(CONFIRMATIONS);
    service.chain.mine();
    let report = workers.follow().await;
    assert_eq!((report.open, report.settled), (1, 0));
    let state = service.open().await[0].state;
    let height = service.chain.height();
    assert!(matches!(state, SlotState::Mined { block_number, .. } if block_number == height));
    assert!(matches!(service.claim(1).await, ClaimState::Mined { .. }));
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
}

#[tokio::test]
async fn a_slot_that_was_given_up_and_mined_after_all_has_paid() {
    let (service, workers) = start_with_queued(2).await;
    service.chain.lose_broadcasts(1);
    workers.relay.step().await.unwrap();
    let (_, given_up, _) = newest_attempt(&service).await;
    service.chain.mine_foreign(SenderRole::Relay);
    follow_blocks(&service, &workers, CONFIRMATIONS).await;
    assert_eq!(service.claim(1).await, ClaimState::Queued);
    // A reorg beyond what counts as final.
    service
        .chain
        .roll_back(CONFIRMATIONS + 1, OrphanedTransactions::Forgotten);
    service.chain.mine_only(given_up);
    service.chain.mine_empty(CONFIRMATIONS);
    workers.relay.step().await.unwrap();
    service.assert_paid_once(2).await;
    let paid = ClaimState::Final {
        transaction: given_up,
    };
    assert_eq!(service.claim(2).await, paid);
}

#[tokio::test]
async fn a_nonce_that_a_reorg_gives_back_leaves_no_gap() {
    for depth in 1..CONFIRMATIONS {
        let (service, workers) = start_with_queued(1).await;
        service.chain.lose_broadcasts(1);
        workers.relay.step().await.unwrap();
        service.chain.mine_empty(1);
        service.chain.mine_foreign(SenderRole::Relay);
        workers.follow().await;
        for _ in 1..depth {
            service.chain.mine();
            workers.follow().await;
            workers.relay.step().await.unwrap();
        }
        service.chain.reorg(depth, OrphanedTransactions::Forgotten);
        workers.run(&service.chain, 2 * ROUNDS).await;
        service.assert_paid_once(1).await;
        assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1, "{depth}");
    }
}

#[tokio::test]
async fn a_foreign_transaction_that_moves_under_a_reorg_is_waited_for_anew() {
    let (service, workers) = start_with_queued(1).await;
    service.chain.lose_broadcasts(1);
    workers.relay.step().await.unwrap();
    service.chain.mine_foreign(SenderRole::Relay);
    for _ in 0..CONFIRMATIONS {
        workers.follow().await;
        service.chain.mine();
    }
    service
        .chain
        .roll_back(CONFIRMATIONS + 1, OrphanedTransactions::Forgotten);
    service.chain.mine_empty(CONFIRMATIONS);
    service.chain.mine_foreign(SenderRole::Relay);
    assert_eq!(workers.follow().await.settled, 0);
    assert!(matches!(
        service.claim(1).await,
        ClaimState::Submitted { .. }
    ));
}
