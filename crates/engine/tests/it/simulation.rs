//! Random operations under random faults, from a seed.
//!
//! `ANNONA_SEEDS=5000` runs more of them, `ANNONA_SEEDS=12..13` one, `TEST_SOAK=1` 2,000.

use std::ops::Range;
use std::panic::AssertUnwindSafe;

use annona_core::RevertReason;
use annona_engine::{ClaimState, EnrolmentState, Rejection};
use futures::FutureExt;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::chain::{BASE_FEE, Fate};
use crate::service::{CONFIRMATIONS, Service, Workers, claim, commitment};

/// What is run unless [`CHOICE`] says otherwise.
const SEEDS: Range<u64> = 0..250;
/// Seeds of a long run.
const SOAK_SEEDS: Range<u64> = 0..2_000;
/// Names other seeds: their number, or a range.
const CHOICE: &str = "ANNONA_SEEDS";
const STEPS: u32 = 80;
/// Rounds without faults after which nothing may be under way.
const ROUNDS_TO_SETTLE: u64 = 8 * (CONFIRMATIONS + 4);
/// One claim in so many is refused by the contract for good.
const REFUSED_ONE_IN: u64 = 7;
const DEEPEST_REORG: u64 = 4;
/// Beyond the limit of what is offered.
const DEAREST: u64 = 20;

struct Simulation {
    rng: ChaCha8Rng,
    service: Service,
    workers: Workers,
    claims: u64,
    people: u64,
}

impl Simulation {
    async fn new(seed: u64) -> Self {
        let service = Service::start().await;
        let workers = service.workers();
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            service,
            workers,
            claims: 0,
            people: 0,
        }
    }

    async fn step(&mut self) {
        let chain = &self.service.chain;
        match self.rng.random_range(0..30_u32) {
            0..=3 => self.submit_claim().await,
            4..=5 => self.enrol().await,
            // Steps may fail under faults; what they must not do is lose something.
            6..=8 => drop(self.workers.relay.step().await),
            9..=10 => drop(self.workers.sequencer.step().await),
            11..=14 => drop(self.workers.outbox.step().await),
            15..=18 => chain.mine(),
            19 => chain.reorg(self.rng.random_range(1..=DEEPEST_REORG), Fate::BackToPool),
            20 => chain.reorg(self.rng.random_range(1..=DEEPEST_REORG), Fate::Forgotten),
            21 => chain.forget_pool(),
            22 => chain.fail_calls(self.rng.random_range(1..=6)),
            23 => chain.lose_broadcasts(self.rng.random_range(1..=3)),
            24 => chain.revert_executions(1),
            25 => chain.lag_nonces(self.rng.random_range(0..=DEEPEST_REORG)),
            26..=27 => chain.set_base_fee(BASE_FEE * self.rng.random_range(1..=DEAREST)),
            28 => self.pay_elsewhere(),
            _ => self.workers = self.service.workers(),
        }
    }

    async fn submit_claim(&mut self) {
        self.claims += 1;
        let new = claim(self.claims);
        if self.claims.is_multiple_of(REFUSED_ONE_IN) {
            let chain = &self.service.chain;
            chain.refuse(new.nullifier_hash, RevertReason::CensusReached);
        }
        self.service.queue(&new).await;
    }

    /// A stranger pays a claim that waits.
    fn pay_elsewhere(&mut self) {
        if self.claims == 0 {
            return;
        }
        let seed = self.rng.random_range(1..=self.claims);
        let chain = &self.service.chain;
        let is_due = !seed.is_multiple_of(REFUSED_ONE_IN);
        if is_due && chain.payments(claim(seed).nullifier_hash) == 0 {
            chain.pay_elsewhere(&claim(seed));
        }
    }

    async fn enrol(&mut self) {
        self.people += 1;
        self.service.admit_one(self.people).await;
    }

    async fn settle(&mut self) {
        let chain = &self.service.chain;
        chain.fail_calls(0);
        chain.lose_broadcasts(0);
        chain.revert_executions(0);
        chain.lag_nonces(0);
        chain.set_base_fee(BASE_FEE);
        self.workers.run(chain, ROUNDS_TO_SETTLE).await;
    }

    async fn check(&self) {
        let chain = &self.service.chain;
        assert_eq!(self.service.open().await, []);
        for seed in 1..=self.claims {
            let payments = chain.payments(claim(seed).nullifier_hash);
            let state = self.service.claim(seed).await;
            if seed.is_multiple_of(REFUSED_ONE_IN) {
                let refused = ClaimState::Rejected(Rejection::CensusReached);
                assert_eq!((state, payments), (refused, 0), "claim {seed}");
            } else {
                // By this service or, with a true reason, by a stranger.
                let is_settled = match state {
                    ClaimState::Final { .. } => true,
                    ClaimState::Rejected(why) => why == Rejection::NullifierSpent,
                    _ => false,
                };
                assert_eq!((is_settled, payments), (true, 1), "claim {seed}: {state:?}");
            }
        }
        self.service.assert_members(self.people).await;
    }
}

async fn simulate(seed: u64) {
    let mut simulation = Simulation::new(seed).await;
    for _ in 0..STEPS {
        simulation.step().await;
    }
    simulation.settle().await;
    simulation.check().await;
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

async fn simulate_seeds(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let outcome = AssertUnwindSafe(simulate(seed)).catch_unwind().await;
        assert!(outcome.is_ok(), "seed {seed} fails");
    }
}

#[tokio::test]
async fn whatever_happens_every_claim_is_paid_once_or_refused_with_its_reason() {
    simulate_seeds(seeds().filter(|seed| seed.is_multiple_of(2))).await;
}

#[tokio::test]
async fn whatever_happens_every_claim_is_paid_once_on_the_odd_seeds_too() {
    simulate_seeds(seeds().filter(|seed| !seed.is_multiple_of(2))).await;
}

#[tokio::test]
async fn a_simulation_does_something() {
    let mut simulation = Simulation::new(0).await;
    for _ in 0..STEPS {
        simulation.step().await;
    }
    assert!(simulation.claims > 0 && simulation.people > 0);
    simulation.settle().await;
    let member = simulation.service.enrolment(1).await;
    assert!(matches!(member, EnrolmentState::Final { .. }));
    assert!(simulation.service.chain.leaf_index(commitment(1)).is_some());
}
