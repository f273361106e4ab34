//! Requests of pages of other origins.

use annona_api::{ApiLimits, ClientRate, Permits, RateLimits};
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};

use crate::world::{World, limits};

const ORIGIN: &str = "https://app.example";

fn preflight(path: &str, method: &str) -> Request<Body> {
    Request::options(path)
        .header(header::ORIGIN, ORIGIN)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, method)
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type")
        .body(Body::empty())
        .unwrap()
}

fn get(path: &str) -> Request<Body> {
    let request = Request::get(path).header(header::ORIGIN, ORIGIN);
    request.body(Body::empty()).unwrap()
}

fn assert_open(headers: &HeaderMap, name: &header::HeaderName, expected: &str) {
    let value = headers.get(name).map(|value| value.to_str().unwrap());
    let value = value.map(str::to_lowercase).unwrap_or_default();
    let mut parts: Vec<&str> = value.split(',').map(str::trim).collect();
    parts.sort_unstable();
    assert_eq!(parts.join(","), expected, "{name}");
}

#[tokio::test]
async fn an_app_of_another_origin_may_ask_and_read() {
    let world = World::new().await;
    let paths = ["/v1/config", "/v1/claims/1", "/v1/tree/1/0/0", "/v1/none"];
    for path in paths {
        let headers = world.send(get(path)).await.headers;
        assert_open(&headers, &header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        let exposed = "retry-after,x-request-id";
        assert_open(&headers, &header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        // Caches keep one answer for all origins.
        assert!(!headers.contains_key(header::VARY), "{headers:?}");
    }
}

#[tokio::test]
async fn a_preflight_request_is_answered_on_every_route_of_people() {
    let world = World::new().await;
    let routes = [
        ("/v1/config", "GET"),
        ("/v1/claims", "POST"),
        ("/v1/enrolments", "POST"),
        ("/v1/enrolments/by-nonce/1", "GET"),
        ("/v1/claims/1/events", "GET"),
        ("/v1/tree/1/0/0", "GET"),
        ("/v1/epochs/current", "GET"),
    ];
    for (path, method) in routes {
        let answer = world.call(preflight(path, method)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let headers = answer.headers();
        assert_open(headers, &header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        assert_open(headers, &header::ACCESS_CONTROL_ALLOW_METHODS, "get,post");
        let asked = "content-type";
        assert_open(headers, &header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
        assert_open(headers, &header::ACCESS_CONTROL_MAX_AGE, "86400");
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }
}

#[tokio::test]
async fn a_preflight_request_takes_no_permit_and_counts_for_no_rate() {
    let limits = ApiLimits {
        permits: Permits {
            lookups: 0,
            ..Permits::default()
        },
        rates: RateLimits {
            requests: ClientRate::of(1, 1),
            ..RateLimits::default()
        },
        ..limits()
    };
    let world = World::with_limits(limits).await;
    for _ in 0..3 {
        let answer = world.call(preflight("/v1/config", "GET")).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
    // The one request that is counted is turned away for want of a permit, which a page reads.
    let refused = world.send(get("/v1/config")).await;
    refused.assert_problem(503, "overloaded");
    assert_open(&refused.headers, &header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    let refused = world.send(get("/v1/config")).await;
    refused.assert_problem(429, "rate-limited");
    assert_open(&refused.headers, &header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
}

#[tokio::test]
async fn the_routes_of_operators_are_for_pages_of_no_other_origin() {
    let world = World::new().await;
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        let headers = world.send(get(path)).await.headers;
        let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(allowed, None, "{path}");
        let answer = world.call(preflight(path, "GET")).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test]
async fn a_request_for_options_that_is_no_preflight_has_no_route() {
    let world = World::new().await;
    let plain = Request::options("/v1/config").header(header::ORIGIN, ORIGIN);
    let answer = world.send(plain.body(Body::empty()).unwrap()).await;
    answer.assert_problem(405, "method-not-allowed");
    let allowed = answer.headers[header::ALLOW].to_str().unwrap();
    assert!(allowed.contains("GET"), "{allowed}");
}
