//! Checks and tests of the web app, by its npm scripts.

use crate::setup;

const FOLDER: &str = "app";

/// Checks texts, walls, licences and types, runs the unit tests, and builds the app, which
/// must stay small.
pub(crate) fn test() -> anyhow::Result<()> {
    run(&["check", "test", "build"])
}

/// Makes the app's types of the API from its document.
pub(crate) fn generate() -> anyhow::Result<()> {
    run(&["gen"])
}

/// Goes a citizen's ways through the built app in Chromium.
pub(crate) fn flow() -> anyhow::Result<()> {
    run(&["build", "flow"])
}

fn run(scripts: &[&str]) -> anyhow::Result<()> {
    setup::install_packages_of(FOLDER)?;
    let mut scripts = scripts.iter();
    scripts.try_for_each(|script| setup::npm(FOLDER, &["run", script]))
}
