use annona_core::{B256, FieldError, ProofPoints};
use annona_model::ModelName;
use serde::{Deserialize, Serialize};

use crate::text::{
    ContextFile, ProofWords, parse_field, parse_proof, parse_word, proof_words, word,
};
use crate::{ContextError, EncodingStatement, ProofContext};

/// Form of a proof's file.
pub(crate) const FORMAT: &str = "annona-proof-1";

/// Relation that is proved, with its version.
pub const RELATION: &str = "annona.iris-encoding.v1";

/// Proof system and curve.
pub const BACKEND: &str = "groth16-bn254";

/// Longest file of a proof that is read.
pub const MAX_PROOF_BYTES: u64 = 1 << 16;

/// Reason why a text is no proof that this version can check (ZKML-8).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFormatError {
    /// The text is not an envelope of this version.
    #[error("this is not a proof file of version 1")]
    NotAProof(#[source] Option<serde_json::Error>),
    /// The proof is of another relation.
    #[error("the proof is of the relation {actual:?}, and this program checks {RELATION:?}")]
    OtherRelation {
        /// Relation that the file names.
        actual: String,
    },
    /// The proof is of another proof system.
    #[error("the proof is of the backend {actual:?}, and this program checks {BACKEND:?}")]
    OtherBackend {
        /// Backend that the file names.
        actual: String,
    },
    /// The model is not known here.
    #[error("no model with the id {id} is known here")]
    UnknownModel {
        /// Id that the file names.
        id: B256,
    },
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

/// A proof with its statement: the relation, model, key and context that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodingProof {
    /// Statement that is proved.
    pub statement: EncodingStatement,
    /// Preimage of the statement's context.
    pub context: ProofContext,
    /// Hash of the verifying key that the proof was made for.
    pub key_hash: B256,
    /// The proof itself.
    pub points: ProofPoints,
}

/// The members of a proof in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProofFile {
    format: String,
    relation: String,
    model_id: String,
    backend: String,
    key_hash: String,
    context: ContextFile,
    public_inputs: [String; 3],
    proof: ProofWords,
}

impl EncodingProof {
    /// Returns the text of the proof's file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(&self.to_file());
        text.expect("numbers and strings are written to a string") + "\n"
    }

    /// Reads what [`Self::to_json`] wrote. It does not say whether the proof holds.
    ///
    /// # Errors
    /// [`ProofFormatError`].
    pub fn from_json(text: &str) -> Result<Self, ProofFormatError> {
        let file: ProofFile =
            serde_json::from_str(text).map_err(|error| ProofFormatError::NotAProof(Some(error)))?;
        Self::from_file(&file)
    }

    pub(crate) fn to_file(&self) -> ProofFile {
        let inputs = self.statement.public_inputs();
        ProofFile {
            format: FORMAT.to_owned(),
            relation: RELATION.to_owned(),
            model_id: word(self.statement.model.model().id()),
            backend: BACKEND.to_owned(),
            key_hash: word(self.key_hash.0),
            context: (&self.context).into(),
            public_inputs: inputs.map(|input| word(input.to_be_bytes())),
            proof: proof_words(&self.points),
        }
    }

    pub(crate) fn from_file(file: &ProofFile) -> Result<Self, ProofFormatError> {
        if file.format != FORMAT {
            return Err(ProofFormatError::NotAProof(None));
        }
        if file.relation != RELATION {
            return Err(ProofFormatError::OtherRelation {
                actual: file.relation.clone(),
            });
        }
        if file.backend != BACKEND {
            return Err(ProofFormatError::OtherBackend {
                actual: file.backend.clone(),
            });
        }
        let id = parse_word(&file.model_id)?;
        let unknown = || ProofFormatError::UnknownModel { id: id.into() };
        let model = ModelName::with_id(id).ok_or_else(unknown)?;
        let context = file.context.parse::<ProofFormatError>()?;
        let [image, code, hash] = file.public_inputs.each_ref().map(|it| parse_field(it));
        let statement = EncodingStatement {
            model,
            image_commitment: image?,
            code_commitment: code?,
            context: hash?,
        };
        if statement.context != context.to_field() {
            return Err(ProofFormatError::OtherContext);
        }
        Ok(Self {
            statement,
            context,
            key_hash: parse_word(&file.key_hash)?.into(),
            points: parse_proof(&file.proof)?,
        })
    }
}
