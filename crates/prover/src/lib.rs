//! All that a wallet computes with its secret: the commitment, nullifier hashes, and the Groth16
//! proof of a claim. Compiled for browsers too.
//!
//! Here: [`Identity`], [`prove_claim`], and [`ClaimProver`], whose work several provers without
//! shared memory can divide. The circuit of claims is Semaphore v3 at depth 30 with the key of its
//! public ceremony, both from `semaphore-rs`, in forms that are read without computing anything.
//! Features: `embedded-key` compiles the key in; `parallel` uses all cores.
//!
//! Not here: verification, where a path or a secret comes from, storage, networks, a clock or a
//! source of randomness (it is an argument).
//!
//! Invariant: a secret is never printed.

mod claim;
mod field;
mod identity;

pub use annona_groth16::{FileError, Proof, ProverError, Share, Sums};
pub use claim::{ClaimProof, ClaimProver, ClaimToProve, PendingClaim, ProveError, to_points};
#[cfg(feature = "embedded-key")]
pub use claim::{prove_claim, warm_up};
pub use field::{g1_words, g2_words};
pub use identity::Identity;
