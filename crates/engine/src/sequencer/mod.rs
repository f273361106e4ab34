//! Sequencer that appends commitments to the registry and revokes leaves, in one batch after the
//! other.

mod policy;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use annona_core::{Commitment, EnrolmentKind, Epoch};

use policy::MAX_APPEND;
pub use policy::{BatchPolicy, BatchReason, EpochRoom, WaitingEnrolments};

use crate::membership::MAX_REMOVALS;
use crate::ports::{
    Attempt, AttemptKind, BatchProver, ChainError, ChainPorts, Clock, OpenOutcome, Payload,
    ProverError, SenderRole, SignedTransaction, Store, StoreError, TxSlot,
};
use crate::{
    EnrolmentId, EnrolmentRecord, Membership, MembershipError, RevocationRecord, SettlementRules,
};

/// Largest number of queued revocations that a step looks at: more than a batch takes, because
/// some may be settled already.
const MAX_REVOCATIONS_SEEN: u32 = 4 * MAX_REMOVALS as u32;
/// Largest number of commitments that a step looks for in the tree although they must be gone.
// Chosen, not measured: it bounds a step; the next one looks for the others.
const MAX_GONE_SEEN: u32 = 1_024;

/// Failure that cut short a step of the sequencer; the next step starts afresh.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SequencerError {
    /// The tree did not follow the registry, or refused a batch.
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

/// Parts that a sequencer works with.
pub struct SequencerParts {
    /// Store of queues and signed transactions.
    pub store: Arc<dyn Store>,
    /// Chain that batches are sent to.
    pub chain: ChainPorts,
    /// Membership tree that batches are proved on.
    pub membership: Arc<Membership>,
    /// Prover that makes the proofs of batches.
    pub prover: Arc<dyn BatchProver>,
    /// Clock by which the arrival of enrolments was noted.
    pub clock: Arc<dyn Clock>,
}

/// Rules by which a sequencer decides.
#[derive(Debug, Clone, Copy)]
pub struct SequencerRules {
    /// Policy for the time at which a batch is sent.
    pub policy: BatchPolicy,
    /// Rules that the sequencer shares with the other workers.
    pub settlement: SettlementRules,
}

/// Appends queued commitments to the registry and revokes leaves (RECOV-3).
///
/// A batch is proved on the tree that the chain has, so at most one is sent and not yet in a
/// block. A recovery is a revocation and, when that is in a block, an append: the append's
/// proof starts from the root without the old leaf, so no reorg can bring the new one alone. A
/// recovery begins only if the epoch has room to end it. People who have lost a leaf are
/// appended first; otherwise revocations and appends take turns.
pub struct Sequencer {
    parts: SequencerParts,
    rules: SequencerRules,
    /// True if the last batch revoked, so that appends have their turn.
    has_revoked: AtomicBool,
    /// Last commitment that was looked for although it must be gone; `None` to begin anew.
    gone_cursor: Mutex<Option<Commitment>>,
}

/// Work that is due in a step.
struct Due {
    epoch_left_secs: u64,
    room: EpochRoom,
    /// Enrolments that the epoch has room for, recoveries first.
    appends: Vec<EnrolmentRecord>,
    /// Number of recoveries among `appends`.
    recovered: usize,
}

impl Sequencer {
    /// Creates a sequencer that has sent no batch yet.
    #[must_use]
    pub const fn new(parts: SequencerParts, rules: SequencerRules) -> Self {
        Self {
            parts,
            rules,
            has_revoked: AtomicBool::new(false),
            gone_cursor: Mutex::new(None),
        }
    }

    /// Submits the next batch, if none is on its way into a block and one is due;
    /// returns the number of leaves in it.
    ///
    /// # Errors
    /// [`SequencerError`]; the outbox carries on everything that was stored.
    pub async fn step(&self) -> Result<usize, SequencerError> {
        if self.is_batch_on_its_way().await? {
            return Ok(0);
        }
        let Self { parts, .. } = self;
        parts.membership.sync(&*parts.chain.reader).await?;
        if parts.chain.reader.registry_state().await? != parts.membership.state() {
            tracing::debug!("the registry moved while its events were read");
            return Ok(0);
        }
        self.revoke_who_must_be_gone().await?;
        let Some(due) = self.due().await? else {
            return Ok(0);
        };
        let appends_first = due.recovered > 0 || self.has_revoked.load(Ordering::SeqCst);
        if appends_first && let appended @ 1.. = self.append(&due).await? {
            return Ok(appended);
        }
        match self.revoke(&due).await? {
            0 if appends_first => Ok(0),
            0 => self.append(&due).await,
            revoked => Ok(revoked),
        }
    }

