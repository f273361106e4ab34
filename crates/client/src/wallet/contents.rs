//! The text of a wallet file.

use annona_core::keccak256;
use annona_proofs::Identity;
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

/// Name of the format, the first value of each file.
const FORMAT: &str = "annona-wallet-2";

/// Name of any format without its number.
const FORMAT_FAMILY: &str = "annona-wallet-";

/// Beginning of each file.
const START: &str = r#"{"format":"annona-wallet-2","#;

/// Words of a wallet file. One wrong byte leaves all but one of them whole.
const MARKS: [&str; 3] = [FORMAT_FAMILY, "\"commitment\"", "\"checksum\""];

/// Separates the checksum from every other hash.
const CHECKSUM_DOMAIN: &[u8] = b"annona wallet checksum\0";

/// Bytes of the checksum.
const CHECKSUM_BYTES: usize = 8;

/// Text that holds no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    /// It was a wallet once.
    Damaged,
    /// It is a wallet of format 1, which had no checksum.
    Format1,
    /// It is a wallet of a format that this version does not know.
    OtherFormat,
    /// It never was a wallet.
    Foreign,
}

#[derive(Deserialize, Zeroize)]
#[zeroize(drop)]
#[serde(deny_unknown_fields)]
struct Contents {
    format: String,
    commitment: String,
    secret: String,
    checksum: String,
}

#[derive(Deserialize, Zeroize)]
#[zeroize(drop)]
#[serde(deny_unknown_fields)]
struct Format1 {
    format: u32,
    #[serde(rename = "secret")]
    _secret: [u8; 32],
}

/// The file's text.
pub(super) fn write(identity: &Identity) -> Zeroizing<String> {
    let commitment = identity.commitment().to_string();
    let secret = Zeroizing::new(to_hex(identity.expose_secret()));
    let checksum = checksum(FORMAT, &commitment, &secret);
    Zeroizing::new(format!(
        "{START}\"commitment\":\"{commitment}\",\"secret\":\"{}\",\"checksum\":\"{checksum}\"}}\n",
        *secret
    ))
}

/// The identity in a file's bytes, of which a byte order mark was taken off. White space
/// between the values does not count.
pub(super) fn read(bytes: &[u8]) -> Result<Identity, Defect> {
    let contents: Contents = serde_json::from_slice(bytes).map_err(|_| defect_of(bytes))?;
    if checksum(&contents.format, &contents.commitment, &contents.secret) != contents.checksum {
        return Err(Defect::Damaged);
    }
    if contents.format != FORMAT {
        return Err(Defect::OtherFormat);
    }
    let secret = from_hex(&contents.secret).ok_or(Defect::Damaged)?;
    let identity = Identity::from_secret(*secret);
    if identity.commitment().to_string() == contents.commitment {
        Ok(identity)
    } else {
        Err(Defect::Damaged)
    }
}

/// Returns the defect of text that cannot be read as a wallet of this format.
fn defect_of(bytes: &[u8]) -> Defect {
    if let Ok(old) = serde_json::from_slice::<Format1>(bytes)
        && old.format == 1
    {
        return Defect::Format1;
    }
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    let trimmed = text.trim();
    let is_cut_short = !trimmed.is_empty() && START.starts_with(trimmed);
    if is_cut_short || MARKS.iter().any(|mark| text.contains(mark)) {
        Defect::Damaged
    } else {
        Defect::Foreign
    }
}

/// Computes the checksum over everything before it. Later formats keep the rule, so that a
/// wrong byte in a format's name is not taken for another format (IDENT-6).
fn checksum(format: &str, commitment: &str, secret: &str) -> String {
    let mut text = Zeroizing::new(CHECKSUM_DOMAIN.to_vec());
    for part in [format, commitment, secret] {
        text.extend_from_slice(part.as_bytes());
        text.push(0);
    }
    to_hex(&keccak256(&*text)[..CHECKSUM_BYTES])
}

/// Digits without a prefix.
fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

