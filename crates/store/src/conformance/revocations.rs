//! Contract of `RevocationRepository`, and of recoveries.

#![expect(missing_docs, reason = "a case is named after what holds")]

use annona_core::Commitment;
use annona_engine::ports::{
    Admission, AdmitOutcome, NewEntry, Payload, PendingCounts, SignedTransaction, SlotId, Store,
};
use annona_engine::{EnrolmentRecord, EnrolmentState, RevocationReason, RevocationState};

use super::fixtures::{
    NOW, admit, append_payload, assert_hit_nothing, enrolment_state, entry, mine, newcomer,
    recovery, send, signed, word,
};

fn commitment(seed: u64) -> Commitment {
    newcomer(seed, seed).record.commitment()
}

fn revoke_payload(seeds: &[u64]) -> Payload {
    Payload::Revoke {
        commitments: seeds.iter().map(|seed| commitment(*seed)).collect(),
    }
}

async fn queued<S: Store>(store: &S) -> Vec<Commitment> {
    let records = store.queued_enrolments(10).await.unwrap();
    records.iter().map(EnrolmentRecord::commitment).collect()
}

async fn queued_revocations<S: Store>(store: &S) -> Vec<Commitment> {
    let records = store.queued_revocations(10, 10).await.unwrap();
    records.iter().map(|record| record.commitment).collect()
}

async fn revocation_state<S: Store>(store: &S, seed: u64) -> Option<RevocationState> {
    let record = store.revocation(commitment(seed)).await.unwrap();
    record.map(|record| record.state)
}

async fn record<S: Store>(store: &S, new: annona_engine::ports::NewEnrolment) -> AdmitOutcome {
    store.record_enrolment(&new).await.unwrap()
}

async fn finish<S: Store>(store: &S, id: SlotId, sent: &SignedTransaction) {
    mine(store, id, sent, 7, &[]).await.unwrap();
    store.mark_final(id, &[]).await.unwrap();
}

/// Admits newcomers `1..=count` and makes them final members, with nonce 0.
async fn members<S: Store>(store: &S, count: u64) {
    admit(store, count).await;
    let seeds: Vec<u64> = (1..=count).collect();
    let id = send(store, &signed(0, 0), &append_payload(0, &seeds)).await;
    finish(store, id, &signed(0, 0)).await;
}

pub async fn a_recovery_waits_until_the_old_leaf_is_revoked_in_a_block<S: Store>(store: S) {
    members(&store, 2).await;
    assert_eq!(record(&store, recovery(3, 1)).await, AdmitOutcome::Recorded);
    assert_eq!(enrolment_state(&store, 3).await, EnrolmentState::Queued);
    let asked = store.revocation(commitment(1)).await.unwrap().unwrap();
    assert_eq!(asked.reason, RevocationReason::Recovery);
    assert_eq!(queued_revocations(&store).await, [commitment(1)]);
    assert_eq!(queued(&store).await, []);
    let id = send(&store, &signed(1, 0), &revoke_payload(&[1])).await;
    assert_eq!(queued(&store).await, []);
    mine(&store, id, &signed(1, 0), 8, &[]).await.unwrap();
    assert_eq!(queued(&store).await, [commitment(3)]);
    store.mark_final(id, &[]).await.unwrap();
    assert_eq!(queued(&store).await, [commitment(3)]);
    let leaf_index = 0_u64.try_into().unwrap();
    let revoked = EnrolmentState::Revoked { leaf_index };
    assert_eq!(enrolment_state(&store, 1).await, revoked);
}

pub async fn a_reorg_that_takes_the_revocation_away_holds_the_recovery_back<S: Store>(store: S) {
    members(&store, 1).await;
    record(&store, recovery(2, 1)).await;
    let id = send(&store, &signed(1, 0), &revoke_payload(&[1])).await;
    mine(&store, id, &signed(1, 0), 8, &[]).await.unwrap();
    store.mark_unmined(id).await.unwrap();
    assert_eq!(queued(&store).await, []);
}

pub async fn an_enrolment_is_replaced_once<S: Store>(store: S) {
    members(&store, 1).await;
    assert_eq!(record(&store, recovery(2, 1)).await, AdmitOutcome::Recorded);
    let second = record(&store, recovery(3, 1)).await;
    assert_eq!(second, AdmitOutcome::PersonConflict);
    let again = record(&store, recovery(2, 1)).await;
    assert!(
        matches!(again, AdmitOutcome::AlreadyRecorded(_)),
        "{again:?}"
    );
}

pub async fn an_enrolment_that_is_not_final_is_not_replaced<S: Store>(store: S) {
    admit(&store, 1).await;
    let id = send(&store, &signed(0, 0), &append_payload(0, &[1])).await;
    mine(&store, id, &signed(0, 0), 7, &[]).await.unwrap();
    let early = record(&store, recovery(2, 1)).await;
    assert_eq!(early, AdmitOutcome::PersonConflict);
    assert_eq!(revocation_state(&store, 1).await, None);
}

