//! Contract of `OutboxRepository`.

#![expect(missing_docs, reason = "a case is named after what holds")]

use annona_core::{LeafIndex, NullifierHash};
use annona_engine::ports::{
    Attempt, AttemptKind, AttemptOutcome, OpenOutcome, Payload, PendingCounts, Slot, SlotId,
    SlotState, Store, StoreError,
};
use annona_engine::{ClaimRejection, ClaimState, EnrolmentState};

use super::fixtures::{
    address, admit, append_payload, assert_hit_nothing, claim_payload, claims_payload, duplicate,
    enrolment_state, mine, nullifier, payload_attempt, queue_claims, send, signed, word,
};

async fn claim_state<S: Store>(store: &S, seed: u64) -> ClaimState {
    store.claim(nullifier(seed)).await.unwrap().unwrap().state
}

async fn open_states<S: Store>(store: &S) -> Vec<(SlotId, SlotState)> {
    let open = store.open_slots().await.unwrap();
    open.iter().map(|slot| (slot.id, slot.state)).collect()
}

async fn queued<S: Store>(store: &S) -> Vec<NullifierHash> {
    let queued = store.queued_claims(1_000).await.unwrap();
    let nullifiers = queued.iter().map(|one| one.record.claim.nullifier_hash);
    nullifiers.collect()
}

/// An attempt that only uses the nonce.
fn cancel(nonce: u64, salt: u64) -> Attempt {
    Attempt {
        kind: AttemptKind::Cancel,
        ..payload_attempt(signed(nonce, salt))
    }
}

async fn add<S: Store>(store: &S, id: SlotId, attempt: &Attempt) -> AttemptOutcome {
    store.add_attempt(id, attempt).await.unwrap()
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
    send(&store, &signed(5, 0), &claim_payload(1)).await;
    send(&store, &signed(9, 0), &claim_payload(2)).await;
    assert_eq!(store.next_nonce(sender, 5).await.unwrap(), 10);
    assert_eq!(store.next_nonce(sender, 10).await.unwrap(), 10);
    assert_eq!(store.next_nonce(sender, 11).await.unwrap(), 11);
    let other = address("sender", 1);
    assert_eq!(store.next_nonce(other, 3).await.unwrap(), 3);
}

pub async fn a_batch_of_claims_lives_from_queue_to_final_through_a_reorg<S: Store>(store: S) {
    queue_claims(&store, 3).await;
    let (stored, payload) = (signed(0, 0), claims_payload(&[2, 1]));
    let transaction = stored.hash;
    let id = send(&store, &stored, &payload).await;
    let batched = ClaimState::Batched { transaction };
    assert_eq!(claim_state(&store, 1).await, batched);
    assert_eq!(
        store.pending_claims().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 2
        }
    );
    store.mark_sent(id).await.unwrap();
    let submitted = ClaimState::Submitted { transaction };
    assert_eq!(claim_state(&store, 1).await, submitted);

    mine(&store, id, &stored, 70, &[1, 2]).await.unwrap();
    let mined = ClaimState::Mined { transaction };
    assert_eq!(claim_state(&store, 1).await, mined);
    assert_eq!(
        store.open_slots().await.unwrap(),
        [Slot {
            id,
            sender: stored.sender,
            nonce: 0,
            payload,
            state: SlotState::Mined {
                transaction,
                block_number: 70,
                block_hash: word("block", 70),
            },
            attempts: vec![payload_attempt(stored.clone())],
        }]
    );

    store.mark_unmined(id).await.unwrap();
    assert_eq!(claim_state(&store, 1).await, submitted);
    assert_eq!(open_states(&store).await, [(id, SlotState::Sent)]);

    mine(&store, id, &stored, 71, &[1, 2]).await.unwrap();
    assert_eq!(claim_state(&store, 1).await, mined);
    store.mark_final(id, &[]).await.unwrap();
    let settled = ClaimState::Final { transaction };
    assert_eq!(claim_state(&store, 1).await, settled);
    assert_eq!(claim_state(&store, 2).await, settled);
    assert_eq!(open_states(&store).await, []);
    assert_eq!(
        store.pending_claims().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 0
        }
    );
    assert_eq!(claim_state(&store, 3).await, ClaimState::Queued);
}

