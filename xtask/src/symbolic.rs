use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::generate::forge;
use crate::shell::{read_from, root, run_in};

/// The symbolic EVM, at the version that the checks were seen to pass and fail with.
const HALMOS: &str = "halmos==0.3.3";

/// Most time for the proof of one assertion.
const ASSERTION_TIMEOUT: &str = "300s";

/// Proves the `check_` functions of `contracts/test/symbolic`. Where Python or PyPI is not
/// there, says so and proves nothing.
pub(crate) fn run() -> anyhow::Result<()> {
    let python = match installed() {
        Ok(python) => python,
        Err(reason) => {
            writeln!(
                std::io::stdout(),
                "SKIPPED: the symbolic checks did not run, because {HALMOS} cannot be set up: {reason:#}"
            )?;
            return Ok(());
        }
    };
    let contracts = root().join("contracts");
    // Halmos calls `forge` by its name.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tools = forge().parent().map(Path::to_path_buf);
    let path = std::env::join_paths(tools.into_iter().chain(std::env::split_paths(&path)))?;
    let status = Command::new(python)
        .args(["tools/run_halmos.py", "--no-status"])
        .args(["--forge-build-out", "../target/halmos/out"])
        .args(["--default-array-lengths", "1"])
        .args(["--default-bytes-lengths", "0"])
        .args(["--solver-timeout-assertion", ASSERTION_TIMEOUT])
        .env("FOUNDRY_PROFILE", "symbolic")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PATH", path)
        .current_dir(contracts)
        .status()?;
    ensure!(status.success(), "Halmos did not prove every check");
    Ok(())
}

/// Installs Halmos under the target folder and returns the Python that has it.
fn installed() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/halmos");
    let python = folder.join(if cfg!(windows) {
        "venv/Scripts/python.exe"
    } else {
        "venv/bin/python"
    });
    let stamp = folder.join("installed");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|version| version == HALMOS) {
        return Ok(python);
    }
    std::fs::create_dir_all(&folder)?;
    read_from(&folder, "python3", &["-m", "venv", "venv"]).context("python3 makes no venv")?;
    let install = ["-m", "pip", "install", "--quiet", HALMOS];
    run_in(&folder, &python, &install).context("pip installs no packages")?;
    std::fs::write(stamp, HALMOS)?;
    Ok(python)
}
