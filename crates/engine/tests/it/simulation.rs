//! Random operations under random faults, from a seed.
//!
//! A failure prints the shrunk operations as an entry for `regressions.rs`.
//! `ANNONA_SEEDS=5000` runs more of them, `ANNONA_SEEDS=12..13` one, `TEST_SOAK=1` 2,000.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::ops::Range;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use annona_core::RevertReason;
use annona_engine::{ClaimRejection, ClaimState, EnrolmentState};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::chain::{BASE_FEE, OrphanedTransactions};
use crate::operations::{Op, arb_ops, as_regression};
use crate::service::{CONFIRMATIONS, Service, Workers, claim, commitment};

/// Seeds that are run unless [`CHOICE`] says otherwise.
const SEEDS: Range<u64> = 0..250;
/// Seeds of a long run.
const SOAK_SEEDS: Range<u64> = 0..2_000;
/// Names other seeds: their number, or a range.
const CHOICE: &str = "ANNONA_SEEDS";
/// Rounds without faults after which nothing may be under way.
const ROUNDS_TO_SETTLE: u64 = 8 * (CONFIRMATIONS + 4);
/// Largest number of runs that shrink one failure.
const MAX_SHRINK_RUNS: u32 = 500;

/// Right end of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Paid,
    Refused,
}

/// A service, and the model that it is compared with.
pub(crate) struct Simulation {
    pub(crate) service: Service,
    workers: Workers,
    /// The right end of each claim; claim 1 is the first.
    claims: Vec<Due>,
    people: u64,
    /// Claims that a stranger paid, on some branch of the chain.
    paid_elsewhere: BTreeSet<u64>,
}

impl Simulation {
    pub(crate) async fn new() -> Self {
        let service = Service::start().await;
        let workers = service.workers();
        Self {
            service,
            workers,
            claims: Vec::new(),
            people: 0,
            paid_elsewhere: BTreeSet::new(),
        }
    }

    /// Applies one operation. Steps may fail under faults; they must not lose anything.
    pub(crate) async fn apply(&mut self, op: Op) {
        let chain = &self.service.chain;
        match op {
            Op::Mine => chain.mine(),
            Op::StepOutbox => drop(self.workers.outbox.step().await),
            Op::StepRelay => drop(self.workers.relay.step().await),
            Op::StepSequencer => drop(self.workers.sequencer.step().await),
            Op::SubmitClaim => self.submit_claim(Due::Paid).await,
            Op::SubmitRefusedClaim => self.submit_claim(Due::Refused).await,
            Op::Enrol => self.enrol().await,
            Op::Restart => self.workers = self.service.workers(),
            Op::KillOutbox { answered } => {
                chain.fail_calls_after(answered, u32::MAX);
                drop(self.workers.outbox.step().await);
                self.revive();
            }
            Op::KillRelay { answered } => {
                chain.fail_calls_after(answered, u32::MAX);
                drop(self.workers.relay.step().await);
                self.revive();
            }
            Op::KillSequencer { answered } => {
                chain.fail_calls_after(answered, u32::MAX);
                drop(self.workers.sequencer.step().await);
                self.revive();
            }
            Op::ReorgToPool { depth } => chain.reorg(depth, OrphanedTransactions::BackToPool),
            Op::ReorgForgotten { depth } => chain.reorg(depth, OrphanedTransactions::Forgotten),
            Op::ForgetPool => chain.forget_pool(),
            Op::FailCalls { count } => chain.fail_calls(count),
            Op::LoseBroadcasts { count } => chain.lose_broadcasts(count),
            Op::LoseAcknowledgements { count } => chain.lose_acknowledgements(count),
            Op::RevertExecution => chain.revert_executions(1),
            Op::LagNonces { blocks } => chain.lag_nonces(blocks),
            Op::SetBaseFee { times } => chain.set_base_fee(BASE_FEE * times),
            Op::PayElsewhere { claim } => self.pay_elsewhere(claim),
        }
    }

    /// Starts the process again, at a node that answers.
    fn revive(&mut self) {
        self.service.chain.fail_calls_after(0, 0);
        self.workers = self.service.workers();
    }

    async fn submit_claim(&mut self, due: Due) {
        self.claims.push(due);
        let new = claim(self.claims.len() as u64);
        if due == Due::Refused {
            let chain = &self.service.chain;
            chain.refuse(new.nullifier_hash, RevertReason::CensusExceeded);
        }
        self.service.queue(&new).await;
    }

    fn pay_elsewhere(&mut self, number: u64) {
        let count = self.claims.len() as u64;
        let Some(before) = (number - 1).checked_rem(count) else {
            return;
        };
        let chain = &self.service.chain;
        let is_due = self.claims[usize::try_from(before).unwrap()] == Due::Paid;
        let paid = claim(before + 1);
        if is_due && chain.payments(paid.nullifier_hash) == 0 {
            chain.pay_elsewhere(&paid);
            self.paid_elsewhere.insert(before + 1);
        }
    }

