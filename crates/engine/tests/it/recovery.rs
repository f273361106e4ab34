//! A person has one leaf at a time, whatever gets lost.

use annona_core::{Commitment, EnrolmentKind, Epoch, UnixSeconds};
use annona_engine::ports::{
    ChainReader, EnrolmentRepository, RegistryChange, RevocationRepository,
};
use annona_engine::{
    EnrolError, EnrolmentPacket, EnrolmentPolicy, EnrolmentState, RevocationReason,
};
use annona_faults::capture;
use annona_store::conformance::recovery;

use crate::chain::{EPOCH_SECS, GENESIS, OrphanedTransactions};
use crate::enrolments::{COOLDOWN_SECS, EnrolmentHarness, NOW, orb, policy, signed_by, statement};
use crate::service::{CONFIRMATIONS, MARGIN_SECS, Service, Workers, commitment};

/// Rounds in which a revocation and the append after it settle.
const ROUNDS: u64 = 2 * CONFIRMATIONS + 6;

/// A person of the gallery, enrolled again and again.
struct Person {
    commitments: Vec<Commitment>,
    newest: u64,
}

impl Person {
    /// Person 1, a member finally; `workers` have done it.
    async fn enrol(service: &Service, workers: &Workers) -> Self {
        service.admit(1).await;
        workers.run(&service.chain, ROUNDS).await;
        Self {
            commitments: vec![commitment(1)],
            newest: 1,
        }
    }

    async fn recover(&mut self, service: &Service) {
        let next = recovery(self.newest + 1, self.newest);
        self.commitments.push(next.record.commitment());
        let outcome = service.store.record_enrolment(&next).await.unwrap();
        assert_eq!(outcome, annona_engine::ports::AdmitOutcome::Recorded);
        self.newest += 1;
    }
}

/// Indices of the leaves that batches emptied and filled, in the chain's order.
async fn history(service: &Service) -> Vec<(&'static str, Commitment)> {
    let head = service.chain.head().await.unwrap().number;
    let batches = service.chain.registry_batches(0, head).await.unwrap();
    let mut history = Vec::new();
    for batch in batches {
        match batch.change {
            RegistryChange::Appended { leaves, .. } => {
                history.extend(leaves.into_iter().map(|leaf| ("joins", leaf)));
            }
            RegistryChange::Revoked { removals } => {
                let left = removals.into_iter().map(|removal| removal.commitment);
                history.extend(left.map(|leaf| ("leaves", leaf)));
            }
        }
    }
    history
}

/// Tests RECOV-3.
#[tokio::test]
async fn the_old_leaf_goes_before_the_new_one_comes() {
    let service = Service::start().await;
    let workers = service.workers();
    let mut person = Person::enrol(&service, &workers).await;
    person.recover(&service).await;
    workers.run(&service.chain, ROUNDS).await;
    let [old, new] = [commitment(1), commitment(2)];
    assert_eq!(
        history(&service).await,
        [("joins", old), ("leaves", old), ("joins", new)]
    );
    let leaf_index = 0_u64.try_into().unwrap();
    let revoked = EnrolmentState::Revoked { leaf_index };
    assert_eq!(service.enrolment(1).await, revoked);
    assert!(matches!(
        service.enrolment(2).await,
        EnrolmentState::Final { leaf_index, .. } if leaf_index.get() == 1
    ));
    assert!(service.open().await.is_empty());
}

#[tokio::test]
async fn who_recovers_in_every_epoch_is_a_member_once_in_each() {
    let moments = [
        0,
        EPOCH_SECS / 2,
        // The whole recovery fits before the margin begins, just so.
        EPOCH_SECS - MARGIN_SECS - 500,
        EPOCH_SECS - MARGIN_SECS - 24,
        EPOCH_SECS - MARGIN_SECS,
        EPOCH_SECS - 12 * ROUNDS / 2,
        EPOCH_SECS - 24,
        EPOCH_SECS - 12,
    ];
    let service = Service::start().await;
    let workers = service.workers();
    let mut person = Person::enrol(&service, &workers).await;
    for (epoch, moment) in (1..).zip(moments) {
        service
            .chain
            .warp_to_time(GENESIS + epoch * EPOCH_SECS + moment);
        // Blocks go on over the end of the epoch.
        person.recover(&service).await;
        workers.run(&service.chain, ROUNDS).await;
        service.chain.warp_to(Epoch(epoch + 1));
        workers.run(&service.chain, ROUNDS).await;
    }
    let last = moments.len() as u64 + 1;
    service.chain.warp_to(Epoch(last + 1));
    for epoch in (1..=last).map(Epoch) {
        let held = service.chain.members_among(&person.commitments, epoch);
        assert_eq!(held, 1, "epoch {epoch}");
    }
    let newest = &person.commitments[person.commitments.len() - 1..];
    assert_eq!(service.chain.members_among(newest, Epoch(last + 1)), 1);
}

