//! Enrolments with commitments to irises and codes.

use alloy::signers::SignerSync;
use annona_core::{
    CodeSalts, Commitment, CommittedEnrolment, EyeCommitments, FieldElement, IrisCommitments,
    SignedEnrolment, U256,
};
use annona_engine::{Eye, code_commitment};
use annona_template::EyePair;
use annona_wire::{EnrolmentRequest, EnrolmentStatus, EnrolmentView};

use crate::world::{DOMAIN, World, eyes, statement};

fn field(number: u64) -> FieldElement {
    FieldElement::try_from(U256::from(number)).unwrap()
}

/// A packet of version 2; `number` makes commitment, nonce and salts.
pub(crate) fn committed(world: &World, eyes: &EyePair, number: u64) -> EnrolmentRequest {
    let salts = CodeSalts {
        left: field(0x00ab_cdef_0000 + number),
        right: field(0x00fe_dcba_0000 + number),
    };
    let commitments = IrisCommitments {
        left: EyeCommitments {
            image: field(3_000 + number),
            code: code_commitment(Eye::Left, &eyes.left, salts.left),
        },
        right: EyeCommitments {
            image: field(4_000 + number),
            code: code_commitment(Eye::Right, &eyes.right, salts.right),
        },
    };
    let commitment = Commitment::try_from(U256::from(1_000 + number)).unwrap();
    let statement = CommittedEnrolment {
        enrolment: statement(commitment, eyes, number),
        commitments,
    };
    let digest = statement.signing_hash(&DOMAIN);
    let signed = SignedEnrolment {
        enrolment: statement.enrolment,
        commitments: Some(commitments),
        signature: world.orb.sign_hash_sync(&digest).unwrap(),
    };
    EnrolmentRequest::new(&signed, eyes, Some(&salts))
}

/// Tests ENROL-19.
#[tokio::test]
async fn both_versions_of_statements_are_taken() {
    let world = World::new().await;
    let first = world.packet(Commitment::try_from(U256::from(1)).unwrap(), &eyes(1), 1);
    let explicit = serde_json::to_value(&first).unwrap();
    assert_eq!(explicit["version"], 1);
    let mut implicit = explicit.clone();
    implicit.as_object_mut().unwrap().remove("version");
    let answer = world.post("/v1/enrolments", &implicit).await;
    assert_eq!(answer.status, 202, "a statement without a version is of 1");
    assert_eq!(
        world.post("/v1/enrolments", &explicit).await.body,
        answer.body
    );
    let answer = world.enrol(&committed(&world, &eyes(2), 2)).await;
    assert_eq!(answer.status, 202);
    let view: EnrolmentView = answer.json();
    assert_eq!(view.status, EnrolmentStatus::Queued);
}

/// Tests ENROL-19.
#[tokio::test]
async fn an_unknown_version_is_refused_by_name() {
    let world = World::new().await;
    for version in [0, 3, u64::MAX] {
        for request in [
            committed(&world, &eyes(1), 1),
            world.packet(Commitment::try_from(U256::from(1)).unwrap(), &eyes(1), 1),
        ] {
            let unknown = EnrolmentRequest { version, ..request };
            let problem = world
                .enrol(&unknown)
                .await
                .assert_problem(400, "statement-version-invalid");
            assert_eq!(problem.field.as_deref(), Some("version"));
        }
    }
}

/// Tests ENROL-19: a version has commitments, or has none.
#[tokio::test]
async fn a_version_and_its_commitments_belong_together() {
    let world = World::new().await;
    let whole = committed(&world, &eyes(1), 1);
    let first_with = EnrolmentRequest {
        version: 1,
        ..whole.clone()
    };
    let second_without = EnrolmentRequest {
        commitments: None,
        ..whole
    };
    for request in [first_with, second_without] {
        let problem = world
            .enrol(&request)
            .await
            .assert_problem(400, "statement-version-invalid");
        assert_eq!(problem.field.as_deref(), Some("version"));
    }
}

/// Tests ENROL-19.
#[tokio::test]
async fn a_code_that_does_not_open_its_commitment_is_refused_by_name() {
    let world = World::new().await;
    let mut request = committed(&world, &eyes(1), 1);
    let commitments = request.commitments.as_mut().unwrap();
    commitments.right.code_salt = field(1).to_string();
    let problem = world
        .enrol(&request)
        .await
        .assert_problem(422, "code-commitment-mismatch");
    assert_eq!(problem.field.as_deref(), Some("commitments.right"));
    let nonce = format!("/v1/enrolments/by-nonce/{}", request.nonce);
    world
        .get(&nonce)
        .await
        .assert_problem(422, "code-commitment-mismatch");
}

/// Tests ENROL-20.
#[tokio::test]
async fn an_iris_that_was_committed_to_before_is_refused_by_name() {
    let world = World::new().await;
    let first = committed(&world, &eyes(1), 1);
    assert_eq!(world.enrol(&first).await.status, 202);
    let other_eyes = eyes(2);
    let mut second = committed(&world, &other_eyes, 2).parse().unwrap();
    let commitments = second.signed.commitments.as_mut().unwrap();
    commitments.right.image = field(3_001);
    let digest = second.signed.signing_hash(&DOMAIN);
    second.signed.signature = world.orb.sign_hash_sync(&digest).unwrap();
    let request = EnrolmentRequest::new(&second.signed, &other_eyes, second.code_salts.as_ref());
    world
        .enrol(&request)
        .await
        .assert_problem(409, "iris-commitment-used");
}

#[tokio::test]
async fn a_commitment_beyond_the_modulus_is_refused() {
    let world = World::new().await;
    let mut request = committed(&world, &eyes(1), 1);
    request.commitments.as_mut().unwrap().left.image_commitment = format!("0x{}", "f".repeat(64));
    let problem = world
        .enrol(&request)
        .await
        .assert_problem(400, "not-canonical");
    assert_eq!(problem.field.as_deref(), Some("imageCommitment"));
}
