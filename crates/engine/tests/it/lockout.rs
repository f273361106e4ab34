//! Nobody is locked out, whatever an orb did before it was struck off.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy::signers::local::PrivateKeySigner;
use annona_core::{B256, EnrolmentKind, Epoch, OrbId, UnixSeconds};
use annona_engine::ports::{
    ChainReader, EnrolmentRepository, PendingCounts, RevocationRepository, SenderRole, StruckOff,
};
use annona_engine::{
    EnrolError, EnrolmentPacket, EnrolmentState, ReviewError, ReviewService, ReviewVerdict,
    RevocationReason, RevocationState,
};
use annona_faults::{capture, decoy};
use annona_matcher::{DecisionRule, Gallery};
use annona_store::conformance::recovery;
use annona_template::{COLUMNS, EyePair, IrisTemplate};

use crate::chain::{EPOCH_SECS, GENESIS, OrphanedTransactions};
use crate::enrolments::{
    COOLDOWN_SECS, EnrolmentHarness, NOW, PEOPLE_PER_ORB, REVIEW_KEEP_SECS, orb, signed_by,
    statement,
};
use crate::service::{CONFIRMATIONS, Service, commitment, stranger};

/// Rounds in which a revocation and the append after it settle.
const ROUNDS: u64 = 2 * CONFIRMATIONS + 6;

/// An orb beside the one that is struck off.
fn honest_orb() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x33)).unwrap()
}

/// A service that takes packets of both orbs.
async fn open_harness() -> EnrolmentHarness {
    let harness = EnrolmentHarness::open().await;
    harness.service.chain.add_orb(OrbId(honest_orb().address()));
    harness
}

async fn strike_off(harness: &EnrolmentHarness) -> StruckOff {
    let store = &harness.service.store;
    let struck = store.strike_off(OrbId(orb().address()), UnixSeconds(NOW));
    struck.await.unwrap()
}

fn packet(
    key: &PrivateKeySigner,
    eyes: EyePair,
    number: u64,
    kind: EnrolmentKind,
) -> EnrolmentPacket {
    let mut enrolment = statement(&eyes, number);
    enrolment.kind = kind;
    signed_by(key, enrolment, eyes)
}

async fn settle(harness: &EnrolmentHarness) {
    let workers = harness.service.workers();
    workers.run(&harness.service.chain, 2 * ROUNDS).await;
}

fn is_member(harness: &EnrolmentHarness, number: u64) -> bool {
    harness.service.chain.leaf_index(stranger(number)).is_some()
}

/// Tests ENROL-10.
#[tokio::test]
async fn who_waited_in_the_queue_of_a_rogue_orb_joins_at_once_at_another() {
    for kind in [EnrolmentKind::New, EnrolmentKind::Recovery] {
        let harness = open_harness().await;
        let first = packet(&orb(), capture(1, 1), 1, EnrolmentKind::New);
        harness.submit(&first).await.unwrap();
        assert_eq!(strike_off(&harness).await.withdrawn, 1);
        let again = packet(&honest_orb(), capture(1, 2), 2, kind);
        let record = harness.submit(&again).await.unwrap();
        assert_eq!(record.state, EnrolmentState::Queued, "{kind:?}");
        settle(&harness).await;
        assert!(
            !is_member(&harness, 1) && is_member(&harness, 2),
            "{kind:?}"
        );
        let twice = packet(&honest_orb(), capture(1, 3), 3, EnrolmentKind::New);
        let refused = harness.submit(&twice).await.unwrap();
        assert_eq!(refused.state, EnrolmentState::Duplicate);
    }
}

