//! Words and bytes in hexadecimal, as they are in files.

use annona_core::{FieldElement, FieldError, U256};

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