pub async fn an_append_lives_from_queue_to_final_through_a_reorg<S: Store>(store: S) {
    admit(&store, 4).await;
    // Leaves take the order of the transaction, not that of arrival.
    let seeds = [3, 1, 2];
    let (stored, payload) = (signed(0, 0), append_payload(40, &seeds));
    let transaction = stored.hash;
    let id = send(&store, &stored, &payload).await;
    let submitted = |_| EnrolmentState::Submitted { transaction };
    assert_enrolments(&store, &seeds, 40, submitted).await;
    assert_eq!(
        store.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 3
        }
    );
    let open = store.open_slots().await.unwrap();
    assert_eq!(open[0].payload, payload);
    assert_eq!(open_states(&store).await, [(id, SlotState::Stored)]);
    store.mark_sent(id).await.unwrap();
    assert_enrolments(&store, &seeds, 40, submitted).await;

    let mined = |leaf_index| EnrolmentState::Mined {
        transaction,
        leaf_index,
    };
    mine(&store, id, &stored, 70, &[]).await.unwrap();
    assert_enrolments(&store, &seeds, 40, mined).await;
    store.mark_unmined(id).await.unwrap();
    assert_enrolments(&store, &seeds, 40, submitted).await;
    mine(&store, id, &stored, 71, &[]).await.unwrap();
    assert_enrolments(&store, &seeds, 40, mined).await;
    store.mark_final(id, &[]).await.unwrap();
    assert_enrolments(&store, &seeds, 40, |leaf_index| EnrolmentState::Final {
        transaction,
        leaf_index,
    })
    .await;
    assert_eq!(open_states(&store).await, []);
    assert_eq!(
        store.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 0
        }
    );
    assert_eq!(enrolment_state(&store, 4).await, EnrolmentState::Queued);
}

pub async fn a_slot_comes_back_with_every_attempt_in_order<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let id = send(&store, &signed(4, 9), &claim_payload(1)).await;
    let attempts = [
        payload_attempt(signed(4, 9)),
        payload_attempt(signed(4, 3)),
        cancel(4, 7),
        cancel(4, 1),
    ];
    for attempt in &attempts[1..] {
        assert_eq!(add(&store, id, attempt).await, AttemptOutcome::Stored);
    }
    assert_eq!(store.open_slots().await.unwrap()[0].attempts, attempts);
}

pub async fn the_newest_attempt_of_a_payload_is_shown_and_a_cancelling_one_is_not<S: Store>(
    store: S,
) {
    queue_claims(&store, 2).await;
    admit(&store, 1).await;
    let claims = send(&store, &signed(0, 0), &claims_payload(&[1, 2])).await;
    let append = send(&store, &signed(1, 0), &append_payload(0, &[1])).await;
    store.mark_sent(claims).await.unwrap();
    for (id, nonce) in [(claims, 0), (append, 1)] {
        add(&store, id, &payload_attempt(signed(nonce, 1))).await;
        add(&store, id, &cancel(nonce, 2)).await;
    }
    let transaction = signed(0, 1).hash;
    for seed in [1, 2] {
        let submitted = ClaimState::Submitted { transaction };
        assert_eq!(claim_state(&store, seed).await, submitted);
    }
    let transaction = signed(1, 1).hash;
    let submitted = EnrolmentState::Submitted { transaction };
    assert_eq!(enrolment_state(&store, 1).await, submitted);
    // An earlier attempt can still be the one that is mined.
    let first = signed(0, 0);
    mine(&store, claims, &first, 7, &[1, 2]).await.unwrap();
    let mined = ClaimState::Mined {
        transaction: first.hash,
    };
    assert_eq!(claim_state(&store, 2).await, mined);
}

