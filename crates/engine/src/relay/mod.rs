//! Relay that sends queued claims in batches by epoch, and splits batches that the contract
//! refuses.

mod policy;
mod refused;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use annona_core::{Address, Claim, Epoch, NullifierHash, RevertReason};
use policy::MAX_BATCH;
pub use policy::{ClaimsReason, RelayPolicy, WaitingClaims};

use crate::ports::{
    Attempt, AttemptKind, BlockHead, ChainError, ChainPorts, Clock, FeeMarket, OpenOutcome,
    Payload, QueuedClaim, SenderRole, Store, StoreError, TxSlot,
};
use crate::{ClaimRecord, SettlementRules};
use refused::Finding;

/// Largest number of claims of one epoch that a step looks at, besides those in quarantine.
// Chosen, not measured: some batches for each of a few accounts, and a bound on what a step
// reads.
const CLAIMS_PER_EPOCH: usize = 4 * MAX_BATCH;
/// Largest number of claims in quarantine; beyond it, claims found refused are simply met
/// again.
// Chosen, not measured: a bound on memory.
const MAX_QUARANTINED: usize = 1_024;
/// Largest number of claims that a step examines alone.
// Chosen, not measured: one simulation each, which must fit into a step of 60 s with the rest.
const RECHECKED_PER_STEP: usize = 64;

/// Failure that cut short a step of the relay; the next step goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    /// The chain gave no answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Parts that a relay works with.
pub struct RelayParts {
    /// Store of claims and slots.
    pub store: Arc<dyn Store>,
    /// Chain that claims are sent to.
    pub chain: ChainPorts,
    /// Clock by which the arrival of claims was noted.
    pub clock: Arc<dyn Clock>,
}

/// Rules by which a relay decides.
#[derive(Debug, Clone, Copy)]
pub struct RelayRules {
    /// Policy for the time at which claims are sent.
    pub policy: RelayPolicy,
    /// Rules that the relay shares with the other workers.
    pub settlement: SettlementRules,
}

/// Pays the gas of queued claims, in batches by epoch.
///
/// A batch that the contract refuses is bisected, in simulation, until the claims are found
/// that it refuses alone. The other claims are sent together; the refused ones are quarantined,
/// and rejected when no reorg can change the refusal. The quarantine is kept in memory only:
/// after a restart its claims are found again. A claim that left a slot unpaid is examined
/// alone before it is sent again.
pub struct Relay {
    parts: RelayParts,
    rules: RelayRules,
    /// Claims in quarantine, each with the number of the newest block when it was last refused.
    quarantine: Mutex<HashMap<NullifierHash, u64>>,
}

/// State of a step: the chain at its beginning, and its results so far.
struct RelayRound {
    head: BlockHead,
    market: FeeMarket,
    /// Number of slots in no block, by account.
    busy: HashMap<Address, usize>,
    submitted: usize,
    failure: Option<ChainError>,
}

/// Continuation of a step after a part of a batch.
enum Next {
    Part,
    /// Nothing of the epoch can be sent now.
    Epoch,
    /// Nothing at all can be sent now.
    Step,
}

impl Relay {
    /// Creates a relay with an empty quarantine.
    #[must_use]
    pub fn new(parts: RelayParts, rules: RelayRules) -> Self {
        Self {
            parts,
            rules,
            quarantine: Mutex::default(),
        }
    }

    /// Submits waiting claims that are due; returns their number.
    ///
    /// # Errors
    /// [`RelayError`]; the outbox carries on everything that was stored. A failure of the chain
    /// for one claim is returned after the others were looked after.
    pub async fn step(&self) -> Result<usize, RelayError> {
        let queued = self.queued().await?;
        self.forget_all_but(&queued);
        if queued.is_empty() {
            return Ok(0);
        }
        let mut round = self.begin().await?;
        let findings = self.recheck(&queued, &mut round).await?;
        for (epoch, claims) in self.by_epoch(&queued, &findings) {
            match self.send_epoch(epoch, &claims, &mut round).await? {
                Next::Part | Next::Epoch => {}
                Next::Step => break,
            }
        }
        let failure = round.failure.map(RelayError::from);
        failure.map_or(Ok(round.submitted), Err)
    }

