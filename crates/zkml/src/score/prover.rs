use annona_circuits::{ScoreErrors, assign};
use annona_core::B256;
use annona_proofs::{BatchKeyError, ProofVerifier, ProverKey, VerifyError, VerifyingKey};
use rand_core::CryptoRng;

use super::{PrivateBank, SCORE, ScoreProof, ScoreStatement, TestSet};
use crate::ProofContext;
use annona_proofs::to_scalar;

/// Reason why there is no score, or why one is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The bank was committed to for another test set, or the test set was changed since.
    #[error(
        "the bank was committed to for another test set, or the test set was changed since then"
    )]
    OtherTestSet,
    /// The bank misses the target.
    #[error(
        "the bank misses the target: {} false matches (at most {}), {} false non-matches (at most {})",
        actual.false_matches, most.false_matches,
        actual.false_non_matches, most.false_non_matches
    )]
    Missed {
        /// Errors that are allowed.
        most: ScoreErrors,
        /// Errors that the bank makes.
        actual: ScoreErrors,
    },
    /// More errors are allowed than there are pairs.
    #[error("there are {two_eyes} pairs of two eyes and {one_eye} of one: allow no more errors")]
    Counts {
        /// Pairs of one eye.
        one_eye: u32,
        /// Pairs of two eyes.
        two_eyes: u32,
    },
    /// The prover failed.
    #[error("the Groth16 prover failed")]
    Prover(#[from] BatchKeyError),
    /// The score was made for another key.
    #[error("the score was made for the key {actual}, and the key here is {expected}")]
    OtherKey {
        /// Hash of the verifier's key.
        expected: B256,
        /// Hash that the score names.
        actual: B256,
    },
    /// The score does not hold.
    #[error("the score does not hold")]
    False(#[from] VerifyError),
}

/// Verifies scores.
#[derive(Debug, Clone)]
pub struct ScoreVerifier(ProofVerifier);

/// Returns the verifying key of the **unsafe** test key: anybody can forge scores under it.
#[must_use]
pub fn unsafe_test_score_key() -> VerifyingKey {
    let bytes = include_bytes!("../../keys/private-score.UNSAFE-TEST.vk");
    VerifyingKey::from_bytes(bytes).expect("the keys in this crate are checked by its tests")
}

impl ScoreVerifier {
    /// Creates a verifier under `key`, which must be of the circuit of scores.
    #[must_use]
    pub fn new(key: &VerifyingKey) -> Self {
        Self(ProofVerifier::new(key))
    }

    /// Checks a score (ZKML-14). The caller compares commitments, errors and context with those
    /// expected.
    ///
    /// # Errors
    /// [`ScoreError::OtherKey`], [`ScoreError::False`].
    pub fn verify(&self, score: &ScoreProof) -> Result<(), ScoreError> {
        let (expected, actual) = (self.0.key_hash(), score.key_hash);
        if expected != actual {
            return Err(ScoreError::OtherKey { expected, actual });
        }
        let inputs = score.statement.public_inputs();
        Ok(self.0.verify(&inputs, &score.points)?)
    }
}

/// Proves scores.
#[derive(Debug, Clone)]
pub struct ScoreProver {
    key: ProverKey,
    verifier: ScoreVerifier,
}

impl ScoreProver {
    /// Creates a prover with `key`, which must be of the circuit of scores.
    #[must_use]
    pub fn new(key: ProverKey) -> Self {
        Self {
            verifier: ScoreVerifier::new(key.verifying_key()),
            key,
        }
    }

    /// Checks that `bank` was committed to for `set` and makes at most `most` errors over it.
    ///
    /// # Errors
    /// [`ScoreError::OtherTestSet`], [`ScoreError::Counts`], [`ScoreError::Missed`].
    pub fn check(set: &TestSet, bank: &PrivateBank, most: ScoreErrors) -> Result<(), ScoreError> {
        if set.commitment() != bank.set_commitment() {
            return Err(ScoreError::OtherTestSet);
        }
        let (one_eye, two_eyes) = SCORE.pair_counts();
        if most.false_matches > two_eyes || most.false_non_matches > one_eye {
            return Err(ScoreError::Counts { one_eye, two_eyes });
        }
        let actual = bank.errors(set);
        let is_reached = actual.false_matches <= most.false_matches
            && actual.false_non_matches <= most.false_non_matches;
        if is_reached {
            Ok(())
        } else {
            Err(ScoreError::Missed { most, actual })
        }
    }

    /// Proves that `bank` makes at most `most` errors over `set`. The score that it returns was
    /// verified.
    ///
    /// # Errors
    /// [`ScoreError`].
    pub fn prove(
        &self,
        set: &TestSet,
        bank: &PrivateBank,
        most: ScoreErrors,
        context: ProofContext,
        rng: &mut impl CryptoRng,
    ) -> Result<ScoreProof, ScoreError> {
        Self::check(set, bank, most)?;
        let hash = to_scalar(context.to_field());
        let witness = SCORE.witness(set.values(), bank.values(), most, hash);
        let score = ScoreProof {
            statement: ScoreStatement {
                set_commitment: set.commitment(),
                bank_commitment: bank.commitment(),
                most,
                context,
            },
            key_hash: self.key.hash(),
            points: self.key.prove(&assign(&SCORE, &witness), rng)?,
        };
        self.verifier.verify(&score)?;
        Ok(score)
    }
}
