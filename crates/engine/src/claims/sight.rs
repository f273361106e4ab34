use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use annona_core::{ClaimWindow, Epoch, EpochClock, NullifierHash, UnixSeconds};
use futures::try_join;

use crate::ports::{ChainError, ChainReader, Checkpoint, EpochAccount};

/// What a claim is judged by.
pub(super) type Question = (Epoch, NullifierHash);

/// The chain, as far as some claims need it.
pub(super) struct Sight {
    pub(super) now: UnixSeconds,
    pub(super) is_paused: bool,
    epochs: BTreeMap<Epoch, EpochSight>,
}

/// An epoch whose window is open.
pub(super) struct EpochSight {
    pub(super) account: EpochAccount,
    pub(super) checkpoint: Checkpoint,
    /// Of the nullifiers asked about, those that were paid.
    pub(super) spent: HashSet<NullifierHash>,
}

impl Sight {
    /// Looks once for all questions of a group.
    pub(super) async fn look(
        chain: &dyn ChainReader,
        calendar: &EpochClock,
        window: ClaimWindow,
        questions: Vec<Question>,
    ) -> Result<Arc<Self>, Arc<ChainError>> {
        let (head, is_paused) = try_join!(chain.head(), chain.is_paused())?;
        let mut asked: BTreeMap<Epoch, Vec<NullifierHash>> = BTreeMap::new();
        for (epoch, nullifier) in questions {
            if window.check(calendar, epoch, head.timestamp).is_ok() {
                asked.entry(epoch).or_default().push(nullifier);
            }
        }
        let mut epochs = BTreeMap::new();
        for (epoch, nullifiers) in asked {
            let (account, checkpoint, spent) = try_join!(
                chain.epoch_account(epoch),
                chain.checkpoint_before(epoch),
                chain.spent_among(epoch, &nullifiers)
            )?;
            let seen = EpochSight {
                account,
                checkpoint,
                spent: spent.into_iter().collect(),
            };
            epochs.insert(epoch, seen);
        }
        Ok(Arc::new(Self {
            now: head.timestamp,
            is_paused,
            epochs,
        }))
    }

    /// An epoch that was asked about; `None` when its window is not open.
    pub(super) fn epoch(&self, epoch: Epoch) -> Option<&EpochSight> {
        self.epochs.get(&epoch)
    }
}
