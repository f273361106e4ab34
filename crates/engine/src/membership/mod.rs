//! Membership tree that follows the registry's events through reorgs and is compared with its
//! roots.

mod archive;
mod followed;

use std::io::{Read, Write};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use annona_core::{B256, ClaimCalendar, Commitment, Epoch, LeafIndex, Root};
use annona_proofs::{AppendBatch, RemovedLeaf, RevokeBatch};
use annona_tree::{Revocation, TreeError, TreeVersion};
pub use archive::{ArchiveError, TREE_MAGIC};
use followed::Followed;

use crate::ports::{BlockHead, ChainError, ChainReader, RegistryState};

/// Number of blocks whose events are taken together. The chain's reader splits the query for
/// endpoints that want smaller ones.
const MAX_BLOCK_RANGE: u64 = 2_000;

/// Number of blocks read again at each sync, because a reorg can put a batch into a block
/// number that held none before.
const REORG_WINDOW: u64 = 64;

/// Largest number of leaves that a batch empties, of one commitment or of several: all that the
/// largest circuit takes.
pub(crate) const MAX_REMOVALS: usize = 32;

/// Reason for which membership cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MembershipError {
    /// The chain gave no answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The tree refuses the events.
    #[error("the registry's events do not fit a tree")]
    Tree(#[from] TreeError),
    /// A commitment to be revoked is not in the tree.
    #[error("commitment {0} is not a member")]
    NotMember(Commitment),
    /// Events lead to a root that the contract does not have.
    #[error("after {leaf_count} leaves the tree has root {computed} and the registry {on_chain}")]
    RootMismatch {
        /// Number of leaves in the tree.
        leaf_count: u64,
        /// Root that the events lead to.
        computed: Root,
        /// Root that the contract has.
        on_chain: Root,
    },
}

/// Rules of the deployment that decide which trees are kept: the part of
/// [`SettlementRules`](crate::SettlementRules) that a wallet needs too, which sends nothing.
#[derive(Debug, Clone, Copy)]
pub struct MembershipRules {
    /// Calendar with the window in which an epoch can be claimed.
    pub calendar: ClaimCalendar,
    /// Number of blocks on top of a block after which it is taken as final.
    pub confirmations: u64,
}

/// The tree that claims of an epoch are proved against; the contract has the same root.
#[derive(Debug, Clone)]
pub struct EpochTree {
    /// Tree at the end of the epoch before.
    pub version: Arc<TreeVersion>,
    /// True if no reorg can change the tree.
    pub is_settled: bool,
}

/// The membership tree, following the registry's events through reorgs.
#[derive(Debug)]
pub struct Membership {
    rules: MembershipRules,
    /// State of the registry. Never held while the chain is asked: an answer is taken in only if
    /// the tree is still the one that it was asked for (RELAY-10).
    followed: RwLock<Followed>,
}

impl Membership {
    /// Creates an empty tree that has read nothing yet.
    #[must_use]
    pub fn new(rules: MembershipRules) -> Self {
        Self {
            rules,
            followed: RwLock::default(),
        }
    }

    /// Brings the tree to the chain's newest block; returns the number of leaves.
    ///
    /// Safe to be cut off at any point and to run beside others: the tree is changed in whole
    /// batches, by the caller that read them first.
    ///
    /// # Errors
    /// [`MembershipError`]; the tree is then as after the last whole batch.
    pub async fn sync(&self, chain: &dyn ChainReader) -> Result<u64, MembershipError> {
        self.undo_reorganised(chain).await?;
        self.check_file(chain).await?;
        let head = chain.head().await?;
        self.scan_to(head, chain).await?;
        self.confirm(chain, head).await?;
        let mut followed = self.write();
        followed.is_synced = true;
        Ok(followed.tree.leaf_count())
    }

