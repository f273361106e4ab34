//! Batches of joining and leaving: the statements that are proved ([`AppendStatement`],
//! [`RevokeStatement`]), and their provers and verifiers.
//!
//! `docs/spec/batch-binding.md` says why a proof binds the leaves of the calldata.

mod key;
mod prover;
mod statement;

pub(crate) use key::prove_with;
pub use key::{BatchKeyError, KeyOrigin, ProvingKey};
pub use prover::{
    AppendBatch, AppendProver, BatchError, BatchProof, RegistryBatchVerifier, RemovedLeaf,
    RevokeBatch, RevokeProver,
};
pub use statement::{AppendStatement, BatchStatement, RegistryScope, RevokeStatement};