#[tokio::test]
async fn decoys_keep_nobody_out_once_their_orb_is_struck_off() {
    let harness = open_harness().await;
    for part in 0..3 {
        let made_up = packet(
            &orb(),
            decoy(&capture(1, 1), part),
            part,
            EnrolmentKind::New,
        );
        let record = harness.submit(&made_up).await.unwrap();
        assert_eq!(record.state, EnrolmentState::Queued);
    }
    settle(&harness).await;
    let victim = |number, kind| packet(&honest_orb(), capture(1, number), number, kind);
    // Like three people: an operator is asked, and nobody is refused finally.
    let held = harness
        .submit(&victim(10, EnrolmentKind::New))
        .await
        .unwrap();
    assert_eq!(held.state, EnrolmentState::Review);
    assert_eq!(strike_off(&harness).await.revocations, 3);
    let free = harness
        .submit(&victim(11, EnrolmentKind::New))
        .await
        .unwrap();
    assert_eq!(free.state, EnrolmentState::Queued);
    settle(&harness).await;
    assert!(is_member(&harness, 11));
    assert!((0..3).all(|number| !is_member(&harness, number)));
}

#[tokio::test]
async fn a_leaf_of_a_rogue_orb_goes_before_the_same_persons_next_one_comes() {
    let harness = open_harness().await;
    let first = packet(&orb(), capture(1, 1), 1, EnrolmentKind::New);
    harness.submit(&first).await.unwrap();
    settle(&harness).await;
    strike_off(&harness).await;
    let again = packet(&honest_orb(), capture(1, 2), 2, EnrolmentKind::New);
    harness.submit(&again).await.unwrap();
    let workers = harness.service.workers();
    for _ in 0..2 * ROUNDS {
        workers.run(&harness.service.chain, 1).await;
        assert!(
            !(is_member(&harness, 1) && is_member(&harness, 2)),
            "two leaves"
        );
    }
    assert!(is_member(&harness, 2));
}

/// Person 1 is a member through the honest orb; then the rogue one recovers that person.
async fn recovered_by_a_rogue_orb() -> EnrolmentHarness {
    let harness = open_harness().await;
    let first = packet(&honest_orb(), capture(1, 1), 1, EnrolmentKind::New);
    harness.submit(&first).await.unwrap();
    settle(&harness).await;
    harness.service.clock.set(NOW + COOLDOWN_SECS);
    let stolen = packet(&orb(), capture(1, 2), 2, EnrolmentKind::Recovery);
    let record = harness.submit(&stolen).await.unwrap();
    assert_eq!(record.state, EnrolmentState::Queued);
    harness
}

#[tokio::test]
async fn who_was_recovered_by_a_rogue_orb_comes_back_at_once() {
    for kind in [EnrolmentKind::New, EnrolmentKind::Recovery] {
        let harness = recovered_by_a_rogue_orb().await;
        settle(&harness).await;
        assert!(!is_member(&harness, 1) && is_member(&harness, 2));
        strike_off(&harness).await;
        let back = packet(&honest_orb(), capture(1, 3), 3, kind);
        let record = harness.submit(&back).await.unwrap();
        assert_eq!(record.state, EnrolmentState::Queued, "{kind:?}");
        settle(&harness).await;
        let members: Vec<u64> = (1..=3)
            .filter(|number| is_member(&harness, *number))
            .collect();
        assert_eq!(members, [3], "{kind:?}");
    }
}

/// Tests RECOV-7.
#[tokio::test]
async fn a_rogue_recovery_that_waits_is_undone_and_the_old_leaf_stays() {
    let harness = recovered_by_a_rogue_orb().await;
    strike_off(&harness).await;
    settle(&harness).await;
    assert!(is_member(&harness, 1) && !is_member(&harness, 2));
    let again = packet(&honest_orb(), capture(1, 3), 3, EnrolmentKind::New);
    let known = harness.submit(&again).await.unwrap();
    assert_eq!(known.state, EnrolmentState::Duplicate);
}

#[tokio::test]
async fn nothing_is_taken_from_an_orb_that_is_refused() {
    let harness = open_harness().await;
    let rogue = OrbId(orb().address());
    harness.enrolments.refuse_orbs(BTreeSet::from([rogue]));
    let one = packet(&orb(), capture(1, 1), 1, EnrolmentKind::New);
    let refused = harness.submit(&one).await;
    assert!(matches!(refused, Err(EnrolError::OrbRefused(orb)) if orb == rogue));
    let other = packet(&honest_orb(), capture(2, 2), 2, EnrolmentKind::New);
    harness.submit(&other).await.unwrap();
    harness.enrolments.refuse_orbs(BTreeSet::new());
    harness.submit(&one).await.unwrap();
    strike_off(&harness).await;
    let late = packet(&orb(), capture(3, 3), 3, EnrolmentKind::New);
    let refused = harness.submit(&late).await;
    assert!(matches!(refused, Err(EnrolError::OrbRefused(orb)) if orb == rogue));
}

