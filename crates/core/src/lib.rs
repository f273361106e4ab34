//! The words of the protocol: domain types and the hashes that bind them.
//!
//! Here: field elements, commitments, nullifiers, roots, epochs, amounts, the
//! external nullifier and the signal of a claim, and the EIP-712 structs that an
//! orb and the service sign. Rust, Solidity and the browser must agree on every byte of it.
//!
//! Not here: input or output, a clock, randomness, proving, wire formats.
//!
//! Invariants: a [`FieldElement`] is below the scalar modulus `r`; a [`Commitment`] is also
//! not zero; a [`ProofPoints`] has every coordinate below the base modulus `p`. Code that
//! holds one never checks again.

mod address;
mod amount;
mod claim;
mod committed_enrolment;
mod custody;
mod enrolment;
mod epoch;
mod field;
mod receipt;
mod revert;
mod signature;
mod signed_enrolment;
#[cfg(test)]
mod testing;

pub use alloy_primitives::{Address, B256, Signature, U256, keccak256};

pub use address::{AddressError, deserialize_address, deserialize_addresses, parse_address};
pub use amount::AmountWei;
pub use claim::{
    Claim, ClaimInputs, ClaimScope, ExternalNullifier, Payment, ProofPoints, SignalHash,
    hash_to_field,
};
pub use committed_enrolment::{CodeSalts, CommittedEnrolment, EyeCommitments, IrisCommitments};
pub use custody::{CustodyRequest, MAX_SEALED_BYTES};
pub use enrolment::{Enrolment, EnrolmentDomain, EnrolmentKind, OrbId};
pub use epoch::{ClaimCalendar, ClaimWindow, Epoch, EpochClock, EpochError, UnixSeconds};
pub use field::{
    BASE_MODULUS, Commitment, FieldElement, FieldError, LeafIndex, NullifierHash, Root,
    SCALAR_MODULUS, TREE_DEPTH,
};
pub use receipt::{ClaimReceipt, ClaimRefusal, ClaimTerms, SignedReceipt, SignedRefusal};
pub use revert::RevertReason;
pub use signature::SignatureError;
pub use signed_enrolment::SignedEnrolment;
