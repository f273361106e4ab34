//! Proofs of encoding in packets (ENROL-23).

use std::sync::Arc;

use alloy::signers::SignerSync;
use annona_core::{CommittedEnrolment, SignedEnrolment};
use annona_engine::ProofPolicy;
use annona_faults::ProvedPerson;
use annona_wire::{EnrolmentRequest, SealedPackageRequest};
use annona_zkml::{EncodingVerifier, ModelName};

use crate::world::{DOMAIN, World, statement};

async fn asking() -> World {
    let verifier = EncodingVerifier::unsafe_test(ModelName::P);
    World::asking(ProofPolicy::Required(Arc::new(verifier))).await
}

/// The packet of a person whose codes are proved.
pub(crate) fn proved(world: &World, person: &ProvedPerson) -> EnrolmentRequest {
    let statement = CommittedEnrolment {
        enrolment: statement(person.commitment, &person.templates, 1),
        commitments: person.commitments,
    };
    let digest = statement.signing_hash(&DOMAIN);
    let signed = SignedEnrolment {
        enrolment: statement.enrolment,
        commitments: Some(person.commitments),
        signature: world.orb.sign_hash_sync(&digest).unwrap(),
    };
    let mut request = EnrolmentRequest::new(&signed, &person.templates, Some(&person.code_salts));
    request.encoding_proofs = Some(person.proofs.clone());
    request
}

/// Tests ENROL-23.
#[tokio::test]
async fn each_refusal_of_proofs_has_its_code() {
    let world = asking().await;
    let person = ProvedPerson::frozen();
    let whole = proved(&world, &person);
    let proofs = &person.proofs;
    let false_point = proofs.replacen(r#""annona-proof-pair-1""#, r#""annona-proof-pair-2""#, 1);
    let other_purpose = proofs.replace("\"enrolment\"", "\"recovery\"");
    for (proofs, code) in [
        (None, "encoding-proof-required"),
        (Some(String::new()), "encoding-proof-invalid"),
        (Some(false_point), "encoding-proof-invalid"),
        (Some(other_purpose), "encoding-proof-invalid"),
    ] {
        let request = EnrolmentRequest {
            encoding_proofs: proofs,
            ..whole.clone()
        };
        let problem = world.enrol(&request).await.assert_problem(422, code);
        assert_eq!(problem.field.as_deref(), Some("encodingProofs"));
        let nonce = format!("/v1/enrolments/by-nonce/{}", request.nonce);
        world.get(&nonce).await.assert_problem(422, code);
    }
    let replayed = ProvedPerson {
        commitment: "0x0000000000000000000000000000000000000000000000000000000000000e20"
            .parse()
            .unwrap(),
        ..person.clone()
    };
    let problem = world
        .enrol(&proved(&world, &replayed))
        .await
        .assert_problem(422, "encoding-proof-mismatch");
    assert!(problem.detail.contains("epoch 0"), "{}", problem.detail);
    assert_eq!(world.enrol(&whole).await.status, 202);
}

/// Tests ENROL-23: the longest package and proofs of both eyes are no body that is too large.
#[tokio::test]
async fn a_packet_with_package_and_proofs_is_no_body_too_large() {
    let world = asking().await;
    let mut request = proved(&world, &ProvedPerson::frozen());
    let sealed = vec![0xff; annona_core::MAX_SEALED_BYTES];
    request.package = Some(SealedPackageRequest::new(&[2; 33], &sealed));
    let length = serde_json::to_vec(&request).unwrap().len();
    assert!(length < 96 << 10, "{length}");
    assert_eq!(world.enrol(&request).await.status, 202);
}

/// Tests ENROL-23: proofs are about the commitments of version 2, and have a length that is known.
#[tokio::test]
async fn proofs_without_commitments_or_without_end_are_refused() {
    let world = asking().await;
    let whole = proved(&world, &ProvedPerson::frozen());
    let first = EnrolmentRequest {
        version: 1,
        commitments: None,
        ..whole.clone()
    };
    let refused = world.enrol(&first).await;
    let problem = refused.assert_problem(400, "statement-version-invalid");
    assert_eq!(problem.field.as_deref(), Some("version"));
    let long = EnrolmentRequest {
        encoding_proofs: Some(" ".repeat(8_193)),
        ..whole
    };
    let problem = world
        .enrol(&long)
        .await
        .assert_problem(400, "malformed-field");
    assert_eq!(problem.field.as_deref(), Some("encodingProofs"));
}
