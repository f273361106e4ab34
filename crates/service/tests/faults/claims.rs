//! Claims: each one that was accepted is paid exactly once, or rejected with a true reason.
//!
//! The random runs take other seeds from `ANNONA_FAULT_SEEDS`: `2000` is that many, and
//! `12..13` is one.

use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use annona_core::Claim;
use annona_engine::ports::{AttemptKind, ClaimRepository, OutboxRepository};
use annona_engine::{ClaimRejection, ClaimState};
use annona_faults::{
    BatchSupport, Failure, Fault, FeeModel, LOG_REFUSALS, Modes, Proxy, RetryAfter, When,
};
use annona_rpc::{EndpointLimits, connect_with};
use annona_service::sandbox::FEES;
use futures::FutureExt;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::crash::{CrashPoint, assert_reached};
use crate::harness::{DataFolder, Harness, Running};
use crate::scenario::{CONFIRMATIONS, ClaimScenario, ExpectedClaims, ROUNDS};

const GWEI: u128 = 1_000_000_000;
/// A base fee that the service does not pay.
const BEYOND_THE_LIMIT: u128 = 1_200 * GWEI;

/// No claim is refused but for being paid already.
const fn all_good<'a>(accepted: &'a [Claim], what: &'a str) -> ExpectedClaims<'a> {
    ExpectedClaims {
        accepted,
        refused: &[],
        what,
    }
}

async fn through(proxy: &Proxy, harness: &Harness, folder: &DataFolder) -> Running {
    // The service's own repeats are tried here, and not those of its connection.
    let provider = connect_with(proxy.url(), EndpointLimits::without_repeats()).unwrap();
    harness
        .start_through(provider, folder, CrashPoint::never())
        .await
}

/// OpenZeppelin's relayer (#818, #843) and World's gateway (#495, #654, #916): a counter runs
/// ahead of the chain, and everything after it waits for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_ahead_of_the_chain_jams_nothing() {
    let mut scenario = ClaimScenario::new().await;
    let folder = scenario.again().await;
    let proxy = Proxy::start(scenario.harness.endpoint()).await;
    let running = through(&proxy, &scenario.harness, &folder).await;
    let accepted = &scenario.claims[..4];
    running.queue(accepted).await;
    proxy.next(Fault::HighNonce, "eth_getTransactionCount", 2);
    running.rounds(&scenario.harness, 1).await;
    assert!(proxy.count(Fault::HighNonce) > 0);
    let open = running.store.open_slots().await.unwrap();
    assert!(open.iter().any(|slot| slot.nonce > 0), "{open:?}");
    proxy.behave();
    let what = "a nonce too high";
    scenario.settle(&running, &all_good(accepted, what)).await;
}

/// OpenZeppelin's relayer (#836): two workers prepare one transaction with two nonces.
#[tokio::test(flavor = "multi_thread")]
async fn two_services_on_one_database_pay_once() {
    let mut scenario = ClaimScenario::new().await;
    let folder = scenario.again().await;
    let one = scenario.harness.start(&folder, CrashPoint::never()).await;
    let two = scenario.harness.start(&folder, CrashPoint::never()).await;
    let accepted = &scenario.claims[..8];
    for claims in accepted.chunks(2) {
        one.queue(claims).await;
        tokio::join!(one.round(), two.round());
        tokio::join!(two.round(), one.round());
        scenario.harness.mine(1).await;
    }
    for _ in 0..ROUNDS {
        tokio::join!(one.round(), two.round());
        scenario.harness.mine(1).await;
    }
    let what = "two services";
    scenario.assert_right(&two, &all_good(accepted, what)).await;
}

