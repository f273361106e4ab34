//! Packages that orbs seal for citizens.

use annona_core::{Address, B256, CustodyRequest, EnrolmentDomain};
use annona_engine::ports::EnrolmentRepository;
use annona_engine::{CustodyError, EnrolmentPacket, SealedPackage};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};

use crate::commitments::packet;
use crate::enrolments::{DOMAIN, EnrolmentHarness, NOW};

const WEEK_SECS: u64 = 7 * 86_400;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_slice(&[byte; 32]).unwrap()
}

fn package() -> SealedPackage {
    let point = key(1).verifying_key().to_encoded_point(true);
    SealedPackage {
        visit_key: point.as_bytes().try_into().unwrap(),
        sealed: vec![7; 34_000],
    }
}

fn with_package(person: u64, number: u64) -> EnrolmentPacket {
    EnrolmentPacket {
        package: Some(package()),
        ..packet(person, number)
    }
}

fn signed_in(domain: &EnrolmentDomain, byte: u8, request: CustodyRequest, nonce: B256) -> [u8; 64] {
    let signature: Signature = key(byte).sign(&request.message(domain, nonce));
    signature.to_bytes().into()
}

fn signed(byte: u8, request: CustodyRequest, nonce: B256) -> [u8; 64] {
    signed_in(&DOMAIN, byte, request, nonce)
}

/// A harness with one enrolment, and its nonce.
async fn enrolled() -> (EnrolmentHarness, B256) {
    let harness = EnrolmentHarness::open().await;
    let packet = with_package(1, 1);
    harness.submit(&packet).await.unwrap();
    (harness, packet.signed.enrolment.nonce)
}

/// Tests ENROL-22.
#[tokio::test]
async fn a_package_is_handed_to_the_key_of_the_visit_until_it_is_confirmed() {
    let (harness, nonce) = enrolled().await;
    let collect = signed(1, CustodyRequest::Collect, nonce);
    // The first answer may be lost on the way.
    for _ in 0..2 {
        let sealed = harness.enrolments.collect_package(nonce, &collect).await;
        assert_eq!(sealed.unwrap(), package().sealed);
    }
    let confirm = signed(1, CustodyRequest::Confirm, nonce);
    harness
        .enrolments
        .confirm_package(nonce, &confirm)
        .await
        .unwrap();
    let again = harness.enrolments.collect_package(nonce, &collect).await;
    assert!(matches!(again, Err(CustodyError::Unknown)));
    let again = harness.enrolments.confirm_package(nonce, &confirm).await;
    assert!(matches!(again, Err(CustodyError::Unknown)));
    let kept = harness.service.store.package_of_nonce(nonce).await;
    assert_eq!(kept.unwrap(), None);
}

/// Tests ENROL-22.
#[tokio::test]
async fn nobody_else_gets_a_package_or_has_it_deleted() {
    let (harness, nonce) = enrolled().await;
    let elsewhere = EnrolmentDomain {
        chain_id: 1,
        ..DOMAIN
    };
    let other_registry = EnrolmentDomain {
        orb_registry: Address::ZERO,
        ..DOMAIN
    };
    use CustodyRequest::{Collect, Confirm};
    for foreign in [
        signed(2, Collect, nonce),
        signed(1, Confirm, nonce),
        signed(1, Collect, B256::ZERO),
        signed_in(&elsewhere, 1, Collect, nonce),
        signed_in(&other_registry, 1, Collect, nonce),
        [0; 64],
    ] {
        let refused = harness.enrolments.collect_package(nonce, &foreign).await;
        assert!(matches!(refused, Err(CustodyError::Signature)));
    }
    for foreign in [signed(2, Confirm, nonce), signed(1, Collect, nonce)] {
        let refused = harness.enrolments.confirm_package(nonce, &foreign).await;
        assert!(matches!(refused, Err(CustodyError::Signature)));
    }
    let unknown = signed(1, Collect, B256::ZERO);
    let refused = harness
        .enrolments
        .collect_package(B256::ZERO, &unknown)
        .await;
    assert!(matches!(refused, Err(CustodyError::Unknown)));
    let collect = signed(1, Collect, nonce);
    let sealed = harness.enrolments.collect_package(nonce, &collect).await;
    assert_eq!(sealed.unwrap(), package().sealed);
}

/// Tests ENROL-22.
#[tokio::test]
async fn a_package_that_nobody_fetches_is_deleted_after_a_week() {
    let (harness, nonce) = enrolled().await;
    let collect = signed(1, CustodyRequest::Collect, nonce);
    harness.service.clock.set(NOW + WEEK_SECS);
    let sealed = harness.enrolments.collect_package(nonce, &collect).await;
    assert_eq!(sealed.unwrap(), package().sealed);
    harness.service.clock.set(NOW + WEEK_SECS + 1);
    let late = harness.enrolments.collect_package(nonce, &collect).await;
    assert!(matches!(late, Err(CustodyError::Unknown)));
    let kept = harness.service.store.package_of_nonce(nonce).await;
    assert_eq!(kept.unwrap(), None, "it is gone, and not hidden");
}

/// Tests ENROL-21.
#[tokio::test]
async fn of_a_person_who_is_refused_no_package_is_kept() {
    let (harness, _) = enrolled().await;
    let again = with_package(1, 2);
    harness.submit(&again).await.unwrap();
    let nonce = again.signed.enrolment.nonce;
    let collect = signed(1, CustodyRequest::Collect, nonce);
    let refused = harness.enrolments.collect_package(nonce, &collect).await;
    assert!(matches!(refused, Err(CustodyError::Unknown)));
}

/// Tests ENROL-21.
#[test]
fn a_package_is_not_shown() {
    assert_eq!(format!("{:?}", package()), "SealedPackage(34000 bytes)");
}
