use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use annona_core::{B256, Commitment, Epoch, FieldElement, LeafIndex, Root, TREE_DEPTH};
use annona_tree::{InclusionProof, MembershipTree, TreeError};

use crate::ports::{AppendedBatch, ChainError, ChainReader, Checkpoint, RegistryState};

/// Blocks asked for in one query of events; many endpoints refuse more.
const MAX_BLOCK_RANGE: u64 = 2_000;

/// Blocks read again at each sync, because a reorg can put a batch into a block
/// number that held none before.
const REORG_WINDOW: u64 = 64;

/// Why membership cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MembershipError {
    /// The chain gave no answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The tree refuses the events.
    #[error("the registry's events do not fit a tree")]
    Tree(#[from] TreeError),
    /// Events lead to a root that the contract does not have.
    #[error("after {leaf_count} leaves the tree has root {computed} and the registry {on_chain}")]
    RootMismatch {
        /// Leaves so far.
        leaf_count: u64,
        /// The tree's root.
        computed: Root,
        /// The contract's root.
        on_chain: Root,
    },
    /// The tree has not caught up with the chain yet.
    #[error("the tree has not caught up with the chain yet")]
    NotSynced,
    /// The commitment is not in the registry.
    #[error("commitment {0} is not in the registry")]
    UnknownCommitment(Commitment),
    /// The commitment joined in the epoch or after it.
    #[error("commitment {commitment} joined in epoch {joined} and is paid from the next one on")]
    NotYetMember {
        /// The commitment.
        commitment: Commitment,
        /// The epoch in which it joined.
        joined: Epoch,
    },
}

/// What a claim of one epoch is proved against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochMembership {
    /// `(R_e, N_e)` as the contract has it.
    pub checkpoint: Checkpoint,
    /// The path to `R_e`.
    pub path: InclusionProof,
}

/// A batch that is in the tree.
#[derive(Debug, Clone, Copy)]
struct AppliedBatch {
    block_number: u64,
    block_hash: B256,
    transaction: B256,
    epoch: Epoch,
    /// Leaves after it.
    end: u64,
}

#[derive(Debug, Default)]
struct Followed {
    tree: MembershipTree,
    batches: Vec<AppliedBatch>,
    scanned_to: Option<u64>,
}

/// The membership tree, following the registry's events through reorgs.
#[derive(Debug, Default)]
pub struct Membership {
    followed: RwLock<Followed>,
}

impl Membership {
    /// Brings the tree to the chain's newest block; returns the number of leaves.
    ///
    /// Safe to be cut off at any point: the tree is changed in whole batches.
    ///
    /// # Errors
    /// [`MembershipError`]; the tree is then as after the last whole batch.
    pub async fn sync(&self, chain: &dyn ChainReader) -> Result<u64, MembershipError> {
        self.undo_reorganised(chain).await?;
        let head = chain.head().await?.number;
        let mut from = self.first_block_to_scan(chain.deployment_block());
        while from <= head {
            let to = head.min(from + MAX_BLOCK_RANGE - 1);
            for batch in chain.appended_batches(from, to).await? {
                self.write().apply(&batch)?;
            }
            self.write().scanned_to = Some(to);
            from = to + 1;
        }
        Ok(self.read().tree.leaf_count())
    }

