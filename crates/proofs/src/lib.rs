//! Proofs: a person's secret, the Groth16 proof of a claim, its verification alone and in
//! batches, the proofs of the registry's batches, and the verifying key in the forms that
//! others need.
//!
//! Here: [`Identity`], [`prove_claim`], [`ClaimVerifier`], [`AppendProver`],
//! [`RevokeProver`], [`VerifyingKey`] with its hash. The circuit of claims is Semaphore v3 at
//! depth 30 with the key of its public ceremony, both from `semaphore-rs`; those of batches
//! are in `annona-circuits`.
//!
//! Not here: where a path or a secret comes from, storage, networks, a clock or
//! a source of randomness (it is an argument).
//!
//! Invariants: nothing in this crate panics on any proof or input, from whatever source; a
//! secret is never printed.

mod batch;
mod field;
mod identity;
mod key;
mod prove;
mod verify;

pub use batch::{
    AppendBatch, AppendProver, AppendStatement, BatchError, BatchKeyError, BatchProof,
    BatchStatement, KeyOrigin, ProvingKey, RegistryBatchVerifier, RegistryScope, RemovedLeaf,
    RevokeBatch, RevokeProver, RevokeStatement,
};
pub use identity::Identity;
pub use key::{KeyError, VerifyingKey};
pub use prove::{ClaimProof, ProveError, prove_claim, warm_up};
pub use verify::{ClaimVerifier, VerifyError};
