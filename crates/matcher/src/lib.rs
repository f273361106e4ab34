//! From iris templates to a decision about uniqueness.
//!
//! Here: the distance of two templates over all rotations, the normalised score,
//! pairs of eyes, the gallery in memory and the decision rule.
//!
//! Not here: images (`annona-iris`), files, databases, networks. Nothing in this
//! crate reads a clock or a random source, and scores are integers: the same
//! templates give the same decision on every machine.
//!
//! Invariants:
//! - a comparison with fewer shared bits than the mask floor is no comparison: it
//!   never counts as "different", it goes to review;
//! - thresholds live in [`DecisionRule::standard`] and nowhere else.

mod decision;
mod distance;
mod gallery;
mod pair;
mod score;
#[cfg(test)]
mod testing;

pub use decision::{Decision, DecisionRule};
pub use distance::{MAX_ROTATION, MIN_SHARED_BITS, RawDistance, raw_distance};
pub use gallery::{Gallery, Match};
pub use pair::{
    Arrangement, EyePair, EyesCompared, INCOMPARABLE_MICROS, PAIR_BYTES, PairScore,
    SINGLE_EYE_PENALTY_MICROS, pair_score, pair_score_swapped,
};
pub use score::{IMPOSTOR_MICROS, SCORE_VERSION, Score, score};
