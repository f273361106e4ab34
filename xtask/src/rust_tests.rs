use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::durations::Slowest;
use crate::python::Package;
use crate::shell::{cargo_path, read_from, root};
use crate::steps::StepOutcome;

/// Tells tests that have a long form to run it.
const SOAK_VARIABLE: &str = "TEST_SOAK";

/// Program that sends generated requests to every route of the API.
const SCHEMATHESIS: Package = Package {
    name: "schemathesis",
    version: "4.32.5",
};

/// Tells the test of the API where that program is.
const SCHEMATHESIS_VARIABLE: &str = "SCHEMATHESIS";

/// Variables by which tests are told to run their long forms.
type Variables = Vec<(&'static str, OsString)>;

/// A program that cargo made of tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestBinary {
    /// Package and target, such as `annona-engine it`.
    name: String,
    program: PathBuf,
    folder: PathBuf,
}

/// Builds the test programs of the workspace and lists them.
pub(crate) fn binaries() -> anyhow::Result<Vec<TestBinary>> {
    let messages = read_from(
        root(),
        cargo_path(),
        &[
            "test",
            "--quiet",
            "--workspace",
            "--all-features",
            "--no-run",
            "--message-format=json-render-diagnostics",
        ],
    )?;
    let found: Vec<TestBinary> = messages.lines().filter_map(test_binary).collect();
    if found.is_empty() {
        bail!("cargo built no tests");
    }
    Ok(found)
}

fn test_binary(message: &str) -> Option<TestBinary> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    let package = folder.file_name()?.to_string_lossy();
    Some(TestBinary {
        name: format!("{package} {}", message["target"]["name"].as_str()?),
        program: message["executable"].as_str()?.into(),
        folder: folder.to_owned(),
    })
}

/// Test programs that run at the same time. Most have tests that wait, for a chain or for one
/// another, and a last test that leaves the other cores idle; two programs fill two cores.
const TOGETHER: usize = 2;

/// Programs that take longest; they begin first, so that none of them is left alone at the end.
const LONGEST: [&str; 6] = [
    "service faults",
    "annona it",
    "engine it",
    "keys it",
    "audit it",
    "audit annona_audit",
];

/// Runs all test programs, and names every one that failed. Long forms hold waits against
/// their limits on a quiet machine, and run one program at a time.
pub(crate) fn run(
    binaries: &[TestBinary],
    soak: bool,
    slowest: &mut Slowest,
) -> anyhow::Result<StepOutcome> {
    let (variables, together, extent) = if soak {
        let (variables, extent) = long_forms()?;
        (variables, 1, extent)
    } else {
        (Variables::new(), TOGETHER, StepOutcome::Ran)
    };
    let mut waiting: Vec<&TestBinary> = binaries.iter().collect();
    waiting.sort_by_key(|binary| {
        LONGEST
            .iter()
            .position(|name| *name == binary.name)
            .unwrap_or(LONGEST.len())
    });
    let waiting = Mutex::new(waiting.into_iter());
    let next = || {
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next()
    };
    let run_until_done = || -> anyhow::Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        while let Some(binary) = next() {
            outcomes.push(run_one(binary, &variables)?);
        }
        Ok(outcomes)
    };
    let outcomes = std::thread::scope(|scope| {
        let runners: Vec<_> = (0..together).map(|_| scope.spawn(run_until_done)).collect();
        let joined = runners
            .into_iter()
            .map(|runner| runner.join().expect("running a program does not panic"));
        joined.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let mut failed = Vec::new();
    for outcome in outcomes.into_iter().flatten() {
        for (test, took) in outcome.durations {
            slowest.add(test, took);
        }
        if !outcome.passed {
            failed.push(outcome.name);
        }
    }
    if !failed.is_empty() {
        bail!("tests failed in: {}", failed.join(", "));
    }
    Ok(extent)
}

/// End of a test program.
struct Outcome {
    name: String,
    passed: bool,
    durations: Vec<(String, Duration)>,
}

/// Returns the variables of the long forms, and whether all of these can run.
fn long_forms() -> anyhow::Result<(Variables, StepOutcome)> {
    let mut variables = vec![(SOAK_VARIABLE, "1".into())];
    let extent = match SCHEMATHESIS.program("schemathesis") {
        Ok(program) => {
            variables.push((SCHEMATHESIS_VARIABLE, program.into()));
            StepOutcome::Ran
        }
        Err(reason) => StepOutcome::without("generated requests to the routes", &reason)?,
    };
    Ok((variables, extent))
}

/// Runs a test program, and prints all that it says in one piece once it has ended.
fn run_one(binary: &TestBinary, variables: &Variables) -> anyhow::Result<Outcome> {
    writeln!(std::io::stdout(), "     Started {}", binary.name)?;
    let mut command = Command::new(&binary.program);
    command
        .current_dir(&binary.folder)
        .env("CARGO_MANIFEST_DIR", &binary.folder)
        // The stable harness measures each test only when it is told to be a nightly one.
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["-Zunstable-options", "--report-time"])
        .envs(variables.iter().cloned())
        .stdin(Stdio::null());
    let output = command
        .output()
        .with_context(|| format!("cannot run {}", binary.program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    writeln!(
        std::io::stdout(),
        "\n     Ran {}\n{text}{complaints}",
        binary.name
    )?;
    let durations = text.lines().filter_map(duration_of);
    Ok(Outcome {
        name: binary.name.clone(),
        passed: output.status.success(),
        durations: durations
            .map(|(test, took)| (format!("{}: {test}", binary.name), took))
            .collect(),
    })
}

/// Reads a line such as `test name ... ok <1.234s>`.
fn duration_of(line: &str) -> Option<(&str, Duration)> {
    let (test, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let secs = outcome.split_once('<')?.1.strip_suffix("s>")?;
    Some((test, Duration::try_from_secs_f64(secs.parse().ok()?).ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn durations_are_read_from_the_harness() {
        assert_eq!(
            duration_of("test a::b ... ok <1.250s>"),
            Some(("a::b", Duration::from_millis(1250)))
        );
        assert_eq!(
            duration_of("test c ... FAILED <0.001s>"),
            Some(("c", Duration::from_millis(1)))
        );
        assert_eq!(duration_of("test c ... ignored"), None);
        assert_eq!(duration_of("test result: ok. 3 passed"), None);
    }

    #[test]
    fn test_programs_are_found_among_the_messages_of_cargo() {
        let message = |test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/w/crates/api/Cargo.toml","target":{{"name":"it"}},"profile":{{"test":{test}}},"executable":"/w/target/debug/deps/it-1"}}"#
            )
        };
        let binary = test_binary(&message(true)).unwrap();
        assert_eq!(binary.name, "api it");
        assert_eq!(binary.folder, Path::new("/w/crates/api"));
        assert_eq!(test_binary(&message(false)), None);
        assert_eq!(test_binary("not JSON"), None);
    }
}
