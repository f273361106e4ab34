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
    /// contract's reason and does not hold up the next one.
    ///
    /// # Errors
    /// [`RelayError`]; whatever was stored is carried on by the outbox.
    pub async fn step(&self) -> Result<usize, RelayError> {
        let mut submitted = 0;
        for record in self.store.queued_claims(MAX_CLAIMS_PER_STEP).await? {
            match self.submit(&record.claim).await {
                Ok(()) => submitted += 1,
                Err(RelayError::Chain(ChainError::Reverted(reason))) => {
                    self.refuse(&record.claim, reason).await?;
                }
                Err(other) => return Err(other),
            }
        }
        Ok(submitted)
    }

    async fn submit(&self, claim: &Claim) -> Result<(), RelayError> {
        let sender = self.chain.sender(SenderRole::Relay);
        let chain_nonce = self.chain.account_nonce(sender).await?;
        let nonce = self.store.next_nonce(sender, chain_nonce).await?;
        let signed = self.chain.sign_claim(nonce, claim).await?;
        let purpose = Purpose::Claim {
            nullifier: claim.nullifier_hash,
        };
        if let EnqueueOutcome::Stored(_) = self.store.enqueue(&signed, &purpose).await? {
            tracing::info!(nullifier = %claim.nullifier_hash, transaction = %signed.hash, "claim submitted");
            self.chain.broadcast(&signed.raw).await?;
        }
        Ok(())
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
