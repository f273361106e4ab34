//! Proofs of encoding at enrolment, made once with the full-size key (ENROL-23).

use std::sync::Arc;

use alloy::signers::SignerSync;
use annona_core::{B256, CommittedEnrolment, SignedEnrolment};
use annona_engine::{
    EnrolError, EnrolmentPacket, EnrolmentPolicy, EnrolmentState, Eye, ProofPolicy,
    RefusedEncoding, RefusedProof,
};
use annona_faults::ProvedPerson;
use annona_zkml::{EncodingVerifier, ModelName};
use serde_json::{Value, json};

use crate::commitments;
use crate::enrolments::{DOMAIN, EnrolmentHarness, orb, policy, statement};
use crate::service::stranger;

fn verifier(model: ModelName) -> Arc<EncodingVerifier> {
    Arc::new(EncodingVerifier::unsafe_test(model))
}

fn optional() -> ProofPolicy {
    ProofPolicy::Optional(verifier(ModelName::P))
}

fn required() -> ProofPolicy {
    ProofPolicy::Required(verifier(ModelName::P))
}

async fn asking(proofs: ProofPolicy) -> EnrolmentHarness {
    EnrolmentHarness::open_with(EnrolmentPolicy { proofs, ..policy() }).await
}

/// A packet with proofs that hold.
fn proved() -> EnrolmentPacket {
    packet_of(ProvedPerson::frozen())
}

pub(crate) fn packet_of(person: ProvedPerson) -> EnrolmentPacket {
    let mut enrolment = statement(&person.templates, 1);
    enrolment.commitment = person.commitment;
    let statement = CommittedEnrolment {
        enrolment,
        commitments: person.commitments,
    };
    let digest = statement.signing_hash(&DOMAIN);
    EnrolmentPacket {
        signed: SignedEnrolment {
            enrolment,
            commitments: Some(person.commitments),
            signature: orb().sign_hash_sync(&digest).unwrap(),
        },
        templates: person.templates,
        code_salts: Some(person.code_salts),
        encoding_proofs: Some(person.proofs),
        upgraded: None,
        package: None,
    }
}

/// The packet, the file of whose proofs was changed.
fn with_file(change: impl FnOnce(&mut Value)) -> EnrolmentPacket {
    let mut packet = proved();
    let mut file: Value = serde_json::from_str(&packet.encoding_proofs.unwrap()).unwrap();
    change(&mut file);
    packet.encoding_proofs = Some(file.to_string());
    packet
}

