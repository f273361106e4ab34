use alloy_primitives::{Address, B256, Signature, U256};
use alloy_sol_types::{SolStruct, eip712_domain};

use crate::signature::{SignatureError, signer_of};
use crate::{ClaimScope, Epoch, NullifierHash, UnixSeconds};

mod eip712 {
    alloy_sol_types::sol! {
        #[allow(missing_docs)]
        struct ClaimReceipt {
            uint256 nullifierHash;
            uint256 epoch;
            uint64 deadline;
        }
    }
}

/// A service's word that a claim was accepted and will be settled: after the deadline the
/// nullifier is spent on chain, or the service has a reason that anyone can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimReceipt {
    /// The claim's nullifier.
    pub nullifier_hash: NullifierHash,
    /// The epoch claimed.
    pub epoch: Epoch,
    /// By when.
    pub deadline: UnixSeconds,
}

impl ClaimReceipt {
    /// The EIP-712 digest that the service signs; the distributor is the verifying contract.
    #[must_use]
    pub fn signing_hash(&self, scope: &ClaimScope) -> B256 {
        eip712::ClaimReceipt {
            nullifierHash: self.nullifier_hash.to_u256(),
            epoch: U256::from(self.epoch.0),
            deadline: self.deadline.0,
        }
        .eip712_signing_hash(&eip712_domain! {
            name: "Annona",
            version: "1",
            chain_id: scope.chain_id,
            verifying_contract: scope.distributor,
        })
    }
}

/// A receipt with the service's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedReceipt {
    /// What was signed.
    pub receipt: ClaimReceipt,
    /// 65 bytes: r, s, v.
    pub signature: Signature,
}

impl SignedReceipt {
    /// The address whose key signed. Whether that is the service is for the caller to know.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn signer(&self, scope: &ClaimScope) -> Result<Address, SignatureError> {
        signer_of(&self.signature, self.receipt.signing_hash(scope))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_field_and_the_domain_change_the_digest() {
        let domain = ClaimScope {
            chain_id: 1,
            distributor: Address::repeat_byte(9),
        };
        let nullifier = |value: u64| NullifierHash::try_from(U256::from(value)).unwrap();
        let receipt = ClaimReceipt {
            nullifier_hash: nullifier(5),
            epoch: Epoch(6),
            deadline: UnixSeconds(7),
        };
        let base = receipt.signing_hash(&domain);
        let changed = [
            ClaimReceipt {
                nullifier_hash: nullifier(6),
                ..receipt
            },
            ClaimReceipt {
                epoch: Epoch(7),
                ..receipt
            },
            ClaimReceipt {
                deadline: UnixSeconds(8),
                ..receipt
            },
        ];
        for other in changed {
            assert_ne!(base, other.signing_hash(&domain));
        }
        let elsewhere = [
            ClaimScope {
                chain_id: 2,
                ..domain
            },
            ClaimScope {
                distributor: Address::ZERO,
                ..domain
            },
        ];
        for other in elsewhere {
            assert_ne!(base, receipt.signing_hash(&other));
        }
    }
}
