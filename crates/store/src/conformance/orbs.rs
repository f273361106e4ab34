//! People whom an orb brings in: their limit, and the effect of striking the orb off.

#![expect(missing_docs, reason = "a case is named after what holds")]

use annona_core::{Commitment, Epoch, OrbId};
use annona_engine::ports::{
    Admission, AdmitOutcome, NewEnrolment, NewEntry, OrbAllowance, Payload, Store, StruckOff,
};
use annona_engine::{EnrolmentState, RevocationReason, RevocationState};

use super::fixtures::{
    NOW, address, admit, append_payload, duplicate, enrolment_state, entry, mine, newcomer,
    recovery, review, send, signed,
};

/// The orb that vouches for enrolment `seed`.
fn orb(seed: u64) -> OrbId {
    OrbId(address("orb", seed))
}

fn commitment(seed: u64) -> Commitment {
    newcomer(seed, seed).record.commitment()
}

async fn record<S: Store>(store: &S, new: NewEnrolment) -> AdmitOutcome {
    store.record_enrolment(&new).await.unwrap()
}

async fn revocation_state<S: Store>(store: &S, seed: u64) -> Option<RevocationState> {
    let record = store.revocation(commitment(seed)).await.unwrap();
    record.map(|record| record.state)
}

async fn counts<S: Store>(store: &S, sequence: u64) -> bool {
    store.gallery_entry_statuses(&[sequence]).await.unwrap()[0].counts
}

/// Admits newcomers `1..=count` and makes them final members, with nonce 0.
async fn members<S: Store>(store: &S, count: u64) {
    admit(store, count).await;
    let seeds: Vec<u64> = (1..=count).collect();
    let id = send(store, &signed(0, 0), &append_payload(0, &seeds)).await;
    mine(store, id, &signed(0, 0), 7, &[]).await.unwrap();
    store.mark_final(id, &[]).await.unwrap();
}

pub async fn an_orb_brings_in_as_many_people_as_it_may<S: Store>(store: S) {
    let of_orb = |mut new: NewEnrolment, epoch, people| {
        new.record.orb = orb(0);
        new.allowance = OrbAllowance {
            epoch: Epoch(epoch),
            people,
        };
        new
    };
    let none = of_orb(newcomer(1, 1), 5, 0);
    assert_eq!(record(&store, none).await, AdmitOutcome::OrbLimitReached);
    let first = of_orb(newcomer(1, 1), 5, 2);
    assert_eq!(record(&store, first.clone()).await, AdmitOutcome::Recorded);
    let again = record(&store, first).await;
    assert!(
        matches!(again, AdmitOutcome::AlreadyRecorded(_)),
        "{again:?}"
    );
    // A person who is refused takes nobody's place, one who is under review takes one.
    let refused = of_orb(duplicate(2), 5, 2);
    assert_eq!(record(&store, refused).await, AdmitOutcome::Recorded);
    let looked_at = of_orb(review(3, &[1]), 5, 2);
    assert_eq!(record(&store, looked_at).await, AdmitOutcome::Recorded);
    let above = of_orb(newcomer(4, 2), 5, 2);
    assert_eq!(
        record(&store, above.clone()).await,
        AdmitOutcome::OrbLimitReached
    );
    assert_eq!(store.enrolment(above.record.id).await.unwrap(), None);
    assert_eq!(store.gallery_after(0, 10).await.unwrap().len(), 1);
    let elsewhere = newcomer(5, 2);
    assert_eq!(record(&store, elsewhere).await, AdmitOutcome::Recorded);
    let later = of_orb(newcomer(4, 3), 6, 2);
    assert_eq!(record(&store, later).await, AdmitOutcome::Recorded);
}

pub async fn nothing_of_an_orb_that_is_struck_off_is_recorded<S: Store>(store: S) {
    admit(&store, 1).await;
    assert!(!store.is_struck_off(orb(2)).await.unwrap());
    for struck in [orb(2), orb(3), orb(4)] {
        store.strike_off(struck, NOW).await.unwrap();
    }
    assert!(store.is_struck_off(orb(2)).await.unwrap());
    for new in [newcomer(2, 2), duplicate(3), review(4, &[1])] {
        let id = new.record.id;
        assert_eq!(record(&store, new).await, AdmitOutcome::OrbStruckOff);
        assert_eq!(store.enrolment(id).await.unwrap(), None);
    }
    assert_eq!(record(&store, newcomer(5, 2)).await, AdmitOutcome::Recorded);
}