pub async fn an_attempt_is_for_a_slot_that_no_block_has<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let first = signed(0, 0);
    let id = send(&store, &first, &claim_payload(1)).await;
    let moved = AttemptOutcome::SlotConflict;
    assert_eq!(
        add(&store, id, &payload_attempt(first.clone())).await,
        moved
    );
    assert_eq!(add(&store, SlotId(id.0 + 1), &cancel(0, 1)).await, moved);
    mine(&store, id, &first, 7, &[1]).await.unwrap();
    assert_eq!(add(&store, id, &payload_attempt(signed(0, 1))).await, moved);
    store.mark_final(id, &[]).await.unwrap();
    assert_eq!(add(&store, id, &payload_attempt(signed(0, 1))).await, moved);
    let transaction = first.hash;
    let settled = ClaimState::Final { transaction };
    assert_eq!(claim_state(&store, 1).await, settled);
}

pub async fn a_slot_is_mined_by_a_payload_of_its_own<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let id = send(&store, &signed(0, 0), &claim_payload(1)).await;
    let other = send(&store, &signed(1, 0), &claim_payload(2)).await;
    let cancelling = cancel(0, 1);
    add(&store, id, &cancelling).await;
    for foreign in [&cancelling.signed, &signed(1, 0), &signed(0, 5)] {
        assert_hit_nothing(mine(&store, id, foreign, 7, &[1]).await);
    }
    assert_hit_nothing(mine(&store, id, &signed(0, 0), 7, &[1, 2]).await);
    let stored = [(id, SlotState::Stored), (other, SlotState::Stored)];
    assert_eq!(open_states(&store).await, stored);
    mine(&store, id, &signed(0, 0), 7, &[1]).await.unwrap();
}

pub async fn claims_that_were_passed_over_are_rejected_or_queued_again<S: Store>(store: S) {
    queue_claims(&store, 4).await;
    let sent = signed(0, 0);
    let id = send(&store, &sent, &claims_payload(&[1, 2, 3, 4])).await;
    store.mark_sent(id).await.unwrap();
    mine(&store, id, &sent, 7, &[1, 4]).await.unwrap();
    let transaction = sent.hash;
    for (seed, expected) in [
        (1, ClaimState::Mined { transaction }),
        (2, ClaimState::Submitted { transaction }),
    ] {
        assert_eq!(claim_state(&store, seed).await, expected);
    }
    let why = ClaimRejection::TransferFailed;
    // A claim that was paid is not rejected.
    assert_hit_nothing(store.mark_final(id, &[(nullifier(1), why)]).await);
    store.mark_final(id, &[(nullifier(2), why)]).await.unwrap();
    for (seed, expected) in [
        (1, ClaimState::Final { transaction }),
        (2, ClaimState::Rejected(why)),
        (3, ClaimState::Queued),
        (4, ClaimState::Final { transaction }),
    ] {
        assert_eq!(claim_state(&store, seed).await, expected, "{seed}");
    }
    assert_eq!(queued(&store).await, [nullifier(3)]);
}

pub async fn a_reorg_takes_the_payment_of_those_who_were_paid<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let sent = signed(0, 0);
    let id = send(&store, &sent, &claims_payload(&[1, 2])).await;
    mine(&store, id, &sent, 7, &[1]).await.unwrap();
    store.mark_unmined(id).await.unwrap();
    let transaction = sent.hash;
    let submitted = ClaimState::Submitted { transaction };
    assert_eq!(claim_state(&store, 1).await, submitted);
    mine(&store, id, &sent, 8, &[2]).await.unwrap();
    store.mark_final(id, &[]).await.unwrap();
    assert_eq!(claim_state(&store, 1).await, ClaimState::Queued);
    let settled = ClaimState::Final { transaction };
    assert_eq!(claim_state(&store, 2).await, settled);
}

pub async fn a_claim_that_another_slot_has_now_does_not_move_with_the_old_one<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let old = send(&store, &signed(0, 0), &claims_payload(&[1, 2])).await;
    store.mark_failed(old).await.unwrap();
    let sent = signed(1, 0);
    let new = send(&store, &sent, &claims_payload(&[1])).await;
    assert_hit_nothing(mine(&store, old, &signed(0, 0), 7, &[1]).await);
    assert_hit_nothing(store.mark_failed(old).await);
    mine(&store, new, &sent, 7, &[1]).await.unwrap();
    let transaction = sent.hash;
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Mined { transaction }
    );
    assert_eq!(claim_state(&store, 2).await, ClaimState::Queued);
}

