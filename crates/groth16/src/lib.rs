//! Groth16 prover over BN254.
//!
//! Here: [`Prover`], for keys of snarkjs' ceremonies, with multi-scalar multiplications of its
//! own. Features: `parallel` (default) uses all cores; without it nothing starts a thread, as a
//! browser's worker needs.
//!
//! Not here: circuits, witnesses, verification, files, randomness.
//!
//! Invariant: the proof is the one that any other prover makes from the same key, assignment
//! and blinding factors.

mod bytes;
mod constraints;
mod error;
mod glv;
mod msm;
mod parallel;
mod prover;
mod quotient;

pub use error::{FileError, ProverError};
pub use prover::{Constraints, KeyPoints, Proof, Prover};
