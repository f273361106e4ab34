//! Bodies of signed receipts and refusals, with their parsing; the signer is not checked here.

use annona_core::{
    AmountWei, ClaimReceipt, ClaimRefusal, ClaimTerms, Epoch, Payment, SignedReceipt,
    SignedRefusal, UnixSeconds,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hex::{self, FieldProblem};
use crate::schema::{AddressText, AmountText, ScalarText, SignatureText};

/// The EIP-712 struct `ClaimReceipt` and its signature: the service's promise that a claim
/// is paid by a time. The domain has the name `Annona`, the version `2`, the chain's id, and
/// the distributor as the verifying contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptView {
    /// Nullifier hash of the claim.
    #[schema(value_type = ScalarText)]
    pub nullifier_hash: String,
    /// The epoch claimed.
    pub epoch: u64,
    /// Receives the epoch's amount less the fee.
    #[schema(value_type = AddressText)]
    pub recipient: String,
    /// Receives the fee.
    #[schema(value_type = AddressText)]
    pub fee_recipient: String,
    /// The fee in the token's smallest unit, decimal.
    #[schema(value_type = AmountText)]
    pub fee: String,
    /// `R_e`, the root that the claim was proved against.
    #[schema(value_type = ScalarText)]
    pub root: String,
    /// Time of the newest block when the claim was taken, Unix seconds.
    pub taken_at: u64,
    /// The payment is in a block of this time or an earlier one, Unix seconds. Time during
    /// which payments are paused does not count.
    pub deadline: u64,
    /// 65 bytes in hexadecimal: r, s, v.
    #[schema(value_type = SignatureText)]
    pub signature: String,
}

/// The EIP-712 struct `ClaimRefusal` and its signature, under the domain of receipts: the
/// service's statement of why a claim that it took is not paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefusalView {
    /// Nullifier hash of the claim.
    #[schema(value_type = ScalarText)]
    pub nullifier_hash: String,
    /// The epoch claimed.
    pub epoch: u64,
    /// Would have received the epoch's amount less the fee.
    #[schema(value_type = AddressText)]
    pub recipient: String,
    /// Would have received the fee.
    #[schema(value_type = AddressText)]
    pub fee_recipient: String,
    /// The fee in the token's smallest unit, decimal.
    #[schema(value_type = AmountText)]
    pub fee: String,
    /// `R_e`, the root that the claim was proved against.
    #[schema(value_type = ScalarText)]
    pub root: String,
    /// Stable code of the reason.
    pub reason: String,
    /// The newest block when the statement was made; the reason holds in it.
    pub block_number: u64,
    /// Time of that block, Unix seconds.
    pub block_time: u64,
    /// 65 bytes in hexadecimal: r, s, v.
    #[schema(value_type = SignatureText)]
    pub signature: String,
}

impl From<&SignedReceipt> for ReceiptView {
    fn from(signed: &SignedReceipt) -> Self {
        let terms = &signed.receipt.terms;
        Self {
            nullifier_hash: terms.nullifier_hash.to_string(),
            epoch: terms.epoch.0,
            recipient: hex::encode(terms.payment.recipient.as_slice()),
            fee_recipient: hex::encode(terms.payment.fee_recipient.as_slice()),
            fee: terms.payment.fee.0.to_string(),
            root: terms.root.to_string(),
            taken_at: signed.receipt.taken_at.0,
            deadline: signed.receipt.deadline.0,
            signature: hex::encode(&signed.signature.as_bytes()),
        }
    }
}

impl From<&SignedRefusal> for RefusalView {
    fn from(signed: &SignedRefusal) -> Self {
        let terms = &signed.refusal.terms;
        Self {
            nullifier_hash: terms.nullifier_hash.to_string(),
            epoch: terms.epoch.0,
            recipient: hex::encode(terms.payment.recipient.as_slice()),
            fee_recipient: hex::encode(terms.payment.fee_recipient.as_slice()),
            fee: terms.payment.fee.0.to_string(),
            root: terms.root.to_string(),
            reason: signed.refusal.reason.clone(),
            block_number: signed.refusal.block_number,
            block_time: signed.refusal.block_time.0,
            signature: hex::encode(&signed.signature.as_bytes()),
        }
    }
}

