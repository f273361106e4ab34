//! Mutation testing: each small change of the code should make a test fail.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::setup;
use crate::shell::{cargo, cargo_path, root};

const VERSION: &str = "27.1.0";

/// Packages that are mutated: those that decide about people and money.
const PACKAGES: [&str; 4] = [
    "annona-core",
    "annona-proofs",
    "annona-matcher",
    "annona-engine",
];

/// Smallest share of the mutants that a test must catch, in percent.
const MIN_SCORE_PERCENT: u64 = 85;

/// Document that lists mutants which no test can or need catch, with the reasons.
const SURVIVORS: &str = "docs/measurements/mutants.md";

/// Arguments of `cargo xtask mutants`.
#[derive(Debug, Args)]
pub(crate) struct MutantsArgs {
    /// Packages to mutate; those that decide about people and money when none is named.
    packages: Vec<String>,
    /// Part of the mutants of each package, such as 0/8 for the first of eight; all of them take
    /// hours.
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
    /// Also write the counts and the survivors to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Outcome of the mutants of a package.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    caught: u64,
    missed: Vec<String>,
}

impl Tally {
    /// Reads cargo-mutants' `outcomes.json`. A mutant that hangs the tests is caught, one that
    /// does not compile is none.
    fn read(outcomes: &Value) -> anyhow::Result<Self> {
        let mut tally = Self::default();
        let outcomes = outcomes["outcomes"].as_array().context("no outcomes")?;
        for outcome in outcomes {
            let Some(mutant) = outcome["scenario"]["Mutant"]["name"].as_str() else {
                continue;
            };
            match outcome["summary"].as_str() {
                Some("CaughtMutant" | "Timeout") => tally.caught += 1,
                Some("MissedMutant") => tally.missed.push(without_place(mutant)),
                Some("Unviable") => {}
                other => bail!("{mutant} came to {other:?}"),
            }
        }
        Ok(tally)
    }

    const fn total(&self) -> u64 {
        self.caught + self.missed.len() as u64
    }

    /// Returns the share that was caught, in whole percent.
    const fn score_percent(&self) -> u64 {
        match (self.caught * 100).checked_div(self.total()) {
            Some(score) => score,
            None => 100,
        }
    }
}

/// Leaves line and column out of a name such as `src/a.rs:3:5: replace a with b`, which move
/// with every change.
fn without_place(mutant: &str) -> String {
    let mut parts = mutant.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(change)) => format!("{file}:{change}"),
        _ => mutant.to_owned(),
    }
}

/// Mutates the packages and prints, for each, how much the tests catch.
///
/// # Errors
/// Names a package whose tests catch too little.
pub(crate) fn run(args: &MutantsArgs) -> anyhow::Result<()> {
    setup::run()?;
    let program = program()?;
    let named = args.packages.iter().map(String::as_str);
    let packages: Vec<&str> = if args.packages.is_empty() {
        PACKAGES.to_vec()
    } else {
        named.collect()
    };
    let reasons = fs::read_to_string(root().join(SURVIVORS))?;
    let mut weak = Vec::new();
    let mut figures = Vec::new();
    let mut rows =
        String::from("| package | mutants | caught | score |\n| --- | ---: | ---: | ---: |\n");
    for package in packages {
        let tally = mutate(&program, package, args.shard.as_deref())?;
        let (total, score) = (tally.total(), tally.score_percent());
        figures.push(json!({
            "package": package,
            "mutants": total,
            "caught": tally.caught,
            "score_percent": score,
            "survivors": tally.missed,
        }));
        rows += &format!("| `{package}` | {total} | {} | {score} % |\n", tally.caught);
        for survivor in &tally.missed {
            let known = if reasons.contains(survivor.as_str()) {
                "listed"
            } else {
                "NOT LISTED"
            };
            writeln!(std::io::stdout(), "survived, {known}: {survivor}")?;
        }
        if score < MIN_SCORE_PERCENT {
            weak.push(package);
        }
    }
    write!(std::io::stdout(), "\n{rows}")?;
    if let Some(path) = &args.json {
        let figures = serde_json::to_string_pretty(&json!({ "packages": figures }))?;
        fs::write(path, figures + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    ensure!(
        weak.is_empty(),
        "the tests catch less than {MIN_SCORE_PERCENT} % of the mutants of {}",
        weak.join(", ")
    );
    Ok(())
}

fn mutate(program: &Path, package: &str, shard: Option<&str>) -> anyhow::Result<Tally> {
    let folder = root().join("target/mutants").join(package);
    fs::create_dir_all(&folder)?;
    let mut command = Command::new(program);
    command
        .args(["mutants", "--package", package, "--all-features"])
        .args([
            "--no-shuffle",
            "--minimum-test-timeout",
            "60",
            "--colors",
            "never",
        ])
        .arg("--output")
        .arg(&folder)
        // Copies of the workspace share what they build from other registries.
        .env("CARGO_TARGET_DIR", root().join("target/mutants/build"))
        .env("CARGO", cargo_path())
        .current_dir(root());
    if let Some(shard) = shard {
        command.args(["--shard", shard, "--sharding", "round-robin"]);
    }
    let status = command.status().context("cargo-mutants cannot be run")?;
    // 2: mutants were missed; 3: the tests hung with some.
    ensure!(
        matches!(status.code(), Some(0 | 2 | 3)),
        "cargo-mutants failed on {package} ({status})"
    );
    let outcomes = fs::read_to_string(folder.join("mutants.out/outcomes.json"))?;
    Tally::read(&serde_json::from_str(&outcomes)?)
}

/// Builds cargo-mutants below `target/` where it is not.
fn program() -> anyhow::Result<PathBuf> {
    let place = root().join(format!("target/tools/cargo-mutants-{VERSION}"));
    let program = place
        .join("bin")
        .join(format!("cargo-mutants{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let place = place.to_string_lossy();
        let wanted = ["cargo-mutants", "--version", VERSION];
        cargo(
            &[
                &["install", "--quiet", "--locked", "--root", &place],
                &wanted[..],
            ]
            .concat(),
        )?;
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn outcome(name: &str, summary: &str) -> Value {
        json!({ "scenario": { "Mutant": { "name": name } }, "summary": summary })
    }

    #[test]
    fn outcomes_are_counted_and_survivors_named_without_their_lines() {
        let outcomes = json!({ "outcomes": [
            { "scenario": "Baseline", "summary": "Success" },
            outcome("src/a.rs:1:2: replace a", "CaughtMutant"),
            outcome("src/a.rs:2:2: replace b", "Timeout"),
            outcome("src/a.rs:3:2: replace c", "Unviable"),
            outcome("src/a.rs:4:2: replace d -> bool with true", "MissedMutant"),
        ] });
        let tally = Tally::read(&outcomes).unwrap();
        assert_eq!(
            (tally.caught, tally.total(), tally.score_percent()),
            (2, 3, 66)
        );
        assert_eq!(tally.missed, ["src/a.rs: replace d -> bool with true"]);
    }

    #[test]
    fn an_outcome_of_another_kind_is_an_error() {
        let outcomes = json!({ "outcomes": [outcome("src/a.rs:1:2: replace a", "Failure")] });
        assert!(Tally::read(&outcomes).is_err());
    }
}
