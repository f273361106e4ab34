//! Enrolments from the queue to their leaf.

use annona_core::Epoch;
use annona_engine::ports::{ChainError, ChainReader, OutboxRepository, SenderRole};
use annona_engine::{BatchPolicy, EnrolmentState, SequencerError};
use annona_store::conformance::newcomer;

use crate::chain::{EPOCH_SECS, GENESIS, OrphanedTransactions};
use crate::service::{CONFIRMATIONS, MARGIN_SECS, Service, commitment, stranger};

/// Rounds in which everything settles that can.
const ROUNDS: u64 = CONFIRMATIONS + 4;

#[tokio::test]
async fn an_enrolment_goes_from_the_queue_to_its_leaf() {
    let service = Service::start().await;
    let workers = service.workers();
    service.chain.append(&[stranger(1), stranger(2)]);
    service.admit(2).await;
    assert_eq!(service.enrolment(1).await, EnrolmentState::Queued);
    assert_eq!(workers.sequencer.step().await.unwrap(), 2);
    let transaction = service.open().await[0].attempts[0].signed.hash;
    assert_eq!(
        service.enrolment(2).await,
        EnrolmentState::Submitted { transaction }
    );
    service.chain.mine();
    let leaf_index = 3_u64.try_into().unwrap();
    for _ in 0..CONFIRMATIONS {
        workers.follow().await;
        let mined = EnrolmentState::Mined {
            transaction,
            leaf_index,
        };
        assert_eq!(service.enrolment(2).await, mined);
        service.chain.mine();
    }
    workers.follow().await;
    let settled = EnrolmentState::Final {
        transaction,
        leaf_index,
    };
    assert_eq!(service.enrolment(2).await, settled);
    assert_eq!(service.chain.leaf_index(commitment(2)), Some(3));
}

/// Tests REG-12.
#[tokio::test]
async fn the_next_batch_is_proved_when_the_one_before_is_in_a_block() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(1).await;
    assert_eq!(workers.sequencer.step().await.unwrap(), 1);
    service.admit_one(2).await;
    assert_eq!(workers.sequencer.step().await.unwrap(), 0);
    service.chain.mine();
    assert_eq!(workers.sequencer.step().await.unwrap(), 0);
    workers.follow().await;
    assert_eq!(workers.sequencer.step().await.unwrap(), 1);
    assert_eq!(service.open().await.len(), 2);
    workers.run(&service.chain, 2 * ROUNDS).await;
    service.assert_members(2).await;
}

#[tokio::test]
async fn two_batches_survive_reorgs_that_take_both_or_one() {
    for orphaned in [
        OrphanedTransactions::BackToPool,
        OrphanedTransactions::Forgotten,
    ] {
        for depth in 1..=5_u64 {
            let service = Service::start().await;
            let workers = service.workers();
            service.chain.mine_empty(3);
            for person in 1..=2 {
                service.admit_one(person).await;
                workers.sequencer.step().await.unwrap();
                service.chain.mine();
                workers.follow().await;
            }
            service.chain.mine_empty(depth.saturating_sub(2));
            service.chain.reorg(depth, orphaned);
            service.admit_one(3).await;
            workers.run(&service.chain, 2 * ROUNDS).await;
            service.assert_members(3).await;
            assert_eq!(service.chain.used_nonces(SenderRole::Sequencer), 3);
        }
    }
}

#[tokio::test]
async fn a_batch_waits_for_others_as_long_as_the_policy_says() {
    let service = Service::start().await;
    let workers = service.workers_that_wait(BatchPolicy {
        max_wait_secs: 100,
        epoch_margin_secs: MARGIN_SECS,
        recovery_share_percent: 10,
    });
    service.admit(2).await;
    let arrived = newcomer(1, 1).record.received_at.0;
    service.clock.set(arrived + 99);
    assert_eq!(workers.sequencer.step().await.unwrap(), 0);
    service.clock.set(arrived + 100);
    assert_eq!(workers.sequencer.step().await.unwrap(), 2);
}

#[tokio::test]
async fn who_waits_at_the_end_of_an_epoch_joins_in_it() {
    let service = Service::start().await;
    let workers = service.workers_that_wait(BatchPolicy {
        max_wait_secs: 1_000_000,
        epoch_margin_secs: MARGIN_SECS,
        recovery_share_percent: 10,
    });
    service.admit(1).await;
    service.clock.set(newcomer(1, 1).record.received_at.0);
    assert_eq!(workers.sequencer.step().await.unwrap(), 0);
    service
        .chain
        .warp_to_time(GENESIS + EPOCH_SECS - MARGIN_SECS);
    assert_eq!(workers.sequencer.step().await.unwrap(), 1);
    service.chain.mine();
    service.chain.warp_to(Epoch(1));
    let checkpoint = service.chain.checkpoint_before(Epoch(1)).await.unwrap();
    assert_eq!(checkpoint.member_count, 1);
}

#[tokio::test]
async fn a_batch_that_could_not_be_sent_is_carried_on() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(3).await;
    service.chain.refuse_broadcasts(1);
    let step = workers.sequencer.step().await;
    assert!(matches!(
        step,
        Err(SequencerError::Chain(ChainError::Unavailable(_)))
    ));
    assert_eq!(workers.sequencer.step().await.unwrap(), 0);
    assert_eq!(workers.follow().await.rebroadcast, 1);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_members(3).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Sequencer), 1);
}

