//! `circuits FOLDER [CIRCUIT...] [--json FILE]`, run by `cargo xtask bench circuits`: the cost of
//! the circuits, with test keys in FOLDER. Wall time, and processor time in brackets.

use std::path::PathBuf;
use std::time::Instant;

use annona_circuits::{
    AnyCircuit, Append, AppendPublic, AppendWitness, Circuit, CircuitId, Removal, Revoke,
    RevokePublic, RevokeWitness, assign, outputs,
};
use annona_core::FieldElement;
use annona_keys::{KeyFolder, pinned};
use annona_proofs::RegistryBatchVerifier;
use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};
use cpu_time::ProcessTime;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

/// Repetitions; the best counts.
const RUNS: usize = 3;

/// A time on the wall and on the processors, in seconds.
#[derive(Clone, Copy)]
struct Cost(f64, f64);

impl Cost {
    fn to_json(self) -> Value {
        json!({ "secs": self.0, "processor_secs": self.1 })
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3} ({:.3})", self.0, self.1)
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (wall, processor) = (Instant::now(), ProcessTime::now());
    let done = work();
    (
        done,
        Cost(
            wall.elapsed().as_secs_f64(),
            processor.elapsed().as_secs_f64(),
        ),
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo adds a flag that says what it runs.
    let arguments = std::env::args().skip(1).filter(|it| it != "--bench");
    let mut arguments: Vec<String> = arguments.collect();
    let json = arguments.iter().position(|it| it == "--json");
    let json = json.map(|place| arguments.split_off(place));
    let mut arguments = arguments.into_iter();
    let folder = arguments
        .next()
        .ok_or("usage: circuits FOLDER [CIRCUIT...] [--json FILE]")?;
    let folder = KeyFolder::new(PathBuf::from(folder));
    let named: Vec<CircuitId> = arguments
        .map(|name| name.parse())
        .collect::<Result<_, _>>()?;
    let circuits = if named.is_empty() {
        CircuitId::ALL.to_vec()
    } else {
        named
    };
    println!("| circuit | constraints | load or make key | witness | prove | verify |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut rows = Vec::new();
    for circuit in circuits {
        rows.push(match circuit.circuit() {
            AnyCircuit::Append(append) => measure(circuit, &append, &appended(&append), &folder)?,
            AnyCircuit::Revoke(revoke) => measure(circuit, &revoke, &revoked(&revoke), &folder)?,
        });
    }
    if let Some([_, file]) = json.as_deref() {
        let figures = json!({ "circuits": rows });
        std::fs::write(file, serde_json::to_string_pretty(&figures)? + "\n")?;
    }
    Ok(())
}

fn measure<C: Circuit>(
    id: CircuitId,
    circuit: &C,
    witness: &C::Witness,
    folder: &KeyFolder,
) -> Result<Value, Box<dyn std::error::Error>> {
    let (key, loading) = timed(|| folder.test_key(id));
    let key = key?;
    let verifier = RegistryBatchVerifier::new(key.verifying_key());
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut best = [Cost(f64::MAX, f64::MAX); 3];
    for _ in 0..RUNS {
        let (assignment, witnessing) = timed(|| assign(circuit, witness));
        let (points, proving) = timed(|| key.prove(&assignment, &mut rng));
        let inputs: Vec<FieldElement> = assignment
            .public_inputs()
            .iter()
            .map(|input| {
                let bytes = input.into_bigint().to_bytes_be();
                FieldElement::from_be_bytes(bytes.try_into().expect("a scalar has 32 bytes"))
            })
            .collect::<Result<_, _>>()?;
        let points = points?;
        let (verified, verifying) = timed(|| verifier.verify_inputs(&inputs, &points));
        verified?;
        for (best, cost) in best.iter_mut().zip([witnessing, proving, verifying]) {
            *best = Cost(best.0.min(cost.0), best.1.min(cost.1));
        }
    }
    let [witnessing, proving, verifying] = best;
    let constraints = pinned(id).constraints;
    println!("| {id} | {constraints} | {loading} | {witnessing} | {proving} | {verifying} |");
    Ok(json!({
        "circuit": id.name(),
        "constraints": constraints,
        "key": loading.to_json(),
        "witness": witnessing.to_json(),
        "prove": proving.to_json(),
        "verify": verifying.to_json(),
    }))
}

/// Elements that look like hashes.
fn elements(count: usize) -> Vec<Fr> {
    let mut value = Fr::from(0x9e37_79b9_u64);
    (0..count)
        .map(|_| {
            value = value * value + Fr::from(1);
            value
        })
        .collect()
}

/// A full batch whose start has a bit at every other level, in a tree that the frontier makes up.
fn appended(circuit: &Append) -> AppendWitness {
    let start = 0x1555_5555_u64;
    let frontier = elements(circuit.depth);
    let mut witness = AppendWitness {
        public: AppendPublic {
            start_index: Fr::from(start),
            x: frontier[7],
            ..AppendPublic::default()
        },
        private: circuit.private(start, &frontier, &elements(circuit.batch)),
    };
    let computed = outputs(circuit, &witness);
    let public = &mut witness.public;
    (public.pre_root, public.post_root) = (computed[0], computed[1]);
    (public.digest, public.y) = (computed[2], computed[3]);
    witness
}

/// A full batch of removals of nothing, on paths that look like others: as dear as any.
fn revoked(circuit: &Revoke) -> RevokeWitness {
    let removals: Vec<Removal> = (0..circuit.batch as u64)
        .map(|index| Removal::new(index, Fr::from(0), elements(circuit.depth)))
        .collect();
    let mut witness = RevokeWitness {
        public: RevokePublic {
            x: Fr::from(0x1234_5678),
            ..RevokePublic::default()
        },
        private: circuit.private(&removals),
    };
    let computed = outputs(circuit, &witness);
    let public = &mut witness.public;
    (public.post_root, public.digest, public.y) = (computed[0], computed[1], computed[2]);
    witness
}
