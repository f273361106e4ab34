use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;

use crate::shell::{cargo, cargo_path, circuit_keys, debug_folder, read_from, root, run_in};
use crate::{generate, setup};

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
        /// Seeds of the people; the picture shows the first.
        #[arg(long, value_delimiter = ',', default_values_t = [90_210])]
        seeds: Vec<u64>,
        /// Also write the figures to this file.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Processor time of the iris pipeline by stage, on one core.
    Iris {
        /// File for the figures, instead of the table.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Constraints, key, witness, proof and verification of the registry's circuits.
    Circuits {
        /// Circuits, such as append-256; all of them when none is named.
        circuits: Vec<String>,
        /// Also write the figures to this file.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Constraints, key, witness, proof, verification and memory of proofs of encodings and
    /// re-captures.
    Zkml {
        /// Models, such as s18, or recapture-s18 for its re-capture; all when none is named.
        models: Vec<String>,
        /// Make the keys anew and measure that: minutes for p.
        #[arg(long)]
        setup: bool,
        /// Also write the figures to this file.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Gas of joining and leaving for each person, on Anvil with real proofs.
    Gas {
        /// Also write the figures to this file.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Gas of the verification of an encoding on chain, in forge with a frozen proof.
    GasEncoding {
        /// File for the figures, instead of the table.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// People a second from the queue to a final leaf, on Anvil with real proofs.
    Registry {
        /// File for the figures, instead of the table.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
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
    /// Claim proofs in Chromium, by the module of `crates/wasm` and by snarkjs in the same run.
    Wasm {
        /// Claims of each, after one that warms up.
        #[arg(long, default_value_t = 9)]
        claims: u32,
        /// File for the figures, instead of the table.
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
        Bench::Scores {
            eyes,
            captures,
            seeds,
            json,
        } => scores(*eyes, *captures, seeds, json.as_deref()),
        Bench::Iris { json } => {
            let command = [
                "bench",
                "--quiet",
                "--package",
                "orb-sim",
                "--no-default-features",
                "--bench",
                "iris",
                "--",
            ];
            printed_or_kept(&command, json.as_deref())
        }
        Bench::Circuits { circuits, json } => {
            let keys = circuit_keys();
            let keys = keys.to_string_lossy();
            let mut arguments = vec![keys.as_ref()];
            arguments.extend(circuits.iter().map(String::as_str));
            let json = absolute(json.as_deref())?;
            if let Some(path) = &json {
                arguments.extend(["--json", path]);
            }
            bench_as_built("circuits", &arguments)
        }
        Bench::Zkml {
            models,
            setup,
            json,
        } => {
            let keys = circuit_keys();
            let keys = keys.to_string_lossy();
            let mut arguments = vec![keys.as_ref()];
            arguments.extend(models.iter().map(String::as_str));
            arguments.extend(setup.then_some("--setup"));
            let json = absolute(json.as_deref())?;
            if let Some(path) = &json {
                arguments.extend(["--json", path]);
            }
            bench_as_built("zkml", &arguments)
        }
        Bench::Gas { json } => {
            setup::run()?;
            let keys = circuit_keys();
            let keys = keys.to_string_lossy();
            let file = absolute(json.as_deref())?;
            let arguments: Vec<&str> = std::iter::once(&*keys).chain(file.as_deref()).collect();
            bench_as_built("gas", &arguments)
        }
        Bench::GasEncoding { json } => gas_encoding(json.as_deref()),
        Bench::Registry { json } => {
            setup::run()?;
            let keys = circuit_keys();
            let keys = keys.to_string_lossy();
            let mut command = vec!["run", "--quiet", "--release", "--package", "annona", "--"];
            command.extend(["registry", "bench", "--keys", keys.as_ref()]);
            printed_or_kept(&command, json.as_deref())
        }
        Bench::Relay { claims, json } => relay(*claims, json.as_deref()),
        Bench::Proofs { json } => bench_target("annona-proofs", "proofs", &[], json.as_deref()),
        Bench::Wasm { claims, json } => wasm(*claims, json.as_deref()),
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

/// Runs forge's test, which fails if the gas is not the one in its snapshot, and reads that.
fn gas_encoding(json: Option<&Path>) -> anyhow::Result<()> {
    setup::run()?;
    let contracts = root().join("contracts");
    let test = ["test", "--offline", "--match-contract", "EncodingGasTest"];
    run_in(&contracts, generate::forge(), &test)?;
    let kept = std::fs::read_to_string(contracts.join("snapshots/EncodingGasTest.json"))?;
    let kept: BTreeMap<String, String> = serde_json::from_str(&kept)?;
    let parsed = kept.iter().map(|(name, gas)| Ok((name, gas.parse()?)));
    let figures: BTreeMap<&String, u64> = parsed.collect::<anyhow::Result<_>>()?;
    let text = serde_json::to_string_pretty(&figures)?;
    match json {
        Some(path) => std::fs::write(path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display())),
        None => Ok(writeln!(std::io::stdout(), "{text}")?),
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

fn wasm(claims: u32, json: Option<&Path>) -> anyhow::Result<()> {
    setup::run()?;
    crate::app::build_module()?;
    setup::install_packages_of("app")?;
    let folder = root().join("target/bench-wasm");
    std::fs::create_dir_all(&folder)?;
    let folder = folder.to_string_lossy();
    generate::build(&["--bin", "annona-peers"])?;
    let program = format!("annona-peers{}", std::env::consts::EXE_SUFFIX);
    let key = generate::semaphore_proving_key()?;
    let key = key.to_string_lossy();
    read_from(
        root(),
        debug_folder()?.join(program),
        &["snarkjs", &key, &folder],
    )?;
    let claims = claims.to_string();
    let script = ["scripts/bench.mjs", &folder, &claims];
    let app = root().join("app");
    match json {
        Some(path) => {
            let figures = read_from(&app, "node", &[&script[..], &["--json"]].concat())?;
            std::fs::write(path, figures)
                .with_context(|| format!("cannot write {}", path.display()))
        }
        None => run_in(&app, "node", &script),
    }
}

fn scores(eyes: u32, captures: u32, seeds: &[u64], json: Option<&Path>) -> anyhow::Result<()> {
    let (eyes, captures) = (eyes.to_string(), captures.to_string());
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let seeds = seeds.join(",");
    let mut arguments = vec!["--eyes", &eyes, "--captures", &captures, "--seeds", &seeds];
    arguments.extend(["--plot", "docs/measurements/iris-scores.svg"]);
    let json = json.map(Path::to_string_lossy);
    if let Some(path) = &json {
        arguments.extend(["--json", path]);
    }
    // With the features of the tests: the dependencies are built once.
    generate::build(&["--example", "scores"])?;
    let file = format!("examples/scores{}", std::env::consts::EXE_SUFFIX);
    run_in(root(), debug_folder()?.join(file), &arguments)
}

/// Runs a measurement that prints a table, or with `--json` its figures; these go to a file.
fn printed_or_kept(command: &[&str], json: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = json else {
        return cargo(command);
    };
    let figures = read_from(root(), cargo_path(), &[command, &["--json"]].concat())?;
    std::fs::write(path, figures).with_context(|| format!("cannot write {}", path.display()))
}

/// Returns the path of a file as it is called in any folder: a measurement runs in the folder of
/// its package.
fn absolute(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let path = file.map(std::path::absolute).transpose()?;
    Ok(path.map(|path| path.to_string_lossy().into_owned()))
}

/// Runs a measurement in the profile of development, which optimises what computes, and with the
/// features of the tests, which have built the dependencies.
fn bench_as_built(target: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = vec!["bench", "--quiet", "--profile", "dev", "--workspace"];
    command.extend(["--all-features", "--bench", target, "--"]);
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
    let json = absolute(json)?;
    if let Some(path) = &json {
        command.extend(["--json", path]);
    }
    cargo(&command)
}
