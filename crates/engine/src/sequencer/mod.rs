mod policy;

use std::sync::Arc;

use annona_core::{Commitment, EnrolmentKind, Epoch, EpochClock};

pub use policy::{BatchPolicy, BatchReason, Waiting};
use policy::{MAX_APPEND, MAX_REVOKE};

use crate::fees::FeePolicy;
use crate::ports::{
    Attempt, AttemptKind, BatchProver, ChainError, ChainReader, ChainWriter, Clock, OpenOutcome,
    ProverError, Purpose, RevertReason, Seat, SenderRole, SignedTransaction, Store, StoreError,
};
use crate::{
    EnrolmentId, EnrolmentRecord, Membership, MembershipError, RevocationReason, RevocationRecord,
};

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

/// What a sequencer works with.
pub struct SequencerParts<C> {
    /// Queues and stored transactions.
    pub store: Arc<dyn Store>,
    /// The chain.
    pub chain: Arc<C>,
    /// The tree.
    pub membership: Arc<Membership>,
    /// Proves batches.
    pub prover: Arc<dyn BatchProver>,
    /// The clock that arrivals were noted with.
    pub clock: Arc<dyn Clock>,
}

/// How a sequencer decides.
#[derive(Debug, Clone, Copy)]
pub struct SequencerRules {
    /// When a batch is sent.
    pub policy: BatchPolicy,
    /// What is offered.
    pub fees: FeePolicy,
    /// When epochs end.
    pub calendar: EpochClock,
    /// As for the outbox.
    pub confirmations: u64,
}

/// Appends queued commitments to the registry and revokes leaves.
///
/// A batch is proved on the tree that the chain has, so at most one is sent and not yet
/// in a block. A recovery is a revocation and, when that is in a block, an append: the
/// append's proof starts from the root without the old leaf, so no reorg can bring the
/// new one alone.
pub struct Sequencer<C> {
    parts: SequencerParts<C>,
    rules: SequencerRules,
}

impl<C: ChainReader + ChainWriter> Sequencer<C> {
    /// A sequencer.
    #[must_use]
    pub const fn new(parts: SequencerParts<C>, rules: SequencerRules) -> Self {
        Self { parts, rules }
    }

    /// Submits the next batch, if none is on its way into a block and one is due;
    /// returns the number of leaves in it. Revocations go before appends.
    ///
    /// # Errors
    /// [`SequencerError`]; whatever was stored is carried on by the outbox.
    pub async fn step(&self) -> Result<usize, SequencerError> {
        if self.is_batch_on_its_way().await? {
            return Ok(0);
        }
        let Self { parts, .. } = self;
        parts.membership.sync(&*parts.chain).await?;
        if parts.chain.registry_state().await? != parts.membership.state() {
            tracing::debug!("the registry moved while its events were read");
            return Ok(0);
        }
        let left = self.epoch_left_secs().await?;
        let revoked = self.revoke(left).await?;
        if revoked > 0 {
            return Ok(revoked);
        }
        self.append(left).await
    }

    async fn is_batch_on_its_way(&self) -> Result<bool, StoreError> {
        let open = self.parts.store.open_slots().await?;
        Ok(open.iter().any(|slot| {
            slot.state.is_unmined()
                && matches!(
                    slot.purpose,
                    Purpose::Append { .. } | Purpose::Revoke { .. }
                )
        }))
    }

    /// What of the epoch is left, by the chain's clock.
    async fn epoch_left_secs(&self) -> Result<u64, ChainError> {
        let now = self.parts.chain.head().await?.timestamp;
        let calendar = &self.rules.calendar;
        Ok(calendar.epoch_at(now).map_or(0, |epoch| {
            let end = calendar.start_of(Epoch(epoch.0 + 1));
            end.0.saturating_sub(now.0)
        }))
    }

    async fn revoke(&self, epoch_left_secs: u64) -> Result<usize, SequencerError> {
        let queued = self.parts.store.queued_revocations(MAX_REVOKE).await?;
        let fits = self.rules.policy.recovery_fits(epoch_left_secs);
        let due = queued
            .into_iter()
            .filter(|record| fits || record.reason != RevocationReason::Recovery);
        let batch = self.without_revoked(due).await?;
        if batch.is_empty() {
            return Ok(0);
        }
        self.submit_revocation(batch).await
    }

    /// Leaves out, and settles, what is no leaf any more: its transaction was given up
    /// and mined after all.
    async fn without_revoked(
        &self,
        due: impl Iterator<Item = RevocationRecord>,
    ) -> Result<Vec<Commitment>, SequencerError> {
        let head = self.parts.chain.head().await?.number;
        let mut batch = Vec::new();
        for record in due {
            let commitment = record.commitment;
            if self.parts.membership.locate(commitment).is_some() {
                batch.push(commitment);
                continue;
            }
            if let Some((transaction, block)) = self.parts.membership.revoked(commitment)
                && self.is_deep(block, head)
            {
                self.parts
                    .store
                    .adopt_revocation(commitment, transaction)
                    .await?;
            }
        }
        Ok(batch)
    }

    async fn append(&self, epoch_left_secs: u64) -> Result<usize, SequencerError> {
        let waiting = self.parts.store.queued_enrolments(MAX_APPEND).await?;
        let batch = self.without_members(waiting).await?;
        let Some(reason) = self.reason_to_send(&batch, epoch_left_secs) else {
            return Ok(0);
        };
        self.submit_what_fits(&batch, reason).await
    }

