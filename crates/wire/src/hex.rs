//! Parses and writes the fields of bodies: bytes, words, signatures, addresses and numbers.

use core::str::FromStr;

use annona_core::{Address, AddressError, B256, FieldError, Signature, U256, parse_address};

/// A value of a body that is not what its field must hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldProblem {
    /// Not of the written form.
    #[error("{field}: expected {expected}")]
    Malformed {
        /// Name of the field in the body.
        field: &'static str,
        /// Form that was expected.
        expected: &'static str,
    },
    /// The version of an orb's statement is none that is known, or does not go with its
    /// commitments (ENROL-19).
    #[error("version: {actual} is unknown, or does not go with the commitments")]
    StatementVersion {
        /// Version in the body.
        actual: u64,
    },
    /// An address whose checksum is wrong.
    #[error("{field}: {source}")]
    Address {
        /// Name of the field in the body.
        field: &'static str,
        /// Fault of the address.
        source: AddressError,
    },
    /// A number out of its range.
    #[error("{field}: {source}")]
    OutOfRange {
        /// Name of the field in the body.
        field: &'static str,
        /// Fault of the number, by its range.
        source: FieldError,
    },
}

/// `0x` and exactly `2 * N` hexadecimal digits.
pub(crate) fn bytes<const N: usize>(
    field: &'static str,
    text: &str,
) -> Result<[u8; N], FieldProblem> {
    let malformed = FieldProblem::Malformed {
        field,
        expected: "0x and two hexadecimal digits a byte",
    };
    variable_bytes(field, text)?
        .try_into()
        .map_err(|_| malformed)
}

/// `0x` and an even number of hexadecimal digits.
pub(crate) fn variable_bytes(field: &'static str, text: &str) -> Result<Vec<u8>, FieldProblem> {
    let malformed = || FieldProblem::Malformed {
        field,
        expected: "0x and two hexadecimal digits a byte",
    };
    let digits = text.strip_prefix("0x").ok_or_else(malformed)?.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err(malformed());
    }
    digits
        .chunks_exact(2)
        .map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?))
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(malformed)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// `0x` and two digits a byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

pub(crate) fn word(field: &'static str, text: &str) -> Result<B256, FieldProblem> {
    bytes(field, text).map(B256::new)
}

/// 65 bytes: r, s, v.
pub(crate) fn signature(field: &'static str, text: &str) -> Result<Signature, FieldProblem> {
    let expected = "a signature of 65 bytes: r, s, v";
    Signature::try_from(bytes::<65>(field, text)?.as_slice())
        .map_err(|_| FieldProblem::Malformed { field, expected })
}

pub(crate) fn number(field: &'static str, text: &str) -> Result<U256, FieldProblem> {
    bytes(field, text).map(U256::from_be_bytes::<32>)
}

pub(crate) fn address(field: &'static str, text: &str) -> Result<Address, FieldProblem> {
    let address = bytes(field, text).map(Address::new)?;
    parse_address(text).map_err(|source| FieldProblem::Address { field, source })?;
    Ok(address)
}

pub(crate) fn decimal(field: &'static str, text: &str) -> Result<U256, FieldProblem> {
    let malformed = FieldProblem::Malformed {
        field,
        expected: "a decimal number of the token's smallest unit",
    };
    if text.is_empty() || text.len() > 78 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(malformed);
    }
    U256::from_str_radix(text, 10).map_err(|_| malformed)
}

/// A field element or one of its kinds (IDENT-2).
pub(crate) fn scalar<T>(field: &'static str, text: &str) -> Result<T, FieldProblem>
where
    T: FromStr<Err = FieldError>,
{
    text.parse().map_err(|source| match source {
        FieldError::Malformed => FieldProblem::Malformed {
            field,
            expected: "0x and 64 hexadecimal digits",
        },
        source => FieldProblem::OutOfRange { field, source },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_have_one_written_form() {
        assert_eq!(variable_bytes("x", "0x0aFF").unwrap(), [0x0a, 0xff]);
        for bad in ["", "0", "0a", "0x0", "0x0af", "0x0g", "0X0a", "0x 0a"] {
            assert!(variable_bytes("x", bad).is_err(), "{bad}");
        }
        assert!(bytes::<2>("x", "0x0a").is_err());
        assert!(bytes::<2>("x", "0x0a0b0c").is_err());
    }

    #[test]
    fn an_address_has_a_right_checksum_or_none() {
        let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let expected = address("x", right).unwrap();
        for plain in [right.to_lowercase(), right.to_uppercase().replace('X', "x")] {
            assert_eq!(address("x", &plain), Ok(expected));
        }
        let wrong = right.replace("5aA", "5AA");
        assert!(matches!(
            address("x", &wrong),
            Err(FieldProblem::Address { field: "x", .. })
        ));
        assert!(address("x", &right[2..]).is_err(), "the API wants the 0x");
    }

    #[test]
    fn amounts_are_plain_decimals() {
        assert_eq!(decimal("x", "120").unwrap(), U256::from(120));
        let too_large = "9".repeat(78);
        for bad in ["", "-1", "+1", "1.5", "0x1", " 1", too_large.as_str()] {
            assert!(decimal("x", bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn hexadecimal_goes_there_and_back(data in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(variable_bytes("x", &encode(&data)).unwrap(), data);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = variable_bytes("x", &text);
            let _ = decimal("x", &text);
            let _ = scalar::<annona_core::Root>("x", &text);
        }
    }
}
