//! The package that an orb seals for a citizen, over the API.

use annona_core::{B256, CustodyRequest, MAX_SEALED_BYTES};
use annona_wire::{
    EnrolmentRequest, SealedPackageRequest, SealedPackageView, VisitSignatureRequest,
};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};

use crate::commitments::committed;
use crate::world::{DOMAIN, World, eyes};

fn key() -> SigningKey {
    SigningKey::from_slice(&[5; 32]).unwrap()
}

fn signed(request: CustodyRequest, nonce: &str) -> VisitSignatureRequest {
    let nonce: B256 = nonce.parse().unwrap();
    let signature: Signature = key().sign(&request.message(&DOMAIN, nonce));
    VisitSignatureRequest::new(&signature.to_bytes().into())
}

fn with_package(world: &World, sealed: &[u8]) -> EnrolmentRequest {
    let point = key().verifying_key().to_encoded_point(true);
    let visit_key = point.as_bytes().try_into().unwrap();
    EnrolmentRequest {
        package: Some(SealedPackageRequest::new(&visit_key, sealed)),
        ..committed(world, &eyes(1), 1)
    }
}

/// Tests ENROL-22: the largest package fits into a request with everything else.
#[tokio::test]
async fn a_device_gets_its_package_and_has_it_deleted() {
    let world = World::new().await;
    let sealed = vec![0xa5; MAX_SEALED_BYTES];
    let request = with_package(&world, &sealed);
    let answer = world.enrol(&request).await;
    assert_eq!(answer.status, 202);
    let path = format!("/v1/enrolments/by-nonce/{}/package", request.nonce);
    let collect = signed(CustodyRequest::Collect, &request.nonce);
    let view: SealedPackageView = world.post(&path, &collect).await.json();
    assert_eq!(view.parse().unwrap(), sealed);

    let received = format!("{path}/received");
    let problem = world
        .post(&received, &collect)
        .await
        .assert_problem(401, "visit-signature-invalid");
    assert_eq!(problem.field.as_deref(), Some("signature"));
    let confirm = signed(CustodyRequest::Confirm, &request.nonce);
    let answer = world.post(&received, &confirm).await;
    assert_eq!(answer.status, 204);
    for (path, body) in [(&path, &collect), (&received, &confirm)] {
        world
            .post(path, body)
            .await
            .assert_problem(404, "package-unknown");
    }
}

#[tokio::test]
async fn malformed_packages_and_signatures_are_refused() {
    let world = World::new().await;
    let mut request = with_package(&world, &[1, 2, 3]);
    for sealed in ["", "AQI", "AQID!", "0xf"] {
        request.package.as_mut().unwrap().sealed = sealed.to_owned();
        let problem = world
            .enrol(&request)
            .await
            .assert_problem(400, "malformed-field");
        assert_eq!(problem.field.as_deref(), Some("sealed"), "{sealed}");
    }
    let too_large = with_package(&world, &[0; MAX_SEALED_BYTES + 1]);
    world
        .enrol(&too_large)
        .await
        .assert_problem(400, "malformed-field");
    let of_version_1 = EnrolmentRequest {
        version: 1,
        commitments: None,
        ..with_package(&world, &[1])
    };
    world
        .enrol(&of_version_1)
        .await
        .assert_problem(400, "statement-version-invalid");
    let path = format!("/v1/enrolments/by-nonce/{}/package", request.nonce);
    let short = VisitSignatureRequest {
        signature: "0x00".to_owned(),
    };
    world
        .post(&path, &short)
        .await
        .assert_problem(400, "malformed-field");
}
