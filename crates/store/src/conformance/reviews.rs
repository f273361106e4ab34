//! Enrolments that an operator decides on.

#![expect(missing_docs, reason = "a case is named after what holds")]

use annona_core::{EnrolmentKind, UnixSeconds};
use annona_engine::EnrolmentState;
use annona_engine::ports::{
    AdmitOutcome, NewEnrolment, ReviewDecision, ReviewMatch, ReviewOutcome, Store,
};

use super::fixtures::{
    NOW, admit, append_payload, enrolment_id, enrolment_state, entry, mine, newcomer, review, send,
    signed, templates,
};

async fn record<S: Store>(store: &S, new: NewEnrolment) {
    let outcome = store.record_enrolment(&new).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::Recorded);
}

async fn decide<S: Store>(store: &S, seed: u64, decision: ReviewDecision) -> ReviewOutcome {
    let decided = store.decide_review(enrolment_id(seed), &decision, NOW);
    decided.await.unwrap()
}

async fn is_open<S: Store>(store: &S, seed: u64) -> bool {
    let open = store.open_review(enrolment_id(seed)).await.unwrap();
    open.is_some()
}

pub async fn a_review_is_open_until_it_is_decided<S: Store>(store: S) {
    admit(&store, 2).await;
    record(&store, review(3, &[1])).await;
    record(&store, review(4, &[])).await;
    let open = store.open_reviews(10).await.unwrap();
    let ids: Vec<_> = open.iter().map(|review| review.record.id).collect();
    assert_eq!(ids, [enrolment_id(3), enrolment_id(4)]);
    assert_eq!(open[0].templates, templates(3));
    assert_eq!(open[0].keep_until, UnixSeconds(NOW.0 + 1_000));
    let one = |sequence, micros| ReviewMatch { sequence, micros };
    assert_eq!(open[0].matches, [one(1, 370_000)]);
    let noted = [one(1, 370_000), one(2, 300_000)];
    let done = store.note_matches(enrolment_id(3), &noted);
    done.await.unwrap();
    let again = store.open_review(enrolment_id(3)).await.unwrap().unwrap();
    assert_eq!(again.matches, [noted[1], noted[0]]);
    assert_eq!(
        decide(&store, 3, ReviewDecision::Refuse).await,
        ReviewOutcome::Decided
    );
    assert_eq!(enrolment_state(&store, 3).await, EnrolmentState::Duplicate);
    assert!(!is_open(&store, 3).await && is_open(&store, 4).await);
    assert_eq!(
        decide(&store, 3, ReviewDecision::Admit(entry(3, 3))).await,
        ReviewOutcome::NotOpen
    );
}

pub async fn who_is_admitted_joins_the_gallery<S: Store>(store: S) {
    admit(&store, 1).await;
    record(&store, review(2, &[1])).await;
    assert_eq!(
        decide(&store, 2, ReviewDecision::Admit(entry(2, 2))).await,
        ReviewOutcome::Decided
    );
    assert_eq!(enrolment_state(&store, 2).await, EnrolmentState::Queued);
    let gallery = store.gallery_after(1, 10).await.unwrap();
    assert_eq!(gallery[0].templates, templates(2));
    assert_eq!(store.queued_enrolments(10).await.unwrap().len(), 2);
    assert!(!is_open(&store, 2).await);
}

pub async fn who_is_admitted_to_replace_loses_the_old_leaf<S: Store>(store: S) {
    admit(&store, 1).await;
    let mut recovers = review(2, &[1]);
    recovers.record.enrolment.kind = EnrolmentKind::Recovery;
    record(&store, recovers).await;
    let replace = || ReviewDecision::Replace {
        current: enrolment_id(1),
        entry: entry(2, 2),
    };
    assert_eq!(
        decide(&store, 2, replace()).await,
        ReviewOutcome::PersonConflict
    );
    let id = send(&store, &signed(0, 0), &append_payload(0, &[1])).await;
    mine(&store, id, &signed(0, 0), 7, &[]).await.unwrap();
    store.mark_final(id, &[]).await.unwrap();
    assert_eq!(decide(&store, 2, replace()).await, ReviewOutcome::Decided);
    let queued = store.queued_revocations(9, 9).await.unwrap();
    assert_eq!(queued[0].commitment, newcomer(1, 1).record.commitment());
    assert_eq!(store.queued_enrolments(9).await.unwrap(), []);
}

pub async fn a_decision_on_another_gallery_is_not_taken<S: Store>(store: S) {
    admit(&store, 2).await;
    record(&store, review(3, &[1])).await;
    let mut past = entry(3, 3);
    past.past = vec![1];
    for stale in [entry(3, 2), past] {
        assert_eq!(
            decide(&store, 3, ReviewDecision::Admit(stale)).await,
            ReviewOutcome::GalleryConflict
        );
        assert_eq!(enrolment_state(&store, 3).await, EnrolmentState::Review);
    }
    assert_eq!(store.gallery_after(0, 10).await.unwrap().len(), 2);
}

pub async fn a_commitment_that_was_admitted_meanwhile_closes_the_review<S: Store>(store: S) {
    record(&store, review(1, &[])).await;
    record(&store, review(2, &[])).await;
    let mut second_capture = newcomer(3, 1);
    second_capture.record.enrolment.commitment = review(1, &[]).record.commitment();
    record(&store, second_capture).await;
    assert!(!is_open(&store, 1).await && is_open(&store, 2).await);
}

pub async fn templates_are_not_kept_for_ever<S: Store>(store: S) {
    record(&store, review(1, &[])).await;
    let last = UnixSeconds(NOW.0 + 1_000);
    assert_eq!(store.wipe_old_reviews(last).await.unwrap(), 0);
    assert!(is_open(&store, 1).await);
    let after = UnixSeconds(last.0 + 1);
    assert_eq!(store.wipe_old_reviews(after).await.unwrap(), 1);
    assert!(!is_open(&store, 1).await);
    assert_eq!(store.open_reviews(10).await.unwrap().len(), 0);
    assert_eq!(enrolment_state(&store, 1).await, EnrolmentState::Review);
}

pub async fn a_review_of_an_orb_that_is_struck_off_is_closed<S: Store>(store: S) {
    let one = review(1, &[]);
    let orb = one.record.orb;
    record(&store, one).await;
    store.strike_off(orb, NOW).await.unwrap();
    assert!(!is_open(&store, 1).await);
}