#[tokio::test]
async fn a_recovery_survives_reorgs() {
    for orphaned in [
        OrphanedTransactions::BackToPool,
        OrphanedTransactions::Forgotten,
    ] {
        for depth in 1..=5_u64 {
            let service = Service::start().await;
            let workers = service.workers();
            let mut person = Person::enrol(&service, &workers).await;
            person.recover(&service).await;
            // The revocation in one block, the append in the next.
            for _ in 0..2 {
                workers.sequencer.step().await.unwrap();
                service.chain.mine();
                workers.follow().await;
            }
            assert_eq!(history(&service).await.len(), 3, "{orphaned:?} {depth}");
            service.chain.mine_empty(depth.saturating_sub(2));
            service.chain.reorg(depth, orphaned);
            workers.run(&service.chain, ROUNDS).await;
            let [old, new] = [commitment(1), commitment(2)];
            assert_eq!(
                history(&service).await,
                [("joins", old), ("leaves", old), ("joins", new)],
                "{orphaned:?} {depth}"
            );
            assert!(service.open().await.is_empty());
        }
    }
}

#[tokio::test]
async fn a_new_leaf_never_comes_without_the_old_one_going() {
    let service = Service::start().await;
    let workers = service.workers();
    let mut person = Person::enrol(&service, &workers).await;
    person.recover(&service).await;
    service.chain.revert_executions(2);
    for _ in 0..3 * ROUNDS {
        workers.run(&service.chain, 1).await;
        let both = service.chain.leaf_index(commitment(1)).is_some()
            && service.chain.leaf_index(commitment(2)).is_some();
        assert!(!both, "two leaves of one person");
    }
    assert_eq!(service.chain.leaf_index(commitment(1)), None);
    assert_eq!(service.chain.leaf_index(commitment(2)), Some(1));
}

#[tokio::test]
async fn a_revocation_that_was_given_up_and_mined_after_all_is_adopted() {
    let service = Service::start().await;
    let workers = service.workers();
    let mut person = Person::enrol(&service, &workers).await;
    person.recover(&service).await;
    service.chain.lose_broadcasts(1);
    workers.sequencer.step().await.unwrap();
    let given_up = service.open().await[0].attempts[0].signed.hash;
    let height = service.chain.height();
    service
        .chain
        .mine_foreign(annona_engine::ports::SenderRole::Sequencer);
    for _ in 0..=CONFIRMATIONS {
        workers.follow().await;
        service.chain.mine();
    }
    workers.follow().await;
    assert!(service.open().await.is_empty());
    // Deeper than any reorg that is reckoned with.
    let depth = service.chain.height() - height;
    service
        .chain
        .roll_back(depth, OrphanedTransactions::Forgotten);
    service.chain.mine_only(given_up);
    service.chain.mine_empty(CONFIRMATIONS);
    workers.run(&service.chain, ROUNDS).await;
    assert_eq!(service.chain.leaf_index(commitment(1)), None);
    assert_eq!(service.chain.leaf_index(commitment(2)), Some(1));
    assert_eq!(service.chain.reverted(), 0);
}

#[tokio::test]
async fn the_leaves_of_an_orb_go_in_batches() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(40).await;
    workers.run(&service.chain, ROUNDS).await;
    let all: Vec<Commitment> = (1..=40).map(commitment).collect();
    let now = UnixSeconds(GENESIS);
    let asked = service
        .store
        .request_revocations(&all, RevocationReason::Orb, now);
    assert_eq!(asked.await.unwrap(), 40);
    assert_eq!(workers.sequencer.step().await.unwrap(), 32);
    workers.run(&service.chain, ROUNDS).await;
    assert!(
        all.iter()
            .all(|leaf| service.chain.leaf_index(*leaf).is_none())
    );
    assert_eq!(
        service
            .chain
            .used_nonces(annona_engine::ports::SenderRole::Sequencer),
        3
    );
}

#[tokio::test]
async fn a_rogue_orb_is_not_waited_for_at_the_end_of_an_epoch() {
    let service = Service::start().await;
    let workers = service.workers();
    service.admit(1).await;
    workers.run(&service.chain, ROUNDS).await;
    service.chain.warp_to_time(GENESIS + EPOCH_SECS - 100);
    let leaf = [commitment(1)];
    let asked =
        service
            .store
            .request_revocations(&leaf, RevocationReason::Orb, UnixSeconds(GENESIS));
    asked.await.unwrap();
    assert_eq!(workers.sequencer.step().await.unwrap(), 1);
}

fn recovering(person: u64, capture_number: u64, number: u64, now: u64) -> EnrolmentPacket {
    let templates = capture(person, capture_number);
    let mut enrolment = statement(&templates, number);
    enrolment.kind = EnrolmentKind::Recovery;
    enrolment.captured_at = UnixSeconds(now - 10);
    signed_by(&orb(), enrolment, templates)
}

