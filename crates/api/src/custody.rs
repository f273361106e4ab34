//! Routes by which a citizen's device gets the package that an orb sealed for it.

use std::sync::Arc;

use annona_wire::{SealedPackageView, VisitSignatureRequest, WordText};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::extract::{Body, PathText, word};
use crate::problem::problem_responses;
use crate::state::Shared;

problem_responses!(PackageProblems:
    BodyNotJson, BodyInvalid, ContentTypeNotJson, PathInvalid, MalformedField,
    VisitSignatureInvalid, PackageUnknown, StoreUnavailable, RequestTimedOut
);

pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(collect_package))
        .routes(routes!(confirm_package))
}

/// Hands out the package that the orb sealed for a visit.
///
/// The request is signed by the key of the visit code: ECDSA with SHA-256 on P-256, over the 15
/// bytes of "annona custody" with a zero behind it, a byte 0, the chain id (8 bytes), the orb
/// registry (20) and the nonce (32). The package can be asked for again until its receipt is
/// confirmed.
#[utoipa::path(
    post, path = "/v1/enrolments/by-nonce/{nonce}/package", tag = "enrolments",
    params(("nonce" = WordText, Path, description = "Nonce of the code that the device showed: 0x and 64 hexadecimal digits.")),
    request_body = VisitSignatureRequest,
    responses((status = 200, body = SealedPackageView), PackageProblems),
)]
pub(crate) async fn collect_package(
    State(shared): State<Arc<Shared>>,
    PathText(nonce): PathText,
    Body(request): Body<VisitSignatureRequest>,
) -> Result<Json<SealedPackageView>, ApiError> {
    let (nonce, signature) = (word("nonce", &nonce)?, request.parse()?);
    let enrolments = &shared.api.enrolments;
    let sealed = enrolments.collect_package(nonce, &signature).await?;
    Ok(Json(SealedPackageView::new(&sealed)))
}

/// Deletes the package of a visit: the device has opened it.
///
/// The request is signed as the one for the package is, with a byte 1 in the place of the byte 0.
#[utoipa::path(
    post, path = "/v1/enrolments/by-nonce/{nonce}/package/received", tag = "enrolments",
    params(("nonce" = WordText, Path, description = "Nonce of the code that the device showed: 0x and 64 hexadecimal digits.")),
    request_body = VisitSignatureRequest,
    responses((status = 204, description = "Deleted."), PackageProblems),
)]
pub(crate) async fn confirm_package(
    State(shared): State<Arc<Shared>>,
    PathText(nonce): PathText,
    Body(request): Body<VisitSignatureRequest>,
) -> Result<StatusCode, ApiError> {
    let (nonce, signature) = (word("nonce", &nonce)?, request.parse()?);
    let enrolments = &shared.api.enrolments;
    enrolments.confirm_package(nonce, &signature).await?;
    Ok(StatusCode::NO_CONTENT)
}