/// Tests ENROL-11.
#[tokio::test]
async fn an_orb_brings_in_as_many_people_as_it_may_in_an_epoch() {
    let harness = open_harness().await;
    let limit = u64::from(PEOPLE_PER_ORB);
    let new = |key: &PrivateKeySigner, person| {
        packet(key, capture(person, person), person, EnrolmentKind::New)
    };
    for person in 1..=limit {
        harness.submit(&new(&orb(), person)).await.unwrap();
    }
    let above = harness.submit(&new(&orb(), limit + 1)).await;
    let left = EPOCH_SECS - (NOW - GENESIS);
    assert!(matches!(
        above,
        Err(EnrolError::OrbLimitReached { wait_secs, .. }) if wait_secs == left
    ));
    let elsewhere = new(&honest_orb(), limit + 1);
    harness.submit(&elsewhere).await.unwrap();
}

/// An eye of which a run of columns is seen.
fn seen(seed: u64, columns: std::ops::Range<usize>) -> IrisTemplate {
    let eyes = capture(seed, 1);
    let mask = std::array::from_fn(|column| {
        if columns.contains(&column) {
            u32::MAX
        } else {
            0
        }
    });
    IrisTemplate::from_columns(*eyes.left.code(), mask)
}

/// Eyes of which little is seen, and that where others are hidden.
fn narrow(seed: u64) -> EyePair {
    EyePair {
        left: seen(seed, 0..100),
        right: seen(seed + 1, 0..60),
    }
}

/// Eyes of which enough is seen, but little where those of [`narrow`] are.
fn wide(seed: u64) -> EyePair {
    EyePair {
        left: seen(seed, 75..COLUMNS),
        right: seen(seed + 1, 75..COLUMNS),
    }
}

#[tokio::test]
async fn an_entry_of_few_bits_turns_nobody_away_whose_eyes_are_wide_open() {
    let harness = open_harness().await;
    let thin = packet(&orb(), narrow(100), 1, EnrolmentKind::New);
    let record = harness.submit(&thin).await.unwrap();
    assert_eq!(record.state, EnrolmentState::Queued);
    for person in 2..6 {
        let eyes = wide(100 * person);
        let packet = packet(&honest_orb(), eyes, person, EnrolmentKind::New);
        let record = harness.submit(&packet).await.unwrap();
        assert_eq!(record.state, EnrolmentState::Queued, "{person}");
    }
    // Too little to see is still never new by itself.
    let little = packet(&honest_orb(), narrow(900), 9, EnrolmentKind::New);
    let held = harness.submit(&little).await.unwrap();
    assert_eq!(held.state, EnrolmentState::Review);
}

fn reviews(harness: &EnrolmentHarness) -> ReviewService {
    ReviewService::new(
        Arc::new(harness.service.store.clone()),
        harness.service.clock.clone(),
        DecisionRule::standard(),
        Gallery::new(),
    )
}

