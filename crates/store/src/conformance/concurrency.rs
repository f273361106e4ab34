//! Two calls at once: the constraints hold, in whatever order they come.

#![expect(missing_docs, reason = "a case is named after what holds")]

use annona_core::{Claim, Epoch, OrbId};
use annona_engine::ports::{
    AdmitOutcome, InsertClaimOutcome, NewEnrolment, OpenOutcome, OrbAllowance, Payload,
    PendingCounts, SignedTransaction, Store,
};
use annona_engine::{ClaimRejection, EnrolmentId};

use super::fixtures::{
    NOW, address, append_payload, claim, claim_payload, intake, newcomer, nullifier,
    payload_attempt, queue_claims, review, signed,
};

/// Enough for the two to meet in every order.
const ROUNDS: u64 = 40;

async fn record_both<S: Store + Clone + 'static>(
    store: &S,
    pair: [NewEnrolment; 2],
) -> [AdmitOutcome; 2] {
    let [first, second] = pair.map(|new| {
        let store = store.clone();
        tokio::spawn(async move { store.record_enrolment(&new).await.unwrap() })
    });
    [first.await.unwrap(), second.await.unwrap()]
}

async fn insert_both<S: Store + Clone + 'static>(
    store: &S,
    pair: [Claim; 2],
) -> [InsertClaimOutcome; 2] {
    let [first, second] = pair.map(|claim| {
        let store = store.clone();
        tokio::spawn(async move { store.insert_claim(&claim, &intake(NOW)).await.unwrap() })
    });
    [first.await.unwrap(), second.await.unwrap()]
}

async fn open_both<S: Store + Clone + 'static>(
    store: &S,
    pair: [(SignedTransaction, Payload); 2],
) -> [OpenOutcome; 2] {
    let [first, second] = pair.map(|(signed, payload)| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .open_slot(&payload_attempt(signed), &payload)
                .await
                .unwrap()
        })
    });
    [first.await.unwrap(), second.await.unwrap()]
}

/// One of two was stored, the other one was told `refusal`.
#[track_caller]
fn assert_one_stored(outcomes: [OpenOutcome; 2], refusal: OpenOutcome) {
    assert!(
        matches!(
            outcomes,
            [OpenOutcome::Stored(_), other] | [other, OpenOutcome::Stored(_)]
            if other == refusal
        ),
        "{outcomes:?}"
    );
}

pub async fn of_two_newcomers_after_the_same_search_one_is_admitted<S>(store: S)
where
    S: Store + Clone + 'static,
{
    for round in 1..=ROUNDS {
        let pair = [newcomer(2 * round, round), newcomer(2 * round + 1, round)];
        let ids: [EnrolmentId; 2] = [pair[0].record.id, pair[1].record.id];
        let outcomes = record_both(&store, pair).await;
        let (admitted, refused) = match &outcomes {
            [AdmitOutcome::Recorded, AdmitOutcome::GalleryConflict] => (ids[0], ids[1]),
            [AdmitOutcome::GalleryConflict, AdmitOutcome::Recorded] => (ids[1], ids[0]),
            other => panic!("round {round}: {other:?}"),
        };
        assert!(store.enrolment(admitted).await.unwrap().is_some());
        assert!(store.enrolment(refused).await.unwrap().is_none());
        assert_eq!(store.gallery_after(round - 1, 10).await.unwrap().len(), 1);
    }
}