    /// Finds the work that waits and fits into the current epoch, by the chain's clock; `None`
    /// before the first epoch.
    async fn due(&self) -> Result<Option<Due>, SequencerError> {
        let now = self.parts.chain.reader.head().await?.timestamp;
        let calendar = &self.rules.settlement.calendar.clock;
        let Ok(epoch) = calendar.epoch_at(now) else {
            return Ok(None);
        };
        let end = calendar.start_of(Epoch(epoch.0 + 1));
        let epoch_left_secs = end.0.saturating_sub(now.0);
        let census = self.parts.chain.reader.census(epoch).await?;
        let waiting = self.parts.store.queued_enrolments(MAX_APPEND).await?;
        let mut appends = self.without_members(waiting).await?;
        let recovered = appends.iter().filter(|record| recovers(record)).count();
        let room = self.rules.policy.room(&census, epoch_left_secs, recovered);
        appends.truncate(room.appends(recovered));
        Ok(Some(Due {
            epoch_left_secs,
            recovered: recovered.min(appends.len()),
            room,
            appends,
        }))
    }

    /// Holds REG-12: the sequencer proves on the chain's own tree.
    async fn is_batch_on_its_way(&self) -> Result<bool, StoreError> {
        let open = self.parts.store.open_slots().await?;
        Ok(open.iter().any(|slot| {
            slot.state.is_unmined()
                && matches!(
                    slot.payload,
                    Payload::Append { .. } | Payload::Revoke { .. }
                )
        }))
    }

    /// Looks for commitments in the tree that must not be there, some in each step, and
    /// queues their revocation: a transaction that was given up was mined after all, or
    /// the leaf was there more often than a batch could empty (RECOV-8).
    async fn revoke_who_must_be_gone(&self) -> Result<(), SequencerError> {
        let Self { parts, .. } = self;
        let cursor = *self.cursor();
        let gone = parts.store.gone_after(cursor, MAX_GONE_SEEN).await?;
        for &commitment in &gone {
            if parts.membership.locate(commitment).is_some()
                && parts
                    .store
                    .revoke_again(commitment, parts.clock.now())
                    .await?
            {
                tracing::warn!(%commitment, "a leaf that must be empty is in the tree");
            }
        }
        // Behind the last one it begins anew.
        *self.cursor() = gone.last().copied();
        Ok(())
    }

