//! Claims from the queue to their end.

use annona_core::{AmountWei, B256, Epoch, Payment, U256};
use annona_engine::ports::{
    AttemptKind, ChainError, ClaimRepository, Pending, Purpose, RevertReason, SenderRole, Slot,
    SlotState,
};
use annona_engine::{Claim, ClaimState, OutboxError, Rejection, RelayError, RelayPolicy};

use crate::chain::{AMOUNT, BASE_FEE, Fate, GENESIS, RELAYS, WINDOW};
use crate::service::{CONFIRMATIONS, FEES, RELAY_POLICY, Service, Workers, claim};

/// Rounds in which everything settles that can.
const ROUNDS: u64 = CONFIRMATIONS + 4;
/// Claims of a transaction at most.
const FULL: usize = 128;

fn claims_of(slot: &Slot) -> usize {
    match &slot.purpose {
        Purpose::Claims { nullifiers } => nullifiers.len(),
        other => panic!("{other:?}"),
    }
}

/// The newest attempt of the only open slot.
async fn newest_attempt(service: &Service) -> (AttemptKind, B256, u64) {
    let open = service.open().await;
    assert_eq!(open.len(), 1);
    let attempt = open[0].attempts.last().unwrap();
    let signed = &attempt.signed;
    (attempt.kind, signed.hash, signed.fees.max_fee_wei)
}

fn in_epoch(seed: u64, epoch: u64) -> Claim {
    Claim {
        epoch: Epoch(epoch),
        ..claim(seed)
    }
}

/// Looks at what was sent, then a block, so often.
async fn follow_blocks(service: &Service, workers: &Workers, blocks: u64) {
    for _ in 0..blocks {
        workers.follow().await;
        service.chain.mine();
    }
    workers.follow().await;
}

#[tokio::test]
async fn claims_of_an_epoch_share_a_transaction() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(5).await;
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
    let service = Service::start().await;
    let workers = service.workers();
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
    let service = Service::start().await;
    let workers = service.workers();
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
async fn a_claim_is_batched_until_a_node_has_it() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(1).await;
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

#[tokio::test]
async fn a_refused_claim_has_its_reason_and_holds_up_nobody() {
    let reasons = [
        (RevertReason::NullifierSpent, Rejection::NullifierSpent),
        (RevertReason::InvalidProof, Rejection::InvalidProof),
        (RevertReason::CensusReached, Rejection::CensusReached),
        (RevertReason::FeeAboveAmount, Rejection::FeeAboveAmount),
        (RevertReason::BadRecipient, Rejection::BadRecipient),
        (RevertReason::Other([1; 4]), Rejection::Refused),
    ];
    let service = Service::start().await;
    let workers = service.workers();
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

#[tokio::test]
async fn a_refusal_that_a_reorg_can_take_away_is_not_believed() {
    let service = Service::start().await;
    let workers = service.workers();
    service.chain.mine_empty(CONFIRMATIONS);
    service.chain.pay_elsewhere(&claim(1));
    service.queue_claims(1).await;
    assert_eq!(workers.relay.step().await.unwrap(), 0);
    assert_eq!(service.claim(1).await, ClaimState::Queued);
    service.chain.reorg(1, Fate::Forgotten);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
}

#[tokio::test]
async fn a_claim_whose_window_ends_while_it_waits_is_rejected_in_the_end() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(2).await;
    service.chain.warp_to(Epoch(WINDOW));
    for _ in 0..CONFIRMATIONS {
        assert_eq!(workers.relay.step().await.unwrap(), 0);
        assert_eq!(service.claim(1).await, ClaimState::Queued);
        service.chain.mine();
    }
    workers.relay.step().await.unwrap();
    let late = ClaimState::Rejected(Rejection::EpochNotOpen);
    assert_eq!(service.claim(1).await, late);
    assert_eq!(service.claim(2).await, late);
}

