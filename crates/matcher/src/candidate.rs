//! An entry that a search reports.

use crate::pair::PairScore;

/// An entry of the gallery that a search reports as similar (ISO/IEC 2382-37).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The entry's sequence number, as given to [`Gallery::push`](crate::Gallery::push).
    pub sequence: u64,
    /// Score of the entry against the probe.
    pub score: PairScore,
}
