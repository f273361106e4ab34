//! The hash and the tree in figures, beside semaphore-rs's in the same run.
//!
//! `--leaves N` sets the size of the tree, `--json FILE` writes the figures down as well.
#![allow(clippy::unwrap_used)]
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement needs a clock; the crate itself has none"
)]

use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write};
use std::time::{Duration, Instant};

use annona_core::{Commitment, FieldElement, LeafIndex, TREE_DEPTH, U256};
use annona_tree::{
    MembershipTree, Revocation, TreeVersion, hash_pair, hash_pairs, read_version, write_version,
};
use cpu_time::{ProcessTime, ThreadTime};
use semaphore_rs::poseidon_tree::LazyPoseidonTree;
use semaphore_rs_poseidon::{Poseidon, poseidon::hash2};
use semaphore_rs_trees::cascading::CascadingMerkleTree;
use serde::Serialize;

/// Hashes of one measurement.
const HASHES: u32 = 10_000;
/// Measurements of the hash, of which the fastest counts.
const ROUNDS: usize = 9;
/// Leaves of a batch.
const BATCH: usize = 256;
/// Single changes measured.
const UPDATES: usize = 1_000;
/// Epochs closed after the tree is full.
const EPOCHS: usize = 4;
/// Members who join, and who leave, in each of them.
const JOINING: usize = 10_000;
const LEAVING: usize = 500;
/// Paths read of each version.
const PROOFS: u64 = 100_000;
/// Leaves of the trees that are compared.
const COMPARED: usize = 1 << 15;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    leaves: u64,
    cores: usize,
    hash_micros: f64,
    batched_hash_micros: f64,
    semaphore_hash_micros: f64,
    append_leaves_per_sec: f64,
    append_leaves_per_processor_sec: f64,
    versions: usize,
    proof_micros_slowest_version: f64,
    file_bytes: u64,
    restore_secs: f64,
    restore_processor_secs: f64,
    resident_megabytes: Option<f64>,
    compared_append_leaves_per_processor_sec: f64,
    semaphore_cascading_append_leaves_per_processor_sec: f64,
    update_micros: f64,
    semaphore_lazy_update_micros: f64,
    compared_proof_micros: f64,
    semaphore_lazy_proof_micros: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1)
    };
    let leaves = option("--leaves").map_or(1_000_000, |count| count.parse().unwrap());
    let figures = measure(leaves);
    print(&figures);
    if let Some(path) = option("--json") {
        std::fs::write(path, serde_json::to_string_pretty(&figures).unwrap() + "\n").unwrap();
    }
}

fn measure(count: usize) -> Figures {
    let [hash_micros, batched_hash_micros, semaphore_hash_micros] = hashes();
    let members = commitments(0, count);
    let (append, mut tree) = timed(|| appended(&members));
    let versions = closed_epochs(&mut tree, count);
    // Before anything else is built beside the tree.
    let resident_megabytes = resident_megabytes();
    let slowest = versions.iter().map(proof_time).max().unwrap();
    let (file_bytes, restore) = restored(&versions);
    drop((tree, versions));
    let compared = Compared::measure(&members[..COMPARED.min(count)]);
    Figures {
        leaves: count as u64,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        hash_micros,
        batched_hash_micros,
        semaphore_hash_micros,
        append_leaves_per_sec: rate(count, append.wall),
        append_leaves_per_processor_sec: rate(count, append.processor),
        versions: EPOCHS + 1,
        proof_micros_slowest_version: micros(slowest),
        file_bytes,
        restore_secs: restore.wall.as_secs_f64(),
        restore_processor_secs: restore.processor.as_secs_f64(),
        resident_megabytes,
        compared_append_leaves_per_processor_sec: compared.append,
        semaphore_cascading_append_leaves_per_processor_sec: compared.cascading_append,
        update_micros: micros(compared.update),
        semaphore_lazy_update_micros: micros(compared.lazy_update),
        compared_proof_micros: micros(compared.proof),
        semaphore_lazy_proof_micros: micros(compared.lazy_proof),
    }
}

/// Microseconds of processor time for a hash: one after the other, many at a time, and by
/// semaphore-rs, by turns.
fn hashes() -> [f64; 3] {
    let (mut node, mut number) = (FieldElement::ZERO, U256::ZERO);
    let mut many = vec![[FieldElement::ZERO; 2]; HASHES as usize];
    let mut best = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        let one_by_one = thread_time(|| {
            for _ in 0..HASHES {
                node = hash_pair(node, node);
            }
        });
        let batched = thread_time(|| {
            let hashes = hash_pairs(&many);
            many = hashes.into_iter().map(|hash| [hash; 2]).collect();
        });
        let theirs = thread_time(|| {
            for _ in 0..HASHES {
                number = hash2(number, number);
            }
        });
        for (best, time) in best.iter_mut().zip([one_by_one, batched, theirs]) {
            *best = time.min(*best);
        }
    }
    assert_eq!((node.to_u256(), many[0]), (number, [chained(ROUNDS); 2]));
    best.map(|time| micros(time / HASHES))
}

