//! Claim proofs in figures, beside semaphore-rs in the same run.
//!
//! `--json FILE` writes the figures down as well.
#![allow(clippy::unwrap_used)]
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement needs a clock; the crate itself has none"
)]

use std::time::{Duration, Instant};

use annona_core::{
    Address, AmountWei, ClaimScope, Epoch, LeafIndex, Payment, ProofPoints, TREE_DEPTH, U256,
};
use annona_proofs::{ClaimProof, ClaimVerifier, Identity, VerifyError, VerifyingKey, prove_claim};
use annona_tree::{InclusionProof, MembershipTree};
use cpu_time::ProcessTime;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rand_core_06::SeedableRng as _;
use rayon::{ThreadPool, ThreadPoolBuilder};
use semaphore_rs::poseidon_tree::Proof as SemaphorePath;
use semaphore_rs::protocol;
use semaphore_rs_trees::{Branch, InclusionProof as SemaphoreBranches};
use serde::Serialize;

/// Claims that are proved; larger batches repeat them.
const CLAIMS: usize = 64;
const BATCHES: [usize; 6] = [1, 8, 32, 64, 128, 512];
/// The batch in which one claim is false.
const SPOILED: usize = 64;
/// Measurements, of which the fastest counts.
const ROUNDS: usize = 7;
/// Calls of a verification one by one in each.
const SINGLE: usize = 16;
/// Proofs made in each.
const PROVED: usize = 2;

const SCOPE: ClaimScope = ClaimScope {
    chain_id: 31_337,
    distributor: Address::repeat_byte(1),
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    cores: usize,
    one_thread: ByThreads,
    all_threads: ByThreads,
}

/// Microseconds on the clock, and of processor time where one thread works.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ByThreads {
    threads: usize,
    verify_micros: Compared,
    batches: Vec<BatchFigures>,
    one_false_of: usize,
    one_false_micros_per_claim: f64,
    prove_millis: Compared,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    annona: f64,
    semaphore_rs: f64,
    /// Times as fast as semaphore-rs.
    ratio: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchFigures {
    claims: usize,
    micros_per_claim: f64,
    /// Times as fast as semaphore-rs's verification of one.
    ratio: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments
        .iter()
        .position(|argument| argument == "--json")
        .and_then(|place| arguments.get(place + 1));
    let figures = measure();
    print(&figures);
    if let Some(path) = json {
        std::fs::write(path, serde_json::to_string_pretty(&figures).unwrap() + "\n").unwrap();
    }
}

/// Everything that is measured.
struct Bench {
    people: Vec<(Identity, InclusionProof)>,
    claims: Vec<ClaimProof>,
    verifier: ClaimVerifier,
}

fn measure() -> Figures {
    let bench = Bench::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Figures {
        cores,
        one_thread: bench.with_threads(1),
        all_threads: bench.with_threads(cores),
    }
}

impl Bench {
    fn new() -> Self {
        let identities: Vec<Identity> = (0..CLAIMS)
            .map(|seed| Identity::from_secret([u8::try_from(seed).unwrap(); 32]))
            .collect();
        let mut tree = MembershipTree::default();
        let commitments: Vec<_> = identities.iter().map(Identity::commitment).collect();
        tree.append(&commitments).unwrap();
        let path = |place| tree.current().proof(LeafIndex::try_from(place).unwrap());
        let people: Vec<_> = identities.into_iter().zip((0..).map(path)).collect();
        let claims = people.iter().map(|(who, path)| prove(who, path)).collect();
        Self {
            people,
            claims,
            verifier: ClaimVerifier::new(&VerifyingKey::semaphore_30()),
        }
    }

    fn with_threads(&self, threads: usize) -> ByThreads {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let verify_micros = compare(
            &pool,
            1e6 / SINGLE as f64,
            || self.verify_each(),
            || self.verify_each_by_semaphore(),
        );
        let per_claim = |claims: &[ClaimProof], expected: usize| {
            let work = || {
                let answers = self.verifier.verify_batch(claims);
                let refused = answers.iter().filter(|answer| answer.is_err());
                assert_eq!(refused.count(), expected);
            };
            fastest(&pool, work) * 1e6 / claims.len() as f64
        };
        let batches = BATCHES.map(|count| {
            let micros_per_claim = per_claim(&self.batch(count), 0);
            BatchFigures {
                claims: count,
                micros_per_claim,
                ratio: verify_micros.semaphore_rs / micros_per_claim,
            }
        });
        let mut spoiled = self.batch(SPOILED);
        spoiled[SPOILED / 3].points = spoiled[0].points;
        ByThreads {
            threads,
            verify_micros,
            batches: batches.into(),
            one_false_of: SPOILED,
            one_false_micros_per_claim: per_claim(&spoiled, 1),
            prove_millis: compare(
                &pool,
                1e3 / PROVED as f64,
                || {
                    for (identity, path) in &self.people[..PROVED] {
                        prove(identity, path);
                    }
                },
                || {
                    for (place, (_, path)) in self.people[..PROVED].iter().enumerate() {
                        prove_by_semaphore(place, path);
                    }
                },
            ),
        }
    }

