use std::io::Write;
use std::time::{Duration, Instant};

use clap::Args;

use crate::durations::Slowest;
use crate::generate::{self, Mode, forge};
use crate::peers::{self, PeersArgs};
use crate::rust_tests::{self, TestBinary};
use crate::shell::{annona_binary, cargo, root, run_in, run_printing_at_end, run_with};
use crate::{app, dependencies, measure, setup, spec, symbolic, tidy, walls};

/// Arguments of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Also the long runs: a demo with 100 people, ten times the fuzz and invariant runs,
    /// properties of the contracts proved symbolically, the peers, the test keys of large circuits made
    /// anew, the score of the app's first page, and the long form of every test that has one.
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

type Step = (&'static str, fn(&mut Run) -> anyhow::Result<()>);

const LINTS: [Step; 8] = [
    ("specification", |_| spec::check()),
    ("manner of the house", |_| tidy::check()),
    ("measurements in documents", |_| measure::check()),
    ("walls between crates", |_| walls::check()),
    ("Rust format", |_| cargo(&["fmt", "--all", "--check"])),
    ("dependencies", |_| dependencies::check()),
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
];

/// Comparison of the generated files. It follows the builds of the tests, which make most of
/// what its programs are linked from on all cores.
const GENERATED: Step = ("generated files", |run| {
    generate::run(if run.soak {
        Mode::Check
    } else {
        Mode::QuickCheck
    })
});

/// Builds that come before the tests.
const BUILDS: [Step; 2] = [
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
    ("build of the Rust tests", |run| {
        run.binaries = rust_tests::binaries()?;
        Ok(())
    }),
];

const TESTS: [Step; 5] = [
    GENERATED,
    ("app", |_| app::test()),
    ("app in Chromium", |run| app::flow(run.soak)),
    ("Rust tests", |run| {
        rust_tests::run(&run.binaries, run.soak, &mut run.tests)
    }),
    ("documentation tests", |_| {
        cargo(&["test", "--doc", "--workspace", "--all-features"])
    }),
];

const SOAK: [Step; 4] = [
    ("Solidity tests, long", |_| {
        let contracts = root().join("contracts");
        let long = [("FOUNDRY_PROFILE", "soak")];
        run_with(&long, &contracts, forge(), &["test", "--offline"])
    }),
    ("Solidity properties, symbolically", |_| symbolic::run()),
    ("peers", |_| peers::run(&PeersArgs::default())),
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
    let mut steps = TESTS.to_vec();
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
    let outcome = run_steps(&LINTS, &mut run, &mut durations).and_then(|()| {
        if args.lint {
            return run_steps(&[GENERATED], &mut run, &mut durations);
        }
        beside_builds(&mut run, &mut durations)?;
        run_steps(&steps, &mut run, &mut durations)
    });
    // After a failure too: a run that takes too long fails as well.
    write!(
        std::io::stdout(),
        "{}{}",
        durations.table("steps"),
        run.tests.table("tests")
    )?;
    outcome?;
    writeln!(
        std::io::stdout(),
        "\nall {} steps passed in {:.0} s",
        durations.count(),
        begun.elapsed().as_secs_f64()
    )?;
    Ok(())
}

/// Builds, and runs the Solidity tests meanwhile, which keep one core busy. Tests of the
/// service do not run beside them: they measure time.
fn beside_builds(run: &mut Run, durations: &mut Slowest) -> anyhow::Result<()> {
    let solidity = std::thread::spawn(|| {
        timed(|| {
            let contracts = root().join("contracts");
            run_printing_at_end(&contracts, forge(), &["test", "--offline"])
        })
    });
    let built = run_steps(&BUILDS, run, durations);
    let (tested, took) = solidity.join().expect("waiting does not panic");
    durations.add("Solidity tests, beside the builds".to_owned(), took);
    built.and(tested)
}

fn run_steps(steps: &[Step], run: &mut Run, durations: &mut Slowest) -> anyhow::Result<()> {
    for (name, step) in steps {
        writeln!(std::io::stdout(), "\n== {name}")?;
        let (outcome, took) = timed(|| step(run));
        durations.add((*name).to_owned(), took);
        outcome?;
        writeln!(
            std::io::stdout(),
            "== {name}: well, {:.0} s",
            took.as_secs_f64()
        )?;
    }
    Ok(())
}

fn timed(step: impl FnOnce() -> anyhow::Result<()>) -> (anyhow::Result<()>, Duration) {
    let started = Instant::now();
    let outcome = step();
    (outcome, started.elapsed())
}
