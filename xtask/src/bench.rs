use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::setup;
use crate::shell::{cargo, cargo_example, circuit_keys};

/// Measurements.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Score distributions of the iris pipeline on simulated eyes, with the picture in docs/.
    Scores {
        /// Number of eyes, two a person.
        #[arg(long, default_value_t = 200)]
        eyes: u32,
        /// Captures of each eye.
        #[arg(long, default_value_t = 4)]
        captures: u32,
    },
    /// Processor time of the iris pipeline by stage, on one core.
    Iris {
        /// One JSON object instead of the table.
        #[arg(long)]
        json: bool,
    },
    /// Constraints, key, witness, proof and verification of the registry's circuits.
    Circuits {
        /// Circuits, such as append-256; all of them when none is named.
        circuits: Vec<String>,
    },
    /// Gas of joining and leaving for each person, on Anvil with real proofs.
    Gas {
        /// Also write the figures to this file.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// People a second from the queue to a final leaf, on Anvil with real proofs.
    Registry {
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Claims accepted and settled a second, on Anvil with real proofs: one process, SQLite.
    Relay {
        /// People, of whom each claims once.
        #[arg(long, default_value_t = 1024)]
        claims: u32,
        /// Also write the figures to this file.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Claim proofs: verified one by one and in batches, and made, beside semaphore-rs.
    Proofs {
        /// File for the figures.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// The hash and the membership tree, beside semaphore-rs's.
    Tree {
        /// Size of the tree.
        #[arg(long, default_value_t = 1_000_000)]
        leaves: u64,
        /// File for the figures.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
}

/// Runs a measurement.
pub(crate) fn run(bench: &Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Scores { eyes, captures } => scores(*eyes, *captures),
        Bench::Iris { json } => {
            let mut command = vec![
                "bench",
                "--quiet",
                "--package",
                "orb-sim",
                "--no-default-features",
                "--bench",
                "iris",
                "--",
            ];
            command.extend(json.then_some("--json"));
            cargo(&command)
        }
        Bench::Circuits { circuits } => {
            let keys = circuit_keys();
            let keys = keys.to_string_lossy();
            let mut arguments = vec![keys.as_ref()];
            arguments.extend(circuits.iter().map(String::as_str));
            bench_as_built("annona-keys", "circuits", &arguments)
        }
        Bench::Gas { json } => {
            setup::run()?;
            let file = json.as_deref().map(std::path::absolute).transpose()?;
            let arguments: Vec<_> = [Some(circuit_keys()), file].into_iter().flatten().collect();
            let arguments: Vec<_> = arguments
                .iter()
                .map(|path| path.to_string_lossy())
                .collect();
            let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
            bench_as_built("annona-chain", "gas", &arguments)
        }
        Bench::Registry { json } => {
            setup::run()?;
            let keys = circuit_keys();
            let keys = keys.to_string_lossy();
            let mut command = vec!["run", "--quiet", "--release", "--package", "annona", "--"];
            command.extend(["registry", "bench", "--keys", keys.as_ref()]);
            command.extend(json.then_some("--json"));
            cargo(&command)
        }
        Bench::Relay { claims, json } => relay(*claims, json.as_deref()),
        Bench::Proofs { json } => bench_target("annona-proofs", "proofs", &[], json.as_deref()),
        Bench::Tree { leaves, json } => {
            let leaves = leaves.to_string();
            bench_target(
                "annona-tree",
                "tree",
                &["--leaves", &leaves],
                json.as_deref(),
            )
        }
    }
}

fn relay(claims: u32, json: Option<&Path>) -> anyhow::Result<()> {
    setup::run()?;
    let (claims, keys) = (claims.to_string(), circuit_keys());
    let keys = keys.to_string_lossy();
    let mut command = vec!["run", "--quiet", "--release", "--package", "annona", "--"];
    command.extend(["relay", "bench", "--claims", &claims, "--keys", &keys]);
    let json = json.map(Path::to_string_lossy);
    if let Some(path) = &json {
        command.extend(["--json", path]);
    }
    cargo(&command)
}

fn scores(eyes: u32, captures: u32) -> anyhow::Result<()> {
    let (eyes, captures) = (eyes.to_string(), captures.to_string());
    cargo_example(
        "annona-evaluation",
        "scores",
        &[
            "--eyes",
            &eyes,
            "--captures",
            &captures,
            "--plot",
            "docs/measurements/iris-scores.svg",
        ],
    )
}

/// Runs a measurement in the profile of development, which optimises what computes and of which
/// tests have built the dependencies.
fn bench_as_built(package: &str, target: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = vec!["bench", "--quiet", "--profile", "dev", "--package", package];
    command.extend(["--bench", target, "--"]);
    command.extend(arguments);
    cargo(&command)
}

fn bench_target(
    package: &str,
    target: &str,
    arguments: &[&str],
    json: Option<&Path>,
) -> anyhow::Result<()> {
    let mut command = vec!["bench", "--package", package, "--bench", target, "--"];
    command.extend(arguments);
    // The measurement runs in the folder of its package.
    let json = json.map(std::path::absolute).transpose()?;
    let json = json.map(|path| path.to_string_lossy().into_owned());
    if let Some(path) = &json {
        command.extend(["--json", path]);
    }
    cargo(&command)
}
