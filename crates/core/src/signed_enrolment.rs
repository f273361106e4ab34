//! Statement of an orb with its signature, in either version, and the orb that signed it.

use alloy_primitives::{B256, Signature};

use crate::signature::{SignatureError, signer_of};
use crate::{CommittedEnrolment, Enrolment, EnrolmentDomain, IrisCommitments, OrbId};

/// An enrolment with the signature of its orb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedEnrolment {
    /// Statement that the orb signed.
    pub enrolment: Enrolment,
    /// Commitments that it signed with it, in a statement of version 2; `None` in one of version 1.
    pub commitments: Option<IrisCommitments>,
    /// 65 bytes: r, s, v.
    pub signature: Signature,
}

impl SignedEnrolment {
    /// Returns the EIP-712 digest of the statement in its version, which names the enrolment.
    #[must_use]
    pub fn signing_hash(&self, domain: &EnrolmentDomain) -> B256 {
        let enrolment = self.enrolment;
        match self.commitments {
            None => enrolment.signing_hash(domain),
            Some(commitments) => CommittedEnrolment {
                enrolment,
                commitments,
            }
            .signing_hash(domain),
        }
    }

    /// Returns the orb whose key made the signature. The orb registry tells whether it is active.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn orb(&self, domain: &EnrolmentDomain) -> Result<OrbId, SignatureError> {
        let digest = self.signing_hash(domain);
        signer_of(&self.signature, digest).map(OrbId)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::Address;

    use super::*;
    use crate::testing::enrolment;

    /// Tests ENROL-1.
    #[test]
    fn the_orb_is_the_signer_under_the_domain_of_its_registry() {
        let domain = EnrolmentDomain {
            chain_id: 1,
            orb_registry: Address::repeat_byte(9),
        };
        let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let digest = enrolment().signing_hash(&domain);
        let (signature, parity) = key.sign_prehash_recoverable(&digest.0).unwrap();
        let signed = SignedEnrolment {
            enrolment: enrolment(),
            commitments: None,
            signature: (signature, parity).into(),
        };
        let orb = OrbId(Address::from_public_key(key.verifying_key()));
        assert_eq!(signed.orb(&domain), Ok(orb));
        let elsewhere = EnrolmentDomain {
            chain_id: 2,
            ..domain
        };
        assert_ne!(signed.orb(&elsewhere), Ok(orb));
    }
}
