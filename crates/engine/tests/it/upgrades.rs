//! Change to another model: templates replaced from home, and both models searched (ZKML-19 to
//! ZKML-21, ENROL-24).

use annona_core::{B256, OrbId, UnixSeconds};
use annona_engine::ports::{
    Admission, AdmitOutcome, EnrolmentRepository, ModelRepository, ModelUpgrade, NewEntry,
    PublishOutcome, RevocationRepository, UpgradeCounts, UpgradedTemplates,
};
use annona_engine::{
    CodeCommitments, EnrolError, EnrolmentPacket, EnrolmentState, Eye, RefusedCodes,
    RefusedEncoding, RefusedProof, ReviewError, ReviewService, ReviewVerdict, UpgradeError,
    UpgradedCodes,
};
use annona_faults::{ProvedPerson, ProvedUpgrade, capture, decoy};
use annona_matcher::{DecisionRule, Gallery};
use annona_store::conformance::newcomer;
use annona_template::{EyePair, IrisTemplate};
use annona_zkml::{ModelName, ProofPair, unsafe_test_verifying_key};

use crate::commitments::{self, field};
use crate::encodings::packet_of;
use crate::enrolments::{EnrolmentHarness, NOW, orb};
use crate::service::stranger;

const OLD_UNTIL: UnixSeconds = UnixSeconds(NOW + 10_000);

fn model_id() -> B256 {
    ModelName::P2.model().id().into()
}

fn upgrade() -> ModelUpgrade {
    ModelUpgrade {
        model_id: model_id(),
        verifying_key: unsafe_test_verifying_key(ModelName::P2).to_bytes(),
        old_until: OLD_UNTIL,
        published_at: UnixSeconds(NOW),
    }
}

/// The frozen person's codes by the new model, with proofs that hold.
fn codes() -> UpgradedCodes {
    let frozen = ProvedUpgrade::frozen();
    UpgradedCodes {
        model_id: model_id(),
        templates: frozen.templates,
        code_salts: frozen.code_salts,
        proofs: frozen.proofs,
    }
}

/// The packet of the frozen person, without codes by the new model.
fn packet() -> EnrolmentPacket {
    packet_of(ProvedPerson::frozen())
}

fn both() -> EnrolmentPacket {
    EnrolmentPacket {
        upgraded: Some(codes()),
        ..packet()
    }
}

async fn publish(harness: &EnrolmentHarness) {
    let upgrade = upgrade();
    let published = harness.service.store.publish_model_upgrade(&upgrade);
    assert_eq!(published.await.unwrap(), PublishOutcome::Published);
}

/// A service that has enrolled a person, and changes to the new model.
async fn changing_with(person: ProvedPerson) -> EnrolmentHarness {
    let harness = EnrolmentHarness::open().await;
    let record = harness.submit(&packet_of(person)).await.unwrap();
    assert_eq!(record.state, EnrolmentState::Queued);
    publish(&harness).await;
    harness
}

async fn changing() -> EnrolmentHarness {
    changing_with(ProvedPerson::frozen()).await
}

async fn send(harness: &EnrolmentHarness, codes: UpgradedCodes) -> Result<(), UpgradeError> {
    let account = ProvedPerson::frozen().commitment;
    harness.enrolments.upgrade_templates(account, codes).await
}

/// Asserts that the only entry has the old templates.
async fn assert_unchanged(harness: &EnrolmentHarness) {
    let gallery = harness.service.store.gallery_after(0, 10).await.unwrap();
    assert_eq!(gallery.len(), 1);
    assert!(!gallery[0].is_upgraded);
    assert_eq!(gallery[0].templates, ProvedPerson::frozen().templates);
}

/// Asserts that the proof of an eye was refused because it is about other irises or codes.
fn assert_other_statement(refused: &Result<(), UpgradeError>, expected: Eye) {
    assert!(
        matches!(
            refused,
            Err(UpgradeError::Codes(RefusedCodes::Encoding(
                RefusedEncoding::OtherStatement { eye }
            ))) if *eye == expected
        ),
        "{refused:?}"
    );
}

