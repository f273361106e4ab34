//! Statement of an orb about a capture, and its EIP-712 digest.

use core::fmt;

use alloy_primitives::{Address, B256};
use alloy_sol_types::{Eip712Domain, SolStruct, eip712_domain};

use crate::{Commitment, UnixSeconds};

mod eip712 {
    alloy_sol_types::sol! {
        #[allow(missing_docs)]
        struct Enrolment {
            uint256 commitment;
            bytes32 irisDigest;
            bytes32 imageDigest;
            bytes32 modelId;
            uint8 kind;
            uint64 capturedAt;
            bytes32 nonce;
        }
    }
}

/// An orb, named by the address of its device key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrbId(pub Address);

impl fmt::Display for OrbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Kind of an enrolment: a person joins for the first time, or replaces a lost commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentKind {
    /// First enrolment.
    New,
    /// Re-enrolment of a known person.
    Recovery,
}

impl EnrolmentKind {
    /// All kinds, for storage.
    pub const ALL: [Self; 2] = [Self::New, Self::Recovery];

    /// Returns the stable code of the kind.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Recovery => "recovery",
        }
    }

    /// Returns the kind of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Returns the number of the kind, in statements, visit codes and custody packages.
    #[must_use]
    pub const fn to_u8(self) -> u8 {
        match self {
            Self::New => 0,
            Self::Recovery => 1,
        }
    }

    /// Returns the kind of a number.
    #[must_use]
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_u8() == number)
    }
}

/// Statement of an orb about one capture (ENROL-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolment {
    /// Commitment that the citizen's device showed.
    pub commitment: Commitment,
    /// `keccak256` of the encoded templates of both eyes.
    pub iris_digest: B256,
    /// `keccak256` of the captured images, left then right.
    pub image_digest: B256,
    /// Hash of the encoder's parameter file.
    pub model_id: B256,
    /// Kind of the enrolment: new or recovery.
    pub kind: EnrolmentKind,
    /// Time of capture, by the orb's clock.
    pub captured_at: UnixSeconds,
    /// Nonce chosen by the citizen's device; used once.
    pub nonce: B256,
}

/// The EIP-712 domain of enrolments: one orb registry on one chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnrolmentDomain {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the orb registry, the verifying contract.
    pub orb_registry: Address,
}

impl EnrolmentDomain {
    pub(crate) fn to_eip712(self) -> Eip712Domain {
        eip712_domain! {
            name: "Annona",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: self.orb_registry,
        }
    }
}

impl Enrolment {
    /// Returns the EIP-712 digest that the device key signs (ENROL-1).
    #[must_use]
    pub fn signing_hash(&self, domain: &EnrolmentDomain) -> B256 {
        eip712::Enrolment {
            commitment: self.commitment.to_u256(),
            irisDigest: self.iris_digest,
            imageDigest: self.image_digest,
            modelId: self.model_id,
            kind: self.kind.to_u8(),
            capturedAt: self.captured_at.0,
            nonce: self.nonce,
        }
        .eip712_signing_hash(&domain.to_eip712())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::U256;

    use super::*;
    use crate::testing::enrolment;

    #[test]
    fn codes_of_kinds_are_stable_and_read_back() {
        assert_eq!(
            EnrolmentKind::ALL.map(EnrolmentKind::code),
            ["new", "recovery"]
        );
        for kind in EnrolmentKind::ALL {
            assert_eq!(EnrolmentKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(EnrolmentKind::from_code("renewal"), None);
        assert_eq!(EnrolmentKind::ALL.map(EnrolmentKind::to_u8), [0, 1]);
        for kind in EnrolmentKind::ALL {
            assert_eq!(EnrolmentKind::from_u8(kind.to_u8()), Some(kind));
        }
        assert_eq!(EnrolmentKind::from_u8(2), None);
    }

    #[test]
    fn an_orb_is_shown_by_its_address() {
        let address = Address::repeat_byte(9);
        assert_eq!(OrbId(address).to_string(), address.to_string());
    }

    /// Tests ENROL-1.
    #[test]
    fn every_field_and_the_domain_change_the_digest() {
        let domain = EnrolmentDomain {
            chain_id: 1,
            orb_registry: Address::repeat_byte(9),
        };
        let base = enrolment().signing_hash(&domain);
        let changed = [
            Enrolment {
                commitment: Commitment::try_from(U256::from(6)).unwrap(),
                ..enrolment()
            },
            Enrolment {
                iris_digest: B256::ZERO,
                ..enrolment()
            },
            Enrolment {
                image_digest: B256::ZERO,
                ..enrolment()
            },
            Enrolment {
                model_id: B256::ZERO,
                ..enrolment()
            },
            Enrolment {
                kind: EnrolmentKind::Recovery,
                ..enrolment()
            },
            Enrolment {
                captured_at: UnixSeconds(0),
                ..enrolment()
            },
            Enrolment {
                nonce: B256::ZERO,
                ..enrolment()
            },
        ];
        for other in changed {
            assert_ne!(base, other.signing_hash(&domain));
        }
        assert_ne!(
            base,
            enrolment().signing_hash(&EnrolmentDomain {
                chain_id: 2,
                ..domain
            })
        );
        let elsewhere = EnrolmentDomain {
            orb_registry: Address::ZERO,
            ..domain
        };
        assert_ne!(base, enrolment().signing_hash(&elsewhere));
    }
}
