//! Visit code, by which a citizen's phone tells an orb whom to enrol: its form, its signature, and
//! whether it is for this orb at this time (ENROL-16; the bytes are in docs/spec/enrolment.md).

use annona_core::{
    Address, B256, Commitment, EnrolmentDomain, EnrolmentKind, FieldError, UnixSeconds,
};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

use crate::Invitation;

/// Start of the text of every code.
pub const VISIT_PREFIX: &str = "ANNONA-VISIT-1:";
/// Seconds for which a code is taken after its issue.
pub const VISIT_VALID_SECS: u64 = 90;
/// Largest lead of the phone's clock over the orb's, in seconds.
pub const VISIT_MAX_LEAD_SECS: u64 = 30;
/// Bytes of a code, its signature included.
const VISIT_BYTES: usize = BODY_BYTES + SIGNATURE_BYTES;

const VERSION: u8 = 1;
const SIGNING_DOMAIN: &[u8] = b"annona visit\0";
const BODY_BYTES: usize = 1 + 1 + 8 + 20 + 32 + 32 + 8 + 33;
const SIGNATURE_BYTES: usize = 64;
/// First bytes of a compressed point, of even and of odd `y` (SEC 1).
const COMPRESSED: [u8; 2] = [2, 3];

/// Reason for which an orb does not take a visit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VisitError {
    /// The text begins otherwise: it is not a visit code of this format.
    #[error("this is no visit code: one begins with {VISIT_PREFIX}")]
    NotAVisitCode,
    /// The text after the prefix is not base 32 as RFC 4648 writes it, without padding.
    #[error("the visit code is damaged: its text is not base 32")]
    NotBase32,
    /// The code has another number of bytes.
    #[error("the visit code is cut or damaged: it has {actual} bytes instead of {VISIT_BYTES}")]
    Length {
        /// Bytes that there are.
        actual: usize,
    },
    /// The version is another one.
    #[error("the visit code has version {actual}, this orb reads version {VERSION}")]
    Version {
        /// Version in the code.
        actual: u8,
    },
    /// The kind is neither new nor recovery.
    #[error("the visit code asks for kind {actual}, which is neither new (0) nor recovery (1)")]
    Kind {
        /// Kind in the code.
        actual: u8,
    },
    /// The public key is no point of P-256 in compressed form.
    #[error("the visit code names a public key that is none")]
    PublicKey,
    /// The signature is not that of the key over the code.
    #[error("the visit code is not signed by its own key: show a fresh one")]
    Signature,
    /// The code is for another chain.
    #[error("the visit code is for chain {actual}, this orb enrols on chain {expected}")]
    Chain {
        /// Chain of the orb's deployment.
        expected: u64,
        /// Chain in the code.
        actual: u64,
    },
    /// The code is for another deployment on this chain.
    #[error("the visit code is for orb registry {actual}, this orb is of {expected}")]
    OrbRegistry {
        /// Orb registry of the orb's deployment.
        expected: Address,
        /// Orb registry in the code.
        actual: Address,
    },
    /// The commitment is no number that can be a leaf.
    #[error("the visit code has no commitment: {0}")]
    Commitment(#[source] FieldError),
    /// The code was issued too long ago.
    #[error(
        "the visit code is {age_secs} s old and is taken for {VISIT_VALID_SECS} s: show a fresh one"
    )]
    Expired {
        /// Age by the orb's clock, in seconds.
        age_secs: u64,
    },
    /// The code will be issued only later, by the orb's clock.
    #[error(
        "the visit code is of {lead_secs} s from now: set the clock of the phone, or of the orb"
    )]
    FromTheFuture {
        /// Time until its issue by the orb's clock, in seconds.
        lead_secs: u64,
    },
}

/// Visit that a code asks for, every check passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Kind of the enrolment: new or recovery.
    pub kind: EnrolmentKind,
    /// Commitment, nonce and the key of the visit.
    pub invitation: Invitation,
}

