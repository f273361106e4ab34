//! Routes of claims and receipts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use annona_api::RateLimits;
use annona_core::{B256, BASE_MODULUS, ClaimTerms, SCALAR_MODULUS, U256};
use annona_engine::ClaimRejection;
use annona_engine::ports::{ClaimRepository, PendingCounts};
use annona_faults::patience;
use annona_wire::{ClaimRequest, ClaimStatus, ClaimView, ConfigView};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use tokio::task::JoinSet;

use crate::chain::{HeadAnswer, PER_PERSON_CAP};
use crate::world::{
    CURRENT, EPOCH_LENGTH_SECS, GENESIS, NOW, PROMISE_SECS, SCOPE, World, claim_of, honest_claim,
    receipt_key,
};

fn word(value: U256) -> String {
    format!("0x{value:064x}")
}

fn to_another_recipient(claim: &ClaimRequest) -> ClaimRequest {
    ClaimRequest {
        recipient: format!("0x{}", "bb".repeat(20)),
        ..claim.clone()
    }
}

#[tokio::test]
async fn an_honest_claim_is_taken_and_found() {
    let world = World::new().await;
    let answer = world.claim(&honest_claim()).await;
    assert_eq!(answer.status, 202);
    let view: ClaimView = answer.json();
    assert_eq!(view.status, ClaimStatus::Queued);
    let path = format!("/v1/claims/{}", view.nullifier_hash);
    let found: ClaimView = world.get(&path).await.json();
    assert_eq!(
        found,
        ClaimView {
            receipt: None,
            ..view
        }
    );
}

#[tokio::test]
async fn an_accepted_claim_gets_a_receipt_of_the_service() {
    let world = World::new().await;
    let request = honest_claim();
    let view: ClaimView = world.claim(&request).await.json();
    let signed = view.receipt.clone().unwrap().parse().unwrap();
    assert_eq!(signed.signer(&SCOPE), Ok(receipt_key().address()));
    let (receipt, asked) = (signed.receipt, request.parse().unwrap());
    let terms = ClaimTerms {
        nullifier_hash: asked.nullifier_hash,
        epoch: CURRENT,
        payment: asked.payment,
        root: world.chain.root_before(CURRENT),
    };
    assert_eq!(receipt.terms, terms);
    // The chain's clock counts, which is not the service's.
    assert_eq!(receipt.taken_at.0, NOW);
    assert_eq!(receipt.deadline.0, NOW + PROMISE_SECS);
    let config: ConfigView = world.get("/v1/config").await.json();
    assert_eq!(config.receipt_signer, receipt_key().address().to_string());
    let later = NOW + 10;
    world.chain.ledger().now = later;
    let again: ClaimView = world.claim(&request).await.json();
    assert_eq!(again.receipt, view.receipt);
}

#[tokio::test]
async fn a_claim_late_in_its_window_is_taken_without_a_promise() {
    let window_ends = GENESIS + (CURRENT.0 + 2) * EPOCH_LENGTH_SECS;
    for (now, is_promised) in [
        (window_ends - PROMISE_SECS - 1, true),
        (window_ends - PROMISE_SECS, false),
        (window_ends - 1, false),
    ] {
        let world = World::new().await;
        world.chain.ledger().now = now;
        let answer = world.claim(&honest_claim()).await;
        assert_eq!(answer.status, 202);
        let view: ClaimView = answer.json();
        assert_eq!(view.receipt.is_some(), is_promised, "{now}");
    }
}

#[tokio::test]
async fn a_fee_above_what_any_epoch_pays_is_refused_before_the_epoch_is_open() {
    let world = World::new().await;
    let greedy = ClaimRequest {
        fee: (PER_PERSON_CAP + 1).to_string(),
        fee_recipient: format!("0x{}", "cc".repeat(20)),
        ..honest_claim()
    };
    let problem = world.claim(&greedy).await;
    problem.assert_problem(422, "fee-above-amount");
}

#[tokio::test]
async fn a_recipient_that_the_token_refuses_is_refused_at_once() {
    let world = World::new().await;
    let recipient = honest_claim().parse().unwrap().payment.recipient;
    world.chain.ledger().refused_recipients.insert(recipient);
    world.chain.ledger().amount = Some(10);
    let answer = world.claim(&honest_claim()).await;
    answer.assert_problem(422, "bad-recipient");
}