#[tokio::test]
async fn a_batch_that_the_node_forgot_is_sent_again() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(2).await;
    workers.sequencer.step().await.unwrap();
    assert_eq!(workers.follow().await.rebroadcast, 0);
    service.chain.forget_pool();
    assert_eq!(workers.follow().await.rebroadcast, 1);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_members(2).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Sequencer), 1);
}

#[tokio::test]
async fn a_batch_survives_reorgs() {
    for orphaned in [
        OrphanedTransactions::BackToPool,
        OrphanedTransactions::Forgotten,
    ] {
        for depth in 1..=5_u64 {
            let service = Service::start().await;
            let workers = service.workers();
            service.chain.mine_empty(3);
            service.admit(2).await;
            workers.sequencer.step().await.unwrap();
            service.chain.mine();
            workers.follow().await;
            workers.membership.sync(&*service.chain).await.unwrap();
            service.chain.mine_empty(depth - 1);
            service.chain.reorg(depth, orphaned);
            workers.follow().await;
            assert!(matches!(
                service.enrolment(1).await,
                EnrolmentState::Submitted { .. }
            ));
            workers.run(&service.chain, ROUNDS).await;
            service.assert_members(2).await;
            assert_eq!(service.chain.used_nonces(SenderRole::Sequencer), 1);
        }
    }
}

#[tokio::test]
async fn a_batch_whose_nonce_is_used_elsewhere_is_appended_once() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(2).await;
    service.chain.lose_broadcasts(1);
    workers.sequencer.step().await.unwrap();
    service.chain.mine_foreign(SenderRole::Sequencer);
    service.chain.mine_empty(CONFIRMATIONS - 1);
    assert_eq!(workers.follow().await.settled, 0);
    service.chain.mine_empty(1);
    assert_eq!(workers.follow().await.settled, 1);
    assert_eq!(service.enrolment(1).await, EnrolmentState::Queued);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_members(2).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Sequencer), 2);
}

#[tokio::test]
async fn a_batch_that_was_given_up_and_mined_after_all_is_adopted() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(2).await;
    service.chain.lose_broadcasts(1);
    workers.sequencer.step().await.unwrap();
    let given_up = service.open().await[0].attempts[0].signed.hash;
    service.chain.mine_foreign(SenderRole::Sequencer);
    for _ in 0..=CONFIRMATIONS {
        workers.follow().await;
        service.chain.mine();
    }
    workers.follow().await;
    assert_eq!(service.enrolment(1).await, EnrolmentState::Queued);
    // Deeper than any reorg that is reckoned with.
    service
        .chain
        .roll_back(service.chain.height(), OrphanedTransactions::Forgotten);
    service.chain.mine_only(given_up);
    // It is in a block, but not under enough others: neither appended again nor adopted.
    assert_eq!(workers.sequencer.step().await.unwrap(), 0);
    assert_eq!(service.enrolment(1).await, EnrolmentState::Queued);
    service.chain.mine_empty(CONFIRMATIONS);
    assert_eq!(workers.sequencer.step().await.unwrap(), 0);
    assert!(matches!(
        service.enrolment(1).await,
        EnrolmentState::Final { transaction, .. } if transaction == given_up
    ));
    workers.run(&service.chain, ROUNDS).await;
    service.assert_members(2).await;
}

#[tokio::test]
async fn a_batch_that_another_one_overtook_is_appended_after_it() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(2).await;
    service.chain.pool_append(&[stranger(1)]);
    workers.sequencer.step().await.unwrap();
    workers.run(&service.chain, 3 * ROUNDS).await;
    for seed in 1..=2 {
        assert!(matches!(
            service.enrolment(seed).await,
            EnrolmentState::Final { .. }
        ));
        assert_eq!(service.chain.leaf_index(commitment(seed)), Some(seed));
    }
}

#[tokio::test]
async fn enrolments_above_the_cap_of_the_epoch_wait_for_the_next_one() {
    let service = Service::start().await;
    let workers = service.workers();
    service.chain.set_enrolment_cap(1);
    service.chain.append(&[stranger(1)]);
    service.admit(1).await;
    assert_eq!(workers.sequencer.step().await.unwrap(), 0);
    assert_eq!(service.enrolment(1).await, EnrolmentState::Queued);
    service.chain.warp_to(Epoch(1));
    workers.run(&service.chain, ROUNDS).await;
    assert!(matches!(
        service.enrolment(1).await,
        EnrolmentState::Final { .. }
    ));
}

#[tokio::test]
async fn more_enrolments_than_an_epoch_takes_are_appended_over_several() {
    let service = Service::start().await;
    let workers = service.workers();
    service.chain.set_enrolment_cap(3);
    service.admit(7).await;
    for epoch in 1..=3 {
        for _ in 0..3 * ROUNDS {
            workers.sequencer.step().await.unwrap();
            service.chain.mine();
            workers.follow().await;
        }
        assert_eq!(service.chain.leaf_count(), (3 * epoch).min(7));
        service.chain.warp_to(Epoch(epoch));
    }
    workers.run(&service.chain, ROUNDS).await;
    service.assert_members(7).await;
}

#[tokio::test]
async fn two_sequencers_on_one_database_append_once() {
    let service = Service::start().await;
    let (one, two) = (service.workers(), service.workers());
    service.admit(4).await;
    let (first, second) = tokio::join!(one.sequencer.step(), two.sequencer.step());
    assert_eq!(first.unwrap() + second.unwrap(), 4);
    assert_eq!(service.store.open_slots().await.unwrap().len(), 1);
    two.run(&service.chain, ROUNDS).await;
    service.assert_members(4).await;
}
