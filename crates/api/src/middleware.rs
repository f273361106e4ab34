//! Middleware that bounds rates, concurrency and time, measures and logs requests, and answers
//! after a panic.

use core::any::Any;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::request_id::RequestId;
use tracing::Span;

use crate::ProblemCode;
use crate::error::ApiError;
use crate::kinds::RequestKind;
use crate::limits::REQUESTS_PER_METRICS_UPKEEP;
use crate::state::Shared;

/// Header that names a request in the answer and in the log.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Name of a request without a route in logs and figures.
const UNMATCHED: &str = "unmatched";
/// Name of a method outside RFC 9110 in figures, so that senders make no labels.
const OTHER_METHOD: &str = "other";

/// Turns requests away when as many of their kind as allowed are under way.
pub(crate) async fn limit_concurrency(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let kind = RequestKind::of(&request);
    match shared.permits.of(kind).try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => ApiError::Overloaded.into_response(),
    }
}

/// Turns requests away that come faster than allowed, and names the client of the others.
pub(crate) async fn limit_rate(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = shared.limits.clients.client_of(&request);
    request.extensions_mut().insert(client);
    match shared.rates.pass(RequestKind::of(&request), client) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Ends a request that takes too long.
pub(crate) async fn limit_time(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    tokio::time::timeout(shared.limits.request_timeout, next.run(request))
        .await
        .unwrap_or_else(|_| ApiError::TimedOut.into_response())
}

/// Counts requests and measures their time by route.
pub(crate) async fn measure(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (method, route) = (method_label(request.method()), route_of(&request));
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    let code = response.extensions().get::<ProblemCode>().copied();
    let code = code.map_or("", ProblemCode::as_str);
    metrics::counter!("annona_http_requests_total", "method" => method, "route" => route.clone(), "status" => status, "code" => code)
        .increment(1);
    metrics::histogram!("annona_http_request_seconds", "method" => method, "route" => route)
        .record(started.elapsed().as_secs_f64());
    let served = shared.requests_served.fetch_add(1, Ordering::Relaxed);
    if served % REQUESTS_PER_METRICS_UPKEEP == 0 {
        shared.api.metrics.run_upkeep();
    }
    response
}

/// Makes the log's span of a request: its route, and never the parts of its path or its body.
pub(crate) fn request_span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>();
    let id = id.and_then(|id| id.header_value().to_str().ok());
    tracing::info_span!(
        "request",
        id = id.unwrap_or_default(),
        method = method_label(request.method()),
        route = route_of(request),
    )
}

/// The line of the access log.
pub(crate) fn log_response(response: &Response, latency: Duration, _span: &Span) {
    let code = response.extensions().get::<ProblemCode>().copied();
    tracing::info!(
        status = response.status().as_u16(),
        code = code.map(ProblemCode::as_str),
        latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
}

/// The answer when a handler panicked.
pub(crate) fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast::<String>()
        .map(|text| *text)
        .or_else(|panic| panic.downcast::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|_| "of an unknown kind".to_owned());
    ApiError::Panicked(text).into_response()
}

fn route_of(request: &Request) -> String {
    let path = request.extensions().get::<MatchedPath>();
    path.map_or(UNMATCHED, MatchedPath::as_str).to_owned()
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => OTHER_METHOD,
    }
}

/// A name that the sender chose would end up in the log, at any length.
pub(crate) async fn drop_foreign_request_id(mut request: Request) -> Request {
    request.headers_mut().remove(REQUEST_ID);
    request
}
