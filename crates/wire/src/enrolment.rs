//! Bodies of enrolments: the request with its parsing, and the status of an enrolment.

use annona_core::{Enrolment, EnrolmentKind, SignedEnrolment, UnixSeconds};
use annona_template::{EyePair, IrisTemplate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hex::{self, FieldProblem};
use crate::number::whole_number;
use crate::schema::{CommitmentText, SignatureText, TemplateText, UnsignedNumber, WordText};

/// Kind of an enrolment: a person joins for the first time or replaces a lost commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KindName {
    /// First enrolment.
    New,
    /// Re-enrolment of a known person.
    Recovery,
}

/// Submission of an orb: the EIP-712 struct `Enrolment`, its signature and the templates.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnrolmentRequest {
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
    /// The body of an enrolment.
    #[must_use]
    pub fn new(signed: &SignedEnrolment, templates: &EyePair) -> Self {
        let enrolment = &signed.enrolment;
        Self {
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
        }
    }

    /// The signed statement and the templates.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed or out of range.
    pub fn parse(&self) -> Result<(SignedEnrolment, EyePair), FieldProblem> {
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
        Ok((
            SignedEnrolment {
                enrolment,
                signature,
            },
            templates,
        ))
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
