//! Contract of `ClaimRepository`.

#![expect(missing_docs, reason = "a case is named after what holds")]

use annona_core::{AmountWei, Claim, Epoch, U256, UnixSeconds};
use annona_engine::ports::{InsertClaimOutcome, PendingCounts, QueuedClaim, Store, StoreError};
use annona_engine::{ClaimRecord, ClaimRejection, ClaimState};

use super::fixtures::{
    NOW, assert_hit_nothing, claim, claim_payload, intake, nullifier, queue_claims, send, signed,
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
    assert_eq!(
        store.pending_claims().await.unwrap(),
        PendingCounts {
            queued: 2,
            under_way: 0
        }
    );
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

/// Queues claims `1..=count` of one epoch, and returns them.
async fn queue_in_one_epoch<S: Store>(store: &S, count: u64) -> Vec<Claim> {
    let mut claims = Vec::new();
    for seed in 1..=count {
        let asked = Claim {
            epoch: Epoch(7),
            ..claim(seed)
        };
        store.insert_claim(&asked, &intake(NOW)).await.unwrap();
        claims.push(asked);
    }
    claims
}

pub async fn claims_queue_in_order_of_arrival<S: Store>(store: S) {
    let claims = queue_in_one_epoch(&store, 20).await;
    let queued = store.queued_claims(12).await.unwrap();
    let actual: Vec<_> = queued.iter().map(|one| one.record.claim).collect();
    assert_eq!(actual, claims[..12]);
    assert_eq!(
        store.pending_claims().await.unwrap(),
        PendingCounts {
            queued: 20,
            under_way: 0
        }
    );
}

pub async fn a_requeued_claim_keeps_its_place<S: Store>(store: S) {
    let claims = queue_in_one_epoch(&store, 3).await;
    let id = send(&store, &signed(0, 0), &claim_payload(1)).await;
    assert_eq!(
        store.pending_claims().await.unwrap(),
        PendingCounts {
            queued: 2,
            under_way: 1
        }
    );
    store.mark_failed(id).await.unwrap();
    let queued = store.queued_claims(10).await.unwrap();
    let actual: Vec<_> = queued.iter().map(|one| one.record.claim).collect();
    assert_eq!(actual, claims);
    let was_sent: Vec<bool> = queued.iter().map(|one| one.was_sent).collect();
    assert_eq!(was_sent, [true, false, false]);
}

pub async fn an_adopted_claim_is_final<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let transaction = word("transaction", 77);
    store.adopt_claim(nullifier(1), transaction).await.unwrap();
    let record = store.claim(nullifier(1)).await.unwrap().unwrap();
    assert_eq!(record.state, ClaimState::Final { transaction });
    send(&store, &signed(0, 0), &claim_payload(2)).await;
    for seed in [1, 2, 3] {
        assert_hit_nothing(store.adopt_claim(nullifier(seed), transaction).await);
    }
}

pub async fn every_rejection_is_kept<S: Store>(store: S) {
    queue_claims(&store, ClaimRejection::ALL.len() as u64).await;
    for (seed, why) in (1..).zip(ClaimRejection::ALL) {
        store.reject_claim(nullifier(seed), why).await.unwrap();
        let record = store.claim(nullifier(seed)).await.unwrap().unwrap();
        assert_eq!(record.state, ClaimState::Rejected(why));
    }
    assert_eq!(
        store.pending_claims().await.unwrap(),
        PendingCounts::default()
    );
    assert_eq!(store.queued_claims(10).await.unwrap(), []);
}

pub async fn only_a_queued_claim_is_rejected<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let transaction = signed(0, 0);
    send(&store, &transaction, &claim_payload(1)).await;
    store
        .reject_claim(nullifier(2), ClaimRejection::InvalidProof)
        .await
        .unwrap();
    for seed in [1, 2, 3] {
        let result = store
            .reject_claim(nullifier(seed), ClaimRejection::NullifierSpent)
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
        ClaimState::Rejected(ClaimRejection::InvalidProof)
    );
}

pub async fn a_rejected_claim_is_made_again_and_no_other<S: Store>(store: S) {
    queue_claims(&store, 3).await;
    let again = Claim {
        nullifier_hash: nullifier(1),
        epoch: Epoch(claim(1).epoch.0 + 1),
        ..claim(9)
    };
    let later = UnixSeconds(NOW.0 + 5);
    send(&store, &signed(0, 0), &claim_payload(2)).await;
    store
        .adopt_claim(nullifier(3), word("transaction", 7))
        .await
        .unwrap();
    for seed in [1, 2, 3] {
        let stored = store.claim(nullifier(seed)).await.unwrap().unwrap();
        let mut rival = again;
        rival.nullifier_hash = nullifier(seed);
        let outcome = store.insert_claim(&rival, &intake(later)).await.unwrap();
        assert_eq!(outcome, InsertClaimOutcome::Existing(stored), "{seed}");
    }
    for rejection in [ClaimRejection::FeeAboveAmount, ClaimRejection::InvalidProof] {
        store.reject_claim(nullifier(1), rejection).await.unwrap();
        let outcome = store.insert_claim(&again, &intake(later)).await.unwrap();
        assert_eq!(outcome, InsertClaimOutcome::Inserted);
        let record = store.claim(nullifier(1)).await.unwrap().unwrap();
        let expected = ClaimRecord {
            claim: again,
            intake: intake(later),
            state: ClaimState::Queued,
        };
        assert_eq!(record, expected);
    }
    let queued = store.queued_claims(10).await.unwrap();
    assert_eq!(queued.len(), 1);
}

pub async fn a_claim_that_is_made_again_has_attempts_of_its_own<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let first = signed(0, 0);
    let id = send(&store, &first, &claim_payload(1)).await;
    let attempts = store.attempts_to_pay(nullifier(1)).await.unwrap();
    assert_eq!(attempts, [first.hash]);
    store.mark_failed(id).await.unwrap();
    store
        .reject_claim(nullifier(1), ClaimRejection::FeeAboveAmount)
        .await
        .unwrap();
    store.insert_claim(&claim(1), &intake(NOW)).await.unwrap();
    let attempts = store.attempts_to_pay(nullifier(1)).await.unwrap();
    assert!(attempts.is_empty());
    let queued = store.queued_claims(1).await.unwrap();
    assert!(
        queued[0].was_sent,
        "it is looked at alone before it is sent"
    );
    let second = signed(1, 0);
    send(&store, &second, &claim_payload(1)).await;
    let attempts = store.attempts_to_pay(nullifier(1)).await.unwrap();
    assert_eq!(attempts, [second.hash]);
}

pub async fn claims_of_an_epoch_hide_none_of_another<S: Store>(store: S) {
    let epochs = [7, 7, 7, 5, 6, 5];
    for (seed, epoch) in (1..).zip(epochs) {
        let asked = Claim {
            epoch: Epoch(epoch),
            ..claim(seed)
        };
        store.insert_claim(&asked, &intake(NOW)).await.unwrap();
    }
    let queued = store.queued_claims(2).await.unwrap();
    let order = queued.iter().map(|one| one.record.claim.nullifier_hash);
    let expected = [4, 6, 5, 1, 2].map(nullifier);
    assert_eq!(order.collect::<Vec<_>>(), expected);
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
