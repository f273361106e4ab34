//! Contract of `ClaimRepository`.

#![expect(missing_docs, reason = "a case is named after what holds")]

use annona_core::{AmountWei, U256, UnixSeconds};
use annona_engine::ports::{InsertClaimOutcome, QueuedClaim, Store, StoreError};
use annona_engine::{ClaimRecord, ClaimState, Rejection};

use super::fixtures::{
    NOW, assert_hit_nothing, claim, claim_purpose, intake, nullifier, queue_claims, send, signed,
    word,
};

pub async fn a_claim_is_queued_and_every_part_comes_back<S: Store>(store: S) {
    let mut largest_fee = claim(2);
    largest_fee.payment.fee = AmountWei(U256::MAX);
    for asked in [claim(1), largest_fee] {
        let outcome = store.insert_claim(&asked, &intake(NOW)).await.unwrap();
        assert_eq!(outcome, InsertClaimOutcome::Inserted);
        let record = store.claim(asked.nullifier_hash).await.unwrap();
        assert_eq!(
            record,
            Some(ClaimRecord {
                claim: asked,
                intake: intake(NOW),
                state: ClaimState::Queued
            })
        );
    }
    assert_eq!(store.pending_claims().await.unwrap(), (2, 0));
}

pub async fn a_nullifier_has_one_claim<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let first = store.claim(nullifier(1)).await.unwrap().unwrap();
    let mut other = claim(2);
    other.nullifier_hash = nullifier(1);
    for second in [claim(1), other] {
        let outcome = store
            .insert_claim(&second, &intake(UnixSeconds(NOW.0 + 1)))
            .await;
        assert_eq!(outcome.unwrap(), InsertClaimOutcome::Existing(first));
    }
    let queued = QueuedClaim {
        record: first,
        was_sent: false,
    };
    assert_eq!(store.queued_claims(10).await.unwrap(), [queued]);
}

pub async fn claims_queue_in_order_of_arrival<S: Store>(store: S) {
    queue_claims(&store, 20).await;
    let queued = store.queued_claims(12).await.unwrap();
    let expected: Vec<_> = (1..=12).map(claim).collect();
    let actual: Vec<_> = queued.iter().map(|one| one.record.claim).collect();
    assert_eq!(actual, expected);
    assert_eq!(store.pending_claims().await.unwrap(), (20, 0));
}

pub async fn a_requeued_claim_keeps_its_place<S: Store>(store: S) {
    queue_claims(&store, 3).await;
    let id = send(&store, &signed(0, 0), &claim_purpose(1)).await;
    assert_eq!(store.pending_claims().await.unwrap(), (2, 1));
    store.mark_failed(id).await.unwrap();
    let queued = store.queued_claims(10).await.unwrap();
    let actual: Vec<_> = queued.iter().map(|one| one.record.claim).collect();
    assert_eq!(actual, [1, 2, 3].map(claim));
    let was_sent: Vec<bool> = queued.iter().map(|one| one.was_sent).collect();
    assert_eq!(was_sent, [true, false, false]);
}

pub async fn an_adopted_claim_is_final<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let transaction = word("transaction", 77);
    store.adopt_claim(nullifier(1), transaction).await.unwrap();
    let record = store.claim(nullifier(1)).await.unwrap().unwrap();
    assert_eq!(record.state, ClaimState::Final { transaction });
    send(&store, &signed(0, 0), &claim_purpose(2)).await;
    for seed in [1, 2, 3] {
        assert_hit_nothing(store.adopt_claim(nullifier(seed), transaction).await);
    }
}

pub async fn every_rejection_is_kept<S: Store>(store: S) {
    queue_claims(&store, Rejection::ALL.len() as u64).await;
    for (seed, why) in (1..).zip(Rejection::ALL) {
        store.reject_claim(nullifier(seed), why).await.unwrap();
        let record = store.claim(nullifier(seed)).await.unwrap().unwrap();
        assert_eq!(record.state, ClaimState::Rejected(why));
    }
    assert_eq!(store.pending_claims().await.unwrap(), (0, 0));
    assert_eq!(store.queued_claims(10).await.unwrap(), []);
}

pub async fn only_a_queued_claim_is_rejected<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let transaction = signed(0, 0);
    send(&store, &transaction, &claim_purpose(1)).await;
    store
        .reject_claim(nullifier(2), Rejection::InvalidProof)
        .await
        .unwrap();
    for seed in [1, 2, 3] {
        let result = store
            .reject_claim(nullifier(seed), Rejection::NullifierSpent)
            .await;
        assert_hit_nothing(result);
    }
    let submitted = store.claim(nullifier(1)).await.unwrap().unwrap();
    assert_eq!(
        submitted.state,
        ClaimState::Batched {
            transaction: transaction.hash
        }
    );
    let rejected = store.claim(nullifier(2)).await.unwrap().unwrap();
    assert_eq!(
        rejected.state,
        ClaimState::Rejected(Rejection::InvalidProof)
    );
}

pub async fn a_rejected_claim_keeps_its_nullifier<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    store
        .reject_claim(nullifier(1), Rejection::Refused)
        .await
        .unwrap();
    let rejected = store.claim(nullifier(1)).await.unwrap().unwrap();
    let outcome = store.insert_claim(&claim(1), &intake(NOW)).await.unwrap();
    assert_eq!(outcome, InsertClaimOutcome::Existing(rejected));
}

pub async fn an_unknown_claim_is_none<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    assert_eq!(store.claim(nullifier(2)).await.unwrap(), None);
}

pub async fn an_epoch_beyond_63_bits_is_an_error<S: Store>(store: S) {
    let mut far = claim(1);
    far.epoch.0 = u64::MAX;
    let result = store.insert_claim(&far, &intake(NOW)).await;
    assert!(matches!(result, Err(StoreError::Backend(_))), "{result:?}");
    assert_eq!(store.claim(nullifier(1)).await.unwrap(), None);
}