fn from_hex(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits = text.as_bytes();
    let mut bytes = Zeroizing::new([0; 32]);
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn identity() -> Identity {
        Identity::from_secret([0xa7; 32])
    }

    fn text() -> String {
        write(&identity()).to_string()
    }

    /// The identity that a file holds must be this one or none at all.
    fn assert_damaged(bytes: &[u8], case: &str) {
        match read(bytes) {
            Err(Defect::Damaged) => {}
            Err(other) => panic!("{case}: {other:?}"),
            Ok(_) => panic!("{case} was taken"),
        }
    }

    #[test]
    fn a_wallet_goes_there_and_back() {
        let read = read(text().as_bytes()).unwrap();
        assert_eq!(read.commitment(), identity().commitment());
        assert_eq!(read.expose_secret(), identity().expose_secret());
        assert!(text().starts_with(START));
    }

    /// Tests IDENT-6.
    #[test]
    fn each_wrong_byte_is_damage_and_never_another_person() {
        let whole = text().into_bytes();
        let last = whole.len() - 1;
        for position in 0..last {
            for value in (0..=u8::MAX).filter(|value| *value != whole[position]) {
                let mut bytes = whole.clone();
                bytes[position] = value;
                assert_damaged(&bytes, &format!("byte {position} as {value}"));
            }
        }
        // White space at the end does not count, anything else does.
        for value in (0..=u8::MAX).filter(|value| !b" \t\r\n".contains(value)) {
            let mut bytes = whole.clone();
            bytes[last] = value;
            assert_damaged(&bytes, &format!("the end as {value}"));
        }
    }

    #[test]
    fn a_wallet_that_is_cut_short_or_doubled_is_damaged() {
        let whole = text().into_bytes();
        for length in 1..whole.len() - 1 {
            assert_damaged(&whole[..length], &format!("{length} bytes"));
        }
        for position in 0..whole.len() - 1 {
            let mut bytes = whole.clone();
            let removed = bytes.remove(position);
            assert_damaged(&bytes, &format!("without byte {position}"));
            bytes.insert(position, removed);
            bytes.insert(position, removed);
            if removed != b'\n' {
                assert_damaged(&bytes, &format!("byte {position} twice"));
            }
        }
    }

    #[test]
    fn white_space_as_editors_leave_it_does_not_count() {
        let pretty = text()
            .replace(',', ",\r\n  ")
            .replace("\":", "\" : ")
            .replace('}', "\r\n}\r\n \t");
        let read = read(pretty.as_bytes()).unwrap();
        assert_eq!(read.commitment(), identity().commitment());
    }

    #[test]
    fn a_secret_of_another_commitment_is_damage_under_a_right_checksum() {
        let (commitment, secret) = (identity().commitment().to_string(), "00".repeat(32));
        let checksum = checksum(FORMAT, &commitment, &secret);
        let text = format!(
            "{START}\"commitment\":\"{commitment}\",\"secret\":\"{secret}\",\"checksum\":\"{checksum}\"}}"
        );
        assert_damaged(text.as_bytes(), "another secret");
    }

    #[test]
    fn other_formats_and_other_files_are_told_apart() {
        let secret = [7; 32];
        let first = format!("{{\"format\":1,\"secret\":{secret:?}}}");
        assert_eq!(read(first.as_bytes()).err(), Some(Defect::Format1));
        let later = "annona-wallet-3";
        let sum = checksum(later, "c", "s");
        let later = format!(
            "{{\"format\":\"{later}\",\"commitment\":\"c\",\"secret\":\"s\",\"checksum\":\"{sum}\"}}"
        );
        assert_eq!(read(later.as_bytes()).err(), Some(Defect::OtherFormat));
        for text in [
            "",
            " ",
            "{}",
            "13",
            "[1]",
            "nonsense",
            r#"{"format":2,"secret":[0]}"#,
        ] {
            assert_eq!(
                read(text.as_bytes()).err(),
                Some(Defect::Foreign),
                "{text:?}"
            );
        }
    }
}
