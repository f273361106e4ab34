//! Limits of a service's sockets, over real connections.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use annona_api::{ClientNames, ConnectionLimits, serve};
use axum::http::HeaderName;
use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// A bound for what comes at once on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
const HEALTH_AND_CLOSE: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A service on a socket; dropped, it stops.
pub(crate) struct Server {
    pub(crate) world: World,
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Generous limits that no test runs into by chance.
pub(crate) fn connections() -> ConnectionLimits {
    ConnectionLimits::for_descriptors(1_024, ClientNames::default())
}

impl Server {
    pub(crate) async fn start(world: World, limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving = serve(listener, world.router(), limits, stop.clone());
        Self {
            serving: tokio::spawn(serving),
            world,
            address,
            stop,
        }
    }

    /// Connects from an address of the loopback network.
    pub(crate) async fn connect_from(&self, last_byte: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket
            .bind(SocketAddr::from(([127, 0, 0, last_byte], 0)))
            .unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn connect(&self) -> TcpStream {
        self.connect_from(1).await
    }

    /// One request on a connection of its own; status and body.
    pub(crate) async fn ask_from(&self, last_byte: u8, request: &str) -> (u16, String) {
        let mut stream = self.connect_from(last_byte).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = to_the_end(&mut stream).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }
}

pub(crate) fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// Reads until the other side closes the connection, in order or not.
async fn to_the_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    // A reset is an end as well.
    let _end = tokio::time::timeout(PATIENCE, reading)
        .await
        .expect("the service closes the connection");
    String::from_utf8(answer).unwrap()
}

/// One answer on a connection that stays open.
async fn one_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let reading = stream.read_buf(&mut answer);
        let read = tokio::time::timeout(PATIENCE, reading).await.unwrap();
        assert_ne!(read.unwrap(), 0, "closed");
    }
    String::from_utf8(answer).unwrap()
}

async fn with_short_times() -> Server {
    let limits = ConnectionLimits {
        head_timeout: SHORT,
        write_timeout: SHORT,
        ..connections()
    };
    Server::start(World::new().await, limits).await
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let server = with_short_times().await;
    for begun in ["", "G", "GET /healthz HTTP/1.1\r\nhost: a\r\n"] {
        let mut stream = server.connect().await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        assert_eq!(to_the_end(&mut stream).await, "", "{begun:?}");
    }
}

