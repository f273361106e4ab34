//! Contract of `OutboxRepository`.

#![expect(missing_docs, reason = "a case is named after what holds")]

use annona_core::LeafIndex;
use annona_engine::ports::{
    Disposition, EnqueueOutcome, OutboxState, OutboxTransaction, Store, StoreError, TransactionId,
};
use annona_engine::{ClaimState, EnrolmentState, Rejection};

use super::fixtures::{
    address, admit, append_purpose, assert_hit_nothing, claim_purpose, duplicate, enrolment_state,
    nullifier, queue_claims, send, signed, word,
};

async fn claim_state<S: Store>(store: &S, seed: u64) -> ClaimState {
    store.claim(nullifier(seed)).await.unwrap().unwrap().state
}

async fn open_states<S: Store>(store: &S) -> Vec<(TransactionId, OutboxState)> {
    let open = store.open_transactions().await.unwrap();
    open.iter().map(|row| (row.id, row.state)).collect()
}

/// Every enrolment of `seeds` is in the state that `expected` makes of its leaf.
async fn assert_enrolments<S: Store>(
    store: &S,
    seeds: &[u64],
    first_leaf: u64,
    expected: impl Fn(LeafIndex) -> EnrolmentState,
) {
    for (seed, leaf) in seeds.iter().zip(first_leaf..) {
        let leaf_index = LeafIndex::try_from(leaf).unwrap();
        assert_eq!(enrolment_state(store, *seed).await, expected(leaf_index));
    }
}

pub async fn the_next_nonce_follows_both_the_rows_and_the_chain<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let sender = address("sender", 0);
    assert_eq!(store.next_nonce(sender, 0).await.unwrap(), 0);
    assert_eq!(store.next_nonce(sender, 5).await.unwrap(), 5);
    send(&store, &signed(5, 0), &claim_purpose(1)).await;
    send(&store, &signed(9, 0), &claim_purpose(2)).await;
    assert_eq!(store.next_nonce(sender, 5).await.unwrap(), 10);
    assert_eq!(store.next_nonce(sender, 10).await.unwrap(), 10);
    assert_eq!(store.next_nonce(sender, 11).await.unwrap(), 11);
    let other = address("sender", 1);
    assert_eq!(store.next_nonce(other, 3).await.unwrap(), 3);
}

pub async fn a_claim_lives_from_queue_to_final_through_a_reorg<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let (stored, purpose) = (signed(0, 0), claim_purpose(1));
    let transaction = stored.hash;
    let id = send(&store, &stored, &purpose).await;
    let submitted = ClaimState::Submitted { transaction };
    assert_eq!(claim_state(&store, 1).await, submitted);
    assert_eq!(store.pending_claims().await.unwrap(), (1, 1));

    let first_block = OutboxState::Mined {
        block_number: 70,
        block_hash: word("block", 70),
    };
    store.mark_mined(id, 70, word("block", 70)).await.unwrap();
    let mined = ClaimState::Mined { transaction };
    assert_eq!(claim_state(&store, 1).await, mined);
    assert_eq!(
        store.open_transactions().await.unwrap(),
        [OutboxTransaction {
            id,
            signed: stored,
            purpose,
            state: first_block
        }]
    );

    store.mark_unmined(id).await.unwrap();
    assert_eq!(claim_state(&store, 1).await, submitted);
    assert_eq!(open_states(&store).await, [(id, OutboxState::Sent)]);

    store.mark_mined(id, 71, word("block", 71)).await.unwrap();
    assert_eq!(claim_state(&store, 1).await, mined);
    store.mark_final(id).await.unwrap();
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Final { transaction }
    );
    assert_eq!(open_states(&store).await, []);
    assert_eq!(store.pending_claims().await.unwrap(), (1, 0));
    assert_eq!(claim_state(&store, 2).await, ClaimState::Queued);
}

