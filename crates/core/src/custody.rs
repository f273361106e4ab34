//! Requests about a custody package, as the key of a visit signs them.

use alloy_primitives::B256;

use crate::EnrolmentDomain;

/// Longest sealed package that is taken, in bytes. With it and all else a packet stays below the
/// 96 KiB that the API takes.
pub const MAX_SEALED_BYTES: usize = 36_864;

/// Beginning of every message that the key of a visit signs about a package.
const SIGNING_DOMAIN: &[u8] = b"annona custody\0";

/// Request of a citizen's device about the package that an orb sealed for its visit (ENROL-22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustodyRequest {
    /// Hand the package out.
    Collect,
    /// Delete it: the device has opened it.
    Confirm,
}

impl CustodyRequest {
    /// Returns the bytes that the key of the visit signs, by ECDSA with SHA-256 on P-256.
    #[must_use]
    pub fn message(self, domain: &EnrolmentDomain, nonce: B256) -> Vec<u8> {
        let request: &[u8] = match self {
            Self::Collect => &[0],
            Self::Confirm => &[1],
        };
        [
            SIGNING_DOMAIN,
            request,
            &domain.chain_id.to_be_bytes(),
            domain.orb_registry.as_slice(),
            nonce.as_slice(),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;

    use super::*;

    /// Tests ENROL-22.
    #[test]
    fn every_part_of_a_request_is_signed() {
        let domain = EnrolmentDomain {
            chain_id: 31_337,
            orb_registry: Address::repeat_byte(9),
        };
        let nonce = B256::repeat_byte(1);
        let message = CustodyRequest::Collect.message(&domain, nonce);
        assert_eq!(message.len(), 15 + 1 + 8 + 20 + 32);
        let elsewhere = EnrolmentDomain {
            chain_id: 1,
            ..domain
        };
        let other_registry = EnrolmentDomain {
            orb_registry: Address::ZERO,
            ..domain
        };
        for other in [
            CustodyRequest::Confirm.message(&domain, nonce),
            CustodyRequest::Collect.message(&domain, B256::ZERO),
            CustodyRequest::Collect.message(&elsewhere, nonce),
            CustodyRequest::Collect.message(&other_registry, nonce),
        ] {
            assert_eq!(other.len(), message.len());
            assert_ne!(other, message);
        }
    }
}
