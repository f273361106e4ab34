//! The web app: its WebAssembly module, and its checks and tests by its npm scripts.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::dependencies::skipped;
use crate::setup;
use crate::shell::{annona_binary, cargo, read_from, root, run_in, target_folder};

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
/// in every language, theme and size. `is_long` also measures how fast the first page comes, which
/// other work on the machine makes slower. Without a browser it says that it did not.
pub(crate) fn flow(is_long: bool) -> anyhow::Result<()> {
    let is_named = std::env::var_os("CHROMIUM").is_some();
    if !is_named && !BROWSERS.iter().any(|browser| Path::new(browser).exists()) {
        let reason = anyhow::anyhow!(
            "there is no Chromium or Chrome in /usr/bin: install one, or name it in CHROMIUM"
        );
        return skipped("the ways through the app", &reason);
    }
    run(&["flow", "devices"])?;
    let annona = annona_binary()?;
    let annona = annona.to_string_lossy();
    setup::npm(FOLDER, &["run", "flows", "--", &annona])?;
    if is_long {
        return run(&["speed", "gallery"]);
    }
    setup::npm(FOLDER, &["run", "gallery", "--", "--quick"])
}

fn run(scripts: &[&str]) -> anyhow::Result<()> {
    setup::install_packages_of(FOLDER)?;
    let mut scripts = scripts.iter();
    scripts.try_for_each(|script| setup::npm(FOLDER, &["run", script]))
}
