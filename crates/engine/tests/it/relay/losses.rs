//! Crashes, silent nodes, lost bytes and nonces.

use annona_core::Epoch;
use annona_engine::ports::{ChainError, SenderRole};
use annona_engine::{ClaimState, OutboxError};

use super::{ROUNDS, in_epoch, start, start_with_queued};
use crate::chain::OrphanedTransactions;
use crate::service::{CONFIRMATIONS, Service, claim};

#[tokio::test]
async fn a_claim_is_batched_until_a_node_has_it() {
    let (service, workers) = start_with_queued(1).await;
    service.chain.refuse_broadcasts(1);
    workers.relay.step().await.unwrap_err();
    assert!(matches!(service.claim(1).await, ClaimState::Batched { .. }));
    workers.follow().await;
    assert!(matches!(
        service.claim(1).await,
        ClaimState::Submitted { .. }
    ));
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
}

#[tokio::test]
async fn a_node_that_answers_nothing_costs_a_step_one_slot() {
    let (service, workers) = start().await;
    service.chain.warp_to(Epoch(1));
    for (seed, epoch) in [(1, 0), (2, 1)] {
        service.queue(&in_epoch(seed, epoch)).await;
    }
    workers.relay.step().await.unwrap();
    assert_eq!(service.open().await.len(), 2);
    let calls = 100;
    // The first two answers, head and fees, still come.
    service.chain.fail_calls_after(2, calls);
    workers.outbox.step().await.unwrap_err();
    assert_eq!(service.chain.failing_calls(), calls - 2);
}

#[tokio::test]
async fn a_nonce_that_nothing_fills_is_filled() {
    let (service, workers) = start().await;
    service.chain.mine_foreign(SenderRole::Relay);
    service.queue_claims(1).await;
    workers.relay.step().await.unwrap();
    assert_eq!(service.open().await[0].nonce, 1);
    service.chain.reorg(1, OrphanedTransactions::Forgotten);
    assert_eq!(workers.follow().await.filled, 1);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 2);
}

#[tokio::test]
async fn old_answers_about_nonces_do_no_harm() {
    let (service, workers) = start().await;
    for seed in 1..=8 {
        service.chain.lag_nonces(seed);
        service.queue(&claim(seed)).await;
        workers.relay.step().await.unwrap();
        service.chain.mine();
        workers.follow().await;
    }
    workers.run(&service.chain, 2 * ROUNDS).await;
    service.assert_paid_once(8).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 8);
}

/// Tests RELAY-1.
#[tokio::test]
async fn a_crash_at_any_point_pays_once() {
    for crash_after in 0..=4 {
        let service = Service::start().await;
        service.queue_claims(2).await;
        if crash_after >= 1 {
            // Stored, and the process dies before the bytes leave it.
            let relay = service.workers().relay;
            service.chain.refuse_broadcasts(1);
            relay.step().await.unwrap_err();
            assert_eq!(service.chain.pool_len(), 0);
        }
        if crash_after >= 2 {
            assert!(service.workers().follow().await.rebroadcast > 0);
        }
        if crash_after >= 3 {
            service.chain.mine();
        }
        if crash_after >= 4 {
            service.workers().follow().await;
        }
        service.workers().run(&service.chain, ROUNDS).await;
        service.assert_paid_once(2).await;
        assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1);
    }
}

/// Tests RELAY-2.
#[tokio::test]
async fn bytes_that_get_lost_are_sent_again() {
    let (service, workers) = start().await;
    service.chain.warp_to(Epoch(1));
    service.queue_claims(1).await;
    service.queue(&in_epoch(2, 1)).await;
    service.chain.lose_broadcasts(2);
    assert_eq!(workers.relay.step().await.unwrap(), 2);
    assert_eq!(service.chain.pool_len(), 0);
    assert_eq!(workers.follow().await.rebroadcast, 2);
    assert_eq!(workers.follow().await.rebroadcast, 0);
    service.chain.forget_pool();
    assert_eq!(workers.follow().await.rebroadcast, 2);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 2);
}

#[tokio::test]
async fn a_nonce_that_is_used_elsewhere_for_good_gives_the_claim_another_one() {
    let (service, workers) = start_with_queued(1).await;
    service.chain.lose_broadcasts(1);
    workers.relay.step().await.unwrap();
    service.chain.mine_foreign(SenderRole::Relay);
    workers.run(&service.chain, 2 * ROUNDS).await;
    service.assert_paid_once(1).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 2);
}

#[tokio::test]
async fn bytes_that_the_node_never_takes_hold_up_no_other_account() {
    let (service, workers) = start().await;
    service.admit(1).await;
    workers.sequencer.step().await.unwrap();
    let stuck = service.open().await[0].attempts[0].signed.hash;
    service.chain.never_take(stuck);
    service.chain.forget_pool();
    service.queue_claims(1).await;
    workers.relay.step().await.unwrap();
    service.chain.mine();
    service.chain.mine_empty(CONFIRMATIONS);
    let step = workers.outbox.step().await;
    assert!(matches!(
        step,
        Err(OutboxError::Chain(ChainError::Unavailable(_)))
    ));
    assert!(matches!(service.claim(1).await, ClaimState::Final { .. }));
}

#[tokio::test]
async fn a_chain_that_does_not_answer_changes_nothing() {
    let (service, workers) = start_with_queued(2).await;
    for failing in [1, u32::MAX] {
        service.chain.fail_calls(failing);
        workers.relay.step().await.unwrap_err();
        assert!(service.open().await.is_empty());
    }
    service.chain.fail_calls(0);
    workers.relay.step().await.unwrap();
    let sent = service.open().await;
    service.chain.fail_calls(u32::MAX);
    workers.outbox.step().await.unwrap_err();
    assert_eq!(service.open().await, sent);
    service.chain.fail_calls(0);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
}
