use std::sync::Arc;

use crate::ports::{
    BatchProver, ChainError, ChainReader, ChainWriter, EnqueueOutcome, ProverError, Purpose,
    RevertReason, SenderRole, Store, StoreError,
};
use crate::{EnrolmentId, EnrolmentRecord, Membership, MembershipError};

/// Leaves of one batch.
const MAX_BATCH: u32 = 256;

/// Why a step of the sequencer did not come to its end; the next step starts afresh.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SequencerError {
    /// The tree and the registry.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The chain gave no answer or a refusal.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The batch was not proved.
    #[error(transparent)]
    Prover(#[from] ProverError),
}

/// Appends queued commitments to the registry, one batch in flight at a time.
pub struct Sequencer<C> {
    store: Arc<dyn Store>,
    chain: Arc<C>,
    membership: Arc<Membership>,
    prover: Arc<dyn BatchProver>,
    confirmations: u64,
}

impl<C: ChainReader + ChainWriter> Sequencer<C> {
    /// A sequencer; `confirmations` as for the outbox.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        chain: Arc<C>,
        membership: Arc<Membership>,
        prover: Arc<dyn BatchProver>,
        confirmations: u64,
    ) -> Self {
        Self {
            store,
            chain,
            membership,
            prover,
            confirmations,
        }
    }

    /// Submits the next batch if none is in flight; returns the number of leaves in it.
    ///
    /// # Errors
    /// [`SequencerError`]; whatever was stored is carried on by the outbox.
    pub async fn step(&self) -> Result<usize, SequencerError> {
        if self.is_append_in_flight().await? {
            return Ok(0);
        }
        self.membership.sync(&*self.chain).await?;
        let waiting = self.store.queued_enrolments(MAX_BATCH).await?;
        let batch = self.without_members(waiting).await?;
        if batch.is_empty() {
            return Ok(0);
        }
        self.submit_what_fits(&batch).await
    }

    async fn is_append_in_flight(&self) -> Result<bool, StoreError> {
        let open = self.store.open_transactions().await?;
        Ok(open
            .iter()
            .any(|transaction| matches!(transaction.purpose, Purpose::Append { .. })))
    }

    /// Leaves out, and settles, what stands in the tree already: its transaction
    /// was given up and mined after all.
    async fn without_members(
        &self,
        waiting: Vec<EnrolmentRecord>,
    ) -> Result<Vec<EnrolmentRecord>, SequencerError> {
        let head = self.chain.head().await?.number;
        let mut batch = Vec::with_capacity(waiting.len());
        for record in waiting {
            match self.membership.locate(record.commitment()) {
                None => batch.push(record),
                Some((leaf_index, transaction, block))
                    if head.saturating_sub(block) >= self.confirmations =>
                {
                    self.store
                        .adopt_leaf(record.commitment(), leaf_index, transaction)
                        .await?;
                }
                Some(_) => {}
            }
        }
        Ok(batch)
    }

    /// The registry takes a batch whole or not at all: one above what the epoch
    /// still takes is halved until it fits.
    async fn submit_what_fits(&self, batch: &[EnrolmentRecord]) -> Result<usize, SequencerError> {
        let mut part = batch;
        loop {
            match self.submit(part).await {
                Err(SequencerError::Chain(ChainError::Reverted(
                    RevertReason::EnrolmentCapReached,
                ))) if part.len() > 1 => part = &part[..part.len() / 2],
                outcome => return outcome,
            }
        }
    }

    async fn submit(&self, batch: &[EnrolmentRecord]) -> Result<usize, SequencerError> {
        let leaves = batch.iter().map(EnrolmentRecord::commitment).collect();
        let appended = self.membership.append_batch(leaves)?;
        let call = self.prover.prove_append(appended).await?;
        let enrolments: Vec<EnrolmentId> = batch.iter().map(|record| record.id).collect();
        let sender = self.chain.sender(SenderRole::Sequencer);
        let chain_nonce = self.chain.account_nonce(sender).await?;
        let nonce = self.store.next_nonce(sender, chain_nonce).await?;
        let signed = self.chain.sign_append(nonce, &call).await?;
        let purpose = Purpose::Append {
            start_index: call.start_index,
            enrolments,
        };
        match self.store.enqueue(&signed, &purpose).await? {
            EnqueueOutcome::Stored(_) => {
                tracing::info!(leaves = batch.len(), start = call.start_index.get(), transaction = %signed.hash, "registry batch submitted");
                metrics::counter!("annona_registry_batches_total").increment(1);
                self.chain.broadcast(&signed.raw).await?;
                Ok(batch.len())
            }
            // Another replica was faster; its batch is followed in the next step.
            EnqueueOutcome::NonceTaken | EnqueueOutcome::LoadMoved => Ok(0),
        }
    }
}