pub async fn a_node_that_has_an_attempt_is_told_once<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let sent = signed(0, 0);
    let id = send(&store, &sent, &claim_payload(1)).await;
    for _ in 0..2 {
        store.mark_sent(id).await.unwrap();
        assert_eq!(open_states(&store).await, [(id, SlotState::Sent)]);
    }
    mine(&store, id, &sent, 7, &[1]).await.unwrap();
    let transaction = sent.hash;
    store.mark_sent(id).await.unwrap();
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Mined { transaction }
    );
    store.mark_final(id, &[]).await.unwrap();
    store.mark_sent(id).await.unwrap();
    assert_eq!(open_states(&store).await, []);
}

pub async fn the_attempts_to_pay_a_claim_are_found_in_every_slot<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let to_pay = async |seed| store.attempts_to_pay(nullifier(seed)).await.unwrap();
    assert!(to_pay(1).await.is_empty());
    let first = send(&store, &signed(0, 0), &claims_payload(&[1, 2])).await;
    add(&store, first, &payload_attempt(signed(0, 1))).await;
    add(&store, first, &cancel(0, 2)).await;
    store.mark_failed(first).await.unwrap();
    send(&store, &signed(1, 0), &claim_payload(1)).await;
    let hashes = [signed(0, 0), signed(0, 1), signed(1, 0)].map(|one| one.hash);
    assert_eq!(to_pay(1).await, hashes);
    assert_eq!(to_pay(2).await, hashes[..2]);
}

pub async fn a_mined_slot_is_not_given_up<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let sent = signed(0, 0);
    let id = send(&store, &sent, &claim_payload(1)).await;
    mine(&store, id, &sent, 7, &[1]).await.unwrap();
    assert_hit_nothing(store.mark_failed(id).await);
    let transaction = sent.hash;
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Mined { transaction }
    );
    assert_eq!(open_states(&store).await.len(), 1);
}

pub async fn a_failed_append_queues_its_enrolments_again<S: Store>(store: S) {
    admit(&store, 3).await;
    let id = send(&store, &signed(0, 0), &append_payload(0, &[1, 2])).await;
    add(&store, id, &payload_attempt(signed(0, 1))).await;
    store.mark_failed(id).await.unwrap();
    for seed in 1..=3 {
        assert_eq!(enrolment_state(&store, seed).await, EnrolmentState::Queued);
    }
    assert_eq!(open_states(&store).await, []);
}

pub async fn only_claims_are_paid_or_rejected_one_by_one<S: Store>(store: S) {
    admit(&store, 1).await;
    let sent = signed(0, 0);
    let id = send(&store, &sent, &append_payload(0, &[1])).await;
    let paid = mine(&store, id, &sent, 7, &[1]).await;
    assert!(matches!(paid, Err(StoreError::Backend(_))), "{paid:?}");
    mine(&store, id, &sent, 7, &[]).await.unwrap();
    let rejected = [(nullifier(1), ClaimRejection::Refused)];
    let rejected = store.mark_final(id, &rejected).await;
    assert!(
        matches!(rejected, Err(StoreError::Backend(_))),
        "{rejected:?}"
    );
    assert!(matches!(
        enrolment_state(&store, 1).await,
        EnrolmentState::Mined { .. }
    ));
}

pub async fn a_fill_has_no_load<S: Store>(store: S) {
    let attempt = cancel(3, 0);
    let outcome = store
        .open_slot(&attempt, &Payload::GapFiller)
        .await
        .unwrap();
    let OpenOutcome::Stored(id) = outcome else {
        panic!("{outcome:?}");
    };
    let open = store.open_slots().await.unwrap();
    assert_eq!(open[0].payload, Payload::GapFiller);
    assert_eq!(add(&store, id, &cancel(3, 1)).await, AttemptOutcome::Stored);
    store.mark_sent(id).await.unwrap();
    store.mark_failed(id).await.unwrap();
    assert_eq!(open_states(&store).await, []);
    let next = store.next_nonce(address("sender", 0), 0).await.unwrap();
    assert_eq!(next, 4);
}

