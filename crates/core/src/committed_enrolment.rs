//! Statement of an orb that also commits to both irises and their codes: version 2, beside the
//! one without commitments.

use core::fmt;

use alloy_primitives::B256;
use alloy_sol_types::SolStruct;

use crate::{Enrolment, EnrolmentDomain, FieldElement};

mod eip712 {
    alloy_sol_types::sol! {
        #[allow(missing_docs)]
        struct EnrolmentV2 {
            uint256 commitment;
            bytes32 irisDigest;
            bytes32 imageDigest;
            bytes32 modelId;
            uint8 kind;
            uint64 capturedAt;
            bytes32 nonce;
            uint256 leftImageCommitment;
            uint256 rightImageCommitment;
            uint256 leftCodeCommitment;
            uint256 rightCodeCommitment;
        }
    }
}

/// Commitments to the normalised iris of one eye and to its code (ZKML-2, ZKML-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EyeCommitments {
    /// Commitment to the normalised iris.
    pub image: FieldElement,
    /// Commitment to code and mask.
    pub code: FieldElement,
}

/// Commitments to both irises of a person, each in the place of its eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IrisCommitments {
    /// Commitments of the left eye.
    pub left: EyeCommitments,
    /// Commitments of the right eye.
    pub right: EyeCommitments,
}

/// Salts of both code commitments, by which a service checks what they are to (ENROL-19). They
/// hide the codes from everybody who has not got them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeSalts {
    /// Salt of the left eye's code commitment.
    pub left: FieldElement,
    /// Salt of the right eye's code commitment.
    pub right: FieldElement,
}

impl fmt::Debug for CodeSalts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeSalts(..)")
    }
}

/// Statement of an orb about one capture, with commitments to what it saw (ENROL-17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommittedEnrolment {
    /// Statement without commitments.
    pub enrolment: Enrolment,
    /// Commitments to what it saw.
    pub commitments: IrisCommitments,
}

impl CommittedEnrolment {
    /// Returns the EIP-712 digest that the device key signs (ENROL-17). It is in the domain of
    /// statements without commitments, and of another type.
    #[must_use]
    pub fn signing_hash(&self, domain: &EnrolmentDomain) -> B256 {
        let (enrolment, commitments) = (&self.enrolment, &self.commitments);
        eip712::EnrolmentV2 {
            commitment: enrolment.commitment.to_u256(),
            irisDigest: enrolment.iris_digest,
            imageDigest: enrolment.image_digest,
            modelId: enrolment.model_id,
            kind: enrolment.kind.to_u8(),
            capturedAt: enrolment.captured_at.0,
            nonce: enrolment.nonce,
            leftImageCommitment: commitments.left.image.to_u256(),
            rightImageCommitment: commitments.right.image.to_u256(),
            leftCodeCommitment: commitments.left.code.to_u256(),
            rightCodeCommitment: commitments.right.code.to_u256(),
        }
        .eip712_signing_hash(&domain.to_eip712())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::{Address, Signature, U256, b256};

    use super::*;
    use crate::testing::enrolment;
    use crate::{EnrolmentKind, OrbId, SignedEnrolment};

    const DOMAIN: EnrolmentDomain = EnrolmentDomain {
        chain_id: 1,
        orb_registry: Address::repeat_byte(9),
    };

    fn field(value: u64) -> FieldElement {
        FieldElement::try_from(U256::from(value)).unwrap()
    }

    fn statement() -> CommittedEnrolment {
        CommittedEnrolment {
            enrolment: enrolment(),
            commitments: IrisCommitments {
                left: EyeCommitments {
                    image: field(6),
                    code: field(8),
                },
                right: EyeCommitments {
                    image: field(7),
                    code: field(9),
                },
            },
        }
    }

    /// Tests ENROL-17: type hash and digest as `ethers` 6 computes them.
    #[test]
    fn the_digest_is_the_frozen_one() {
        let statement = statement();
        let typed = eip712::EnrolmentV2 {
            commitment: U256::ZERO,
            irisDigest: B256::ZERO,
            imageDigest: B256::ZERO,
            modelId: B256::ZERO,
            kind: 0,
            capturedAt: 0,
            nonce: B256::ZERO,
            leftImageCommitment: U256::ZERO,
            rightImageCommitment: U256::ZERO,
            leftCodeCommitment: U256::ZERO,
            rightCodeCommitment: U256::ZERO,
        };
        assert_eq!(
            typed.eip712_type_hash(),
            b256!("0x972e4fa971f14d5fc6e57c73ad86bce51d1ce794723b34f5312685b9d17aa3f9")
        );
        assert_eq!(
            statement.signing_hash(&DOMAIN),
            b256!("0xafb1dad2632d6c43d2173a162661f15849f3dc5e5b6462673d1a1e8b9c27ee10")
        );
    }

    /// Tests ENROL-17: each commitment, the eyes' order, a field of the first version, the domain.
    #[test]
    fn every_commitment_its_place_and_the_domain_change_the_digest() {
        let base = statement().signing_hash(&DOMAIN);
        let changes: [fn(&mut CommittedEnrolment); 8] = [
            |it| it.commitments.left.image = field(60),
            |it| it.commitments.right.image = field(60),
            |it| it.commitments.left.code = field(60),
            |it| it.commitments.right.code = field(60),
            |it| core::mem::swap(&mut it.commitments.left, &mut it.commitments.right),
            |it| {
                let left = &mut it.commitments.left;
                core::mem::swap(&mut left.image, &mut left.code);
            },
            |it| it.enrolment.nonce = B256::ZERO,
            |it| it.enrolment.kind = EnrolmentKind::Recovery,
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut other = statement();
            change(&mut other);
            assert_ne!(other.signing_hash(&DOMAIN), base, "change {number}");
        }
        let elsewhere = EnrolmentDomain {
            chain_id: 2,
            ..DOMAIN
        };
        assert_ne!(statement().signing_hash(&elsewhere), base);
    }

    /// Tests ENROL-17: a signature on one version is none on the other.
    #[test]
    fn a_signature_is_of_one_version() {
        let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let orb = Ok(OrbId(Address::from_public_key(key.verifying_key())));
        let sign = |digest: B256| -> Signature {
            let (signature, parity) = key.sign_prehash_recoverable(&digest.0).unwrap();
            (signature, parity).into()
        };
        let statement = statement();
        let enrolment = statement.enrolment;
        let old = sign(enrolment.signing_hash(&DOMAIN));
        let new = sign(statement.signing_hash(&DOMAIN));
        let of = |commitments, signature| {
            SignedEnrolment {
                enrolment,
                commitments,
                signature,
            }
            .orb(&DOMAIN)
        };
        let commitments = Some(statement.commitments);
        assert_eq!((of(commitments, new), of(None, old)), (orb, orb));
        assert_ne!(of(commitments, old), orb);
        assert_ne!(of(None, new), orb);
    }

    #[test]
    fn salts_are_not_shown() {
        let salts = CodeSalts {
            left: field(77),
            right: field(78),
        };
        assert_eq!(format!("{salts:?}"), "CodeSalts(..)");
    }
}