#[tokio::test]
async fn a_head_that_comes_in_drops_is_not_waited_for() {
    let server = with_short_times().await;
    let mut stream = server.connect().await;
    let (mut reading, mut writing) = stream.split();
    let dripping = async {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    let mut nothing = Vec::new();
    tokio::select! {
        () = dripping => {}
        _ = reading.read_to_end(&mut nothing) => {}
        () = tokio::time::sleep(PATIENCE) => panic!("the drops go on"),
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = with_short_times().await;
    let mut stream = server.connect().await;
    stream.write_all(HEALTH.as_bytes()).await.unwrap();
    let answer = one_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(to_the_end(&mut stream).await, "");
}

#[tokio::test]
async fn a_chunked_body_in_drops_is_refused_while_others_are_served() {
    let mut limits = crate::world::limits();
    limits.bodies.timeout = SHORT;
    limits.permits.claims = 1;
    let world = World::with_limits(limits).await;
    let server = Server::start(world, connections()).await;
    let mut stream = server.connect().await;
    let head = "POST /v1/claims HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let dripping = async {
        while writing.write_all(b"1\r\n \r\n").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = dripping => {}
        _ = reading.read_to_end(&mut answer) => {}
        () = tokio::time::sleep(PATIENCE) => panic!("the drops go on"),
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body-too-slow"), "{answer}");
}

#[tokio::test]
async fn a_peer_that_reads_no_answers_is_cut_off() {
    const REQUESTS: usize = 2_000;
    let server = with_short_times().await;
    let mut stream = server.connect().await;
    let request = "GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n";
    let (mut reading, mut writing) = stream.split();
    // Nothing is read until the service has given the connection up.
    let writing = async {
        for _ in 0..REQUESTS {
            if writing.write_all(request.as_bytes()).await.is_err() {
                return;
            }
        }
        // All requests fit into buffers: the end shows as a failed write later on.
        while writing.write_all(b"\r\n").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    tokio::time::timeout(PATIENCE, writing)
        .await
        .expect("the connection is given up");
    let mut rest = Vec::new();
    let _end = reading.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn requests_in_one_piece_are_answered_in_order() {
    let server = Server::start(World::new().await, connections()).await;
    let mut stream = server.connect().await;
    let text = format!("{}{HEALTH_AND_CLOSE}", HEALTH.repeat(40));
    stream.write_all(text.as_bytes()).await.unwrap();
    let answers = to_the_end(&mut stream).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 41);
}

#[tokio::test]
async fn a_connection_is_closed_after_as_many_requests_as_it_may_carry() {
    let limits = ConnectionLimits {
        requests: 3,
        ..connections()
    };
    let server = Server::start(World::new().await, limits).await;
    let mut stream = server.connect().await;
    let text = HEALTH.repeat(10);
    stream.write_all(text.as_bytes()).await.unwrap();
    let answers = to_the_end(&mut stream).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 3);
    assert_eq!(answers.matches("connection: close").count(), 1);
}

#[tokio::test]
async fn old_and_strange_requests_end_their_connection_only() {
    let server = Server::start(World::new().await, connections()).await;
    let old = server.ask_from(1, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.0, 200);
    let huge = format!(
        "GET /healthz HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    let many = format!(
        "GET /healthz HTTP/1.1\r\nhost: a\r\n{}\r\n",
        "x: y\r\n".repeat(1_000)
    );
    for bad in [
        huge.as_str(),
        many.as_str(),
        "nonsense\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /v1/claims HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "POST /v1/claims HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    ] {
        let mut stream = server.connect().await;
        // The service may hang up before all is written.
        let _hung_up = stream.write_all(bad.as_bytes()).await;
        let answer = to_the_end(&mut stream).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    assert_eq!(server.ask_from(1, HEALTH_AND_CLOSE).await.0, 200);
}

#[tokio::test]
async fn who_opens_many_connections_closes_their_own() {
    let limits = ConnectionLimits {
        per_client: 3,
        ..connections()
    };
    let server = Server::start(World::new().await, limits).await;
    let mut neighbour = server.connect_from(2).await;
    let mut own = Vec::new();
    for _ in 0..3 {
        own.push(server.connect().await);
    }
    let mut fourth = server.connect().await;
    assert_eq!(to_the_end(&mut own[0]).await, "", "the oldest makes room");
    for stream in [&mut neighbour, &mut fourth]
        .into_iter()
        .chain(&mut own[1..])
    {
        stream.write_all(HEALTH.as_bytes()).await.unwrap();
        one_answer(stream).await;
    }
}

#[tokio::test]
async fn when_all_places_are_taken_whoever_has_most_gives_one_up() {
    let limits = ConnectionLimits {
        in_all: 4,
        per_client: 4,
        ..connections()
    };
    let server = Server::start(World::new().await, limits).await;
    let mut neighbour = server.connect_from(2).await;
    let mut own = Vec::new();
    for _ in 0..3 {
        own.push(server.connect().await);
    }
    let mut newcomer = server.connect_from(3).await;
    assert_eq!(to_the_end(&mut own[0]).await, "");
    for stream in [&mut neighbour, &mut newcomer]
        .into_iter()
        .chain(&mut own[1..])
    {
        stream.write_all(HEALTH.as_bytes()).await.unwrap();
        one_answer(stream).await;
    }
}

#[tokio::test]
async fn a_trusted_proxy_brings_many_clients() {
    let clients = ClientNames {
        header: Some(HeaderName::from_static("x-real-ip")),
        trusted_proxies: vec!["127.0.0.9".parse().unwrap()],
    };
    let limits = ConnectionLimits {
        per_client: 1,
        clients,
        ..connections()
    };
    let server = Server::start(World::new().await, limits).await;
    let mut streams = join_all((0..20).map(|_| server.connect_from(9))).await;
    for stream in &mut streams {
        stream.write_all(HEALTH.as_bytes()).await.unwrap();
        one_answer(stream).await;
    }
}

#[tokio::test]
async fn a_service_that_stops_answers_what_it_has_and_lets_nobody_hold_it_up() {
    let mut limits = crate::world::limits();
    limits.request_timeout = 5 * SHORT;
    let world = World::with_limits(limits).await;
    let mut server = Server::start(world, connections()).await;
    let mut idle = server.connect().await;
    idle.write_all(HEALTH.as_bytes()).await.unwrap();
    one_answer(&mut idle).await;
    server.world.chain.ledger().head = crate::chain::HeadAnswer::Silent;
    let mut busy = server.connect().await;
    let request = "GET /v1/epochs/current HTTP/1.1\r\nhost: a\r\n\r\n";
    busy.write_all(request.as_bytes()).await.unwrap();
    // The request is there when one that came behind it is answered.
    assert_eq!(server.ask_from(1, HEALTH_AND_CLOSE).await.0, 200);
    let started = Instant::now();
    server.stop.cancel();
    assert_eq!(to_the_end(&mut idle).await, "");
    let answer = to_the_end(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    (&mut server.serving).await.unwrap();
    assert!(started.elapsed() < PATIENCE);
}
