//! Routes of enrolments.

use std::time::Duration;

use annona_core::{B256, Commitment, Enrolment, EnrolmentKind, U256, UnixSeconds};
use annona_engine::ports::{EnrolmentRepository, PendingCounts, RevocationRepository};
use annona_matcher::{Decision, DecisionRule, Gallery};
use annona_template::{COLUMNS, EyePair, IrisTemplate};
use annona_wire::{EnrolmentRequest, EnrolmentStatus, EnrolmentView};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sqlx::SqliteConnection;
use tokio::time::timeout;

use crate::world::{DOMAIN, MAX_AGE_SECS, SERVICE_NOW, World, eyes, member, statement};

/// Time by which a packet that was sent is under check.
const PATIENCE: Duration = Duration::from_secs(8);

fn commitment(number: u64) -> Commitment {
    Commitment::try_from(U256::from(1_000 + number)).unwrap()
}

#[tokio::test]
async fn a_new_person_is_admitted_and_found() {
    let world = World::new().await;
    let answer = world.enrol(&world.packet(commitment(1), &eyes(1), 1)).await;
    assert_eq!(answer.status, 202);
    let view: EnrolmentView = answer.json();
    assert_eq!(view.status, EnrolmentStatus::Queued);
    let found = world.get(&format!("/v1/enrolments/{}", view.id)).await;
    assert_eq!(found.json::<EnrolmentView>(), view);
}

#[tokio::test]
async fn the_same_packet_again_gets_the_same_answer() {
    let world = World::new().await;
    let packet = world.packet(commitment(1), &eyes(1), 1);
    let first = world.enrol(&packet).await;
    let second = world.enrol(&packet).await;
    assert_eq!((first.status, first.body), (second.status, second.body));
    assert_eq!(
        world.store.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 0
        }
    );
}

#[tokio::test]
async fn a_person_who_comes_again_is_a_duplicate_each_time() {
    let world = World::new().await;
    world.enrol(&world.packet(commitment(1), &eyes(1), 1)).await;
    let again = world.packet(commitment(2), &eyes(1), 2);
    let problem = world
        .enrol(&again)
        .await
        .assert_problem(409, "enrolment-duplicate");
    let id = problem.enrolment_id.unwrap();
    let found = world.get(&format!("/v1/enrolments/{id}")).await;
    assert_eq!(
        found.json::<EnrolmentView>().status,
        EnrolmentStatus::Duplicate
    );
    let resent = world
        .enrol(&again)
        .await
        .assert_problem(409, "enrolment-duplicate");
    assert_eq!(resent.enrolment_id, Some(id));
}

#[tokio::test]
async fn a_capture_in_the_grey_zone_asks_for_a_second_one() {
    let world = World::new().await;
    world.enrol(&world.packet(commitment(1), &eyes(1), 1)).await;
    let unclear = eyes_under_review(&eyes(1));
    let packet = world.packet(commitment(2), &unclear, 2);
    let problem = world
        .enrol(&packet)
        .await
        .assert_problem(409, "enrolment-review");
    assert!(problem.enrolment_id.is_some());
}

/// The same eyes with as many bits turned as puts them between known and new.
pub(crate) fn eyes_under_review(known: &EyePair) -> EyePair {
    let mut gallery = Gallery::new();
    gallery.push(1, known).unwrap();
    (200..500)
        .step_by(5)
        .map(|per_mille| noisy(known, per_mille))
        .find(|probe| {
            let rule = DecisionRule::standard();
            let decision = rule.decide(&gallery.search(probe, rule.threshold_micros()));
            matches!(decision, Decision::Review { .. })
        })
        .expect("some distance lies in the grey zone")
}

fn noisy(eyes: &EyePair, per_mille: u32) -> EyePair {
    let mut rng = ChaCha20Rng::seed_from_u64(u64::from(per_mille));
    let mut turn = |eye: &IrisTemplate| {
        let mut code = *eye.code();
        for column in &mut code {
            for bit in 0..64 {
                *column ^= u64::from(rng.next_u32() % 1_000 < per_mille) << bit;
            }
        }
        IrisTemplate::from_columns(code, *eye.mask())
    };
    EyePair {
        left: turn(&eyes.left),
        right: turn(&eyes.right),
    }
}

#[tokio::test]
async fn a_phone_follows_its_enrolment_by_the_nonce_alone() {
    let world = World::new().await;
    let unclear = eyes_under_review(&eyes(1));
    let packets = [
        (
            world.packet(commitment(1), &eyes(1), 1),
            EnrolmentStatus::Queued,
        ),
        (
            world.packet(commitment(2), &eyes(1), 2),
            EnrolmentStatus::Duplicate,
        ),
        (
            world.packet(commitment(3), &unclear, 3),
            EnrolmentStatus::Review,
        ),
    ];
    for (packet, status) in packets {
        let path = format!("/v1/enrolments/by-nonce/{}", packet.nonce);
        let problem = world.get(&path).await;
        let problem = problem.assert_problem(404, "enrolment-unknown");
        assert!(problem.retry_after_secs.is_some());
        world.enrol(&packet).await;
        let view: EnrolmentView = world.get(&path).await.json();
        assert_eq!(
            (view.status, &view.commitment),
            (status, &packet.commitment)
        );
        let by_id = world.get(&format!("/v1/enrolments/{}", view.id)).await;
        assert_eq!(by_id.json::<EnrolmentView>(), view);
    }
    for malformed in ["1", "0x", &"ab".repeat(32)] {
        let path = format!("/v1/enrolments/by-nonce/{malformed}");
        let problem = world
            .get(&path)
            .await
            .assert_problem(400, "malformed-field");
        assert_eq!(problem.field.as_deref(), Some("nonce"));
    }
}