/// Tests RCPT-4.
#[tokio::test]
async fn a_rejected_claim_shows_the_services_signed_reason() {
    let world = World::new().await;
    let view: ClaimView = world.claim(&honest_claim()).await.json();
    let receipt = view.receipt.unwrap().parse().unwrap().receipt;
    let path = format!("/v1/claims/{}", view.nullifier_hash);
    let waiting: ClaimView = world.get(&path).await.json();
    assert_eq!(waiting.refusal, None);
    let nullifier = receipt.terms.nullifier_hash;
    let rejected = world
        .store
        .reject_claim(nullifier, ClaimRejection::CensusExceeded);
    rejected.await.unwrap();
    let view: ClaimView = world.get(&path).await.json();
    let signed = view.refusal.unwrap().parse().unwrap();
    assert_eq!(signed.signer(&SCOPE), Ok(receipt_key().address()));
    let refusal = signed.refusal;
    assert_eq!(refusal.terms, receipt.terms);
    assert_eq!(refusal.reason, ClaimRejection::CensusExceeded.code());
    assert_eq!((refusal.block_number, refusal.block_time.0), (2, NOW));
    world.chain.ledger().head = HeadAnswer::Unavailable;
    let view: ClaimView = world.get(&path).await.json();
    assert_eq!((view.status, view.refusal), (ClaimStatus::Rejected, None));
}

/// A claim as it comes from `client`.
fn from_client(client: [u8; 4], claim: &ClaimRequest) -> Request<Body> {
    let address = SocketAddr::from((client, 5_000));
    Request::post("/v1/claims")
        .header(header::CONTENT_TYPE, "application/json")
        .extension(ConnectInfo(address))
        .body(serde_json::to_vec(claim).unwrap().into())
        .unwrap()
}

#[tokio::test]
async fn a_client_who_sends_too_many_claims_is_told_when_to_come_again() {
    let world = World::new().await;
    let rates = RateLimits::default().claims;
    let false_claim = to_another_recipient(&honest_claim());
    for _ in 0..rates.burst.get() {
        let answer = world.call(from_client([192, 0, 2, 1], &false_claim)).await;
        assert_eq!(answer.status(), 422);
    }
    let mut told = 0;
    // Some come through meanwhile, at the client's rate.
    for _ in 0..rates.burst.get() {
        let answer = world.send(from_client([192, 0, 2, 1], &false_claim)).await;
        if answer.status == 429 {
            let problem = answer.assert_problem(429, "rate-limited");
            assert_eq!(problem.retry_after_secs, Some(1));
            told += 1;
        }
    }
    assert!(told > 0);
    let other = world
        .call(from_client([192, 0, 2, 2], &honest_claim()))
        .await;
    assert_eq!(other.status(), 202);
}

/// Tests CLAIM-15.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_false_claims_does_not_hold_up_true_ones() {
    const FLOOD: u64 = 10_000;
    const FLOODERS: u64 = 500;
    const CLIENTS: u64 = 16;
    const PAUSE: Duration = Duration::from_millis(2);
    let world = Arc::new(World::new().await);
    let honest: Vec<ClaimRequest> = (0..4).map(claim_of).collect();
    let mut flood = JoinSet::new();
    for flooder in 0..FLOODERS {
        let world = Arc::clone(&world);
        let base = honest[0].clone();
        flood.spawn(async move {
            for number in (0..FLOOD / FLOODERS).map(|number| 1 + number * FLOODERS + flooder) {
                let claim = ClaimRequest {
                    nullifier_hash: word(U256::from(number)),
                    ..base.clone()
                };
                let client = [198, 51, 100, (flooder % CLIENTS) as u8];
                // Those who are told that the service is busy hardly wait.
                loop {
                    let answer = world.call(from_client(client, &claim)).await;
                    match answer.status().as_u16() {
                        422 | 429 => break,
                        503 => tokio::time::sleep(PAUSE).await,
                        other => panic!("{other}"),
                    }
                }
            }
        });
    }
    for claim in &honest {
        let started = Instant::now();
        // A true client waits as it is told.
        while world
            .call(from_client([192, 0, 2, 1], claim))
            .await
            .status()
            != 202
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let waited = started.elapsed();
        assert!(waited < patience(Duration::from_secs(2)), "{waited:?}");
    }
    while let Some(flooder) = flood.join_next().await {
        flooder.unwrap();
    }
    assert_eq!(
        world.store.pending_claims().await.unwrap(),
        PendingCounts {
            queued: 4,
            under_way: 0
        }
    );
}

/// Tests RCPT-3.
#[tokio::test]
async fn the_same_claim_again_gets_the_same_answer() {
    let world = World::new().await;
    let first = world.claim(&honest_claim()).await;
    let second = world.claim(&honest_claim()).await;
    assert_eq!((first.status, first.body), (second.status, second.body));
    assert_eq!(
        world.store.pending_claims().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 0
        }
    );
}

