//! `zkml FOLDER [SUBJECT...] [--setup] [--json FILE]`, run by `cargo xtask bench zkml`: the cost of
//! proofs of encodings (`p`, ...) and of re-captures (`recapture-p`, ...), with provers under test
//! keys in FOLDER, which are made where they are missing, or with `--setup` in any case. Each
//! subject is measured in processes of its own, so that the memory is that of one prover. Wall
//! time, and processor time in brackets.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use annona_core::B256;
use annona_keys::{KeyError, Pinned, ProverFile};
use annona_model::{Eye, ModelName, NormalisedIris};
use annona_proofs::{KeyOrigin, ProverKey};
use annona_zkml::{
    EncodingProver, IrisPackage, ProofContext, RECAPTURE_BELOW_MICROS, RecaptureProver, circuit,
    circuit_name, pinned, pinned_recapture, recapture_circuit, recapture_circuit_name,
};
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

/// Beginning of the name of a re-capture.
const RECAPTURE: &str = "recapture-";

/// Subject of a proof: a relation and a model.
#[derive(Clone, Copy)]
enum Subject {
    Encoding(ModelName),
    Recapture(ModelName),
}

impl Subject {
    /// All subjects that are measured unless some are named.
    fn all() -> Vec<Self> {
        let encodings = ModelName::ALL.into_iter().map(Self::Encoding);
        // The rows of P2 are those of P.
        let recaptures = [ModelName::P, ModelName::S18, ModelName::Ci].map(Self::Recapture);
        encodings.chain(recaptures).collect()
    }

    fn parse(name: &str) -> Outcome<Self> {
        Ok(match name.strip_prefix(RECAPTURE) {
            Some(model) => Self::Recapture(model.parse()?),
            None => Self::Encoding(name.parse()?),
        })
    }

    fn model(self) -> ModelName {
        match self {
            Self::Encoding(model) | Self::Recapture(model) => model,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Encoding(model) => model.name().to_owned(),
            Self::Recapture(model) => format!("{RECAPTURE}{model}"),
        }
    }

    fn pinned(self) -> &'static Pinned {
        match self {
            Self::Encoding(model) => pinned(model),
            Self::Recapture(model) => pinned_recapture(model),
        }
    }

    fn file(self, folder: &Path) -> ProverFile {
        let name = match self {
            Self::Encoding(model) => circuit_name(model),
            Self::Recapture(model) => recapture_circuit_name(model),
        };
        ProverFile::new(folder, name, KeyOrigin::UnsafeTest)
    }

    fn make(self, folder: &Path) -> Result<ProverKey, KeyError> {
        let file = self.file(folder);
        match self {
            Self::Encoding(model) => file.make_test_key(&circuit(model)),
            Self::Recapture(model) => file.make_test_key(&recapture_circuit(model)),
        }
    }
}

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
        ["--make", name, folder] => answer(&make(Subject::parse(name)?, Path::new(folder))?),
        ["--prove", name, folder] => answer(&prove(Subject::parse(name)?, Path::new(folder))?),
        [folder, others @ ..] => all(&std::path::absolute(folder)?, others),
        [] => Err("usage: zkml FOLDER [SUBJECT...] [--setup] [--json FILE]".into()),
    }
}

fn answer(figures: &Value) -> Outcome<()> {
    println!("{figures}");
    Ok(())
}

fn all(folder: &Path, others: &[&str]) -> Outcome<()> {
    let (mut subjects, mut json, mut is_setup) = (Vec::new(), None, false);
    let mut others = others.iter();
    while let Some(argument) = others.next() {
        match *argument {
            "--setup" => is_setup = true,
            "--json" => json = others.next(),
            name => subjects.push(Subject::parse(name)?),
        }
    }
    if subjects.is_empty() {
        subjects = Subject::all();
    }
    println!("| model | constraints | setup s | witness s | prove s | verify ms | memory MB |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut rows = Vec::new();
    for subject in subjects {
        rows.push(measure(subject, folder, is_setup)?);
    }
    if let Some(file) = json {
        let figures = json!({ "models": rows });
        std::fs::write(file, serde_json::to_string_pretty(&figures)? + "\n")?;
    }
    Ok(())
}

fn measure(subject: Subject, folder: &Path, is_setup: bool) -> Outcome<Value> {
    let file = subject.file(folder);
    let setup = if is_setup || file.load(subject.pinned().test_key_hash).is_err() {
        child("--make", subject, folder)?
    } else {
        Value::Null
    };
    let mut row = child("--prove", subject, folder)?;
    row["setup"] = setup;
    row["prover_bytes"] = std::fs::metadata(file.path())?.len().into();
    let secs = |part: &str| row[part]["secs"].as_f64();
    let shown = |value: Option<f64>| value.map_or("-".to_owned(), |it| format!("{it:.3}"));
    println!(
        "| {} | {} | {} | {} | {} | {} | {} |",
        subject.name(),
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
fn child(part: &str, subject: Subject, folder: &Path) -> Outcome<Value> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args([part, &subject.name()]).arg(folder).output()?;
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout)?)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

fn make(subject: Subject, folder: &Path) -> Outcome<Value> {
    let (key, cost) = timed(|| subject.make(folder));
    key?;
    let mut figures = cost.to_json();
    figures["memory_megabytes"] = json!(memory_megabytes());
    Ok(figures)
}

/// Best times of the parts of a proof, and the bytes of its file.
struct Parts {
    witness: Cost,
    prove: Cost,
    verify: Cost,
    file_bytes: usize,
}

impl Parts {
    fn worst() -> Self {
        Self {
            witness: Cost::WORST,
            prove: Cost::WORST,
            verify: Cost::WORST,
            file_bytes: 0,
        }
    }

    /// Times verifications of a proof, of which one alone is too short.
    fn verified<E: std::error::Error + 'static>(
        &mut self,
        verify: impl Fn() -> Result<(), E>,
    ) -> Outcome<()> {
        let (verified, cost) = timed(|| (0..VERIFICATIONS).try_for_each(|_| verify()));
        verified?;
        let count = f64::from(VERIFICATIONS);
        self.verify = self.verify.least(Cost(cost.0 / count, cost.1 / count));
        Ok(())
    }
}

