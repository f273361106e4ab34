//! Contract of `EnrolmentRepository`.

#![expect(missing_docs, reason = "a case is named after what holds")]

use annona_core::{EnrolmentKind, IrisCommitments, LeafIndex, UnixSeconds};
use annona_engine::ports::{
    Admission, AdmitOutcome, NewEnrolment, NewEntry, Payload, PendingCounts, Store, StoreError,
};
use annona_engine::{EnrolmentRecord, EnrolmentState, RevocationReason};

use super::fixtures::{
    NOW, admit, append_payload, assert_hit_nothing, committed, duplicate, enrolment_id,
    enrolment_state, entry, iris_commitments, mine, newcomer, package, recovery, review, send,
    signed, templates, with_package, word,
};

fn leaf(index: u64) -> LeafIndex {
    index.try_into().unwrap()
}

async fn gallery_len<S: Store>(store: &S) -> usize {
    store.gallery_after(0, 1_000).await.unwrap().len()
}

pub async fn a_newcomer_is_recorded_and_joins_the_gallery<S: Store>(store: S) {
    let outcome = store.record_enrolment(&newcomer(1, 1)).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::Recorded);
    let gallery = store.gallery_after(0, 10).await.unwrap();
    assert_eq!(gallery.len(), 1);
    assert_eq!(gallery[0].sequence, 1);
    assert_eq!(gallery[0].templates, templates(1));
    assert_eq!(
        store.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 0
        }
    );
}

pub async fn every_part_of_a_record_comes_back<S: Store>(store: S) {
    let mut review = review(3, &[1]);
    review.record.enrolment.kind = EnrolmentKind::Recovery;
    for new in [newcomer(1, 1), duplicate(2), review] {
        let outcome = store.record_enrolment(&new).await.unwrap();
        assert_eq!(outcome, AdmitOutcome::Recorded);
        let record = store.enrolment(new.record.id).await.unwrap();
        assert_eq!(record, Some(new.record));
    }
}

pub async fn a_packet_sent_again_is_the_same_enrolment<S: Store>(store: S) {
    for new in [newcomer(1, 1), duplicate(2)] {
        let first = store.record_enrolment(&new).await.unwrap();
        assert_eq!(first, AdmitOutcome::Recorded);
        let again = store.record_enrolment(&new).await.unwrap();
        assert_eq!(again, AdmitOutcome::AlreadyRecorded(new.record));
    }
    assert_eq!(gallery_len(&store).await, 1);
}

pub async fn a_packet_sent_again_shows_how_far_it_came<S: Store>(store: S) {
    admit(&store, 1).await;
    let transaction = signed(0, 0);
    send(&store, &transaction, &append_payload(0, &[1])).await;
    // Meanwhile the person is known, so that the second decision is another one.
    let mut again = duplicate(1);
    again.record.received_at.0 += 9;
    let AdmitOutcome::AlreadyRecorded(known) = store.record_enrolment(&again).await.unwrap() else {
        panic!("the packet was recorded twice");
    };
    assert_eq!(known.received_at, newcomer(1, 1).record.received_at);
    assert_eq!(
        known.state,
        EnrolmentState::Submitted {
            transaction: transaction.hash
        }
    );
}

pub async fn a_nonce_is_used_once<S: Store>(store: S) {
    admit(&store, 1).await;
    let mut other = newcomer(2, 2);
    other.record.enrolment.nonce = newcomer(1, 1).record.enrolment.nonce;
    let outcome = store.record_enrolment(&other).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::NonceUsed);
    assert_eq!(store.enrolment(other.record.id).await.unwrap(), None);
    assert_eq!(gallery_len(&store).await, 1);
}

pub async fn a_refused_enrolment_uses_its_nonce_too<S: Store>(store: S) {
    let refused = duplicate(1);
    store.record_enrolment(&refused).await.unwrap();
    let mut other = newcomer(2, 1);
    other.record.enrolment.nonce = refused.record.enrolment.nonce;
    let outcome = store.record_enrolment(&other).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::NonceUsed);
}