/// Tests ENROL-13.
#[tokio::test]
async fn an_operator_decides_who_is_under_review() {
    let harness = open_harness().await;
    for part in 0..3 {
        let made_up = packet(
            &orb(),
            decoy(&capture(1, 1), part),
            part,
            EnrolmentKind::New,
        );
        harness.submit(&made_up).await.unwrap();
    }
    let victim = packet(&honest_orb(), capture(1, 10), 10, EnrolmentKind::New);
    let held = harness.submit(&victim).await.unwrap();
    let reviews = reviews(&harness);
    let open = reviews.open().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].review.record.id, held.id);
    assert_eq!(open[0].statuses.len(), 3);
    let review = &open[0].review;
    let keep_until = review.record.received_at.0 + REVIEW_KEEP_SECS;
    assert_eq!(review.keep_until.0, keep_until);
    let replaced = ReviewVerdict::Replace { sequence: 1 };
    let none = reviews.decide(held.id, replaced).await;
    assert!(matches!(none, Err(ReviewError::NotARecovery)), "{none:?}");
    let admitted = reviews.decide(held.id, ReviewVerdict::Admit).await.unwrap();
    assert_eq!(admitted.state, EnrolmentState::Queued);
    settle(&harness).await;
    assert!(is_member(&harness, 10));
    let again = reviews.decide(held.id, ReviewVerdict::Refuse).await;
    assert!(matches!(again, Err(ReviewError::NotOpen(_))), "{again:?}");
}

#[tokio::test]
async fn an_operator_decides_on_nobody_who_was_not_shown() {
    let harness = open_harness().await;
    for part in 0..3 {
        let made_up = packet(
            &orb(),
            decoy(&capture(1, 1), part),
            part,
            EnrolmentKind::New,
        );
        harness.submit(&made_up).await.unwrap();
    }
    let first = packet(&honest_orb(), capture(1, 10), 10, EnrolmentKind::New);
    let second = packet(&honest_orb(), capture(1, 11), 11, EnrolmentKind::New);
    let first = harness.submit(&first).await.unwrap();
    let second = harness.submit(&second).await.unwrap();
    let reviews = reviews(&harness);
    reviews
        .decide(first.id, ReviewVerdict::Admit)
        .await
        .unwrap();
    // The same eyes with another commitment.
    let twice = reviews.decide(second.id, ReviewVerdict::Admit).await;
    assert!(
        matches!(twice, Err(ReviewError::Changed { unseen: 1 })),
        "{twice:?}"
    );
    let refused = reviews.decide(second.id, ReviewVerdict::Refuse).await;
    assert_eq!(refused.unwrap().state, EnrolmentState::Duplicate);
}

#[tokio::test]
async fn a_recovery_keeps_its_place_in_an_epoch_that_is_full() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(1).await;
    workers.run(&service.chain, ROUNDS).await;
    service.chain.warp_to(Epoch(1));
    service.chain.set_enrolment_cap(16);
    for person in 2..=81 {
        service.admit_one(person).await;
    }
    let recovers = recovery(82, 1);
    service.store.record_enrolment(&recovers).await.unwrap();
    let both = [commitment(1), commitment(82)];
    for epoch in 1..=6 {
        workers.run(&service.chain, ROUNDS).await;
        service.chain.warp_to(Epoch(epoch + 1));
        let held = service.chain.members_among(&both, Epoch(epoch + 1));
        assert_eq!(held, 1, "epoch {}", epoch + 1);
    }
    assert_eq!(service.chain.reverted(), 0);
}

/// Tests RECOV-4.
#[tokio::test]
async fn no_leaf_is_given_up_in_an_epoch_without_room_for_the_next() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(1).await;
    workers.run(&service.chain, ROUNDS).await;
    service.chain.set_enrolment_cap(1);
    let recovers = recovery(2, 1);
    service.store.record_enrolment(&recovers).await.unwrap();
    workers.run(&service.chain, ROUNDS).await;
    assert!(service.chain.leaf_index(commitment(1)).is_some());
    service.chain.warp_to(Epoch(1));
    workers.run(&service.chain, 2 * ROUNDS).await;
    assert_eq!(service.chain.leaf_index(commitment(1)), None);
    assert!(service.chain.leaf_index(commitment(2)).is_some());
}

/// Tests RECOV-6.
#[tokio::test]
async fn strangers_in_the_queue_stop_no_revocation() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(1).await;
    workers.run(&service.chain, ROUNDS).await;
    let strangers: Vec<_> = (100..300).map(stranger).collect();
    let reason = RevocationReason::Operator;
    let asked = service
        .store
        .request_revocations(&strangers, reason, UnixSeconds(GENESIS));
    assert_eq!(asked.await.unwrap(), 200);
    let recovers = recovery(2, 1);
    service.store.record_enrolment(&recovers).await.unwrap();
    workers.run(&service.chain, 2 * ROUNDS).await;
    assert!(service.chain.leaf_index(commitment(2)).is_some());
    assert_eq!(
        service.store.pending_revocations().await.unwrap(),
        PendingCounts::default()
    );
    let settled = service.store.revocation(stranger(100)).await.unwrap();
    assert_eq!(settled.unwrap().state, RevocationState::Void);
}

