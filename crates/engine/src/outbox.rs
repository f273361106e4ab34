use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use annona_core::B256;

use crate::ports::{
    ChainError, ChainReader, ChainWriter, Disposition, OutboxState, OutboxTransaction, Purpose,
    Receipt, Store, StoreError, TransactionId, TransactionStatus,
};
use crate::relay::rejection_for;

/// Why a step of the outbox was cut short; the next step goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// The chain gave no answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxReport {
    /// Transactions that are not settled.
    pub open: usize,
    /// Sent again because the node did not know them.
    pub rebroadcast: usize,
    /// Settled now.
    pub settled: usize,
}

/// Follows stored transactions to their end: sends again what the node lost,
/// notices blocks, reorgs and failures.
pub struct Outbox<C> {
    store: Arc<dyn Store>,
    chain: Arc<C>,
    confirmations: u64,
    /// Where a nonce was first seen used by another transaction. A crash that
    /// loses this only makes the wait begin anew.
    overtaken: Mutex<HashMap<TransactionId, Sighting>>,
}

/// The newest block when something was seen.
#[derive(Clone, Copy)]
struct Sighting {
    block_number: u64,
    block_hash: B256,
}

/// What was found out about one transaction.
enum Followed {
    Waiting,
    Rebroadcast,
    /// The node did not take the bytes; other transactions are not to wait for that.
    Unsent(ChainError),
    Settled,
}

