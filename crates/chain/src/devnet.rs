//! A development chain: Anvil, from the npm package that the set-up installs.

use std::path::{Path, PathBuf};

use alloy::node_bindings::{Anvil, AnvilInstance, NodeError};

/// Names the Anvil binary when it is not where the set-up puts it.
pub const ANVIL_VARIABLE: &str = "ANNONA_ANVIL";

/// Reason that no development chain runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevnetError {
    /// No Anvil binary was found.
    #[error("no Anvil binary was found; run `cargo xtask setup`, or set {ANVIL_VARIABLE} to one")]
    NotInstalled,
    /// Anvil did not start.
    #[error("Anvil did not start")]
    Start(#[from] NodeError),
}

/// Schedule of the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockTime {
    /// A block at once for each transaction.
    Instant,
    /// A block every so many seconds.
    Seconds(u64),
}

/// Finds Anvil: by [`ANVIL_VARIABLE`], or in `contracts/node_modules` of `start` or of a folder
/// above it.
///
/// # Errors
/// [`DevnetError::NotInstalled`].
pub fn find_anvil(start: &Path) -> Result<PathBuf, DevnetError> {
    if let Some(path) = std::env::var_os(ANVIL_VARIABLE) {
        return Ok(PathBuf::from(path));
    }
    start
        .ancestors()
        .find_map(installed_under)
        .ok_or(DevnetError::NotInstalled)
}

/// Finds the binary itself, no wrapper, in the platform package, whose name ends in the platform.
fn installed_under(folder: &Path) -> Option<PathBuf> {
    let packages = std::fs::read_dir(folder.join("contracts/node_modules/@foundry-rs")).ok()?;
    packages
        .flatten()
        .filter(|package| package.file_name().to_string_lossy().starts_with("anvil-"))
        .flat_map(|package| {
            ["bin/anvil", "bin/anvil.exe"].map(|binary| package.path().join(binary))
        })
        .find(|binary| binary.is_file())
}

/// Starts Anvil on a free loopback port; it is killed when the handle is dropped.
///
/// # Errors
/// [`DevnetError`].
pub fn start(anvil: &Path, blocks: BlockTime) -> Result<AnvilInstance, DevnetError> {
    let builder = Anvil::at(anvil);
    let builder = match blocks {
        BlockTime::Instant => builder,
        BlockTime::Seconds(seconds) => builder.block_time(seconds),
    };
    Ok(builder.try_spawn()?)
}