pub async fn an_append_lives_from_queue_to_final_through_a_reorg<S: Store>(store: S) {
    admit(&store, 4).await;
    // Leaves take the order of the transaction, not that of arrival.
    let seeds = [3, 1, 2];
    let (stored, purpose) = (signed(0, 0), append_purpose(40, &seeds));
    let transaction = stored.hash;
    let id = send(&store, &stored, &purpose).await;
    let submitted = |_| EnrolmentState::Submitted { transaction };
    assert_enrolments(&store, &seeds, 40, submitted).await;
    assert_eq!(store.pending_enrolments().await.unwrap(), (1, 3));
    assert_eq!(
        store.open_transactions().await.unwrap(),
        [OutboxTransaction {
            id,
            signed: stored,
            purpose,
            state: OutboxState::Sent
        }]
    );

    let mined = |leaf_index| EnrolmentState::Mined {
        transaction,
        leaf_index,
    };
    store.mark_mined(id, 70, word("block", 70)).await.unwrap();
    assert_enrolments(&store, &seeds, 40, mined).await;
    store.mark_unmined(id).await.unwrap();
    assert_enrolments(&store, &seeds, 40, submitted).await;
    store.mark_mined(id, 71, word("block", 71)).await.unwrap();
    assert_enrolments(&store, &seeds, 40, mined).await;
    store.mark_final(id).await.unwrap();
    assert_enrolments(&store, &seeds, 40, |leaf_index| EnrolmentState::Final {
        transaction,
        leaf_index,
    })
    .await;
    assert_eq!(open_states(&store).await, []);
    assert_eq!(store.pending_enrolments().await.unwrap(), (1, 0));
    assert_eq!(enrolment_state(&store, 4).await, EnrolmentState::Queued);
}

pub async fn a_claim_that_was_sent_can_be_rejected<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let id = send(&store, &signed(0, 0), &claim_purpose(1)).await;
    let disposition = Disposition::Reject(Rejection::NullifierSpent);
    store.mark_failed(id, disposition).await.unwrap();
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Rejected(Rejection::NullifierSpent)
    );
    assert_eq!(open_states(&store).await, []);
    assert_eq!(store.pending_claims().await.unwrap(), (0, 0));
}

pub async fn a_mined_transaction_is_not_given_up<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let transaction = signed(0, 0);
    let id = send(&store, &transaction, &claim_purpose(1)).await;
    store.mark_mined(id, 7, word("block", 7)).await.unwrap();
    for disposition in [
        Disposition::Requeue,
        Disposition::Reject(Rejection::Refused),
    ] {
        assert_hit_nothing(store.mark_failed(id, disposition).await);
    }
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Mined {
            transaction: transaction.hash
        }
    );
    assert_eq!(open_states(&store).await.len(), 1);
}

pub async fn a_failed_append_queues_its_enrolments_again<S: Store>(store: S) {
    admit(&store, 3).await;
    let id = send(&store, &signed(0, 0), &append_purpose(0, &[1, 2])).await;
    store.mark_failed(id, Disposition::Requeue).await.unwrap();
    for seed in 1..=3 {
        assert_eq!(enrolment_state(&store, seed).await, EnrolmentState::Queued);
    }
    assert_eq!(open_states(&store).await, []);
}

pub async fn an_append_cannot_be_rejected<S: Store>(store: S) {
    admit(&store, 1).await;
    let id = send(&store, &signed(0, 0), &append_purpose(0, &[1])).await;
    let disposition = Disposition::Reject(Rejection::Refused);
    let result = store.mark_failed(id, disposition).await;
    assert!(matches!(result, Err(StoreError::Backend(_))), "{result:?}");
    assert_eq!(open_states(&store).await, [(id, OutboxState::Sent)]);
    assert!(matches!(
        enrolment_state(&store, 1).await,
        EnrolmentState::Submitted { .. }
    ));
}

