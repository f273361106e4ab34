//! Developer commands: `cargo xtask setup | demo | test | gen | fuzz | bench`.
//!
//! Each sets up what it needs, so that two commands are enough on a fresh machine
//! with Rust and Node.js: `cargo xtask demo` and `cargo xtask test`.

mod bench;
mod durations;
mod fuzz;
mod generate;
mod rust_tests;
mod setup;
mod shell;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer commands of Annona.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what the other commands need (npm packages with the Solidity tools), if it is not there.
    Setup,
    /// Set up, build, and run the whole story: `annona demo`, with its arguments.
    #[command(disable_help_flag = true)]
    Demo {
        /// Arguments of `annona demo`; `--help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Set up and run every check and test: formats, lints, Solidity, Rust, the demo, the npm verifier.
    Test(test::TestArgs),
    /// Make the generated files: verifying key, Solidity verifier and its test proofs, iris vectors, contract artifacts, OpenAPI.
    Gen {
        /// Change nothing; fail when a file is not what it would be made as.
        #[arg(long)]
        check: bool,
    },
    /// Run the fuzz targets of the iris pipeline (needs nightly Rust and cargo-fuzz).
    Fuzz(fuzz::FuzzArgs),
    /// Measure.
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Setup => setup::run(),
        Command::Demo { arguments } => demo(&arguments),
        Command::Test(args) => test::run(&args),
        Command::Gen { check } => generate::run(generate::Mode::from_flag(check)),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Bench(bench) => bench::run(&bench),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The demo takes this process's place, so that signals and the exit code are its own.
fn demo(arguments: &[String]) -> anyhow::Result<()> {
    setup::run()?;
    shell::cargo(&["build", "--package", "annona"])?;
    shell::replace(&shell::annona_binary()?, "demo", arguments)
}
