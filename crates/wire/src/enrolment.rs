//! Bodies of enrolments: the request with its parsing, and the status of an enrolment.

use annona_core::{
    CodeSalts, Enrolment, EnrolmentKind, EyeCommitments, FieldElement, IrisCommitments,
    SignedEnrolment, UnixSeconds,
};
use annona_template::{EyePair, IrisTemplate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::custody::{ParsedPackage, SealedPackageRequest};
use crate::hex::{self, FieldProblem};
use crate::number::whole_number;
use crate::schema::{
    CommitmentText, MAX_PROOFS_CHARS, ProofPairText, ScalarText, SignatureText, TemplateText,
    UnsignedNumber, WordText,
};
use crate::upgrade::{ParsedCodes, UpgradedCodesRequest};

/// Version of statements without commitments.
const WITHOUT_COMMITMENTS: u64 = 1;
/// Version of statements with commitments to irises and codes.
const WITH_COMMITMENTS: u64 = 2;

/// Kind of an enrolment: a person joins for the first time or replaces a lost commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KindName {
    /// First enrolment.
    New,
    /// Re-enrolment of a known person.
    Recovery,
}

/// Commitments of one eye that the orb signed, with the salt that opens the second to the
/// template beside it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EyeCommitmentsRequest {
    /// Commitment to the normalised iris, below the BN254 scalar modulus: 0x and 64 hexadecimal
    /// digits.
    #[schema(value_type = ScalarText)]
    pub image_commitment: String,
    /// Commitment to code and mask, below the BN254 scalar modulus: 0x and 64 hexadecimal digits.
    #[schema(value_type = ScalarText)]
    pub code_commitment: String,
    /// Salt of the code commitment, below the BN254 scalar modulus: 0x and 64 hexadecimal digits.
    /// The service checks the template with it and does not keep it.
    #[schema(value_type = ScalarText)]
    pub code_salt: String,
}

impl core::fmt::Debug for EyeCommitmentsRequest {
    /// Without the salt.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EyeCommitmentsRequest")
            .field("image_commitment", &self.image_commitment)
            .field("code_commitment", &self.code_commitment)
            .finish_non_exhaustive()
    }
}

impl EyeCommitmentsRequest {
    /// The commitments of an eye and the salt.
    #[must_use]
    pub fn new(commitments: &EyeCommitments, code_salt: FieldElement) -> Self {
        Self {
            image_commitment: commitments.image.to_string(),
            code_commitment: commitments.code.to_string(),
            code_salt: code_salt.to_string(),
        }
    }

    /// The commitments and the salt of the second.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed or out of range.
    pub fn parse(&self) -> Result<(EyeCommitments, FieldElement), FieldProblem> {
        let commitments = EyeCommitments {
            image: hex::scalar("imageCommitment", &self.image_commitment)?,
            code: hex::scalar("codeCommitment", &self.code_commitment)?,
        };
        Ok((commitments, hex::scalar("codeSalt", &self.code_salt)?))
    }
}

/// Commitments of both eyes that the orb signed, in a statement of version 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IrisCommitmentsRequest {
    /// Commitments of the left eye.
    pub left: EyeCommitmentsRequest,
    /// Commitments of the right eye.
    pub right: EyeCommitmentsRequest,
}

impl IrisCommitmentsRequest {
    /// The commitments of both eyes and the salts of their codes.
    #[must_use]
    pub fn new(commitments: &IrisCommitments, salts: &CodeSalts) -> Self {
        Self {
            left: EyeCommitmentsRequest::new(&commitments.left, salts.left),
            right: EyeCommitmentsRequest::new(&commitments.right, salts.right),
        }
    }

    fn parse(&self) -> Result<(IrisCommitments, CodeSalts), FieldProblem> {
        let (left, left_salt) = self.left.parse()?;
        let (right, right_salt) = self.right.parse()?;
        let salts = CodeSalts {
            left: left_salt,
            right: right_salt,
        };
        Ok((IrisCommitments { left, right }, salts))
    }
}

