use std::io::Write;
use std::time::Instant;

use clap::Args;

use crate::durations::Slowest;
use crate::generate::{self, Mode, forge};
use crate::peers::{self, PeersArgs};
use crate::rust_tests::{self, TestBinary};
use crate::shell::{annona_binary, cargo, root, run_in, run_printing_at_end, run_with};
use crate::steps::{StepOutcome, Steps, timed};
use crate::{app, dependencies, determined, measure, rings, setup, spec, symbolic, tidy, walls};

/// Arguments of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Also the long runs: a demo with 100 people, ten times the fuzz and invariant runs,
    /// properties of the contracts proved symbolically, the peers, the test keys of large circuits made
    /// anew, and the long form of every test that has one.
    #[arg(long)]
    soak: bool,
    /// Only the checks that need no running: formats, lints, generated files.
    #[arg(long)]
    lint: bool,
}

/// State that the steps share.
struct Run {
    soak: bool,
    binaries: Vec<TestBinary>,
    tests: Slowest,
}

type Step = (&'static str, fn(&mut Run) -> anyhow::Result<StepOutcome>);

const LINTS: [Step; 9] = [
    ("specification", |_| ran(spec::check())),
    ("manner of the house", |_| ran(tidy::check())),
    ("measurements in documents", |_| ran(measure::check())),
    ("walls between crates", |_| ran(walls::check())),
    ("rings of modules", |_| ran(rings::check())),
    ("Rust format", |_| ran(cargo(&["fmt", "--all", "--check"]))),
    ("dependencies", |_| dependencies::check()),
    ("Rust lints", |_| {
        ran(cargo(&[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "--deny",
            "warnings",
        ]))
    }),
    ("Solidity format", |_| {
        ran(run_in(
            &root().join("contracts"),
            forge(),
            &["fmt", "--check"],
        ))
    }),
];

/// Comparison of the generated files. It follows the builds of the tests, which make most of
/// what its programs are linked from on all cores.
const GENERATED: Step = ("generated files", |run| {
    ran(generate::run(if run.soak {
        Mode::Check
    } else {
        Mode::QuickCheck
    }))
});

/// Builds that come before the tests.
const BUILDS: [Step; 2] = [
    ("Rust documentation", |_| {
        // With all features, as the lints: the dependencies are checked once.
        ran(cargo(&[
            "doc",
            "--quiet",
            "--workspace",
            "--all-features",
            "--no-deps",
            "--document-private-items",
        ]))
    }),
    ("build of the Rust tests", |run| {
        run.binaries = rust_tests::binaries()?;
        Ok(StepOutcome::Ran)
    }),
];

const TESTS: [Step; 5] = [
    GENERATED,
    ("app", |_| ran(app::test())),
    ("app in Chromium", |run| app::flow(run.soak)),
    ("Rust tests", |run| {
        rust_tests::run(&run.binaries, run.soak, &mut run.tests)
    }),
    ("documentation tests", |_| {
        ran(cargo(&["test", "--doc", "--workspace", "--all-features"]))
    }),
];

const SOAK: [Step; 5] = [
    ("Solidity tests, long", |_| {
        let contracts = root().join("contracts");
        let long = [("FOUNDRY_PROFILE", "soak")];
        ran(run_with(&long, &contracts, forge(), &["test", "--offline"]))
    }),
    ("Solidity properties, symbolically", |_| symbolic::run()),
    ("gadgets, by an SMT solver", |_| determined::run()),
    ("peers", |_| peers::run(&PeersArgs::default())),
    ("demo with 100 people", |_| {
        ran(run_in(
            root(),
            annona_binary()?,
            &["demo", "--people", "100", "--seed", "1"],
        ))
    }),
];

/// Takes the end of a step that runs whole or fails.
fn ran(ended: anyhow::Result<()>) -> anyhow::Result<StepOutcome> {
    ended.map(|()| StepOutcome::Ran)
}

/// Runs every check; stops at the first that fails and names it.
pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    setup::run()?;
    let mut run = Run {
        soak: args.soak,
        binaries: Vec::new(),
        tests: Slowest::default(),
    };
    let mut done = Steps::default();
    let begun = Instant::now();
    let outcome = run_all(args, &mut run, &mut done);
    // After a failure too: a run that takes too long fails as well.
    write!(
        std::io::stdout(),
        "{}{}",
        done.durations.table("steps"),
        run.tests.table("tests")
    )?;
    outcome?;
    writeln!(std::io::stdout(), "\n{}", done.summary(begun.elapsed()))?;
    Ok(())
}

fn run_all(args: &TestArgs, run: &mut Run, done: &mut Steps) -> anyhow::Result<()> {
    run_steps(&LINTS, run, done)?;
    if args.lint {
        return run_steps(&[GENERATED], run, done);
    }
    beside_builds(run, done)?;
    run_steps(&TESTS, run, done)?;
    if args.soak {
        run_steps(&SOAK, run, done)?;
    }
    Ok(())
}

/// Builds, and runs the Solidity tests meanwhile, which keep one core busy. Tests of the
/// service do not run beside them: they measure time.
fn beside_builds(run: &mut Run, done: &mut Steps) -> anyhow::Result<()> {
    let solidity = std::thread::spawn(|| {
        timed(|| {
            let contracts = root().join("contracts");
            run_printing_at_end(&contracts, forge(), &["test", "--offline"])
        })
    });
    let built = run_steps(&BUILDS, run, done);
    let (tested, took) = solidity.join().expect("waiting does not panic");
    let tested = done.add("Solidity tests, beside the builds", took, ran(tested));
    built.and(tested.map(drop))
}

fn run_steps(steps: &[Step], run: &mut Run, done: &mut Steps) -> anyhow::Result<()> {
    steps
        .iter()
        .try_for_each(|(name, step)| done.run(name, || step(run)))
}
