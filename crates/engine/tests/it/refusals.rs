//! Course of a visit to an orb, as the phone is told of it.

use std::sync::Arc;
use std::time::Duration;

use alloy::signers::local::PrivateKeySigner;
use annona_core::{B256, EnrolmentKind, OrbId, UnixSeconds};
use annona_engine::ports::RevocationRepository;
use annona_engine::{
    EnrolError, EnrolmentId, EnrolmentPacket, EnrolmentRecord, PacketCheck, Visit,
};
use annona_faults::capture;
use sqlx::SqliteConnection;
use tokio::task::JoinSet;

use crate::enrolments::{DOMAIN, EnrolmentHarness, NOW, orb, signed_by, statement};

/// Time by which a packet that was sent is under check.
const PATIENCE: Duration = Duration::from_secs(30);

/// A recovery of person `number`, whom nobody knows.
fn unknown_recovery(key: &PrivateKeySigner, number: u64) -> EnrolmentPacket {
    let templates = capture(number, 1);
    let mut enrolment = statement(&templates, number);
    enrolment.kind = EnrolmentKind::Recovery;
    signed_by(key, enrolment, templates)
}

/// Tests ENROL-18.
#[tokio::test]
async fn a_refusal_is_told_by_its_nonce_and_for_a_short_time() {
    let harness = EnrolmentHarness::open().await;
    let packet = unknown_recovery(&orb(), 1);
    let nonce = packet.signed.enrolment.nonce;
    let ask = async |nonce| harness.enrolments.find_by_nonce(nonce).await;
    assert_eq!(ask(nonce).await.unwrap(), None);
    let refused = harness.submit(&packet).await;
    assert!(matches!(refused, Err(EnrolError::NothingToRecover)));
    harness.assert_not_stored(&packet, 0).await;
    let told = ask(nonce).await;
    assert!(
        matches!(told, Err(EnrolError::NothingToRecover)),
        "{told:?}"
    );
    let other = unknown_recovery(&orb(), 2).signed.enrolment.nonce;
    assert_eq!(ask(other).await.unwrap(), None);
    harness.service.clock.set(NOW + 600);
    assert_eq!(ask(nonce).await.unwrap(), None);
}

/// Tests ENROL-18.
#[tokio::test]
async fn a_visit_that_is_taken_after_a_refusal_is_told_as_taken() {
    let harness = EnrolmentHarness::open().await;
    let templates = capture(1, 1);
    let mut enrolment = statement(&templates, 1);
    enrolment.captured_at = UnixSeconds(NOW - 10_000);
    let old = signed_by(&orb(), enrolment, templates.clone());
    assert!(harness.submit(&old).await.is_err());
    let told = harness.enrolments.find_by_nonce(enrolment.nonce).await;
    assert!(matches!(told, Err(EnrolError::NotFresh { .. })), "{told:?}");
    enrolment.captured_at = UnixSeconds(NOW);
    let fresh = signed_by(&orb(), enrolment, templates);
    let record = harness.submit(&fresh).await.unwrap();
    let told = harness.enrolments.find_by_nonce(enrolment.nonce).await;
    assert_eq!(told.unwrap(), Some(Visit::Recorded(Box::new(record))));
}

/// Tests ENROL-18: whoever has no key of an active orb writes nothing into the memory.
#[tokio::test]
async fn refused_packets_of_strangers_are_not_remembered() {
    let harness = EnrolmentHarness::open().await;
    let stranger = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x12)).unwrap();
    let packet = unknown_recovery(&stranger, 1);
    let refused = harness.submit(&packet).await;
    assert!(matches!(refused, Err(EnrolError::OrbNotActive(_))));
    let nonce = packet.signed.enrolment.nonce;
    let told = harness.enrolments.find_by_nonce(nonce).await;
    assert_eq!(told.unwrap(), None);
}