pub async fn a_commitment_is_admitted_once<S: Store>(store: S) {
    admit(&store, 1).await;
    assert_commitment_taken(&store).await;
    let id = send(&store, &signed(0, 0), &append_payload(0, &[1])).await;
    assert_commitment_taken(&store).await;
    mine(&store, id, &signed(0, 0), 7, &[]).await.unwrap();
    assert_commitment_taken(&store).await;
    store.mark_final(id, &[]).await.unwrap();
    assert_commitment_taken(&store).await;
}

/// Somebody else with the commitment of newcomer 1 is not admitted.
async fn assert_commitment_taken<S: Store>(store: &S) {
    let mut other = newcomer(2, 2);
    other.record.enrolment.commitment = newcomer(1, 1).record.commitment();
    let outcome = store.record_enrolment(&other).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::CommitmentTaken);
    assert_eq!(store.enrolment(other.record.id).await.unwrap(), None);
    assert_eq!(gallery_len(store).await, 1);
}

pub async fn a_refused_commitment_can_be_admitted_later<S: Store>(store: S) {
    let review = review(1, &[]);
    store.record_enrolment(&review).await.unwrap();
    let mut second_capture = newcomer(2, 1);
    second_capture.record.enrolment.commitment = review.record.commitment();
    let outcome = store.record_enrolment(&second_capture).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::Recorded);
}

pub async fn a_gallery_that_moved_admits_nobody<S: Store>(store: S) {
    admit(&store, 2).await;
    for sequence in [0, 1, 2] {
        let late = newcomer(3, sequence);
        let outcome = store.record_enrolment(&late).await.unwrap();
        assert_eq!(
            outcome,
            AdmitOutcome::GalleryConflict,
            "sequence {sequence}"
        );
        assert_eq!(store.enrolment(late.record.id).await.unwrap(), None);
    }
    assert_eq!(gallery_len(&store).await, 2);
    let outcome = store.record_enrolment(&newcomer(3, 3)).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::Recorded);
}

pub async fn the_gallery_has_no_gaps<S: Store>(store: S) {
    let outcome = store.record_enrolment(&newcomer(1, 2)).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::GalleryConflict);
    admit(&store, 1).await;
    for sequence in [3, 4, 1_000] {
        let outcome = store
            .record_enrolment(&newcomer(2, sequence))
            .await
            .unwrap();
        assert_eq!(
            outcome,
            AdmitOutcome::GalleryConflict,
            "sequence {sequence}"
        );
    }
    assert_eq!(store.enrolment(enrolment_id(2)).await.unwrap(), None);
    assert_eq!(gallery_len(&store).await, 1);
}

pub async fn a_refused_person_does_not_join_the_gallery<S: Store>(store: S) {
    store.record_enrolment(&duplicate(1)).await.unwrap();
    assert_eq!(gallery_len(&store).await, 0);
    assert_eq!(store.queued_enrolments(10).await.unwrap(), []);
    assert_eq!(
        store.pending_enrolments().await.unwrap(),
        PendingCounts::default()
    );
}

pub async fn a_state_that_contradicts_the_admission_is_an_error<S: Store>(store: S) {
    let mut admitted = newcomer(1, 1);
    admitted.record.state = EnrolmentState::Duplicate;
    let mut refused = duplicate(2);
    refused.record.state = EnrolmentState::Queued;
    let mut ahead = newcomer(3, 1);
    ahead.record.state = EnrolmentState::Submitted {
        transaction: word("transaction", 0),
    };
    for new in [admitted, refused, ahead] {
        let result = store.record_enrolment(&new).await;
        assert!(matches!(result, Err(StoreError::Backend(_))), "{result:?}");
        assert_eq!(store.enrolment(new.record.id).await.unwrap(), None);
    }
    assert_eq!(gallery_len(&store).await, 0);
}

