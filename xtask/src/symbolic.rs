//! Symbolic proofs of properties of the contracts, by Halmos.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use crate::generate::forge;
use crate::python::Package;
use crate::shell::root;
use crate::steps::StepOutcome;

/// The symbolic EVM, at the version that the checks were seen to pass and fail with.
pub(crate) const HALMOS: Package = Package {
    name: "halmos",
    version: "0.3.3",
};

/// Most time for the proof of one assertion.
const ASSERTION_TIMEOUT: &str = "300s";

/// Proves the `check_` functions of `contracts/test/symbolic`. Where Python or PyPI is not
/// there, says so and proves nothing.
pub(crate) fn run() -> anyhow::Result<StepOutcome> {
    if let Err(reason) = HALMOS.program("python") {
        return StepOutcome::not_run("eight properties of the contracts", &reason);
    }
    let status = command(&root().join("contracts"), None)?.status()?;
    ensure!(status.success(), "Halmos did not prove every check");
    Ok(StepOutcome::Ran)
}

/// Returns the command that proves one check, or all of them, of the contracts in a folder.
pub(crate) fn command(contracts: &Path, check: Option<&str>) -> anyhow::Result<Command> {
    // Halmos calls `forge` by its name.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tools = forge().parent().map(Path::to_path_buf);
    let path = std::env::join_paths(tools.into_iter().chain(std::env::split_paths(&path)))?;
    let mut command = Command::new(HALMOS.program("python")?);
    command
        .args(["tools/run_halmos.py", "--no-status"])
        .args(["--forge-build-out", "../target/halmos/out"])
        .args(["--default-array-lengths", "1"])
        .args(["--default-bytes-lengths", "0"])
        .args(["--solver-timeout-assertion", ASSERTION_TIMEOUT])
        .env("FOUNDRY_PROFILE", "symbolic")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PATH", path)
        .current_dir(contracts);
    if let Some(check) = check {
        command.args(["--function", check]);
    }
    Ok(command)
}
