use annona_core::{
    Commitment, Enrolment, EnrolmentDomain, EnrolmentKind, EyeCommitments, FieldElement,
    FieldError, IrisCommitments, OrbId, Signature, SignatureError, SignedEnrolment, UnixSeconds,
    parse_address,
};
use serde::{Deserialize, Serialize};

use crate::text::{hex, parse_word, unhex, word};

/// Form of the file with an orb's statement; the number is the version of the statement.
const FORMAT: &str = "annona-orb-statement-2";

/// Reason why a text is no statement of an orb.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrbStatementError {
    /// The text is not a statement of this version.
    #[error("this is not an orb's statement of version 2")]
    NotAStatement(#[source] Option<serde_json::Error>),
    /// A word or an address is malformed or not reduced.
    #[error("the member {member} of the orb's statement is malformed")]
    Malformed {
        /// Name of the member.
        member: &'static str,
    },
    /// The signature is nobody's.
    #[error("the orb's signature does not hold")]
    Signature(#[from] SignatureError),
    /// The file names another orb than the one that signed.
    #[error("the statement names the orb {named:?}, and {actual} signed it")]
    OtherOrb {
        /// Orb that the file names.
        named: String,
        /// Orb that signed.
        actual: OrbId,
    },
}

/// An orb's statement with commitments, and the deployment that it is for. Of this nothing is
/// secret but that it is about this person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrbStatement {
    domain: EnrolmentDomain,
    signed: SignedEnrolment,
    orb: OrbId,
    commitments: IrisCommitments,
}

/// The members of a statement in a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StatementFile {
    format: String,
    chain_id: u64,
    orb_registry: String,
    orb: String,
    commitment: String,
    iris_digest: String,
    image_digest: String,
    model_id: String,
    kind: String,
    captured_at: u64,
    nonce: String,
    left_image_commitment: String,
    right_image_commitment: String,
    left_code_commitment: String,
    right_code_commitment: String,
    signature: String,
}

impl OrbStatement {
    /// Takes a statement with commitments that was signed for `domain`.
    ///
    /// # Errors
    /// [`OrbStatementError`] when it has no commitments, or the signature is nobody's.
    pub fn new(
        domain: EnrolmentDomain,
        signed: SignedEnrolment,
    ) -> Result<Self, OrbStatementError> {
        let commitments = signed.commitments;
        Ok(Self {
            orb: signed.orb(&domain)?,
            commitments: commitments.ok_or(OrbStatementError::NotAStatement(None))?,
            domain,
            signed,
        })
    }

    /// Returns the deployment that it was signed for.
    #[must_use]
    pub const fn domain(&self) -> &EnrolmentDomain {
        &self.domain
    }

    /// Returns the capture that it is about.
    #[must_use]
    pub const fn enrolment(&self) -> &Enrolment {
        &self.signed.enrolment
    }

    /// Returns the orb that signed. The orb registry tells whether it is active.
    #[must_use]
    pub const fn orb(&self) -> OrbId {
        self.orb
    }

    /// Returns the commitments that the orb signed.
    #[must_use]
    pub const fn commitments(&self) -> &IrisCommitments {
        &self.commitments
    }

    /// Returns the text of the statement's file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(&self.to_file());
        text.expect("numbers and strings are written to a string") + "\n"
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// [`OrbStatementError`].
    pub fn from_json(text: &str) -> Result<Self, OrbStatementError> {
        let file: StatementFile = serde_json::from_str(text)
            .map_err(|error| OrbStatementError::NotAStatement(Some(error)))?;
        Self::from_file(&file)
    }

    pub(crate) fn to_file(&self) -> StatementFile {
        let (enrolment, eyes) = (&self.signed.enrolment, &self.commitments);
        StatementFile {
            format: FORMAT.to_owned(),
            chain_id: self.domain.chain_id,
            orb_registry: self.domain.orb_registry.to_string(),
            orb: self.orb.to_string(),
            commitment: enrolment.commitment.to_string(),
            iris_digest: word(enrolment.iris_digest.0),
            image_digest: word(enrolment.image_digest.0),
            model_id: word(enrolment.model_id.0),
            kind: enrolment.kind.code().to_owned(),
            captured_at: enrolment.captured_at.0,
            nonce: word(enrolment.nonce.0),
            left_image_commitment: eyes.left.image.to_string(),
            right_image_commitment: eyes.right.image.to_string(),
            left_code_commitment: eyes.left.code.to_string(),
            right_code_commitment: eyes.right.code.to_string(),
            signature: format!("0x{}", hex(&self.signed.signature.as_bytes())),
        }
    }

    pub(crate) fn from_file(file: &StatementFile) -> Result<Self, OrbStatementError> {
        if file.format != FORMAT {
            return Err(OrbStatementError::NotAStatement(None));
        }
        let malformed = |member| OrbStatementError::Malformed { member };
        let digest = |text: &str, member| match parse_word(text) {
            Ok(word) => Ok(word.into()),
            Err(_) => Err(malformed(member)),
        };
        let field = |text: &str, member| -> Result<FieldElement, OrbStatementError> {
            text.parse().map_err(|_: FieldError| malformed(member))
        };
        let commitment: Result<Commitment, FieldError> = file.commitment.parse();
        let registry = parse_address(&file.orb_registry);
        let signature = file.signature.strip_prefix("0x").and_then(unhex);
        let signature = signature.and_then(|bytes| Signature::try_from(bytes.as_slice()).ok());
        let signed = SignedEnrolment {
            enrolment: Enrolment {
                commitment: commitment.map_err(|_| malformed("commitment"))?,
                iris_digest: digest(&file.iris_digest, "irisDigest")?,
                image_digest: digest(&file.image_digest, "imageDigest")?,
                model_id: digest(&file.model_id, "modelId")?,
                kind: EnrolmentKind::from_code(&file.kind).ok_or(malformed("kind"))?,
                captured_at: UnixSeconds(file.captured_at),
                nonce: digest(&file.nonce, "nonce")?,
            },
            commitments: Some(IrisCommitments {
                left: EyeCommitments {
                    image: field(&file.left_image_commitment, "leftImageCommitment")?,
                    code: field(&file.left_code_commitment, "leftCodeCommitment")?,
                },
                right: EyeCommitments {
                    image: field(&file.right_image_commitment, "rightImageCommitment")?,
                    code: field(&file.right_code_commitment, "rightCodeCommitment")?,
                },
            }),
            signature: signature.ok_or(malformed("signature"))?,
        };
        let domain = EnrolmentDomain {
            chain_id: file.chain_id,
            orb_registry: registry.map_err(|_| malformed("orbRegistry"))?,
        };
        let statement = Self::new(domain, signed)?;
        if statement.orb.to_string() != file.orb {
            let (named, actual) = (file.orb.clone(), statement.orb);
            return Err(OrbStatementError::OtherOrb { named, actual });
        }
        Ok(statement)
    }
}
