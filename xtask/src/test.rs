use std::time::{Duration, Instant};

use clap::Args;

use crate::durations::Slowest;
use crate::generate::{self, Mode, forge};
use crate::rust_tests::{self, TestBinary};
use crate::setup;
use crate::shell::{annona_binary, cargo, root, run_in};

/// Arguments of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Also the long runs: a demo with 100 people, ten times the fuzz runs, and the long
    /// form of every test that has one.
    #[arg(long)]
    soak: bool,
    /// Only the checks that need no running: formats, lints, generated files.
    #[arg(long)]
    lint: bool,
}

/// What the steps share.
struct Run {
    soak: bool,
    binaries: Vec<TestBinary>,
    tests: Slowest,
}

type Step = (&'static str, fn(&mut Run) -> anyhow::Result<()>);

const LINTS: [Step; 4] = [
    ("Rust format", |_| cargo(&["fmt", "--all", "--check"])),
    ("Rust lints", |_| {
        cargo(&[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "--deny",
            "warnings",
        ])
    }),
    ("Solidity format", |_| {
        run_in(&root().join("contracts"), forge(), &["fmt", "--check"])
    }),
    ("generated files", |_| generate::run(Mode::Check)),
];

const TESTS: [Step; 5] = [
    ("Rust documentation", |_| {
        // With all features, as the lints: the dependencies are checked once.
        cargo(&[
            "doc",
            "--quiet",
            "--workspace",
            "--all-features",
            "--no-deps",
            "--document-private-items",
        ])
    }),
    ("Solidity tests", |_| {
        run_in(&root().join("contracts"), forge(), &["test", "--offline"])
    }),
    ("build of the Rust tests", |run| {
        run.binaries = rust_tests::binaries()?;
        Ok(())
    }),
    ("Rust tests", |run| {
        rust_tests::run(&run.binaries, run.soak, &mut run.tests)
    }),
    ("documentation tests", |_| {
        cargo(&["test", "--doc", "--workspace", "--all-features"])
    }),
];

const SOAK: [Step; 2] = [
    ("Solidity tests, long", |_| {
        run_in(
            &root().join("contracts"),
            forge(),
            &["test", "--offline", "--fuzz-runs", "2560"],
        )
    }),
    ("demo with 100 people", |_| {
        run_in(
            root(),
            annona_binary()?,
            &["demo", "--people", "100", "--seed", "1"],
        )
    }),
];

/// Runs every check; stops at the first that fails and names it.
pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    setup::run()?;
    let mut steps = LINTS.to_vec();
    if !args.lint {
        steps.extend(TESTS);
    }
    if args.soak {
        steps.extend(SOAK);
    }
    let mut run = Run {
        soak: args.soak,
        binaries: Vec::new(),
        tests: Slowest::default(),
    };
    let mut durations = Slowest::default();
    let begun = Instant::now();
    for (name, step) in &steps {
        println!("\n== {name}");
        let took = timed(|| step(&mut run))?;
        println!("== {name}: well, {:.0} s", took.as_secs_f64());
        durations.add((*name).to_owned(), took);
    }
    print!("{}{}", durations.table("steps"), run.tests.table("tests"));
    println!(
        "\nall {} steps passed in {:.0} s",
        steps.len(),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

fn timed(step: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let started = Instant::now();
    step()?;
    Ok(started.elapsed())
}
