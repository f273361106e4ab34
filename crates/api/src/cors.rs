//! Cross-origin answers of the routes of people: the citizen's app may be hosted elsewhere than
//! the service.

use std::time::Duration;

use axum::http::{Method, header};
use tower_http::cors::{Any, CorsLayer};

use crate::router::REQUEST_ID;

/// Time for which a browser remembers the answer to a preflight request; browsers cut it to
/// theirs.
const PREFLIGHT_AGE: Duration = Duration::from_secs(86_400);

/// Lets the pages of any origin ask and read, without credentials: the service knows none.
/// Preflight requests are answered here, before anything counts them or gives them a permit.
pub(crate) fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT_AGE)
}
