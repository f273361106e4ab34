use alloy::primitives::U256;
use annona_core::{ClaimCalendar, ClaimWindow, EpochClock, FieldElement, UnixSeconds};

use super::ARCHIVE_NODE;
use super::findings::{Finding, Verdict, answer, unchecked, wrong};
use crate::data::{ChainData, Checkpoint, Logged, RegistryBatch};
use crate::gather::clock_of;
use crate::recomputed::RecomputedTree;

/// The tree after one batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Epoch at the time of the batch's block; `None` before genesis or without a time.
    pub(super) epoch: Option<u64>,
    /// Number of leaf positions taken before the batch.
    pub(super) start_index: u64,
    pub(super) pre_root: U256,
    pub(super) post: Checkpoint,
}

/// The tree's history, worked out from the leaves and the block times alone.
#[derive(Debug, Clone)]
pub(super) struct Rebuilt {
    /// One for each batch, up to a leaf that cannot be hashed or one that cannot be revoked.
    pub(super) steps: Vec<Step>,
    is_whole: bool,
    /// True if the time of every batch is known.
    is_dated: bool,
    leaf_count: u64,
    empty: Checkpoint,
}

impl Rebuilt {
    pub(super) fn from_events(data: &ChainData) -> Self {
        let clock = clock_of(&data.answers);
        let mut tree = RecomputedTree::default();
        let empty = checkpoint_of(&tree);
        let mut steps = Vec::with_capacity(data.events.batches.len());
        let mut is_whole = true;
        for Logged { at, event } in &data.events.batches {
            let before = checkpoint_of(&tree);
            let start_index = tree.leaf_count();
            if apply(&mut tree, event).is_none() {
                is_whole = false;
                break;
            }
            steps.push(Step {
                epoch: epoch_of_block(data, clock.as_ref(), at.block),
                start_index,
                pre_root: before.root,
                post: checkpoint_of(&tree),
            });
        }
        let batches = data.events.batches.iter();
        let is_dated = batches
            .map(|batch| batch.at.block)
            .all(|block| data.block_times.contains_key(&block));
        Self {
            steps,
            is_whole,
            is_dated,
            leaf_count: tree.leaf_count(),
            empty,
        }
    }

    /// Returns the number of leaf positions taken by all batches.
    pub(super) fn leaf_count(&self) -> Result<U256, Finding> {
        self.require_whole()?;
        Ok(U256::from(self.leaf_count))
    }

    /// Returns the root and the member count after all batches.
    pub(super) fn newest(&self) -> Result<Checkpoint, Finding> {
        self.require_whole()?;
        Ok(self.steps.last().map_or(self.empty, |step| step.post))
    }

    /// Returns `R_e` and `N_e` of `epoch`.
    pub(super) fn before(&self, epoch: u64) -> Result<Checkpoint, Finding> {
        self.require_whole()?;
        if !self.is_dated {
            return unchecked(
                "the endpoint does not know the blocks of all batches, so no epoch's root is known",
                ARCHIVE_NODE,
            );
        }
        // Blocks, and so the epochs of batches, only move forward.
        let earlier = self
            .steps
            .partition_point(|step| step.epoch.is_none_or(|at| at < epoch));
        Ok(match earlier.checked_sub(1) {
            Some(last) => self.steps[last].post,
            None => self.empty,
        })
    }

    pub(super) fn require_whole(&self) -> Result<(), Finding> {
        if self.is_whole {
            return Ok(());
        }
        unchecked(
            "the tree cannot be rebuilt",
            "see the checks of the leaves and of those revoked",
        )
    }
}

fn checkpoint_of(tree: &RecomputedTree) -> Checkpoint {
    Checkpoint {
        root: tree.root(),
        members: U256::from(tree.members()),
    }
}

fn apply(tree: &mut RecomputedTree, batch: &RegistryBatch) -> Option<()> {
    match batch {
        RegistryBatch::Appended(event) => {
            let field = |leaf: &U256| FieldElement::try_from(*leaf).ok();
            let leaves: Option<Vec<FieldElement>> = event.leaves.iter().map(field).collect();
            tree.append(&leaves?)
        }
        RegistryBatch::Revoked(event) => event.removals.iter().try_for_each(|removal| {
            let index = usize::try_from(removal.leafIndex).ok()?;
            tree.revoke(index, FieldElement::try_from(removal.commitment).ok()?)
        }),
    }
}

/// Returns the epoch that a block's own timestamp falls into.
pub(super) fn epoch_of_block(
    data: &ChainData,
    clock: Option<&EpochClock>,
    block: u64,
) -> Option<u64> {
    let time = *data.block_times.get(&block)?;
    Some(clock?.epoch_at(UnixSeconds(time)).ok()?.0)
}

/// Returns the deployment's calendar, or the finding that there is none.
pub(super) fn calendar(data: &ChainData) -> Result<EpochClock, Finding> {
    match clock_of(&data.answers) {
        Some(clock) => Ok(clock),
        None => wrong("the registry's genesis and epoch length are no calendar"),
    }
}

/// Returns the deployment's calendar with its claim window, or the finding that one is missing.
pub(super) fn claim_calendar(data: &ChainData) -> Result<ClaimCalendar, Finding> {
    let clock = calendar(data)?;
    let window = answer(data.answers.claim_window.as_ref(), "claimWindow()")?;
    // A window beyond 64 bits of epochs never closes.
    let window = ClaimWindow(u64::try_from(window).unwrap_or(u64::MAX));
    Ok(ClaimCalendar { clock, window })
}

/// Ends a check that looked at `count` of `what`.
pub(super) fn looked_at(count: usize, what: &str) -> Verdict {
    Ok(format!("{count} {what}"))
}
