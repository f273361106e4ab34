//! Public inputs and proof coordinates of a claim, with the hashes that bind epoch and payment.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::field::{BASE_MODULUS, FieldElement, FieldError, NullifierHash, Root};
use crate::{AmountWei, Epoch};

const CLAIM_DOMAIN: &str = "annona.claim.v1";
const SIGNAL_DOMAIN: &str = "annona.signal.v1";

/// Computes `keccak256(word) >> 8` for a preimage of exactly 32 bytes
/// (`docs/spec/README.md`, notation; IDENT-4).
#[must_use]
pub fn hash_to_field(word: B256) -> FieldElement {
    let digest = U256::from_be_bytes(keccak256(word).0);
    FieldElement::from_248_bits(digest >> 8)
}

/// Scope of claims: one distributor on one chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimScope {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the distributor contract.
    pub distributor: Address,
}

/// The context of a nullifier: one per chain, distributor and epoch (IDENT-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalNullifier {
    /// The 32-byte preimage, which is what the npm Semaphore packages take.
    pub word: B256,
}

impl ExternalNullifier {
    /// Computes `keccak256(abi.encode("annona.claim.v1", chainId, distributor, epoch))`
    /// and its field element (IDENT-5).
    #[must_use]
    pub fn new(scope: &ClaimScope, epoch: Epoch) -> Self {
        let preimage = (
            CLAIM_DOMAIN.to_owned(),
            U256::from(scope.chain_id),
            scope.distributor,
            U256::from(epoch.0),
        );
        Self {
            word: keccak256(preimage.abi_encode_params()),
        }
    }

    /// Returns the public input of the circuit.
    #[must_use]
    pub fn to_field(self) -> FieldElement {
        hash_to_field(self.word)
    }
}

/// Recipient of a claim's money, and recipient of the fee for carrying the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// Account that receives the epoch's amount less the fee.
    pub recipient: Address,
    /// Account that receives the fee.
    pub fee_recipient: Address,
    /// The fee, taken out of the amount.
    pub fee: AmountWei,
}

/// Payment that a claim proof is bound to besides its nullifier; a relay cannot change
/// it (CLAIM-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalHash {
    /// The 32-byte preimage, which is what the npm Semaphore packages take.
    pub word: B256,
}

impl SignalHash {
    /// Computes `keccak256(abi.encode("annona.signal.v1", recipient, feeRecipient, fee))`
    /// and its field element.
    #[must_use]
    pub fn new(payment: &Payment) -> Self {
        let preimage = (
            SIGNAL_DOMAIN.to_owned(),
            payment.recipient,
            payment.fee_recipient,
            payment.fee.0,
        );
        Self {
            word: keccak256(preimage.abi_encode_params()),
        }
    }

    /// Returns the public input of the circuit.
    #[must_use]
    pub fn to_field(self) -> FieldElement {
        hash_to_field(self.word)
    }
}

/// The eight coordinates of a Groth16 proof in the order of the EVM precompiles:
/// `a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y`, each below [`BASE_MODULUS`] (IDENT-3).
///
/// The verifier tells whether a point lies on its curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofPoints([U256; 8]);

impl ProofPoints {
    /// Returns the eight coordinates.
    #[must_use]
    pub const fn coordinates(&self) -> &[U256; 8] {
        &self.0
    }
}

impl TryFrom<[U256; 8]> for ProofPoints {
    type Error = FieldError;

    fn try_from(coordinates: [U256; 8]) -> Result<Self, FieldError> {
        match coordinates.iter().position(|c| *c >= BASE_MODULUS) {
            Some(index) => Err(FieldError::CoordinateOutOfRange { index }),
            None => Ok(Self(coordinates)),
        }
    }
}

/// A claim whose every part is in range; the verifier tells whether it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The epoch claimed.
    pub epoch: Epoch,
    /// Nullifier hash of the claimant in that epoch.
    pub nullifier_hash: NullifierHash,
    /// Recipients of the money and of the fee, and the fee.
    pub payment: Payment,
    /// Coordinates of the claim proof.
    pub points: ProofPoints,
}

impl Claim {
    /// Returns the public inputs that this claim must hold for, under `root`.
    #[must_use]
    pub fn inputs(&self, scope: &ClaimScope, root: Root) -> ClaimInputs {
        ClaimInputs {
            root,
            nullifier_hash: self.nullifier_hash,
            signal: SignalHash::new(&self.payment),
            external_nullifier: ExternalNullifier::new(scope, self.epoch),
        }
    }

    /// Returns whether `other` asks for the same payment. The proof is left out: Groth16
    /// proofs of one statement differ each time they are made (CLAIM-12).
    #[must_use]
    pub fn asks_the_same(&self, other: &Self) -> bool {
        (self.epoch, self.nullifier_hash, self.payment)
            == (other.epoch, other.nullifier_hash, other.payment)
    }
}

