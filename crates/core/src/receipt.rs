//! Receipts and refusals of claims, their EIP-712 digests, and the address that signed them.

use alloy_primitives::{Address, B256, Signature, U256};
use alloy_sol_types::{Eip712Domain, SolStruct, eip712_domain};

use crate::signature::{SignatureError, signer_of};
use crate::{ClaimScope, Epoch, NullifierHash, Payment, Root, UnixSeconds};

mod eip712 {
    alloy_sol_types::sol! {
        #[allow(missing_docs)]
        struct ClaimReceipt {
            uint256 nullifierHash;
            uint256 epoch;
            address recipient;
            address feeRecipient;
            uint256 fee;
            uint256 root;
            uint64 takenAt;
            uint64 deadline;
        }

        #[allow(missing_docs)]
        struct ClaimRefusal {
            uint256 nullifierHash;
            uint256 epoch;
            address recipient;
            address feeRecipient;
            uint256 fee;
            uint256 root;
            string reason;
            uint64 blockNumber;
            uint64 blockTime;
        }
    }
}

/// Returns the EIP-712 domain, of version 2: version 1 did not say what was promised.
fn domain(scope: &ClaimScope) -> Eip712Domain {
    eip712_domain! {
        name: "Annona",
        version: "2",
        chain_id: scope.chain_id,
        verifying_contract: scope.distributor,
    }
}

/// A claim as a service speaks of it: the payment, and the root that it was proved against.
///
/// A claim that is made again for another payment or another root is another claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimTerms {
    /// Nullifier hash of the claim.
    pub nullifier_hash: NullifierHash,
    /// The epoch claimed.
    pub epoch: Epoch,
    /// Payment that the claim asks for, with its recipients.
    pub payment: Payment,
    /// `R_e`, as it was when the claim was taken.
    pub root: Root,
}

/// A service's promise that a claim is paid by a time, on the chain's clock (RCPT-1).
///
/// Time during which payments are paused does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimReceipt {
    /// Claim that is promised to be paid.
    pub terms: ClaimTerms,
    /// Time of the newest block when the claim was taken.
    pub taken_at: UnixSeconds,
    /// The payment is in a block of this time or an earlier one.
    pub deadline: UnixSeconds,
}

impl ClaimReceipt {
    /// Returns the EIP-712 digest that the service signs; the distributor is the verifying
    /// contract.
    #[must_use]
    pub fn signing_hash(&self, scope: &ClaimScope) -> B256 {
        let ClaimTerms {
            nullifier_hash,
            epoch,
            payment,
            root,
        } = self.terms;
        eip712::ClaimReceipt {
            nullifierHash: nullifier_hash.to_u256(),
            epoch: U256::from(epoch.0),
            recipient: payment.recipient,
            feeRecipient: payment.fee_recipient,
            fee: payment.fee.0,
            root: root.to_u256(),
            takenAt: self.taken_at.0,
            deadline: self.deadline.0,
        }
        .eip712_signing_hash(&domain(scope))
    }
}

/// A service's statement that a claim it took is not going to be paid, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRefusal {
    /// Claim that is not going to be paid.
    pub terms: ClaimTerms,
    /// Stable code of the reason.
    pub reason: String,
    /// Number of the newest block when the statement was made; the reason holds in it.
    pub block_number: u64,
    /// Time of that block.
    pub block_time: UnixSeconds,
}

impl ClaimRefusal {
    /// Returns the EIP-712 digest that the service signs; the distributor is the verifying
    /// contract.
    #[must_use]
    pub fn signing_hash(&self, scope: &ClaimScope) -> B256 {
        let ClaimTerms {
            nullifier_hash,
            epoch,
            payment,
            root,
        } = self.terms;
        eip712::ClaimRefusal {
            nullifierHash: nullifier_hash.to_u256(),
            epoch: U256::from(epoch.0),
            recipient: payment.recipient,
            feeRecipient: payment.fee_recipient,
            fee: payment.fee.0,
            root: root.to_u256(),
            reason: self.reason.clone(),
            blockNumber: self.block_number,
            blockTime: self.block_time.0,
        }
        .eip712_signing_hash(&domain(scope))
    }
}

/// A receipt with the service's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedReceipt {
    /// Receipt that was signed.
    pub receipt: ClaimReceipt,
    /// 65 bytes: r, s, v.
    pub signature: Signature,
}

impl SignedReceipt {
    /// Returns the address whose key signed. The caller must know whether that is the service.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn signer(&self, scope: &ClaimScope) -> Result<Address, SignatureError> {
        signer_of(&self.signature, self.receipt.signing_hash(scope))
    }
}

/// A refusal with the service's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRefusal {
    /// Refusal that was signed.
    pub refusal: ClaimRefusal,
    /// 65 bytes: r, s, v.
    pub signature: Signature,
}

impl SignedRefusal {
    /// Returns the address whose key signed. The caller must know whether that is the service.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn signer(&self, scope: &ClaimScope) -> Result<Address, SignatureError> {
        signer_of(&self.signature, self.refusal.signing_hash(scope))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::AmountWei;