impl<C: ChainReader + ChainWriter> Outbox<C> {
    /// An outbox; a block is final under `confirmations` further blocks.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, chain: Arc<C>, confirmations: u64) -> Self {
        Self {
            store,
            chain,
            confirmations,
            overtaken: Mutex::default(),
        }
    }

    /// Looks after every transaction that is not settled.
    ///
    /// # Errors
    /// [`OutboxError`]; all that was not reached waits for the next step. That the
    /// node does not take a transaction is told when the others were looked after.
    pub async fn step(&self) -> Result<OutboxReport, OutboxError> {
        let open = self.store.open_transactions().await?;
        let mut report = OutboxReport {
            open: open.len(),
            ..OutboxReport::default()
        };
        let mut unsent = None;
        self.overtaken()
            .retain(|id, _| open.iter().any(|transaction| transaction.id == *id));
        for transaction in &open {
            match self.follow(transaction).await? {
                Followed::Waiting => {}
                Followed::Rebroadcast => report.rebroadcast += 1,
                Followed::Unsent(error) => unsent = unsent.or(Some(error)),
                Followed::Settled => report.settled += 1,
            }
        }
        unsent.map_or(Ok(report), |error| Err(error.into()))
    }

    async fn follow(&self, transaction: &OutboxTransaction) -> Result<Followed, OutboxError> {
        match self
            .chain
            .transaction_status(transaction.signed.hash)
            .await?
        {
            TransactionStatus::Mined(receipt) if receipt.succeeded => {
                self.follow_mined(transaction, receipt).await
            }
            TransactionStatus::Mined(receipt) => self.follow_reverted(transaction, receipt).await,
            TransactionStatus::Pending => {
                self.note_unmined(transaction).await?;
                Ok(Followed::Waiting)
            }
            TransactionStatus::Unknown => self.follow_unknown(transaction).await,
        }
    }

    async fn follow_mined(
        &self,
        transaction: &OutboxTransaction,
        receipt: Receipt,
    ) -> Result<Followed, OutboxError> {
        let mined = OutboxState::Mined {
            block_number: receipt.block_number,
            block_hash: receipt.block_hash,
        };
        if transaction.state != mined {
            self.note_unmined(transaction).await?;
            self.store
                .mark_mined(transaction.id, receipt.block_number, receipt.block_hash)
                .await?;
            metrics::histogram!("annona_transaction_gas", "purpose" => purpose_label(&transaction.purpose))
                .record(receipt.gas_used as f64);
        }
        if !self.is_deep(receipt).await? {
            return Ok(Followed::Waiting);
        }
        self.store.mark_final(transaction.id).await?;
        tracing::info!(transaction = %transaction.signed.hash, purpose = purpose_label(&transaction.purpose), "transaction final");
        metrics::counter!("annona_transactions_final_total", "purpose" => purpose_label(&transaction.purpose)).increment(1);
        Ok(Followed::Settled)
    }

    /// A revert is only believed when a reorg cannot undo it any more.
    async fn follow_reverted(
        &self,
        transaction: &OutboxTransaction,
        receipt: Receipt,
    ) -> Result<Followed, OutboxError> {
        self.note_unmined(transaction).await?;
        if !self.is_deep(receipt).await? {
            return Ok(Followed::Waiting);
        }
        self.give_up(transaction).await
    }

    async fn follow_unknown(
        &self,
        transaction: &OutboxTransaction,
    ) -> Result<Followed, OutboxError> {
        self.note_unmined(transaction).await?;
        let signed = &transaction.signed;
        let used = self.chain.account_nonce(signed.sender).await?;
        if used > signed.nonce && !self.is_in_a_block(transaction).await? {
            if !self.is_overtaken_for_good(transaction.id).await? {
                return Ok(Followed::Waiting);
            }
            tracing::warn!(transaction = %signed.hash, nonce = signed.nonce, "nonce used elsewhere");
            return self.give_up(transaction).await;
        }
        match self.chain.broadcast(&signed.raw).await {
            Ok(()) => Ok(Followed::Rebroadcast),
            Err(error) => Ok(Followed::Unsent(error)),
        }
    }

    /// The nonce went to a transaction that is not ours. A reorg can give it back,
    /// and then only the stored bytes fill it: a gap would hold up every later nonce.
    async fn is_overtaken_for_good(&self, id: TransactionId) -> Result<bool, OutboxError> {
        let head = self.chain.head().await?.number;
        let seen = self.overtaken().get(&id).copied();
        if let Some(seen) = seen
            && self.chain.block_hash(seen.block_number).await? == Some(seen.block_hash)
        {
            return Ok(head.saturating_sub(seen.block_number) >= self.confirmations);
        }
        let Some(block_hash) = self.chain.block_hash(head).await? else {
            return Ok(false);
        };
        let sighting = Sighting {
            block_number: head,
            block_hash,
        };
        self.overtaken().insert(id, sighting);
        Ok(self.confirmations == 0)
    }

    // A panic while the lock is held leaves whole entries behind.
    fn overtaken(&self) -> MutexGuard<'_, HashMap<TransactionId, Sighting>> {
        self.overtaken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks once more, because the block may have come between two questions.
    async fn is_in_a_block(&self, transaction: &OutboxTransaction) -> Result<bool, OutboxError> {
        let status = self
            .chain
            .transaction_status(transaction.signed.hash)
            .await?;
        Ok(matches!(status, TransactionStatus::Mined(_)))
    }

    async fn give_up(&self, transaction: &OutboxTransaction) -> Result<Followed, OutboxError> {
        let disposition = self.disposition(&transaction.purpose).await?;
        self.store.mark_failed(transaction.id, disposition).await?;
        tracing::warn!(transaction = %transaction.signed.hash, ?disposition, "transaction given up");
        metrics::counter!("annona_transactions_failed_total", "purpose" => purpose_label(&transaction.purpose)).increment(1);
        Ok(Followed::Settled)
    }

    /// A claim that the contract would refuse again for good is rejected with that reason.
    async fn disposition(&self, purpose: &Purpose) -> Result<Disposition, OutboxError> {
        let Purpose::Claim { nullifier } = purpose else {
            return Ok(Disposition::Requeue);
        };
        let Some(record) = self.store.claim(*nullifier).await? else {
            return Ok(Disposition::Requeue);
        };
        match self.chain.claim_refusal(&record.claim).await? {
            Some(reason) if !reason.is_retryable() => {
                Ok(Disposition::Reject(rejection_for(reason)))
            }
            _ => Ok(Disposition::Requeue),
        }
    }

    async fn note_unmined(&self, transaction: &OutboxTransaction) -> Result<(), OutboxError> {
        if let OutboxState::Mined { block_number, .. } = transaction.state {
            tracing::warn!(transaction = %transaction.signed.hash, block = block_number, "a reorg took the transaction out of its block");
            self.store.mark_unmined(transaction.id).await?;
        }
        Ok(())
    }

    async fn is_deep(&self, receipt: Receipt) -> Result<bool, OutboxError> {
        let head = self.chain.head().await?.number;
        Ok(head.saturating_sub(receipt.block_number) >= self.confirmations)
    }
}

const fn purpose_label(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Append { .. } => "append",
        Purpose::Revoke { .. } => "revoke",
        Purpose::Claim { .. } => "claim",
    }
}