fn chained(count: usize) -> FieldElement {
    (0..count).fold(FieldElement::ZERO, |node, _| hash_pair(node, node))
}

fn thread_time(work: impl FnOnce()) -> Duration {
    let started = ThreadTime::now();
    work();
    started.elapsed()
}

fn commitments(first: usize, count: usize) -> Vec<Commitment> {
    let factor = U256::from_limbs([0x9e37_79b9_7f4a_7c15, 0xf39c_c060_5ced_c834, 0x1082_276b, 0]);
    (first..first + count)
        .map(|seed| Commitment::try_from(U256::from(seed + 1) * factor).unwrap())
        .collect()
}

fn appended(members: &[Commitment]) -> MembershipTree {
    let mut tree = MembershipTree::default();
    for batch in members.chunks(BATCH) {
        tree.append(batch).unwrap();
    }
    tree
}

/// The versions at the ends of epochs in which people join and leave, and the one before.
fn closed_epochs(tree: &mut MembershipTree, count: usize) -> Vec<TreeVersion> {
    let mut versions = vec![tree.current().clone()];
    for epoch in 0..EPOCHS {
        for batch in commitments(count + epoch * JOINING, JOINING).chunks(BATCH) {
            tree.append(batch).unwrap();
        }
        let leaving: Vec<Revocation> = (0..LEAVING.min(count / EPOCHS))
            .map(|number| position(number * (count / LEAVING).max(EPOCHS) + epoch))
            .map(|leaf_index| Revocation {
                leaf_index,
                commitment: Commitment::try_from(tree.current().leaf(leaf_index).to_u256())
                    .unwrap(),
            })
            .collect();
        for batch in leaving.chunks(32) {
            tree.revoke(batch).unwrap();
        }
        versions.push(tree.current().clone());
    }
    versions
}

fn proof_time(version: &TreeVersion) -> Duration {
    let (time, ()) = timed(|| {
        for number in 0..PROOFS {
            let place = number * 7_919 % version.leaf_count();
            black_box(version.proof(LeafIndex::try_from(place).unwrap()));
        }
    });
    time.processor / u32::try_from(PROOFS).unwrap()
}

/// Bytes of the versions in a file, and the time to read them and to find members again.
fn restored(versions: &[TreeVersion]) -> (u64, Cost) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut out = BufWriter::new(file.as_file());
    let mut before = TreeVersion::default();
    for version in versions {
        write_version(&before, version, &mut out).unwrap();
        before = version.clone();
    }
    out.flush().unwrap();
    drop(out);
    let (time, tree) = timed(|| {
        let mut input = BufReader::new(file.reopen().unwrap());
        let mut version = TreeVersion::default();
        for _ in versions {
            version = read_version(&version, &mut input).unwrap();
        }
        MembershipTree::from(version)
    });
    assert_eq!(Some(tree.root()), versions.last().map(TreeVersion::root));
    (file.as_file().metadata().unwrap().len(), time)
}

/// Both trees with the same leaves.
struct Compared {
    append: f64,
    cascading_append: f64,
    update: Duration,
    lazy_update: Duration,
    proof: Duration,
    lazy_proof: Duration,
}

impl Compared {
    fn measure(members: &[Commitment]) -> Self {
        let words: Vec<U256> = members.iter().map(|member| member.to_u256()).collect();
        let (append, mut tree) = timed(|| appended(members));
        let (cascading_append, cascading) = timed(|| {
            let mut tree: CascadingMerkleTree<Poseidon> =
                CascadingMerkleTree::new(Vec::new(), TREE_DEPTH, &U256::ZERO);
            for batch in words.chunks(BATCH) {
                tree.extend_from_slice(batch);
            }
            tree
        });
        assert_eq!(cascading.root(), tree.root().to_u256());
        let mut lazy = LazyPoseidonTree::new(TREE_DEPTH, U256::ZERO).derived();
        let new = commitments(members.len(), UPDATES);
        let (lazy_update, ()) = timed(|| {
            for (place, leaf) in new.iter().enumerate() {
                lazy = lazy.update(place, &leaf.to_u256());
            }
        });
        let (update, ()) = timed(|| {
            for leaf in &new {
                tree.append(&[*leaf]).unwrap();
            }
        });
        let proofs = |proof: &dyn Fn(usize)| timed(|| (0..UPDATES).for_each(proof)).0;
        let each = |cost: Cost| cost.processor / u32::try_from(UPDATES).unwrap();
        Self {
            append: rate(members.len(), append.processor),
            cascading_append: rate(members.len(), cascading_append.processor),
            update: each(update),
            lazy_update: each(lazy_update),
            proof: each(proofs(&|place| {
                black_box(tree.current().proof(position(place)));
            })),
            lazy_proof: each(proofs(&|place| {
                black_box(lazy.proof(place));
            })),
        }
    }
}

