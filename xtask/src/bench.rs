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
    /// Processor time of the iris pipeline by stage, on one core.
    Iris {
        /// One JSON object instead of the table.
        #[arg(long)]
        json: bool,
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