pub async fn a_revocation_lives_from_queue_to_final_through_a_reorg<S: Store>(store: S) {
    members(&store, 2).await;
    let both = [commitment(1), commitment(2)];
    let reason = RevocationReason::Operator;
    assert_eq!(
        store.request_revocations(&both, reason, NOW).await.unwrap(),
        2
    );
    assert_eq!(
        store.pending_revocations().await.unwrap(),
        PendingCounts {
            queued: 2,
            under_way: 0
        }
    );
    let stored = signed(1, 0);
    let transaction = stored.hash;
    let payload = revoke_payload(&[2, 1]);
    let id = send(&store, &stored, &payload).await;
    assert_eq!(store.open_slots().await.unwrap()[0].payload, payload);
    let submitted = Some(RevocationState::Submitted { transaction });
    assert_eq!(revocation_state(&store, 1).await, submitted);
    assert_eq!(queued_revocations(&store).await, []);
    mine(&store, id, &signed(1, 0), 8, &[]).await.unwrap();
    let mined = Some(RevocationState::Mined { transaction });
    assert_eq!(revocation_state(&store, 2).await, mined);
    store.mark_unmined(id).await.unwrap();
    assert_eq!(revocation_state(&store, 2).await, submitted);
    assert_eq!(
        store.pending_revocations().await.unwrap(),
        PendingCounts {
            queued: 0,
            under_way: 2
        }
    );
    finish(&store, id, &signed(1, 0)).await;
    let settled = Some(RevocationState::Final { transaction });
    assert_eq!(revocation_state(&store, 1).await, settled);
    assert_eq!(
        store.pending_revocations().await.unwrap(),
        PendingCounts::default()
    );
}

pub async fn a_failed_revocation_is_queued_again<S: Store>(store: S) {
    members(&store, 1).await;
    record(&store, recovery(2, 1)).await;
    let id = send(&store, &signed(1, 0), &revoke_payload(&[1])).await;
    store.mark_failed(id).await.unwrap();
    assert_eq!(queued_revocations(&store).await, [commitment(1)]);
    send(&store, &signed(2, 0), &revoke_payload(&[1])).await;
}

pub async fn a_queued_enrolment_that_is_revoked_is_withdrawn<S: Store>(store: S) {
    admit(&store, 2).await;
    let reason = RevocationReason::Orb;
    let one = [commitment(1)];
    let asked = store.request_revocations(&one, reason, NOW);
    assert_eq!(asked.await.unwrap(), 1);
    assert_eq!(enrolment_state(&store, 1).await, EnrolmentState::Withdrawn);
    assert_eq!(queued(&store).await, [commitment(2)]);
    assert_eq!(
        store.pending_revocations().await.unwrap(),
        PendingCounts::default()
    );
}

pub async fn an_append_that_fails_does_not_bring_back_who_is_revoked<S: Store>(store: S) {
    admit(&store, 2).await;
    let id = send(&store, &signed(0, 0), &append_payload(0, &[1, 2])).await;
    let reason = RevocationReason::Operator;
    let one = [commitment(1)];
    let asked = store.request_revocations(&one, reason, NOW);
    assert_eq!(asked.await.unwrap(), 1);
    assert_eq!(queued_revocations(&store).await, []);
    store.mark_failed(id).await.unwrap();
    assert_eq!(enrolment_state(&store, 1).await, EnrolmentState::Withdrawn);
    assert_eq!(queued(&store).await, [commitment(2)]);
    assert_eq!(queued_revocations(&store).await, []);
    assert_eq!(
        store.pending_revocations().await.unwrap(),
        PendingCounts::default()
    );
}

pub async fn a_revoked_commitment_is_not_admitted_again<S: Store>(store: S) {
    members(&store, 1).await;
    let reason = RevocationReason::Operator;
    let one = [commitment(1)];
    let asked = store.request_revocations(&one, reason, NOW);
    asked.await.unwrap();
    let id = send(&store, &signed(1, 0), &revoke_payload(&[1])).await;
    finish(&store, id, &signed(1, 0)).await;
    let mut again = newcomer(2, 2);
    again.record.enrolment.commitment = commitment(1);
    assert_eq!(record(&store, again).await, AdmitOutcome::CommitmentTaken);
}

