use std::sync::Arc;

use crate::ports::{
    ChainError, ChainReader, ChainWriter, EnqueueOutcome, Purpose, RevertReason, SenderRole, Store,
    StoreError,
};
use crate::{Claim, Rejection};

/// Claims submitted in one step.
const MAX_CLAIMS_PER_STEP: u32 = 64;

/// Why a step of the relay was cut short; the next step goes on.
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

/// What came of one claim.
enum Submission {
    Sent,
    /// Another replica was faster.
    Overtaken,
    Failed(ChainError),
}

/// Pays the gas of queued claims, one transaction a claim.
pub struct Relay<C> {
    store: Arc<dyn Store>,
    chain: Arc<C>,
}

impl<C: ChainReader + ChainWriter> Relay<C> {
    /// A relay.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, chain: Arc<C>) -> Self {
        Self { store, chain }
    }

    /// Submits waiting claims; returns how many.
    ///
    /// A claim that the contract refuses for good is rejected with the
    /// contract's reason. Neither it nor one that cannot be simulated or sent
    /// holds up the next one.
    ///
    /// # Errors
    /// [`RelayError`]; whatever was stored is carried on by the outbox.
    pub async fn step(&self) -> Result<usize, RelayError> {
        let (mut submitted, mut failure) = (0, None);
        for record in self.store.queued_claims(MAX_CLAIMS_PER_STEP).await? {
            match self.submit(&record.claim).await? {
                Submission::Sent => submitted += 1,
                Submission::Overtaken => {}
                Submission::Failed(ChainError::Reverted(reason)) => {
                    self.refuse(&record.claim, reason).await?;
                }
                Submission::Failed(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(submitted), |error| Err(error.into()))
    }

    async fn submit(&self, claim: &Claim) -> Result<Submission, RelayError> {
        let sender = self.chain.sender(SenderRole::Relay);
        let chain_nonce = self.chain.account_nonce(sender).await?;
        let nonce = self.store.next_nonce(sender, chain_nonce).await?;
        let signed = match self.chain.sign_claim(nonce, claim).await {
            Ok(signed) => signed,
            Err(error) => return Ok(Submission::Failed(error)),
        };
        let purpose = Purpose::Claim {
            nullifier: claim.nullifier_hash,
        };
        match self.store.enqueue(&signed, &purpose).await? {
            EnqueueOutcome::Stored(_) => {}
            EnqueueOutcome::NonceTaken | EnqueueOutcome::LoadMoved => {
                return Ok(Submission::Overtaken);
            }
        }
        tracing::info!(nullifier = %claim.nullifier_hash, transaction = %signed.hash, "claim submitted");
        match self.chain.broadcast(&signed.raw).await {
            Ok(()) => Ok(Submission::Sent),
            // Stored bytes are not refused any more: the outbox finds out what becomes of them.
            Err(ChainError::Reverted(_)) => Ok(Submission::Sent),
            Err(error) => Ok(Submission::Failed(error)),
        }
    }

    async fn refuse(&self, claim: &Claim, reason: RevertReason) -> Result<(), RelayError> {
        if reason.is_retryable() {
            return Ok(());
        }
        tracing::warn!(nullifier = %claim.nullifier_hash, %reason, "claim refused by the contract");
        self.store
            .reject_claim(claim.nullifier_hash, rejection_for(reason))
            .await?;
        metrics::counter!("annona_claims_rejected_total").increment(1);
        Ok(())
    }
}

/// What a contract's refusal means for the claim.
pub(crate) const fn rejection_for(reason: RevertReason) -> Rejection {
    match reason {
        RevertReason::NullifierSpent => Rejection::NullifierSpent,
        RevertReason::EpochNotOpen => Rejection::EpochNotOpen,
        RevertReason::InvalidProof => Rejection::InvalidProof,
        RevertReason::CensusReached => Rejection::CensusReached,
        RevertReason::FeeAboveAmount => Rejection::FeeAboveAmount,
        RevertReason::BadRecipient => Rejection::BadRecipient,
        _ => Rejection::Refused,
    }
}