/// A submission that was parsed.
#[derive(Debug, Clone)]
pub struct ParsedEnrolment {
    /// Statement of the orb, with its signature.
    pub signed: SignedEnrolment,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Salts of the code commitments, when the statement has commitments.
    pub code_salts: Option<CodeSalts>,
    /// Text of the proofs that both codes came from the model.
    pub encoding_proofs: Option<String>,
    /// Codes by the model that the service changes to.
    pub upgraded_codes: Option<ParsedCodes>,
    /// Package that the orb sealed for the citizen.
    pub package: Option<ParsedPackage>,
}

/// Submission of an orb: the EIP-712 struct `Enrolment` or `EnrolmentV2`, its signature and the
/// templates.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// Version of the statement: 1, which is meant when it is left out, without `commitments`, and
    /// 2 with them.
    #[schema(value_type = UnsignedNumber)]
    #[serde(default = "first_version", deserialize_with = "whole_number")]
    pub version: u64,
    /// Commitment that the citizen's device showed: 0x and 64 hexadecimal digits.
    #[schema(value_type = CommitmentText)]
    pub commitment: String,
    /// keccak256 of the templates' bytes, left then right: 0x and 64 hexadecimal digits.
    #[schema(value_type = WordText)]
    pub iris_digest: String,
    /// keccak256 of the captured images: 0x and 64 hexadecimal digits.
    #[schema(value_type = WordText)]
    pub image_digest: String,
    /// Hash of the encoder's parameter file: 0x and 64 hexadecimal digits.
    #[schema(value_type = WordText)]
    pub model_id: String,
    /// New or recovery.
    pub kind: KindName,
    /// The orb's clock at capture, Unix seconds.
    #[schema(value_type = UnsignedNumber)]
    #[serde(deserialize_with = "whole_number")]
    pub captured_at: u64,
    /// Chosen by the citizen's device, used once: 0x and 64 hexadecimal digits.
    #[schema(value_type = WordText)]
    pub nonce: String,
    /// Signature of the orb's device key, 65 bytes r, s, v: 0x and 130 hexadecimal digits.
    #[schema(value_type = SignatureText)]
    pub signature: String,
    /// Template of the left eye, hexadecimal.
    #[schema(value_type = TemplateText)]
    pub left_template: String,
    /// Template of the right eye, hexadecimal.
    #[schema(value_type = TemplateText)]
    pub right_template: String,
    /// Commitments that the statement of version 2 has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitments: Option<IrisCommitmentsRequest>,
    /// Proofs that both codes came from the model, in version 2 only. A service that asks for
    /// none does not look at them.
    #[schema(value_type = Option<ProofPairText>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding_proofs: Option<String>,
    /// Codes by the model that the service changes to, in version 2 only. A service that changes to
    /// none does not look at them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgraded_codes: Option<UpgradedCodesRequest>,
    /// Package that the orb sealed for the citizen, in version 2 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<SealedPackageRequest>,
}

const fn first_version() -> u64 {
    WITHOUT_COMMITMENTS
}

impl core::fmt::Debug for EnrolmentRequest {
    /// Without the templates: they are biometric data and stay out of logs (ENROL-15).
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EnrolmentRequest")
            .field("commitment", &self.commitment)
            .finish_non_exhaustive()
    }
}

impl EnrolmentRequest {
    /// The body of an enrolment. A statement with commitments needs the salts of their codes.
    #[must_use]
    pub fn new(
        signed: &SignedEnrolment,
        templates: &EyePair,
        code_salts: Option<&CodeSalts>,
    ) -> Self {
        let enrolment = &signed.enrolment;
        let commitments = signed.commitments.as_ref().zip(code_salts);
        Self {
            version: match signed.commitments {
                None => WITHOUT_COMMITMENTS,
                Some(_) => WITH_COMMITMENTS,
            },
            commitment: enrolment.commitment.to_string(),
            iris_digest: enrolment.iris_digest.to_string(),
            image_digest: enrolment.image_digest.to_string(),
            model_id: enrolment.model_id.to_string(),
            kind: match enrolment.kind {
                EnrolmentKind::New => KindName::New,
                EnrolmentKind::Recovery => KindName::Recovery,
            },
            captured_at: enrolment.captured_at.0,
            nonce: enrolment.nonce.to_string(),
            signature: hex::encode(&signed.signature.as_bytes()),
            left_template: hex::encode(&templates.left.to_bytes()),
            right_template: hex::encode(&templates.right.to_bytes()),
            commitments: commitments
                .map(|(commitments, salts)| IrisCommitmentsRequest::new(commitments, salts)),
            encoding_proofs: None,
            upgraded_codes: None,
            package: None,
        }
    }