pub async fn recoveries_that_wait_hide_no_other_revocation<S: Store>(store: S) {
    members(&store, 4).await;
    for (seed, current) in [(5, 1), (6, 2), (7, 3)] {
        record(&store, recovery(seed, current)).await;
    }
    let last = [commitment(4)];
    let asked = store.request_revocations(&last, RevocationReason::Orb, NOW);
    asked.await.unwrap();
    let seen = async |recoveries, limit| {
        let records = store.queued_revocations(recoveries, limit).await.unwrap();
        let leaves = records.iter().map(|record| record.commitment);
        leaves.collect::<Vec<_>>()
    };
    assert_eq!(seen(0, 3).await, last);
    assert_eq!(seen(1, 3).await, [commitment(1), commitment(4)]);
    assert_eq!(seen(9, 3).await, [1, 2, 3].map(commitment));
}

pub async fn what_somebody_waits_for_goes_first<S: Store>(store: S) {
    members(&store, 3).await;
    let all = [1, 2, 3].map(commitment);
    let asked = store.request_revocations(&all, RevocationReason::Orb, NOW);
    asked.await.unwrap();
    let mut again = newcomer(4, 4);
    again.admission = Admission::Admit(NewEntry {
        past: vec![3],
        ..entry(4, 4)
    });
    assert_eq!(record(&store, again).await, AdmitOutcome::Recorded);
    let order = [commitment(3), commitment(1), commitment(2)];
    assert_eq!(queued_revocations(&store).await, order);
}

pub async fn what_is_no_leaf_is_settled_and_can_be_asked_for_again<S: Store>(store: S) {
    members(&store, 1).await;
    let both = [commitment(1), commitment(99)];
    let ask = async || {
        let asked = store.request_revocations(&both, RevocationReason::Operator, NOW);
        asked.await.unwrap()
    };
    assert_eq!(ask().await, 2);
    assert!(!store.void_revocation(commitment(1)).await.unwrap());
    assert!(store.void_revocation(commitment(99)).await.unwrap());
    assert!(!store.void_revocation(commitment(99)).await.unwrap());
    assert_eq!(
        revocation_state(&store, 99).await,
        Some(RevocationState::Void)
    );
    assert_eq!(
        store.pending_revocations().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 0
        }
    );
    assert_eq!(ask().await, 1);
    assert_eq!(queued_revocations(&store).await, both);
}

pub async fn a_leaf_that_must_be_gone_is_revoked_again<S: Store>(store: S) {
    members(&store, 2).await;
    record(&store, newcomer(3, 3)).await;
    let gone = [commitment(2), commitment(3)];
    let asked = store.request_revocations(&gone, RevocationReason::Operator, NOW);
    asked.await.unwrap();
    // One is withdrawn, the other on its way out of the tree.
    let all = store.gone_after(None, 10).await.unwrap();
    assert_eq!(all, [commitment(3)]);
    let id = send(&store, &signed(1, 0), &revoke_payload(&[2])).await;
    finish(&store, id, &signed(1, 0)).await;
    let mut sorted = gone;
    sorted.sort_by_key(|leaf| leaf.to_be_bytes());
    assert_eq!(store.gone_after(None, 10).await.unwrap(), sorted);
    assert_eq!(store.gone_after(None, 1).await.unwrap(), sorted[..1]);
    let behind = store.gone_after(Some(sorted[0]), 10).await.unwrap();
    assert_eq!(behind, sorted[1..]);
    for leaf in gone {
        assert!(store.revoke_again(leaf, NOW).await.unwrap());
        assert!(!store.revoke_again(leaf, NOW).await.unwrap());
    }
    assert_eq!(store.gone_after(None, 10).await.unwrap(), []);
    assert_eq!(queued_revocations(&store).await, gone);
    assert!(!store.void_revocation(commitment(2)).await.unwrap());
}

pub async fn a_commitment_is_revoked_once<S: Store>(store: S) {
    members(&store, 1).await;
    let twice = [commitment(1), commitment(1)];
    let first = store.request_revocations(&twice, RevocationReason::Operator, NOW);
    assert_eq!(first.await.unwrap(), 1);
    let second = store.request_revocations(&twice, RevocationReason::Orb, NOW);
    assert_eq!(second.await.unwrap(), 0);
    let kept = store.revocation(commitment(1)).await.unwrap().unwrap();
    assert_eq!(
        (kept.reason, kept.requested_at),
        (RevocationReason::Operator, NOW)
    );
}

pub async fn an_adopted_revocation_is_final<S: Store>(store: S) {
    members(&store, 1).await;
    record(&store, recovery(2, 1)).await;
    let transaction = word("transaction", 77);
    let adopted = store.adopt_revocation(commitment(1), transaction);
    adopted.await.unwrap();
    let settled = Some(RevocationState::Final { transaction });
    assert_eq!(revocation_state(&store, 1).await, settled);
    assert_eq!(queued(&store).await, [commitment(2)]);
    assert_hit_nothing(store.adopt_revocation(commitment(1), transaction).await);
}
