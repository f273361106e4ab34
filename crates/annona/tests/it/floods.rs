//! Floods of connections, which take no files from payments.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use annona_api::raise_descriptor_limit;
use annona_chain::PrivateKeySigner;
use annona_client::wire::ClaimStatus;
use annona_faults::patience;

use crate::world::{PATIENCE, Service, World, enrolment_id, log, settled, until};

const HALF_OPEN: usize = 2_000;
const SLOW_BODIES: usize = 500;
/// The usual hard limit of open files.
const DESCRIPTORS: u64 = 1_024;

fn connect(service: &Service) -> TcpStream {
    let address = service.client.base().strip_prefix("http://").unwrap();
    TcpStream::connect(address).unwrap()
}

/// Everything that holds a connection without being a request.
fn flood(service: &Service) -> Vec<TcpStream> {
    let head = "GET /v1/epochs/current HTTP/1.1\r\nhost: a\r\n";
    let body = "POST /v1/enrolments HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                content-length: 20000\r\n\r\n{";
    let heads = std::iter::repeat_n(head, HALF_OPEN);
    let bodies = std::iter::repeat_n(body, SLOW_BODIES);
    let begin = |text: &str| {
        let mut stream = connect(service);
        // One of the first may be closed for a later one already.
        let _closed = stream.write_all(text.as_bytes());
        stream
    };
    heads.chain(bodies).map(begin).collect()
}

fn health(service: &Service) -> Duration {
    let started = Instant::now();
    let mut stream = connect(service);
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_connections_leaves_files_for_payments() {
    let needed = (HALF_OPEN + SLOW_BODIES) as u64 + DESCRIPTORS;
    let descriptors = raise_descriptor_limit().unwrap();
    assert!(descriptors >= needed, "ulimit -n {needed} is needed");
    let world = World::create().await;
    let service = world.serve_with_descriptors(DESCRIPTORS);
    world.resume_mining().await;
    let wallet = world.wallet("wallet.json");
    let enrolled = world.enrol(&service, &wallet, 1);
    let id = enrolment_id(&enrolled);
    service
        .client
        .wait_for_enrolment(id, PATIENCE)
        .await
        .unwrap();
    let epoch = world.next_epoch().await;
    let recipient = PrivateKeySigner::random().address();
    let draft = world.draft(&service, &wallet, epoch, recipient).await;

    let flood = flood(&service);
    for _ in 0..10 {
        let waited = health(&service);
        assert!(waited <= patience(Duration::from_millis(200)), "{waited:?}");
    }
    let started = Instant::now();
    service.client.claim(&draft.to_request()).await.unwrap();
    let waited = started.elapsed();
    assert!(waited <= patience(Duration::from_secs(2)), "{waited:?}");
    assert!(service.client.is_ready().await.unwrap());
    assert_eq!(settled(&service, &draft).await.status, ClaimStatus::Final);
    drop(flood);
    let log = std::fs::read_to_string(world.path().join("service.log")).unwrap();
    for trouble in ["unable to open", "Too many open files"] {
        assert!(!log.contains(trouble), "{log}");
    }
}

/// Sets how many files the service may have open from now on.
#[cfg(target_os = "linux")]
fn limit_descriptors(service: &Service, descriptors: u64) {
    let status = std::process::Command::new("prlimit")
        .args(["--pid", &service.id().to_string()])
        .arg(format!("--nofile={descriptors}:{DESCRIPTORS}"))
        .status();
    assert!(status.unwrap().success());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_free_descriptors_answers_again_once_it_has_some() {
    let world = World::create().await;
    let service = world.serve_with_descriptors(DESCRIPTORS);
    health(&service);
    limit_descriptors(&service, 1);
    let mut refused: Vec<TcpStream> = (0..20).map(|_| connect(&service)).collect();
    until(async || log(&world).contains("no connection can be accepted now")).await;
    limit_descriptors(&service, DESCRIPTORS);
    let waited = health(&service);
    assert!(waited <= patience(Duration::from_secs(2)), "{waited:?}");
    for stream in &mut refused {
        // Those that waited are served or closed, and do not hang.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _closed =
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        if let Err(error) = stream.read_to_end(&mut Vec::new()) {
            let hangs = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            assert!(!hangs, "{error}");
        }
    }
    assert_eq!(service.stop(), Some(0));
}