    fn cursor(&self) -> MutexGuard<'_, Option<Commitment>> {
        let cursor = self.gone_cursor.lock();
        cursor.unwrap_or_else(PoisonError::into_inner)
    }

    async fn revoke(&self, due: &Due) -> Result<usize, SequencerError> {
        let recoveries = due.room.recoveries;
        let store = &self.parts.store;
        let queued = store
            .queued_revocations(recoveries, MAX_REVOCATIONS_SEEN)
            .await?;
        let batch = self.still_leaves(queued).await?;
        if batch.is_empty() {
            return Ok(0);
        }
        let revoked = self.submit_revocation(batch).await?;
        self.has_revoked.store(revoked > 0, Ordering::SeqCst);
        Ok(revoked)
    }

    /// Returns a batch of the queued commitments that are leaves. The others are settled: their
    /// transaction was given up and mined after all, or they never were leaves (RECOV-6).
    async fn still_leaves(
        &self,
        queued: Vec<RevocationRecord>,
    ) -> Result<Vec<Commitment>, SequencerError> {
        let Self { parts, .. } = self;
        let head = parts.chain.reader.head().await?.number;
        let (mut batch, mut removals) = (Vec::new(), 0);
        for RevocationRecord { commitment, .. } in queued {
            match parts.membership.places(commitment).min(MAX_REMOVALS) {
                0 => self.settle(commitment, head).await?,
                places if removals + places <= MAX_REMOVALS => {
                    removals += places;
                    batch.push(commitment);
                }
                _ => break,
            }
        }
        Ok(batch)
    }

    async fn settle(&self, commitment: Commitment, head: u64) -> Result<(), SequencerError> {
        let Self { parts, .. } = self;
        match parts.membership.revoked(commitment) {
            Some((transaction, block)) if self.is_deep(block, head) => {
                parts
                    .store
                    .adopt_revocation(commitment, transaction)
                    .await?;
            }
            Some(_) => {}
            None => {
                if parts.store.void_revocation(commitment).await? {
                    tracing::warn!(%commitment, "there is no such leaf to revoke");
                }
            }
        }
        Ok(())
    }

    async fn append(&self, due: &Due) -> Result<usize, SequencerError> {
        let Some(reason) = self.reason_to_send(&due.appends, due.epoch_left_secs) else {
            return Ok(0);
        };
        let appended = self.submit_append(&due.appends, reason).await?;
        if appended > 0 {
            self.has_revoked.store(false, Ordering::SeqCst);
        }
        Ok(appended)
    }

    fn reason_to_send(
        &self,
        batch: &[EnrolmentRecord],
        epoch_left_secs: u64,
    ) -> Option<BatchReason> {
        let now = self.parts.clock.now();
        let age = |record: &EnrolmentRecord| now.0.saturating_sub(record.received_at.0);
        self.rules.policy.reason_to_send(&WaitingEnrolments {
            count: batch.len(),
            oldest_secs: batch.iter().map(age).max().unwrap_or(0),
            holds_recovery: batch.iter().any(recovers),
            epoch_left_secs,
        })
    }

    /// Leaves out, and settles, enrolments whose leaf is in the tree already: their transaction
    /// was given up and mined after all.
    async fn without_members(
        &self,
        waiting: Vec<EnrolmentRecord>,
    ) -> Result<Vec<EnrolmentRecord>, SequencerError> {
        let head = self.parts.chain.reader.head().await?.number;
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
        head.saturating_sub(block) >= self.rules.settlement.confirmations
    }

    async fn submit_append(
        &self,
        batch: &[EnrolmentRecord],
        reason: BatchReason,
    ) -> Result<usize, SequencerError> {
        let leaves = batch.iter().map(EnrolmentRecord::commitment).collect();
        let appended = self.parts.membership.append_batch(leaves)?;
        let call = self.parts.prover.prove_append(appended).await?;
        let tx_slot = self.next_tx_slot().await?;
        let signed = self.parts.chain.writer.sign_append(&tx_slot, &call).await?;
        let enrolments: Vec<EnrolmentId> = batch.iter().map(|record| record.id).collect();
        let payload = Payload::Append {
            start_index: call.start_index,
            enrolments,
        };
        let transaction = signed.hash;
        if !self.store_and_send(signed, &payload).await? {
            return Ok(0);
        }
        tracing::info!(reason = reason.code(), leaves = batch.len(), start = call.start_index.get(), %transaction, "members are being appended");
        metrics::counter!("annona_registry_batches_total", "change" => "append", "reason" => reason.code()).increment(1);
        Ok(batch.len())
    }

    async fn submit_revocation(&self, batch: Vec<Commitment>) -> Result<usize, SequencerError> {
        let revoked = self.parts.membership.revoke_batch(&batch)?;
        let call = self.parts.prover.prove_revoke(revoked).await?;
        let tx_slot = self.next_tx_slot().await?;
        let signed = self.parts.chain.writer.sign_revoke(&tx_slot, &call).await?;
        let leaves = batch.len();
        let payload = Payload::Revoke { commitments: batch };
        let transaction = signed.hash;
        if !self.store_and_send(signed, &payload).await? {
            return Ok(0);
        }
        tracing::info!(leaves, %transaction, "members are being revoked");
        metrics::counter!("annona_registry_batches_total", "change" => "revoke", "reason" => "asked").increment(1);
        Ok(leaves)
    }

    async fn next_tx_slot(&self) -> Result<TxSlot, SequencerError> {
        let Self { parts, rules, .. } = self;
        let senders = parts.chain.writer.senders(SenderRole::Sequencer);
        let sender = *senders.first().expect("a role has at least one account");
        let chain_nonce = parts.chain.reader.account_nonce(sender).await?;
        Ok(TxSlot {
            sender,
            nonce: parts.store.next_nonce(sender, chain_nonce).await?,
            fees: rules
                .settlement
                .fees
                .first(&parts.chain.writer.fee_market().await?),
        })
    }

    /// Stores a transaction, then sends it to the node; `false` when another replica was
    /// faster, whose batch is followed in the next step.
    async fn store_and_send(
        &self,
        signed: SignedTransaction,
        payload: &Payload,
    ) -> Result<bool, SequencerError> {
        let attempt = Attempt {
            kind: AttemptKind::Payload,
            made_at_block: self.parts.chain.reader.head().await?.number,
            signed,
        };
        match self.parts.store.open_slot(&attempt, payload).await? {
            OpenOutcome::Stored(id) => {
                self.parts
                    .chain
                    .writer
                    .broadcast(&attempt.signed.raw)
                    .await?;
                self.parts.store.mark_sent(id).await?;
                Ok(true)
            }
            OpenOutcome::NonceTaken | OpenOutcome::PayloadConflict => Ok(false),
        }
    }
}

/// Returns whether an enrolment is a recovery, by which a person gives up one leaf for another.
fn recovers(record: &EnrolmentRecord) -> bool {
    record.enrolment.kind == EnrolmentKind::Recovery
}