pub async fn a_nonce_is_stored_once<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    admit(&store, 1).await;
    let id = send(&store, &signed(4, 0), &claim_purpose(1)).await;
    for purpose in [claim_purpose(2), append_purpose(0, &[1])] {
        let outcome = store.enqueue(&signed(4, 1), &purpose).await.unwrap();
        assert_eq!(outcome, EnqueueOutcome::NonceTaken);
    }
    assert_eq!(claim_state(&store, 2).await, ClaimState::Queued);
    assert_eq!(enrolment_state(&store, 1).await, EnrolmentState::Queued);
    assert_eq!(open_states(&store).await, [(id, OutboxState::Sent)]);

    let mut other_sender = signed(4, 2);
    other_sender.sender = address("sender", 1);
    send(&store, &other_sender, &claim_purpose(2)).await;
}

pub async fn a_failed_transaction_keeps_its_nonce<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let id = send(&store, &signed(4, 0), &claim_purpose(1)).await;
    store.mark_failed(id, Disposition::Requeue).await.unwrap();
    let outcome = store.enqueue(&signed(4, 1), &claim_purpose(1)).await;
    assert_eq!(outcome.unwrap(), EnqueueOutcome::NonceTaken);
    let next = store.next_nonce(address("sender", 0), 0).await.unwrap();
    assert_eq!(next, 5);
}

pub async fn a_load_that_is_not_queued_is_not_sent<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    admit(&store, 1).await;
    store.record_enrolment(&duplicate(2)).await.unwrap();
    send(&store, &signed(0, 0), &claim_purpose(1)).await;
    send(&store, &signed(1, 0), &append_purpose(0, &[1])).await;
    store
        .reject_claim(nullifier(2), Rejection::InvalidProof)
        .await
        .unwrap();
    let moved = [
        ("a claim that is submitted", claim_purpose(1)),
        ("a claim that is rejected", claim_purpose(2)),
        ("a claim that is unknown", claim_purpose(3)),
        ("an enrolment that is submitted", append_purpose(1, &[1])),
        ("an enrolment that is refused", append_purpose(1, &[2])),
        ("an enrolment that is unknown", append_purpose(1, &[3])),
    ];
    for (what, purpose) in moved {
        let outcome = store.enqueue(&signed(2, 0), &purpose).await.unwrap();
        assert_eq!(outcome, EnqueueOutcome::LoadMoved, "{what}");
    }
    assert_eq!(open_states(&store).await.len(), 2);
    let next = store.next_nonce(address("sender", 0), 0).await.unwrap();
    assert_eq!(next, 2);
}

pub async fn an_append_is_sent_whole_or_not_at_all<S: Store>(store: S) {
    admit(&store, 3).await;
    let transaction = signed(0, 0);
    send(&store, &transaction, &append_purpose(0, &[2])).await;
    for seeds in [[1, 2, 3], [1, 3, 3]] {
        let purpose = append_purpose(1, &seeds);
        let outcome = store.enqueue(&signed(1, 0), &purpose).await.unwrap();
        assert_eq!(outcome, EnqueueOutcome::LoadMoved);
    }
    for seed in [1, 3] {
        assert_eq!(enrolment_state(&store, seed).await, EnrolmentState::Queued);
    }
    assert_eq!(
        enrolment_state(&store, 2).await,
        EnrolmentState::Submitted {
            transaction: transaction.hash
        }
    );
    assert_eq!(open_states(&store).await.len(), 1);
}

pub async fn an_append_has_enrolments_inside_the_tree<S: Store>(store: S) {
    admit(&store, 2).await;
    let last = (1 << 30) - 1;
    for purpose in [append_purpose(0, &[]), append_purpose(last, &[1, 2])] {
        let result = store.enqueue(&signed(0, 0), &purpose).await;
        assert!(matches!(result, Err(StoreError::Backend(_))), "{result:?}");
    }
    assert_eq!(store.pending_enrolments().await.unwrap(), (2, 0));
    send(&store, &signed(0, 0), &append_purpose(last, &[1])).await;
}

