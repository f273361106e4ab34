use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use annona_client::wire::ClaimRequest;
use annona_client::{ApiClient, ClientError};
use annona_core::{Address, AmountWei, Claim, Epoch, NullifierHash, Payment, ProofPoints, U256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A thing that a service does with a request that has arrived.
#[derive(Clone, Copy)]
enum Act {
    /// Closes the connection.
    Drop,
    /// Sends a proxy's page of this status.
    Page(u16),
    /// Sends a claim that is queued.
    Take,
}

/// A service that does one act after the other, and the last one again and again.
async fn service(acts: &'static [Act]) -> (Arc<AtomicUsize>, ApiClient) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://user:SECRET@{}", listener.local_addr().unwrap());
    let arrived = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&arrived);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if !has_arrived(&mut stream).await {
                continue;
            }
            let number = count.fetch_add(1, Ordering::SeqCst);
            let (status, body) = match acts[number.min(acts.len() - 1)] {
                Act::Drop => continue,
                Act::Page(status) => (status, "<html>away</html>".to_owned()),
                Act::Take => (
                    202,
                    r#"{"nullifierHash":"0x","epoch":3,"status":"queued"}"#.to_owned(),
                ),
            };
            let answer = format!(
                "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (arrived, ApiClient::new(&base).unwrap())
}

/// Reads a request as a whole.
async fn has_arrived(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .split_once("content-length: ")
                .map_or("0", |(_, rest)| rest.lines().next().unwrap());
            if body.len() >= length.parse().unwrap() {
                return true;
            }
        }
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return false;
        }
    }
}

fn claim() -> ClaimRequest {
    ClaimRequest::new(&Claim {
        epoch: Epoch(3),
        nullifier_hash: NullifierHash::try_from(U256::from(7)).unwrap(),
        payment: Payment {
            recipient: Address::repeat_byte(1),
            fee_recipient: Address::ZERO,
            fee: AmountWei::ZERO,
        },
        points: ProofPoints::try_from([U256::from(9); 8]).unwrap(),
    })
}

fn all_texts(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(all_texts).unwrap_or_default();
    format!("{error}\n{cause}")
}

#[tokio::test]
async fn a_passing_failure_does_not_stop_a_claim() {
    for acts in [
        &[Act::Drop, Act::Page(502), Act::Take][..],
        &[Act::Page(429), Act::Page(503), Act::Page(500), Act::Take],
    ] {
        let (arrived, service) = service(acts).await;
        assert_eq!(service.claim(&claim()).await.unwrap().epoch, 3);
        assert_eq!(arrived.load(Ordering::SeqCst), acts.len());
    }
}

#[tokio::test]
async fn a_lost_answer_says_that_the_claim_may_have_been_taken() {
    for acts in [
        &[Act::Drop][..],
        &[Act::Page(502)],
        &[Act::Drop, Act::Page(504)],
    ] {
        let (arrived, service) = service(acts).await;
        let lost = service.claim(&claim()).await.unwrap_err();
        assert!(matches!(lost, ClientError::AnswerLost { .. }), "{lost:?}");
        assert!(
            lost.to_string().contains("the claim may have been taken"),
            "{lost}"
        );
        assert!(!all_texts(&lost).contains("SECRET"), "{}", all_texts(&lost));
        assert_eq!(arrived.load(Ordering::SeqCst), 4, "repeats have a bound");
    }
}

#[tokio::test]
async fn a_page_that_is_no_refusal_of_the_service_is_named() {
    let (arrived, service) = service(&[Act::Page(404)]).await;
    let refused = service.current_epoch().await.unwrap_err();
    assert!(matches!(
        refused,
        ClientError::NotTheApi { status: 404, .. }
    ));
    assert!(!all_texts(&refused).contains("SECRET"));
    assert_eq!(arrived.load(Ordering::SeqCst), 1, "it would not pass");
}

#[tokio::test]
async fn nothing_was_sent_to_a_service_that_cannot_be_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!(
        "http://user:SECRET@{}/SECRET",
        listener.local_addr().unwrap()
    );
    drop(listener);
    let service = ApiClient::new(&base).unwrap();
    let unreachable = service.claim(&claim()).await.unwrap_err();
    assert!(matches!(unreachable, ClientError::Unreachable { .. }));
    assert!(!all_texts(&unreachable).contains("SECRET"));
    let refused = ApiClient::new("SECRET").unwrap_err();
    assert!(!all_texts(&refused).contains("SECRET"));
}
