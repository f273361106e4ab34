//! `zkml FOLDER [MODEL...] [--setup] [--json FILE]`, run by `cargo xtask bench zkml`: the cost of
//! proofs of encodings, with provers under test keys in FOLDER, which are made where they are
//! missing, or with `--setup` in any case. Each model is measured in processes of its own, so that
//! the memory is that of one prover. Wall time, and processor time in brackets.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use annona_core::B256;
use annona_keys::ProverFile;
use annona_model::{Eye, ModelName, NormalisedIris};
use annona_proofs::KeyOrigin;
use annona_zkml::{EncodingProver, IrisPackage, ProofContext, circuit, circuit_name, pinned};
use cpu_time::ProcessTime;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

/// Repetitions; the best counts.
const RUNS: usize = 3;
/// Verifications in a repetition: one alone is too short to be timed.
const VERIFICATIONS: u32 = 20;
/// Bytes of a proof: two points of G1 and one of G2, compressed.
const PROOF_BYTES: usize = 128;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A time on the wall and on the processors, in seconds.
#[derive(Clone, Copy)]
struct Cost(f64, f64);

impl Cost {
    const WORST: Self = Self(f64::MAX, f64::MAX);

    fn least(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.min(other.1))
    }

    fn to_json(self) -> Value {
        json!({ "secs": self.0, "processor_secs": self.1 })
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (wall, processor) = (Instant::now(), ProcessTime::now());
    let done = work();
    let cost = Cost(
        wall.elapsed().as_secs_f64(),
        processor.elapsed().as_secs_f64(),
    );
    (done, cost)
}

fn main() -> Outcome<()> {
    // Cargo adds a flag that says what it runs.
    let arguments = std::env::args().skip(1).filter(|it| it != "--bench");
    let arguments: Vec<String> = arguments.collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--make", model, folder] => answer(&make(model.parse()?, Path::new(folder))?),
        ["--prove", model, folder] => answer(&prove(model.parse()?, Path::new(folder))?),
        [folder, others @ ..] => all(&std::path::absolute(folder)?, others),
        [] => Err("usage: zkml FOLDER [MODEL...] [--setup] [--json FILE]".into()),
    }
}

fn answer(figures: &Value) -> Outcome<()> {
    println!("{figures}");
    Ok(())
}

fn all(folder: &Path, others: &[&str]) -> Outcome<()> {
    let (mut models, mut json, mut is_setup) = (Vec::new(), None, false);
    let mut others = others.iter();
    while let Some(argument) = others.next() {
        match *argument {
            "--setup" => is_setup = true,
            "--json" => json = others.next(),
            name => models.push(name.parse::<ModelName>()?),
        }
    }
    if models.is_empty() {
        models = ModelName::ALL.to_vec();
    }
    println!("| model | constraints | setup s | witness s | prove s | verify ms | memory MB |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut rows = Vec::new();
    for model in models {
        rows.push(measure(model, folder, is_setup)?);
    }
    if let Some(file) = json {
        let figures = json!({ "models": rows });
        std::fs::write(file, serde_json::to_string_pretty(&figures)? + "\n")?;
    }
    Ok(())
}

fn measure(model: ModelName, folder: &Path, is_setup: bool) -> Outcome<Value> {
    let file = file(model, folder);
    let setup = if is_setup || file.load(pinned(model).test_key_hash).is_err() {
        child("--make", model, folder)?
    } else {
        Value::Null
    };
    let mut row = child("--prove", model, folder)?;
    row["setup"] = setup;
    row["prover_bytes"] = std::fs::metadata(file.path())?.len().into();
    let secs = |part: &str| row[part]["secs"].as_f64();
    let shown = |value: Option<f64>| value.map_or("-".to_owned(), |it| format!("{it:.3}"));
    println!(
        "| {model} | {} | {} | {} | {} | {} | {} |",
        row["constraints"],
        shown(secs("setup")),
        shown(secs("witness")),
        shown(secs("prove")),
        shown(secs("verify").map(|it| 1000.0 * it)),
        shown(row["memory_megabytes"].as_f64()),
    );
    Ok(row)
}

/// Runs a part of the measurement as a process of its own.
fn child(part: &str, model: ModelName, folder: &Path) -> Outcome<Value> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args([part, model.name()]).arg(folder).output()?;
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout)?)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

fn file(model: ModelName, folder: &Path) -> ProverFile {
    ProverFile::new(folder, circuit_name(model), KeyOrigin::UnsafeTest)
}

fn make(model: ModelName, folder: &Path) -> Outcome<Value> {
    let (key, cost) = timed(|| file(model, folder).make_test_key(&circuit(model)));
    key?;
    let mut figures = cost.to_json();
    figures["memory_megabytes"] = json!(memory_megabytes());
    Ok(figures)
}

fn prove(model: ModelName, folder: &Path) -> Outcome<Value> {
    let (key, load) = timed(|| file(model, folder).load(pinned(model).test_key_hash));
    let prover = EncodingProver::new(model, key?);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let package = IrisPackage::new(Eye::Left, iris(model)?, &mut rng);
    let context = ProofContext {
        purpose: "bench".parse()?,
        account: B256::ZERO,
        epoch: 0,
    };
    let (mut witness, mut prove, mut verify) = (Cost::WORST, Cost::WORST, Cost::WORST);
    let mut file_bytes = 0;
    for _ in 0..RUNS {
        let (prepared, cost) = timed(|| prover.prepare(&package, &context));
        witness = witness.least(cost);
        let prepared = prepared?;
        // A verification is part of it: no proof leaves a prover unverified.
        let (proof, cost) = timed(|| prover.prove(&prepared, &mut rng));
        prove = prove.least(cost);
        let proof = proof?;
        let (verified, cost) =
            timed(|| (0..VERIFICATIONS).try_for_each(|_| prover.verifier().verify(&proof)));
        verified?;
        let count = f64::from(VERIFICATIONS);
        verify = verify.least(Cost(cost.0 / count, cost.1 / count));
        file_bytes = proof.to_json().len();
    }
    Ok(json!({
        "model": model.name(),
        "backend": annona_zkml::BACKEND,
        "code_bits": model.model().code_count(),
        "constraints": pinned(model).constraints,
        "load": load.to_json(),
        "witness": witness.to_json(),
        "prove": prove.to_json(),
        "verify": verify.to_json(),
        "memory_megabytes": memory_megabytes(),
        "proof_bytes": PROOF_BYTES,
        "proof_file_bytes": file_bytes,
    }))
}

/// The most memory that this process ever had, where the system tells.
fn memory_megabytes() -> Option<f64> {
    let status = std::fs::read_to_string(PathBuf::from("/proc/self/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// An iris that looks random, a seventh of it noisy.
fn iris(model: ModelName) -> Outcome<NormalisedIris> {
    let size = *model.model().size();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 32
    };
    let pixels = (0..size.pixel_count()).map(|_| next() as u8 & size.white());
    let pixels = pixels.collect();
    let noise = (0..size.noise_count()).map(|_| next() % 7 == 0).collect();
    Ok(NormalisedIris::new(model.model(), pixels, noise)?)
}