pub async fn a_transaction_moves_only_from_the_state_before<S: Store>(store: S) {
    // Of two: a guard of the load alone would miss two rows, not one.
    admit(&store, 2).await;
    let block = word("block", 7);
    assert_hit_nothing(store.mark_mined(TransactionId(1), 7, block).await);
    let id = send(&store, &signed(0, 0), &append_purpose(0, &[1, 2])).await;
    assert_hit_nothing(store.mark_unmined(id).await);
    assert_hit_nothing(store.mark_final(id).await);
    assert_hit_nothing(store.mark_mined(TransactionId(id.0 + 1), 7, block).await);
    assert_eq!(open_states(&store).await, [(id, OutboxState::Sent)]);

    store.mark_mined(id, 7, block).await.unwrap();
    assert_hit_nothing(store.mark_mined(id, 8, word("block", 8)).await);
    let mined = OutboxState::Mined {
        block_number: 7,
        block_hash: block,
    };
    assert_eq!(open_states(&store).await, [(id, mined)]);
}

pub async fn a_settled_transaction_does_not_move<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let block = word("block", 7);
    let paid = signed(0, 0);
    let done = send(&store, &paid, &claim_purpose(1)).await;
    store.mark_mined(done, 7, block).await.unwrap();
    store.mark_final(done).await.unwrap();
    let failed = send(&store, &signed(1, 0), &claim_purpose(2)).await;
    store
        .mark_failed(failed, Disposition::Requeue)
        .await
        .unwrap();
    for id in [done, failed] {
        assert_hit_nothing(store.mark_mined(id, 7, block).await);
        assert_hit_nothing(store.mark_unmined(id).await);
        assert_hit_nothing(store.mark_final(id).await);
        assert_hit_nothing(store.mark_failed(id, Disposition::Requeue).await);
    }
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Final {
            transaction: paid.hash
        }
    );
    assert_eq!(claim_state(&store, 2).await, ClaimState::Queued);
}

pub async fn open_transactions_are_in_order_of_sender_and_nonce<S: Store>(store: S) {
    queue_claims(&store, 6).await;
    let mut expected = Vec::new();
    for (seed, (sender, nonce)) in (1..).zip([(1, 8), (0, 9), (1, 7), (0, 10), (0, 2), (1, 11)]) {
        let mut transaction = signed(nonce, sender);
        transaction.sender = address("sender", sender);
        expected.push((transaction.sender, nonce));
        send(&store, &transaction, &claim_purpose(seed)).await;
    }
    expected.sort_unstable();
    let open = store.open_transactions().await.unwrap();
    let actual: Vec<_> = open
        .iter()
        .map(|row| (row.signed.sender, row.signed.nonce))
        .collect();
    assert_eq!(actual, expected);
}

pub async fn a_failed_load_can_be_sent_again<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    admit(&store, 2).await;
    let claim_try = send(&store, &signed(0, 0), &claim_purpose(1)).await;
    let append_try = send(&store, &signed(1, 0), &append_purpose(0, &[1, 2])).await;
    for id in [claim_try, append_try] {
        store.mark_failed(id, Disposition::Requeue).await.unwrap();
    }
    let (paid, joined) = (signed(2, 0), signed(3, 0));
    let claim_retry = send(&store, &paid, &claim_purpose(1)).await;
    let append_retry = send(&store, &joined, &append_purpose(9, &[2, 1])).await;
    for id in [claim_retry, append_retry] {
        store.mark_mined(id, 7, word("block", 7)).await.unwrap();
        store.mark_final(id).await.unwrap();
    }
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Final {
            transaction: paid.hash
        }
    );
    assert_enrolments(&store, &[2, 1], 9, |leaf_index| EnrolmentState::Final {
        transaction: joined.hash,
        leaf_index,
    })
    .await;
}