pub async fn the_gallery_is_read_in_pages<S: Store>(store: S) {
    admit(&store, 5).await;
    let mut sequence = 0;
    let mut seen = Vec::new();
    for expected in [2, 2, 1, 0] {
        let page = store.gallery_after(sequence, 2).await.unwrap();
        assert_eq!(page.len(), expected);
        seen.extend(page.iter().map(|entry| entry.sequence));
        sequence = seen.last().copied().unwrap_or_default();
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

pub async fn enrolments_queue_in_order_of_arrival<S: Store>(store: S) {
    // Ids are hashes: their order is another one than that of arrival.
    admit(&store, 20).await;
    let queued = store.queued_enrolments(12).await.unwrap();
    let expected: Vec<_> = (1..=12).map(enrolment_id).collect();
    let actual: Vec<_> = queued.iter().map(|record| record.id).collect();
    assert_eq!(actual, expected);
    assert_eq!(
        store.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: 20,
            under_way: 0
        }
    );
}

pub async fn a_requeued_enrolment_keeps_its_place<S: Store>(store: S) {
    admit(&store, 3).await;
    let id = send(&store, &signed(0, 0), &append_payload(0, &[1, 2])).await;
    assert_eq!(
        store.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 2
        }
    );
    store.mark_failed(id).await.unwrap();
    let queued = store.queued_enrolments(10).await.unwrap();
    let actual: Vec<_> = queued.iter().map(|record| record.id).collect();
    assert_eq!(actual, [1, 2, 3].map(enrolment_id));
}

pub async fn an_adopted_leaf_is_final<S: Store>(store: S) {
    admit(&store, 2).await;
    let commitment = newcomer(2, 2).record.commitment();
    let transaction = word("given up", 0);
    let adopted = store.adopt_leaf(commitment, leaf(41), transaction).await;
    adopted.unwrap();
    assert_eq!(
        enrolment_state(&store, 2).await,
        EnrolmentState::Final {
            transaction,
            leaf_index: leaf(41)
        }
    );
    assert_eq!(enrolment_state(&store, 1).await, EnrolmentState::Queued);
    assert_eq!(
        store.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 0
        }
    );
}

pub async fn only_a_queued_enrolment_adopts_a_leaf<S: Store>(store: S) {
    admit(&store, 1).await;
    let refused = duplicate(2);
    store.record_enrolment(&refused).await.unwrap();
    let transaction = signed(0, 0);
    send(&store, &transaction, &append_payload(0, &[1])).await;
    let unknown = newcomer(3, 3).record.commitment();
    for commitment in [
        newcomer(1, 1).record.commitment(),
        refused.record.commitment(),
        unknown,
    ] {
        let result = store
            .adopt_leaf(commitment, leaf(0), transaction.hash)
            .await;
        assert_hit_nothing(result);
    }
    assert_eq!(enrolment_state(&store, 2).await, EnrolmentState::Duplicate);
    assert_eq!(
        enrolment_state(&store, 1).await,
        EnrolmentState::Submitted {
            transaction: transaction.hash
        }
    );
}

pub async fn an_unknown_enrolment_is_none<S: Store>(store: S) {
    admit(&store, 1).await;
    assert_eq!(store.enrolment(enrolment_id(2)).await.unwrap(), None);
    let other = newcomer(2, 2).record.enrolment.nonce;
    assert_eq!(store.enrolment_of_nonce(other).await.unwrap(), None);
}

pub async fn an_enrolment_is_found_by_its_nonce_in_every_state<S: Store>(store: S) {
    let found = async |new: &NewEnrolment| {
        let nonce = new.record.enrolment.nonce;
        store.enrolment_of_nonce(nonce).await.unwrap()
    };
    for new in [newcomer(1, 1), duplicate(2), review(3, &[1])] {
        assert_eq!(found(&new).await, None);
        store.record_enrolment(&new).await.unwrap();
        assert_eq!(found(&new).await, Some(new.record));
    }
    let admitted = newcomer(1, 1);
    let transaction = signed(0, 0);
    let id = send(&store, &transaction, &append_payload(0, &[1])).await;
    mine(&store, id, &transaction, 7, &[]).await.unwrap();
    store.mark_final(id, &[]).await.unwrap();
    let record = found(&admitted).await.unwrap();
    assert_eq!(record.id, admitted.record.id);
    let (transaction, leaf_index) = (transaction.hash, leaf(0));
    let member = EnrolmentState::Final {
        transaction,
        leaf_index,
    };
    assert_eq!(record.state, member);
}