    async fn begin(&self) -> Result<RelayRound, RelayError> {
        let Self { parts, .. } = self;
        // Read before all else of the chain: an old answer makes the step more careful.
        let head = parts.chain.reader.head().await?;
        let market = parts.chain.writer.fee_market().await?;
        let senders = parts.chain.writer.senders(SenderRole::Relay);
        let mut busy: HashMap<Address, usize> = senders.into_iter().map(|one| (one, 0)).collect();
        for slot in parts.store.open_slots().await? {
            if slot.state.is_unmined()
                && let Some(count) = busy.get_mut(&slot.sender)
            {
                *count += 1;
            }
        }
        Ok(RelayRound {
            head,
            market,
            busy,
            submitted: 0,
            failure: None,
        })
    }

    async fn queued(&self) -> Result<Vec<QueuedClaim>, StoreError> {
        let limit = CLAIMS_PER_EPOCH + self.quarantine().len();
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.parts.store.queued_claims(limit).await
    }

    /// Groups the claims that nothing is known against by epoch: the one whose window ends
    /// first comes first. Those of an epoch are in order of arrival. A batch skips claims that
    /// were paid already and does not fail, so a claim that left a slot unpaid is among them
    /// only if it was examined (RELAY-7).
    fn by_epoch(
        &self,
        queued: &[QueuedClaim],
        findings: &HashMap<NullifierHash, Finding>,
    ) -> BTreeMap<Epoch, Vec<ClaimRecord>> {
        let quarantine = self.quarantine();
        let mut epochs: BTreeMap<Epoch, Vec<ClaimRecord>> = BTreeMap::new();
        for QueuedClaim { record, was_sent } in queued {
            let nullifier = record.claim.nullifier_hash;
            let is_due = match findings.get(&nullifier) {
                Some(finding) => *finding == Finding::Clear,
                None => !was_sent && !quarantine.contains_key(&nullifier),
            };
            if is_due {
                epochs.entry(record.claim.epoch).or_default().push(*record);
            }
        }
        epochs
    }

    async fn send_epoch(
        &self,
        epoch: Epoch,
        claims: &[ClaimRecord],
        round: &mut RelayRound,
    ) -> Result<Next, RelayError> {
        let mut rest = claims;
        while let Some(reason) = self.reason_to_send(epoch, rest, round) {
            let (batch, later) = rest.split_at(rest.len().min(MAX_BATCH));
            match self.send_batch(batch, reason, round).await? {
                Next::Part => rest = later,
                stop => return Ok(stop),
            }
        }
        Ok(Next::Part)
    }

    fn is_window_over(&self, epoch: Epoch, head: BlockHead) -> bool {
        self.window_left_secs(epoch, head) == 0
    }

    /// Returns the time left of the epoch's window, in seconds of the chain's clock.
    fn window_left_secs(&self, epoch: Epoch, head: BlockHead) -> u64 {
        let end = self.rules.settlement.calendar.window_end(epoch);
        end.0.saturating_sub(head.timestamp.0)
    }

    fn reason_to_send(
        &self,
        epoch: Epoch,
        claims: &[ClaimRecord],
        round: &RelayRound,
    ) -> Option<ClaimsReason> {
        let now = self.parts.clock.now();
        let age = |record: &ClaimRecord| now.0.saturating_sub(record.intake.received_at.0);
        self.rules.policy.reason_to_send(&WaitingClaims {
            count: claims.len(),
            oldest_secs: claims.iter().map(age).max().unwrap_or(0),
            window_left_secs: self.window_left_secs(epoch, round.head),
            base_fee_wei: round.market.going_rate_wei(),
        })
    }

    /// Sends a batch, or those of its claims that the contract takes.
    async fn send_batch(
        &self,
        batch: &[ClaimRecord],
        reason: ClaimsReason,
        round: &mut RelayRound,
    ) -> Result<Next, RelayError> {
        let mut parts: Vec<Vec<Claim>> = vec![batch.iter().map(|record| record.claim).collect()];
        while let Some(claims) = parts.pop() {
            match self.submit(&claims, reason, round).await {
                Ok(Next::Part) => {}
                Ok(stop) => return Ok(stop),
                Err(RelayError::Chain(ChainError::Reverted(why))) if stops_the_epoch(why) => {
                    tracing::info!(claims = claims.len(), reason = %why, "claims wait");
                    return Ok(Next::Epoch);
                }
                Err(RelayError::Chain(error)) => {
                    parts.extend(self.part(&claims, error, round).await?);
                }
                Err(other) => return Err(other),
            }
        }
        Ok(Next::Part)
    }

