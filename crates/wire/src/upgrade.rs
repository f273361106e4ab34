//! Bodies about the change to another model.

use annona_core::{B256, CodeSalts, Commitment};
use annona_template::{EyePair, IrisTemplate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hex::{self, FieldProblem};
use crate::number::whole_number;
use crate::schema::{
    AnyTemplateText, CommitmentText, MAX_PROOFS_CHARS, ProofPairText, ScalarText, UnsignedNumber,
    WordText,
};

/// Codes of both eyes by the model that the service changes to, with the proofs that they came from
/// the irises to which an orb committed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpgradedCodesRequest {
    /// Hash of the new model's parameter file: 0x and 64 hexadecimal digits.
    #[schema(value_type = WordText)]
    pub model_id: String,
    /// Template of the left eye by the new model, hexadecimal.
    #[schema(value_type = AnyTemplateText)]
    pub left_template: String,
    /// Template of the right eye by the new model, hexadecimal.
    #[schema(value_type = AnyTemplateText)]
    pub right_template: String,
    /// Salt of the left eye's code commitment, below the BN254 scalar modulus: 0x and 64
    /// hexadecimal digits. The service does not keep it.
    #[schema(value_type = ScalarText)]
    pub left_code_salt: String,
    /// Salt of the right eye's code commitment, as the left one's.
    #[schema(value_type = ScalarText)]
    pub right_code_salt: String,
    /// Proofs of both codes, for the purpose `model-upgrade`, the person's commitment and epoch 0.
    #[schema(value_type = ProofPairText)]
    pub proofs: String,
}

impl core::fmt::Debug for UpgradedCodesRequest {
    /// Without templates and salts (ENROL-15).
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("UpgradedCodesRequest")
            .field("model_id", &self.model_id)
            .finish_non_exhaustive()
    }
}

/// Codes that were parsed.
#[derive(Debug, Clone)]
pub struct ParsedCodes {
    /// Id of the new model.
    pub model_id: B256,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Salts of the commitments to the codes.
    pub code_salts: CodeSalts,
    /// Text of the file of both eyes' proofs.
    pub proofs: String,
}

impl UpgradedCodesRequest {
    /// The codes as they are sent.
    #[must_use]
    pub fn new(codes: &ParsedCodes) -> Self {
        let id = &codes.model_id.0;
        Self {
            model_id: codes.model_id.to_string(),
            left_template: hex::encode(&codes.templates.left.to_bytes_of(id)),
            right_template: hex::encode(&codes.templates.right.to_bytes_of(id)),
            left_code_salt: codes.code_salts.left.to_string(),
            right_code_salt: codes.code_salts.right.to_string(),
            proofs: codes.proofs.clone(),
        }
    }

    /// Templates, salts and proofs.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed or out of range.
    pub fn parse(&self) -> Result<ParsedCodes, FieldProblem> {
        let model_id = hex::word("modelId", &self.model_id)?;
        if self.proofs.chars().count() > MAX_PROOFS_CHARS {
            return Err(FieldProblem::Malformed {
                field: "proofs",
                expected: "the text of a file of both eyes' proofs, at most 8,192 characters",
            });
        }
        Ok(ParsedCodes {
            templates: EyePair {
                left: template("leftTemplate", &self.left_template, &model_id)?,
                right: template("rightTemplate", &self.right_template, &model_id)?,
            },
            code_salts: CodeSalts {
                left: hex::scalar("leftCodeSalt", &self.left_code_salt)?,
                right: hex::scalar("rightCodeSalt", &self.right_code_salt)?,
            },
            proofs: self.proofs.clone(),
            model_id,
        })
    }
}

fn template(
    field: &'static str,
    text: &str,
    model_id: &B256,
) -> Result<IrisTemplate, FieldProblem> {
    let expected = "the bytes of an iris template of the model in modelId";
    IrisTemplate::from_bytes_of(&hex::variable_bytes(field, text)?, &model_id.0)
        .map_err(|_| FieldProblem::Malformed { field, expected })
}

/// Request to replace the templates of a person by those of the model that the service changes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateUpgradeRequest {
    /// Commitment of the person: 0x and 64 hexadecimal digits.
    #[schema(value_type = CommitmentText)]
    pub commitment: String,
    /// Codes by the new model.
    pub codes: UpgradedCodesRequest,
}

impl TemplateUpgradeRequest {
    /// The request of the person behind a commitment.
    #[must_use]
    pub fn new(commitment: Commitment, codes: &ParsedCodes) -> Self {
        Self {
            commitment: commitment.to_string(),
            codes: UpgradedCodesRequest::new(codes),
        }
    }

    /// The commitment and the codes.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed or out of range.
    pub fn parse(&self) -> Result<(Commitment, ParsedCodes), FieldProblem> {
        let commitment = hex::scalar("commitment", &self.commitment)?;
        Ok((commitment, self.codes.parse()?))
    }
}

/// Answer to a person whose templates are those of the new model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateUpgradeView {
    /// Commitment of the person.
    #[schema(value_type = CommitmentText)]
    pub commitment: String,
    /// Model of the templates now.
    #[schema(value_type = WordText)]
    pub model_id: String,
}

/// Change of the model that a service's templates are made by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelUpgradeView {
    /// Hash of the new model's parameter file.
    #[schema(value_type = WordText)]
    pub model_id: String,
    /// Hash of the verifying key under which codes by the new model are proved.
    #[schema(value_type = WordText)]
    pub key_hash: String,
    /// Time until which people can change from home, Unix seconds.
    #[schema(value_type = UnsignedNumber)]
    #[serde(deserialize_with = "whole_number")]
    pub old_until: u64,
}

impl ModelUpgradeView {
    /// The id of the new model and the hash of the key.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed.
    pub fn parse(&self) -> Result<(B256, B256), FieldProblem> {
        let model_id = hex::word("modelId", &self.model_id)?;
        Ok((model_id, hex::word("keyHash", &self.key_hash)?))
    }
}
