//! Claims from the queue to their end.

use annona_engine::ports::{
    ChainError, ClaimRepository, OutboxRepository, OutboxState, RevertReason, SenderRole,
};
use annona_engine::{ClaimState, OutboxError, Rejection, RelayError};

use crate::chain::Fate;
use crate::service::{CONFIRMATIONS, Service, claim};

/// Rounds in which everything settles that can.
const ROUNDS: u64 = CONFIRMATIONS + 4;

#[tokio::test]
async fn claims_get_consecutive_nonces_and_are_paid_once() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(5).await;
    assert_eq!(workers.relay.step().await.unwrap(), 5);
    let open = service.open().await;
    let nonces: Vec<u64> = open.iter().map(|sent| sent.signed.nonce).collect();
    assert_eq!(nonces, [0, 1, 2, 3, 4]);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(5).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 5);
}

#[tokio::test]
async fn a_claim_is_final_under_so_many_confirmations_and_not_before() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(1).await;
    workers.relay.step().await.unwrap();
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
async fn a_refused_claim_has_its_reason_and_holds_up_nobody() {
    let reasons = [
        (RevertReason::NullifierSpent, Rejection::NullifierSpent),
        (RevertReason::EpochNotOpen, Rejection::EpochNotOpen),
        (RevertReason::InvalidProof, Rejection::InvalidProof),
        (RevertReason::CensusReached, Rejection::CensusReached),
        (RevertReason::FeeAboveAmount, Rejection::FeeAboveAmount),
        (RevertReason::BadRecipient, Rejection::BadRecipient),
        (RevertReason::Other([1; 4]), Rejection::Refused),
    ];
    let service = Service::start().await;
    let workers = service.workers();
    for ((reason, _), seed) in reasons.iter().zip(100..) {
        service.chain.refuse(claim(seed).nullifier_hash, *reason);
        service.queue(&claim(seed)).await;
    }
    service.queue_claims(2).await;
    assert_eq!(workers.relay.step().await.unwrap(), 2);
    for ((_, rejection), seed) in reasons.iter().zip(100..) {
        assert_eq!(service.claim(seed).await, ClaimState::Rejected(*rejection));
    }
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 2);
}

#[tokio::test]
async fn a_claim_that_the_node_cannot_simulate_holds_up_nobody() {
    let service = Service::start().await;
    let workers = service.workers();
    service.chain.never_simulate(claim(100).nullifier_hash);
    service.queue(&claim(100)).await;
    service.queue_claims(2).await;
    let step = workers.relay.step().await;
    assert!(matches!(
        step,
        Err(RelayError::Chain(ChainError::Unavailable(_)))
    ));
    service.chain.mine();
    workers.follow().await;
    for seed in 1..=2 {
        assert!(matches!(
            service.claim(seed).await,
            ClaimState::Mined { .. }
        ));
    }
    assert_eq!(service.claim(100).await, ClaimState::Queued);
}

#[tokio::test]
async fn a_paused_claim_stays_queued_and_is_paid_later() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(2).await;
    service.chain.pause();
    assert_eq!(workers.relay.step().await.unwrap(), 0);
    assert_eq!(service.claim(1).await, ClaimState::Queued);
    service.chain.unpause();
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
}

#[tokio::test]
async fn a_mined_revert_is_believed_when_it_is_deep() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(1).await;
    workers.relay.step().await.unwrap();
    service.chain.pay_elsewhere(&claim(1));
    service.chain.mine();
    for _ in 0..CONFIRMATIONS {
        workers.follow().await;
        assert!(matches!(
            service.claim(1).await,
            ClaimState::Submitted { .. }
        ));
        service.chain.mine();
    }
    assert_eq!(workers.follow().await.settled, 1);
    let spent = ClaimState::Rejected(Rejection::NullifierSpent);
    assert_eq!(service.claim(1).await, spent);
    assert_eq!(service.chain.payments(claim(1).nullifier_hash), 1);
    assert_eq!(service.chain.reverted(), 1);
}

#[tokio::test]
async fn a_revert_that_a_reorg_takes_away_is_forgotten() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(1).await;
    workers.relay.step().await.unwrap();
    service.chain.pay_elsewhere(&claim(1));
    service.chain.mine();
    workers.follow().await;
    service.chain.reorg(2, Fate::Forgotten);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
    assert_eq!(service.chain.reverted(), 0);
}

#[tokio::test]
async fn a_revert_without_a_lasting_reason_is_tried_again() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(3).await;
    service.chain.revert_executions(1);
    workers.run(&service.chain, 3 * ROUNDS).await;
    service.assert_paid_once(3).await;
    assert_eq!(service.chain.reverted(), 1);
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 4);
}

