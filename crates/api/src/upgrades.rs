//! Routes about the change to another model.

use std::sync::Arc;

use annona_engine::UpgradedCodes;
use annona_proofs::VerifyingKey;
use annona_wire::{ModelUpgradeView, ParsedCodes, TemplateUpgradeRequest, TemplateUpgradeView};
use axum::Json;
use axum::extract::State;
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::extract::Body;
use crate::problem::problem_responses;
use crate::state::Shared;

problem_responses!(FindProblems: ModelUpgradeUnknown, Internal, StoreUnavailable, RequestTimedOut);
problem_responses!(UpgradeProblems:
    BodyNotJson, BodyInvalid, ContentTypeNotJson, MalformedField, NotCanonical, ZeroCommitment,
    ModelUpgradeUnknown, ModelUpgradeOver, AccountUnknown, IrisUncommitted, OrbNotActive,
    TemplateUpgraded, ModelMismatch, TemplateUnusable, EncodingProofMismatch, EncodingProofInvalid,
    EnrolmentBusy, ChainUnavailable, StoreUnavailable, RequestTimedOut
);

pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(find_model_upgrade))
        .routes(routes!(upgrade_templates))
}

pub(crate) fn codes(parsed: ParsedCodes) -> UpgradedCodes {
    UpgradedCodes {
        model_id: parsed.model_id,
        templates: parsed.templates,
        code_salts: parsed.code_salts,
        proofs: parsed.proofs,
    }
}

/// Returns the change to another model, while one is under way.
///
/// Orbs then send codes by both models, and people can replace their templates from home.
#[utoipa::path(
    get, path = "/v1/model-upgrade", tag = "enrolments",
    responses((status = 200, body = ModelUpgradeView), FindProblems),
)]
pub(crate) async fn find_model_upgrade(
    State(shared): State<Arc<Shared>>,
) -> Result<Json<ModelUpgradeView>, ApiError> {
    let upgrade = shared.api.enrolments.model_upgrade().await?;
    let upgrade = upgrade.ok_or(ApiError::ModelUpgradeUnknown)?;
    let key = VerifyingKey::from_bytes(&upgrade.verifying_key);
    let key = key.map_err(|_| ApiError::ModelUpgradeUnusable)?;
    Ok(Json(ModelUpgradeView {
        model_id: upgrade.model_id.to_string(),
        key_hash: key.hash().to_string(),
        old_until: upgrade.old_until.0,
    }))
}

/// Replaces a person's templates by those of the model that the service changes to.
///
/// Both codes are proved from the irises to which an orb committed at the enrolment, for the
/// person's commitment. The request needs no signature: only who has the irises with their salts can
/// make the proofs, and about no other codes. The same request again gets the same answer.
#[utoipa::path(
    post, path = "/v1/model-upgrade/templates", tag = "enrolments",
    request_body = TemplateUpgradeRequest,
    responses((status = 200, body = TemplateUpgradeView), UpgradeProblems),
)]
pub(crate) async fn upgrade_templates(
    State(shared): State<Arc<Shared>>,
    Body(request): Body<TemplateUpgradeRequest>,
) -> Result<Json<TemplateUpgradeView>, ApiError> {
    shared.require_its_chain()?;
    let (commitment, parsed) = request.parse()?;
    let model_id = parsed.model_id.to_string();
    let enrolments = &shared.api.enrolments;
    enrolments
        .upgrade_templates(commitment, codes(parsed))
        .await?;
    Ok(Json(TemplateUpgradeView {
        commitment: commitment.to_string(),
        model_id,
    }))
}
