//! Claims that the contract or the token does not pay.

use annona_core::{AmountWei, Claim, Epoch, Payment, RevertReason, U256};
use annona_engine::ports::{ChainError, SenderRole};
use annona_engine::{ClaimRejection, ClaimState, RelayError};

use super::{ROUNDS, follow_blocks, start, start_with_queued, start_with_sent};
use crate::chain::{AMOUNT, OrphanedTransactions, WINDOW};
use crate::service::{CONFIRMATIONS, claim};

/// Tests RELAY-5.
#[tokio::test]
async fn a_refused_claim_has_its_reason_and_holds_up_nobody() {
    let reasons = [
        (RevertReason::NullifierSpent, ClaimRejection::NullifierSpent),
        (RevertReason::InvalidProof, ClaimRejection::InvalidProof),
        (RevertReason::CensusExceeded, ClaimRejection::CensusExceeded),
        (RevertReason::FeeAboveAmount, ClaimRejection::FeeAboveAmount),
        (
            RevertReason::InvalidRecipient,
            ClaimRejection::InvalidRecipient,
        ),
        (RevertReason::Other([1; 4]), ClaimRejection::Refused),
    ];
    let (service, workers) = start().await;
    service.chain.mine_empty(CONFIRMATIONS);
    service.queue_claims(9).await;
    for ((reason, _), seed) in reasons.iter().zip(100..) {
        service.chain.refuse(claim(seed).nullifier_hash, *reason);
        service.queue(&claim(seed)).await;
    }
    for seed in 10..=20 {
        service.queue(&claim(seed)).await;
    }
    assert_eq!(workers.relay.step().await.unwrap(), 20);
    // Those who are left travel together all the same.
    assert_eq!(service.open().await.len(), 1);
    for ((_, rejection), seed) in reasons.iter().zip(100..) {
        assert_eq!(service.claim(seed).await, ClaimState::Rejected(*rejection));
    }
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(20).await;
    assert_eq!(service.chain.reverted(), 0);
}

/// Tests RELAY-6.
#[tokio::test]
async fn a_refusal_that_a_reorg_can_take_away_is_not_believed() {
    let (service, workers) = start().await;
    service.chain.mine_empty(CONFIRMATIONS);
    service.chain.pay_elsewhere(&claim(1));
    service.queue_claims(1).await;
    assert_eq!(workers.relay.step().await.unwrap(), 0);
    assert_eq!(service.claim(1).await, ClaimState::Queued);
    service.chain.reorg(1, OrphanedTransactions::Forgotten);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
}

#[tokio::test]
async fn a_claim_whose_window_ends_while_it_waits_is_rejected_in_the_end() {
    let (service, workers) = start_with_queued(2).await;
    service.chain.warp_to(Epoch(WINDOW));
    for _ in 0..CONFIRMATIONS {
        assert_eq!(workers.relay.step().await.unwrap(), 0);
        assert_eq!(service.claim(1).await, ClaimState::Queued);
        service.chain.mine();
    }
    workers.relay.step().await.unwrap();
    let late = ClaimState::Rejected(ClaimRejection::EpochNotClaimable);
    assert_eq!(service.claim(1).await, late);
    assert_eq!(service.claim(2).await, late);
}