async fn queued<S: Store>(store: &S) -> Vec<u64> {
    let records = store.queued_enrolments(10).await.unwrap();
    let seed = |record: &EnrolmentRecord| {
        let is_it = |seed: &u64| newcomer(*seed, *seed).record.id == record.id;
        (1..100).find(is_it).unwrap()
    };
    records.iter().map(seed).collect()
}

/// Sends a revocation of newcomer 1 and puts it into a block.
async fn empty_first_leaf<S: Store>(store: &S, nonce: u64) {
    let commitments = vec![newcomer(1, 1).record.commitment()];
    let id = send(store, &signed(nonce, 0), &Payload::Revoke { commitments }).await;
    mine(store, id, &signed(nonce, 0), 8, &[]).await.unwrap();
}

/// Admits newcomers `1..=count` and makes them final members, with nonce 0.
async fn members<S: Store>(store: &S, count: u64) {
    admit(store, count).await;
    let seeds: Vec<u64> = (1..=count).collect();
    let id = send(store, &signed(0, 0), &append_payload(0, &seeds)).await;
    mine(store, id, &signed(0, 0), 7, &[]).await.unwrap();
    store.mark_final(id, &[]).await.unwrap();
}

pub async fn recoveries_are_appended_first<S: Store>(store: S) {
    members(&store, 1).await;
    store.record_enrolment(&newcomer(2, 2)).await.unwrap();
    store.record_enrolment(&recovery(3, 1)).await.unwrap();
    store.record_enrolment(&newcomer(4, 4)).await.unwrap();
    assert_eq!(queued(&store).await, [2, 4]);
    empty_first_leaf(&store, 1).await;
    assert_eq!(queued(&store).await, [3, 2, 4]);
}

async fn counting<S: Store>(store: &S) -> Vec<u64> {
    let statuses = store.gallery_entry_statuses(&[3, 1, 2, 99]).await.unwrap();
    let mut sequences = Vec::new();
    for status in statuses.iter().filter(|status| status.counts) {
        assert_eq!(status.enrolment.id, enrolment_id(status.sequence));
        sequences.push(status.sequence);
    }
    sequences
}

pub async fn an_entry_counts_until_its_leaf_is_to_go<S: Store>(store: S) {
    members(&store, 2).await;
    store.record_enrolment(&newcomer(3, 3)).await.unwrap();
    assert_eq!(counting(&store).await, [1, 2, 3]);
    let leaves = [1, 3].map(|seed| newcomer(seed, seed).record.commitment());
    let asked = store.request_revocations(&leaves, RevocationReason::Operator, NOW);
    assert_eq!(asked.await.unwrap(), 2);
    // A leaf that is to go, and an enrolment that never gets one.
    assert_eq!(counting(&store).await, [2]);
    assert_eq!(store.gallery_entry_statuses(&[]).await.unwrap(), []);
}

/// Newcomer `seed`, who is similar to entries that do not count any longer.
fn again(seed: u64, past: &[u64]) -> NewEnrolment {
    let mut new = newcomer(seed, seed);
    new.admission = Admission::Admit(NewEntry {
        past: past.to_vec(),
        ..entry(seed, seed)
    });
    new
}

pub async fn who_was_somebody_before_waits_until_that_leaf_is_empty<S: Store>(store: S) {
    members(&store, 1).await;
    store.record_enrolment(&newcomer(2, 2)).await.unwrap();
    let leaves = [1, 2].map(|seed| newcomer(seed, seed).record.commitment());
    let asked = store.request_revocations(&leaves, RevocationReason::Orb, NOW);
    asked.await.unwrap();
    let outcome = store.record_enrolment(&again(3, &[1, 2])).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::Recorded);
    assert_eq!(queued(&store).await, [0_u64; 0]);
    empty_first_leaf(&store, 1).await;
    assert_eq!(queued(&store).await, [3]);
}

pub async fn an_entry_that_counts_again_is_not_passed_over<S: Store>(store: S) {
    members(&store, 1).await;
    let late = again(2, &[1]);
    let outcome = store.record_enrolment(&late).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::GalleryConflict);
    assert_eq!(store.enrolment(late.record.id).await.unwrap(), None);
    assert_eq!(gallery_len(&store).await, 1);
}