fn edited(template: &IrisTemplate) -> IrisTemplate {
    let mut code = *template.code();
    code[7] ^= 1;
    IrisTemplate::from_columns(code, *template.mask())
}

/// Tests ZKML-19 and ZKML-20.
#[tokio::test]
async fn a_template_is_replaced_without_a_visit() {
    let harness = changing().await;
    send(&harness, codes()).await.unwrap();
    let store = &harness.service.store;
    let gallery = store.gallery_after(0, 10).await.unwrap();
    assert_eq!(gallery.len(), 1);
    assert!(gallery[0].is_upgraded);
    assert_eq!(gallery[0].templates, codes().templates);
    assert_ne!(codes().templates, ProvedPerson::frozen().templates);
    assert_eq!(
        store.upgrade_counts().await.unwrap(),
        UpgradeCounts {
            upgraded: 1,
            ..UpgradeCounts::default()
        }
    );
    // The answer was lost, and the request is sent again.
    send(&harness, codes()).await.unwrap();
    assert_eq!(store.upgraded_after(0, 10).await.unwrap().len(), 1);
}

/// Tests ZKML-19: proofs that hold, about irises that the orb did not commit to for this person.
#[tokio::test]
async fn another_persons_code_is_refused() {
    let mut person = ProvedPerson::frozen();
    person.commitments.left.image = field(77);
    let harness = changing_with(person).await;
    let refused = send(&harness, codes()).await;
    assert_other_statement(&refused, Eye::Left);
    assert_unchanged(&harness).await;
}

/// Tests ZKML-19: one bit of the right eye.
#[tokio::test]
async fn an_edited_code_by_the_new_model_is_refused() {
    let harness = changing().await;
    let mut changed = codes();
    changed.templates.right = edited(&changed.templates.right);
    let refused = send(&harness, changed).await;
    assert_other_statement(&refused, Eye::Right);
    assert_unchanged(&harness).await;
}

/// Tests ZKML-19: templates, salts and proofs, each in the place of the other eye.
#[tokio::test]
async fn the_left_eye_is_no_upgrade_of_the_right() {
    let harness = changing().await;
    let UpgradedCodes {
        model_id,
        templates,
        code_salts,
        proofs,
    } = codes();
    let pair = ProofPair::from_json(&proofs).unwrap();
    let [left, right] = pair.proofs().map(Clone::clone);
    let swapped = UpgradedCodes {
        model_id,
        templates: EyePair {
            left: templates.right,
            right: templates.left,
        },
        code_salts: annona_core::CodeSalts {
            left: code_salts.right,
            right: code_salts.left,
        },
        proofs: ProofPair::new(right, left).unwrap().to_json(),
    };
    let refused = send(&harness, swapped).await;
    assert_other_statement(&refused, Eye::Left);
    assert_unchanged(&harness).await;
}

/// Tests ZKML-19: the same irises behind another commitment, for which the proofs are not.
#[tokio::test]
async fn an_upgrade_is_not_replayed_for_another_account() {
    let other = stranger(99);
    let person = ProvedPerson {
        commitment: other,
        ..ProvedPerson::frozen()
    };
    let harness = changing_with(person).await;
    let refused = harness.enrolments.upgrade_templates(other, codes()).await;
    assert!(
        matches!(
            refused,
            Err(UpgradeError::Codes(RefusedCodes::Encoding(
                RefusedEncoding::OtherContext
            )))
        ),
        "{refused:?}"
    );
    assert_unchanged(&harness).await;
    let unknown = send(&harness, codes()).await;
    assert!(
        matches!(unknown, Err(UpgradeError::UnknownAccount(_))),
        "{unknown:?}"
    );
}