pub async fn of_two_claims_of_a_nullifier_one_is_inserted<S>(store: S)
where
    S: Store + Clone + 'static,
{
    for round in 1..=ROUNDS {
        let (mine, mut theirs) = (claim(round), claim(round + ROUNDS));
        theirs.nullifier_hash = nullifier(round);
        let outcomes = insert_both(&store, [mine, theirs]).await;
        let kept = store.claim(nullifier(round)).await.unwrap().unwrap();
        let (winner, loser) = match outcomes {
            [InsertClaimOutcome::Inserted, other] => (mine, other),
            [other, InsertClaimOutcome::Inserted] => (theirs, other),
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(kept.claim, winner);
        assert_eq!(loser, InsertClaimOutcome::Existing(kept));
    }
}

pub async fn of_two_claims_in_place_of_a_rejected_one_one_is_inserted<S>(store: S)
where
    S: Store + Clone + 'static,
{
    queue_claims(&store, ROUNDS).await;
    for round in 1..=ROUNDS {
        let why = ClaimRejection::InvalidProof;
        store.reject_claim(nullifier(round), why).await.unwrap();
        let both = [1, 2].map(|rival| Claim {
            nullifier_hash: nullifier(round),
            ..claim(rival * 1_000 + round)
        });
        let outcomes = insert_both(&store, both).await;
        let kept = store.claim(nullifier(round)).await.unwrap().unwrap();
        let existing = InsertClaimOutcome::Existing(kept);
        let winner = match outcomes {
            [InsertClaimOutcome::Inserted, other] if other == existing => both[0],
            [other, InsertClaimOutcome::Inserted] if other == existing => both[1],
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(kept.claim, winner);
    }
}

pub async fn of_two_slots_with_a_nonce_one_is_stored<S>(store: S)
where
    S: Store + Clone + 'static,
{
    queue_claims(&store, ROUNDS).await;
    for round in 1..=ROUNDS {
        let new = newcomer(round, round);
        store.record_enrolment(&new).await.unwrap();
        let pair = [
            (signed(round, 0), claim_payload(round)),
            (signed(round, 1), append_payload(round, &[round])),
        ];
        let outcomes = open_both(&store, pair).await;
        assert_one_stored(outcomes, OpenOutcome::NonceTaken);
    }
    let open = store.open_slots().await.unwrap();
    assert_eq!(open.len() as u64, ROUNDS);
    let claims = store.pending_claims().await.unwrap();
    let people = store.pending_enrolments().await.unwrap();
    assert_eq!(claims.under_way + people.under_way, ROUNDS);
    assert_eq!(claims.queued + people.queued, ROUNDS);
}

pub async fn of_two_slots_with_a_claim_one_is_stored<S>(store: S)
where
    S: Store + Clone + 'static,
{
    queue_claims(&store, ROUNDS).await;
    for round in 1..=ROUNDS {
        let payload = claim_payload(round);
        let pair = [
            (signed(2 * round, 0), payload.clone()),
            (signed(2 * round + 1, 0), payload),
        ];
        let outcomes = open_both(&store, pair).await;
        assert_one_stored(outcomes, OpenOutcome::PayloadConflict);
    }
    assert_eq!(
        store.pending_claims().await.unwrap(),
        PendingCounts {
            queued: 0,
            under_way: ROUNDS
        }
    );
}

pub async fn a_packet_sent_twice_at_once_is_recorded_once<S>(store: S)
where
    S: Store + Clone + 'static,
{
    for round in 1..=ROUNDS {
        let new = newcomer(round, round);
        let outcomes = record_both(&store, [new.clone(), new.clone()]).await;
        let known = AdmitOutcome::AlreadyRecorded(new.record);
        assert!(
            outcomes == [AdmitOutcome::Recorded, known.clone()]
                || outcomes == [known, AdmitOutcome::Recorded],
            "round {round}: {outcomes:?}"
        );
    }
    assert_eq!(
        store.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: ROUNDS,
            under_way: 0
        }
    );
}

pub async fn of_two_people_at_an_orbs_last_place_one_is_recorded<S: Store + Clone + 'static>(
    store: S,
) {
    for round in 0..ROUNDS {
        let seeds = [2 * round + 1, 2 * round + 2];
        // Nobody joins the gallery, so that the orb's last place alone decides.
        let pair = seeds.map(|seed| {
            let mut new = review(seed, &[]);
            new.record.orb = OrbId(address("orb", 0));
            new.allowance = OrbAllowance {
                epoch: Epoch(round),
                people: 1,
            };
            new
        });
        let mut outcomes = record_both(&store, pair).await;
        outcomes.sort_by_key(|outcome| *outcome != AdmitOutcome::Recorded);
        assert_eq!(
            outcomes,
            [AdmitOutcome::Recorded, AdmitOutcome::OrbLimitReached]
        );
    }
}
