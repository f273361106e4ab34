//! Follows transaction slots to their end: sends again, replaces by fee, cancels, and fills gaps in
//! the nonces.

use std::collections::HashSet;
use std::sync::Arc;

use annona_core::{Address, NullifierHash, RevertReason};

use crate::ports::{
    Attempt, AttemptKind, AttemptOutcome, BlockHead, ChainError, ChainPorts, ClaimOutcome,
    FeeMarket, Fees, OpenOutcome, Payload, Receipt, Slot, SlotId, SlotState, Store, StoreError,
    TransactionStatus, TxSlot,
};
use crate::{ClaimRejection, SettlementRules};

/// Failure that cut short a step of the outbox; the next step goes on.
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

/// Numbers of slots and attempts that a step dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxReport {
    /// Number of slots that were not settled when the step began.
    pub open: usize,
    /// Number of attempts sent again because the node did not know them.
    pub rebroadcast: usize,
    /// Number of further attempts made, for other fees or to cancel.
    pub replaced: usize,
    /// Number of nonces filled that nothing else would have filled.
    pub filled: usize,
    /// Number of slots that the step settled.
    pub settled: usize,
}

/// Follows slots to their end: sends attempts again that the node lost, offers more for those
/// that stay out of blocks, cancels those that have become pointless, fills gaps, and notices
/// blocks, reorgs and failures.
///
/// It remembers nothing: every decision follows from the database and the chain. It relies on
/// nothing that a reorg can undo.
pub struct Outbox {
    store: Arc<dyn Store>,
    chain: ChainPorts,
    settlement: SettlementRules,
}

/// State of a step: the chain at its beginning, and its results so far.
struct OutboxRound {
    head: BlockHead,
    market: FeeMarket,
    report: OutboxReport,
    /// Accounts whose head of line, the lowest nonce that is in no block, has been met.
    heads_of_line: HashSet<Address>,
}

/// Location of the attempts of a slot.
enum TxLocation<'a> {
    InBlock(&'a Attempt, Receipt),
    InPool,
    Nowhere,
}

