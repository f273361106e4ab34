//! Claims that the contract refuses alone.

use std::collections::{HashMap, HashSet};

use annona_core::{Claim, NullifierHash, RevertReason};

use super::{MAX_QUARANTINED, RECHECKED_PER_STEP, Relay, RelayError, RelayRound};
use crate::ClaimRejection;
use crate::ports::{BlockTag, ChainError, ClaimOutcome, QueuedClaim, TransactionStatus};

/// Result of the search for one of our transactions that paid a queued claim.
enum OwnPayment {
    None,
    /// In a block that a reorg could take away.
    Shallow,
    Deep(annona_core::B256),
}

/// Result of examining a claim alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// The contract would take it.
    Clear,
    /// The claim cannot be sent: it is quarantined or settled.
    Refused,
}

impl Relay {
    /// Bisects `claims`, which are refused together: takes out those that are refused alone,
    /// and returns the others (RELAY-5).
    pub(super) async fn bisect(
        &self,
        claims: &[Claim],
        round: &mut RelayRound,
    ) -> Result<Vec<Claim>, RelayError> {
        let mut good = Vec::new();
        let (first, second) = claims.split_at(claims.len() / 2);
        let mut parts = vec![second, first];
        while let Some(part) = parts.pop() {
            metrics::counter!("annona_claim_batches_halved_total").increment(1);
            match (self.why_not(part).await, part) {
                (None, _) => good.extend_from_slice(part),
                (Some(error), [claim]) => self.quarantine_or_settle(claim, error, round).await?,
                (Some(_), _) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
        Ok(good)
    }

    /// Returns the reason for which claims cannot be sent together now; `None` when they can.
    async fn why_not(&self, claims: &[Claim]) -> Option<ChainError> {
        match self
            .parts
            .chain
            .writer
            .claims_refusal(claims, BlockTag::Newest)
            .await
        {
            Ok(refusal) => refusal.map(ChainError::Reverted),
            Err(error) => Some(error),
        }
    }

    /// Quarantines a claim, or settles it if the refusal is final.
    pub(super) async fn quarantine_or_settle(
        &self,
        claim: &Claim,
        error: ChainError,
        round: &mut RelayRound,
    ) -> Result<(), RelayError> {
        let is_settled = match error {
            ChainError::Reverted(why) => self.settle(claim, why, round).await?,
            other => {
                round.failure.get_or_insert(other);
                false
            }
        };
        let mut quarantine = self.quarantine();
        if is_settled {
            quarantine.remove(&claim.nullifier_hash);
        } else if quarantine.len() < MAX_QUARANTINED {
            quarantine.insert(claim.nullifier_hash, round.head.number);
        }
        Ok(())
    }

    /// Examines, each alone, claims that left a slot unpaid and, once a block, claims in
    /// quarantine; returns the findings.
    pub(super) async fn recheck(
        &self,
        queued: &[QueuedClaim],
        round: &mut RelayRound,
    ) -> Result<HashMap<NullifierHash, Finding>, RelayError> {
        let due: Vec<Claim> = {
            let quarantine = self.quarantine();
            let is_due = |waiting: &&QueuedClaim| match quarantine
                .get(&waiting.record.claim.nullifier_hash)
            {
                Some(block) => *block != round.head.number,
                None => waiting.was_sent,
            };
            let mut due: Vec<Claim> = queued
                .iter()
                .filter(is_due)
                .map(|waiting| waiting.record.claim)
                .collect();
            // Those that were looked at least lately come first, so that all have their turn.
            due.sort_by_key(|claim| quarantine.get(&claim.nullifier_hash).copied());
            due.truncate(RECHECKED_PER_STEP);
            due
        };
        let mut findings = HashMap::new();
        for claim in due {
            let finding = if let Some(error) = self.why_not(&[claim]).await {
                self.quarantine_or_settle(&claim, error, round).await?;
                Finding::Refused
            } else {
                self.quarantine().remove(&claim.nullifier_hash);
                Finding::Clear
            };
            findings.insert(claim.nullifier_hash, finding);
        }
        Ok(findings)
    }

    /// Removes claims from the quarantine that are no longer queued.
    pub(super) fn forget_all_but(&self, queued: &[QueuedClaim]) {
        let queued: HashSet<NullifierHash> = queued
            .iter()
            .map(|waiting| waiting.record.claim.nullifier_hash)
            .collect();
        self.quarantine()
            .retain(|nullifier, _| queued.contains(nullifier));
    }

    /// Rejects a claim whose refusal is final, or takes it as paid if one of our transactions
    /// paid it; returns whether it is settled now. A refusal is final if it cannot pass by
    /// itself and held before so many blocks already that no reorg takes its cause away (RELAY-6).
    async fn settle(
        &self,
        claim: &Claim,
        why: RevertReason,
        round: &RelayRound,
    ) -> Result<bool, RelayError> {
        let Self { parts, rules, .. } = self;
        let Some(deep) = round
            .head
            .number
            .checked_sub(rules.settlement.confirmations)
        else {
            return Ok(false);
        };
        if why.is_retryable() || self.may_open_yet(claim, why, round) {
            return Ok(false);
        }
        let before = BlockTag::Block(deep);
        if parts.chain.writer.claims_refusal(&[*claim], before).await? != Some(why) {
            return Ok(false);
        }
        match self.own_payment(claim.nullifier_hash, deep).await? {
            OwnPayment::Shallow => return Ok(false),
            OwnPayment::Deep(transaction) => {
                parts
                    .store
                    .adopt_claim(claim.nullifier_hash, transaction)
                    .await?;
                tracing::info!(nullifier = %claim.nullifier_hash, %transaction, "claim was paid already");
            }
            OwnPayment::None => {
                let rejection = rejection_for(why);
                parts
                    .store
                    .reject_claim(claim.nullifier_hash, rejection)
                    .await?;
                tracing::warn!(nullifier = %claim.nullifier_hash, reason = rejection.code(), "claim rejected");
                metrics::counter!("annona_claims_rejected_total", "reason" => rejection.code())
                    .increment(1);
            }
        }
        Ok(true)
    }

    /// Returns whether the epoch may open yet: for a node that is behind, an epoch that is not
    /// open may be one that has not begun.
    fn may_open_yet(&self, claim: &Claim, why: RevertReason, round: &RelayRound) -> bool {
        why == RevertReason::EpochNotClaimable && !self.is_window_over(claim.epoch, round.head)
    }

    /// Looks for one of our transactions that paid a claim: a slot that was given up may have
    /// been mined after all.
    async fn own_payment(
        &self,
        nullifier: NullifierHash,
        deep: u64,
    ) -> Result<OwnPayment, RelayError> {
        let Self { parts, .. } = self;
        for transaction in parts.store.attempts_to_pay(nullifier).await? {
            let TransactionStatus::Mined(receipt) =
                parts.chain.reader.transaction_status(transaction).await?
            else {
                continue;
            };
            if receipt.claims.contains(&(nullifier, ClaimOutcome::Paid)) {
                return Ok(if receipt.block_number <= deep {
                    OwnPayment::Deep(transaction)
                } else {
                    OwnPayment::Shallow
                });
            }
        }
        Ok(OwnPayment::None)
    }
}

/// Returns the rejection that a contract's refusal means for the claim.
const fn rejection_for(reason: RevertReason) -> ClaimRejection {
    match reason {
        RevertReason::NullifierSpent => ClaimRejection::NullifierSpent,
        RevertReason::EpochNotClaimable => ClaimRejection::EpochNotClaimable,
        RevertReason::InvalidProof => ClaimRejection::InvalidProof,
        RevertReason::CensusExceeded => ClaimRejection::CensusExceeded,
        RevertReason::FeeAboveAmount => ClaimRejection::FeeAboveAmount,
        RevertReason::InvalidRecipient => ClaimRejection::InvalidRecipient,
        _ => ClaimRejection::Refused,
    }
}
