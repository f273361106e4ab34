//! The score of a private filter bank over a committed test set: files, prover, verifier.

mod bank;
mod proof;
mod prover;
mod test_set;

pub use bank::{BankError, FilterBank, PrivateBank};
pub use proof::{SCORE_RELATION, ScoreFormatError, ScoreProof, ScoreStatement};
pub use prover::{ScoreError, ScoreProver, ScoreVerifier, unsafe_test_score_key};
pub use test_set::{TestSet, TestSetError};

use std::collections::BTreeMap;
use std::sync::LazyLock;

use annona_circuits::Score;
pub use annona_circuits::ScoreErrors;
use annona_keys::Pinned;

static LOCK: LazyLock<BTreeMap<String, Pinned>> = LazyLock::new(|| {
    let text = include_str!("../../../../circuits/scores.lock.json");
    serde_json::from_str(text).expect("the lock file is generated, and a test reads it")
});

/// Returns the sizes and hashes that git holds about the circuit of scores (ZKML-7).
#[must_use]
pub fn pinned_score() -> &'static Pinned {
    &LOCK[SCORE_CIRCUIT]
}

/// The circuit of scores.
pub const SCORE: Score = Score::SMALL;

/// Name of the circuit of scores in files and lists.
pub const SCORE_CIRCUIT: &str = "private-score";

/// Longest file of a test set, a bank or a score that is read.
pub const MAX_SCORE_BYTES: u64 = 1 << 18;

#[cfg(test)]
mod tests {
    use annona_circuits::R1cs;

    use super::*;

    /// Tests ZKML-7.
    #[test]
    fn the_circuit_of_scores_is_the_pinned_one() {
        let hash = unsafe_test_score_key().hash();
        assert_eq!(*pinned_score(), Pinned::of(&R1cs::of(&SCORE), hash));
    }
}