/// Tests ENROL-18: the orb is a known one, and people before it learn that they go elsewhere.
#[tokio::test]
async fn refusals_of_a_refused_orb_are_told() {
    let harness = EnrolmentHarness::open().await;
    let rogue = OrbId(orb().address());
    let ask = async |packet: &EnrolmentPacket| {
        let nonce = packet.signed.enrolment.nonce;
        harness.enrolments.find_by_nonce(nonce).await
    };
    let first = unknown_recovery(&orb(), 1);
    harness.enrolments.refuse_orbs([rogue].into());
    harness.submit(&first).await.unwrap_err();
    let told = ask(&first).await;
    assert!(
        matches!(told, Err(EnrolError::OrbRefused(it)) if it == rogue),
        "{told:?}"
    );
    harness.enrolments.refuse_orbs([].into());
    let store = &harness.service.store;
    store.strike_off(rogue, UnixSeconds(NOW)).await.unwrap();
    let second = unknown_recovery(&orb(), 2);
    harness.submit(&second).await.unwrap_err();
    let told = ask(&second).await;
    assert!(matches!(told, Err(EnrolError::OrbRefused(_))), "{told:?}");
}

/// Tests ENROL-18: templates that were exchanged are the active orb's to explain.
#[tokio::test]
async fn a_refusal_of_other_templates_is_told() {
    let harness = EnrolmentHarness::open().await;
    let mut packet = unknown_recovery(&orb(), 1);
    packet.templates = capture(2, 2);
    harness.submit(&packet).await.unwrap_err();
    let nonce = packet.signed.enrolment.nonce;
    let told = harness.enrolments.find_by_nonce(nonce).await;
    assert!(
        matches!(told, Err(EnrolError::IrisDigestMismatch)),
        "{told:?}"
    );
}

/// A packet that is being checked, and stays so while the database is locked.
struct Held {
    harness: EnrolmentHarness,
    lock: SqliteConnection,
    packet: EnrolmentPacket,
    request: JoinSet<Result<EnrolmentRecord, EnrolError>>,
}

impl Held {
    async fn hold(packet: EnrolmentPacket) -> Self {
        let harness = EnrolmentHarness::open().await;
        let mut lock = harness.service.connect().await;
        run(&mut lock, "BEGIN IMMEDIATE").await;
        let (handle, sent) = (Arc::clone(&harness.enrolments), packet.clone());
        let mut request = JoinSet::new();
        request.spawn(async move { handle.submit(sent).await });
        let held = Self {
            harness,
            lock,
            packet,
            request,
        };
        let id = EnrolmentId(held.packet.signed.signing_hash(&DOMAIN));
        let commitment = held.packet.signed.enrolment.commitment;
        let expected = Some(Visit::UnderCheck(PacketCheck { id, commitment }));
        held.wait_for(&expected).await;
        held
    }

    async fn told(&self) -> Option<Visit> {
        let nonce = self.packet.signed.enrolment.nonce;
        self.harness.enrolments.find_by_nonce(nonce).await.unwrap()
    }

    async fn wait_for(&self, expected: &Option<Visit>) {
        let wait = async {
            while self.told().await != *expected {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        assert!(
            waited.is_ok(),
            "{:?} is not {expected:?}",
            self.told().await
        );
    }
}

async fn run(database: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(database).await.unwrap();
}

/// Tests ENROL-18: the phone learns at once that it was captured, and then the decision.
#[tokio::test]
async fn a_packet_is_told_to_be_under_check_until_it_is_decided() {
    let templates = capture(1, 1);
    let packet = signed_by(&orb(), statement(&templates, 1), templates);
    let mut held = Held::hold(packet).await;
    let other = statement(&capture(2, 1), 2).nonce;
    let told = held.harness.enrolments.find_by_nonce(other).await;
    assert_eq!(told.unwrap(), None);
    run(&mut held.lock, "ROLLBACK").await;
    let ended = held.request.join_next().await.unwrap();
    let record = ended.unwrap().unwrap();
    assert_eq!(held.told().await, Some(Visit::Recorded(Box::new(record))));
}

/// Tests ENROL-18: nobody waits for a check that has ended.
#[tokio::test]
async fn a_check_that_ends_with_a_refusal_or_is_given_up_is_told_no_longer() {
    let mut held = Held::hold(unknown_recovery(&orb(), 1)).await;
    held.request.abort_all();
    let ended = held.request.join_next().await.unwrap();
    assert!(ended.unwrap_err().is_cancelled());
    assert_eq!(held.told().await, None);
    run(&mut held.lock, "ROLLBACK").await;
    let refused = held.harness.submit(&held.packet).await;
    assert!(matches!(refused, Err(EnrolError::NothingToRecover)));
    let nonce = held.packet.signed.enrolment.nonce;
    let told = held.harness.enrolments.find_by_nonce(nonce).await;
    assert!(
        matches!(told, Err(EnrolError::NothingToRecover)),
        "{told:?}"
    );
}