#[tokio::test]
async fn a_claim_that_a_reorg_drops_is_paid_again_once() {
    for fate in [Fate::BackToPool, Fate::Forgotten] {
        for depth in 1..=5 {
            let service = Service::start().await;
            let workers = service.workers();
            service.chain.mine_empty(5);
            service.queue_claims(3).await;
            workers.relay.step().await.unwrap();
            service.chain.mine();
            workers.follow().await;
            assert!(matches!(service.claim(1).await, ClaimState::Mined { .. }));
            service.chain.mine_empty(depth - 1);
            service.chain.reorg(depth, fate);
            workers.follow().await;
            assert!(matches!(
                service.claim(1).await,
                ClaimState::Submitted { .. }
            ));
            assert_eq!(service.chain.payments(claim(1).nullifier_hash), 0);
            workers.run(&service.chain, ROUNDS).await;
            service.assert_paid_once(3).await;
            assert_eq!(service.chain.used_nonces(SenderRole::Relay), 3);
        }
    }
}

#[tokio::test]
async fn a_claim_mined_again_in_another_block_begins_to_wait_anew() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(1).await;
    workers.relay.step().await.unwrap();
    service.chain.mine();
    workers.follow().await;
    service.chain.mine_empty(CONFIRMATIONS - 1);
    service.chain.roll_back(CONFIRMATIONS, Fate::BackToPool);
    service.chain.mine_empty(CONFIRMATIONS);
    service.chain.mine();
    let report = workers.follow().await;
    assert_eq!((report.open, report.settled), (1, 0));
    let state = service.open().await[0].state;
    let height = service.chain.height();
    assert!(matches!(state, OutboxState::Mined { block_number, .. } if block_number == height));
    assert!(matches!(service.claim(1).await, ClaimState::Mined { .. }));
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
}

#[tokio::test]
async fn a_crash_at_any_point_pays_once() {
    for crash_after in 0..=4 {
        let service = Service::start().await;
        service.queue_claims(2).await;
        if crash_after >= 1 {
            // Stored, and the process dies before the bytes leave it.
            let relay = service.workers().relay;
            service.chain.refuse_broadcasts(2);
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
        assert_eq!(service.chain.used_nonces(SenderRole::Relay), 2);
    }
}

#[tokio::test]
async fn bytes_that_get_lost_are_sent_again() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(2).await;
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
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(1).await;
    service.chain.lose_broadcasts(1);
    workers.relay.step().await.unwrap();
    service.chain.mine_foreign(SenderRole::Relay);
    workers.run(&service.chain, 2 * ROUNDS).await;
    service.assert_paid_once(1).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 2);
}

#[tokio::test]
async fn a_nonce_that_a_reorg_gives_back_leaves_no_gap() {
    for depth in 1..CONFIRMATIONS {
        let service = Service::start().await;
        let workers = service.workers();
        service.queue_claims(1).await;
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
        service.chain.reorg(depth, Fate::Forgotten);
        workers.run(&service.chain, 2 * ROUNDS).await;
        service.assert_paid_once(1).await;
        assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1, "{depth}");
    }
}

#[tokio::test]
async fn a_foreign_transaction_that_moves_under_a_reorg_is_waited_for_anew() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(1).await;
    service.chain.lose_broadcasts(1);
    workers.relay.step().await.unwrap();
    service.chain.mine_foreign(SenderRole::Relay);
    for _ in 0..CONFIRMATIONS {
        workers.follow().await;
        service.chain.mine();
    }
    service.chain.roll_back(CONFIRMATIONS + 1, Fate::Forgotten);
    service.chain.mine_empty(CONFIRMATIONS);
    service.chain.mine_foreign(SenderRole::Relay);
    assert_eq!(workers.follow().await.settled, 0);
    assert!(matches!(
        service.claim(1).await,
        ClaimState::Submitted { .. }
    ));
}

#[tokio::test]
async fn bytes_that_the_node_never_takes_hold_up_no_other_account() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(1).await;
    workers.sequencer.step().await.unwrap();
    let stuck = service.open().await[0].signed.hash;
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
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(2).await;
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

#[tokio::test]
async fn two_relays_on_one_database_pay_once() {
    let service = Service::start().await;
    let (one, two) = (service.workers(), service.workers());
    service.queue_claims(8).await;
    let (first, second) = tokio::join!(one.relay.step(), two.relay.step());
    assert_eq!(first.unwrap() + second.unwrap(), service.open().await.len());
    one.run(&service.chain, 2 * ROUNDS).await;
    service.assert_paid_once(8).await;
    let (queued, under_way) = service.store.pending_claims().await.unwrap();
    assert_eq!((queued, under_way), (0, 0));
    assert_eq!(service.store.open_transactions().await.unwrap(), []);
}
