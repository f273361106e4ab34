//! Statements of orbs that commit to irises and codes.

use alloy::signers::SignerSync;
use annona_core::{
    CodeSalts, CommittedEnrolment, Enrolment, EyeCommitments, FieldElement, IrisCommitments,
    SignedEnrolment, U256, keccak256,
};
use annona_engine::ports::EnrolmentRepository;
use annona_engine::{
    CommitmentPolicy, EnrolError, EnrolmentId, EnrolmentPacket, EnrolmentPolicy, EnrolmentState,
    Eye, code_commitment,
};
use annona_faults::capture;
use annona_template::{EyePair, IrisTemplate};

use crate::enrolments::{DOMAIN, EnrolmentHarness, orb, policy, signed_by, statement};
use crate::service::stranger;

pub(crate) fn field(number: u64) -> FieldElement {
    FieldElement::try_from(U256::from(number)).unwrap()
}

fn salts(number: u64) -> CodeSalts {
    CodeSalts {
        left: field(1_000 + number),
        right: field(2_000 + number),
    }
}

/// The commitments of an honest orb, but that nobody knows an iris behind the first of each eye.
fn commitments(templates: &EyePair, number: u64) -> IrisCommitments {
    let salts = salts(number);
    IrisCommitments {
        left: EyeCommitments {
            image: field(3_000 + number),
            code: code_commitment(Eye::Left, &templates.left, salts.left),
        },
        right: EyeCommitments {
            image: field(4_000 + number),
            code: code_commitment(Eye::Right, &templates.right, salts.right),
        },
    }
}

fn signed(
    enrolment: Enrolment,
    commitments: IrisCommitments,
    templates: EyePair,
    number: u64,
) -> EnrolmentPacket {
    let statement = CommittedEnrolment {
        enrolment,
        commitments,
    };
    let digest = statement.signing_hash(&DOMAIN);
    EnrolmentPacket {
        signed: SignedEnrolment {
            enrolment,
            commitments: Some(commitments),
            signature: orb().sign_hash_sync(&digest).unwrap(),
        },
        templates,
        code_salts: Some(salts(number)),
        encoding_proofs: None,
        upgraded: None,
        package: None,
    }
}

/// A packet of `person`; `number` makes commitment, nonce and salts.
pub(crate) fn packet(person: u64, number: u64) -> EnrolmentPacket {
    packet_with(capture(person, number), number)
}

/// A packet with these templates.
pub(crate) fn packet_with(templates: EyePair, number: u64) -> EnrolmentPacket {
    let commitments = commitments(&templates, number);
    signed(
        statement(&templates, number),
        commitments,
        templates,
        number,
    )
}

/// A packet of person 1 whose commitments were changed before the orb signed them.
fn packet_committing(change: impl FnOnce(&mut IrisCommitments)) -> EnrolmentPacket {
    let templates = capture(1, 1);
    let mut commitments = commitments(&templates, 1);
    change(&mut commitments);
    signed(statement(&templates, 1), commitments, templates, 1)
}

async fn assert_opens_not(packet: EnrolmentPacket, eye: Eye) {
    let harness = EnrolmentHarness::open().await;
    let refused = harness.submit(&packet).await;
    assert!(
        matches!(&refused, Err(EnrolError::CodeCommitmentMismatch { eye: it }) if *it == eye),
        "{refused:?}"
    );
    harness.assert_not_stored(&packet, 0).await;
    let nonce = packet.signed.enrolment.nonce;
    let told = harness.enrolments.find_by_nonce(nonce).await;
    assert!(
        matches!(told, Err(EnrolError::CodeCommitmentMismatch { .. })),
        "{told:?}"
    );
}

/// Tests ENROL-19 and ENROL-20.
#[tokio::test]
async fn codes_that_open_their_commitments_are_taken_and_the_commitments_kept() {
    let harness = EnrolmentHarness::open().await;
    let packet = packet(1, 1);
    let record = harness.submit(&packet).await.unwrap();
    assert_eq!(record.state, EnrolmentState::Queued);
    assert_eq!(
        record.id,
        EnrolmentId(packet.signed.signing_hash(&DOMAIN)),
        "the digest of version 2 names it"
    );
    let kept = harness.service.store.iris_commitments(record.id).await;
    assert_eq!(kept.unwrap(), packet.signed.commitments);
    assert_eq!(harness.submit(&packet).await.unwrap(), record);
}

