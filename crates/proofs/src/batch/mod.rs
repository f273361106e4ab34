//! Batches of joining and leaving: what a proof says ([`AppendStatement`],
//! [`RevokeStatement`]), and who makes and checks it.
//!
//! `docs/spec/batch-binding.md` says why a proof binds the leaves of the calldata.

mod key;
mod prover;
mod statement;

pub use key::{BatchKeyError, KeyOrigin, ProvingKey};
pub use prover::{
    AppendBatch, AppendProver, BatchError, BatchProof, BatchVerifier, RemovedLeaf, RevokeBatch,
    RevokeProver,
};
pub use statement::{AppendStatement, BatchStatement, RegistryScope, RevokeStatement};