/// Tests ZKML-19: the codes of the enrolment, and proofs by the old model under the name of the new.
#[tokio::test]
async fn codes_by_the_old_model_are_refused() {
    let harness = changing().await;
    let old = B256::from(ModelName::P.model().id());
    let named = UpgradedCodes {
        model_id: old,
        ..codes()
    };
    let refused = send(&harness, named).await;
    assert!(
        matches!(
            refused,
            Err(UpgradeError::Codes(RefusedCodes::OtherModel { expected, actual }))
                if expected == model_id() && actual == old
        ),
        "{refused:?}"
    );
    let person = ProvedPerson::frozen();
    let renamed = UpgradedCodes {
        model_id: model_id(),
        templates: person.templates,
        code_salts: person.code_salts,
        proofs: person.proofs,
    };
    let refused = send(&harness, renamed).await;
    assert!(
        matches!(
            refused,
            Err(UpgradeError::Codes(RefusedCodes::Encoding(
                RefusedEncoding::Proof {
                    source: RefusedProof::OtherModel { .. },
                    ..
                }
            )))
        ),
        "{refused:?}"
    );
    assert_unchanged(&harness).await;
}

/// Tests ZKML-19: an orb that the registry does not list any longer, and one that is struck off.
#[tokio::test]
async fn irises_that_a_revoked_orb_signed_are_refused() {
    let id = OrbId(orb().address());
    let harness = changing().await;
    harness.service.chain.remove_orb(id);
    harness.service.clock.set(NOW + 100);
    let refused = send(&harness, codes()).await;
    assert!(
        matches!(refused, Err(UpgradeError::OrbNotActive(it)) if it == id),
        "{refused:?}"
    );
    assert_unchanged(&harness).await;

    let harness = changing().await;
    harness.enrolments.refuse_orbs([id].into());
    let refused = send(&harness, codes()).await;
    assert!(
        matches!(refused, Err(UpgradeError::OrbNotActive(it)) if it == id),
        "{refused:?}"
    );
    assert_unchanged(&harness).await;

    let harness = changing().await;
    let struck = harness.service.store.strike_off(id, UnixSeconds(NOW)).await;
    struck.unwrap();
    assert!(send(&harness, codes()).await.is_err());
    assert_unchanged(&harness).await;
}

/// Tests ZKML-20: an entry that has other codes by the new model keeps them.
#[tokio::test]
async fn a_second_upgrade_with_another_code_is_refused() {
    let harness = changing().await;
    let first = UpgradedTemplates {
        model_id: model_id(),
        templates: capture(5, 5),
        codes: CodeCommitments {
            left: field(501),
            right: field(502),
        },
    };
    let store = &harness.service.store;
    let upgraded = store.upgrade_entry(1, &first, UnixSeconds(NOW)).await;
    upgraded.unwrap();
    let refused = send(&harness, codes()).await;
    assert!(
        matches!(refused, Err(UpgradeError::OtherCodes)),
        "{refused:?}"
    );
    let gallery = store.gallery_after(0, 10).await.unwrap();
    assert_eq!(gallery[0].templates, first.templates);
}

/// Tests ZKML-19: nothing was published, nobody committed, and the time is over.
#[tokio::test]
async fn an_upgrade_needs_a_change_under_way_commitments_and_time() {
    let harness = EnrolmentHarness::open().await;
    harness.submit(&packet()).await.unwrap();
    let refused = send(&harness, codes()).await;
    assert!(
        matches!(refused, Err(UpgradeError::NotUnderWay)),
        "{refused:?}"
    );
    publish(&harness).await;
    harness.service.clock.set(OLD_UNTIL.0 + 1);
    let refused = send(&harness, codes()).await;
    assert!(
        matches!(refused, Err(UpgradeError::Over { old_until }) if old_until == OLD_UNTIL.0),
        "{refused:?}"
    );
    assert_unchanged(&harness).await;

    let harness = EnrolmentHarness::open().await;
    let known = newcomer(1, 1);
    let admitted = harness.service.store.record_enrolment(&known).await;
    assert_eq!(admitted.unwrap(), AdmitOutcome::Recorded);
    let record = known.record;
    harness.service.chain.add_orb(record.orb);
    publish(&harness).await;
    let commitment = record.commitment();
    let refused = harness.enrolments.upgrade_templates(commitment, codes());
    let refused = refused.await;
    assert!(
        matches!(refused, Err(UpgradeError::Uncommitted)),
        "{refused:?}"
    );
    let left = harness.service.store.entries_left(0, 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].sequence, left[0].commitment), (1, commitment));
    assert!(!left[0].is_committed);
}

