//! The web app: its WebAssembly module, and its checks and tests by its npm scripts.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::setup;
use crate::shell::{annona_binary, cargo, read_from, root, run_in, target_folder};
use crate::steps::StepOutcome;

const FOLDER: &str = "app";

/// Target of the module, and the profile of the workspace that it is built with.
const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm";
/// Place where the app expects the module.
const MODULE: &str = "app/src/wallet/generated/annona.wasm";

/// Builds the app into `app/dist`.
pub(crate) fn build() -> anyhow::Result<()> {
    build_module()?;
    run(&["build"])
}

/// Builds the module of `crates/wasm` and puts it where the app expects it.
pub(crate) fn build_module() -> anyhow::Result<()> {
    add_target()?;
    let package = ["build", "--quiet", "--package", "annona-wasm"];
    cargo(&[&package[..], &["--target", TARGET, "--profile", PROFILE]].concat())?;
    let made = target_folder()?
        .join(TARGET)
        .join(PROFILE)
        .join("annona_wasm.wasm");
    let place = root().join(MODULE);
    fs::create_dir_all(place.parent().context("the module has a folder")?)?;
    fs::copy(&made, &place).with_context(|| format!("cannot copy {}", made.display()))?;
    Ok(())
}

/// Installs the standard library of the target where it is missing.
fn add_target() -> anyhow::Result<()> {
    let library = read_from(
        root(),
        "rustc",
        &["--print", "target-libdir", "--target", TARGET],
    )?;
    if Path::new(library.trim()).exists() {
        return Ok(());
    }
    run_in(root(), "rustup", &["target", "add", TARGET])
        .with_context(|| format!("install Rust's standard library for {TARGET}"))
}

/// Checks texts, walls, licences and types, runs the unit tests, and builds the app, which
/// must stay small.
pub(crate) fn test() -> anyhow::Result<()> {
    build_module()?;
    run(&["check", "test", "build"])
}

/// Makes the app's types of the API from its document.
pub(crate) fn generate() -> anyhow::Result<()> {
    run(&["gen"])
}

/// Browsers that the scripts of the app look for, besides the one that `CHROMIUM` names.
const BROWSERS: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/// Goes a citizen's ways through the built app in Chromium, most of them with the service,
/// contracts and orb of a demo, and looks at each state of its screens: once, and with `is_long`
/// in every language, theme and size. Then Lighthouse scores the first page.
pub(crate) fn flow(is_long: bool) -> anyhow::Result<StepOutcome> {
    let is_named = std::env::var_os("CHROMIUM").is_some();
    let has_browser = is_named || BROWSERS.iter().any(|it| Path::new(it).exists());
    with_browser(has_browser, || go_the_ways(is_long))
}

/// Does some work with a browser; without one, says that it is not done.
fn with_browser(
    has_browser: bool,
    work: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<StepOutcome> {
    if has_browser {
        return work().map(|()| StepOutcome::Ran);
    }
    let reason = anyhow::anyhow!(
        "there is no Chromium or Chrome in /usr/bin: install one, or name it in CHROMIUM"
    );
    StepOutcome::not_run("the ways through the app", &reason)
}

fn go_the_ways(is_long: bool) -> anyhow::Result<()> {
    run(&["flow", "devices"])?;
    let annona = annona_binary()?;
    let annona = annona.to_string_lossy();
    setup::npm(FOLDER, &["run", "flows", "--", &annona])?;
    run(&["speed"])?;
    if is_long {
        return run(&["gallery"]);
    }
    setup::npm(FOLDER, &["run", "gallery", "--", "--quick"])
}

fn run(scripts: &[&str]) -> anyhow::Result<()> {
    setup::install_packages_of(FOLDER)?;
    let mut scripts = scripts.iter();
    scripts.try_for_each(|script| setup::npm(FOLDER, &["run", script]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn without_a_browser_nothing_is_run_and_the_outcome_says_so() {
        let work = || unreachable!("there is no browser");
        assert_eq!(with_browser(false, work).unwrap(), StepOutcome::NotRun);
    }

    #[test]
    fn a_fault_in_the_browser_is_an_error() {
        let failed = with_browser(true, || anyhow::bail!("a fault"));
        assert_eq!(failed.unwrap_err().to_string(), "a fault");
        assert_eq!(with_browser(true, || Ok(())).unwrap(), StepOutcome::Ran);
    }
}