/// OpenZeppelin's relayer (#808): an offer at the limit stays so dear for ever.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_goes_up_in_a_spike_and_comes_down_after_it() {
    let mut scenario = ClaimScenario::new().await;
    let (running, _site) = scenario.begin().await;
    let accepted = &scenario.claims[..3];
    running.queue(accepted).await;
    running.round().await;
    let offers = async || {
        let open = running.store.open_slots().await.unwrap();
        let attempts = open[0].attempts.iter();
        let offers = attempts.map(|attempt| u128::from(attempt.signed.fees.max_fee_wei));
        offers.collect::<Vec<u128>>()
    };
    for _ in 0..4 {
        scenario.harness.mine_at(BEYOND_THE_LIMIT).await;
        running.round().await;
    }
    let spiked = offers().await;
    let limit = u128::from(FEES.max_fee_wei);
    assert_eq!(spiked.last(), Some(&limit), "{spiked:?}");
    // Driven out of the pool, and gas is cheap again.
    scenario.harness.empty_pool().await;
    scenario.harness.mine_at(GWEI).await;
    running.round().await;
    let calmed = offers().await;
    assert!(calmed.last() < Some(&(limit / 2)), "{calmed:?}");
    let what = "a spike";
    scenario.settle(&running, &all_good(accepted, what)).await;
}

/// World's gateway (#155, #180, #181): one bad item fails the batch, and nobody is told why.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_claim_has_its_reason_and_the_others_of_its_batch_are_paid() {
    let mut scenario = ClaimScenario::new().await;
    let (running, _site) = scenario.begin().await;
    let mut accepted = scenario.claims[..8].to_vec();
    accepted[5].points = accepted[1].points;
    running.queue(&accepted).await;
    let outcome = ExpectedClaims {
        accepted: &accepted,
        refused: &[(accepted[5].nullifier_hash, ClaimRejection::InvalidProof)],
        what: "a bad claim",
    };
    scenario.settle(&running, &outcome).await;
    for (number, claim) in accepted.iter().enumerate() {
        let record = running.store.claim(claim.nullifier_hash).await.unwrap();
        let state = record.unwrap().state;
        if number == 5 {
            let invalid = ClaimState::Rejected(ClaimRejection::InvalidProof);
            assert_eq!(state, invalid);
        } else {
            assert!(matches!(state, ClaimState::Final { .. }), "{state:?}");
        }
    }
}

/// World's gateway: a queue in memory ends with its process, and a lock that runs out before
/// the work is swept sends twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_after_every_round_loses_nothing_and_doubles_nothing() {
    let mut scenario = ClaimScenario::new().await;
    let folder = scenario.again().await;
    let accepted = &scenario.claims[..6];
    let mut running = scenario.harness.start(&folder, CrashPoint::never()).await;
    for claims in accepted.chunks(2) {
        running.queue(claims).await;
        for _ in 0..3 {
            running.round().await;
            drop(running);
            running = scenario.harness.start(&folder, CrashPoint::never()).await;
            scenario.harness.mine(1).await;
        }
    }
    let what = "restarts";
    scenario.settle(&running, &all_good(accepted, what)).await;
}