fn prove(subject: Subject, folder: &Path) -> Outcome<Value> {
    let pinned = subject.pinned();
    let (key, load) = timed(|| subject.file(folder).load(pinned.test_key_hash));
    let parts = match subject {
        Subject::Encoding(model) => prove_encoding(model, key?)?,
        Subject::Recapture(model) => prove_recapture(model, key?)?,
    };
    Ok(json!({
        "model": subject.name(),
        "backend": annona_zkml::BACKEND,
        "code_bits": subject.model().model().code_count(),
        "constraints": pinned.constraints,
        "load": load.to_json(),
        "witness": parts.witness.to_json(),
        "prove": parts.prove.to_json(),
        "verify": parts.verify.to_json(),
        "memory_megabytes": memory_megabytes(),
        "proof_bytes": PROOF_BYTES,
        "proof_file_bytes": parts.file_bytes,
    }))
}

fn context() -> Outcome<ProofContext> {
    Ok(ProofContext {
        purpose: "bench".parse()?,
        account: B256::ZERO,
        epoch: 0,
    })
}

fn prove_encoding(model: ModelName, key: ProverKey) -> Outcome<Parts> {
    let prover = EncodingProver::new(model, key);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let package = IrisPackage::new(Eye::Left, iris(model, 0)?, &mut rng);
    let (context, mut parts) = (context()?, Parts::worst());
    for _ in 0..RUNS {
        let (prepared, cost) = timed(|| prover.prepare(&package, &context));
        parts.witness = parts.witness.least(cost);
        let prepared = prepared?;
        // A verification is part of it: no proof leaves a prover unverified.
        let (proof, cost) = timed(|| prover.prove(&prepared, &mut rng));
        parts.prove = parts.prove.least(cost);
        let proof = proof?;
        parts.verified(|| prover.verifier().verify(&proof))?;
        parts.file_bytes = proof.to_json().len();
    }
    Ok(parts)
}

fn prove_recapture(model: ModelName, key: ProverKey) -> Outcome<Parts> {
    let prover = RecaptureProver::new(model, key);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let enrolled = IrisPackage::new(Eye::Left, iris(model, 0)?, &mut rng);
    let fresh = IrisPackage::new(Eye::Left, iris(model, 1)?, &mut rng);
    let (context, mut parts) = (context()?, Parts::worst());
    let most = RECAPTURE_BELOW_MICROS - 1;
    for _ in 0..RUNS {
        // Both codes and their score are computed anew for each proof.
        let (prepared, cost) = timed(|| prover.prepare([&enrolled, &fresh], most, &context));
        parts.witness = parts.witness.least(cost);
        let prepared = prepared?;
        let (proof, cost) = timed(|| prover.prove(&prepared, &mut rng));
        parts.prove = parts.prove.least(cost);
        let proof = proof?;
        parts.verified(|| prover.verifier().verify(&proof))?;
        parts.file_bytes = proof.to_json().len();
    }
    Ok(parts)
}

/// The most memory that this process ever had, where the system tells.
fn memory_megabytes() -> Option<f64> {
    let status = std::fs::read_to_string(PathBuf::from("/proc/self/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// An iris that looks random, a seventh of it noisy; of each capture a pixel in 64 is another.
fn iris(model: ModelName, capture: usize) -> Outcome<NormalisedIris> {
    let size = *model.model().size();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 32
    };
    let pixels = (0..size.pixel_count()).map(|at| {
        let changed = u8::from(at % 64 == capture % 64);
        (next() as u8 ^ changed) & size.white()
    });
    let pixels = pixels.collect();
    let noise = (0..size.noise_count()).map(|_| next() % 7 == 0).collect();
    Ok(NormalisedIris::new(model.model(), pixels, noise)?)
}