#[tokio::test]
async fn a_claim_that_the_node_cannot_simulate_holds_up_nobody() {
    let (service, workers) = start().await;
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
async fn a_fee_that_the_amount_fell_below_holds_up_nobody_and_can_be_claimed_without() {
    let (service, workers) = start().await;
    let with_fee = |seed| Claim {
        payment: Payment {
            fee: AmountWei(U256::from(AMOUNT)),
            ..claim(seed).payment
        },
        ..claim(seed)
    };
    service.queue(&with_fee(1)).await;
    service.queue(&claim(2)).await;
    service.queue(&claim(3)).await;
    assert_eq!(workers.relay.step().await.unwrap(), 3);
    // Somebody opened an earlier epoch after the batch was simulated.
    service.chain.set_amount(AMOUNT - 1);
    workers.run(&service.chain, 2 * ROUNDS).await;
    let too_high = ClaimState::Rejected(ClaimRejection::FeeAboveAmount);
    assert_eq!(service.claim(1).await, too_high);
    for seed in [2, 3] {
        let state = service.claim(seed).await;
        assert!(matches!(state, ClaimState::Final { .. }), "{state:?}");
    }
    assert_eq!(service.chain.reverted(), 0);
    service.queue(&claim(1)).await;
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(3).await;
}

#[tokio::test]
async fn a_claim_that_was_paid_elsewhere_is_rejected_and_the_others_are_paid() {
    for count in [1, 3] {
        let (service, workers) = start().await;
        service.chain.mine_empty(CONFIRMATIONS);
        service.queue(&claim(100)).await;
        service.queue_claims(count - 1).await;
        workers.relay.step().await.unwrap();
        service.chain.pay_elsewhere(&claim(100));
        for _ in 0..=CONFIRMATIONS {
            service.chain.mine();
            workers.follow().await;
            workers.relay.step().await.unwrap();
        }
        workers.relay.step().await.unwrap();
        let spent = ClaimState::Rejected(ClaimRejection::NullifierSpent);
        assert_eq!(service.claim(100).await, spent, "of {count}");
        service.assert_paid_once(count - 1).await;
        assert_eq!(service.chain.payments(claim(100).nullifier_hash), 1);
        // It was not sent again and again.
        assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1);
    }
}

#[tokio::test]
async fn a_claim_that_came_out_of_a_batch_unpaid_is_sent_again_with_nobody_it_could_hide_behind() {
    let (service, workers) = start().await;
    service.chain.mine_empty(CONFIRMATIONS);
    service.queue_claims(2).await;
    workers.relay.step().await.unwrap();
    service.chain.pay_elsewhere(&claim(1));
    follow_blocks(&service, &workers, CONFIRMATIONS + 1).await;
    // Others arrive, so that a batch with the paid one in it would not be refused.
    for seed in 3..=6 {
        service.queue(&claim(seed)).await;
    }
    assert_eq!(workers.relay.step().await.unwrap(), 4);
    let spent = ClaimState::Rejected(ClaimRejection::NullifierSpent);
    assert_eq!(service.claim(1).await, spent);
}

#[tokio::test]
async fn a_claim_that_the_token_does_not_pay_is_rejected_when_it_is_deep() {
    let (service, workers) = start().await;
    service.chain.never_pay(claim(3).nullifier_hash);
    service.queue_claims(3).await;
    workers.relay.step().await.unwrap();
    service.chain.mine();
    workers.follow().await;
    assert!(matches!(service.claim(1).await, ClaimState::Mined { .. }));
    assert!(matches!(
        service.claim(3).await,
        ClaimState::Submitted { .. }
    ));
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
    let unpaid = ClaimState::Rejected(ClaimRejection::TransferFailed);
    assert_eq!(service.claim(3).await, unpaid);
}

#[tokio::test]
async fn a_revert_that_a_reorg_takes_away_is_forgotten() {
    let (service, workers) = start_with_sent(1).await;
    service.chain.pay_elsewhere(&claim(1));
    service.chain.mine();
    workers.follow().await;
    service.chain.reorg(2, OrphanedTransactions::Forgotten);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
    assert_eq!(service.chain.reverted(), 0);
}

#[tokio::test]
async fn a_revert_without_a_lasting_reason_is_tried_again() {
    let (service, workers) = start_with_queued(3).await;
    service.chain.revert_executions(1);
    workers.run(&service.chain, 3 * ROUNDS).await;
    service.assert_paid_once(3).await;
    assert_eq!(service.chain.reverted(), 1);
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 2);
}