fn position(place: usize) -> LeafIndex {
    LeafIndex::try_from(place as u64).unwrap()
}

/// Time that work takes: on the clock, and of all processors together. Only the second means
/// anything on a machine that does other work as well.
#[derive(Debug, Clone, Copy)]
struct Cost {
    wall: Duration,
    processor: Duration,
}

fn timed<T>(work: impl FnOnce() -> T) -> (Cost, T) {
    let (wall, processor) = (Instant::now(), ProcessTime::now());
    let result = work();
    let cost = Cost {
        wall: wall.elapsed(),
        processor: processor.elapsed(),
    };
    (cost, result)
}

fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Returns the memory of this process, where the system tells.
fn resident_megabytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1_024.0 / 1e6)
}

fn print(figures: &Figures) {
    let ratio = |theirs: f64, ours: f64| format!("{:.1}x", theirs / ours);
    let rows = [
        (
            "Poseidon of two, one core, µs",
            format!("{:.2}", figures.hash_micros),
            format!("{:.2}", figures.semaphore_hash_micros),
            ratio(figures.semaphore_hash_micros, figures.hash_micros),
        ),
        (
            "the same of many pairs, µs",
            format!("{:.2}", figures.batched_hash_micros),
            format!("{:.2}", figures.semaphore_hash_micros),
            ratio(figures.semaphore_hash_micros, figures.batched_hash_micros),
        ),
        (
            "append in batches of 256, leaves/s of a processor (cascading tree)",
            format!("{:.0}", figures.compared_append_leaves_per_processor_sec),
            format!(
                "{:.0}",
                figures.semaphore_cascading_append_leaves_per_processor_sec
            ),
            ratio(
                figures.compared_append_leaves_per_processor_sec,
                figures.semaphore_cascading_append_leaves_per_processor_sec,
            ),
        ),
        (
            "append of one leaf, µs (lazy tree)",
            format!("{:.0}", figures.update_micros),
            format!("{:.0}", figures.semaphore_lazy_update_micros),
            ratio(figures.semaphore_lazy_update_micros, figures.update_micros),
        ),
        (
            "path of a leaf, µs (lazy tree)",
            format!("{:.2}", figures.compared_proof_micros),
            format!("{:.2}", figures.semaphore_lazy_proof_micros),
            ratio(
                figures.semaphore_lazy_proof_micros,
                figures.compared_proof_micros,
            ),
        ),
    ];
    println!("| same work | annona | semaphore-rs | |\n| --- | ---: | ---: | ---: |");
    for (what, ours, theirs, ratio) in rows {
        println!("| {what} | {ours} | {theirs} | {ratio} |");
    }
    println!(
        "\n| {} leaves, {} versions, {} cores | |\n| --- | ---: |",
        figures.leaves, figures.versions, figures.cores
    );
    let memory = figures
        .resident_megabytes
        .map_or("unknown".to_owned(), |size| format!("{size:.0}"));
    for (what, figure) in [
        (
            "append in batches of 256, leaves/s on the clock",
            format!("{:.0}", figures.append_leaves_per_sec),
        ),
        (
            "append in batches of 256, leaves/s of a processor",
            format!("{:.0}", figures.append_leaves_per_processor_sec),
        ),
        (
            "path in the slowest version, µs",
            format!("{:.2}", figures.proof_micros_slowest_version),
        ),
        (
            "file, MB",
            format!("{:.1}", figures.file_bytes as f64 / 1e6),
        ),
        (
            "restore from it, s on the clock",
            format!("{:.2}", figures.restore_secs),
        ),
        (
            "restore from it, s of processors",
            format!("{:.2}", figures.restore_processor_secs),
        ),
        ("memory of the process, MB", memory),
    ] {
        println!("| {what} | {figure} |");
    }
}
