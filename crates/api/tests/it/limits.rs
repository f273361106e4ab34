//! Bounds on size, rate and number of requests.

use std::task::{Context, Waker};
use std::time::Duration;

use annona_api::{ApiLimits, BodyLimits, ClientRate, Permits, RateLimits};
use axum::body::{Body, Bytes};
use axum::http::Request;
use futures::future::join_all;
use futures::{FutureExt, StreamExt, stream};

use crate::chain::HeadAnswer;
use crate::world::{World, honest_claim, limits};

const fn permits(of_each: usize) -> Permits {
    Permits {
        tiles: of_each,
        claims: of_each,
        enrolments: of_each,
        files: of_each,
        lookups: of_each,
    }
}

#[tokio::test]
async fn more_requests_than_allowed_are_turned_away_but_operators_are_not() {
    let limits = ApiLimits {
        permits: permits(0),
        ..limits()
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
    let limits = ApiLimits {
        permits: permits(1),
        ..limits()
    };
    let world = World::with_limits(limits).await;
    for _ in 0..3 {
        assert_eq!(world.get("/v1/config").await.status, 200);
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended() {
    let limits = ApiLimits {
        request_timeout: Duration::from_millis(500),
        ..limits()
    };
    let world = World::with_limits(limits).await;
    world.chain.ledger().head = HeadAnswer::Silent;
    let problem = world
        .get("/v1/epochs/current")
        .await
        .assert_problem(503, "request-timed-out");
    assert!(problem.retry_after_secs.is_some());
    world.chain.ledger().head = HeadAnswer::Answering;
    assert_eq!(world.get("/v1/epochs/current").await.status, 200);
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let limits = ApiLimits {
        bodies: BodyLimits {
            timeout: Duration::from_millis(50),
            ..BodyLimits::default()
        },
        ..limits()
    };
    let world = World::with_limits(limits).await;
    let body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    world
        .post_bytes("/v1/claims", body)
        .await
        .assert_problem(408, "body-too-slow");
}

#[tokio::test]
async fn a_body_with_a_long_pause_in_it_is_given_up() {
    let limits = ApiLimits {
        bodies: BodyLimits {
            pause: Duration::from_millis(50),
            ..BodyLimits::default()
        },
        ..limits()
    };
    let world = World::with_limits(limits).await;
    let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let body = Body::from_stream(first.chain(stream::pending()));
    world
        .post_bytes("/v1/enrolments", body)
        .await
        .assert_problem(408, "body-too-slow");
}

#[tokio::test]
async fn a_body_that_does_not_come_holds_no_permit_and_counts_for_no_rate() {
    let limits = ApiLimits {
        permits: permits(1),
        rates: RateLimits {
            claims: ClientRate::of(1, 1),
            ..RateLimits::default()
        },
        ..limits()
    };
    let world = World::with_limits(limits).await;
    let slow = (0..20).map(|_| {
        let body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let request = Request::post("/v1/claims").body(body).unwrap();
        Box::pin(world.call(request))
    });
    let mut slow = join_all(slow);
    let mut context = Context::from_waker(Waker::noop());
    assert!(slow.poll_unpin(&mut context).is_pending());
    assert_eq!(world.claim(&honest_claim()).await.status, 202);
}

#[tokio::test]
async fn bodies_take_no_more_room_than_they_may() {
    let limits = ApiLimits {
        bodies: BodyLimits {
            bytes_in_all: 100,
            ..BodyLimits::default()
        },
        ..limits()
    };
    let world = World::with_limits(limits).await;
    let large = world.post_bytes("/v1/claims", vec![b' '; 101]).await;
    large.assert_problem(503, "overloaded");
    let small = world.post_bytes("/v1/claims", vec![b' '; 100]).await;
    small.assert_problem(400, "body-not-json");
}

#[tokio::test]
async fn one_kind_of_request_takes_nothing_from_another() {
    let none_but = |permits: Permits| ApiLimits {
        permits,
        ..limits()
    };
    let claims = none_but(Permits {
        claims: 1,
        ..permits(0)
    });
    let world = World::with_limits(claims).await;
    assert_eq!(world.claim(&honest_claim()).await.status, 202);
    for path in ["/v1/tree/3/0/0", "/v1/config"] {
        world.get(path).await.assert_problem(503, "overloaded");
    }
    let tiles = none_but(Permits {
        tiles: 1,
        ..permits(0)
    });
    let world = World::with_limits(tiles).await;
    assert_eq!(world.get("/v1/tree/3/0/0").await.status, 200);
    let enrolment = world.post_bytes("/v1/enrolments", "{}").await;
    enrolment.assert_problem(503, "overloaded");
}

#[tokio::test]
async fn a_client_is_held_to_its_rate_on_every_route_of_people() {
    let limits = ApiLimits {
        rates: RateLimits {
            requests: ClientRate::of(1, 5),
            ..RateLimits::default()
        },
        ..limits()
    };
    let paths = [
        "/v1/config",
        "/v1/epochs/current",
        "/v1/tree/3/0/0",
        "/v1/claims/0x0",
        "/v1/claims/0x0/events",
        "/v1/enrolments/0x0",
    ];
    for path in paths {
        let world = World::with_limits(limits.clone()).await;
        for _ in 0..5 {
            assert_ne!(world.get(path).await.status, 429, "{path}");
        }
        let told = world.get(path).await.assert_problem(429, "rate-limited");
        assert_eq!(told.retry_after_secs, Some(1), "{path}");
        for free in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
            assert_eq!(world.get(free).await.status, 200, "{free}");
        }
    }
}

#[tokio::test]
async fn however_many_ask_the_chain_is_asked_once_in_a_while() {
    let limits = ApiLimits {
        chain_answer_age: Duration::from_secs(600),
        ..limits()
    };
    let world = World::with_limits(limits).await;
    for path in ["/v1/epochs/current", "/v1/tree/99/0/0"] {
        let first = world.get(path).await.status;
        world.chain.ledger().head = HeadAnswer::Silent;
        for _ in 0..3 {
            assert_eq!(world.get(path).await.status, first, "{path}");
        }
        world.chain.ledger().head = HeadAnswer::Answering;
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_and_without_its_length() {
    let world = World::new().await;
    let large = vec![b' '; 96 * 1024 + 1];
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
    world.chain.ledger().head = HeadAnswer::Panicking;
    let answer = world.get("/v1/epochs/current").await;
    answer.assert_problem(500, "internal");
    assert!(!answer.text().contains("panic"), "{}", answer.text());
    world.chain.ledger().head = HeadAnswer::Answering;
    assert_eq!(world.get("/v1/epochs/current").await.status, 200);
}