/// Tests ENROL-18: each refusal that leaves no record is told as the orb was told, without the
/// commitment or the orb in it, and only to a question for the nonce.
#[tokio::test]
async fn a_phone_is_told_of_a_refusal_by_its_nonce_alone() {
    let world = World::new().await;
    let taken = member(1).commitment();
    let enrolment = |nonce| statement(commitment(nonce), &eyes(nonce), nonce);
    let old = Enrolment {
        captured_at: UnixSeconds(SERVICE_NOW - MAX_AGE_SECS - 1),
        ..enrolment(1)
    };
    let recovery = Enrolment {
        kind: EnrolmentKind::Recovery,
        ..enrolment(2)
    };
    let member = Enrolment {
        commitment: taken,
        ..enrolment(3)
    };
    for (number, statement, status, code) in [
        (1, old, 400, "capture-not-fresh"),
        (2, recovery, 422, "nothing-to-recover"),
        (3, member, 409, "commitment-taken"),
    ] {
        let packet = world.sign(statement, &eyes(number));
        let path = format!("/v1/enrolments/by-nonce/{}", packet.nonce);
        let before = world.get(&path).await;
        before.assert_problem(404, "enrolment-unknown");
        let answer = world.enrol(&packet).await;
        let to_orb = answer.assert_problem(status, code);
        let told = world.get(&path).await;
        let to_phone = told.assert_problem(status, code);
        assert_eq!(to_phone.detail, to_orb.detail);
        let text = told.text();
        assert!(!text.contains(&packet.commitment), "{text}");
        assert!(!text.contains(&world.orb.address().to_string()), "{text}");
        let id = statement.signing_hash(&DOMAIN);
        let by_id = world.get(&format!("/v1/enrolments/{id}")).await;
        by_id.assert_problem(404, "enrolment-unknown");
        let by_other = statement_nonce(number + 100);
        let path = format!("/v1/enrolments/by-nonce/{by_other}");
        world
            .get(&path)
            .await
            .assert_problem(404, "enrolment-unknown");
    }
}

/// Tests ENROL-18: while the database is locked, the packet is under check.
#[tokio::test]
async fn a_phone_is_told_that_its_packet_is_being_checked() {
    let world = World::new().await;
    let packet = world.packet(commitment(1), &eyes(1), 1);
    let path = format!("/v1/enrolments/by-nonce/{}", packet.nonce);
    let mut lock = world.connect().await;
    run(&mut lock, "BEGIN IMMEDIATE").await;
    let unlock_when_told = async {
        let told = timeout(PATIENCE, first_view(&world, &path)).await;
        run(&mut lock, "ROLLBACK").await;
        told.expect("a check is told")
    };
    let (answer, told) = tokio::join!(world.enrol(&packet), unlock_when_told);
    let recorded: EnrolmentView = answer.json();
    let expected = EnrolmentView {
        status: EnrolmentStatus::Checking,
        ..recorded.clone()
    };
    assert_eq!(told, expected);
    assert_eq!(world.get(&path).await.json::<EnrolmentView>(), recorded);
}

async fn first_view(world: &World, path: &str) -> EnrolmentView {
    loop {
        let told = world.get(path).await;
        if told.status == 200 {
            return told.json();
        }
        told.assert_problem(404, "enrolment-unknown");
    }
}

async fn run(database: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(database).await.unwrap();
}

fn statement_nonce(number: u64) -> B256 {
    statement(commitment(1), &eyes(1), number).nonce
}

#[tokio::test]
async fn an_orb_that_is_not_active_is_refused() {
    let world = World::new().await;
    world.chain.ledger().active_orbs.clear();
    let packet = world.packet(commitment(1), &eyes(1), 1);
    world
        .enrol(&packet)
        .await
        .assert_problem(403, "orb-not-active");
    assert_eq!(
        world.store.pending_enrolments().await.unwrap(),
        PendingCounts::default()
    );
}

#[tokio::test]
async fn an_orb_that_is_refused_or_struck_off_has_a_code_of_its_own() {
    let world = World::new().await;
    let orb = *world.chain.ledger().active_orbs.first().unwrap();
    world
        .store
        .strike_off(orb, UnixSeconds(SERVICE_NOW))
        .await
        .unwrap();
    let packet = world.packet(commitment(1), &eyes(1), 1);
    let problem = world
        .enrol(&packet)
        .await
        .assert_problem(403, "orb-refused");
    assert!(
        problem.detail.contains(&orb.to_string()),
        "{}",
        problem.detail
    );
    assert_eq!(
        world.store.pending_enrolments().await.unwrap(),
        PendingCounts::default()
    );
}