/// Has a packet refused by services that ask for proofs and by those that do not, and returns the
/// refusal, which the phone is told as well.
async fn refusal(packet: EnrolmentPacket) -> RefusedEncoding {
    let mut refusals = Vec::new();
    for proofs in [optional(), required()] {
        let harness = asking(proofs).await;
        let refused = harness.submit(&packet).await;
        harness.assert_not_stored(&packet, 0).await;
        let nonce = packet.signed.enrolment.nonce;
        let told = harness.enrolments.find_by_nonce(nonce).await;
        match (refused, told) {
            (Err(EnrolError::Encoding(refusal)), Err(EnrolError::Encoding(told))) => {
                assert_eq!(refusal, told);
                refusals.push(refusal);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refusals[0], refusals[1]);
    refusals.remove(0)
}

/// Tests ENROL-23.
#[tokio::test]
async fn a_person_whose_codes_are_proved_is_admitted_under_every_rule() {
    for proofs in [ProofPolicy::Off, optional(), required()] {
        let harness = asking(proofs).await;
        let record = harness.submit(&proved()).await.unwrap();
        assert_eq!(record.state, EnrolmentState::Queued);
    }
}

/// Tests ENROL-23.
#[tokio::test]
async fn a_packet_without_proofs_is_refused_where_they_are_required() {
    let unproved = EnrolmentPacket {
        encoding_proofs: None,
        ..proved()
    };
    let without_commitments = {
        let templates = annona_faults::capture(1, 1);
        crate::enrolments::signed_by(&orb(), statement(&templates, 1), templates)
    };
    for packet in [unproved, without_commitments] {
        for proofs in [ProofPolicy::Off, optional()] {
            let harness = asking(proofs).await;
            assert!(harness.submit(&packet).await.is_ok());
        }
        let harness = asking(required()).await;
        let refused = harness.submit(&packet).await;
        assert!(
            matches!(refused, Err(EnrolError::Encoding(RefusedEncoding::Missing))),
            "{refused:?}"
        );
        harness.assert_not_stored(&packet, 0).await;
    }
}

/// Tests ENROL-23: a service that asks for no proofs looks at none.
#[tokio::test]
async fn proofs_that_nobody_asked_for_are_not_looked_at() {
    let harness = asking(ProofPolicy::Off).await;
    let packet = EnrolmentPacket {
        encoding_proofs: Some("no proofs".to_owned()),
        ..proved()
    };
    assert!(harness.submit(&packet).await.is_ok());
}

/// Tests ENROL-23.
#[tokio::test]
async fn malformed_proofs_are_refused() {
    for text in ["", "{}", "no proofs"] {
        let packet = EnrolmentPacket {
            encoding_proofs: Some(text.to_owned()),
            ..proved()
        };
        let refused = refusal(packet).await;
        assert!(
            matches!(refused, RefusedEncoding::Malformed { .. }),
            "{text:?}: {refused:?}"
        );
    }
    let twice = with_file(|file| file["right"] = file["left"].clone());
    let refused = refusal(twice).await;
    assert!(
        matches!(&refused, RefusedEncoding::Malformed { reason } if reason.contains("one iris")),
        "{refused:?}"
    );
}

/// Tests ENROL-23.
#[tokio::test]
async fn a_false_proof_of_either_eye_is_refused() {
    for (eye, name, other) in [(Eye::Left, "left", "right"), (Eye::Right, "right", "left")] {
        let falsified = with_file(|file| file[name]["proof"] = file[other]["proof"].clone());
        let refused = refusal(falsified).await;
        assert!(
            matches!(
                refused,
                RefusedEncoding::Proof { eye: it, source: RefusedProof::False(_) } if it == eye
            ),
            "{refused:?}"
        );
    }
}

/// Tests ENROL-23.
#[tokio::test]
async fn proofs_for_another_key_are_refused() {
    let other = json!(B256::repeat_byte(1).to_string());
    let packet = with_file(|file| {
        file["left"]["key_hash"] = other.clone();
        file["right"]["key_hash"] = other;
    });
    let refused = refusal(packet).await;
    assert!(
        matches!(
            refused,
            RefusedEncoding::Proof {
                eye: Eye::Left,
                source: RefusedProof::OtherKey { .. }
            }
        ),
        "{refused:?}"
    );
}

/// Tests ENROL-23.
#[tokio::test]
async fn proofs_for_another_model_are_refused() {
    let harness = asking(ProofPolicy::Required(verifier(ModelName::S18))).await;
    let refused = harness.submit(&proved()).await;
    assert!(
        matches!(
            refused,
            Err(EnrolError::Encoding(RefusedEncoding::Proof {
                eye: Eye::Left,
                source: RefusedProof::OtherModel { .. }
            }))
        ),
        "{refused:?}"
    );
}

/// Tests ENROL-23: proofs that hold, for another person.
#[tokio::test]
async fn proofs_are_not_replayed_for_another_account() {
    let person = ProvedPerson {
        commitment: stranger(99),
        ..ProvedPerson::frozen()
    };
    let refused = refusal(packet_of(person)).await;
    assert_eq!(refused, RefusedEncoding::OtherContext);
}

/// Tests ENROL-23: proofs that hold, each in the place of the other eye.
#[tokio::test]
async fn the_proof_of_the_left_eye_is_none_of_the_right() {
    let swapped = with_file(|file| {
        let left = file["left"].take();
        file["left"] = file["right"].take();
        file["right"] = left;
    });
    let refused = refusal(swapped).await;
    assert_eq!(refused, RefusedEncoding::OtherStatement { eye: Eye::Left });
}

/// Tests ENROL-23: proofs that hold, of the same person's codes behind other commitments.
#[tokio::test]
async fn proofs_of_other_commitments_are_refused() {
    let mut person = ProvedPerson::frozen();
    person.commitments.right.image = commitments::field(9);
    let refused = refusal(packet_of(person)).await;
    assert_eq!(refused, RefusedEncoding::OtherStatement { eye: Eye::Right });
}