    async fn enrol(&mut self) {
        self.people += 1;
        self.service.admit_one(self.people).await;
    }

    /// Ends all faults, and lets everything settle that can.
    async fn settle(&mut self) {
        let chain = &self.service.chain;
        chain.fail_calls_after(0, 0);
        chain.lose_broadcasts(0);
        chain.lose_acknowledgements(0);
        chain.revert_executions(0);
        chain.lag_nonces(0);
        chain.set_base_fee(BASE_FEE);
        self.workers.run(chain, ROUNDS_TO_SETTLE).await;
    }

    async fn check(&self) {
        let chain = &self.service.chain;
        assert_eq!(self.service.open().await, []);
        for (due, number) in self.claims.iter().zip(1..) {
            let payments = chain.payments(claim(number).nullifier_hash);
            let state = self.service.claim(number).await;
            if *due == Due::Refused {
                let refused = ClaimState::Rejected(ClaimRejection::CensusExceeded);
                assert_eq!((state, payments), (refused, 0), "claim {number}");
                continue;
            }
            // By this service or, with a true reason, by a stranger.
            let is_settled = match state {
                ClaimState::Final { .. } => true,
                ClaimState::Rejected(why) => {
                    why == ClaimRejection::NullifierSpent && self.paid_elsewhere.contains(&number)
                }
                _ => false,
            };
            assert_eq!(
                (is_settled, payments),
                (true, 1),
                "claim {number}: {state:?}"
            );
        }
        self.service.assert_members(self.people).await;
    }
}

/// Runs operations on a service of their own, and checks that every claim and person came to
/// the right end.
pub(crate) async fn run(ops: &[Op]) -> Simulation {
    let mut simulation = Simulation::new().await;
    for op in ops {
        simulation.apply(*op).await;
    }
    simulation.settle().await;
    simulation.check().await;
    simulation
}

/// Runs operations on a runtime of their own.
fn run_alone(ops: &[Op]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(run(ops));
}

/// Makes the operations of a seed, ready to be shrunk.
fn generate(seed: u64) -> (TestRunner, impl ValueTree<Value = Vec<Op>>) {
    let config = Config {
        max_shrink_iters: MAX_SHRINK_RUNS,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng(seed));
    let ops = arb_ops().new_tree(&mut runner).unwrap();
    (runner, ops)
}

fn is_well(seed: u64) -> bool {
    let ops = generate(seed).1.current();
    catch_unwind(|| run_alone(&ops)).is_ok()
}

/// Describes the failure of a seed, with operations as few and as simple as were found.
fn shrunk(seed: u64) -> String {
    let (mut runner, ops) = generate(seed);
    let outcome = runner.run_one(ops, |ops| {
        run_alone(&ops);
        Ok(())
    });
    match outcome {
        Err(TestError::Fail(why, ops)) => {
            let entry = as_regression(&format!("seed {seed}"), &ops);
            format!("seed {seed} fails: {why}\nshrunk to\n{entry}")
        }
        _ => format!("seed {seed} fails, but not each time"),
    }
}

fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs tests can choose seeds in no other way"
)]
fn seeds() -> Range<u64> {
    let Ok(choice) = std::env::var(CHOICE) else {
        let is_soak = std::env::var_os("TEST_SOAK").is_some();
        return if is_soak { SOAK_SEEDS } else { SEEDS };
    };
    let (from, to) = choice.split_once("..").unwrap_or(("0", &choice));
    from.parse().unwrap()..to.parse().unwrap()
}

/// Runs seeds on all cores until one fails; returns the lowest that was found to fail.
fn failing(seeds: &Range<u64>) -> Option<u64> {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return None;
            }
            if !is_well(seed) {
                next.store(seeds.end, Ordering::Relaxed);
                return Some(seed);
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let found = threads.into_iter().map(|thread| thread.join().unwrap());
        found.flatten().min()
    })
}

#[test]
fn whatever_happens_every_claim_is_paid_once_or_refused_with_its_reason() {
    if let Some(seed) = failing(&seeds()) {
        panic!("{}", shrunk(seed));
    }
}

#[tokio::test]
async fn a_simulation_does_something() {
    let ops = [
        Op::SubmitClaim,
        Op::SubmitRefusedClaim,
        Op::Enrol,
        Op::StepRelay,
        Op::StepSequencer,
        Op::Mine,
    ];
    let simulation = run(&ops).await;
    let service = &simulation.service;
    assert!(matches!(service.claim(1).await, ClaimState::Final { .. }));
    let member = service.enrolment(1).await;
    assert!(matches!(member, EnrolmentState::Final { .. }));
    assert!(service.chain.leaf_index(commitment(1)).is_some());
}