/// Tests ENROL-20.
pub async fn commitments_come_back_and_those_of_a_refused_person_do_not<S: Store>(store: S) {
    let cases = [
        (committed(newcomer(1, 1), 1), Some(iris_commitments(1))),
        (committed(review(2, &[1]), 2), Some(iris_commitments(2))),
        (committed(duplicate(3), 3), None),
        (newcomer(4, 2), None),
    ];
    for (new, expected) in cases {
        let outcome = store.record_enrolment(&new).await.unwrap();
        assert_eq!(outcome, AdmitOutcome::Recorded);
        let again = store.record_enrolment(&new).await.unwrap();
        assert!(matches!(again, AdmitOutcome::AlreadyRecorded(_)));
        let kept = store.iris_commitments(new.record.id).await.unwrap();
        assert_eq!(kept, expected);
    }
    let unknown = enrolment_id(9);
    assert_eq!(store.iris_commitments(unknown).await.unwrap(), None);
}

/// Tests ENROL-20: of another person, of the other eye, and twice in one statement.
pub async fn a_commitment_to_an_iris_or_a_code_is_used_once<S: Store>(store: S) {
    store
        .record_enrolment(&committed(newcomer(1, 1), 1))
        .await
        .unwrap();
    let (earlier, fresh) = (iris_commitments(1), iris_commitments(2));
    let with = |change: fn(&mut IrisCommitments, &IrisCommitments)| {
        let mut changed = fresh;
        change(&mut changed, &earlier);
        changed
    };
    let used = [
        with(|it, earlier| it.left.image = earlier.left.image),
        with(|it, earlier| it.left.code = earlier.left.code),
        with(|it, earlier| it.right.image = earlier.left.image),
        with(|it, earlier| it.right.code = earlier.right.code),
        with(|it, _| it.right.image = it.left.image),
        with(|it, _| it.right.code = it.left.code),
    ];
    for commitments in used {
        let new = NewEnrolment {
            commitments: Some(commitments),
            ..newcomer(2, 2)
        };
        let outcome = store.record_enrolment(&new).await.unwrap();
        assert_eq!(outcome, AdmitOutcome::IrisCommitmentUsed);
        assert_eq!(store.enrolment(new.record.id).await.unwrap(), None);
    }
    let outcome = store.record_enrolment(&committed(newcomer(2, 2), 2)).await;
    assert_eq!(outcome.unwrap(), AdmitOutcome::Recorded);
}

/// Tests ENROL-22.
pub async fn a_package_is_kept_until_it_is_delivered<S: Store>(store: S) {
    let cases = [
        (with_package(newcomer(1, 1), 1), true),
        (with_package(review(2, &[1]), 2), true),
        (with_package(duplicate(3), 3), false),
        (newcomer(4, 2), false),
    ];
    for (new, is_kept) in cases {
        let nonce = new.record.enrolment.nonce;
        let expected = new.package.clone().filter(|_| is_kept);
        store.record_enrolment(&new).await.unwrap();
        let kept = store.package_of_nonce(nonce).await.unwrap();
        assert_eq!(kept, expected);
        assert_eq!(store.wipe_package(nonce).await.unwrap(), is_kept);
        assert_eq!(store.package_of_nonce(nonce).await.unwrap(), None);
        assert!(!store.wipe_package(nonce).await.unwrap());
        store.record_enrolment(&new).await.unwrap();
        let again = store.package_of_nonce(nonce).await.unwrap();
        assert_eq!(again, None, "the same packet brings nothing back");
    }
}

/// Tests ENROL-22.
pub async fn a_package_is_not_kept_for_ever<S: Store>(store: S) {
    let new = with_package(newcomer(1, 1), 1);
    let (nonce, until) = (new.record.enrolment.nonce, package(1).keep_until.0);
    store.record_enrolment(&new).await.unwrap();
    let wiped = async |now| store.wipe_old_packages(UnixSeconds(now)).await.unwrap();
    assert_eq!(wiped(until).await, 0);
    assert!(store.package_of_nonce(nonce).await.unwrap().is_some());
    assert_eq!(wiped(until + 1).await, 1);
    assert_eq!(store.package_of_nonce(nonce).await.unwrap(), None);
    assert_eq!(wiped(until + 1).await, 0);
}
