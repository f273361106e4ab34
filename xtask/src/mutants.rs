//! Mutation testing: each small change of the code should make a test fail.

use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::shell::{cargo, cargo_path, root};
use crate::{contract_mutants, setup};

const VERSION: &str = "27.1.0";

/// Packages that are mutated: those that decide about people and money.
const PACKAGES: [&str; 7] = [
    "annona-core",
    "annona-proofs",
    "annona-prover",
    "annona-groth16",
    "annona-matcher",
    "annona-engine",
    contract_mutants::NAME,
];

/// Smallest share of the mutants that a test must catch, in percent.
const MIN_SCORE_PERCENT: u64 = 85;

/// Number of simulated histories of `annona-engine` with each mutant.
const SEEDS: &str = "40";

/// Standard deviations of a normal distribution within which 95 % of it lie.
const Z_95: f64 = 1.959_964;

/// Document that lists mutants which no test can or need catch, with the reasons.
const SURVIVORS: &str = "docs/measurements/mutants.md";

/// Arguments of `cargo xtask mutants`.
#[derive(Debug, Args)]
pub(crate) struct MutantsArgs {
    /// Packages to mutate, and `contracts` for chosen changes of the contracts, each with the test
    /// that must fail; all that decides about people and money when none is named.
    packages: Vec<String>,
    /// About as many mutants of each package, spread evenly over its code; all of them take hours.
    #[arg(long, value_name = "COUNT")]
    sample: Option<NonZeroUsize>,
    /// Part of the mutants of each package, such as 0/8 for the first of eight.
    #[arg(long, value_name = "K/N", conflicts_with = "sample")]
    shard: Option<String>,
    /// Also write the counts and the survivors to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl MutantsArgs {
    /// Returns the part, such as `0/8`, of a package with so many mutants; `None` for all of them.
    fn part_of(&self, mutants: usize) -> Option<String> {
        match self.sample {
            Some(sample) => Some(format!("0/{}", (mutants / sample).max(1))),
            None => self.shard.clone(),
        }
    }
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

    /// Tries all changes of the contracts.
    fn of_contracts() -> anyhow::Result<Self> {
        let (tried, missed) = contract_mutants::run()?;
        Ok(Self {
            caught: tried - missed.len() as u64,
            missed,
        })
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

    /// Returns the lower end of the 95 % confidence interval of the share that the tests would
    /// catch of all mutants, in whole percent (E. B. Wilson, Journal of the American Statistical
    /// Association 22, 1927, pp. 209-212).
    fn least_score_percent(&self) -> u64 {
        let total = self.total() as f64;
        if total == 0.0 {
            return 0;
        }
        let score = self.caught as f64 / total;
        let square = Z_95 * Z_95;
        let centre = score + square / (2.0 * total);
        let margin = Z_95 * (score * (1.0 - score) / total + square / (4.0 * total * total)).sqrt();
        (100.0 * (centre - margin) / (1.0 + square / total)) as u64
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
    let named = args.packages.iter().map(String::as_str);
    let packages: Vec<&str> = if args.packages.is_empty() {
        PACKAGES.to_vec()
    } else {
        named.collect()
    };
    // A table's cells write a bar with a backslash.
    let reasons = fs::read_to_string(root().join(SURVIVORS))?.replace("\\|", "|");
    let mut weak = Vec::new();
    let mut figures = Vec::new();
    let mut rows = String::from(
        "| package | mutants | tried | caught | score | at least |\n| --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for package in packages {
        let (all, tally) = if package == contract_mutants::NAME {
            (contract_mutants::COUNT, Tally::of_contracts()?)
        } else {
            let program = program()?;
            let all = count(&program, package)?;
            let part = args.part_of(all);
            (all, mutate(&program, package, part.as_deref())?)
        };
        let (total, score) = (tally.total(), tally.score_percent());
        let least = tally.least_score_percent();
        figures.push(json!({
            "package": package,
            "mutants": all,
            "tried": total,
            "caught": tally.caught,
            "score_percent": score,
            "least_score_percent": least,
            "survivors": tally.missed,
        }));
        rows += &format!(
            "| `{package}` | {all} | {total} | {} | {score} % | {least} % |\n",
            tally.caught
        );
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

/// Returns the number of mutants of a package.
fn count(program: &Path, package: &str) -> anyhow::Result<usize> {
    let output = Command::new(program)
        .args(["mutants", "--list", "--package", package])
        .env("CARGO", cargo_path())
        .current_dir(root())
        .output()
        .context("cargo-mutants cannot be run")?;
    let problem = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "no mutants of {package}: {problem}"
    );
    Ok(String::from_utf8(output.stdout)?.lines().count())
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
        // A part of the simulated histories: a mutant that they catch, all of them catch.
        .env("ANNONA_SEEDS", SEEDS)
        // Each mutant changes one function.
        .env("CARGO_INCREMENTAL", "1")
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
    fn the_confidence_interval_is_the_published_one() {
        let tally = |caught, missed| Tally {
            caught,
            missed: vec![String::new(); missed],
        };
        // 81 of 263 is the first example of R. G. Newcombe, Statistics in Medicine 17, 1998,
        // pp. 857-872: 0.2553 to 0.3662; 15 of 148 the second: 0.0624 to 0.1605.
        assert_eq!(tally(81, 182).least_score_percent(), 25);
        assert_eq!(tally(15, 133).least_score_percent(), 6);
        assert_eq!(tally(0, 0).least_score_percent(), 0);
    }

    #[test]
    fn a_sample_is_spread_over_the_whole_package() {
        let args = |sample| MutantsArgs {
            packages: Vec::new(),
            sample: NonZeroUsize::new(sample),
            shard: Some("1/2".to_owned()),
            json: None,
        };
        assert_eq!(args(60).part_of(734).unwrap(), "0/12");
        assert_eq!(args(60).part_of(33).unwrap(), "0/1");
        assert_eq!(args(0).part_of(33).unwrap(), "1/2");
    }

    #[test]
    fn an_outcome_of_another_kind_is_an_error() {
        let outcomes = json!({ "outcomes": [outcome("src/a.rs:1:2: replace a", "Failure")] });
        assert!(Tally::read(&outcomes).is_err());
    }
}
