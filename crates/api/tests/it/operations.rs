use annona_wire::{PartStatus, ReadinessView};
use axum::body::Body;
use axum::http::Request;

use crate::chain::Mood;
use crate::world::{World, limits};

async fn readiness(world: &World) -> (u16, ReadinessView) {
    let answer = world.get("/readyz").await;
    (answer.status.as_u16(), answer.json())
}

const READY: ReadinessView = ReadinessView {
    store: PartStatus::Ready,
    membership: PartStatus::Ready,
    chain: PartStatus::Ready,
};

#[tokio::test]
async fn readiness_names_the_part_that_is_not_ready() {
    let world = World::unsynced(limits()).await;
    let membership = ReadinessView {
        membership: PartStatus::NotReady,
        ..READY
    };
    assert_eq!(readiness(&world).await, (503, membership));
    world.membership.sync(&*world.chain).await.unwrap();
    assert_eq!(readiness(&world).await, (200, READY));
    world.chain.ledger().mood = Mood::Unavailable;
    let chain = ReadinessView {
        chain: PartStatus::NotReady,
        ..READY
    };
    assert_eq!(readiness(&world).await, (503, chain));
    world.chain.ledger().mood = Mood::Answering;
    world.store.close().await;
    let store = ReadinessView {
        store: PartStatus::NotReady,
        ..READY
    };
    assert_eq!(readiness(&world).await, (503, store));
    world.assert_alive().await;
}

#[tokio::test]
async fn a_chain_that_never_answers_does_not_hold_readiness_up() {
    let world = World::new().await;
    world.chain.ledger().mood = Mood::Silent;
    let (status, view) = readiness(&world).await;
    assert_eq!((status, view.chain), (503, PartStatus::NotReady));
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
