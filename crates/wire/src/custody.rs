//! Bodies about the package that an orb seals for a citizen.

use annona_core::MAX_SEALED_BYTES;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hex::{self, FieldProblem};
use crate::schema::{Base64Text, VisitKeyText, VisitSignatureText};

/// Package that an orb sealed for the citizen before it, for the key in the visit code. The
/// service keeps the ciphertext for a week, or until the citizen's device has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SealedPackageRequest {
    /// Public key of the visit, P-256 compressed: 0x and 66 hexadecimal digits.
    #[schema(value_type = VisitKeyText)]
    pub visit_key: String,
    /// Ciphertext, at most 36,864 bytes, in base 64.
    #[schema(value_type = Base64Text)]
    pub sealed: String,
}

impl core::fmt::Debug for SealedPackageRequest {
    /// Without the ciphertext.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SealedPackageRequest")
            .field("visit_key", &self.visit_key)
            .finish_non_exhaustive()
    }
}

/// A package that was parsed.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedPackage {
    /// Public key of the visit, P-256 compressed.
    pub visit_key: [u8; 33],
    /// Ciphertext.
    pub sealed: Vec<u8>,
}

impl core::fmt::Debug for ParsedPackage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ParsedPackage({} bytes)", self.sealed.len())
    }
}

impl SealedPackageRequest {
    /// The package that was sealed for the key of a visit.
    #[must_use]
    pub fn new(visit_key: &[u8; 33], sealed: &[u8]) -> Self {
        Self {
            visit_key: hex::encode(visit_key),
            sealed: STANDARD.encode(sealed),
        }
    }

    /// The key and the ciphertext.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed.
    pub fn parse(&self) -> Result<ParsedPackage, FieldProblem> {
        Ok(ParsedPackage {
            visit_key: hex::bytes("visitKey", &self.visit_key)?,
            sealed: from_base64("sealed", &self.sealed)?,
        })
    }
}

/// Request of the citizen's device about its package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VisitSignatureRequest {
    /// Signature of the visit's key on the request, 64 bytes r, s: 0x and 128 hexadecimal digits.
    #[schema(value_type = VisitSignatureText)]
    pub signature: String,
}

impl VisitSignatureRequest {
    /// The request with its signature.
    #[must_use]
    pub fn new(signature: &[u8; 64]) -> Self {
        Self {
            signature: hex::encode(signature),
        }
    }

    /// The signature: r, s.
    ///
    /// # Errors
    /// [`FieldProblem`] when it is malformed.
    pub fn parse(&self) -> Result<[u8; 64], FieldProblem> {
        hex::bytes("signature", &self.signature)
    }
}

/// Package as the citizen's device gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SealedPackageView {
    /// Ciphertext in base 64, which the key of the visit opens.
    #[schema(value_type = Base64Text)]
    pub sealed: String,
}

impl SealedPackageView {
    /// The ciphertext as the device gets it.
    #[must_use]
    pub fn new(sealed: &[u8]) -> Self {
        Self {
            sealed: STANDARD.encode(sealed),
        }
    }

    /// The ciphertext.
    ///
    /// # Errors
    /// [`FieldProblem`] when it is malformed.
    pub fn parse(&self) -> Result<Vec<u8>, FieldProblem> {
        from_base64("sealed", &self.sealed)
    }
}

fn from_base64(field: &'static str, text: &str) -> Result<Vec<u8>, FieldProblem> {
    let bytes = STANDARD.decode(text).ok();
    let bytes = bytes.filter(|bytes| (1..=MAX_SEALED_BYTES).contains(&bytes.len()));
    bytes.ok_or(FieldProblem::Malformed {
        field,
        expected: "base 64 of 1 to 36,864 bytes, with padding",
    })
}