/// A service with person 1, whose membership has been final for the cooldown.
async fn harness_with_a_member() -> EnrolmentHarness {
    let harness = EnrolmentHarness::open().await;
    let templates = capture(1, 1);
    let packet = signed_by(&orb(), statement(&templates, 1), templates);
    harness.submit(&packet).await.unwrap();
    let workers = harness.service.workers();
    workers.run(&harness.service.chain, ROUNDS).await;
    harness.service.clock.set(NOW + COOLDOWN_SECS);
    harness
}

#[tokio::test]
async fn a_known_person_with_a_new_commitment_recovers() {
    let harness = harness_with_a_member().await;
    let now = NOW + COOLDOWN_SECS;
    let record = harness.submit(&recovering(1, 2, 2, now)).await.unwrap();
    assert_eq!(record.state, EnrolmentState::Queued);
    let again = harness.submit(&recovering(1, 2, 2, now)).await.unwrap();
    assert_eq!(again.id, record.id);
    let queued = harness
        .service
        .store
        .queued_revocations(10, 10)
        .await
        .unwrap();
    assert_eq!(queued.len(), 1);
    assert_eq!(queued[0].commitment, crate::service::stranger(1));
}

/// Tests RECOV-2.
#[tokio::test]
async fn of_two_recoveries_at_once_one_is_taken() {
    let harness = harness_with_a_member().await;
    let now = NOW + COOLDOWN_SECS;
    let (one, two) = (recovering(1, 2, 2, now), recovering(1, 3, 3, now));
    let (one, two) = tokio::join!(harness.submit(&one), harness.submit(&two));
    let taken = [&one, &two]
        .iter()
        .filter(|outcome| outcome.is_ok())
        .count();
    assert_eq!(taken, 1, "{one:?} {two:?}");
    let refused = if one.is_ok() { two } else { one };
    assert!(matches!(refused, Err(EnrolError::RecoveryTooSoon { .. })));
}

/// Tests RECOV-1 and RECOV-9.
#[tokio::test]
async fn a_recovery_comes_after_the_cooldown_and_after_the_enrolment_has_settled() {
    let harness = harness_with_a_member().await;
    harness.service.clock.set(NOW + COOLDOWN_SECS - 1);
    let early = harness
        .submit(&recovering(1, 2, 2, NOW + COOLDOWN_SECS))
        .await;
    assert!(matches!(
        early,
        Err(EnrolError::RecoveryTooSoon { wait_days: 1 })
    ));
    let now = NOW + COOLDOWN_SECS;
    harness.service.clock.set(now);
    harness.submit(&recovering(1, 2, 2, now)).await.unwrap();
    let later = now + COOLDOWN_SECS;
    harness.service.clock.set(later);
    // The recovery before is still on its way.
    let unsettled = harness.submit(&recovering(1, 3, 3, later)).await;
    assert!(matches!(
        unsettled,
        Err(EnrolError::RecoveryTooSoon { wait_days: 1 })
    ));
}

#[tokio::test]
async fn a_stranger_has_nothing_to_recover() {
    let harness = harness_with_a_member().await;
    let now = NOW + COOLDOWN_SECS;
    let refused = harness.submit(&recovering(2, 1, 2, now)).await;
    assert!(matches!(refused, Err(EnrolError::NothingToRecover)));
}

#[tokio::test]
async fn a_cooldown_of_a_month_is_told_in_days_and_does_not_end_with_an_epoch() {
    const DAY_SECS: u64 = 86_400;
    let harness = EnrolmentHarness::open_with(EnrolmentPolicy {
        recovery_cooldown_secs: 30 * DAY_SECS,
        ..policy()
    })
    .await;
    let templates = capture(1, 1);
    let packet = signed_by(&orb(), statement(&templates, 1), templates);
    harness.submit(&packet).await.unwrap();
    let workers = harness.service.workers();
    workers.run(&harness.service.chain, ROUNDS).await;
    let end = NOW + 30 * DAY_SECS;
    let early = [
        (NOW + DAY_SECS, 29),
        // In the epochs after the enrolment.
        (GENESIS + EPOCH_SECS, 19),
        (GENESIS + 2 * EPOCH_SECS, 7),
        (end - DAY_SECS - 1, 2),
        (end - DAY_SECS, 1),
        (end - 1, 1),
    ];
    for (now, days) in early {
        harness.service.clock.set(now);
        harness.service.chain.warp_to_time(now);
        let refused = harness.submit(&recovering(1, 2, 2, now)).await;
        assert!(
            matches!(refused, Err(EnrolError::RecoveryTooSoon { wait_days }) if wait_days == days),
            "{days}: {refused:?}"
        );
    }
    harness.service.clock.set(end);
    let record = harness.submit(&recovering(1, 2, 2, end)).await.unwrap();
    assert_eq!(record.state, EnrolmentState::Queued);
}