#[tokio::test]
async fn a_claim_of_an_epoch_that_a_late_node_does_not_know_waits() {
    let service = Service::start().await;
    let workers = service.workers();
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
async fn claims_of_an_epoch_without_money_hide_none_of_another() {
    let service = Service::start().await;
    let workers = service.workers();
    service.chain.warp_to(Epoch(1));
    // More than a step looks at, and older.
    for seed in 1_000..1_600 {
        let broke = in_epoch(seed, 0);
        service
            .chain
            .refuse(broke.nullifier_hash, RevertReason::NoMoney);
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

#[tokio::test]
async fn the_epoch_whose_window_ends_first_has_the_accounts_first() {
    let service = Service::start().await;
    let workers = service.workers();
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
    let expected = Purpose::Claims {
        nullifiers: vec![sooner.nullifier_hash],
    };
    assert_eq!(first.purpose, expected);
}

#[tokio::test]
async fn a_fee_that_the_amount_fell_below_holds_up_nobody_and_can_be_claimed_without() {
    let service = Service::start().await;
    let workers = service.workers();
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
    let too_high = ClaimState::Rejected(Rejection::FeeAboveAmount);
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
async fn a_node_that_answers_nothing_costs_a_step_one_slot() {
    let service = Service::start().await;
    let workers = service.workers();
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
async fn a_claim_that_was_paid_elsewhere_is_rejected_and_the_others_are_paid() {
    for count in [1, 3] {
        let service = Service::start().await;
        let workers = service.workers();
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
        let spent = ClaimState::Rejected(Rejection::NullifierSpent);
        assert_eq!(service.claim(100).await, spent, "of {count}");
        service.assert_paid_once(count - 1).await;
        assert_eq!(service.chain.payments(claim(100).nullifier_hash), 1);
        // It was not sent again and again.
        assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1);
    }
}

#[tokio::test]
async fn a_claim_that_came_out_of_a_batch_unpaid_is_sent_again_with_nobody_it_could_hide_behind() {
    let service = Service::start().await;
    let workers = service.workers();
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
    let spent = ClaimState::Rejected(Rejection::NullifierSpent);
    assert_eq!(service.claim(1).await, spent);
}

#[tokio::test]
async fn a_claim_that_the_token_does_not_pay_is_rejected_when_it_is_deep() {
    let service = Service::start().await;
    let workers = service.workers();
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
    let unpaid = ClaimState::Rejected(Rejection::TransferFailed);
    assert_eq!(service.claim(3).await, unpaid);
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
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 2);
}

#[tokio::test]
async fn more_is_offered_when_blocks_ask_more() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(2).await;
    workers.relay.step().await.unwrap();
    let (_, first, offered) = newest_attempt(&service).await;
    service.chain.set_base_fee(3 * BASE_FEE);
    follow_blocks(&service, &workers, FEES.bump_after_blocks - 1).await;
    assert_eq!(newest_attempt(&service).await.1, first);
    follow_blocks(&service, &workers, 1).await;
    let (kind, second, raised) = newest_attempt(&service).await;
    assert_eq!(kind, AttemptKind::Load);
    assert!(raised > 3 * BASE_FEE && raised > offered, "{raised}");
    let state = service.claim(1).await;
    assert_eq!(
        state,
        ClaimState::Submitted {
            transaction: second
        }
    );
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
    let paid = ClaimState::Final {
        transaction: second,
    };
    assert_eq!(service.claim(1).await, paid);
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1);
}

#[tokio::test]
async fn the_limit_holds_and_what_it_held_back_is_paid_when_gas_is_cheap_again() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(2).await;
    workers.relay.step().await.unwrap();
    service.chain.set_base_fee(FEES.max_fee_wei + 1);
    follow_blocks(&service, &workers, 100).await;
    for attempt in &service.open().await[0].attempts {
        assert!(attempt.signed.fees.max_fee_wei <= FEES.max_fee_wei);
    }
    service.chain.set_base_fee(BASE_FEE);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1);
}

#[tokio::test]
async fn an_offer_that_was_evicted_comes_down_with_the_market() {
    let service = Service::start().await;
    let workers = service.workers();
    service.chain.set_base_fee(7 * BASE_FEE);
    service.clock.set(GENESIS + RELAY_POLICY.max_wait_secs);
    service.queue_claims(1).await;
    workers.relay.step().await.unwrap();
    let (_, dear, offered) = newest_attempt(&service).await;
    service.chain.evict(dear);
    service.chain.set_base_fee(BASE_FEE);
    workers.follow().await;
    let (_, cheap, lower) = newest_attempt(&service).await;
    assert!(lower < offered / 2, "{lower} of {offered}");
    service.chain.mine();
    workers.follow().await;
    let mined = ClaimState::Mined { transaction: cheap };
    assert_eq!(service.claim(1).await, mined);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
}

