use std::time::Instant;

use clap::Args;

use crate::generate::{self, Mode, forge};
use crate::setup;
use crate::shell::{annona_binary, cargo, root, run_in};

/// Arguments of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Also the long runs: a demo with 100 people and ten times the fuzz runs.
    #[arg(long)]
    soak: bool,
    /// Only the checks that need no running: formats, lints, generated files.
    #[arg(long)]
    lint: bool,
}

type Step = (&'static str, fn() -> anyhow::Result<()>);

const LINTS: [Step; 4] = [
    ("Rust format", || cargo(&["fmt", "--all", "--check"])),
    ("Rust lints", || {
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
    ("Solidity format", || {
        run_in(&root().join("contracts"), forge(), &["fmt", "--check"])
    }),
    ("generated files", || generate::run(Mode::Check)),
];

const TESTS: [Step; 3] = [
    ("Rust documentation", || {
        cargo(&[
            "doc",
            "--quiet",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
    }),
    ("Solidity tests", || {
        run_in(&root().join("contracts"), forge(), &["test", "--offline"])
    }),
    ("Rust tests", || {
        cargo(&["test", "--workspace", "--all-features"])
    }),
];

const SOAK: [Step; 2] = [
    ("Solidity tests, long", || {
        run_in(
            &root().join("contracts"),
            forge(),
            &["test", "--offline", "--fuzz-runs", "2560"],
        )
    }),
    ("demo with 100 people", || {
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
    let begun = Instant::now();
    for (name, step) in &steps {
        println!("\n== {name}");
        let started = Instant::now();
        step()?;
        println!("== {name}: well, {:.0} s", started.elapsed().as_secs_f64());
    }
    println!(
        "\nall {} steps passed in {:.0} s",
        steps.len(),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
