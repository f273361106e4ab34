//! Routes that take an enrolment from an orb and show its status.

use std::sync::Arc;

use annona_engine::{EnrolmentId, EnrolmentPacket, EnrolmentRecord, EnrolmentState, SealedPackage};
use annona_wire::{EnrolmentRequest, EnrolmentView, WordText};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::extract::{Body, PathText, word};
use crate::problem::problem_responses;
use crate::state::Shared;
use crate::upgrades;
use crate::views::{enrolment_view, visit_view};

problem_responses!(SubmitProblems:
    BodyNotJson, BodyInvalid, ContentTypeNotJson, MalformedField,
    NotCanonical, ZeroCommitment, StatementVersionInvalid, CaptureNotFresh, OrbSignatureInvalid, OrbNotActive, OrbRefused,
    EnrolmentDuplicate, EnrolmentReview, NonceUsed, CommitmentTaken, NothingToRecover,
    RecoveryTooSoon, IrisDigestMismatch, ModelMismatch, TemplateUnusable, CommitmentsRequired,
    CodeCommitmentMismatch, EncodingProofRequired, EncodingProofMismatch, EncodingProofInvalid,
    UpgradedCodesRequired, IrisCommitmentUsed, OrbLimitReached, EnrolmentBusy, ChainUnavailable, StoreUnavailable, RequestTimedOut
);
problem_responses!(FindProblems:
    PathInvalid, MalformedField, EnrolmentUnknown, StoreUnavailable, RequestTimedOut
);
problem_responses!(FollowProblems:
    PathInvalid, MalformedField, EnrolmentUnknown, CaptureNotFresh, CommitmentTaken,
    NothingToRecover, RecoveryTooSoon, IrisDigestMismatch, ModelMismatch, TemplateUnusable,
    CommitmentsRequired, CodeCommitmentMismatch, EncodingProofRequired, EncodingProofMismatch,
    EncodingProofInvalid, UpgradedCodesRequired, IrisCommitmentUsed, OrbRefused, OrbLimitReached,
    StoreUnavailable, RequestTimedOut
);

pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(submit_enrolment))
        .routes(routes!(find_enrolment))
        .routes(routes!(find_enrolment_by_nonce))
}

/// Submits a packet that an active orb has signed.
///
/// The decision is made and stored before the answer. The same packet sent again
/// gets the same decision.
#[utoipa::path(
    post, path = "/v1/enrolments", tag = "enrolments", request_body = EnrolmentRequest,
    responses(
        (status = 202, body = EnrolmentView, description = "Admitted, on the way into the registry."),
        (status = 200, body = EnrolmentView, description = "The same packet was submitted before; its commitment is a final member, or was removed again."),
        SubmitProblems,
    ),
)]
pub(crate) async fn submit_enrolment(
    State(shared): State<Arc<Shared>>,
    Body(request): Body<EnrolmentRequest>,
) -> Result<Response, ApiError> {
    shared.require_its_chain()?;
    let parsed = request.parse()?;
    let packet = EnrolmentPacket {
        signed: parsed.signed,
        templates: parsed.templates,
        code_salts: parsed.code_salts,
        encoding_proofs: parsed.encoding_proofs,
        upgraded: parsed.upgraded_codes.map(upgrades::codes),
        package: parsed.package.map(|package| SealedPackage {
            visit_key: package.visit_key,
            sealed: package.sealed,
        }),
    };
    answer(&shared.api.enrolments.submit(packet).await?)
}

/// Returns the status of an enrolment.
#[utoipa::path(
    get, path = "/v1/enrolments/{id}", tag = "enrolments",
    params(("id" = WordText, Path, description = "The enrolment's id: 0x and 64 hexadecimal digits.")),
    responses((status = 200, body = EnrolmentView), FindProblems),
)]
pub(crate) async fn find_enrolment(
    State(shared): State<Arc<Shared>>,
    PathText(id): PathText,
) -> Result<Json<EnrolmentView>, ApiError> {
    let id = EnrolmentId(word("id", &id)?);
    let record = shared.api.enrolments.find(id).await?;
    let record = record.ok_or(ApiError::EnrolmentUnknown(id))?;
    Ok(Json(enrolment_view(&record)))
}

/// Returns the status of the enrolment that used a nonce.
///
/// A phone follows its own enrolment by the nonce of the code that it showed to the orb. The
/// status is `checking` while the service works on the orb's packet, `duplicate` for a person who
/// was refused, and `review` for one of whom the orb makes a second capture, under a fresh code. A
/// visit that was refused without a record is answered with the refusal that the orb got, for ten
/// minutes. A nonce of which the service has seen nothing yet is unknown, and so is one in a packet
/// that no known orb has signed.
#[utoipa::path(
    get, path = "/v1/enrolments/by-nonce/{nonce}", tag = "enrolments",
    params(("nonce" = WordText, Path, description = "Nonce of the code that the phone showed: 0x and 64 hexadecimal digits.")),
    responses((status = 200, body = EnrolmentView), FollowProblems),
)]
pub(crate) async fn find_enrolment_by_nonce(
    State(shared): State<Arc<Shared>>,
    PathText(nonce): PathText,
) -> Result<Json<EnrolmentView>, ApiError> {
    let nonce = word("nonce", &nonce)?;
    let visit = shared.api.enrolments.find_by_nonce(nonce).await?;
    let visit = visit.ok_or(ApiError::NonceUnknown)?;
    Ok(Json(visit_view(&visit)))
}

fn answer(record: &EnrolmentRecord) -> Result<Response, ApiError> {
    let status = match record.state {
        EnrolmentState::Duplicate => return Err(ApiError::Duplicate(record.id)),
        EnrolmentState::Review => return Err(ApiError::Review(record.id)),
        EnrolmentState::Queued
        | EnrolmentState::Submitted { .. }
        | EnrolmentState::Mined { .. } => StatusCode::ACCEPTED,
        EnrolmentState::Final { .. }
        | EnrolmentState::Revoked { .. }
        | EnrolmentState::Withdrawn => StatusCode::OK,
    };
    Ok((status, Json(enrolment_view(record))).into_response())
}
