//! Chain snapshot: the state of the chain that a group of claims is judged by.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use annona_core::{
    Address, AmountWei, Claim, ClaimCalendar, Epoch, NullifierHash, Payment, UnixSeconds,
};
use futures::try_join;

use crate::ports::{ChainError, ChainReader, Checkpoint, EpochAccount};

/// Parts of a claim that the chain is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct SnapshotQuery {
    epoch: Epoch,
    nullifier_hash: NullifierHash,
    payment: Payment,
}

impl SnapshotQuery {
    pub(super) const fn of(claim: &Claim) -> Self {
        Self {
            epoch: claim.epoch,
            nullifier_hash: claim.nullifier_hash,
            payment: claim.payment,
        }
    }

    /// Returns the addresses that are to be paid something.
    pub(super) fn payees(&self) -> impl Iterator<Item = Address> + use<> {
        let Payment {
            recipient,
            fee_recipient,
            fee,
        } = self.payment;
        let has_fee = fee > AmountWei::ZERO;
        [Some(recipient), has_fee.then_some(fee_recipient)]
            .into_iter()
            .flatten()
    }
}

/// Chain snapshot: the state of the chain that a group of claims is judged by.
pub(super) struct ChainSnapshot {
    pub(super) now: UnixSeconds,
    pub(super) is_paused: bool,
    epochs: BTreeMap<Epoch, EpochSnapshot>,
}

/// State of an epoch whose window is open (CLAIM-11).
pub(super) struct EpochSnapshot {
    pub(super) account: EpochAccount,
    pub(super) checkpoint: Checkpoint,
    /// Largest amount that a claim may be paid.
    pub(super) most: AmountWei,
    /// Nullifier hashes that were paid, of those asked about.
    pub(super) spent: HashSet<NullifierHash>,
    /// Payees that the token refuses, of those asked about; they are only looked for once the
    /// epoch is open, when the distributor has its money.
    pub(super) refused: Vec<Address>,
}

impl EpochSnapshot {
    async fn look(
        chain: &dyn ChainReader,
        epoch: Epoch,
        questions: &[SnapshotQuery],
    ) -> Result<Self, ChainError> {
        let nullifiers: Vec<NullifierHash> =
            questions.iter().map(|asked| asked.nullifier_hash).collect();
        let (account, checkpoint, spent) = try_join!(
            chain.epoch_account(epoch),
            chain.checkpoint_before(epoch),
            chain.spent_among(epoch, &nullifiers)
        )?;
        let payees: BTreeSet<Address> = questions.iter().flat_map(SnapshotQuery::payees).collect();
        let payees: Vec<Address> = payees.into_iter().collect();
        let (most, refused) = if account.is_opened {
            let refused = chain.refused_recipients(account.amount, &payees).await?;
            (account.amount, refused)
        } else {
            (chain.per_person_cap().await?, Vec::new())
        };
        Ok(Self {
            account,
            checkpoint,
            most,
            spent: spent.into_iter().collect(),
            refused,
        })
    }
}

impl ChainSnapshot {
    /// Asks the chain once for all questions of a group.
    pub(super) async fn look(
        chain: &dyn ChainReader,
        calendar: &ClaimCalendar,
        questions: Vec<SnapshotQuery>,
    ) -> Result<Arc<Self>, Arc<ChainError>> {
        let (head, is_paused) = try_join!(chain.head(), chain.is_paused())?;
        let mut asked: BTreeMap<Epoch, Vec<SnapshotQuery>> = BTreeMap::new();
        for question in questions {
            let epoch = question.epoch;
            if calendar.check(epoch, head.timestamp).is_ok() {
                asked.entry(epoch).or_default().push(question);
            }
        }
        let mut epochs = BTreeMap::new();
        for (epoch, questions) in asked {
            epochs.insert(epoch, EpochSnapshot::look(chain, epoch, &questions).await?);
        }
        Ok(Arc::new(Self {
            now: head.timestamp,
            is_paused,
            epochs,
        }))
    }

    /// Returns the state of an epoch that was asked about; `None` when its window is not open.
    pub(super) fn epoch(&self, epoch: Epoch) -> Option<&EpochSnapshot> {
        self.epochs.get(&epoch)
    }
}

#[cfg(test)]
mod tests {
    use annona_core::{FieldElement, U256};

    use super::*;

    #[test]
    fn only_addresses_that_are_paid_something_are_asked_about() {
        let (recipient, fee_recipient) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let payees = |fee| {
            let query = SnapshotQuery {
                epoch: Epoch(0),
                nullifier_hash: NullifierHash::from(FieldElement::ZERO),
                payment: Payment {
                    recipient,
                    fee_recipient,
                    fee: AmountWei(U256::from(fee)),
                },
            };
            query.payees().collect::<Vec<_>>()
        };
        assert_eq!(payees(0), [recipient]);
        assert_eq!(payees(1), [recipient, fee_recipient]);
    }
}
