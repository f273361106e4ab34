//! Routes for operators: health, readiness, metrics.

use annona_engine::ports::{ClaimRepository, PendingCounts};
use annona_wire::{PartStatus, PartView, ReadinessView, ServicePart};
use axum::body::Body;
use axum::http::Request;

use crate::chain::HeadAnswer;
use crate::world::{World, honest_claim};

async fn readiness(world: &World) -> (u16, ReadinessView) {
    let answer = world.get("/readyz").await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn readiness_names_the_part_that_is_not_ready_and_since_when() {
    let world = World::new().await;
    let (status, view) = readiness(&world).await;
    assert_eq!((status, view.status), (200, PartStatus::Ready));
    for part in ServicePart::ALL {
        let told = PartView {
            part,
            status: PartStatus::NotReady,
            since: Some(1_700_000_000),
            reason: Some("told by the test".to_owned()),
        };
        let world = World::new().await;
        world.readiness.say(told.clone());
        let (status, view) = readiness(&world).await;
        assert_eq!((status, view.status), (503, PartStatus::NotReady));
        let not_ready = view.parts.iter().filter(|p| p.status != PartStatus::Ready);
        assert_eq!(not_ready.collect::<Vec<_>>(), [&told]);
        world.assert_alive().await;
    }
}

#[tokio::test]
async fn readiness_asks_nobody() {
    let world = World::new().await;
    world.chain.ledger().head = HeadAnswer::Silent;
    world.store.close().await;
    assert_eq!(readiness(&world).await.0, 200);
}

#[tokio::test]
async fn nothing_new_is_taken_on_another_chain() {
    let world = World::new().await;
    world.readiness.lose_the_chain();
    let refused = world.claim(&honest_claim()).await;
    refused.assert_problem(503, "chain-unavailable");
    assert_eq!(
        world.store.pending_claims().await.unwrap(),
        PendingCounts::default()
    );
}

#[tokio::test]
async fn figures_are_by_route_and_never_by_path() {
    let world = World::new().await;
    let nullifier = format!("0x{}", "12".repeat(32));
    world.get(&format!("/v1/claims/{nullifier}")).await;
    world.get("/v1/secret-of-the-sender").await;
    let figures = world.get("/metrics").await;
    assert!(
        figures.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let text = figures.text();
    assert!(text.contains("annona_http_requests_total"), "{text}");
    assert!(text.contains("route=\"/v1/claims/{nullifier}\""), "{text}");
    assert!(text.contains("route=\"unmatched\""), "{text}");
    assert!(
        !text.contains(&nullifier) && !text.contains("secret-of-the-sender"),
        "{text}"
    );
}

#[tokio::test]
async fn a_request_is_named_by_the_service_not_by_its_sender() {
    let world = World::new().await;
    let request = || {
        let request = Request::get("/healthz").header("x-request-id", "mine");
        request.body(Body::empty()).unwrap()
    };
    let first = world.send(request()).await.headers["x-request-id"].clone();
    let second = world.send(request()).await.headers["x-request-id"].clone();
    assert_ne!(first, "mine");
    assert_ne!(first, second);
}
