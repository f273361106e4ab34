use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::shell::{read_from, root, run_aside_in, run_in};

/// Oldest Node.js that the tools run on.
const MIN_NODE_MAJOR: u32 = 20;

/// Folders with a `package-lock.json` whose packages are needed.
pub(crate) const NPM_FOLDERS: [&str; 3] = [
    "contracts",
    "crates/client/tests/js",
    "crates/keys/tests/js",
];

/// Remembers in `node_modules` which lock file it was installed from.
const STAMP: &str = "node_modules/.annona-lock";

#[cfg(windows)]
const NPM: &str = "npm.cmd";
#[cfg(not(windows))]
const NPM: &str = "npm";

/// Checks Node.js and installs npm packages where the lock file changed.
pub(crate) fn run() -> anyhow::Result<()> {
    check_node()?;
    install_packages()
}

/// Does `work` while npm packages are installed, once Node.js is known to be there.
pub(crate) fn run_beside(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    check_node()?;
    std::thread::scope(|scope| {
        let installing = scope.spawn(install_packages);
        let done = work();
        let installed = installing.join().expect("installing does not panic");
        installed.and(done)
    })
}

fn install_packages() -> anyhow::Result<()> {
    NPM_FOLDERS.into_iter().try_for_each(install_packages_of)
}

/// Installs the npm packages of a folder where its lock file changed.
pub(crate) fn install_packages_of(folder: &str) -> anyhow::Result<()> {
    install(&root().join(folder))
        .with_context(|| format!("cannot install the npm packages of {folder}"))
}

/// Runs npm in a folder.
pub(crate) fn npm(folder: &str, arguments: &[&str]) -> anyhow::Result<()> {
    run_in(&root().join(folder), NPM, arguments)
}

fn check_node() -> anyhow::Result<()> {
    let Ok(version) = read_from(root(), "node", &["--version"]) else {
        bail!(
            "Node.js is missing: install Node.js {MIN_NODE_MAJOR} or newer from https://nodejs.org and run this again"
        );
    };
    if major_version(&version).is_none_or(|major| major < MIN_NODE_MAJOR) {
        bail!(
            "Node.js {} is too old: install Node.js {MIN_NODE_MAJOR} or newer from https://nodejs.org and run this again",
            version.trim()
        );
    }
    Ok(())
}

fn major_version(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn install(folder: &Path) -> anyhow::Result<()> {
    let lock = fs::read_to_string(folder.join("package-lock.json"))?;
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    eprintln!(
        "installing the npm packages of {}",
        folder.strip_prefix(root()).unwrap_or(folder).display()
    );
    run_aside_in(
        folder,
        NPM,
        &[
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ],
    )?;
    fs::write(stamp, lock)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major_version("v20.20.2\n"), Some(20));
        assert_eq!(major_version("v8.1.0"), Some(8));
        assert_eq!(major_version("nonsense"), None);
    }
}