    /// Whether a first sync has succeeded.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.read().scanned_to.is_some()
    }

    /// The tree's own view of the registry.
    #[must_use]
    pub fn state(&self) -> RegistryState {
        let followed = self.read();
        RegistryState {
            root: followed.tree.root(),
            next_index: followed.tree.leaf_count(),
        }
    }

    /// Root after appending `leaves`, which stay out of the tree until the chain has them.
    ///
    /// # Errors
    /// [`MembershipError::Tree`] when they do not fit.
    pub fn root_after(&self, leaves: &[Commitment]) -> Result<Root, MembershipError> {
        let mut guard = self.write();
        let before = guard.tree.leaf_count();
        let root = guard.tree.append(leaves)?;
        guard.tree.truncate(before)?;
        Ok(root)
    }

    /// At each level the node left of the path to the first free leaf, as
    /// [`MembershipTree::frontier`].
    #[must_use]
    pub fn frontier(&self) -> [FieldElement; TREE_DEPTH] {
        self.read().tree.frontier()
    }

    /// Where a commitment is and which transaction and block put it there.
    #[must_use]
    pub fn locate(&self, commitment: Commitment) -> Option<(LeafIndex, B256, u64)> {
        let followed = self.read();
        let leaf_index = followed.tree.leaf_index(commitment)?;
        let batch = followed.batch_of(leaf_index)?;
        Some((leaf_index, batch.transaction, batch.block_number))
    }

    /// The path of `commitment` to `R_e`, checked against the contract's checkpoint.
    ///
    /// # Errors
    /// [`MembershipError`]; `NotSynced` when the tree and the contract do not agree yet.
    pub async fn path_at(
        &self,
        chain: &dyn ChainReader,
        commitment: Commitment,
        epoch: Epoch,
    ) -> Result<EpochMembership, MembershipError> {
        if !self.is_synced() {
            return Err(MembershipError::NotSynced);
        }
        let checkpoint = chain.checkpoint_before(epoch).await?;
        let followed = self.read();
        let known = followed.tree.root_at(checkpoint.member_count);
        if known.ok() != Some(checkpoint.root) {
            return Err(MembershipError::NotSynced);
        }
        let leaf_index = followed
            .tree
            .leaf_index(commitment)
            .ok_or(MembershipError::UnknownCommitment(commitment))?;
        if leaf_index.get() >= checkpoint.member_count {
            let joined = followed
                .batch_of(leaf_index)
                .map_or(epoch, |batch| batch.epoch);
            return Err(MembershipError::NotYetMember { commitment, joined });
        }
        let path = followed
            .tree
            .proof_at(checkpoint.member_count, leaf_index)?;
        Ok(EpochMembership { checkpoint, path })
    }

    async fn undo_reorganised(&self, chain: &dyn ChainReader) -> Result<(), MembershipError> {
        loop {
            let Some(last) = self.read().batches.last().copied() else {
                return Ok(());
            };
            if chain.block_hash(last.block_number).await? == Some(last.block_hash) {
                return Ok(());
            }
            tracing::warn!(
                block = last.block_number,
                "a reorg took a registry batch away"
            );
            self.write().undo_last()?;
        }
    }

    /// The block of the last batch is read again, because it can hold another one
    /// that was refused.
    fn first_block_to_scan(&self, deployment_block: u64) -> u64 {
        let followed = self.read();
        let last_batch = followed
            .batches
            .last()
            .map_or(deployment_block, |batch| batch.block_number);
        let window = followed
            .scanned_to
            .map_or(deployment_block, |to| (to + 1).saturating_sub(REORG_WINDOW));
        last_batch.max(window)
    }

    // A panic while a lock is held leaves whole batches behind, as a cut-off does.
    fn read(&self) -> RwLockReadGuard<'_, Followed> {
        self.followed.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Followed> {
        self.followed
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Followed {
    fn apply(&mut self, batch: &AppendedBatch) -> Result<(), MembershipError> {
        if self.holds(batch) {
            return Ok(());
        }
        let before = self.tree.leaf_count();
        self.check_root(before, batch.pre_root)?;
        if batch.start_index.get() != before {
            return Err(ChainError::Malformed {
                what: "a batch that does not start at the next leaf",
            }
            .into());
        }
        self.tree.append(&batch.leaves)?;
        if let Err(mismatch) = self.check_root(self.tree.leaf_count(), batch.post_root) {
            self.tree.truncate(before)?;
            return Err(mismatch);
        }
        self.batches.push(AppliedBatch {
            block_number: batch.block_number,
            block_hash: batch.block_hash,
            transaction: batch.transaction,
            epoch: batch.epoch,
            end: self.tree.leaf_count(),
        });
        Ok(())
    }

    fn holds(&self, batch: &AppendedBatch) -> bool {
        let end = batch.start_index.get() + batch.leaves.len() as u64;
        self.batches
            .iter()
            .rev()
            .take_while(|applied| applied.block_hash == batch.block_hash)
            .any(|applied| applied.transaction == batch.transaction && applied.end == end)
    }

    fn check_root(&self, leaf_count: u64, on_chain: Root) -> Result<(), MembershipError> {
        let computed = self.tree.root();
        if computed == on_chain {
            return Ok(());
        }
        Err(MembershipError::RootMismatch {
            leaf_count,
            computed,
            on_chain,
        })
    }

    fn undo_last(&mut self) -> Result<(), MembershipError> {
        let Some(undone) = self.batches.pop() else {
            return Ok(());
        };
        self.tree
            .truncate(self.batches.last().map_or(0, |batch| batch.end))?;
        let before = undone.block_number.saturating_sub(1);
        self.scanned_to = self.scanned_to.map(|to| to.min(before));
        Ok(())
    }

    fn batch_of(&self, leaf_index: LeafIndex) -> Option<&AppliedBatch> {
        let position = self
            .batches
            .partition_point(|batch| batch.end <= leaf_index.get());
        self.batches.get(position)
    }
}
