//! Test data of `worldcoin/open-iris` and results of its matcher, compared with this project's
//! distance, normalised iris and filters.
//!
//! The data are plain arrays by now: `xtask/peers/plain_arrays.py` converts the pickles.

mod array;
mod filters;
mod hamming;
mod normalised;
mod template;

use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use serde_json::Value;

/// One comparison.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Subject {
    /// Results of the matcher that its tests hold.
    StoredDistances,
    /// Results of the matcher, run on pairs of templates.
    Distances,
    /// The iris unrolled between the same contours.
    Normalised,
    /// Responses of the same kernels at the same places.
    Filters,
}

/// Compares one subject; returns the counts and figures of the agreement.
///
/// # Errors
/// The file cannot be read, or something in it does not agree.
pub(crate) fn compare(subject: Subject, file: &Path) -> anyhow::Result<Value> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let theirs = serde_json::from_str(&text)?;
    match subject {
        Subject::StoredDistances => hamming::stored(&theirs),
        Subject::Distances => hamming::pairs(&theirs),
        Subject::Normalised => normalised::compare(&theirs),
        Subject::Filters => filters::compare(&theirs),
    }
}
