use annona_circuits::ScoreErrors;
use annona_core::{B256, FieldElement, FieldError, ProofPoints, U256};
use serde::{Deserialize, Serialize};

use super::SCORE;
use crate::proof::FORMAT;
use crate::text::{
    ContextFile, ProofWords, parse_field, parse_proof, parse_word, proof_words, word,
};
use crate::{BACKEND, ContextError, ProofContext};

/// Relation that a score proves, with its version.
pub const SCORE_RELATION: &str = "annona.private-score.v1";

/// Reason why a text is no score that this version can check.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreFormatError {
    /// The text is not a score of this version.
    #[error("this is not a score of version 1")]
    NotAScore(#[source] Option<serde_json::Error>),
    /// The proof is of another relation or proof system.
    #[error("the proof is of {actual:?}, and {expected:?} is asked for")]
    Other {
        /// Name that is asked for.
        expected: &'static str,
        /// Name in the file.
        actual: String,
    },
    /// More errors are allowed than there are pairs.
    #[error("the score allows more errors than there are pairs")]
    Counts,
    /// A word is malformed or not reduced.
    #[error("a word of the score is not canonical")]
    NotCanonical(#[from] FieldError),
    /// The purpose is none.
    #[error("the context of the score is malformed")]
    Context(#[from] ContextError),
}

/// "The bank behind `bank_commitment` makes at most `most` errors over the test set behind
/// `set_commitment`" (ZKML-14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreStatement {
    /// Commitment to the test set, which came first.
    pub set_commitment: FieldElement,
    /// Commitment to the bank.
    pub bank_commitment: FieldElement,
    /// Most errors of each kind.
    pub most: ScoreErrors,
    /// Context that the score is for.
    pub context: ProofContext,
}

impl ScoreStatement {
    /// Returns the public inputs in circuit order.
    #[must_use]
    pub fn public_inputs(&self) -> [FieldElement; 5] {
        [
            self.set_commitment,
            self.bank_commitment,
            small(self.most.false_matches),
            small(self.most.false_non_matches),
            self.context.to_field(),
        ]
    }
}

fn small(number: u32) -> FieldElement {
    FieldElement::try_from(U256::from(number)).expect("a small number is below the modulus")
}

/// A score: the statement, the key that it was made for, and the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreProof {
    /// Statement that is proved.
    pub statement: ScoreStatement,
    /// Hash of the verifying key that the proof was made for.
    pub key_hash: B256,
    /// The proof itself.
    pub points: ProofPoints,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoreFile {
    format: String,
    relation: String,
    backend: String,
    key_hash: String,
    set_commitment: String,
    bank_commitment: String,
    false_matches: u32,
    false_non_matches: u32,
    context: ContextFile,
    proof: ProofWords,
}

impl ScoreProof {
    /// Returns the text of the score's file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let ScoreStatement {
            set_commitment,
            bank_commitment,
            most,
            context,
        } = &self.statement;
        let file = ScoreFile {
            format: FORMAT.to_owned(),
            relation: SCORE_RELATION.to_owned(),
            backend: BACKEND.to_owned(),
            key_hash: word(self.key_hash.0),
            set_commitment: word(set_commitment.to_be_bytes()),
            bank_commitment: word(bank_commitment.to_be_bytes()),
            false_matches: most.false_matches,
            false_non_matches: most.false_non_matches,
            context: context.into(),
            proof: proof_words(&self.points),
        };
        let text = serde_json::to_string_pretty(&file);
        text.expect("numbers and strings are written to a string") + "\n"
    }

    /// Reads what [`Self::to_json`] wrote. It does not say whether the proof holds.
    ///
    /// # Errors
    /// [`ScoreFormatError`].
    pub fn from_json(text: &str) -> Result<Self, ScoreFormatError> {
        let file: ScoreFile =
            serde_json::from_str(text).map_err(|error| ScoreFormatError::NotAScore(Some(error)))?;
        for (expected, actual) in [
            (FORMAT, &file.format),
            (SCORE_RELATION, &file.relation),
            (BACKEND, &file.backend),
        ] {
            if actual != expected {
                let actual = actual.clone();
                return Err(ScoreFormatError::Other { expected, actual });
            }
        }
        let (one_eye, two_eyes) = SCORE.pair_counts();
        if file.false_matches > two_eyes || file.false_non_matches > one_eye {
            return Err(ScoreFormatError::Counts);
        }
        Ok(Self {
            statement: ScoreStatement {
                set_commitment: parse_field(&file.set_commitment)?,
                bank_commitment: parse_field(&file.bank_commitment)?,
                most: ScoreErrors {
                    false_matches: file.false_matches,
                    false_non_matches: file.false_non_matches,
                },
                context: file.context.parse::<ScoreFormatError>()?,
            },
            key_hash: parse_word(&file.key_hash)?.into(),
            points: parse_proof(&file.proof)?,
        })
    }
}
