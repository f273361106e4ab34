use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::shell::{cargo, cargo_example};

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
        Bench::Tree { leaves, json } => tree(*leaves, json.as_deref()),
    }
}

fn scores(eyes: u32, captures: u32) -> anyhow::Result<()> {
    let (eyes, captures) = (eyes.to_string(), captures.to_string());
    cargo_example(
        "orb-sim",
        "scores",
        &[
            "--eyes",
            &eyes,
            "--captures",
            &captures,
            "--plot",
            "docs/iris-scores.svg",
        ],
    )
}

fn tree(leaves: u64, json: Option<&Path>) -> anyhow::Result<()> {
    let leaves = leaves.to_string();
    let mut command = vec!["bench", "--package", "annona-tree", "--bench", "tree", "--"];
    command.extend(["--leaves", &leaves]);
    // The measurement runs in the folder of its package.
    let json = json.map(std::path::absolute).transpose()?;
    let json = json.map(|path| path.to_string_lossy().into_owned());
    if let Some(path) = &json {
        command.extend(["--json", path]);
    }
    cargo(&command)
}