impl Visit {
    /// Reads the text of a code for an orb of `domain` whose clock says `now` (ENROL-16).
    ///
    /// # Errors
    /// [`VisitError`] for the first thing that is wrong. Nothing of a code that is not signed is
    /// compared with the deployment or the clock.
    pub fn read(
        text: &str,
        domain: &EnrolmentDomain,
        now: UnixSeconds,
    ) -> Result<Self, VisitError> {
        let code = VisitCode::parse(text)?;
        code.check_place(domain)?;
        code.check_time(now)?;
        Ok(Self {
            kind: code.kind,
            invitation: Invitation {
                commitment: Commitment::from_be_bytes(code.commitment)
                    .map_err(VisitError::Commitment)?,
                nonce: code.nonce,
                visit_key: Some(code.key),
            },
        })
    }
}

/// Makes the text of a code, as a phone does: signed by the key of the visit.
///
/// # Errors
/// A fault of the signature scheme, which no key of a visit gives.
pub fn visit_text(
    kind: EnrolmentKind,
    domain: &EnrolmentDomain,
    commitment: Commitment,
    nonce: B256,
    issued_at: UnixSeconds,
    key: &SigningKey,
) -> Result<String, p256::ecdsa::Error> {
    let body = [
        &[VERSION, kind.to_u8()][..],
        &domain.chain_id.to_be_bytes(),
        domain.orb_registry.as_slice(),
        &commitment.to_be_bytes(),
        nonce.as_slice(),
        &issued_at.0.to_be_bytes(),
        key.verifying_key().to_encoded_point(true).as_bytes(),
    ]
    .concat();
    let signature: Signature = key.try_sign(&[SIGNING_DOMAIN, &body].concat())?;
    let bytes = [&body[..], &signature.to_bytes()].concat();
    Ok(VISIT_PREFIX.to_owned() + &data_encoding::BASE32_NOPAD.encode(&bytes))
}

/// Code whose signature holds.
struct VisitCode {
    kind: EnrolmentKind,
    chain_id: u64,
    orb_registry: Address,
    commitment: [u8; 32],
    nonce: B256,
    issued_at: u64,
    key: [u8; 33],
}

impl VisitCode {
    fn parse(text: &str) -> Result<Self, VisitError> {
        let letters = text.trim().strip_prefix(VISIT_PREFIX);
        let letters = letters.ok_or(VisitError::NotAVisitCode)?;
        let bytes = data_encoding::BASE32_NOPAD
            .decode(letters.as_bytes())
            .map_err(|_| VisitError::NotBase32)?;
        if let Some(&version) = bytes.first().filter(|version| **version != VERSION) {
            return Err(VisitError::Version { actual: version });
        }
        let bytes: [u8; VISIT_BYTES] = bytes.try_into().map_err(|bytes: Vec<u8>| {
            let actual = bytes.len();
            VisitError::Length { actual }
        })?;
        let (body, signature) = bytes.split_at(BODY_BYTES);
        let mut fields = Fields(body);
        let [_version, kind] = fields.take();
        let code = Self {
            kind: EnrolmentKind::from_u8(kind).ok_or(VisitError::Kind { actual: kind })?,
            chain_id: u64::from_be_bytes(fields.take()),
            orb_registry: Address::from(fields.take::<20>()),
            commitment: fields.take(),
            nonce: B256::from(fields.take::<32>()),
            issued_at: u64::from_be_bytes(fields.take()),
            key: fields.take(),
        };
        verify(&code.key, body, signature)?;
        Ok(code)
    }

    fn check_place(&self, domain: &EnrolmentDomain) -> Result<(), VisitError> {
        if self.chain_id != domain.chain_id {
            return Err(VisitError::Chain {
                expected: domain.chain_id,
                actual: self.chain_id,
            });
        }
        if self.orb_registry != domain.orb_registry {
            return Err(VisitError::OrbRegistry {
                expected: domain.orb_registry,
                actual: self.orb_registry,
            });
        }
        Ok(())
    }

    fn check_time(&self, now: UnixSeconds) -> Result<(), VisitError> {
        let age_secs = now.0.saturating_sub(self.issued_at);
        let lead_secs = self.issued_at.saturating_sub(now.0);
        if age_secs > VISIT_VALID_SECS {
            return Err(VisitError::Expired { age_secs });
        }
        if lead_secs > VISIT_MAX_LEAD_SECS {
            return Err(VisitError::FromTheFuture { lead_secs });
        }
        Ok(())
    }
}