/// The public inputs of a claim proof, in circuit order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimInputs {
    /// Root of the membership tree: `R_e`.
    pub root: Root,
    /// The claimant's nullifier hash in this epoch.
    pub nullifier_hash: NullifierHash,
    /// Signal hash, which binds the payment.
    pub signal: SignalHash,
    /// External nullifier, which binds the epoch.
    pub external_nullifier: ExternalNullifier,
}

impl ClaimInputs {
    /// Returns `[root, nullifierHash, signalHash, externalNullifier]`.
    #[must_use]
    pub fn to_fields(&self) -> [FieldElement; 4] {
        [
            self.root.to_field(),
            self.nullifier_hash.to_field(),
            self.signal.to_field(),
            self.external_nullifier.to_field(),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloy_primitives::address;

    use super::*;

    fn scope() -> ClaimScope {
        ClaimScope {
            chain_id: 31_337,
            distributor: address!("0x00000000000000000000000000000000000000d1"),
        }
    }

    /// Tests IDENT-5.
    #[test]
    fn every_part_of_the_scope_changes_the_external_nullifier() {
        let base = ExternalNullifier::new(&scope(), Epoch(7)).to_field();
        let chain = ClaimScope {
            chain_id: 1,
            ..scope()
        };
        let contract = ClaimScope {
            distributor: Address::ZERO,
            ..scope()
        };
        assert_ne!(base, ExternalNullifier::new(&scope(), Epoch(8)).to_field());
        assert_ne!(base, ExternalNullifier::new(&chain, Epoch(7)).to_field());
        assert_ne!(base, ExternalNullifier::new(&contract, Epoch(7)).to_field());
    }

    #[test]
    fn every_part_of_the_payment_changes_the_signal() {
        let payment = Payment {
            recipient: Address::repeat_byte(1),
            fee_recipient: Address::repeat_byte(2),
            fee: AmountWei(U256::from(3)),
        };
        let base = SignalHash::new(&payment).to_field();
        for other in [
            Payment {
                recipient: Address::ZERO,
                ..payment
            },
            Payment {
                fee_recipient: Address::ZERO,
                ..payment
            },
            Payment {
                fee: AmountWei::ZERO,
                ..payment
            },
        ] {
            assert_ne!(base, SignalHash::new(&other).to_field());
        }
    }

    /// Tests IDENT-3.
    #[test]
    fn a_coordinate_at_the_base_modulus_is_refused() {
        for index in 0..8 {
            let mut coordinates = [U256::from(1); 8];
            coordinates[index] = BASE_MODULUS;
            assert_eq!(
                ProofPoints::try_from(coordinates),
                Err(FieldError::CoordinateOutOfRange { index })
            );
        }
        assert!(ProofPoints::try_from([BASE_MODULUS - U256::from(1); 8]).is_ok());
    }

    fn claim() -> Claim {
        Claim {
            epoch: Epoch(7),
            nullifier_hash: NullifierHash::try_from(U256::from(5)).unwrap(),
            payment: Payment {
                recipient: Address::repeat_byte(1),
                fee_recipient: Address::repeat_byte(2),
                fee: AmountWei(U256::from(3)),
            },
            points: ProofPoints::try_from([U256::from(1); 8]).unwrap(),
        }
    }

    #[test]
    fn another_proof_asks_the_same_and_another_payment_does_not() {
        let again = Claim {
            points: ProofPoints::try_from([U256::from(2); 8]).unwrap(),
            ..claim()
        };
        assert!(claim().asks_the_same(&again));
        for other in [
            Claim {
                epoch: Epoch(8),
                ..claim()
            },
            Claim {
                nullifier_hash: NullifierHash::try_from(U256::from(6)).unwrap(),
                ..claim()
            },
            Claim {
                payment: Payment {
                    fee: AmountWei::ZERO,
                    ..claim().payment
                },
                ..claim()
            },
        ] {
            assert!(!claim().asks_the_same(&other), "{other:?}");
        }
    }

    #[test]
    fn public_inputs_are_in_the_order_of_the_circuit() {
        let root = Root::try_from(U256::from(9)).unwrap();
        let expected = [
            root.to_field(),
            claim().nullifier_hash.to_field(),
            SignalHash::new(&claim().payment).to_field(),
            ExternalNullifier::new(&scope(), Epoch(7)).to_field(),
        ];
        assert_eq!(claim().inputs(&scope(), root).to_fields(), expected);
    }

    #[test]
    fn hash_to_field_keeps_248_bits() {
        let value = hash_to_field(B256::repeat_byte(0xff)).to_u256();
        assert_eq!(value, U256::from_be_bytes(keccak256([0xff; 32]).0) >> 8);
        assert!(value.bit_len() <= 248);
    }
}