#[tokio::test]
async fn a_changed_commitment_names_another_signer() {
    let world = World::new().await;
    let stolen = EnrolmentRequest {
        commitment: commitment(2).to_string(),
        ..world.packet(commitment(1), &eyes(1), 1)
    };
    world
        .enrol(&stolen)
        .await
        .assert_problem(403, "orb-not-active");
}

#[tokio::test]
async fn a_signature_of_nobody_is_refused() {
    let world = World::new().await;
    let unsigned = EnrolmentRequest {
        signature: format!("0x{}1b", "00".repeat(64)),
        ..world.packet(commitment(1), &eyes(1), 1)
    };
    world
        .enrol(&unsigned)
        .await
        .assert_problem(401, "orb-signature-invalid");
}

#[tokio::test]
async fn templates_that_were_not_signed_are_refused() {
    let world = World::new().await;
    let signed = world.packet(commitment(1), &eyes(1), 1);
    let other = world.packet(commitment(1), &eyes(2), 1);
    let swapped = EnrolmentRequest {
        left_template: other.left_template,
        ..signed
    };
    world
        .enrol(&swapped)
        .await
        .assert_problem(422, "iris-digest-mismatch");
}

/// Signs a changed statement and hands it in.
async fn enrol_changed(change: impl FnOnce(&mut Enrolment)) -> crate::world::Answer {
    let world = World::new().await;
    let mut enrolment = statement(commitment(1), &eyes(1), 1);
    change(&mut enrolment);
    world.enrol(&world.sign(enrolment, &eyes(1))).await
}

#[tokio::test]
async fn a_capture_that_is_too_old_or_in_the_future_is_refused() {
    for captured_at in [
        0,
        SERVICE_NOW - MAX_AGE_SECS - 1,
        SERVICE_NOW + 60,
        u64::MAX,
    ] {
        let answer = enrol_changed(|e| e.captured_at = UnixSeconds(captured_at)).await;
        answer.assert_problem(400, "capture-not-fresh");
    }
}

#[tokio::test]
async fn another_encoder_is_refused_with_the_one_that_is_taken() {
    let answer = enrol_changed(|e| e.model_id = annona_core::B256::ZERO).await;
    let problem = answer.assert_problem(422, "model-mismatch");
    assert!(
        problem.detail.contains(&"33".repeat(32)),
        "{}",
        problem.detail
    );
}

#[tokio::test]
async fn a_stranger_has_nothing_to_recover() {
    let answer = enrol_changed(|e| e.kind = EnrolmentKind::Recovery).await;
    answer.assert_problem(422, "nothing-to-recover");
}

#[tokio::test]
async fn a_nonce_and_a_commitment_are_good_for_one_enrolment() {
    let world = World::new().await;
    world.enrol(&world.packet(commitment(1), &eyes(1), 1)).await;
    let nonce = world.packet(commitment(2), &eyes(2), 1);
    world.enrol(&nonce).await.assert_problem(409, "nonce-used");
    let queued = world.packet(commitment(1), &eyes(2), 2);
    world
        .enrol(&queued)
        .await
        .assert_problem(409, "commitment-taken");
    let on_chain = world.packet(member(0).commitment(), &eyes(2), 3);
    world
        .enrol(&on_chain)
        .await
        .assert_problem(409, "commitment-taken");
}

#[tokio::test]
async fn a_template_without_valid_bits_is_refused() {
    let world = World::new().await;
    let blind = EyePair {
        left: IrisTemplate::from_columns([0; COLUMNS], [0; COLUMNS]),
        ..eyes(1)
    };
    let packet = world.packet(commitment(1), &blind, 1);
    world
        .enrol(&packet)
        .await
        .assert_problem(422, "template-unusable");
}

#[tokio::test]
async fn zero_and_aliases_are_no_commitments() {
    let world = World::new().await;
    let packet = world.packet(commitment(1), &eyes(1), 1);
    let zero = EnrolmentRequest {
        commitment: format!("0x{}", "0".repeat(64)),
        ..packet.clone()
    };
    world
        .enrol(&zero)
        .await
        .assert_problem(400, "zero-commitment");
    let alias = EnrolmentRequest {
        commitment: format!("0x{}", "f".repeat(64)),
        ..packet.clone()
    };
    world
        .enrol(&alias)
        .await
        .assert_problem(400, "not-canonical");
    let template = EnrolmentRequest {
        right_template: "0x00".to_owned(),
        ..packet
    };
    let problem = world
        .enrol(&template)
        .await
        .assert_problem(400, "malformed-field");
    assert_eq!(problem.field.as_deref(), Some("rightTemplate"));
}

#[tokio::test]
async fn an_unknown_enrolment_is_not_found() {
    let world = World::new().await;
    let unknown = format!("/v1/enrolments/0x{}", "12".repeat(32));
    world
        .get(&unknown)
        .await
        .assert_problem(404, "enrolment-unknown");
    world
        .get("/v1/enrolments/12")
        .await
        .assert_problem(400, "malformed-field");
}
