//! Parses addresses in text and in files, by the checksum of EIP-55.

use alloy_primitives::Address;
use serde::de::{Deserialize, Deserializer, Error};

/// Hexadecimal digits of an address.
const DIGITS: usize = 40;

/// Text that is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not 40 hexadecimal digits.
    #[error("expected an address: 0x and 40 hexadecimal digits")]
    Malformed,
    /// Capital and small letters do not follow EIP-55.
    #[error(
        "the address has a wrong checksum, so a character of it is wrong: copy it again from where you have it"
    )]
    Checksum,
}

/// Reads an address, with or without `0x`. Mixed capital and small letters are a checksum
/// (EIP-55) and must be right; letters of one kind carry none.
///
/// # Errors
/// [`AddressError`].
pub fn parse_address(text: &str) -> Result<Address, AddressError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    // The parser takes a second `0x`.
    if digits.len() != DIGITS {
        return Err(AddressError::Malformed);
    }
    let address: Address = digits.parse().map_err(|_| AddressError::Malformed)?;
    let has = |is_kind: fn(&u8) -> bool| digits.bytes().any(|digit| is_kind(&digit));
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    if is_mixed && address.to_checksum(None).strip_prefix("0x") != Some(digits) {
        return Err(AddressError::Checksum);
    }
    Ok(address)
}

/// Reads the address in a field of a file, for `#[serde(deserialize_with)]`.
///
/// # Errors
/// The deserializer's, with [`AddressError`] as its text.
pub fn deserialize_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Address, D::Error> {
    AddressText::deserialize(deserializer).map(|text| text.0)
}

/// Reads the addresses in a field of a file, for `#[serde(deserialize_with)]`: a list, or
/// an array of fixed length.
///
/// # Errors
/// The deserializer's, with [`AddressError`] as its text.
pub fn deserialize_addresses<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<Vec<Address>>,
{
    let texts = Vec::<AddressText>::deserialize(deserializer)?;
    let count = texts.len();
    let addresses: Vec<Address> = texts.into_iter().map(|text| text.0).collect();
    T::try_from(addresses)
        .map_err(|_| D::Error::invalid_length(count, &"another number of addresses"))
}

struct AddressText(Address);

impl<'de> Deserialize<'de> for AddressText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_address(&text).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// From EIP-55.
    const SAMPLES: [&str; 8] = [
        "52908400098527886E0F7030069857D2E4169EE7",
        "8617E340B3D01FA5F11F306F4090FD50E238070D",
        "de709f2102306220921060314715629080e2fb77",
        "27b1fdb04752bbc536007a920d24acb045561c26",
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    fn with_prefix(digits: &str) -> [String; 2] {
        [digits.to_owned(), format!("0x{digits}")]
    }

    #[test]
    fn one_kind_of_letters_or_a_right_checksum_is_taken() {
        for sample in SAMPLES {
            let expected: Address = sample.parse().unwrap();
            let kinds = [
                sample.to_owned(),
                sample.to_lowercase(),
                sample.to_uppercase(),
            ];
            for text in kinds.iter().flat_map(|digits| with_prefix(digits)) {
                assert_eq!(parse_address(&text), Ok(expected), "{text}");
            }
        }
        let zero = "0".repeat(DIGITS);
        assert_eq!(parse_address(&zero), Ok(Address::ZERO));
    }

    #[test]
    fn a_letter_of_the_other_kind_is_a_wrong_checksum() {
        let mixed = SAMPLES[4];
        for (position, letter) in mixed.char_indices().filter(|(_, c)| c.is_alphabetic()) {
            let other = if letter.is_uppercase() {
                letter.to_ascii_lowercase()
            } else {
                letter.to_ascii_uppercase()
            };
            let mut text = mixed.to_owned();
            text.replace_range(position..=position, &other.to_string());
            for text in with_prefix(&text) {
                assert_eq!(parse_address(&text), Err(AddressError::Checksum), "{text}");
            }
        }
    }

    #[test]
    fn a_digit_that_is_mistyped_is_nearly_always_noticed() {
        let mixed = SAMPLES[4];
        let mut noticed = 0;
        for position in 0..DIGITS {
            let old = mixed.as_bytes()[position];
            let new = if old == b'7' { "8" } else { "7" };
            let mut text = mixed.to_owned();
            text.replace_range(position..=position, new);
            noticed += usize::from(parse_address(&text) == Err(AddressError::Checksum));
        }
        assert!(noticed >= DIGITS - 1, "{noticed}");
    }

    #[test]
    fn other_text_is_malformed() {
        let short = &SAMPLES[4][1..];
        for text in [
            "",
            "0x",
            short,
            "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        ] {
            assert_eq!(parse_address(text), Err(AddressError::Malformed), "{text}");
        }
        let long = format!("{}0", SAMPLES[4]);
        assert_eq!(parse_address(&long), Err(AddressError::Malformed));
        let wide = format!(" {}", &SAMPLES[4][1..]);
        assert_eq!(parse_address(&wide), Err(AddressError::Malformed));
        assert_eq!(parse_address(&"ä".repeat(20)), Err(AddressError::Malformed));
    }

    #[test]
    fn addresses_of_files_are_read_by_the_same_rules() {
        let expected: Address = SAMPLES[4].parse().unwrap();
        let text = serde_json::json!(SAMPLES[4]);
        assert_eq!(deserialize_address(&text).unwrap(), expected);
        let list = serde_json::json!([SAMPLES[4], SAMPLES[4]]);
        let read: [Address; 2] = deserialize_addresses(&list).unwrap();
        assert_eq!(read, [expected; 2]);
        let too_many: Result<[Address; 1], _> = deserialize_addresses(&list);
        assert!(too_many.is_err());
        let mistyped = serde_json::json!(SAMPLES[4].replace("5aA", "5AA"));
        let error = deserialize_address(&mistyped).unwrap_err().to_string();
        assert_eq!(error, AddressError::Checksum.to_string());
    }
}
