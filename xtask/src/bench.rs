use clap::Subcommand;

use crate::shell::cargo_example;

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
}

/// Runs a measurement.
pub(crate) fn run(bench: &Bench) -> anyhow::Result<()> {
    let Bench::Scores { eyes, captures } = bench;
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