/// Tests ENROL-19.
#[tokio::test]
async fn a_wrong_opening_is_refused() {
    let mut other_salt = packet(1, 1);
    other_salt.code_salts.as_mut().unwrap().right = field(9);
    assert_opens_not(other_salt, Eye::Right).await;
    let mut no_salts = packet(1, 1);
    no_salts.code_salts = None;
    assert_opens_not(no_salts, Eye::Left).await;
    let other_commitment = packet_committing(|it| it.left.code = field(9));
    assert_opens_not(other_commitment, Eye::Left).await;
}

/// Tests ENROL-19.
#[tokio::test]
async fn a_code_of_the_left_eye_is_none_of_the_right() {
    let swapped = packet_committing(|it| core::mem::swap(&mut it.left, &mut it.right));
    assert_opens_not(swapped, Eye::Left).await;
    // The same code and salt for the other eye: the eye is part of the commitment.
    let templates = capture(1, 1);
    let (left, salt) = (templates.left.clone(), salts(1).right);
    let one_eye_twice = EyePair {
        right: left.clone(),
        left: left.clone(),
    };
    let mut commitments = commitments(&one_eye_twice, 1);
    commitments.right.code = code_commitment(Eye::Left, &left, salt);
    let enrolment = statement(&one_eye_twice, 1);
    let packet = signed(enrolment, commitments, one_eye_twice, 1);
    assert_opens_not(packet, Eye::Right).await;
}

/// Tests ENROL-19: a bit of the code, or of the mask, that was turned after the commitment.
#[tokio::test]
async fn an_edited_code_is_refused() {
    let templates = capture(1, 1);
    let commitments = commitments(&templates, 1);
    let edited = |place: usize| {
        let (mut code, mut mask) = (*templates.right.code(), *templates.right.mask());
        match place {
            0 => code[199] ^= 1 << 63,
            _ => mask[0] ^= 1,
        }
        EyePair {
            left: templates.left.clone(),
            right: IrisTemplate::from_columns(code, mask),
        }
    };
    for place in [0, 1] {
        let templates = edited(place);
        let enrolment = statement(&templates, 1);
        let packet = signed(enrolment, commitments, templates, 1);
        assert_opens_not(packet, Eye::Right).await;
    }
}

/// Tests ENROL-17 and ENROL-20.
#[tokio::test]
async fn commitments_are_not_replayed_for_another_account() {
    let harness = EnrolmentHarness::open().await;
    let mut stolen = packet(1, 1);
    stolen.signed.enrolment.commitment = stranger(99);
    let refused = harness.submit(&stolen).await;
    assert!(matches!(refused, Err(EnrolError::OrbNotActive(_))));

    harness.submit(&packet(1, 1)).await.unwrap();
    let templates = capture(2, 2);
    let mut reused = commitments(&templates, 2);
    reused.left.image = commitments(&capture(1, 1), 1).left.image;
    let second = signed(statement(&templates, 2), reused, templates, 2);
    let refused = harness.submit(&second).await;
    assert!(matches!(refused, Err(EnrolError::IrisCommitmentUsed)));
    harness.assert_not_stored(&second, 1).await;
}

/// Tests ENROL-17: a signature covers the commitments beside it, or there are none.
#[tokio::test]
async fn commitments_are_neither_added_nor_taken_away() {
    let harness = EnrolmentHarness::open().await;
    let mut without = packet(1, 1);
    without.signed.commitments = None;
    let templates = capture(1, 1);
    let mut with = signed_by(&orb(), statement(&templates, 1), templates);
    with.signed.commitments = packet(1, 1).signed.commitments;
    with.code_salts = Some(salts(1));
    for packet in [without, with] {
        let refused = harness.submit(&packet).await;
        assert!(matches!(refused, Err(EnrolError::OrbNotActive(_))));
    }
}

/// Tests ENROL-19.
#[tokio::test]
async fn a_statement_without_commitments_is_taken_where_they_are_optional() {
    let templates = capture(1, 1);
    let packet = signed_by(&orb(), statement(&templates, 1), templates);
    let optional = EnrolmentHarness::open().await;
    let record = optional.submit(&packet).await.unwrap();
    let kept = optional.service.store.iris_commitments(record.id).await;
    assert_eq!(kept.unwrap(), None);

    let required = EnrolmentHarness::open_with(EnrolmentPolicy {
        commitments: CommitmentPolicy::Required,
        ..policy()
    })
    .await;
    let refused = required.submit(&packet).await;
    assert!(matches!(refused, Err(EnrolError::CommitmentsRequired)));
    required.assert_not_stored(&packet, 0).await;
    let nonce = keccak256(1_u64.to_be_bytes());
    let told = required.enrolments.find_by_nonce(nonce).await;
    assert!(matches!(told, Err(EnrolError::CommitmentsRequired)));
    required.submit(&self::packet(1, 1)).await.unwrap();
}