/// Tests ENROL-12.
pub async fn all_that_an_orb_brought_in_goes_when_it_is_struck_off<S: Store>(store: S) {
    members(&store, 2).await;
    let of_second = |seed| {
        let mut new = newcomer(seed, seed);
        new.record.orb = orb(2);
        new
    };
    record(&store, of_second(3)).await;
    record(&store, of_second(4)).await;
    let id = send(&store, &signed(1, 0), &append_payload(2, &[3])).await;
    let struck = store.strike_off(orb(2), NOW).await.unwrap();
    let expected = StruckOff {
        withdrawn: 1,
        revocations: 2,
    };
    assert_eq!(struck, expected);
    assert_eq!(enrolment_state(&store, 4).await, EnrolmentState::Withdrawn);
    assert_eq!(store.queued_enrolments(9).await.unwrap(), []);
    for (sequence, is_left) in [(1, true), (2, false), (3, false), (4, false)] {
        assert_eq!(counts(&store, sequence).await, is_left, "{sequence}");
    }
    // What was on its way is revoked when it is in a block, not before.
    let waiting = store.queued_revocations(9, 9).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].reason, RevocationReason::Orb);
    mine(&store, id, &signed(1, 0), 8, &[]).await.unwrap();
    assert_eq!(store.queued_revocations(9, 9).await.unwrap().len(), 2);
    let again = store.strike_off(orb(2), NOW).await.unwrap();
    assert_eq!(again, StruckOff::default());
}

pub async fn a_recovery_that_is_withdrawn_gives_the_old_leaf_back<S: Store>(store: S) {
    members(&store, 2).await;
    record(&store, recovery(3, 1)).await;
    record(&store, recovery(4, 2)).await;
    assert!(!counts(&store, 1).await);
    let struck = store.strike_off(orb(3), NOW).await.unwrap();
    assert_eq!((struck.withdrawn, struck.revocations), (1, 0));
    assert_eq!(
        revocation_state(&store, 1).await,
        Some(RevocationState::Void)
    );
    assert!(counts(&store, 1).await);
    // Also when an operator withdraws it.
    let one = [commitment(4)];
    let asked = store.request_revocations(&one, RevocationReason::Operator, NOW);
    asked.await.unwrap();
    assert_eq!(
        revocation_state(&store, 2).await,
        Some(RevocationState::Void)
    );
    assert_eq!(store.queued_revocations(9, 9).await.unwrap(), []);
}

pub async fn a_leaf_is_not_given_back_while_somebody_waits_for_it_to_go<S: Store>(store: S) {
    members(&store, 1).await;
    record(&store, recovery(2, 1)).await;
    let mut again = newcomer(3, 3);
    again.admission = Admission::Admit(NewEntry {
        past: vec![1],
        ..entry(3, 3)
    });
    assert_eq!(record(&store, again).await, AdmitOutcome::Recorded);
    store.strike_off(orb(2), NOW).await.unwrap();
    assert_eq!(
        revocation_state(&store, 1).await,
        Some(RevocationState::Queued)
    );
    assert!(!counts(&store, 1).await);
    assert_eq!(store.queued_enrolments(9).await.unwrap(), []);
}

pub async fn a_leaf_that_was_given_back_can_be_taken_again<S: Store>(store: S) {
    members(&store, 1).await;
    record(&store, recovery(2, 1)).await;
    store.strike_off(orb(2), NOW).await.unwrap();
    assert_eq!(record(&store, recovery(3, 1)).await, AdmitOutcome::Recorded);
    assert_eq!(
        revocation_state(&store, 1).await,
        Some(RevocationState::Queued)
    );
    store.strike_off(orb(3), NOW).await.unwrap();
    let struck = store.strike_off(orb(1), NOW).await.unwrap();
    assert_eq!(struck.revocations, 1);
    let queued = store.queued_revocations(0, 9).await.unwrap();
    assert_eq!(queued[0].commitment, commitment(1));
}

pub async fn a_rogue_orbs_leaf_does_not_wait_for_a_recovery<S: Store>(store: S) {
    members(&store, 1).await;
    record(&store, recovery(2, 1)).await;
    assert_eq!(store.queued_revocations(0, 9).await.unwrap(), []);
    store.strike_off(orb(1), NOW).await.unwrap();
    let queued = store.queued_revocations(0, 9).await.unwrap();
    assert_eq!(queued[0].commitment, commitment(1));
    let commitments = vec![commitment(1)];
    let id = send(&store, &signed(1, 0), &Payload::Revoke { commitments }).await;
    mine(&store, id, &signed(1, 0), 8, &[]).await.unwrap();
    assert_eq!(store.queued_enrolments(9).await.unwrap().len(), 1);
}