#[tokio::test]
async fn a_settled_claim_sent_again_is_told_how_it_ended() {
    let world = World::new().await;
    let queued: ClaimView = world.claim(&honest_claim()).await.json();
    let nullifier = queued.nullifier_hash.parse().unwrap();
    let transaction = B256::repeat_byte(7);
    world
        .store
        .adopt_claim(nullifier, transaction)
        .await
        .unwrap();
    let again = world.claim(&honest_claim()).await;
    assert_eq!(again.status, 200);
    let view: ClaimView = again.json();
    assert_eq!(view.status, ClaimStatus::Final);
}

#[tokio::test]
async fn a_rejected_claim_sent_again_is_a_new_one() {
    let world = World::new().await;
    let queued: ClaimView = world.claim(&honest_claim()).await.json();
    let nullifier = queued.nullifier_hash.parse().unwrap();
    world
        .store
        .reject_claim(nullifier, ClaimRejection::FeeAboveAmount)
        .await
        .unwrap();
    let again = world.claim(&honest_claim()).await;
    assert_eq!(again.status, 202);
    let view: ClaimView = again.json();
    assert_eq!((view.status, view.reason), (ClaimStatus::Queued, None));
    assert_eq!(
        world.store.pending_claims().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 0
        }
    );
}

#[tokio::test]
async fn a_changed_recipient_is_refused() {
    let world = World::new().await;
    let stolen = to_another_recipient(&honest_claim());
    world
        .claim(&stolen)
        .await
        .assert_problem(422, "claim-proof-invalid");
    assert_eq!(
        world.store.pending_claims().await.unwrap(),
        PendingCounts::default()
    );
}

#[tokio::test]
async fn a_changed_nullifier_is_refused() {
    let world = World::new().await;
    let other = ClaimRequest {
        nullifier_hash: word(U256::from(1)),
        ..honest_claim()
    };
    world
        .claim(&other)
        .await
        .assert_problem(422, "claim-proof-invalid");
}

#[tokio::test]
async fn a_second_claim_with_another_payment_is_refused() {
    let world = World::new().await;
    world.claim(&honest_claim()).await;
    let second = to_another_recipient(&honest_claim());
    world
        .claim(&second)
        .await
        .assert_problem(409, "nullifier-already-claimed");
}

#[tokio::test]
async fn a_coordinate_at_or_above_the_base_modulus_is_refused_at_every_position() {
    let world = World::new().await;
    for value in [BASE_MODULUS, BASE_MODULUS + U256::from(1), U256::MAX] {
        for index in 0..8 {
            let mut claim = honest_claim();
            claim.proof[index] = word(value);
            let problem = world
                .claim(&claim)
                .await
                .assert_problem(400, "proof-coordinate-out-of-range");
            assert_eq!(problem.field.as_deref(), Some("proof"));
            assert!(
                problem.detail.contains(&format!("coordinate {index} ")),
                "{}",
                problem.detail
            );
        }
    }
    assert_eq!(world.claim(&honest_claim()).await.status, 202);
}

#[tokio::test]
async fn a_coordinate_that_aliases_the_honest_one_is_refused() {
    let world = World::new().await;
    for index in 0..8 {
        let mut claim = honest_claim();
        let honest = U256::from_str_radix(&claim.proof[index][2..], 16).unwrap();
        claim.proof[index] = word(honest + BASE_MODULUS);
        world
            .claim(&claim)
            .await
            .assert_problem(400, "proof-coordinate-out-of-range");
    }
}

#[tokio::test]
async fn a_point_off_the_curve_is_refused_at_every_position() {
    let world = World::new().await;
    for index in 0..8 {
        let mut claim = honest_claim();
        let honest = U256::from_str_radix(&claim.proof[index][2..], 16).unwrap();
        claim.proof[index] = word((honest + U256::from(1)) % BASE_MODULUS);
        world
            .claim(&claim)
            .await
            .assert_problem(400, "proof-not-in-group");
        world.assert_alive().await;
    }
    assert_eq!(world.claim(&honest_claim()).await.status, 202);
}

#[tokio::test]
async fn a_nullifier_at_or_above_the_scalar_modulus_is_refused() {
    let world = World::new().await;
    let honest: U256 = U256::from_str_radix(&honest_claim().nullifier_hash[2..], 16).unwrap();
    for alias in [SCALAR_MODULUS, honest + SCALAR_MODULUS, U256::MAX] {
        let claim = ClaimRequest {
            nullifier_hash: word(alias),
            ..honest_claim()
        };
        let problem = world
            .claim(&claim)
            .await
            .assert_problem(400, "not-canonical");
        assert_eq!(problem.field.as_deref(), Some("nullifierHash"));
        let path = format!("/v1/claims/{}", word(alias));
        world.get(&path).await.assert_problem(400, "not-canonical");
    }
    assert_eq!(world.claim(&honest_claim()).await.status, 202);
}

