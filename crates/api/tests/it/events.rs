//! Streams of events about claims.

use std::net::SocketAddr;
use std::time::Duration;

use annona_api::{ApiLimits, StreamLimits};
use annona_core::{Address, B256};
use annona_engine::ClaimRejection;
use annona_engine::ports::{
    Attempt, AttemptKind, ClaimRepository, Fees, OpenOutcome, OutboxRepository, Payload,
    SignedTransaction, SlotId,
};
use annona_wire::{ClaimStatus, ClaimView};
use axum::body::{Body, BodyDataStream};
use axum::extract::ConnectInfo;
use axum::http::Request;
use futures::StreamExt;

use crate::world::{World, honest_claim, limits};

/// A stream that is still open after this did not end because its claim was settled.
const BEFORE_THE_LONGEST_DURATION: Duration = Duration::from_secs(10);

/// One stream of events.
struct Listener {
    body: BodyDataStream,
    text: String,
}

impl Listener {
    async fn open(world: &World, last_id: Option<&str>) -> Self {
        let response = world.call(watch(last_id)).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// Id and data of the next event; nothing at the end of the stream.
    async fn next(&mut self) -> Option<(String, ClaimView)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let parsed = parse(event);
                self.text = rest.to_owned();
                match parsed {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let chunk = self.body.next().await?.unwrap();
            self.text.push_str(core::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn next_status(&mut self) -> Option<ClaimStatus> {
        self.next().await.map(|(_, view)| view.status)
    }
}

fn parse(event: &str) -> Option<(String, ClaimView)> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
    let data = field("data: ")?;
    assert_eq!(field("event: "), Some("claim"));
    Some((
        field("id: ")?.to_owned(),
        serde_json::from_str(data).unwrap(),
    ))
}

fn watch(last_id: Option<&str>) -> Request<Body> {
    let path = format!("/v1/claims/{}/events", honest_claim().nullifier_hash);
    let request = Request::get(path);
    let request = match last_id {
        Some(id) => request.header("last-event-id", id),
        None => request,
    };
    request.body(Body::empty()).unwrap()
}

const TRANSACTION: B256 = B256::repeat_byte(9);

async fn batch(world: &World) -> SlotId {
    let attempt = Attempt {
        kind: AttemptKind::Payload,
        made_at_block: 0,
        signed: SignedTransaction {
            sender: Address::ZERO,
            nonce: 0,
            fees: Fees {
                max_fee_wei: 2,
                priority_fee_wei: 1,
            },
            hash: TRANSACTION,
            raw: vec![1],
        },
    };
    let payload = Payload::Claims {
        nullifiers: vec![honest_claim().nullifier_hash.parse().unwrap()],
    };
    match world.store.open_slot(&attempt, &payload).await.unwrap() {
        OpenOutcome::Stored(id) => id,
        other => panic!("the slot was not stored: {other:?}"),
    }
}

async fn submit(world: &World) -> SlotId {
    let id = batch(world).await;
    world.store.mark_sent(id).await.unwrap();
    id
}

async fn mine(world: &World, id: SlotId) {
    let paid = [honest_claim().nullifier_hash.parse().unwrap()];
    let mined = world
        .store
        .mark_mined(id, TRANSACTION, 1, B256::ZERO, &paid);
    mined.await.unwrap();
}

#[tokio::test]
async fn states_arrive_in_order_and_the_stream_ends_when_settled() {
    let world = World::new().await;
    world.claim(&honest_claim()).await;
    let mut listener = Listener::open(&world, None).await;
    assert_eq!(listener.next_status().await, Some(ClaimStatus::Queued));
    let id = batch(&world).await;
    assert_eq!(listener.next_status().await, Some(ClaimStatus::Batched));
    world.store.mark_sent(id).await.unwrap();
    assert_eq!(listener.next_status().await, Some(ClaimStatus::Submitted));
    mine(&world, id).await;
    let (_, mined) = listener.next().await.unwrap();
    assert_eq!(mined.status, ClaimStatus::Mined);
    assert_eq!(mined.transaction_hash, Some(TRANSACTION.to_string()));
    world.store.mark_final(id, &[]).await.unwrap();
    assert_eq!(listener.next_status().await, Some(ClaimStatus::Final));
    let end = tokio::time::timeout(BEFORE_THE_LONGEST_DURATION, listener.next_status()).await;
    assert_eq!(end, Ok(None));
}

#[tokio::test]
async fn a_reorg_is_told_too() {
    let world = World::new().await;
    world.claim(&honest_claim()).await;
    let id = submit(&world).await;
    mine(&world, id).await;
    let mut listener = Listener::open(&world, None).await;
    assert_eq!(listener.next_status().await, Some(ClaimStatus::Mined));
    world.store.mark_unmined(id).await.unwrap();
    assert_eq!(listener.next_status().await, Some(ClaimStatus::Submitted));
}

#[tokio::test]
async fn who_connects_again_is_told_nothing_twice() {
    let world = World::new().await;
    world.claim(&honest_claim()).await;
    let (queued, _) = Listener::open(&world, None).await.next().await.unwrap();
    let mut listener = Listener::open(&world, Some(&queued)).await;
    let nullifier = honest_claim().nullifier_hash.parse().unwrap();
    world
        .store
        .reject_claim(nullifier, ClaimRejection::Refused)
        .await
        .unwrap();
    let (rejected, view) = listener.next().await.unwrap();
    assert_eq!(view.reason.as_deref(), Some("refused"));
    assert_eq!(world.send(watch(Some(&rejected))).await.status, 204);
}

#[tokio::test]
async fn a_stream_ends_at_its_longest_duration() {
    let limits = ApiLimits {
        streams: StreamLimits {
            duration: Duration::from_millis(10),
            ..StreamLimits::default()
        },
        ..limits()
    };
    let world = World::with_limits(limits).await;
    world.claim(&honest_claim()).await;
    let mut listener = Listener::open(&world, None).await;
    while let Some(status) = listener.next_status().await {
        assert_eq!(status, ClaimStatus::Queued);
    }
}

#[tokio::test]
async fn no_more_streams_are_opened_than_allowed_and_a_closed_one_makes_room() {
    let limits = ApiLimits {
        streams: StreamLimits {
            in_all: 1,
            ..StreamLimits::default()
        },
        ..limits()
    };
    let world = World::with_limits(limits).await;
    world.claim(&honest_claim()).await;
    let first = Listener::open(&world, None).await;
    world
        .send(watch(None))
        .await
        .assert_problem(503, "overloaded");
    drop(first);
    Listener::open(&world, None).await;
}

#[tokio::test]
async fn one_client_cannot_take_all_streams() {
    let limits = ApiLimits {
        streams: StreamLimits {
            per_client: 1,
            ..StreamLimits::default()
        },
        ..limits()
    };
    let world = World::with_limits(limits).await;
    world.claim(&honest_claim()).await;
    let first = Listener::open(&world, None).await;
    let second = world.send(watch(None)).await;
    second.assert_problem(429, "rate-limited");
    let mut from_elsewhere = watch(None);
    let address = SocketAddr::from(([192, 0, 2, 1], 5_000));
    from_elsewhere.extensions_mut().insert(ConnectInfo(address));
    assert_eq!(world.call(from_elsewhere).await.status(), 200);
    drop(first);
    Listener::open(&world, None).await;
}

#[tokio::test]
async fn an_unknown_claim_cannot_be_watched() {
    let world = World::new().await;
    world
        .send(watch(None))
        .await
        .assert_problem(404, "claim-unknown");
}