    fn reason_to_send(
        &self,
        batch: &[EnrolmentRecord],
        epoch_left_secs: u64,
    ) -> Option<BatchReason> {
        let now = self.parts.clock.now();
        let age = |record: &EnrolmentRecord| now.0.saturating_sub(record.received_at.0);
        let is_recovery =
            |record: &EnrolmentRecord| record.enrolment.kind == EnrolmentKind::Recovery;
        self.rules.policy.reason_to_send(&Waiting {
            count: batch.len(),
            oldest_secs: batch.iter().map(age).max().unwrap_or(0),
            holds_recovery: batch.iter().any(is_recovery),
            epoch_left_secs,
        })
    }

    /// Leaves out, and settles, what stands in the tree already: its transaction
    /// was given up and mined after all.
    async fn without_members(
        &self,
        waiting: Vec<EnrolmentRecord>,
    ) -> Result<Vec<EnrolmentRecord>, SequencerError> {
        let head = self.parts.chain.head().await?.number;
        let mut batch = Vec::with_capacity(waiting.len());
        for record in waiting {
            match self.parts.membership.locate(record.commitment()) {
                None => batch.push(record),
                Some((leaf_index, transaction, block)) if self.is_deep(block, head) => {
                    self.parts
                        .store
                        .adopt_leaf(record.commitment(), leaf_index, transaction)
                        .await?;
                }
                Some(_) => {}
            }
        }
        Ok(batch)
    }

    const fn is_deep(&self, block: u64, head: u64) -> bool {
        head.saturating_sub(block) >= self.rules.confirmations
    }

    /// The registry takes a batch whole or not at all: one above what the epoch
    /// still takes is halved until it fits.
    async fn submit_what_fits(
        &self,
        batch: &[EnrolmentRecord],
        reason: BatchReason,
    ) -> Result<usize, SequencerError> {
        let mut part = batch;
        loop {
            match self.submit_append(part, reason).await {
                Err(SequencerError::Chain(ChainError::Reverted(
                    RevertReason::EnrolmentCapReached,
                ))) if part.len() > 1 => part = &part[..part.len() / 2],
                outcome => return outcome,
            }
        }
    }

    async fn submit_append(
        &self,
        batch: &[EnrolmentRecord],
        reason: BatchReason,
    ) -> Result<usize, SequencerError> {
        let leaves = batch.iter().map(EnrolmentRecord::commitment).collect();
        let appended = self.parts.membership.append_batch(leaves)?;
        let call = self.parts.prover.prove_append(appended).await?;
        let seat = self.next_seat().await?;
        let signed = self.parts.chain.sign_append(&seat, &call).await?;
        let enrolments: Vec<EnrolmentId> = batch.iter().map(|record| record.id).collect();
        let purpose = Purpose::Append {
            start_index: call.start_index,
            enrolments,
        };
        let transaction = signed.hash;
        if !self.store_and_send(signed, &purpose).await? {
            return Ok(0);
        }
        tracing::info!(reason = reason.code(), leaves = batch.len(), start = call.start_index.get(), %transaction, "members are being appended");
        metrics::counter!("annona_registry_batches_total", "change" => "append", "reason" => reason.code()).increment(1);
        Ok(batch.len())
    }

    async fn submit_revocation(&self, batch: Vec<Commitment>) -> Result<usize, SequencerError> {
        let revoked = self.parts.membership.revoke_batch(&batch)?;
        let call = self.parts.prover.prove_revoke(revoked).await?;
        let seat = self.next_seat().await?;
        let signed = self.parts.chain.sign_revoke(&seat, &call).await?;
        let leaves = batch.len();
        let purpose = Purpose::Revoke { commitments: batch };
        let transaction = signed.hash;
        if !self.store_and_send(signed, &purpose).await? {
            return Ok(0);
        }
        tracing::info!(leaves, %transaction, "members are being revoked");
        metrics::counter!("annona_registry_batches_total", "change" => "revoke", "reason" => "asked").increment(1);
        Ok(leaves)
    }

    async fn next_seat(&self) -> Result<Seat, SequencerError> {
        let Self { parts, rules } = self;
        let senders = parts.chain.senders(SenderRole::Sequencer);
        let sender = *senders.first().expect("a role has at least one account");
        let chain_nonce = parts.chain.account_nonce(sender).await?;
        Ok(Seat {
            sender,
            nonce: parts.store.next_nonce(sender, chain_nonce).await?,
            fees: rules.fees.first(&parts.chain.fee_market().await?),
        })
    }

    /// Stores a transaction, then hands it to the node; `false` when another replica was
    /// faster, whose batch is followed in the next step.
    async fn store_and_send(
        &self,
        signed: SignedTransaction,
        purpose: &Purpose,
    ) -> Result<bool, SequencerError> {
        let attempt = Attempt {
            kind: AttemptKind::Load,
            made_at_block: self.parts.chain.head().await?.number,
            signed,
        };
        match self.parts.store.open_slot(&attempt, purpose).await? {
            OpenOutcome::Stored(id) => {
                self.parts.chain.broadcast(&attempt.signed.raw).await?;
                self.parts.store.mark_sent(id).await?;
                Ok(true)
            }
            OpenOutcome::NonceTaken | OpenOutcome::LoadMoved => Ok(false),
        }
    }
}
