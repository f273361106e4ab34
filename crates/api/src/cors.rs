//! Cross-origin answers of the routes of people: the citizen's app may be hosted elsewhere than
//! the service.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tower::{Layer, ServiceExt};
use tower_http::cors::{Any, CorsLayer};

use crate::middleware::REQUEST_ID;

/// Time for which a browser remembers the answer to a preflight request; browsers cut it to
/// theirs.
const PREFLIGHT_AGE: Duration = Duration::from_secs(86_400);

/// Start of the paths of people.
const PEOPLE: &str = "/v1/";

/// Lets the pages of any origin ask and read below `/v1`. Preflight requests are answered here,
/// before anything counts them or gives them a permit.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    let is_for_people = request.uri().path().starts_with(PEOPLE);
    let asks_for_options = *request.method() == Method::OPTIONS && !is_preflight(&request);
    if !is_for_people || asks_for_options {
        return next.run(request).await;
    }
    let Ok(response) = open_to_all().layer(next).oneshot(request).await;
    response
}

/// Without credentials: the service knows none.
fn open_to_all() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT_AGE)
}

/// Browsers name the method that they are about to use. Any other OPTIONS request asks for a
/// method that no route has.
fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}
