//! Routes of operators: liveness, readiness, metrics and the OpenAPI document.

use std::sync::Arc;

use annona_wire::{LivenessView, ReadinessView};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::problem_responses;
use crate::state::Shared;

// They wait for nothing, so none of them takes too long.
problem_responses!(operators OperationProblems);

/// Routes of operators: they answer however busy the service is.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(liveness))
        .routes(routes!(readiness))
        .routes(routes!(metrics))
        .routes(routes!(openapi_document))
}

/// Tells that the process runs.
#[utoipa::path(
    get, path = "/healthz", tag = "operations",
    responses((status = 200, body = LivenessView), OperationProblems),
)]
pub(crate) async fn liveness(State(shared): State<Arc<Shared>>) -> Json<LivenessView> {
    let version = shared.api.config.version.clone();
    Json(LivenessView { version })
}

/// Tells whether the service does its work, part by part.
///
/// It names the database by a write, the chain, the contracts, each worker, the disk and the
/// clock, and of each that is not ready since when and why.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, body = ReadinessView, description = "Every part works."),
        OperationProblems,
        (status = 503, body = ReadinessView, description = "At least one part does not work now; the body says which, since when and why."),
    ),
)]
pub(crate) async fn readiness(State(shared): State<Arc<Shared>>) -> Response {
    let report = shared.api.readiness.report();
    let status = if report.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(report)).into_response()
}

/// Figures in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain"), OperationProblems),
)]
pub(crate) async fn metrics(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let content_type = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (content_type, shared.api.metrics.render())
}

/// Returns this document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations",
    responses((status = 200, body = Object, content_type = "application/json"), OperationProblems),
)]
pub(crate) async fn openapi_document(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    (content_type, shared.openapi_json.clone())
}