pub async fn a_nonce_is_stored_once<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    admit(&store, 1).await;
    let id = send(&store, &signed(4, 0), &claim_payload(1)).await;
    for payload in [
        claim_payload(2),
        append_payload(0, &[1]),
        Payload::GapFiller,
    ] {
        let outcome = store
            .open_slot(&payload_attempt(signed(4, 1)), &payload)
            .await;
        assert_eq!(outcome.unwrap(), OpenOutcome::NonceTaken);
    }
    assert_eq!(claim_state(&store, 2).await, ClaimState::Queued);
    assert_eq!(enrolment_state(&store, 1).await, EnrolmentState::Queued);
    assert_eq!(open_states(&store).await, [(id, SlotState::Stored)]);

    let mut other_sender = signed(4, 2);
    other_sender.sender = address("sender", 1);
    send(&store, &other_sender, &claim_payload(2)).await;
}

pub async fn a_failed_slot_keeps_its_nonce<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    let id = send(&store, &signed(4, 0), &claim_payload(1)).await;
    store.mark_failed(id).await.unwrap();
    let again = payload_attempt(signed(4, 1));
    let outcome = store.open_slot(&again, &claim_payload(1)).await;
    assert_eq!(outcome.unwrap(), OpenOutcome::NonceTaken);
    let next = store.next_nonce(address("sender", 0), 0).await.unwrap();
    assert_eq!(next, 5);
}

pub async fn a_payload_that_is_not_queued_is_not_sent<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    admit(&store, 1).await;
    store.record_enrolment(&duplicate(2)).await.unwrap();
    send(&store, &signed(0, 0), &claim_payload(1)).await;
    send(&store, &signed(1, 0), &append_payload(0, &[1])).await;
    store
        .reject_claim(nullifier(2), ClaimRejection::InvalidProof)
        .await
        .unwrap();
    let moved = [
        ("a claim that is batched", claim_payload(1)),
        ("a claim that is rejected", claim_payload(2)),
        ("a claim that is unknown", claim_payload(3)),
        ("an enrolment that is submitted", append_payload(1, &[1])),
        ("an enrolment that is refused", append_payload(1, &[2])),
        ("an enrolment that is unknown", append_payload(1, &[3])),
    ];
    for (what, payload) in moved {
        let outcome = store
            .open_slot(&payload_attempt(signed(2, 0)), &payload)
            .await;
        assert_eq!(outcome.unwrap(), OpenOutcome::PayloadConflict, "{what}");
    }
    assert_eq!(open_states(&store).await.len(), 2);
    let next = store.next_nonce(address("sender", 0), 0).await.unwrap();
    assert_eq!(next, 2);
}

pub async fn a_payload_is_sent_whole_or_not_at_all<S: Store>(store: S) {
    admit(&store, 3).await;
    queue_claims(&store, 3).await;
    let sent = signed(0, 0);
    send(&store, &sent, &append_payload(0, &[2])).await;
    send(&store, &signed(1, 0), &claim_payload(2)).await;
    for seeds in [[1, 2, 3], [1, 3, 3]] {
        for payload in [append_payload(1, &seeds), claims_payload(&seeds)] {
            let outcome = store
                .open_slot(&payload_attempt(signed(2, 0)), &payload)
                .await;
            assert_eq!(outcome.unwrap(), OpenOutcome::PayloadConflict);
        }
    }
    for seed in [1, 3] {
        assert_eq!(enrolment_state(&store, seed).await, EnrolmentState::Queued);
        assert_eq!(claim_state(&store, seed).await, ClaimState::Queued);
    }
    let transaction = sent.hash;
    let submitted = EnrolmentState::Submitted { transaction };
    assert_eq!(enrolment_state(&store, 2).await, submitted);
    assert_eq!(open_states(&store).await.len(), 2);
}

pub async fn an_append_has_enrolments_inside_the_tree<S: Store>(store: S) {
    admit(&store, 2).await;
    let last = (1 << 30) - 1;
    for payload in [append_payload(0, &[]), append_payload(last, &[1, 2])] {
        let result = store
            .open_slot(&payload_attempt(signed(0, 0)), &payload)
            .await;
        assert!(matches!(result, Err(StoreError::Backend(_))), "{result:?}");
    }
    assert_eq!(
        store.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: 2,
            under_way: 0
        }
    );
    send(&store, &signed(0, 0), &append_payload(last, &[1])).await;
}