/// Indexers give up on a reorg, or leave it to somebody with a database prompt.
#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_of_one_to_eight_blocks_pays_once() {
    let mut scenario = ClaimScenario::new().await;
    let accepted = scenario.claims[..3].to_vec();
    for depth in 1..=8 {
        for (rounds, is_down) in [(1, false), (3, false), (3, true)] {
            let folder = scenario.again().await;
            let mut running = scenario.harness.start(&folder, CrashPoint::never()).await;
            running.queue(&accepted).await;
            running.rounds(&scenario.harness, rounds).await;
            if is_down {
                running.store.close().await;
                drop(running);
                scenario.harness.reorg(depth).await;
                running = scenario.harness.start(&folder, CrashPoint::never()).await;
            } else {
                scenario.harness.reorg(depth).await;
            }
            let what = format!("reorg of {depth} after {rounds} rounds, down: {is_down}");
            let outcome = all_good(&accepted, &what);
            scenario.settle(&running, &outcome).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_node_answers_to_a_transaction_it_pays_once() {
    let mut scenario = ClaimScenario::new().await;
    let proxy = Proxy::start(scenario.harness.endpoint()).await;
    let accepted = scenario.claims[..2].to_vec();
    for fault in [
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::Repeat,
        Fault::Fail,
        Fault::Swallow,
        Fault::AlreadyKnown,
        Fault::NonceTooLow,
        Fault::Evict,
    ] {
        let folder = scenario.again().await;
        let running = through(&proxy, &scenario.harness, &folder).await;
        running.queue(&accepted).await;
        proxy.next(fault, "eth_sendRawTransaction", 2);
        running.rounds(&scenario.harness, 3).await;
        assert!(proxy.count(fault) > 0, "{fault:?}");
        let what = format!("{fault:?}");
        let outcome = all_good(&accepted, &what);
        scenario.settle(&running, &outcome).await;
        let record = running.store.claim(accepted[0].nullifier_hash).await;
        let state = record.unwrap().unwrap().state;
        assert!(matches!(state, ClaimState::Final { .. }), "{what}");
    }
}

/// Endpoints as providers offer them, and chains that price gas otherwise.
fn endpoints() -> Vec<(&'static str, Modes)> {
    let fees = |fees| Modes {
        fees,
        ..Modes::default()
    };
    let failing = |when, failure| Modes::failing(when, failure, &[]);
    let busy = Failure::TooManyRequests(RetryAfter::Absent);
    vec![
        ("logs of 10 blocks", Modes::log_span(10, LOG_REFUSALS[0])),
        ("logs of 1 block", Modes::log_span(1, LOG_REFUSALS[2])),
        ("no base fee", fees(FeeModel::Legacy)),
        ("a base fee of zero", fees(FeeModel::ZeroBase)),
        ("no type 2", fees(FeeModel::NoTypeTwo)),
        ("no fee history", fees(FeeModel::NoHistory)),
        ("each third 429", failing(When::Every(3), busy)),
        (
            "each fifth 502",
            failing(When::Every(5), Failure::Page(502)),
        ),
        (
            "each seventh cut",
            failing(When::Every(7), Failure::CutAnswer),
        ),
        (
            "single requests",
            Modes {
                batches: BatchSupport::Refused,
                ..Modes::default()
            },
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_paid_through_every_endpoint_that_people_have() {
    let mut scenario = ClaimScenario::with_confirmations(2).await;
    let proxy = Proxy::start(scenario.harness.endpoint()).await;
    let accepted = scenario.claims[..3].to_vec();
    let limits = EndpointLimits {
        first_pause: Duration::from_millis(1),
        ..EndpointLimits::default()
    };
    for (what, modes) in endpoints() {
        let folder = scenario.again().await;
        proxy.set(modes);
        let provider = connect_with(proxy.url(), limits).unwrap();
        let starting = scenario
            .harness
            .start_through(provider, &folder, CrashPoint::never());
        let running = starting.await;
        running.queue(&accepted).await;
        running.rounds(&scenario.harness, 12).await;
        scenario
            .assert_right(&running, &all_good(&accepted, what))
            .await;
        assert!(running.is_synced(), "{what}");
        for claim in &accepted {
            let record = running.store.claim(claim.nullifier_hash).await;
            let state = record.unwrap().unwrap().state;
            assert!(
                matches!(state, ClaimState::Final { .. }),
                "{what}: {state:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_a_stranger_paid_is_rejected_and_its_slot_is_used_up() {
    let mut scenario = ClaimScenario::new().await;
    for (count, sent_before) in [(1, false), (1, true), (3, true)] {
        let (running, _site) = scenario.begin().await;
        let accepted = &scenario.claims[..count];
        running.queue(accepted).await;
        if sent_before {
            running.round().await;
            scenario.harness.empty_pool().await;
        }
        scenario.pay_elsewhere(&accepted[0]).await;
        let what = format!("paid by a stranger, {count}, {sent_before}");
        let outcome = all_good(accepted, &what);
        scenario.settle(&running, &outcome).await;
        let record = running.store.claim(accepted[0].nullifier_hash).await;
        let spent = ClaimState::Rejected(ClaimRejection::NullifierSpent);
        assert_eq!(record.unwrap().unwrap().state, spent, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_whose_window_ends_are_rejected_and_their_slot_is_cancelled() {
    let mut scenario = ClaimScenario::new().await;
    let (running, _site) = scenario.begin().await;
    let accepted = &scenario.claims[..4];
    running.queue(&accepted[..2]).await;
    running.round().await;
    scenario.harness.empty_pool().await;
    running.queue(&accepted[2..]).await;
    scenario.end_window().await;
    // Long enough in no block to be looked at again.
    for _ in 0..4 {
        scenario.harness.empty_pool().await;
        scenario.harness.mine(1).await;
        running.round().await;
    }
    let open = running.store.open_slots().await.unwrap();
    let mut attempts = open.iter().flat_map(|slot| &slot.attempts);
    assert!(
        attempts.any(|attempt| attempt.kind == AttemptKind::Cancel),
        "{open:?}"
    );
    let late = |claim: &Claim| (claim.nullifier_hash, ClaimRejection::EpochNotClaimable);
    let outcome = ExpectedClaims {
        accepted,
        refused: &accepted.iter().map(late).collect::<Vec<_>>(),
        what: "the end of a window",
    };
    scenario.settle(&running, &outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_point_of_a_claim_loses_nothing_and_doubles_nothing() {
    let mut scenario = ClaimScenario::with_confirmations(2).await;
    // On the way they get stuck in a spike, a stranger pays one of them, and a reorg
    // takes a block away.
    let good = scenario.claims[..3].to_vec();
    let mut points = Vec::new();
    for at in 0.. {
        let folder = scenario.again().await;
        let crash = CrashPoint::at(at);
        let running = scenario.harness.start(&folder, crash.clone()).await;
        let mut acknowledged = Vec::new();
        let life = async {
            for claim in &good {
                running.claim_service.submit(*claim).await.unwrap();
                acknowledged.push(*claim);
            }
            running.round().await;
            scenario.harness.empty_pool().await;
            for _ in 0..3 {
                scenario.harness.mine_at(BEYOND_THE_LIMIT).await;
            }
            running.round().await;
            scenario.harness.mine_at(GWEI).await;
            scenario.pay_elsewhere(&good[0]).await;
            running.rounds(&scenario.harness, 6).await;
            scenario.harness.reorg(1).await;
            running.rounds(&scenario.harness, 12).await;
        };
        let is_cut = tokio::select! {
            () = life => false,
            () = crash.reached() => true,
        };
        let names = crash.names();
        drop(running);
        if !is_cut {
            points = names;
            break;
        }
        let what = format!("killed {} (point {at})", names.last().unwrap());
        let running = scenario.harness.start(&folder, CrashPoint::never()).await;
        let outcome = all_good(&acknowledged, &what);
        running.rounds(&scenario.harness, 16).await;
        scenario.assert_right(&running, &outcome).await;
    }
    let steps = [
        "before insert_claim",
        "after insert_claim",
        "after sign_claims",
        "before open_slot",
        "after open_slot",
        "after broadcast",
        "after mark_sent",
        "after add_attempt",
        "after mark_mined",
        "after mark_final",
        "after reject_claim",
    ];
    assert_reached(&points, &steps);
}

/// Seeds of the random runs unless [`CHOICE`] names others, in the short and in the long form.
const SEEDS: Range<u64> = 0..40;
const SOAK_SEEDS: Range<u64> = 0..500;
const CHOICE: &str = "ANNONA_FAULT_SEEDS";
/// Deep enough for the reorgs of a random run.
const RANDOM_CONFIRMATIONS: u64 = 4;
const RANDOM_STEPS: u32 = 18;
/// One request in so many meets a fault.
const FAULT_ONE_IN: u32 = 8;

fn seeds() -> Range<u64> {
    let Ok(choice) = std::env::var(CHOICE) else {
        let is_soak = std::env::var_os("TEST_SOAK").is_some();
        return if is_soak { SOAK_SEEDS } else { SEEDS };
    };
    let (from, to) = choice.split_once("..").unwrap_or(("0", &choice));
    from.parse().unwrap()..to.parse().unwrap()
}

/// Runs a service among faults; returns it and the claims that it acknowledged.
async fn live(
    scenario: &ClaimScenario,
    proxy: &Proxy,
    folder: &DataFolder,
    seed: u64,
) -> (Running, Vec<Claim>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut running = through(proxy, &scenario.harness, folder).await;
    proxy.misbehave(seed, FAULT_ONE_IN);
    let mut waiting = scenario.claims[..rng.random_range(3..=8)].to_vec();
    let mut accepted: Vec<Claim> = Vec::new();
    for _ in 0..RANDOM_STEPS {
        let harness = &scenario.harness;
        match rng.random_range(0..20_u32) {
            0..=5 => {
                if let Some(claim) = waiting.pop() {
                    match running.claim_service.submit(claim).await {
                        Ok(_) => accepted.push(claim),
                        Err(_) => waiting.push(claim),
                    }
                }
            }
            6..=11 => running.round().await,
            12..=15 => harness.mine(1).await,
            16 => {
                let depth = rng.random_range(1..RANDOM_CONFIRMATIONS);
                harness.reorg(depth).await;
            }
            17 => {
                drop(running);
                running = through(proxy, harness, folder).await;
            }
            18 => {
                if let Some(claim) = accepted.choose(&mut rng) {
                    scenario.pay_elsewhere(claim).await;
                }
            }
            _ => {
                let wei = GWEI * rng.random_range(1..1_500_u128);
                harness.mine_at(wei).await;
            }
        }
    }
    // A claim whose answer got lost can be in the queue all the same.
    for claim in waiting {
        if let Ok(Some(_)) = running.store.claim(claim.nullifier_hash).await {
            accepted.push(claim);
        }
    }
    proxy.behave();
    (running, accepted)
}

/// The number of claims that were accepted.
async fn random_run(scenario: &mut ClaimScenario, proxy: &Proxy, seed: u64) -> usize {
    let folder = scenario.again().await;
    let (running, accepted) = live(scenario, proxy, &folder, seed).await;
    let mut rounds = 0;
    while rounds < 60 {
        running
            .rounds(&scenario.harness, RANDOM_CONFIRMATIONS + 1)
            .await;
        rounds += RANDOM_CONFIRMATIONS + 1;
        if running.is_settled().await {
            break;
        }
    }
    let what = format!("seed {seed}");
    let outcome = all_good(&accepted, &what);
    scenario.assert_right(&running, &outcome).await;
    running.store.close().await;
    accepted.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_each_claim_is_paid_once_or_rejected_with_a_true_reason() {
    let mut scenario = ClaimScenario::with_confirmations(RANDOM_CONFIRMATIONS).await;
    let proxy = Proxy::start(scenario.harness.endpoint()).await;
    let (mut runs, mut accepted) = (0, 0);
    for seed in seeds() {
        let run = AssertUnwindSafe(random_run(&mut scenario, &proxy, seed));
        let outcome = run.catch_unwind().await;
        let Ok(claims) = outcome else {
            panic!("seed {seed} fails: {CHOICE}={seed}..{}", seed + 1);
        };
        runs += 1;
        accepted += claims;
    }
    assert!(accepted > 2 * runs, "{accepted} claims in {runs} runs");
    let faults = Fault::ALL.map(|fault| (fault, proxy.count(fault)));
    let is_rare = |(_, count): &(Fault, u32)| *count == 0;
    assert!(runs < 100 || !faults.iter().any(is_rare), "{faults:?}");
}

/// The reorgs of these tests are no deeper than the confirmations of a final block.
#[test]
fn what_is_final_stays() {
    const { assert!(CONFIRMATIONS > 8) };
}
