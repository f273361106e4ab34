//! Service that checks claims against the chain, verifies their proofs and queues them; the relay
//! sends them.

mod coalescer;
mod promise;
mod snapshot;
mod verifying;

use std::sync::Arc;

use annona_core::{
    Address, AmountWei, Claim, ClaimCalendar, ClaimScope, Epoch, EpochError, NullifierHash,
    Payment, Root,
};
use annona_proofs::{ClaimProof, ClaimVerifier, VerifyError, VerifyingKey};

use crate::ports::{
    ChainError, ChainReader, ClaimRepository, Clock, InsertClaimOutcome, PendingCounts, Store,
    StoreError,
};
use crate::{ClaimIntake, ClaimRecord, ClaimState};
use coalescer::Coalescer;
use snapshot::{ChainSnapshot, SnapshotQuery};
use verifying::{BatchVerifier, Full};

/// Number of claims that may wait for the relay before new ones are turned away (CLAIM-15).
// Chosen, not measured: some minutes of work for the relay.
const MAX_QUEUED_CLAIMS: u64 = 100_000;

/// Reason for which a claim is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The epoch has not begun, or its window is over.
    #[error(transparent)]
    Epoch(#[from] EpochError),
    /// The epoch has no members, so that nobody can claim in it.
    #[error("epoch {0} has no members")]
    NoMembers(Epoch),
    /// The proof does not hold for `R_e`, this epoch and this payment.
    #[error(transparent)]
    Proof(#[from] VerifyError),
    /// Another claim with this nullifier was taken before.
    #[error("a claim for another payment with this nullifier was taken before")]
    NullifierTaken,
    /// The nullifier was paid on chain, not through this service.
    #[error("the nullifier was paid already")]
    NullifierSpent,
    /// Payments are paused.
    #[error("payments are paused")]
    Paused,
    /// The recipient, or that of a fee, would lose the money.
    #[error("{0} cannot be paid")]
    InvalidRecipient(Address),
    /// The epoch has paid as many claims as it has members.
    #[error("epoch {0} has paid as many claims as it has members")]
    CensusExceeded(Epoch),
    /// The fee is more than the epoch pays, or than any epoch may pay while it is not open.
    #[error("the fee exceeds the epoch's amount of {amount}")]
    FeeAboveAmount {
        /// Amount of the epoch, or the most that any epoch may pay while it is not open.
        amount: AmountWei,
    },
    /// Too many claims wait for the relay or for the check of their proofs.
    #[error("too many claims are waiting")]
    QueueFull,
    /// The chain gave no answer; others asked with this claim and share the error.
    #[error(transparent)]
    Chain(Arc<ChainError>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes claims: checks everything about them that can be checked, then queues them.
pub struct ClaimService {
    store: Arc<dyn Store>,
    chain: Arc<dyn ChainReader>,
    clock: Arc<dyn Clock>,
    snapshots: Coalescer<SnapshotQuery, Result<Arc<ChainSnapshot>, Arc<ChainError>>>,
    verifying: BatchVerifier<ClaimProof, Result<(), VerifyError>>,
    rules: ClaimRules,
}

/// Rules of the contracts that a claim must meet, and the term of the promise to pay it.
#[derive(Debug, Clone, Copy)]
pub struct ClaimRules {
    /// Chain and distributor that claims are made to.
    pub scope: ClaimScope,
    /// Token that the distributor pays with.
    pub token: Address,
    /// Calendar with the window in which an epoch can be claimed.
    pub calendar: ClaimCalendar,
    /// Longest time from the taking of a claim to its payment, in seconds of the chain's clock.
    pub promise_secs: u64,
}

impl ClaimRules {
    /// Refuses payees with which the money would be lost: nobody (the zero address), the token
    /// and the distributor.
    fn check_payees(&self, payment: &Payment) -> Result<(), ClaimError> {
        let lost = [Address::ZERO, self.token, self.scope.distributor];
        let has_fee = payment.fee > AmountWei::ZERO;
        let payees = [
            Some(payment.recipient),
            has_fee.then_some(payment.fee_recipient),
        ];
        let bad = payees.into_iter().flatten().find(|one| lost.contains(one));
        bad.map_or(Ok(()), |payee| Err(ClaimError::InvalidRecipient(payee)))
    }
}

impl ClaimService {
    /// Creates a service for one distributor.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        chain: Arc<dyn ChainReader>,
        clock: Arc<dyn Clock>,
        rules: ClaimRules,
    ) -> Self {
        let verifier = ClaimVerifier::new(&VerifyingKey::semaphore_30());
        Self {
            store,
            chain,
            clock,
            snapshots: Coalescer::new(),
            verifying: BatchVerifier::new(move |claims| verifier.verify_batch(claims)),
            rules,
        }
    }

    /// Returns the claim of a nullifier hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, nullifier: NullifierHash) -> Result<Option<ClaimRecord>, StoreError> {
        self.store.claim(nullifier).await
    }

    /// Takes a claim. The same claim again returns its record in its present state. After a
    /// rejection it is a new claim, for the same payment or another: the contract pays a
    /// nullifier that is not spent.
    ///
    /// # Errors
    /// [`ClaimError`]; nothing is stored then.
    pub async fn submit(&self, claim: Claim) -> Result<ClaimRecord, ClaimError> {
        let earlier = self.store.claim(claim.nullifier_hash).await?;
        if let Some(earlier) = earlier.filter(|record| !record.state.is_rejected()) {
            return same_or_taken(&claim, earlier);
        }
        let result = self.check_and_store(claim).await;
        let outcome = if result.is_ok() {
            "accepted"
        } else {
            "refused"
        };
        metrics::counter!("annona_claims_received_total", "outcome" => outcome).increment(1);
        result
    }

    async fn check_and_store(&self, claim: Claim) -> Result<ClaimRecord, ClaimError> {
        let intake = self.check_state(&claim).await?;
        self.check_proof(claim, intake.root).await?;
        match self.store.insert_claim(&claim, &intake).await? {
            InsertClaimOutcome::Existing(earlier) => same_or_taken(&claim, earlier),
            InsertClaimOutcome::Inserted => {
                tracing::info!(nullifier = %claim.nullifier_hash, epoch = claim.epoch.0, "claim queued");
                Ok(ClaimRecord {
                    claim,
                    intake,
                    state: ClaimState::Queued,
                })
            }
        }
    }

    /// Checks everything that takes no proof verification; returns how the claim is taken if
    /// its proof holds for the root (CLAIM-11).
    async fn check_state(&self, claim: &Claim) -> Result<ClaimIntake, ClaimError> {
        self.rules.check_payees(&claim.payment)?;
        let question = SnapshotQuery::of(claim);
        let calendar = &self.rules.calendar;
        let look = |questions| ChainSnapshot::look(&*self.chain, calendar, questions);
        let snapshot = self.snapshots.answer(question, look).await;
        let snapshot = snapshot.map_err(ClaimError::Chain)?;
        calendar.check(claim.epoch, snapshot.now)?;
        if snapshot.is_paused {
            return Err(ClaimError::Paused);
        }
        let epoch = snapshot
            .epoch(claim.epoch)
            .expect("every epoch of the group whose window is open was looked at");
        if claim.payment.fee > epoch.most {
            return Err(ClaimError::FeeAboveAmount { amount: epoch.most });
        }
        if epoch.spent.contains(&claim.nullifier_hash) {
            return Err(ClaimError::NullifierSpent);
        }
        let mut payees = question.payees();
        if let Some(refused) = payees.find(|payee| epoch.refused.contains(payee)) {
            return Err(ClaimError::InvalidRecipient(refused));
        }
        if epoch.checkpoint.member_count == 0 {
            return Err(ClaimError::NoMembers(claim.epoch));
        }
        if epoch.account.claimed >= epoch.checkpoint.member_count {
            return Err(ClaimError::CensusExceeded(claim.epoch));
        }
        let PendingCounts { queued, .. } = ClaimRepository::pending_claims(&*self.store).await?;
        if queued >= MAX_QUEUED_CLAIMS {
            return Err(ClaimError::QueueFull);
        }
        Ok(ClaimIntake {
            received_at: self.clock.now(),
            root: epoch.checkpoint.root,
            chain_time: snapshot.now,
            deadline: self.rules.deadline(claim, &epoch.account, snapshot.now),
        })
    }

    async fn check_proof(&self, claim: Claim, root: Root) -> Result<(), ClaimError> {
        let proof = ClaimProof {
            inputs: claim.inputs(&self.rules.scope, root),
            points: claim.points,
        };
        match self.verifying.answer(proof).await {
            Ok(answer) => Ok(answer?),
            Err(Full) => Err(ClaimError::QueueFull),
        }
    }
}

/// Holds CLAIM-12: a claim in the service is idempotent.
fn same_or_taken(claim: &Claim, earlier: ClaimRecord) -> Result<ClaimRecord, ClaimError> {
    if earlier.claim.asks_the_same(claim) {
        return Ok(earlier);
    }
    Err(ClaimError::NullifierTaken)
}