    fn terms() -> ClaimTerms {
        ClaimTerms {
            nullifier_hash: NullifierHash::try_from(U256::from(5)).unwrap(),
            epoch: Epoch(6),
            payment: Payment {
                recipient: Address::repeat_byte(1),
                fee_recipient: Address::repeat_byte(2),
                fee: AmountWei(U256::from(3)),
            },
            root: Root::try_from(U256::from(4)).unwrap(),
        }
    }

    /// Terms that differ from [`terms`] in one field each.
    fn other_terms() -> Vec<ClaimTerms> {
        let base = terms();
        let paid = |payment| ClaimTerms { payment, ..base };
        vec![
            ClaimTerms {
                nullifier_hash: NullifierHash::try_from(U256::from(6)).unwrap(),
                ..base
            },
            ClaimTerms {
                epoch: Epoch(7),
                ..base
            },
            ClaimTerms {
                root: Root::try_from(U256::from(5)).unwrap(),
                ..base
            },
            paid(Payment {
                recipient: Address::ZERO,
                ..base.payment
            }),
            paid(Payment {
                fee_recipient: Address::ZERO,
                ..base.payment
            }),
            paid(Payment {
                fee: AmountWei::ZERO,
                ..base.payment
            }),
        ]
    }

    fn scope() -> ClaimScope {
        ClaimScope {
            chain_id: 1,
            distributor: Address::repeat_byte(9),
        }
    }

    fn other_scopes() -> [ClaimScope; 2] {
        [
            ClaimScope {
                chain_id: 2,
                ..scope()
            },
            ClaimScope {
                distributor: Address::ZERO,
                ..scope()
            },
        ]
    }

    /// Tests RCPT-1.
    #[test]
    fn every_field_and_the_domain_change_the_digest_of_a_receipt() {
        let receipt = ClaimReceipt {
            terms: terms(),
            taken_at: UnixSeconds(7),
            deadline: UnixSeconds(8),
        };
        let base = receipt.signing_hash(&scope());
        let with = |terms| ClaimReceipt { terms, ..receipt };
        let mut changed: Vec<ClaimReceipt> = other_terms().into_iter().map(with).collect();
        changed.push(ClaimReceipt {
            taken_at: UnixSeconds(8),
            ..receipt
        });
        changed.push(ClaimReceipt {
            deadline: UnixSeconds(9),
            ..receipt
        });
        for other in changed {
            assert_ne!(base, other.signing_hash(&scope()), "{other:?}");
        }
        for elsewhere in other_scopes() {
            assert_ne!(base, receipt.signing_hash(&elsewhere));
        }
    }

    #[test]
    fn every_field_and_the_domain_change_the_digest_of_a_refusal() {
        let refusal = ClaimRefusal {
            terms: terms(),
            reason: "census-reached".to_owned(),
            block_number: 7,
            block_time: UnixSeconds(8),
        };
        let base = refusal.signing_hash(&scope());
        let with = |terms| ClaimRefusal {
            terms,
            ..refusal.clone()
        };
        let mut changed: Vec<ClaimRefusal> = other_terms().into_iter().map(with).collect();
        changed.push(ClaimRefusal {
            reason: "refused".to_owned(),
            ..refusal.clone()
        });
        changed.push(ClaimRefusal {
            block_number: 8,
            ..refusal.clone()
        });
        changed.push(ClaimRefusal {
            block_time: UnixSeconds(9),
            ..refusal.clone()
        });
        for other in changed {
            assert_ne!(base, other.signing_hash(&scope()), "{other:?}");
        }
        for elsewhere in other_scopes() {
            assert_ne!(base, refusal.signing_hash(&elsewhere));
        }
    }

    fn sign(digest: B256) -> (Address, Signature) {
        let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let (signature, parity) = key.sign_prehash_recoverable(&digest.0).unwrap();
        let signer = Address::from_public_key(key.verifying_key());
        (signer, (signature, parity).into())
    }

    #[test]
    fn receipts_and_refusals_name_their_signer_in_their_scope_only() {
        let receipt = ClaimReceipt {
            terms: terms(),
            taken_at: UnixSeconds(7),
            deadline: UnixSeconds(8),
        };
        let (signer, signature) = sign(receipt.signing_hash(&scope()));
        let receipt = SignedReceipt { receipt, signature };
        assert_eq!(receipt.signer(&scope()), Ok(signer));

        let refusal = ClaimRefusal {
            terms: terms(),
            reason: "census-reached".to_owned(),
            block_number: 7,
            block_time: UnixSeconds(8),
        };
        let (_, signature) = sign(refusal.signing_hash(&scope()));
        let refusal = SignedRefusal { refusal, signature };
        assert_eq!(refusal.signer(&scope()), Ok(signer));

        for elsewhere in other_scopes() {
            assert_ne!(receipt.signer(&elsewhere), Ok(signer));
            assert_ne!(refusal.signer(&elsewhere), Ok(signer));
        }
    }
}
