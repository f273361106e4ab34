//! From labelled comparisons to error rates.
//!
//! Definitions, used everywhere that error rates of this project are stated:
//! - a *genuine* pair shows one eye of one person twice, every other pair is an
//!   *impostor* pair;
//! - two templates *match* at threshold `t` when they have a score and it is at
//!   most `t`. A pair without a score (too few shared bits) never matches: it is a
//!   miss when genuine, and no false match when an impostor pair;
//! - `FMR(t)` is the share of all impostor pairs that match, `FNMR(t)` the share of
//!   all genuine pairs that do not. Both count the pairs without a score. Images
//!   that gave no template are in no pair: they are the failures to acquire;
//! - the *threshold at FMR x* is the largest threshold with `FMR(t) <= x`;
//! - the *equal error rate* is the mean of FMR and FNMR at the threshold where
//!   they differ least (of several such, where the mean is least).
//!
//! Scores are whole millionths, so a tally holds every score exactly in bounded
//! memory, whatever the number of pairs.

mod tally;

pub use tally::{Labelled, ScoreTally};

/// Greatest score that there is, in millionths: all of 12,800 shared bits differ.
pub const MAX_SCORE_MICROS: u32 = 1_275_000;

/// Kind of a pair: one eye twice, or two different eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairKind {
    /// One eye of one person.
    Genuine,
    /// Different people, or different eyes of one person.
    Impostor,
}

/// A false match rate to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxFalseMatchRate {
    /// At most one impostor pair in so many may match.
    OneIn(u64),
    /// No impostor pair may match.
    Zero,
}

impl MaxFalseMatchRate {
    /// The rates that are reported: 1e-3, 1e-4, 1e-5 and 0.
    pub const REPORTED: [Self; 4] = [
        Self::OneIn(1_000),
        Self::OneIn(10_000),
        Self::OneIn(100_000),
        Self::Zero,
    ];

    /// Returns how many of `pairs` impostor pairs may match.
    #[must_use]
    pub const fn allowed(self, pairs: u64) -> u64 {
        match self {
            Self::OneIn(0) | Self::Zero => 0,
            Self::OneIn(count) => pairs / count,
        }
    }

    /// The rate as it is written: `1e-3`, `0`; `1/7` for other fractions.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::OneIn(0) | Self::Zero => "0".to_owned(),
            Self::OneIn(count) => {
                let zeros = count.ilog10();
                if 10u64.pow(zeros) == count {
                    format!("1e-{zeros}")
                } else {
                    format!("1/{count}")
                }
            }
        }
    }
}

/// The error rate at a false match rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperatingPoint {
    /// The false match rate that was to be held.
    pub max_false_match_rate: MaxFalseMatchRate,
    /// The largest threshold that holds it, in millionths; `None` when even a
    /// threshold of 0 lets too many impostor pairs match, so that nothing may.
    pub threshold_micros: Option<u32>,
    /// Share of impostor pairs that match there.
    pub false_match_rate: f64,
    /// Share of genuine pairs that do not match there.
    pub false_non_match_rate: f64,
    /// Genuine pairs that do not match there.
    pub false_non_matches: u64,
}

/// Numbers of pairs of one kind, with and without a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairCounts {
    /// All pairs, with and without a score.
    pub all: u64,
    /// Pairs below the mask floor, which have no score.
    pub without_score: u64,
}

/// Mean, spread and ends of the scores of one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreSummary {
    /// Mean score, 0 to about 1.
    pub mean: f64,
    /// Standard deviation of the scores.
    pub sd: f64,
    /// Least score.
    pub least: f64,
    /// Greatest score.
    pub greatest: f64,
}
