//! Port to the prover of registry batches.

use annona_proofs::{AppendBatch, BatchError, RevokeBatch};
use async_trait::async_trait;

use super::{AppendCall, RevokeCall};

/// Reason why a batch was not proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProverError {
    /// The batch does not follow from the tree, or no key serves it.
    #[error("the batch cannot be proved")]
    Batch(#[from] BatchError),
    /// The prover has no key, or did not finish.
    #[error("the prover failed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Proves batches for one registry. It takes seconds of all cores: nothing is locked meanwhile.
#[async_trait]
pub trait BatchProver: Send + Sync {
    /// Proves `batch`; the proof that it returns was verified.
    async fn prove_append(&self, batch: AppendBatch) -> Result<AppendCall, ProverError>;
    /// Proves `batch`; the proof that it returns was verified.
    async fn prove_revoke(&self, batch: RevokeBatch) -> Result<RevokeCall, ProverError>;
}