pub async fn a_slot_moves_only_from_the_state_before<S: Store>(store: S) {
    // Of two: a guard of the payload alone would miss two rows, not one.
    admit(&store, 2).await;
    let sent = signed(0, 0);
    assert_hit_nothing(mine(&store, SlotId(1), &sent, 7, &[]).await);
    let id = send(&store, &sent, &append_payload(0, &[1, 2])).await;
    assert_hit_nothing(store.mark_unmined(id).await);
    assert_hit_nothing(store.mark_final(id, &[]).await);
    assert_hit_nothing(mine(&store, SlotId(id.0 + 1), &sent, 7, &[]).await);
    assert_eq!(open_states(&store).await, [(id, SlotState::Stored)]);

    mine(&store, id, &sent, 7, &[]).await.unwrap();
    assert_hit_nothing(mine(&store, id, &sent, 8, &[]).await);
    let mined = SlotState::Mined {
        transaction: sent.hash,
        block_number: 7,
        block_hash: word("block", 7),
    };
    assert_eq!(open_states(&store).await, [(id, mined)]);
}

pub async fn a_settled_slot_does_not_move<S: Store>(store: S) {
    queue_claims(&store, 2).await;
    let (paid, lost) = (signed(0, 0), signed(1, 0));
    let done = send(&store, &paid, &claim_payload(1)).await;
    mine(&store, done, &paid, 7, &[1]).await.unwrap();
    store.mark_final(done, &[]).await.unwrap();
    let failed = send(&store, &lost, &claim_payload(2)).await;
    store.mark_failed(failed).await.unwrap();
    for (id, sent) in [(done, &paid), (failed, &lost)] {
        assert_hit_nothing(mine(&store, id, sent, 7, &[]).await);
        assert_hit_nothing(store.mark_unmined(id).await);
        assert_hit_nothing(store.mark_final(id, &[]).await);
        assert_hit_nothing(store.mark_failed(id).await);
    }
    let transaction = paid.hash;
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Final { transaction }
    );
    assert_eq!(claim_state(&store, 2).await, ClaimState::Queued);
}

pub async fn open_slots_are_in_order_of_sender_and_nonce<S: Store>(store: S) {
    queue_claims(&store, 6).await;
    let mut expected = Vec::new();
    for (seed, (sender, nonce)) in (1..).zip([(1, 8), (0, 9), (1, 7), (0, 10), (0, 2), (1, 11)]) {
        let mut sent = signed(nonce, sender);
        sent.sender = address("sender", sender);
        expected.push((sent.sender, nonce));
        send(&store, &sent, &claim_payload(seed)).await;
    }
    expected.sort_unstable();
    let open = store.open_slots().await.unwrap();
    let actual: Vec<_> = open.iter().map(|slot| (slot.sender, slot.nonce)).collect();
    assert_eq!(actual, expected);
}

pub async fn a_failed_payload_can_be_sent_again<S: Store>(store: S) {
    queue_claims(&store, 1).await;
    admit(&store, 2).await;
    let claim_try = send(&store, &signed(0, 0), &claim_payload(1)).await;
    let append_try = send(&store, &signed(1, 0), &append_payload(0, &[1, 2])).await;
    for id in [claim_try, append_try] {
        store.mark_failed(id).await.unwrap();
    }
    let (paid, joined) = (signed(2, 0), signed(3, 0));
    let claim_retry = send(&store, &paid, &claim_payload(1)).await;
    let append_retry = send(&store, &joined, &append_payload(9, &[2, 1])).await;
    mine(&store, claim_retry, &paid, 7, &[1]).await.unwrap();
    mine(&store, append_retry, &joined, 7, &[]).await.unwrap();
    for id in [claim_retry, append_retry] {
        store.mark_final(id, &[]).await.unwrap();
    }
    let transaction = paid.hash;
    assert_eq!(
        claim_state(&store, 1).await,
        ClaimState::Final { transaction }
    );
    assert_enrolments(&store, &[2, 1], 9, |leaf_index| EnrolmentState::Final {
        transaction: joined.hash,
        leaf_index,
    })
    .await;
}
