//! Offers that go up and down, and replacements.

use annona_engine::ports::{AttemptKind, SenderRole};
use annona_engine::{ClaimRejection, ClaimState};

use super::{ROUNDS, follow_blocks, newest_attempt, start, start_with_sent};
use crate::chain::{BASE_FEE, GENESIS};
use crate::service::{FEES, RELAY_POLICY, claim};

#[tokio::test]
async fn more_is_offered_when_blocks_ask_more() {
    let (service, workers) = start_with_sent(2).await;
    let (_, first, offered) = newest_attempt(&service).await;
    service.chain.set_base_fee(3 * BASE_FEE);
    follow_blocks(&service, &workers, FEES.bump_after_blocks - 1).await;
    assert_eq!(newest_attempt(&service).await.1, first);
    follow_blocks(&service, &workers, 1).await;
    let (kind, second, raised) = newest_attempt(&service).await;
    assert_eq!(kind, AttemptKind::Payload);
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
    let (service, workers) = start_with_sent(2).await;
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
    let (service, workers) = start().await;
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
    let (service, workers) = start_with_sent(2).await;
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
    let (service, workers) = start_with_sent(1).await;
    service.chain.set_base_fee(3 * BASE_FEE);
    service.chain.pay_elsewhere(&claim(1));
    follow_blocks(&service, &workers, FEES.bump_after_blocks).await;
    assert_eq!(newest_attempt(&service).await.0, AttemptKind::Cancel);
    for seed in 2..=3 {
        service.queue(&claim(seed)).await;
    }
    workers.run(&service.chain, 2 * ROUNDS).await;
    let spent = ClaimState::Rejected(ClaimRejection::NullifierSpent);
    assert_eq!(service.claim(1).await, spent);
    for seed in 2..=3 {
        assert_eq!(service.chain.payments(claim(seed).nullifier_hash), 1);
    }
    assert_eq!(service.chain.reverted(), 0);
    assert!(service.open().await.is_empty());
}

#[tokio::test]
async fn fees_that_a_chain_refuses_by_their_kind_become_a_gas_price_at_once() {
    let (service, workers) = start().await;
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
