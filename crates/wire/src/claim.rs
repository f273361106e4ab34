//! Bodies of claims: the request with its parsing, and the status of a claim.

use annona_core::{AmountWei, Claim, Epoch, Payment, ProofPoints, U256};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hex::{self, FieldProblem};
use crate::number::whole_number;
use crate::receipt::{ReceiptView, RefusalView};
use crate::schema::{
    AddressText, AmountText, CoordinateText, ScalarText, UnsignedNumber, WordText,
};

/// A claim for one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimRequest {
    /// The epoch claimed.
    #[schema(value_type = UnsignedNumber)]
    #[serde(deserialize_with = "whole_number")]
    pub epoch: u64,
    /// Nullifier hash: 0x and 64 hexadecimal digits, below the BN254 scalar modulus.
    #[schema(value_type = ScalarText)]
    pub nullifier_hash: String,
    /// Receives the epoch's amount less the fee: 0x and 40 hexadecimal digits.
    #[schema(value_type = AddressText)]
    pub recipient: String,
    /// Receives the fee: 0x and 40 hexadecimal digits.
    #[schema(value_type = AddressText)]
    pub fee_recipient: String,
    /// The fee in the token's smallest unit, decimal.
    #[schema(value_type = AmountText)]
    pub fee: String,
    /// Groth16 proof in the order a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y;
    /// each 0x and 64 hexadecimal digits, below the BN254 base modulus.
    #[schema(value_type = Vec<CoordinateText>, min_items = 8, max_items = 8)]
    pub proof: [String; 8],
}

impl ClaimRequest {
    /// The body of a claim.
    #[must_use]
    pub fn new(claim: &Claim) -> Self {
        Self {
            epoch: claim.epoch.0,
            nullifier_hash: claim.nullifier_hash.to_string(),
            recipient: hex::encode(claim.payment.recipient.as_slice()),
            fee_recipient: hex::encode(claim.payment.fee_recipient.as_slice()),
            fee: claim.payment.fee.0.to_string(),
            proof: claim
                .points
                .coordinates()
                .map(|c| hex::encode(&c.to_be_bytes::<32>())),
        }
    }

    /// Returns the claim.
    ///
    /// # Errors
    /// [`FieldProblem`] for the first field that is malformed or out of range.
    pub fn parse(&self) -> Result<Claim, FieldProblem> {
        let mut coordinates = [U256::ZERO; 8];
        for (coordinate, text) in coordinates.iter_mut().zip(&self.proof) {
            *coordinate = hex::number("proof", text)?;
        }
        let points =
            ProofPoints::try_from(coordinates).map_err(|source| FieldProblem::OutOfRange {
                field: "proof",
                source,
            })?;
        Ok(Claim {
            epoch: Epoch(self.epoch),
            nullifier_hash: hex::scalar("nullifierHash", &self.nullifier_hash)?,
            payment: Payment {
                recipient: hex::address("recipient", &self.recipient)?,
                fee_recipient: hex::address("feeRecipient", &self.fee_recipient)?,
                fee: AmountWei(hex::decimal("fee", &self.fee)?),
            },
            points,
        })
    }
}

/// Status of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClaimStatus {
    /// Verified, stored, waiting for the relay.
    Queued,
    /// In a signed transaction that is stored and that no node is known to have.
    Batched,
    /// In a transaction that a node has taken.
    Submitted,
    /// In a block that a reorg could still take away.
    Mined,
    /// Paid, and final.
    Final,
    /// Not paid; see the reason.
    Rejected,
}

impl ClaimStatus {
    /// Returns whether the status is final.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Final | Self::Rejected)
    }
}

/// A claim as the service knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimView {
    /// Nullifier hash, the claim's name.
    #[schema(value_type = ScalarText)]
    pub nullifier_hash: String,
    /// The epoch claimed.
    pub epoch: u64,
    /// Status of the claim.
    pub status: ClaimStatus,
    /// Hash of the transaction, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WordText>)]
    pub transaction_hash: Option<String>,
    /// Stable code of the reason of a rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The service's signed promise, in the answer to the submission of the claim. Keep it.
    /// There is none when the claim's window ends within the time that is promised, or when
    /// it offers a fee and nobody has opened the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptView>,
    /// The service's signed statement of why a claim is rejected. Keep it with the receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalView>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{Address, BASE_MODULUS, FieldError, NullifierHash, SCALAR_MODULUS};

    use super::*;

    fn request() -> ClaimRequest {
        ClaimRequest::new(&Claim {
            epoch: Epoch(3),
            nullifier_hash: NullifierHash::try_from(U256::from(7)).unwrap(),
            payment: Payment {
                recipient: Address::repeat_byte(1),
                fee_recipient: Address::ZERO,
                fee: AmountWei(U256::from(12)),
            },
            points: ProofPoints::try_from([U256::from(9); 8]).unwrap(),
        })
    }

    #[test]
    fn a_claim_goes_there_and_back() {
        let json = serde_json::to_string(&request()).unwrap();
        let back: ClaimRequest = serde_json::from_str(&json).unwrap();
        assert_eq!(ClaimRequest::new(&back.parse().unwrap()), request());
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let nullifier = ClaimRequest {
            nullifier_hash: format!("0x{SCALAR_MODULUS:064x}"),
            ..request()
        };
        let expected = FieldProblem::OutOfRange {
            field: "nullifierHash",
            source: FieldError::NotCanonical,
        };
        assert_eq!(nullifier.parse(), Err(expected));
        let mut coordinate = request();
        coordinate.proof[6] = format!("0x{BASE_MODULUS:064x}");
        let expected = FieldProblem::OutOfRange {
            field: "proof",
            source: FieldError::CoordinateOutOfRange { index: 6 },
        };
        assert_eq!(coordinate.parse(), Err(expected));
    }

    #[test]
    fn unknown_fields_are_refused() {
        let mut json = serde_json::to_value(request()).unwrap();
        json["amount"] = "1".into();
        assert!(serde_json::from_value::<ClaimRequest>(json).is_err());
    }
}