impl ReceiptView {
    /// The receipt.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed or out of range.
    pub fn parse(&self) -> Result<SignedReceipt, FieldProblem> {
        let written = WrittenTerms {
            nullifier_hash: &self.nullifier_hash,
            epoch: self.epoch,
            recipient: &self.recipient,
            fee_recipient: &self.fee_recipient,
            fee: &self.fee,
            root: &self.root,
        };
        Ok(SignedReceipt {
            receipt: ClaimReceipt {
                terms: written.parse()?,
                taken_at: UnixSeconds(self.taken_at),
                deadline: UnixSeconds(self.deadline),
            },
            signature: hex::signature("signature", &self.signature)?,
        })
    }
}

impl RefusalView {
    /// The refusal.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed or out of range.
    pub fn parse(&self) -> Result<SignedRefusal, FieldProblem> {
        let written = WrittenTerms {
            nullifier_hash: &self.nullifier_hash,
            epoch: self.epoch,
            recipient: &self.recipient,
            fee_recipient: &self.fee_recipient,
            fee: &self.fee,
            root: &self.root,
        };
        Ok(SignedRefusal {
            refusal: ClaimRefusal {
                terms: written.parse()?,
                reason: self.reason.clone(),
                block_number: self.block_number,
                block_time: UnixSeconds(self.block_time),
            },
            signature: hex::signature("signature", &self.signature)?,
        })
    }
}

/// The fields that both statements have.
struct WrittenTerms<'a> {
    nullifier_hash: &'a str,
    epoch: u64,
    recipient: &'a str,
    fee_recipient: &'a str,
    fee: &'a str,
    root: &'a str,
}

impl WrittenTerms<'_> {
    fn parse(&self) -> Result<ClaimTerms, FieldProblem> {
        Ok(ClaimTerms {
            nullifier_hash: hex::scalar("nullifierHash", self.nullifier_hash)?,
            epoch: Epoch(self.epoch),
            payment: Payment {
                recipient: hex::address("recipient", self.recipient)?,
                fee_recipient: hex::address("feeRecipient", self.fee_recipient)?,
                fee: AmountWei(hex::decimal("fee", self.fee)?),
            },
            root: hex::scalar("root", self.root)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{Address, NullifierHash, Root, Signature, U256};

    use super::*;

    fn terms() -> ClaimTerms {
        ClaimTerms {
            nullifier_hash: NullifierHash::try_from(U256::from(5)).unwrap(),
            epoch: Epoch(6),
            payment: Payment {
                recipient: Address::repeat_byte(1),
                fee_recipient: Address::repeat_byte(2),
                fee: AmountWei(U256::MAX),
            },
            root: Root::try_from(U256::from(4)).unwrap(),
        }
    }

    fn signature() -> Signature {
        Signature::new(U256::from(7), U256::from(8), true)
    }

    #[test]
    fn a_receipt_and_a_refusal_go_there_and_back() {
        let receipt = SignedReceipt {
            receipt: ClaimReceipt {
                terms: terms(),
                taken_at: UnixSeconds(9),
                deadline: UnixSeconds(10),
            },
            signature: signature(),
        };
        let refusal = SignedRefusal {
            refusal: ClaimRefusal {
                terms: terms(),
                reason: "census-reached".to_owned(),
                block_number: 11,
                block_time: UnixSeconds(12),
            },
            signature: signature(),
        };
        let json = serde_json::to_string(&ReceiptView::from(&receipt)).unwrap();
        let back: ReceiptView = serde_json::from_str(&json).unwrap();
        assert_eq!(back.parse(), Ok(receipt));
        let json = serde_json::to_string(&RefusalView::from(&refusal)).unwrap();
        let back: RefusalView = serde_json::from_str(&json).unwrap();
        assert_eq!(back.parse(), Ok(refusal));
    }
}
