use std::time::Duration;

use annona_api::Limits;
use axum::body::{Body, Bytes};
use futures::stream;

use crate::chain::Mood;
use crate::world::{World, honest_claim};

#[tokio::test]
async fn more_requests_than_allowed_are_turned_away_but_operators_are_not() {
    let limits = Limits {
        max_concurrent_requests: 0,
        ..Limits::default()
    };
    let world = World::with_limits(limits).await;
    let problem = world
        .claim(&honest_claim())
        .await
        .assert_problem(503, "overloaded");
    assert!(problem.retry_after_secs.is_some());
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn permits_are_given_back() {
    let limits = Limits {
        max_concurrent_requests: 1,
        ..Limits::default()
    };
    let world = World::with_limits(limits).await;
    for _ in 0..3 {
        assert_eq!(world.get("/v1/config").await.status, 200);
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended() {
    let limits = Limits {
        request_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let world = World::with_limits(limits).await;
    world.chain.ledger().mood = Mood::Silent;
    let problem = world
        .get("/v1/epochs/current")
        .await
        .assert_problem(503, "request-timed-out");
    assert!(problem.retry_after_secs.is_some());
    world.chain.ledger().mood = Mood::Answering;
    assert_eq!(world.get("/v1/epochs/current").await.status, 200);
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let limits = Limits {
        request_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let world = World::with_limits(limits).await;
    let body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    world
        .post_bytes("/v1/claims", body)
        .await
        .assert_problem(503, "request-timed-out");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_and_without_its_length() {
    let world = World::new().await;
    let large = vec![b' '; 64 * 1024 + 1];
    for path in ["/v1/claims", "/v1/enrolments"] {
        let known = world.post_bytes(path, large.clone()).await;
        known.assert_problem(413, "body-too-large");
        let chunks = large
            .chunks(1_000)
            .map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk)));
        let streamed = Body::from_stream(stream::iter(chunks.collect::<Vec<_>>()));
        world
            .post_bytes(path, streamed)
            .await
            .assert_problem(413, "body-too-large");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told_as_such() {
    let world = World::new().await;
    let broken = [
        Ok(Bytes::from_static(b"{")),
        Err(std::io::Error::other("cut")),
    ];
    let body = Body::from_stream(stream::iter(broken));
    world
        .post_bytes("/v1/claims", body)
        .await
        .assert_problem(400, "body-unreadable");
}

#[tokio::test]
async fn a_panic_is_an_answer_and_the_next_request_is_served() {
    let world = World::new().await;
    world.chain.ledger().mood = Mood::Panicking;
    let answer = world.get("/v1/epochs/current").await;
    answer.assert_problem(500, "internal");
    assert!(!answer.text().contains("panic"), "{}", answer.text());
    world.chain.ledger().mood = Mood::Answering;
    assert_eq!(world.get("/v1/epochs/current").await.status, 200);
}