    /// Reads events up to `head`. Blocks are asked for again when another caller changed the
    /// tree meanwhile, which brings it forward as well.
    async fn scan_to(
        &self,
        head: BlockHead,
        chain: &dyn ChainReader,
    ) -> Result<(), MembershipError> {
        let (mut from, mut revision) = self.next_scan(chain.deployment_block());
        while from <= head.number {
            let to = head.number.min(from + MAX_BLOCK_RANGE - 1);
            let batches = chain.registry_batches(from, to).await?;
            let taken = self
                .write()
                .take(&batches, to, revision, self.rules.calendar.window)?;
            (from, revision) = match taken {
                Some(revision) => (to + 1, revision),
                None => self.next_scan(chain.deployment_block()),
            };
        }
        Ok(())
    }

    /// Returns whether a first sync has succeeded.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.read().is_synced
    }

    /// Returns the state of the registry as the tree has it.
    #[must_use]
    pub fn state(&self) -> RegistryState {
        let followed = self.read();
        RegistryState {
            root: followed.tree.root(),
            next_index: followed.tree.leaf_count(),
        }
    }

    /// Returns the data for a proof of appending `leaves`, all of it of one moment. The leaves
    /// stay out of the tree until the chain has them.
    ///
    /// # Errors
    /// [`MembershipError::Tree`] when they do not fit.
    pub fn append_batch(&self, leaves: Vec<Commitment>) -> Result<AppendBatch, MembershipError> {
        Ok(AppendBatch::to(&self.read().tree, leaves)?)
    }

    /// Returns the data for a proof of revoking `commitments`, all of it of one moment; a
    /// commitment that has several leaves loses all of them. They stay in the tree until the
    /// chain has emptied them (RECOV-8).
    ///
    /// # Errors
    /// [`MembershipError::NotMember`] when one is not in the tree.
    pub fn revoke_batch(&self, commitments: &[Commitment]) -> Result<RevokeBatch, MembershipError> {
        let followed = self.read();
        let mut version = followed.tree.current().clone();
        let pre_root = version.root();
        let mut removals = Vec::with_capacity(commitments.len());
        for &commitment in commitments {
            let places = followed.tree.leaf_indices(commitment);
            if places.is_empty() {
                return Err(MembershipError::NotMember(commitment));
            }
            for leaf_index in places.into_iter().take(MAX_REMOVALS) {
                removals.push(RemovedLeaf {
                    leaf_index,
                    commitment,
                    siblings: version.proof(leaf_index).siblings,
                });
                version.revoke(&[Revocation {
                    leaf_index,
                    commitment,
                }])?;
            }
        }
        Ok(RevokeBatch {
            pre_root,
            post_root: version.root(),
            removals,
        })
    }

    /// Returns the leaf index of a commitment, and the transaction and the block that put it
    /// there.
    #[must_use]
    pub fn locate(&self, commitment: Commitment) -> Option<(LeafIndex, B256, u64)> {
        self.read().locate(commitment)
    }

    /// Returns the number of leaves that hold a commitment: one for a member, more if it was
    /// appended again.
    #[must_use]
    pub fn places(&self, commitment: Commitment) -> usize {
        self.read().tree.leaf_indices(commitment).len()
    }

    /// Returns the transaction and the block that emptied a commitment's leaf.
    #[must_use]
    pub fn revoked(&self, commitment: Commitment) -> Option<(B256, u64)> {
        self.read().revoked(commitment)
    }

    /// Returns the tree of an epoch that can be claimed, as soon as the contract's checkpoint
    /// was seen to have its root.
    #[must_use]
    pub fn tree_of(&self, epoch: Epoch) -> Option<EpochTree> {
        self.read().confirmed.get(&epoch).cloned()
    }

    /// Writes the state that a restart needs, for the deployment `tag`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn save(&self, tag: B256, out: &mut impl Write) -> std::io::Result<()> {
        let (batches, scanned_to) = {
            let followed = self.read();
            (followed.batches.clone(), followed.scanned_to)
        };
        archive::write(tag, &batches, scanned_to, out)
    }

    /// Takes the state that [`Membership::save`] wrote, unless the chain was read meanwhile.
    /// The next sync compares it with the chain, and starts from the events if they disagree.
    ///
    /// # Errors
    /// [`ArchiveError`]; nothing is taken then.
    pub fn load(&self, tag: B256, input: &mut impl Read) -> Result<(), ArchiveError> {
        let (batches, scanned_to) = archive::read(tag, input)?;
        let loaded = Followed::from_file(batches, scanned_to);
        let mut followed = self.write();
        if followed.scanned_to.is_none() {
            loaded.replace(&mut followed);
        }
        Ok(())
    }

    async fn undo_reorganised(&self, chain: &dyn ChainReader) -> Result<(), MembershipError> {
        loop {
            let (last, revision) = {
                let followed = self.read();
                let last = followed.batches.last();
                let last = last.map(|batch| (batch.block_number, batch.block_hash));
                (last, followed.revision())
            };
            let Some((number, hash)) = last else {
                return Ok(());
            };
            if chain.block_hash(number).await? == Some(hash) {
                return Ok(());
            }
            if self.write().undo_last(revision) {
                tracing::warn!(block = number, "a reorg took a registry batch away");
            }
        }
    }

    /// Compares a tree from a file with the registry: the last batch in the file must be on the
    /// chain and have led to the tree's root, and the batches before its epoch to the root of
    /// the checkpoint.
    async fn check_file(&self, chain: &dyn ChainReader) -> Result<(), MembershipError> {
        let revision = {
            let followed = self.read();
            if !followed.is_from_file {
                return Ok(());
            }
            followed.revision()
        };
        let is_on_chain = self.is_on(chain).await?;
        let mut followed = self.write();
        if followed.revision() != revision {
            return Ok(());
        }
        if is_on_chain {
            followed.is_from_file = false;
        } else {
            tracing::warn!("the tree's file is not of this chain; the tree is made from events");
            Followed::default().replace(&mut followed);
        }
        Ok(())
    }

    async fn is_on(&self, chain: &dyn ChainReader) -> Result<bool, MembershipError> {
        let Some(last) = self.read().batches.last().cloned() else {
            return Ok(true);
        };
        let batches = chain
            .registry_batches(last.block_number, last.block_number)
            .await?;
        let checkpoint = chain.checkpoint_before(last.epoch).await?;
        let followed = self.read();
        let is_root_of = |root| {
            let written = |batch: &crate::ports::RegistryBatch| {
                batch.transaction == last.transaction && batch.post_root == root
            };
            batches.iter().any(written)
        };
        let before = followed.version_before(last.epoch);
        Ok(is_root_of(followed.tree.root())
            && before.is_none_or(|version| version.root() == checkpoint.root))
    }

    /// Compares the trees of the epochs that can be claimed with the contract's
    /// checkpoints (REG-13).
    async fn confirm(
        &self,
        chain: &dyn ChainReader,
        head: BlockHead,
    ) -> Result<(), MembershipError> {
        let MembershipRules {
            calendar,
            confirmations,
        } = self.rules;
        let Ok(current) = calendar.clock.epoch_at(head.timestamp) else {
            return Ok(());
        };
        let oldest = calendar.oldest_claimable(current);
        {
            let mut followed = self.write();
            followed.see(current, head);
            followed.forget_outside(oldest, current);
        }
        for epoch in (oldest.0..=current.0).map(Epoch) {
            if self.tree_of(epoch).is_some_and(|tree| tree.is_settled) {
                continue;
            }
            let checkpoint = chain.checkpoint_before(epoch).await?;
            let mut followed = self.write();
            let is_settled = followed.is_settled(epoch, head, confirmations);
            match followed.version_before(epoch) {
                Some(version) if version.root() == checkpoint.root => {
                    let tree = EpochTree {
                        version,
                        is_settled,
                    };
                    followed.confirmed.insert(epoch, tree);
                }
                _ => {
                    followed.confirmed.remove(&epoch);
                }
            }
        }
        Ok(())
    }

    /// Returns the block to read from, and the tree's revision. The block of the last batch is
    /// read again, because it can hold another batch that was refused.
    fn next_scan(&self, deployment_block: u64) -> (u64, u64) {
        let followed = self.read();
        let last_batch = followed
            .batches
            .last()
            .map_or(deployment_block, |batch| batch.block_number);
        let window = followed
            .scanned_to
            .map_or(deployment_block, |to| (to + 1).saturating_sub(REORG_WINDOW));
        (last_batch.max(window), followed.revision())
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