    /// The signed statement, the templates and what opens the commitments to them.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed or out of range.
    pub fn parse(&self) -> Result<ParsedEnrolment, FieldProblem> {
        let (commitments, code_salts) = self.parse_commitments()?.unzip();
        let enrolment = Enrolment {
            commitment: hex::scalar("commitment", &self.commitment)?,
            iris_digest: hex::word("irisDigest", &self.iris_digest)?,
            image_digest: hex::word("imageDigest", &self.image_digest)?,
            model_id: hex::word("modelId", &self.model_id)?,
            kind: match self.kind {
                KindName::New => EnrolmentKind::New,
                KindName::Recovery => EnrolmentKind::Recovery,
            },
            captured_at: UnixSeconds(self.captured_at),
            nonce: hex::word("nonce", &self.nonce)?,
        };
        let signature = hex::signature("signature", &self.signature)?;
        let templates = EyePair {
            left: template("leftTemplate", &self.left_template)?,
            right: template("rightTemplate", &self.right_template)?,
        };
        Ok(ParsedEnrolment {
            signed: SignedEnrolment {
                enrolment,
                commitments,
                signature,
            },
            templates,
            code_salts,
            encoding_proofs: self.parse_proofs()?,
            upgraded_codes: self
                .upgraded_codes
                .as_ref()
                .map(UpgradedCodesRequest::parse)
                .transpose()?,
            package: self
                .package
                .as_ref()
                .map(SealedPackageRequest::parse)
                .transpose()?,
        })
    }

    /// The commitments of a statement of version 2, and none of one of version 1 (ENROL-19).
    fn parse_commitments(&self) -> Result<Option<(IrisCommitments, CodeSalts)>, FieldProblem> {
        let has_more = self.package.is_some()
            || self.encoding_proofs.is_some()
            || self.upgraded_codes.is_some();
        match (self.version, &self.commitments) {
            (WITHOUT_COMMITMENTS, None) if !has_more => Ok(None),
            (WITH_COMMITMENTS, Some(commitments)) => commitments.parse().map(Some),
            (actual, _) => Err(FieldProblem::StatementVersion { actual }),
        }
    }

    /// The text of the proofs, which the service reads where it asks for them.
    fn parse_proofs(&self) -> Result<Option<String>, FieldProblem> {
        match &self.encoding_proofs {
            Some(text) if text.chars().count() > MAX_PROOFS_CHARS => Err(FieldProblem::Malformed {
                field: "encodingProofs",
                expected: "the text of a file of both eyes' proofs, at most 8,192 characters",
            }),
            proofs => Ok(proofs.clone()),
        }
    }
}

fn template(field: &'static str, text: &str) -> Result<IrisTemplate, FieldProblem> {
    let expected = "the bytes of an iris template of this service's model";
    IrisTemplate::from_bytes(&hex::variable_bytes(field, text)?)
        .map_err(|_| FieldProblem::Malformed { field, expected })
}

/// Status of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnrolmentStatus {
    /// Being checked: captured and sent, and nothing recorded yet. Told by the nonce only.
    Checking,
    /// Refused: the person is enrolled already.
    Duplicate,
    /// A second capture is asked for.
    Review,
    /// Admitted, waiting to be appended.
    Queued,
    /// In a signed transaction.
    Submitted,
    /// In a block that a reorg could still take away.
    Mined,
    /// A member, and final.
    Final,
    /// A member no longer: the leaf is empty.
    Revoked,
    /// Revoked before it was appended.
    Withdrawn,
}

/// An enrolment as the service knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentView {
    /// EIP-712 digest that the orb signed, the enrolment's name.
    #[schema(value_type = WordText)]
    pub id: String,
    /// Commitment of the person.
    #[schema(value_type = CommitmentText)]
    pub commitment: String,
    /// Status of the enrolment.
    pub status: EnrolmentStatus,
    /// Position in the tree, once mined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf_index: Option<u64>,
    /// Hash of the transaction, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WordText>)]
    pub transaction_hash: Option<String>,
}