impl Outbox {
    /// Creates an outbox for the slots in a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, chain: ChainPorts, settlement: SettlementRules) -> Self {
        Self {
            store,
            chain,
            settlement,
        }
    }

    /// Looks after every slot that is not settled.
    ///
    /// # Errors
    /// [`OutboxError`]. A failure of the chain for one slot is returned after the others were
    /// looked after; all that was not done waits for the next step.
    pub async fn step(&self) -> Result<OutboxReport, OutboxError> {
        let open = self.store.open_slots().await?;
        metrics::gauge!("annona_slots_open").set(open.len() as f64);
        if open.is_empty() {
            return Ok(OutboxReport::default());
        }
        let mut round = OutboxRound {
            // Read before all else of the chain: an old answer makes the step more careful.
            head: self.chain.reader.head().await?,
            market: self.chain.writer.fee_market().await?,
            report: OutboxReport {
                open: open.len(),
                ..OutboxReport::default()
            },
            heads_of_line: HashSet::new(),
        };
        // One slot that the node cannot answer for (a pruned receipt, a signer that is away) must
        // not hold up the accounts of the others.
        let mut failure = None;
        for slot in &open {
            match self.follow(slot, &mut round).await {
                Ok(()) => {}
                Err(OutboxError::Chain(error)) => {
                    // A node that answers nothing would take the time of a request for each.
                    self.chain.reader.head().await?;
                    failure = failure.or(Some(error));
                }
                Err(other) => return Err(other),
            }
        }
        failure.map_or(Ok(round.report), |error| Err(error.into()))
    }

    async fn follow(&self, slot: &Slot, round: &mut OutboxRound) -> Result<(), OutboxError> {
        match self.locate(slot).await? {
            TxLocation::InBlock(attempt, receipt)
                if receipt.succeeded && attempt.kind == AttemptKind::Payload =>
            {
                self.follow_mined(slot, attempt, &receipt, round).await
            }
            TxLocation::InBlock(attempt, receipt) => {
                self.follow_spent(slot, attempt, &receipt, round).await
            }
            TxLocation::InPool => {
                self.note_unmined(slot).await?;
                // A crash between sending and writing leaves the slot stored; the pool has it.
                if slot.state == SlotState::Stored {
                    self.store.mark_sent(slot.id).await?;
                }
                // Only the lowest nonce is worth more: a higher one waits for it at any price.
                if self.is_head_of_line(slot, round).await? && self.is_bump_due(slot, round) {
                    self.replace_by_fee(slot, round).await?;
                }
                Ok(())
            }
            TxLocation::Nowhere => self.follow_lost(slot, round).await,
        }
    }

    async fn locate<'a>(&self, slot: &'a Slot) -> Result<TxLocation<'a>, ChainError> {
        // Any attempt can be the mined one: a node drops a replaced transaction from its pool, a
        // block producer need not. The newest comes first because it is the likeliest.
        let mut is_known = false;
        for attempt in slot.attempts.iter().rev() {
            match self
                .chain
                .reader
                .transaction_status(attempt.signed.hash)
                .await?
            {
                TransactionStatus::Mined(receipt) => {
                    return Ok(TxLocation::InBlock(attempt, receipt));
                }
                TransactionStatus::Pending => is_known = true,
                TransactionStatus::Unknown => {}
            }
        }
        Ok(if is_known {
            TxLocation::InPool
        } else {
            TxLocation::Nowhere
        })
    }

    async fn follow_mined(
        &self,
        slot: &Slot,
        attempt: &Attempt,
        receipt: &Receipt,
        round: &mut OutboxRound,
    ) -> Result<(), OutboxError> {
        let transaction = attempt.signed.hash;
        let mined = SlotState::Mined {
            transaction,
            block_number: receipt.block_number,
            block_hash: receipt.block_hash,
        };
        if slot.state != mined {
            // Another block than the noted one: the old one goes first, so that claims which the
            // old block paid and the new one skipped do not stay paid.
            self.note_unmined(slot).await?;
            let (block, hash) = (receipt.block_number, receipt.block_hash);
            let paid = claims_with(slot, receipt, ClaimOutcome::Paid);
            self.store
                .mark_mined(slot.id, transaction, block, hash, &paid)
                .await?;
            metrics::histogram!("annona_transaction_gas", "purpose" => label(&slot.payload))
                .record(receipt.gas_used as f64);
        }
        if !self.is_settled(receipt, round.head).await? {
            return Ok(());
        }
        let refused = claims_with(slot, receipt, ClaimOutcome::TransferFailed);
        let rejected: Vec<_> = refused
            .into_iter()
            .map(|nullifier| (nullifier, ClaimRejection::TransferFailed))
            .collect();
        self.store.mark_final(slot.id, &rejected).await?;
        for (nullifier, why) in &rejected {
            tracing::warn!(%nullifier, reason = why.code(), "claim rejected");
        }
        tracing::info!(%transaction, payload = label(&slot.payload), "transaction final");
        metrics::counter!("annona_transactions_final_total", "purpose" => label(&slot.payload))
            .increment(1);
        round.report.settled += 1;
        Ok(())
    }

    /// Follows a slot whose nonce is used without its payload, by a revert or by a cancel;
    /// gives the slot up when no reorg can change that.
    async fn follow_spent(
        &self,
        slot: &Slot,
        attempt: &Attempt,
        receipt: &Receipt,
        round: &mut OutboxRound,
    ) -> Result<(), OutboxError> {
        self.note_unmined(slot).await?;
        if !self.is_settled(receipt, round.head).await? {
            return Ok(());
        }
        let why = match attempt.kind {
            AttemptKind::Payload => "reverted",
            AttemptKind::Cancel => "cancelled",
        };
        self.give_up(slot, why, round).await
    }

    /// Holds RELAY-2: a slot is filled, whatever becomes of its bytes.
    async fn follow_lost(&self, slot: &Slot, round: &mut OutboxRound) -> Result<(), OutboxError> {
        self.note_unmined(slot).await?;
        let used = self.chain.reader.account_nonce(slot.sender).await?;
        if used > slot.nonce {
            // A block came between two questions, or the nonce went to a transaction that
            // is not ours. A reorg can give it back, and then only a stored attempt fills
            // it: a gap would hold up every later nonce.
            if self.is_used_for_good(slot, round.head).await? {
                return self.give_up(slot, "overtaken", round).await;
            }
            return Ok(());
        }
        let is_head_of_line = self.is_head_of_line(slot, round).await?;
        let newest = newest(slot);
        let is_bump_due = is_head_of_line && self.is_bump_due(slot, round);
        let is_unfit = !self.chain.writer.takes(newest.signed.fees);
        if is_bump_due
            || is_unfit
            || self
                .settlement
                .fees
                .is_overpriced(newest.signed.fees, &round.market)
        {
            // No node holds an attempt, so there is no earlier fee to beat.
            let fees = self.settlement.fees.first(&round.market);
            if fees != newest.signed.fees && self.replace(slot, fees, round).await? {
                return Ok(());
            }
        }
        round.report.rebroadcast += 1;
        self.send(slot.id, newest).await
    }

    /// Returns whether the nonce was used so many blocks ago that no reorg gives it back, and
    /// by none of our attempts.
    async fn is_used_for_good(&self, slot: &Slot, head: BlockHead) -> Result<bool, OutboxError> {
        let Some(deep) = head.number.checked_sub(self.settlement.confirmations) else {
            return Ok(false);
        };
        if self.chain.writer.nonce_at(slot.sender, deep).await? <= slot.nonce {
            return Ok(false);
        }
        // This comes last: an attempt may have been mined since the step located the slot.
        Ok(matches!(self.locate(slot).await?, TxLocation::Nowhere))
    }

    /// Returns whether every later nonce of the account waits for this slot. If the slot itself
    /// waits for a nonce that no slot has, that nonce is filled.
    async fn is_head_of_line(
        &self,
        slot: &Slot,
        round: &mut OutboxRound,
    ) -> Result<bool, OutboxError> {
        if !round.heads_of_line.insert(slot.sender) {
            return Ok(false);
        }
        let next = self.chain.reader.account_nonce(slot.sender).await?;
        if next < slot.nonce {
            // A reorg took back the nonce of a transaction that is not ours, or that was final.
            self.fill(slot.sender, next, round).await?;
        }
        Ok(true)
    }

    async fn fill(
        &self,
        sender: Address,
        nonce: u64,
        round: &mut OutboxRound,
    ) -> Result<(), OutboxError> {
        let tx_slot = TxSlot {
            sender,
            nonce,
            fees: self.settlement.fees.first(&round.market),
        };
        let attempt = Attempt {
            kind: AttemptKind::Cancel,
            signed: self.chain.writer.sign_cancel(&tx_slot).await?,
            made_at_block: round.head.number,
        };
        // A nonce that has a slot already was used: the answer was an old one.
        if let OpenOutcome::Stored(id) = self.store.open_slot(&attempt, &Payload::GapFiller).await?
        {
            tracing::warn!(%sender, nonce, "a nonce that nothing fills is used up");
            metrics::counter!("annona_slots_filled_total").increment(1);
            round.report.filled += 1;
            self.send(id, &attempt).await?;
        }
        Ok(())
    }

    fn is_bump_due(&self, slot: &Slot, round: &OutboxRound) -> bool {
        let waited = round.head.number.saturating_sub(newest(slot).made_at_block);
        self.settlement
            .fees
            .is_bump_due(slot.attempts.len(), waited)
    }

    /// Offers more than any attempt that the node may hold (RELAY-3).
    async fn replace_by_fee(
        &self,
        slot: &Slot,
        round: &mut OutboxRound,
    ) -> Result<(), OutboxError> {
        let most = |part: fn(&Fees) -> u64| {
            let offers = slot
                .attempts
                .iter()
                .map(|attempt| part(&attempt.signed.fees));
            offers.max().unwrap_or_default()
        };
        let offered = Fees {
            max_fee_wei: most(|fees| fees.max_fee_wei),
            priority_fee_wei: most(|fees| fees.priority_fee_wei),
        };
        if let Some(fees) = self.settlement.fees.replacement(offered, &round.market) {
            self.replace(slot, fees, round).await?;
        }
        Ok(())
    }

    /// Stores and sends a further attempt; returns whether it was stored. It is a cancel if the
    /// contract would refuse the newest attempt.
    async fn replace(
        &self,
        slot: &Slot,
        fees: Fees,
        round: &mut OutboxRound,
    ) -> Result<bool, OutboxError> {
        // A slot that was cancelled stays so: two payloads for one nonce in two pools would leave
        // it to chance which of them is mined.
        let newest = newest(slot);
        let (kind, signed) = if self.is_pointless(newest).await? {
            let tx_slot = TxSlot {
                sender: slot.sender,
                nonce: slot.nonce,
                fees,
            };
            (
                AttemptKind::Cancel,
                self.chain.writer.sign_cancel(&tx_slot).await?,
            )
        } else {
            (
                newest.kind,
                self.chain.writer.reprice(&newest.signed, fees).await?,
            )
        };
        let attempt = Attempt {
            kind,
            signed,
            made_at_block: round.head.number,
        };
        // Another process of this service settled the slot meanwhile, or made the same attempt.
        if self.store.add_attempt(slot.id, &attempt).await? == AttemptOutcome::SlotConflict {
            return Ok(false);
        }
        let change = match kind {
            AttemptKind::Payload => "reprice",
            AttemptKind::Cancel => "cancel",
        };
        tracing::info!(transaction = %attempt.signed.hash, nonce = slot.nonce, max_fee_wei = fees.max_fee_wei, change, "another attempt for a nonce");
        metrics::counter!("annona_slots_replaced_total", "change" => change).increment(1);
        round.report.replaced += 1;
        self.send(slot.id, &attempt).await?;
        Ok(true)
    }

    async fn send(&self, id: SlotId, attempt: &Attempt) -> Result<(), OutboxError> {
        self.chain.writer.broadcast(&attempt.signed.raw).await?;
        Ok(self.store.mark_sent(id).await?)
    }

    async fn is_pointless(&self, attempt: &Attempt) -> Result<bool, ChainError> {
        if attempt.kind == AttemptKind::Cancel {
            return Ok(false);
        }
        Ok(match self.chain.writer.refusal(&attempt.signed).await? {
            None => false,
            // These can pass while the transaction waits.
            Some(
                RevertReason::Paused | RevertReason::NothingToPay | RevertReason::TooLittleGas,
            ) => false,
            Some(_) => true,
        })
    }

    async fn give_up(
        &self,
        slot: &Slot,
        why: &'static str,
        round: &mut OutboxRound,
    ) -> Result<(), OutboxError> {
        self.store.mark_failed(slot.id).await?;
        tracing::warn!(transaction = %newest(slot).signed.hash, nonce = slot.nonce, payload = label(&slot.payload), why, "slot given up");
        metrics::counter!("annona_transactions_failed_total", "purpose" => label(&slot.payload), "why" => why)
            .increment(1);
        round.report.settled += 1;
        Ok(())
    }

    async fn note_unmined(&self, slot: &Slot) -> Result<(), OutboxError> {
        if let SlotState::Mined {
            transaction,
            block_number,
            ..
        } = slot.state
        {
            tracing::warn!(%transaction, block = block_number, "a reorg took the transaction out of its block");
            self.store.mark_unmined(slot.id).await?;
        }
        Ok(())
    }

    /// Returns whether the receipt's block is of this chain and no reorg takes it away (RELAY-4).
    async fn is_settled(&self, receipt: &Receipt, head: BlockHead) -> Result<bool, OutboxError> {
        let depth = head.number.saturating_sub(receipt.block_number);
        if depth < self.settlement.confirmations {
            return Ok(false);
        }
        let canonical = self.chain.reader.block_hash(receipt.block_number).await?;
        Ok(canonical == Some(receipt.block_hash))
    }
}

fn newest(slot: &Slot) -> &Attempt {
    slot.attempts
        .last()
        .expect("a slot is opened with its first attempt")
}

/// Returns the claims of the slot that have this outcome in the receipt.
fn claims_with(slot: &Slot, receipt: &Receipt, outcome: ClaimOutcome) -> Vec<NullifierHash> {
    let Payload::Claims { nullifiers } = &slot.payload else {
        return Vec::new();
    };
    let has_it = |nullifier: &&NullifierHash| {
        let wanted = (**nullifier, outcome);
        receipt.claims.contains(&wanted)
    };
    nullifiers.iter().filter(has_it).copied().collect()
}

const fn label(payload: &Payload) -> &'static str {
    match payload {
        Payload::Append { .. } => "append",
        Payload::Revoke { .. } => "revoke",
        Payload::Claims { .. } => "claims",
        Payload::GapFiller => "fill",
    }
}