#[tokio::test]
async fn a_field_of_another_form_is_named() {
    let world = World::new().await;
    let recipient = ClaimRequest {
        recipient: "0x12".to_owned(),
        ..honest_claim()
    };
    let problem = world
        .claim(&recipient)
        .await
        .assert_problem(400, "malformed-field");
    assert_eq!(problem.field.as_deref(), Some("recipient"));
    let fee = ClaimRequest {
        fee: "-1".to_owned(),
        ..honest_claim()
    };
    let problem = world
        .claim(&fee)
        .await
        .assert_problem(400, "malformed-field");
    assert_eq!(problem.field.as_deref(), Some("fee"));
}

#[tokio::test]
async fn an_epoch_that_has_not_begun_says_how_long_to_wait() {
    let world = World::new().await;
    let early = ClaimRequest {
        epoch: CURRENT.0 + 1,
        ..honest_claim()
    };
    let problem = world
        .claim(&early)
        .await
        .assert_problem(409, "epoch-not-begun");
    let left = GENESIS + (CURRENT.0 + 1) * EPOCH_LENGTH_SECS - NOW;
    assert_eq!(problem.retry_after_secs, Some(left));
    assert!(
        problem.detail.contains(&format!("{left} seconds")),
        "{}",
        problem.detail
    );
}

#[tokio::test]
async fn the_last_epoch_there_is_overflows_nothing() {
    let world = World::new().await;
    let last = ClaimRequest {
        epoch: u64::MAX,
        ..honest_claim()
    };
    world
        .claim(&last)
        .await
        .assert_problem(409, "epoch-not-begun");
}

#[tokio::test]
async fn a_claim_after_the_window_is_gone() {
    let world = World::new().await;
    world.chain.ledger().now = NOW + 2 * EPOCH_LENGTH_SECS;
    world
        .claim(&honest_claim())
        .await
        .assert_problem(410, "claim-window-over");
}

#[tokio::test]
async fn an_epoch_without_members_is_not_claimable() {
    let world = World::new().await;
    world.chain.ledger().now = GENESIS;
    let claim = ClaimRequest {
        epoch: 0,
        ..honest_claim()
    };
    world
        .claim(&claim)
        .await
        .assert_problem(409, "epoch-without-members");
}

#[tokio::test]
async fn a_nullifier_spent_on_chain_is_refused() {
    let world = World::new().await;
    let nullifier = honest_claim().nullifier_hash.parse().unwrap();
    world.chain.ledger().spent.insert((CURRENT, nullifier));
    world
        .claim(&honest_claim())
        .await
        .assert_problem(409, "nullifier-spent");
}

#[tokio::test]
async fn paused_payments_are_told_with_a_time_to_come_back() {
    let world = World::new().await;
    world.chain.ledger().is_paused = true;
    let problem = world
        .claim(&honest_claim())
        .await
        .assert_problem(503, "payments-paused");
    assert!(problem.retry_after_secs.is_some());
}

#[tokio::test]
async fn a_fee_above_the_amount_and_the_zero_recipient_are_refused() {
    let world = World::new().await;
    world.chain.ledger().amount = Some(10);
    let fee = ClaimRequest {
        fee: "11".to_owned(),
        fee_recipient: format!("0x{}", "1".repeat(40)),
        ..honest_claim()
    };
    world
        .claim(&fee)
        .await
        .assert_problem(422, "fee-above-amount");
    let zero = ClaimRequest {
        recipient: format!("0x{}", "0".repeat(40)),
        ..honest_claim()
    };
    world
        .claim(&zero)
        .await
        .assert_problem(422, "bad-recipient");
}

#[tokio::test]
async fn an_unknown_claim_is_not_found() {
    let world = World::new().await;
    let path = format!("/v1/claims/{}", word(U256::from(5)));
    world.get(&path).await.assert_problem(404, "claim-unknown");
    world
        .get("/v1/claims/5")
        .await
        .assert_problem(400, "malformed-field");
    world
        .get("/v1/claims/%ff")
        .await
        .assert_problem(400, "path-invalid");
}

#[tokio::test]
async fn the_cause_of_a_failure_is_not_shown() {
    let world = World::new().await;
    world.chain.ledger().head = HeadAnswer::Unavailable;
    let answer = world.claim(&honest_claim()).await;
    answer.assert_problem(503, "chain-unavailable");
    assert!(!answer.text().contains("secret"), "{}", answer.text());
    world.chain.ledger().head = HeadAnswer::Answering;
    assert_eq!(world.claim(&honest_claim()).await.status, 202);
}

#[tokio::test]
async fn a_closed_database_is_told_as_such() {
    let world = World::new().await;
    world.store.close().await;
    world
        .claim(&honest_claim())
        .await
        .assert_problem(503, "store-unavailable");
    assert_eq!(world.get("/v1/epochs/current").await.status, 200);
}
