use core::future::Future;
use std::sync::Arc;

use annona_wire::{LivenessView, PartStatus, ReadinessView};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::limits::READINESS_TIMEOUT;
use crate::problem::problem_responses;
use crate::state::Shared;

problem_responses!(operators OperationProblems);

/// Routes of operators: they answer however busy the service is.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(liveness))
        .routes(routes!(readiness))
        .routes(routes!(metrics))
        .routes(routes!(openapi_document))
}

/// The process runs.
#[utoipa::path(
    get, path = "/healthz", tag = "operations",
    responses((status = 200, body = LivenessView), OperationProblems),
)]
pub(crate) async fn liveness(State(shared): State<Arc<Shared>>) -> Json<LivenessView> {
    let version = shared.api.config.version.clone();
    Json(LivenessView { version })
}

/// Whether database, membership tree and chain can work.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, body = ReadinessView, description = "Every part can work."),
        OperationProblems,
        (status = 503, body = ReadinessView, description = "At least one part cannot work now; the body says which."),
    ),
)]
pub(crate) async fn readiness(State(shared): State<Arc<Shared>>) -> Response {
    let (store, chain) = tokio::join!(
        part(shared.api.readiness.store_is_ready()),
        part(async { shared.api.chain.head().await.is_ok() }),
    );
    let view = ReadinessView {
        store,
        membership: status_of(shared.api.membership.is_synced()),
        chain,
    };
    let status = if view.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(view)).into_response()
}

async fn part(answer: impl Future<Output = bool>) -> PartStatus {
    let is_ready = timeout(READINESS_TIMEOUT, answer).await.unwrap_or(false);
    status_of(is_ready)
}

const fn status_of(is_ready: bool) -> PartStatus {
    if is_ready {
        PartStatus::Ready
    } else {
        PartStatus::NotReady
    }
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

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations",
    responses((status = 200, body = Object, content_type = "application/json"), OperationProblems),
)]
pub(crate) async fn openapi_document(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    (content_type, shared.openapi_json.clone())
}
