use serde::{Deserialize, Serialize};

use crate::proof::ProofFile;
use crate::{EncodingProof, ProofFormatError};

/// Form of the file of both eyes' proofs.
const FORMAT: &str = "annona-proof-pair-1";

/// Reason why two proofs are not those of one person's eyes (ZKML-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// The proofs are of two models.
    #[error("the proofs of the eyes are for two models")]
    TwoModels,
    /// The proofs were made for two keys.
    #[error("the proofs of the eyes were made for two keys")]
    TwoKeys,
    /// The proofs were made for two purposes, accounts or epochs.
    #[error("the proofs of the eyes were made for two purposes, accounts or epochs")]
    TwoContexts,
    /// Both proofs are about one commitment.
    #[error("the proofs of the eyes are about one iris or one code")]
    OneEye,
}

/// Reason why a text holds no pair of proofs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairFormatError {
    /// The text is not an envelope of this version.
    #[error("this is not a file of both eyes' proofs, version 1")]
    NotAPair(#[source] Option<serde_json::Error>),
    /// One of the proofs cannot be read.
    #[error("the proof of the {eye} eye cannot be read")]
    Proof {
        /// `left` or `right`.
        eye: &'static str,
        /// Reason.
        source: ProofFormatError,
    },
    /// The proofs do not belong together.
    #[error(transparent)]
    Pair(#[from] PairError),
}

/// Proofs of both eyes of a person by one model, under one key and for one context.
///
/// A proof does not show its eye: the left one is the left eye's because an orb signed its image
/// commitment as the left one, which the caller compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofPair {
    left: EncodingProof,
    right: EncodingProof,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PairFile {
    format: String,
    left: ProofFile,
    right: ProofFile,
}

impl ProofPair {
    /// Puts the proofs of both eyes together (ZKML-11).
    ///
    /// # Errors
    /// [`PairError`].
    pub fn new(left: EncodingProof, right: EncodingProof) -> Result<Self, PairError> {
        let (one, other) = (&left.statement, &right.statement);
        if one.model != other.model {
            Err(PairError::TwoModels)
        } else if left.key_hash != right.key_hash {
            Err(PairError::TwoKeys)
        } else if left.context != right.context || one.context != other.context {
            Err(PairError::TwoContexts)
        } else if one.image_commitment == other.image_commitment
            || one.code_commitment == other.code_commitment
        {
            Err(PairError::OneEye)
        } else {
            Ok(Self { left, right })
        }
    }

    /// Returns the proofs, left and right.
    #[must_use]
    pub const fn proofs(&self) -> [&EncodingProof; 2] {
        [&self.left, &self.right]
    }

    /// Returns the text of the pair's file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let file = PairFile {
            format: FORMAT.to_owned(),
            left: self.left.to_file(),
            right: self.right.to_file(),
        };
        let text = serde_json::to_string_pretty(&file);
        text.expect("numbers and strings are written to a string") + "\n"
    }

    /// Reads what [`Self::to_json`] wrote. It does not say whether the proofs hold.
    ///
    /// # Errors
    /// [`PairFormatError`].
    pub fn from_json(text: &str) -> Result<Self, PairFormatError> {
        let file: PairFile =
            serde_json::from_str(text).map_err(|error| PairFormatError::NotAPair(Some(error)))?;
        if file.format != FORMAT {
            return Err(PairFormatError::NotAPair(None));
        }
        let read = |eye, proof| {
            let unreadable = |source| PairFormatError::Proof { eye, source };
            EncodingProof::from_file(proof).map_err(unreadable)
        };
        let (left, right) = (read("left", &file.left)?, read("right", &file.right)?);
        Ok(Self::new(left, right)?)
    }
}
