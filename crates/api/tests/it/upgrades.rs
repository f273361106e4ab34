//! Change to another model (ZKML-19, ENROL-24).

use annona_core::{B256, OrbId, UnixSeconds};
use annona_engine::ports::{ModelRepository, ModelUpgrade, RevocationRepository};
use annona_faults::{ProvedPerson, ProvedUpgrade};
use annona_wire::{
    EnrolmentRequest, ModelUpgradeView, ParsedCodes, TemplateUpgradeRequest, TemplateUpgradeView,
    UpgradedCodesRequest,
};
use annona_zkml::{ModelName, pinned, unsafe_test_verifying_key};

use crate::encodings::proved;
use crate::world::{SERVICE_NOW, World};

const UPGRADE: &str = "/v1/model-upgrade";
const TEMPLATES: &str = "/v1/model-upgrade/templates";

async fn publish(world: &World, old_until: u64) {
    let upgrade = ModelUpgrade {
        model_id: ModelName::P2.model().id().into(),
        verifying_key: unsafe_test_verifying_key(ModelName::P2).to_bytes(),
        old_until: UnixSeconds(old_until),
        published_at: UnixSeconds(SERVICE_NOW),
    };
    world.store.publish_model_upgrade(&upgrade).await.unwrap();
}

fn codes() -> ParsedCodes {
    let frozen = ProvedUpgrade::frozen();
    ParsedCodes {
        model_id: ModelName::P2.model().id().into(),
        templates: frozen.templates,
        code_salts: frozen.code_salts,
        proofs: frozen.proofs,
    }
}

/// The request of the frozen person.
fn request() -> TemplateUpgradeRequest {
    TemplateUpgradeRequest::new(ProvedPerson::frozen().commitment, &codes())
}

/// The request with codes that were changed.
fn with(change: impl FnOnce(&mut UpgradedCodesRequest)) -> TemplateUpgradeRequest {
    let mut request = request();
    change(&mut request.codes);
    request
}

/// A service that has enrolled the frozen person, and changes to another model.
async fn changing() -> World {
    let world = World::new().await;
    let packet = proved(&world, &ProvedPerson::frozen());
    assert_eq!(world.enrol(&packet).await.status, 202);
    publish(&world, SERVICE_NOW + 1_000).await;
    world
}

/// Tests ZKML-19: and the same request again.
#[tokio::test]
async fn templates_are_replaced_by_proved_ones() {
    let world = changing().await;
    let view: ModelUpgradeView = world.get(UPGRADE).await.json();
    let (model_id, key_hash) = view.parse().unwrap();
    assert_eq!(model_id, B256::from(ModelName::P2.model().id()));
    assert_eq!(key_hash, pinned(ModelName::P2).test_key_hash);
    assert_eq!(view.old_until, SERVICE_NOW + 1_000);
    for _ in 0..2 {
        let answer = world.post(TEMPLATES, &request()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let upgraded: TemplateUpgradeView = answer.json();
        assert_eq!(upgraded.commitment, request().commitment);
        assert_eq!(upgraded.model_id, model_id.to_string());
    }
    let counts = world.store.upgrade_counts().await.unwrap();
    assert_eq!((counts.upgraded, counts.left), (1, 0));
}

/// Tests ZKML-19: what is refused is told by a code of its own, and changes nothing.
#[tokio::test]
async fn each_refusal_of_an_upgrade_has_its_code() {
    let world = World::new().await;
    let packet = proved(&world, &ProvedPerson::frozen());
    assert_eq!(world.enrol(&packet).await.status, 202);
    let nothing = world.get(UPGRADE).await;
    nothing.assert_problem(404, "model-upgrade-unknown");
    let early = world.post(TEMPLATES, &request()).await;
    early.assert_problem(404, "model-upgrade-unknown");
    publish(&world, SERVICE_NOW + 1_000).await;

    let old = ProvedPerson::frozen();
    let old_model = B256::from(ModelName::P.model().id()).to_string();
    let by_old_model = TemplateUpgradeRequest::new(
        old.commitment,
        &ParsedCodes {
            model_id: ModelName::P.model().id().into(),
            templates: old.templates,
            code_salts: old.code_salts,
            proofs: old.proofs,
        },
    );
    let stranger = TemplateUpgradeRequest {
        commitment: format!("0x{:064x}", 0xbad_u64),
        ..request()
    };
    let salted = with(|codes| codes.left_code_salt = codes.right_code_salt.clone());
    let swapped = with(|codes| {
        core::mem::swap(&mut codes.left_template, &mut codes.right_template);
        core::mem::swap(&mut codes.left_code_salt, &mut codes.right_code_salt);
    });
    let other_purpose = with(|codes| {
        codes.proofs = codes.proofs.replace("\"model-upgrade\"", "\"enrolment\"");
    });
    for (request, status, code) in [
        (by_old_model, 422, "model-mismatch"),
        (stranger, 404, "account-unknown"),
        (salted, 422, "encoding-proof-mismatch"),
        (swapped, 422, "encoding-proof-mismatch"),
        (other_purpose, 422, "encoding-proof-invalid"),
        (
            with(|codes| codes.proofs.clear()),
            422,
            "encoding-proof-invalid",
        ),
        (
            with(|codes| codes.model_id = old_model.clone()),
            400,
            "malformed-field",
        ),
        (
            with(|codes| codes.proofs = " ".repeat(8_193)),
            400,
            "malformed-field",
        ),
    ] {
        let answer = world.post(TEMPLATES, &request).await;
        answer.assert_problem(status, code);
    }
    let counts = world.store.upgrade_counts().await.unwrap();
    assert_eq!((counts.upgraded, counts.left), (0, 1));
    let orb = OrbId(world.orb.address());
    let struck = world.store.strike_off(orb, UnixSeconds(SERVICE_NOW)).await;
    struck.unwrap();
    let refused = world.post(TEMPLATES, &request()).await;
    refused.assert_problem(404, "account-unknown");
}

/// Tests ZKML-21.
#[tokio::test]
async fn after_its_date_nobody_changes_from_home() {
    let world = World::new().await;
    let packet = proved(&world, &ProvedPerson::frozen());
    assert_eq!(world.enrol(&packet).await.status, 202);
    publish(&world, SERVICE_NOW - 1).await;
    let refused = world.post(TEMPLATES, &request()).await;
    refused.assert_problem(410, "model-upgrade-over");
}

/// Tests ENROL-24: and a packet with everything is no body that is too large.
#[tokio::test]
async fn a_packet_of_a_changing_service_has_codes_by_both_models() {
    let world = World::new().await;
    publish(&world, SERVICE_NOW + 1_000).await;
    let packet = proved(&world, &ProvedPerson::frozen());
    let refused = world.enrol(&packet).await;
    let problem = refused.assert_problem(422, "upgraded-codes-required");
    assert_eq!(problem.field.as_deref(), Some("upgradedCodes"));
    let sealed = vec![0xff; annona_core::MAX_SEALED_BYTES];
    let whole = EnrolmentRequest {
        upgraded_codes: Some(UpgradedCodesRequest::new(&codes())),
        package: Some(annona_wire::SealedPackageRequest::new(&[2; 33], &sealed)),
        ..packet
    };
    let length = serde_json::to_vec(&whole).unwrap().len();
    assert!((64 << 10..96 << 10).contains(&length), "{length}");
    assert_eq!(world.enrol(&whole).await.status, 202);
    let counts = world.store.upgrade_counts().await.unwrap();
    assert_eq!((counts.upgraded, counts.left), (1, 0));
}
