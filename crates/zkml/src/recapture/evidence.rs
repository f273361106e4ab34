use annona_model::Eye;
use serde::{Deserialize, Serialize};

use super::RecaptureProof;
use super::proof::{RecaptureFile, RecaptureFormatError};
use crate::orb_statement::StatementFile;
use crate::proof::ProofFile;
use crate::{EncodingProof, OrbStatement, OrbStatementError, ProofFormatError};

/// Form of the file of a re-capture's evidence.
const FORMAT: &str = "annona-recapture-1";

/// Longest file of evidence that is read.
pub const MAX_EVIDENCE_BYTES: u64 = 1 << 16;

/// Reason why a text is no evidence of a re-capture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The text is not evidence of this version.
    #[error("this is not the evidence of a re-capture, version 1")]
    NotEvidence(#[source] Option<serde_json::Error>),
    /// The orb's statement cannot be read.
    #[error("the orb's statement cannot be read")]
    Statement(#[from] OrbStatementError),
    /// The encoding of an eye cannot be read.
    #[error("the encoding of the {} eye cannot be read", eye.name())]
    Encoding {
        /// The eye.
        eye: Eye,
        /// Reason.
        source: ProofFormatError,
    },
    /// The re-capture of an eye cannot be read.
    #[error("the re-capture of the {} eye cannot be read", eye.name())]
    Recapture {
        /// The eye.
        eye: Eye,
        /// Reason.
        source: RecaptureFormatError,
    },
    /// There is no eye.
    #[error("there are proofs of neither eye")]
    NoEye,
}

/// Proofs of one eye: that the fresh code is the model's, and that it matches the enrolled one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EyeEvidence {
    /// Proof that the fresh code came from the iris that the orb signed.
    pub encoding: EncodingProof,
    /// Proof that the fresh code matches the enrolled one.
    pub recapture: RecaptureProof,
}

/// The orb's statement about a fresh capture, with the proofs of one or both eyes. It shows no code
/// and may be handed to whoever asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecaptureEvidence {
    statement: OrbStatement,
    eyes: [Option<EyeEvidence>; 2],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceFile {
    format: String,
    statement: StatementFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<EyeFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    right: Option<EyeFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EyeFile {
    encoding: ProofFile,
    recapture: RecaptureFile,
}

impl EyeFile {
    fn parse(&self, eye: Eye) -> Result<EyeEvidence, EvidenceError> {
        let encoding = EncodingProof::from_file(&self.encoding);
        let recapture = RecaptureProof::from_file(&self.recapture);
        Ok(EyeEvidence {
            encoding: encoding.map_err(|source| EvidenceError::Encoding { eye, source })?,
            recapture: recapture.map_err(|source| EvidenceError::Recapture { eye, source })?,
        })
    }
}

impl RecaptureEvidence {
    /// Puts the orb's statement and the proofs of the eyes together, left and right.
    ///
    /// # Errors
    /// [`EvidenceError::NoEye`].
    pub fn new(
        statement: OrbStatement,
        eyes: [Option<EyeEvidence>; 2],
    ) -> Result<Self, EvidenceError> {
        if eyes.iter().all(Option::is_none) {
            return Err(EvidenceError::NoEye);
        }
        Ok(Self { statement, eyes })
    }

    /// Returns the orb's statement.
    #[must_use]
    pub const fn statement(&self) -> &OrbStatement {
        &self.statement
    }

    /// Returns the proofs of the eyes, left and right.
    #[must_use]
    pub fn eyes(&self) -> [Option<&EyeEvidence>; 2] {
        self.eyes.each_ref().map(Option::as_ref)
    }

    /// Returns the text of the evidence's file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let [left, right] = self.eyes().map(|eye| {
            eye.map(|it| EyeFile {
                encoding: it.encoding.to_file(),
                recapture: it.recapture.to_file(),
            })
        });
        let file = EvidenceFile {
            format: FORMAT.to_owned(),
            statement: self.statement.to_file(),
            left,
            right,
        };
        let text = serde_json::to_string_pretty(&file);
        text.expect("numbers and strings are written to a string") + "\n"
    }

    /// Reads what [`Self::to_json`] wrote. It does not say whether anything of it holds.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub fn from_json(text: &str) -> Result<Self, EvidenceError> {
        let file: EvidenceFile =
            serde_json::from_str(text).map_err(|error| EvidenceError::NotEvidence(Some(error)))?;
        if file.format != FORMAT {
            return Err(EvidenceError::NotEvidence(None));
        }
        let read = |eye, file: Option<EyeFile>| file.map(|it| it.parse(eye)).transpose();
        let eyes = [read(Eye::Left, file.left)?, read(Eye::Right, file.right)?];
        Self::new(OrbStatement::from_file(&file.statement)?, eyes)
    }
}
