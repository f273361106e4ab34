//! Parts that files have in common: words and bytes in hexadecimal, contexts and proofs.

use annona_core::{FieldElement, FieldError, ProofPoints, U256};
use serde::{Deserialize, Serialize};

use crate::{ContextError, ProofContext};

/// Writes bytes in hexadecimal, without a prefix.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes every digit");
    }
    text
}

/// Reads what [`hex`] wrote, and nothing else.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect()
}

/// Writes a word as `0x` and 64 digits.
pub(crate) fn word(bytes: [u8; 32]) -> String {
    format!("0x{}", hex(&bytes))
}

/// Reads `0x` and 64 digits.
pub(crate) fn parse_word(text: &str) -> Result<[u8; 32], FieldError> {
    let digits = text.strip_prefix("0x").and_then(unhex);
    let word = digits.and_then(|bytes| bytes.try_into().ok());
    word.ok_or(FieldError::Malformed)
}

/// Reads a word below the scalar modulus.
pub(crate) fn parse_field(text: &str) -> Result<FieldElement, FieldError> {
    FieldElement::try_from(U256::from_be_bytes(parse_word(text)?))
}

/// Words of a proof, in the order of EIP-197.
pub(crate) type ProofWords = [String; 8];

/// Writes the words of a proof.
pub(crate) fn proof_words(points: &ProofPoints) -> ProofWords {
    points.coordinates().map(|it| word(it.to_be_bytes()))
}

/// Reads what [`proof_words`] wrote.
pub(crate) fn parse_proof(words: &ProofWords) -> Result<ProofPoints, FieldError> {
    let mut coordinates = [U256::ZERO; 8];
    for (coordinate, text) in coordinates.iter_mut().zip(words) {
        *coordinate = U256::from_be_bytes(parse_word(text)?);
    }
    ProofPoints::try_from(coordinates)
}

/// The members of a context in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContextFile {
    purpose: String,
    account: String,
    epoch: u64,
}

impl From<&ProofContext> for ContextFile {
    fn from(context: &ProofContext) -> Self {
        Self {
            purpose: context.purpose.to_string(),
            account: word(context.account.0),
            epoch: context.epoch,
        }
    }
}

impl ContextFile {
    /// Reads the context. `E` tells a purpose that is none from an account that is no word.
    pub(crate) fn parse<E: From<ContextError> + From<FieldError>>(
        &self,
    ) -> Result<ProofContext, E> {
        Ok(ProofContext {
            purpose: self.purpose.parse()?,
            account: parse_word(&self.account)?.into(),
            epoch: self.epoch,
        })
    }
}
