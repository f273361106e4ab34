//! Proofs: the verification of claims alone and in batches, the proofs of the registry's
//! batches, and the verifying key in the forms that others need.
//!
//! Here: [`ClaimVerifier`], [`AppendProver`], [`RevokeProver`], [`VerifyingKey`] with its hash;
//! and, from `annona-prover`, a person's secret and the proof of a claim: [`Identity`],
//! [`prove_claim`]. The circuits of batches are in `annona-circuits`.
//!
//! Not here: where a path or a secret comes from, storage, networks, a clock or
//! a source of randomness (it is an argument).
//!
//! Invariant: nothing in this crate panics on any proof or input, from whatever source.

mod batch;
mod field;
mod key;
mod prover_key;
mod verify;

pub use annona_prover::{ClaimProof, Identity, ProveError, prove_claim, warm_up};
pub use batch::{
    AppendBatch, AppendProver, AppendStatement, BatchError, BatchKeyError, BatchProof,
    BatchStatement, KeyOrigin, ProvingKey, RegistryBatchVerifier, RegistryScope, RemovedLeaf,
    RevokeBatch, RevokeProver, RevokeStatement,
};
pub use field::{from_scalar, to_scalar};
pub use key::{KeyError, VerifyingKey};
pub use prover_key::ProverKey;
pub use verify::{ClaimVerifier, ProofVerifier, VerifyError};
