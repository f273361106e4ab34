use core::fmt;
use core::str::FromStr;

use alloy_sol_types::SolValue;
use annona_core::{B256, Commitment, FieldElement, U256, hash_to_field, keccak256};

/// Domain of the hash of a context.
const CONTEXT_DOMAIN: &str = "annona.zkml.v1";

/// Purpose of the proofs that an orb makes for a service.
const ENROLMENT: &str = "enrolment";

/// Purpose of the proofs by which a person changes to another model.
const UPGRADE: &str = "model-upgrade";

/// Purpose of the proofs that a fresh capture is of an enrolled person.
const RECAPTURE: &str = "recapture";

/// Longest purpose, in bytes.
const MAX_PURPOSE_BYTES: usize = 64;

/// Reason why a text is no purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a purpose is 1 to {MAX_PURPOSE_BYTES} small letters, digits and hyphens, such as enrolment"
)]
pub struct ContextError;

/// The use that a proof is made for: 1 to 64 small letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose(String);

impl FromStr for Purpose {
    type Err = ContextError;

    fn from_str(text: &str) -> Result<Self, ContextError> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=MAX_PURPOSE_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ContextError)
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Circumstances that a proof is for, so that it cannot be used in others (ZKML-6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofContext {
    /// Use that is made of the proof.
    pub purpose: Purpose,
    /// Account that the proof is for, such as a commitment of the registry; 0 for none.
    pub account: B256,
    /// Epoch in which the proof is used; 0 where epochs do not matter.
    pub epoch: u64,
}

impl ProofContext {
    /// Returns the context of the proofs at the enrolment of a commitment (ENROL-23): a new person
    /// or a recovery, in whatever epoch.
    #[must_use]
    pub fn enrolment(commitment: Commitment) -> Self {
        Self {
            purpose: Purpose(ENROLMENT.to_owned()),
            account: commitment.to_be_bytes().into(),
            epoch: 0,
        }
    }

    /// Returns the context of the proofs by which the template of a commitment is replaced by one of
    /// another model (ZKML-19). The model itself is that of the proof.
    #[must_use]
    pub fn upgrade(commitment: Commitment) -> Self {
        Self {
            purpose: Purpose(UPGRADE.to_owned()),
            account: commitment.to_be_bytes().into(),
            epoch: 0,
        }
    }

    /// Returns the context of the proofs of a re-capture for a commitment, the one that the orb was
    /// shown (ZKML-25).
    #[must_use]
    pub fn recapture(commitment: Commitment) -> Self {
        Self {
            purpose: Purpose(RECAPTURE.to_owned()),
            account: commitment.to_be_bytes().into(),
            epoch: 0,
        }
    }

    /// Computes the public input: `hashToField` of `keccak256(abi.encode("annona.zkml.v1",
    /// purpose, account, epoch))`.
    #[must_use]
    pub fn to_field(&self) -> FieldElement {
        let preimage = (
            CONTEXT_DOMAIN.to_owned(),
            self.purpose.0.clone(),
            self.account,
            U256::from(self.epoch),
        );
        hash_to_field(keccak256(preimage.abi_encode_params()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Tests ZKML-6.
    #[test]
    fn every_part_of_a_context_counts() {
        let context = ProofContext {
            purpose: "enrolment".parse().unwrap(),
            account: B256::repeat_byte(7),
            epoch: 3,
        };
        let mut others = [context.clone(), context.clone(), context.clone()];
        others[0].purpose = "upgrade".parse().unwrap();
        others[1].account = B256::repeat_byte(8);
        others[2].epoch = 4;
        for other in others {
            assert_ne!(other.to_field(), context.to_field());
        }
    }

    #[test]
    fn a_purpose_is_short_and_plain() {
        for text in ["", "Enrolment", "a b", "\u{e9}", &"a".repeat(65)] {
            assert_eq!(text.parse::<Purpose>(), Err(ContextError), "{text:?}");
        }
        assert!("model-upgrade-2".parse::<Purpose>().is_ok());
    }
}
