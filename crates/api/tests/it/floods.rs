//! Many connections from one address that hold the service up, and honest ones beside them.

use std::time::{Duration, Instant};

use annona_api::{ClientNames, ConnectionLimits, raise_descriptor_limit};
use annona_faults::patience;
use annona_wire::ClaimRequest;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::sockets::{Server, post};
use crate::world::{World, claim_of, honest_claim};

const HALF_OPEN: usize = 2_000;
const SLOW_BODIES: usize = 500;
/// Time that an operator's balancer waits.
const HEALTH_WITHIN: Duration = Duration::from_millis(200);
const CLAIM_WITHIN: Duration = Duration::from_secs(2);
/// Open files that the service is told it has.
const DESCRIPTORS: u64 = 1_024;

/// Everything that holds a connection without being a request.
async fn flood(server: &Server, last_byte: u8) -> Vec<TcpStream> {
    let heads = [
        "",
        "G",
        "POST /v1/claims HTTP/1.1\r\nhost: a\r\nx: ",
        "GET /healthz HTTP/1.1\r\nhost: a\r\n",
    ];
    let bodies = [
        "POST /v1/enrolments HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 20000\r\n\r\n{",
        "POST /v1/claims HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2000\r\n\r\n{",
        "POST /v1/claims HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{",
    ];
    let heads = heads.iter().cycle().take(HALF_OPEN);
    let bodies = bodies.iter().cycle().take(SLOW_BODIES);
    let mut held = Vec::new();
    for text in heads.chain(bodies) {
        let mut stream = server.connect_from(last_byte).await;
        // One of the first may be closed for a later one already.
        let _closed = stream.write_all(text.as_bytes()).await;
        held.push(stream);
    }
    held
}

async fn is_quick_for(server: &Server, last_byte: u8, claims: &[ClaimRequest]) {
    let health = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    for _ in 0..10 {
        let started = Instant::now();
        assert_eq!(server.ask_from(last_byte, health).await.0, 200);
        let waited = started.elapsed();
        assert!(waited <= patience(HEALTH_WITHIN), "{waited:?} for /healthz");
    }
    for claim in claims {
        let request = post("/v1/claims", &serde_json::to_string(claim).unwrap());
        let started = Instant::now();
        let (status, body) = server.ask_from(last_byte, &request).await;
        let waited = started.elapsed();
        assert_eq!(status, 202, "{body}");
        assert!(waited <= patience(CLAIM_WITHIN), "{waited:?} for a claim");
    }
}

async fn server() -> Server {
    let descriptors = raise_descriptor_limit().unwrap();
    let needed = (HALF_OPEN + SLOW_BODIES) as u64 + DESCRIPTORS;
    assert!(descriptors >= needed, "ulimit -n {needed} is needed");
    let limits = ConnectionLimits::for_descriptors(DESCRIPTORS, ClientNames::default());
    assert!(limits.in_all < HALF_OPEN);
    Server::start(World::new().await, limits).await
}

/// Tests RELAY-12.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_ask_nothing_hold_up_nobody_at_another_address() {
    let server = server().await;
    let flood = flood(&server, 2).await;
    is_quick_for(&server, 1, &[honest_claim(), claim_of(1)]).await;
    drop(flood);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_ask_nothing_hold_up_nobody_at_the_same_address() {
    let server = server().await;
    let flood = flood(&server, 1).await;
    is_quick_for(&server, 1, &[honest_claim(), claim_of(1)]).await;
    drop(flood);
}
