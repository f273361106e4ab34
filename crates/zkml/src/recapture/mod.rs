//! A fresh capture held against an enrolled one: keys, prover, verifier, and the evidence that
//! puts the proofs beside the orb's statement.

mod decision;
mod evidence;
mod pins;
mod proof;
mod prover;
mod verifier;

pub use decision::{MAX_BELOW_MICROS, RECAPTURE_BELOW_MICROS, bounds, pair_micros};
pub use evidence::{EvidenceError, EyeEvidence, MAX_EVIDENCE_BYTES, RecaptureEvidence};
pub use pins::{
    pinned_recapture, recapture_circuit, recapture_circuit_name, unsafe_test_recapture_key,
};
pub use proof::{RECAPTURE_RELATION, RecaptureFormatError, RecaptureProof, RecaptureStatement};
pub use prover::{PreparedRecapture, RecaptureError, RecaptureProver};
pub use verifier::{RecaptureExpectation, RecaptureVerifier, RefusedRecapture};