#[tokio::test]
async fn recoveries_that_wait_hide_no_leaf_of_a_rogue_orb() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(33).await;
    workers.run(&service.chain, ROUNDS).await;
    service.chain.warp_to_time(GENESIS + EPOCH_SECS - 500);
    for person in 1..=32 {
        let recovers = recovery(33 + person, person);
        service.store.record_enrolment(&recovers).await.unwrap();
    }
    let last = [commitment(33)];
    let asked =
        service
            .store
            .request_revocations(&last, RevocationReason::Orb, UnixSeconds(GENESIS));
    asked.await.unwrap();
    assert_eq!(workers.sequencer.step().await.unwrap(), 1);
    service.chain.mine();
    assert_eq!(service.chain.leaf_index(commitment(33)), None);
}

#[tokio::test]
async fn many_revocations_starve_nobody_who_joins() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(200).await;
    workers.run(&service.chain, ROUNDS).await;
    let all: Vec<_> = (1..=200).map(commitment).collect();
    let asked =
        service
            .store
            .request_revocations(&all, RevocationReason::Orb, UnixSeconds(GENESIS));
    asked.await.unwrap();
    for person in [201, 202] {
        service.admit_one(person).await;
        workers.run(&service.chain, 2).await;
        assert!(service.chain.leaf_index(commitment(person)).is_some());
    }
    let PendingCounts { queued, .. } = service.store.pending_revocations().await.unwrap();
    assert!(queued > 0, "the revocations were no longer under way");
}

#[tokio::test]
async fn a_commitment_that_was_appended_twice_leaves_both_places() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(1).await;
    workers.run(&service.chain, ROUNDS).await;
    service.chain.append(&[commitment(1)]);
    let one = [commitment(1)];
    let asked =
        service
            .store
            .request_revocations(&one, RevocationReason::Operator, UnixSeconds(GENESIS));
    asked.await.unwrap();
    workers.run(&service.chain, ROUNDS).await;
    assert_eq!(service.chain.census(Epoch(0)).await.unwrap().members, 0);
    assert_eq!(service.chain.leaf_index(commitment(1)), None);
}

/// Tests RECOV-8.
#[tokio::test]
async fn a_withdrawn_commitment_that_was_mined_after_all_is_revoked() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(1).await;
    service.chain.lose_broadcasts(1);
    workers.sequencer.step().await.unwrap();
    let given_up = service.open().await[0].attempts[0].signed.hash;
    service.chain.mine_foreign(SenderRole::Sequencer);
    service.chain.mine_empty(CONFIRMATIONS);
    workers.follow().await;
    assert_eq!(service.enrolment(1).await, EnrolmentState::Queued);
    let one = [commitment(1)];
    let asked =
        service
            .store
            .request_revocations(&one, RevocationReason::Orb, UnixSeconds(GENESIS));
    asked.await.unwrap();
    assert_eq!(service.enrolment(1).await, EnrolmentState::Withdrawn);
    // Deeper than any reorg that is reckoned with.
    let all = service.chain.height();
    service
        .chain
        .roll_back(all, OrphanedTransactions::Forgotten);
    service.chain.mine_only(given_up);
    service.chain.mine_empty(CONFIRMATIONS);
    assert!(service.chain.leaf_index(commitment(1)).is_some());
    workers.run(&service.chain, 2 * ROUNDS).await;
    assert_eq!(service.chain.leaf_index(commitment(1)), None);
    let revocation = service.store.revocation(commitment(1)).await.unwrap();
    let state = revocation.unwrap().state;
    assert!(matches!(state, RevocationState::Final { .. }), "{state:?}");
}
