//! State of the registry by its events: batches, versions of the tree, and steps back after a
//! reorg; the chain is not asked here.

use std::collections::BTreeMap;
use std::sync::Arc;

use annona_core::{B256, ClaimWindow, Commitment, Epoch, LeafIndex, Root};
use annona_tree::{MembershipTree, TreeVersion};

use super::{EpochTree, MembershipError, REORG_WINDOW};
use crate::ports::{BlockHead, ChainError, RegistryBatch, RegistryChange};

/// A batch that is in the tree.
#[derive(Debug, Clone)]
pub(super) struct AppliedBatch {
    pub(super) block_number: u64,
    pub(super) block_hash: B256,
    pub(super) transaction: B256,
    pub(super) epoch: Epoch,
    /// Number of leaf indices taken after the batch, those of revoked leaves included.
    pub(super) end: u64,
    /// Root of the tree after the batch.
    pub(super) post_root: Root,
    /// Commitments whose leaves the batch emptied.
    pub(super) removed: Vec<Commitment>,
    /// Tree after the batch, as long as a reorg or a claim can ask for it.
    pub(super) version: Option<Arc<TreeVersion>>,
}

/// State of the registry, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub(super) tree: MembershipTree,
    pub(super) batches: Vec<AppliedBatch>,
    pub(super) scanned_to: Option<u64>,
    /// True once the events were read to the end of the chain.
    pub(super) is_synced: bool,
    /// True if the tree comes from a file and was not compared with the chain yet.
    pub(super) is_from_file: bool,
    /// Number that grows with each change of the tree.
    revision: u64,
    /// Number of batches at the front that keep no version.
    first_kept: usize,
    /// Number of the block in which an epoch was first seen to have begun.
    begun: BTreeMap<Epoch, u64>,
    /// Trees whose roots the contract confirmed.
    pub(super) confirmed: BTreeMap<Epoch, EpochTree>,
}

impl Followed {
    /// Restores the content of a file: batches, and the versions after some of them, the last
    /// one included.
    pub(super) fn from_file(batches: Vec<AppliedBatch>, scanned_to: Option<u64>) -> Self {
        let current = batches.last().and_then(|batch| batch.version.clone());
        Self {
            tree: current.map_or_else(MembershipTree::default, |version| {
                MembershipTree::from(TreeVersion::clone(&version))
            }),
            batches,
            scanned_to,
            is_from_file: true,
            ..Self::default()
        }
    }

    /// Takes the place of an earlier tree.
    pub(super) fn replace(self, earlier: &mut Self) {
        let revision = earlier.revision + 1;
        *earlier = Self { revision, ..self };
    }

    pub(super) const fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes the batches that were read up to block `to` for the tree of `revision`, and
    /// returns the revision after them; `None` when the tree has changed meanwhile.
    pub(super) fn take(
        &mut self,
        batches: &[RegistryBatch],
        to: u64,
        revision: u64,
        window: ClaimWindow,
    ) -> Result<Option<u64>, MembershipError> {
        if self.revision != revision {
            return Ok(None);
        }
        for batch in batches {
            self.apply(batch, window)?;
        }
        self.scanned_to = Some(to);
        Ok(Some(self.revision))
    }

    fn apply(&mut self, batch: &RegistryBatch, window: ClaimWindow) -> Result<(), MembershipError> {
        if self.holds(batch) {
            return Ok(());
        }
        let before = self.tree.current().clone();
        self.check_root(batch.pre_root)?;
        self.change(&batch.change)?;
        if let Err(mismatch) = self.check_root(batch.post_root) {
            self.tree.move_to(before);
            return Err(mismatch);
        }
        self.batches.push(AppliedBatch {
            block_number: batch.block_number,
            block_hash: batch.block_hash,
            transaction: batch.transaction,
            epoch: batch.epoch,
            end: self.tree.leaf_count(),
            post_root: batch.post_root,
            removed: removed_by(&batch.change),
            version: Some(Arc::new(self.tree.current().clone())),
        });
        self.revision += 1;
        self.drop_versions(window);
        Ok(())
    }

    fn change(&mut self, change: &RegistryChange) -> Result<(), MembershipError> {
        match change {
            RegistryChange::Appended {
                start_index,
                leaves,
            } => {
                if start_index.get() != self.tree.leaf_count() {
                    return Err(ChainError::NotNextLeaf {
                        expected: self.tree.leaf_count(),
                        actual: start_index.get(),
                    }
                    .into());
                }
                self.tree.append(leaves)?;
            }
            RegistryChange::Revoked { removals } => {
                self.tree.revoke(removals)?;
            }
        }
        Ok(())
    }

    fn holds(&self, batch: &RegistryBatch) -> bool {
        let is_it = |applied: &AppliedBatch| {
            applied.transaction == batch.transaction && applied.post_root == batch.post_root
        };
        self.batches
            .iter()
            .rev()
            .take_while(|applied| applied.block_hash == batch.block_hash)
            .any(is_it)
    }