/// Bytes of a body that are not read yet.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self
            .0
            .split_first_chunk()
            .expect("the fields together have BODY_BYTES bytes");
        self.0 = rest;
        *field
    }
}

/// Browsers write `s` in either half, so that both are taken; a code means the same under both.
fn verify(key: &[u8; 33], body: &[u8], signature: &[u8]) -> Result<(), VisitError> {
    if !COMPRESSED.contains(&key[0]) {
        return Err(VisitError::PublicKey);
    }
    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| VisitError::PublicKey)?;
    let signature = Signature::from_slice(signature).map_err(|_| VisitError::Signature)?;
    key.verify(&[SIGNING_DOMAIN, body].concat(), &signature)
        .map_err(|_| VisitError::Signature)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    /// Codes that the app's own code made.
    const CODES: &str = include_str!("../tests/vectors/visit-codes.json");

    const NOW: UnixSeconds = UnixSeconds(1_700_000_000);
    const DOMAIN: EnrolmentDomain = EnrolmentDomain {
        chain_id: 31_337,
        orb_registry: Address::repeat_byte(3),
    };

    fn key() -> SigningKey {
        SigningKey::from_slice(&[9; 32]).unwrap()
    }

    fn body() -> Vec<u8> {
        let point = key().verifying_key().to_encoded_point(true);
        [
            &[VERSION, 0][..],
            &DOMAIN.chain_id.to_be_bytes(),
            DOMAIN.orb_registry.as_slice(),
            &[7; 32],
            &[8; 32],
            &NOW.0.to_be_bytes(),
            point.as_bytes(),
        ]
        .concat()
    }

    fn signed(body: &[u8]) -> String {
        let signature: Signature = key().sign(&[SIGNING_DOMAIN, body].concat());
        text(&[body, &signature.to_bytes()].concat())
    }

    fn text(bytes: &[u8]) -> String {
        VISIT_PREFIX.to_owned() + &data_encoding::BASE32_NOPAD.encode(bytes)
    }

    fn read(text: &str) -> Result<Visit, VisitError> {
        Visit::read(text, &DOMAIN, NOW)
    }

    /// The refusal of a code that is signed and has other bytes from `place` on.
    fn refusal_with(place: usize, bytes: &[u8]) -> VisitError {
        let mut body = body();
        body[place..place + bytes.len()].copy_from_slice(bytes);
        read(&signed(&body)).unwrap_err()
    }

    /// Tests ENROL-16 against codes of the phone's own code.
    #[test]
    fn a_code_that_the_app_made_is_read() {
        let vectors: Value = serde_json::from_str(CODES).unwrap();
        let codes = vectors["codes"].as_array().unwrap();
        assert_eq!(codes.len(), 2);
        for code in codes {
            let field = |name: &str| code[name].as_str().unwrap();
            let domain = EnrolmentDomain {
                chain_id: code["chainId"].as_u64().unwrap(),
                orb_registry: field("orbRegistry").parse().unwrap(),
            };
            let now = UnixSeconds(code["issuedAt"].as_u64().unwrap());
            let visit = Visit::read(field("text"), &domain, now).unwrap();
            assert_eq!(visit.kind.code(), field("kind"));
            let invitation = Invitation {
                commitment: field("commitment").parse().unwrap(),
                nonce: field("nonce").parse().unwrap(),
                visit_key: visit.invitation.visit_key,
            };
            assert_eq!(visit.invitation, invitation);
            assert!(visit.invitation.visit_key.is_some());
        }
    }

    #[test]
    fn a_code_that_was_made_here_is_read() {
        for kind in EnrolmentKind::ALL {
            let commitment = format!("0x{:064x}", 7).parse().unwrap();
            let nonce = B256::repeat_byte(8);
            let text = visit_text(kind, &DOMAIN, commitment, nonce, NOW, &key()).unwrap();
            let visit = read(&text).unwrap();
            let point = key().verifying_key().to_encoded_point(true);
            let invitation = Invitation {
                commitment,
                nonce,
                visit_key: Some(point.as_bytes().try_into().unwrap()),
            };
            assert_eq!((visit.kind, visit.invitation), (kind, invitation));
        }
    }

    #[test]
    fn a_code_says_kind_commitment_nonce_and_key() {
        let visit = read(&signed(&body())).unwrap();
        assert_eq!(visit.kind, EnrolmentKind::New);
        assert_eq!(visit.invitation.commitment.to_be_bytes(), [7; 32]);
        assert_eq!(visit.invitation.nonce, B256::repeat_byte(8));
        let point = key().verifying_key().to_encoded_point(true);
        assert_eq!(visit.invitation.visit_key.unwrap(), point.as_bytes());
        let mut recovery = body();
        recovery[1] = 1;
        let visit = read(&signed(&recovery)).unwrap();
        assert_eq!(visit.kind, EnrolmentKind::Recovery);
    }

    /// Tests ENROL-16: a code serves one deployment.
    #[test]
    fn each_wrong_field_has_a_refusal_of_its_own() {
        assert_eq!(refusal_with(0, &[2]), VisitError::Version { actual: 2 });
        assert_eq!(refusal_with(1, &[2]), VisitError::Kind { actual: 2 });
        let chain = VisitError::Chain {
            expected: 31_337,
            actual: 1,
        };
        assert_eq!(refusal_with(2, &1_u64.to_be_bytes()), chain);
        let registry = VisitError::OrbRegistry {
            expected: DOMAIN.orb_registry,
            actual: Address::repeat_byte(4),
        };
        assert_eq!(refusal_with(10, &[4; 20]), registry);
        let zero = VisitError::Commitment(FieldError::ZeroCommitment);
        assert_eq!(refusal_with(30, &[0; 32]), zero);
        let large = VisitError::Commitment(FieldError::NotCanonical);
        assert_eq!(refusal_with(30, &[0xff; 32]), large);
        // 5 is the tag of another form, which some readers take; the last `x` is on no point.
        assert_eq!(refusal_with(102, &[5]), VisitError::PublicKey);
        assert_eq!(refusal_with(103, &[0xff; 32]), VisitError::PublicKey);
        let other = SigningKey::from_slice(&[10; 32]).unwrap();
        let point = other.verifying_key().to_encoded_point(true);
        assert_eq!(refusal_with(102, point.as_bytes()), VisitError::Signature);
    }

    /// Tests ENROL-16: a photograph of a code is soon worth nothing.
    #[test]
    fn a_code_is_taken_for_90_seconds() {
        let code = signed(&body());
        let read_at = |now| Visit::read(&code, &DOMAIN, UnixSeconds(now));
        for now in [NOW.0 - VISIT_MAX_LEAD_SECS, NOW.0, NOW.0 + 90] {
            assert!(read_at(now).is_ok(), "{now}");
        }
        let expired = VisitError::Expired { age_secs: 91 };
        assert_eq!(read_at(NOW.0 + 91), Err(expired));
        let early = VisitError::FromTheFuture { lead_secs: 31 };
        assert_eq!(read_at(NOW.0 - 31), Err(early));
    }

    /// Tests ENROL-16: no byte can be changed without the key.
    #[test]
    fn a_code_with_any_bit_turned_is_refused() {
        let letters = signed(&body());
        let letters = letters.strip_prefix(VISIT_PREFIX).unwrap();
        let bytes = data_encoding::BASE32_NOPAD
            .decode(letters.as_bytes())
            .unwrap();
        assert_eq!(bytes.len(), VISIT_BYTES);
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert!(read(&text(&changed)).is_err(), "{place}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused_by_its_form() {
        let code = signed(&body());
        for other in ["", "hello", "ANNONA-VISIT-2:AE", "annona-visit-1:AE"] {
            assert_eq!(read(other), Err(VisitError::NotAVisitCode), "{other}");
        }
        for other in ["A", "AE=====", "ae", "A1", "AF"] {
            let other = VISIT_PREFIX.to_owned() + other;
            assert_eq!(read(&other), Err(VisitError::NotBase32), "{other}");
        }
        let short = text(&body());
        let actual = BODY_BYTES;
        assert_eq!(read(&short), Err(VisitError::Length { actual }));
        assert_eq!(read(VISIT_PREFIX), Err(VisitError::Length { actual: 0 }));
        assert!(read(&format!(" {code}\n")).is_ok(), "spaces around it");
    }
}