    fn batch(&self, count: usize) -> Vec<ClaimProof> {
        self.claims.iter().cycle().take(count).copied().collect()
    }

    fn verify_each(&self) {
        for ClaimProof { inputs, points } in &self.claims[..SINGLE] {
            assert_eq!(
                self.verifier.verify(inputs, points),
                Ok::<(), VerifyError>(())
            );
        }
    }

    fn verify_each_by_semaphore(&self) {
        for ClaimProof { inputs, points } in &self.claims[..SINGLE] {
            let [root, nullifier, signal, external_nullifier] =
                inputs.to_fields().map(annona_core::FieldElement::to_u256);
            let proof = protocol::Proof::from_flat(*points.coordinates());
            let holds = protocol::verify_proof(
                root,
                nullifier,
                signal,
                external_nullifier,
                &proof,
                TREE_DEPTH,
            );
            assert!(holds.unwrap());
        }
    }
}

fn payment() -> Payment {
    Payment {
        recipient: Address::repeat_byte(2),
        fee_recipient: Address::ZERO,
        fee: AmountWei::ZERO,
    }
}

fn prove(identity: &Identity, path: &InclusionProof) -> ClaimProof {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    prove_claim(identity, path, &SCOPE, Epoch(1), &payment(), &mut rng).unwrap()
}

/// Proves as somebody does who has nothing but semaphore-rs.
fn prove_by_semaphore(seed: usize, path: &InclusionProof) -> ProofPoints {
    let mut secret = [u8::try_from(seed).unwrap(); 32];
    let identity = semaphore_rs::identity::Identity::from_secret(&mut secret, None);
    let branches = path.siblings.iter().enumerate().map(|(level, sibling)| {
        if path.turns_right(level) {
            Branch::Right(sibling.to_u256())
        } else {
            Branch::Left(sibling.to_u256())
        }
    });
    let path: SemaphorePath = SemaphoreBranches(branches.collect());
    let mut rng = rand_chacha_03::ChaCha20Rng::seed_from_u64(1);
    let (context, signal) = (U256::from(7), U256::from(8));
    let proof = protocol::generate_proof_rng(&identity, &path, context, signal, &mut rng).unwrap();
    ProofPoints::try_from(proof.flatten()).unwrap()
}

/// Both by turns, the fastest of each, in seconds times `scale`.
fn compare(
    pool: &ThreadPool,
    scale: f64,
    ours: impl Fn() + Sync,
    theirs: impl Fn() + Sync,
) -> Compared {
    let (mut annona, mut semaphore_rs) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        annona = annona.min(time(pool, &ours) * scale);
        semaphore_rs = semaphore_rs.min(time(pool, &theirs) * scale);
    }
    Compared {
        annona,
        semaphore_rs,
        ratio: semaphore_rs / annona,
    }
}

fn fastest(pool: &ThreadPool, work: impl Fn() + Sync) -> f64 {
    (0..ROUNDS)
        .map(|_| time(pool, &work))
        .fold(f64::MAX, f64::min)
}

/// Seconds of the processor if one thread works, since other programs may work beside it;
/// seconds on the clock otherwise.
fn time(pool: &ThreadPool, work: &(impl Fn() + Sync)) -> f64 {
    let (clock, processor) = (Instant::now(), ProcessTime::now());
    pool.install(work);
    let taken: Duration = if pool.current_num_threads() == 1 {
        processor.elapsed()
    } else {
        clock.elapsed()
    };
    taken.as_secs_f64()
}

fn print(figures: &Figures) {
    let [one, all] = [&figures.one_thread, &figures.all_threads];
    println!(
        "| times in µs | one thread | against semaphore-rs | {} threads | against semaphore-rs |\n\
         | --- | ---: | ---: | ---: | ---: |",
        all.threads
    );
    let row = |what: &str, figures: [(f64, Option<f64>); 2]| {
        let cells = figures.map(|(time, ratio)| {
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}x"));
            format!("{time:.0} | {ratio}")
        });
        println!("| {what} | {} |", cells.join(" | "));
    };
    let both = |pick: fn(&ByThreads) -> (f64, Option<f64>)| [pick(one), pick(all)];
    row(
        "verify one, semaphore-rs",
        both(|by| (by.verify_micros.semaphore_rs, None)),
    );
    row(
        "verify one",
        both(|by| (by.verify_micros.annona, Some(by.verify_micros.ratio))),
    );
    for (one, all) in one.batches.iter().zip(&all.batches) {
        row(
            &format!("each of a batch of {}", one.claims),
            [one, all].map(|batch| (batch.micros_per_claim, Some(batch.ratio))),
        );
    }
    row(
        &format!("each of a batch of {SPOILED}, one of them false"),
        both(|by| {
            let micros = by.one_false_micros_per_claim;
            (micros, Some(by.verify_micros.semaphore_rs / micros))
        }),
    );
    row(
        "prove one, semaphore-rs",
        both(|by| (by.prove_millis.semaphore_rs * 1e3, None)),
    );
    row(
        "prove one",
        both(|by| (by.prove_millis.annona * 1e3, Some(by.prove_millis.ratio))),
    );
}
