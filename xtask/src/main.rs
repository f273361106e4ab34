//! Developer commands: `cargo xtask setup | demo | test | app | gen | fuzz | mutants | peers |
//! determined | bench | measure`.
//!
//! Each sets up what it needs, so that two commands are enough on a fresh machine
//! with Rust and Node.js: `cargo xtask demo` and `cargo xtask test`.

mod app;
mod bench;
mod contract_mutants;
mod dependencies;
mod determined;
mod durations;
mod fuzz;
mod generate;
mod measure;
mod mutants;
mod peers;
mod python;
mod rings;
mod rust_tests;
mod setup;
mod shell;
mod spec;
mod steps;
mod symbolic;
mod test;
mod tidy;
mod walls;

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
    /// Install what the other commands need (npm packages with the Solidity tools), if it is not
    /// there.
    Setup,
    /// Set up, build, and run `annona demo` with its arguments.
    #[command(disable_help_flag = true)]
    Demo {
        /// Arguments of `annona demo`; `--help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Set up and run every check and test: formats, lints, Solidity, Rust, the demo, the npm
    /// verifier.
    Test(test::TestArgs),
    /// Build the citizens' web app into `app/dist`, which `annona serve` and any static host serve.
    App,
    /// Make the generated files: verifying key, Solidity verifier and its test proofs, iris
    /// vectors, contract artifacts, descriptions of the store's queries, OpenAPI.
    Gen {
        /// Change nothing; fail when a file is not what it would be made as.
        #[arg(long)]
        check: bool,
    },
    /// Run the fuzz targets of the iris pipeline (needs nightly Rust and cargo-fuzz).
    Fuzz(fuzz::FuzzArgs),
    /// Run software and data of others against this project's data, and print a table.
    ///
    /// Peers come from npm, PyPI and a public repository. Those that cannot be had are named as
    /// SKIPPED.
    Peers(peers::PeersArgs),
    /// Show with the SMT solver cvc5 that the inputs of each gadget of the circuits determine its
    /// other variables, and that no row of a gadget can be missing.
    Determined,
    /// Change the code in small ways, one at a time, and count the changes that a test catches.
    ///
    /// This takes hours. It builds cargo-mutants first if it is missing.
    Mutants(mutants::MutantsArgs),
    /// Run a measurement.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Make measurements that documents show, store their figures, and write the documents.
    Measure(measure::MeasureArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Setup => setup::run(),
        Command::Demo { arguments } => demo(&arguments),
        Command::Test(args) => test::run(&args),
        Command::App => setup::run().and_then(|()| app::build()),
        Command::Gen { check } => generate::run(generate::Mode::from_flag(check)),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Peers(args) => peers::run(&args).map(drop),
        Command::Determined => determined::run().map(drop),
        Command::Mutants(args) => mutants::run(&args),
        Command::Bench(bench) => bench::run(&bench),
        Command::Measure(args) => measure::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // As programs do that SIGPIPE ends.
        Err(error) if is_closed_pipe(&error) => ExitCode::from(141),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Tells whether the reader of standard output has gone (`cargo xtask test | head`).
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The demo takes this process's place, so that signals and the exit code are its own.
fn demo(arguments: &[String]) -> anyhow::Result<()> {
    // On standard error: standard output is the demo's, which may be asked for JSON.
    eprintln!(
        "Annona's demo: first the tools are set up and the program is built, which takes some minutes the first time and seconds later"
    );
    setup::run_beside(|| shell::cargo(&["build", "--package", "annona"]))?;
    if arguments.iter().any(|argument| argument == "--keep") {
        // Who keeps the service running may want to open the app.
        app::build()?;
    }
    let keys = shell::circuit_keys().display().to_string();
    let kept = [&["--encoding-keys".to_owned(), keys][..], arguments].concat();
    let names_keys = |word: &String| word.starts_with("--encoding-keys") || word == "--empty";
    let is_as_told = arguments.iter().any(names_keys);
    let arguments = if is_as_told { arguments } else { &kept };
    shell::replace(&shell::annona_binary()?, "demo", arguments)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::PathBuf;

    use super::*;

    /// Documents and sources of the repository.
    fn texts() -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![shell::root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let is_made = name.starts_with('.') || ["target", "node_modules"].contains(&&*name);
                if path.is_dir() && !is_made && !path.is_symlink() {
                    folders.push(path);
                } else if path
                    .extension()
                    .is_some_and(|it| ["md", "rs", "sol"].iter().any(|wanted| it == *wanted))
                {
                    found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
        found
    }

    #[test]
    fn commands_that_documents_name_exist() {
        let mut count = 0;
        for (path, text) in texts() {
            for line in text.lines() {
                let fenced = line.starts_with("cargo xtask ").then_some(line);
                let spans = line.split('`').skip(1).step_by(2);
                for code in spans.chain(fenced) {
                    let code = code.split(" #").next().unwrap_or(code);
                    let Some(words) = code.strip_prefix("cargo xtask ") else {
                        continue;
                    };
                    // A list of alternatives is a figure of speech.
                    if words.contains('|') {
                        continue;
                    }
                    let words = ["xtask"].into_iter().chain(words.split_whitespace());
                    let parsed = Cli::try_parse_from(words);
                    assert!(parsed.is_ok(), "{}: `{code}`", path.display());
                    count += 1;
                }
            }
        }
        assert!(count > 15, "only {count} commands were found");
    }
}