/// Tests ENROL-24.
#[tokio::test]
async fn while_the_model_changes_a_packet_has_codes_by_both() {
    let harness = EnrolmentHarness::open().await;
    publish(&harness).await;
    let refused = harness.submit(&packet()).await;
    assert!(
        matches!(
            refused,
            Err(EnrolError::Upgrade(RefusedCodes::Missing { model_id: it })) if it == model_id()
        ),
        "{refused:?}"
    );
    let told = harness
        .enrolments
        .find_by_nonce(packet().signed.enrolment.nonce);
    assert!(matches!(told.await, Err(EnrolError::Upgrade(_))));
    let mut edited_packet = both();
    if let Some(codes) = &mut edited_packet.upgraded {
        codes.templates.left = edited(&codes.templates.left);
    }
    let refused = harness.submit(&edited_packet).await;
    assert!(
        matches!(
            refused,
            Err(EnrolError::Upgrade(RefusedCodes::Encoding(
                RefusedEncoding::OtherStatement { eye: Eye::Left }
            )))
        ),
        "{refused:?}"
    );
    let record = harness.submit(&both()).await.unwrap();
    assert_eq!(record.state, EnrolmentState::Queued);
    let gallery = harness.service.store.gallery_after(0, 10).await.unwrap();
    assert!(gallery[0].is_upgraded);
    assert_eq!(gallery[0].templates, codes().templates);
}

/// Tests ENROL-24: a person who is known under either model is no new one.
#[tokio::test]
async fn a_newcomer_is_compared_under_both_models() {
    let upgraded = UpgradedTemplates {
        model_id: model_id(),
        templates: codes().templates,
        codes: CodeCommitments {
            left: field(601),
            right: field(602),
        },
    };
    let unlike = capture(7, 7);
    for (templates, upgraded, expected) in [
        (unlike.clone(), Some(upgraded), EnrolmentState::Duplicate),
        (
            ProvedPerson::frozen().templates,
            None,
            EnrolmentState::Duplicate,
        ),
        (unlike, None, EnrolmentState::Queued),
    ] {
        let harness = EnrolmentHarness::open().await;
        publish(&harness).await;
        let mut known = newcomer(1, 1);
        known.admission = Admission::Admit(NewEntry {
            sequence: 1,
            templates,
            upgraded,
            past: Vec::new(),
        });
        let outcome = harness.service.store.record_enrolment(&known).await;
        assert_eq!(outcome.unwrap(), AdmitOutcome::Recorded);
        let record = harness.submit(&both()).await.unwrap();
        assert_eq!(record.state, expected);
    }
}

/// Tests ENROL-24: who was captured before the change cannot be compared with those who changed.
#[tokio::test]
async fn a_review_from_before_the_change_is_captured_again() {
    let harness = EnrolmentHarness::open().await;
    let person = ProvedPerson::frozen();
    harness.submit(&packet_of(person.clone())).await.unwrap();
    for part in 0..3 {
        let alike = commitments::packet_with(decoy(&capture(900, 1), part), 50 + part);
        harness.submit(&alike).await.unwrap();
    }
    let unclear = commitments::packet_with(capture(900, 2), 90);
    let held = harness.submit(&unclear).await.unwrap();
    assert_eq!(held.state, EnrolmentState::Review);
    publish(&harness).await;
    send(&harness, codes()).await.unwrap();
    let reviews = ReviewService::new(
        std::sync::Arc::new(harness.service.store.clone()),
        harness.service.clock.clone(),
        DecisionRule::standard(),
        Gallery::new(),
    );
    let refused = reviews.decide(held.id, ReviewVerdict::Admit).await;
    assert!(
        matches!(refused, Err(ReviewError::CodesMissing)),
        "{refused:?}"
    );
    assert!(reviews.decide(held.id, ReviewVerdict::Refuse).await.is_ok());
}
