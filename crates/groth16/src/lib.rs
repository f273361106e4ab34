//! Groth16 prover over BN254.
//!
//! Here: [`Prover`], for keys of snarkjs' ceremonies, with multi-scalar multiplications of its
//! own, which provers without shared memory can divide ([`Prover::shares`]). Features:
//! `parallel` (default) uses all cores; without it nothing starts a thread, as a browser's worker
//! needs.
//!
//! Assignments come from a [`WitnessProgram`] or from elsewhere.
//!
//! Not here: circuits, verification, files, randomness.
//!
//! Invariant: the proof is the one that any other prover makes from the same key, assignment
//! and blinding factors.

mod bytes;
mod constraints;
mod error;
pub mod field;
mod glv;
pub mod limbs;
mod msm;
mod parallel;
mod prover;
mod quotient;
mod share;
mod witness;

pub use error::{FileError, ProverError};
pub use prover::{Constraints, KeyPoints, Proof, Prover};
pub use share::{Share, Sums};
pub use witness::{Operation, Step, WitnessProgram};
