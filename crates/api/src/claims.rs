//! Routes that take a claim and show its status.

use std::sync::Arc;

use annona_core::SignedReceipt;
use annona_engine::ClaimRecord;
use annona_wire::{ClaimRequest, ClaimView, ScalarText};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::events;
use crate::extract::{Body, PathText, scalar};
use crate::problem::problem_responses;
use crate::state::Shared;
use crate::views::claim_view;

problem_responses!(SubmitProblems:
    BodyNotJson, BodyInvalid, ContentTypeNotJson, MalformedField,
    NotCanonical, CoordinateOutOfRange, ProofNotInGroup, InvalidRecipient, CensusExceeded, EpochNotBegun,
    EpochWithoutMembers, NullifierAlreadyClaimed, NullifierSpent, ClaimWindowOver,
    ClaimProofInvalid, FeeAboveAmount, PaymentsPaused, ClaimQueueFull,
    ChainUnavailable, StoreUnavailable, RequestTimedOut
);
problem_responses!(FindProblems:
    PathInvalid, MalformedField, NotCanonical, ClaimUnknown, StoreUnavailable, RequestTimedOut
);

pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(submit_claim))
        .routes(routes!(find_claim))
        .routes(routes!(events::watch_claim))
}

/// Submits a claim.
///
/// The proof is verified before the answer, which carries a signed receipt: with it anyone
/// can prove that the claim was dropped or paid late. The same claim sent again, with the
/// same proof or another one, gets the same receipt and the claim as it is then. A claim
/// that is rejected later has a signed refusal in its answers; after it, a claim whose
/// nullifier is not spent is taken anew, for the same payment or another.
#[utoipa::path(
    post, path = "/v1/claims", tag = "claims", request_body = ClaimRequest,
    responses(
        (status = 202, body = ClaimView, description = "Verified, stored, and not settled yet."),
        (status = 200, body = ClaimView, description = "The same claim was submitted before and is settled."),
        SubmitProblems,
    ),
)]
pub(crate) async fn submit_claim(
    State(shared): State<Arc<Shared>>,
    Body(request): Body<ClaimRequest>,
) -> Result<Response, ApiError> {
    shared.require_its_chain()?;
    let record = shared.api.claims.submit(request.parse()?).await?;
    let view = with_refusal(&shared, &record).await?;
    let receipt = shared.api.receipts.receipt(&record)?;
    Ok(answer(&record, receipt.as_ref(), view))
}

/// Returns the status of a claim.
#[utoipa::path(
    get, path = "/v1/claims/{nullifier}", tag = "claims",
    params(("nullifier" = ScalarText, Path, description = "Nullifier hash: 0x and 64 hexadecimal digits.")),
    responses((status = 200, body = ClaimView), FindProblems),
)]
pub(crate) async fn find_claim(
    State(shared): State<Arc<Shared>>,
    PathText(nullifier): PathText,
) -> Result<Json<ClaimView>, ApiError> {
    let nullifier = scalar("nullifier", &nullifier)?;
    let record = shared.api.claims.find(nullifier).await?;
    let record = record.ok_or(ApiError::ClaimUnknown(nullifier))?;
    with_refusal(&shared, &record).await.map(Json)
}

/// Shows a claim as it is; one that is rejected with the signed reason, unless the chain does
/// not answer now (RCPT-4).
async fn with_refusal(shared: &Shared, record: &ClaimRecord) -> Result<ClaimView, ApiError> {
    let mut view = claim_view(record);
    if record.state.is_rejected()
        && let Ok(head) = shared.head().await
    {
        let refusal = shared.api.receipts.refusal(record, head)?;
        view.refusal = refusal.as_ref().map(Into::into);
    }
    Ok(view)
}

fn answer(record: &ClaimRecord, receipt: Option<&SignedReceipt>, view: ClaimView) -> Response {
    let status = if record.state.is_settled() {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let view = ClaimView {
        receipt: receipt.map(Into::into),
        ..view
    };
    (status, Json(view)).into_response()
}
