//! From iris templates to a decision about uniqueness.
//!
//! Here: the distance of two templates over all rotations, the normalised score,
//! pairs of eyes and their arrangements, the fusion of several captures, the exact
//! search of a gallery on vector instructions, prefiltering, the gallery's files, and the
//! decision rule.
//!
//! Not here: images (`annona-iris`), error rates (`annona-evaluation`), databases, networks.
//! The only files that this crate touches are a gallery's, in [`Gallery`]: they are mapped
//! into memory, and their layout makes a search fast. Nothing here reads a clock or a random
//! source, and scores are integers: the same templates give the same decision on every machine
//! and on all instructions. Floats exclude comparisons, by more than their greatest error, and
//! decide nothing.
//!
//! Invariants:
//! - every search gives what scoring each entry at all 200 rotations of each eye would give,
//!   unless the caller asks for [`SearchMode::Prefiltered`];
//! - a comparison with fewer shared bits than the mask floor is no comparison: it
//!   never counts as "different", it goes to review;
//! - thresholds live in [`DecisionRule::standard`] and nowhere else;
//! - a gallery's files are a copy of the database and can be thrown away.
//!
//! This is the one crate in which `unsafe` is allowed: for vector instructions, which
//! are run after the processor was asked for them, and for memory-mapped files.

pub mod baseline;
mod bound;
mod candidate;
mod compare;
mod decision;
mod distance;
mod entry;
mod error;
mod fusion;
mod gallery;
mod kernel;
mod packed;
mod pair;
mod prefilter;
mod score;
mod search;
#[cfg(test)]
mod testing;

pub use candidate::Candidate;
pub use decision::{Decision, DecisionRule};
pub use distance::{MAX_ROTATION, MIN_SHARED_BITS, RawDistance, raw_distance};
pub use error::GalleryError;
pub use fusion::{FrameOutcome, FusedTemplate, FusionError, FusionRule, fuse};
pub use gallery::{Access, Gallery, Snapshot};
pub use kernel::Instructions;
pub use pair::{
    Arrangement, EyesCompared, INCOMPARABLE_MICROS, PairScore, SINGLE_EYE_PENALTY_MICROS,
    WIDE_OPEN_BITS, is_wide_open, mirrored, mirrored_pair, pair_score, pair_score_swapped,
};
pub use prefilter::passes_prefilter;
pub use score::{
    IMPOSTOR_MICROS, SCORE_VERSION, Score, TURNED_PENALTY_MICROS, normalised_micros, score,
};
pub use search::{SearchMode, SearchResult};
