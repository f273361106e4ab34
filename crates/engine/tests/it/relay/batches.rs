//! Claims that travel together, and their order.

use annona_core::{Epoch, RevertReason};
use annona_engine::ports::{ClaimRepository, Payload, PendingCounts, SenderRole, Slot};
use annona_engine::{ClaimState, RelayPolicy};

use super::{FULL, ROUNDS, claims_of, in_epoch, start, start_with_queued};
use crate::chain::{GENESIS, RELAYS};
use crate::service::{CONFIRMATIONS, RELAY_POLICY, Service};

#[tokio::test]
async fn claims_of_an_epoch_share_a_transaction() {
    let (service, workers) = start_with_queued(5).await;
    assert_eq!(workers.relay.step().await.unwrap(), 5);
    let open = service.open().await;
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].nonce, claims_of(&open[0])), (0, 5));
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(5).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1);
}

#[tokio::test]
async fn claims_of_two_epochs_do_not() {
    let (service, workers) = start().await;
    service.chain.warp_to(Epoch(1));
    for (seed, epoch) in [(1, 0), (2, 1), (3, 0), (4, 1)] {
        service.queue(&in_epoch(seed, epoch)).await;
    }
    assert_eq!(workers.relay.step().await.unwrap(), 4);
    let sizes: Vec<usize> = service.open().await.iter().map(claims_of).collect();
    assert_eq!(sizes, [2, 2]);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(4).await;
}

#[tokio::test]
async fn accounts_share_full_batches_and_none_has_more_than_its_slots() {
    let (service, workers) = start().await;
    let slots = RELAYS.len() * RELAY_POLICY.slots_per_sender;
    let count = (slots * FULL + 1) as u64;
    service.queue_claims(count).await;
    assert_eq!(workers.relay.step().await.unwrap(), slots * FULL);
    assert_eq!(workers.relay.step().await.unwrap(), 0);
    for sender in RELAYS {
        let open = service.open().await;
        let mine: Vec<&Slot> = open.iter().filter(|slot| slot.sender == sender).collect();
        let nonces: Vec<u64> = mine.iter().map(|slot| slot.nonce).collect();
        assert_eq!(nonces, [0, 1]);
        assert!(mine.iter().all(|slot| claims_of(slot) == FULL));
    }
    service.chain.mine();
    workers.follow().await;
    assert_eq!(workers.relay.step().await.unwrap(), 1);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(count).await;
}

#[tokio::test]
async fn claims_wait_for_others_and_for_cheaper_gas_but_not_for_ever() {
    let service = Service::start().await;
    let relay = service.relay(RelayPolicy {
        wait_secs: 10,
        ..RELAY_POLICY
    });
    service.queue_claims(2).await;
    service.clock.set(GENESIS + 9);
    assert_eq!(relay.step().await.unwrap(), 0);
    service.clock.set(GENESIS + 10);
    service
        .chain
        .set_base_fee(RELAY_POLICY.cheap_base_fee_wei + 1);
    assert_eq!(relay.step().await.unwrap(), 0);
    service.clock.set(GENESIS + RELAY_POLICY.max_wait_secs);
    assert_eq!(relay.step().await.unwrap(), 2);
}

/// Tests RELAY-7.
#[tokio::test]
async fn claims_of_an_epoch_without_money_hide_none_of_another() {
    let (service, workers) = start().await;
    service.chain.warp_to(Epoch(1));
    // More than a step looks at, and older.
    for seed in 1_000..1_600 {
        let broke = in_epoch(seed, 0);
        service
            .chain
            .refuse(broke.nullifier_hash, RevertReason::NothingToPay);
        service.queue(&broke).await;
    }
    for seed in 1..=3 {
        service.queue(&in_epoch(seed, 1)).await;
    }
    assert_eq!(workers.relay.step().await.unwrap(), 3);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(3).await;
    assert_eq!(service.claim(1_000).await, ClaimState::Queued);
}

/// Tests RELAY-7: a claim is not set aside for what its epoch lacks.
#[tokio::test]
async fn claims_are_sent_in_the_step_after_their_epoch_has_money() {
    let (service, workers) = start().await;
    service.chain.warp_to(Epoch(1));
    let claims = [in_epoch(1, 1), in_epoch(2, 1)];
    for claim in &claims {
        service
            .chain
            .refuse(claim.nullifier_hash, RevertReason::NothingToPay);
        service.queue(claim).await;
    }
    assert_eq!(workers.relay.step().await.unwrap(), 0);
    for claim in &claims {
        service.chain.take_again(claim.nullifier_hash);
    }
    assert_eq!(workers.relay.step().await.unwrap(), 2);
}

#[tokio::test]
async fn the_epoch_whose_window_ends_first_has_the_accounts_first() {
    let (service, workers) = start().await;
    service.chain.warp_to(Epoch(1));
    let slots = RELAYS.len() * RELAY_POLICY.slots_per_sender;
    let later = (slots * FULL) as u64;
    for seed in 1..=later {
        service.queue(&in_epoch(seed, 1)).await;
    }
    let sooner = in_epoch(later + 1, 0);
    service.queue(&sooner).await;
    workers.relay.step().await.unwrap();
    let first = &service.open().await[0];
    let expected = Payload::Claims {
        nullifiers: vec![sooner.nullifier_hash],
    };
    assert_eq!(first.payload, expected);
}

#[tokio::test]
async fn two_relays_on_one_database_pay_once() {
    let service = Service::start().await;
    let (one, two) = (service.workers(), service.workers());
    service.queue_claims(8).await;
    let (first, second) = tokio::join!(one.relay.step(), two.relay.step());
    assert_eq!(first.unwrap() + second.unwrap(), 8);
    one.run(&service.chain, 2 * ROUNDS).await;
    service.assert_paid_once(8).await;
    let PendingCounts { queued, under_way } = service.store.pending_claims().await.unwrap();
    assert_eq!((queued, under_way), (0, 0));
    assert_eq!(service.open().await, []);
}

#[tokio::test]
async fn a_claim_of_an_epoch_that_a_late_node_does_not_know_waits() {
    let (service, workers) = start().await;
    service.chain.mine_empty(2 * CONFIRMATIONS);
    service.queue(&in_epoch(1, 1)).await;
    for _ in 0..ROUNDS {
        workers.relay.step().await.unwrap();
        service.chain.mine();
    }
    assert_eq!(service.claim(1).await, ClaimState::Queued);
    service.chain.warp_to(Epoch(1));
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
}

#[tokio::test]
async fn a_paused_claim_stays_queued_and_is_paid_later() {
    let (service, workers) = start_with_queued(2).await;
    service.chain.pause();
    assert_eq!(workers.relay.step().await.unwrap(), 0);
    assert_eq!(service.claim(1).await, ClaimState::Queued);
    service.chain.unpause();
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
}