#[tokio::test]
async fn whichever_attempt_is_mined_the_claims_are_paid_by_it() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(2).await;
    workers.relay.step().await.unwrap();
    let (_, first, _) = newest_attempt(&service).await;
    service.chain.set_base_fee(3 * BASE_FEE);
    follow_blocks(&service, &workers, FEES.bump_after_blocks).await;
    assert_ne!(newest_attempt(&service).await.1, first);
    service.chain.forget_pool();
    service.chain.mine_only(first);
    workers.follow().await;
    let mined = ClaimState::Mined { transaction: first };
    assert_eq!(service.claim(1).await, mined);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
}

#[tokio::test]
async fn a_stuck_claim_that_was_paid_elsewhere_is_cancelled_in_place() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(1).await;
    workers.relay.step().await.unwrap();
    service.chain.set_base_fee(3 * BASE_FEE);
    service.chain.pay_elsewhere(&claim(1));
    follow_blocks(&service, &workers, FEES.bump_after_blocks).await;
    assert_eq!(newest_attempt(&service).await.0, AttemptKind::Cancel);
    for seed in 2..=3 {
        service.queue(&claim(seed)).await;
    }
    workers.run(&service.chain, 2 * ROUNDS).await;
    let spent = ClaimState::Rejected(Rejection::NullifierSpent);
    assert_eq!(service.claim(1).await, spent);
    for seed in 2..=3 {
        assert_eq!(service.chain.payments(claim(seed).nullifier_hash), 1);
    }
    assert_eq!(service.chain.reverted(), 0);
    assert!(service.open().await.is_empty());
}

#[tokio::test]
async fn a_nonce_that_nothing_fills_is_filled() {
    let service = Service::start().await;
    let workers = service.workers();
    service.chain.mine_foreign(SenderRole::Relay);
    service.queue_claims(1).await;
    workers.relay.step().await.unwrap();
    assert_eq!(service.open().await[0].nonce, 1);
    service.chain.reorg(1, Fate::Forgotten);
    assert_eq!(workers.follow().await.filled, 1);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(1).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 2);
}

#[tokio::test]
async fn old_answers_about_nonces_do_no_harm() {
    let service = Service::start().await;
    let workers = service.workers();
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

#[tokio::test]
async fn a_slot_that_was_given_up_and_mined_after_all_has_paid() {
    let service = Service::start().await;
    let workers = service.workers();
    service.queue_claims(2).await;
    service.chain.lose_broadcasts(1);
    workers.relay.step().await.unwrap();
    let (_, given_up, _) = newest_attempt(&service).await;
    service.chain.mine_foreign(SenderRole::Relay);
    follow_blocks(&service, &workers, CONFIRMATIONS).await;
    assert_eq!(service.claim(1).await, ClaimState::Queued);
    // A reorg beyond what counts as final.
    service.chain.roll_back(CONFIRMATIONS + 1, Fate::Forgotten);
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
async fn a_claim_that_a_reorg_drops_is_paid_again_once() {
    for fate in [Fate::BackToPool, Fate::Forgotten] {
        for depth in 1..=8 {
            let service = Service::start().await;
            let workers = service.workers();
            service.chain.mine_empty(8);
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
            assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1);
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
    assert!(matches!(state, SlotState::Mined { block_number, .. } if block_number == height));
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

#[tokio::test]
async fn bytes_that_get_lost_are_sent_again() {
    let service = Service::start().await;
    let workers = service.workers();
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
async fn fees_that_a_chain_refuses_by_their_kind_become_a_gas_price_at_once() {
    let service = Service::start().await;
    let workers = service.workers();
    service.chain.take_only_gas_prices();
    service.queue_claims(2).await;
    workers.relay.step().await.unwrap_err();
    workers.follow().await;
    let open = service.open().await;
    let fees = open[0].attempts.iter().map(|one| one.signed.fees);
    let are_gas_prices: Vec<bool> = fees.map(|fees| fees.is_gas_price()).collect();
    assert_eq!(are_gas_prices, [false, true]);
    workers.run(&service.chain, ROUNDS).await;
    service.assert_paid_once(2).await;
    assert_eq!(service.chain.used_nonces(SenderRole::Relay), 1);
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
    assert_eq!(first.unwrap() + second.unwrap(), 8);
    one.run(&service.chain, 2 * ROUNDS).await;
    service.assert_paid_once(8).await;
    assert_eq!(
        service.store.pending_claims().await.unwrap(),
        Pending::default()
    );
    assert_eq!(service.open().await, []);
}