    /// Splits claims that cannot be sent together: returns those that are left to send, in
    /// parts, the first one last.
    async fn part(
        &self,
        claims: &[Claim],
        error: ChainError,
        round: &mut RelayRound,
    ) -> Result<Vec<Vec<Claim>>, RelayError> {
        if let [claim] = claims {
            self.quarantine_or_settle(claim, error, round).await?;
            return Ok(Vec::new());
        }
        if !matches!(error, ChainError::Reverted(_)) {
            // Goes on only if it is the batch that the node cannot simulate.
            self.parts.chain.reader.head().await?;
        }
        let good = self.bisect(claims, round).await?;
        if good.is_empty() {
            return Ok(Vec::new());
        }
        if good.len() < claims.len() {
            return Ok(vec![good]);
        }
        // Each half is taken, but not both: there is room for some of them only.
        let (first, second) = good.split_at(good.len() / 2);
        Ok(vec![second.to_vec(), first.to_vec()])
    }

    /// Holds RELAY-1: signed bytes are stored before they are sent.
    async fn submit(
        &self,
        claims: &[Claim],
        reason: ClaimsReason,
        round: &mut RelayRound,
    ) -> Result<Next, RelayError> {
        let Self { parts, rules, .. } = self;
        let Some(sender) = self.least_busy(round) else {
            tracing::debug!("every account has as many transactions under way as it may");
            return Ok(Next::Step);
        };
        let chain_nonce = parts.chain.reader.account_nonce(sender).await?;
        let tx_slot = TxSlot {
            sender,
            nonce: parts.store.next_nonce(sender, chain_nonce).await?,
            fees: rules.settlement.fees.first(&round.market),
        };
        let attempt = Attempt {
            kind: AttemptKind::Payload,
            signed: parts.chain.writer.sign_claims(&tx_slot, claims).await?,
            made_at_block: round.head.number,
        };
        let nullifiers = claims.iter().map(|claim| claim.nullifier_hash).collect();
        let payload = Payload::Claims { nullifiers };
        let OpenOutcome::Stored(slot) = parts.store.open_slot(&attempt, &payload).await? else {
            // Another replica was faster; the next step sees what it did.
            return Ok(Next::Step);
        };
        *round.busy.entry(sender).or_default() += 1;
        round.submitted += claims.len();
        note_submitted(claims, reason, &attempt);
        // Stored bytes are no longer refused: the outbox finds out what becomes of them.
        match parts.chain.writer.broadcast(&attempt.signed.raw).await {
            Ok(()) => parts.store.mark_sent(slot).await?,
            Err(error) => drop(round.failure.get_or_insert(error)),
        }
        Ok(Next::Part)
    }

    fn least_busy(&self, round: &RelayRound) -> Option<Address> {
        let free = round
            .busy
            .iter()
            .filter(|(_, slots)| **slots < self.rules.policy.slots_per_sender);
        // The address decides between equals, so that a run can be repeated.
        free.min_by_key(|(sender, slots)| (**slots, **sender))
            .map(|(sender, _)| *sender)
    }

    // A panic while the lock is held leaves whole entries behind.
    fn quarantine(&self) -> MutexGuard<'_, HashMap<NullifierHash, u64>> {
        self.quarantine
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether the claims are not the cause of a refusal.
const fn stops_the_epoch(why: RevertReason) -> bool {
    matches!(why, RevertReason::Paused | RevertReason::NothingToPay)
}

fn note_submitted(claims: &[Claim], reason: ClaimsReason, attempt: &Attempt) {
    let transaction = attempt.signed.hash;
    tracing::info!(reason = reason.code(), claims = claims.len(), nonce = attempt.signed.nonce, %transaction, "batch of claims submitted");
    for claim in claims {
        tracing::info!(nullifier = %claim.nullifier_hash, %transaction, "claim submitted");
    }
    metrics::counter!("annona_claim_batches_total", "reason" => reason.code()).increment(1);
    metrics::histogram!("annona_claim_batch_size").record(claims.len() as f64);
}
