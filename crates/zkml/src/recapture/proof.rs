use annona_core::{B256, FieldElement, FieldError, ProofPoints, U256};
use annona_model::ModelName;
use serde::{Deserialize, Serialize};

use crate::proof::FORMAT;
use crate::text::{
    ContextFile, ProofWords, parse_field, parse_proof, parse_word, proof_words, word,
};
use crate::{BACKEND, ContextError, ProofContext};

/// Relation that a re-capture proves, with its version.
pub const RECAPTURE_RELATION: &str = "annona.iris-recapture.v1";

/// Reason why a text is no re-capture proof that this version can check (ZKML-8).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecaptureFormatError {
    /// The text is not a proof of this version.
    #[error("this is not a re-capture proof of version 1")]
    NotARecapture(#[source] Option<serde_json::Error>),
    /// The proof is of another relation or proof system.
    #[error("the proof is of {actual:?}, and {expected:?} is asked for")]
    Other {
        /// Name that is asked for.
        expected: &'static str,
        /// Name in the file.
        actual: String,
    },
    /// The model is not known here.
    #[error("no model with the id {id} is known here")]
    UnknownModel {
        /// Id that the file names.
        id: B256,
    },
    /// The bound is no number of millionths below that of strangers.
    #[error("the bound of the score is no number that a circuit takes")]
    Bound,
    /// A word is malformed or not reduced.
    #[error("a word of the proof is not canonical")]
    NotCanonical(#[from] FieldError),
    /// The purpose is none.
    #[error("the context of the proof is malformed")]
    Context(#[from] ContextError),
    /// The context is not the one that the proof was made for.
    #[error("the context in the file is not the one in the public inputs")]
    OtherContext,
}

/// "The code behind `fresh_commitment` matches the one behind `enrolled_commitment` with a score of
/// at most `most_micros`, and both are of one eye and of `model`" (ZKML-22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecaptureStatement {
    /// Model of both codes.
    pub model: ModelName,
    /// Commitment to the enrolled code.
    pub enrolled_commitment: FieldElement,
    /// Commitment to the fresh code.
    pub fresh_commitment: FieldElement,
    /// Greatest score of the two, in millionths.
    pub most_micros: u32,
    /// Context that the proof is for.
    pub context: ProofContext,
}

impl RecaptureStatement {
    /// Returns the public inputs in circuit order.
    #[must_use]
    pub fn public_inputs(&self) -> [FieldElement; 4] {
        let most = FieldElement::try_from(U256::from(self.most_micros));
        [
            self.enrolled_commitment,
            self.fresh_commitment,
            most.expect("a small number is below the modulus"),
            self.context.to_field(),
        ]
    }
}

/// A proof of one eye's re-capture: the statement, the key that it was made for, and the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecaptureProof {
    /// Statement that is proved.
    pub statement: RecaptureStatement,
    /// Hash of the verifying key that the proof was made for.
    pub key_hash: B256,
    /// The proof itself.
    pub points: ProofPoints,
}

/// The members of a re-capture proof in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecaptureFile {
    format: String,
    relation: String,
    model_id: String,
    backend: String,
    key_hash: String,
    context: ContextFile,
    public_inputs: [String; 4],
    proof: ProofWords,
}

impl RecaptureProof {
    /// Returns the text of the proof's file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(&self.to_file());
        text.expect("numbers and strings are written to a string") + "\n"
    }

    /// Reads what [`Self::to_json`] wrote. It does not say whether the proof holds.
    ///
    /// # Errors
    /// [`RecaptureFormatError`].
    pub fn from_json(text: &str) -> Result<Self, RecaptureFormatError> {
        let file: RecaptureFile = serde_json::from_str(text)
            .map_err(|error| RecaptureFormatError::NotARecapture(Some(error)))?;
        Self::from_file(&file)
    }

    pub(crate) fn to_file(&self) -> RecaptureFile {
        let inputs = self.statement.public_inputs();
        RecaptureFile {
            format: FORMAT.to_owned(),
            relation: RECAPTURE_RELATION.to_owned(),
            model_id: word(self.statement.model.model().id()),
            backend: BACKEND.to_owned(),
            key_hash: word(self.key_hash.0),
            context: (&self.statement.context).into(),
            public_inputs: inputs.map(|input| word(input.to_be_bytes())),
            proof: proof_words(&self.points),
        }
    }

    pub(crate) fn from_file(file: &RecaptureFile) -> Result<Self, RecaptureFormatError> {
        if file.format != FORMAT {
            return Err(RecaptureFormatError::NotARecapture(None));
        }
        for (expected, actual) in [
            (RECAPTURE_RELATION, &file.relation),
            (BACKEND, &file.backend),
        ] {
            if actual != expected {
                let actual = actual.clone();
                return Err(RecaptureFormatError::Other { expected, actual });
            }
        }
        let id = parse_word(&file.model_id)?;
        let unknown = || RecaptureFormatError::UnknownModel { id: id.into() };
        let model = ModelName::with_id(id).ok_or_else(unknown)?;
        let context = file.context.parse::<RecaptureFormatError>()?;
        let [enrolled, fresh, most, hash] = file.public_inputs.each_ref().map(|it| parse_field(it));
        if hash? != context.to_field() {
            return Err(RecaptureFormatError::OtherContext);
        }
        let most = most?.to_u256();
        let bits = most.bit_len();
        if bits > annona_circuits::MOST_BIT_COUNT {
            return Err(RecaptureFormatError::Bound);
        }
        Ok(Self {
            statement: RecaptureStatement {
                model,
                enrolled_commitment: enrolled?,
                fresh_commitment: fresh?,
                most_micros: most.to::<u32>(),
                context,
            },
            key_hash: parse_word(&file.key_hash)?.into(),
            points: parse_proof(&file.proof)?,
        })
    }
}
