//! Refusals at the orb, as the phone is told of them.

use alloy::signers::local::PrivateKeySigner;
use annona_core::{B256, EnrolmentKind, UnixSeconds};
use annona_engine::{EnrolError, EnrolmentPacket};
use annona_faults::capture;

use crate::enrolments::{EnrolmentHarness, NOW, orb, signed_by, statement};

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
    assert_eq!(told.unwrap(), Some(record));
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