    fn check_root(&self, on_chain: Root) -> Result<(), MembershipError> {
        let computed = self.tree.root();
        if computed == on_chain {
            return Ok(());
        }
        Err(MembershipError::RootMismatch {
            leaf_count: self.tree.leaf_count(),
            computed,
            on_chain,
        })
    }

    /// Keeps the versions that a reorg can go back to, those at the ends of epochs that are
    /// as young as the window, and the newest older than that: the tree of the oldest
    /// epoch that can be claimed.
    fn drop_versions(&mut self, window: ClaimWindow) {
        let Some(newest) = self.batches.last() else {
            return;
        };
        let (block, epoch) = (newest.block_number, newest.epoch);
        let first_young = self
            .batches
            .partition_point(|batch| batch.epoch.0.saturating_add(window.0) <= epoch.0);
        let oldest_kept = first_young.saturating_sub(1);
        let mut next_epoch = None;
        for (position, batch) in self
            .batches
            .iter_mut()
            .enumerate()
            .skip(self.first_kept)
            .rev()
        {
            let ends_epoch = next_epoch.replace(batch.epoch) != Some(batch.epoch);
            let is_in_reach = block.saturating_sub(batch.block_number) <= REORG_WINDOW;
            let is_kept = is_in_reach || (ends_epoch && position >= oldest_kept);
            if !is_kept {
                batch.version = None;
            }
        }
        let dropped = self.batches[self.first_kept..].iter();
        self.first_kept += dropped.take_while(|batch| batch.version.is_none()).count();
    }

    /// Takes the last batch out of the tree of `revision`, and those before it whose versions
    /// are gone: they are read again. Returns whether it did.
    pub(super) fn undo_last(&mut self, revision: u64) -> bool {
        if self.revision != revision {
            return false;
        }
        let Some(undone) = self.batches.pop() else {
            return false;
        };
        self.revision += 1;
        let mut oldest = undone.block_number;
        while let Some(dropped) = self.batches.pop_if(|batch| batch.version.is_none()) {
            oldest = dropped.block_number;
        }
        let version = self
            .batches
            .last()
            .and_then(|batch| batch.version.as_deref());
        self.tree.move_to(version.cloned().unwrap_or_default());
        self.first_kept = self.first_kept.min(self.batches.len());
        let before = oldest.saturating_sub(1);
        self.scanned_to = self.scanned_to.map(|to| to.min(before));
        self.confirmed.retain(|_, tree| tree.is_settled);
        true
    }

    pub(super) fn batch_of(&self, leaf_index: LeafIndex) -> Option<&AppliedBatch> {
        let position = self
            .batches
            .partition_point(|batch| batch.end <= leaf_index.get());
        self.batches.get(position)
    }

    pub(super) fn locate(&self, commitment: Commitment) -> Option<(LeafIndex, B256, u64)> {
        let leaf_index = self.tree.leaf_index(commitment)?;
        let batch = self.batch_of(leaf_index)?;
        Some((leaf_index, batch.transaction, batch.block_number))
    }

    /// Returns the transaction and the block that emptied a commitment's leaf.
    pub(super) fn revoked(&self, commitment: Commitment) -> Option<(B256, u64)> {
        let batch = self
            .batches
            .iter()
            .rev()
            .find(|batch| batch.removed.contains(&commitment))?;
        Some((batch.transaction, batch.block_number))
    }

    /// Returns the tree at the end of the epoch before `epoch`, unless its version was dropped.
    pub(super) fn version_before(&self, epoch: Epoch) -> Option<Arc<TreeVersion>> {
        let earlier = self.batches.partition_point(|batch| batch.epoch < epoch);
        match earlier.checked_sub(1) {
            Some(last) => self.batches[last].version.clone(),
            None => Some(Arc::default()),
        }
    }

    /// Notes the block in which an epoch begins; forgets blocks that a shorter chain has not
    /// reached.
    pub(super) fn see(&mut self, epoch: Epoch, head: BlockHead) {
        self.begun.retain(|_, block| *block <= head.number);
        self.begun.entry(epoch).or_insert(head.number);
    }

    /// Returns whether so many blocks lie on the one in which `epoch` was seen to have begun
    /// that its tree cannot change (REG-13).
    pub(super) fn is_settled(&self, epoch: Epoch, head: BlockHead, confirmations: u64) -> bool {
        let begun = self.begun.range(epoch..).map(|(_, block)| *block).min();
        begun.is_some_and(|block| head.number.saturating_sub(block) >= confirmations)
    }

    /// Forgets the trees of epochs that cannot be claimed, before `oldest` and, after a
    /// reorg, after `current`.
    pub(super) fn forget_outside(&mut self, oldest: Epoch, current: Epoch) {
        self.confirmed
            .retain(|epoch, _| (oldest..=current).contains(epoch));
        let newest = self.begun.keys().next_back().copied();
        self.begun
            .retain(|epoch, _| *epoch >= oldest || Some(*epoch) == newest);
    }
}

fn removed_by(change: &RegistryChange) -> Vec<Commitment> {
    match change {
        RegistryChange::Appended { .. } => Vec::new(),
        RegistryChange::Revoked { removals } => {
            removals.iter().map(|removal| removal.commitment).collect()
        }
    }
}
