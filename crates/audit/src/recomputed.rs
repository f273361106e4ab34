use std::sync::LazyLock;

use annona_core::{FieldElement, TREE_DEPTH, U256};
use annona_tree::hash_pair;

/// `EMPTY[l]` is the root of an empty subtree of height `l`.
static EMPTY: LazyLock<[FieldElement; TREE_DEPTH + 1]> = LazyLock::new(|| {
    let mut levels = [FieldElement::ZERO; TREE_DEPTH + 1];
    for height in 1..=TREE_DEPTH {
        levels[height] = hash_pair(levels[height - 1], levels[height - 1]);
    }
    levels
});

/// Leaves that fit: `2^30`.
const CAPACITY: usize = 1 << TREE_DEPTH;

/// The tree as every node left of the first empty leaf: written for plainness, and
/// independent of the tree that the service keeps.
#[derive(Debug, Clone)]
pub(crate) struct RecomputedTree {
    /// Leaves, their parents, and so on to the root.
    levels: [Vec<FieldElement>; TREE_DEPTH + 1],
    members: u64,
}

impl Default for RecomputedTree {
    fn default() -> Self {
        Self {
            levels: [const { Vec::new() }; TREE_DEPTH + 1],
            members: 0,
        }
    }
}

impl RecomputedTree {
    /// Returns the number of leaf positions taken.
    pub(crate) fn leaf_count(&self) -> u64 {
        self.levels[0].len() as u64
    }

    /// Returns the number of leaves that are not revoked.
    pub(crate) const fn members(&self) -> u64 {
        self.members
    }

    /// Returns the leaf at a position; `None` if the position is not taken.
    pub(crate) fn leaf(&self, index: usize) -> Option<FieldElement> {
        self.levels[0].get(index).copied()
    }

    /// Appends leaves; `None` when they do not fit.
    pub(crate) fn append(&mut self, leaves: &[FieldElement]) -> Option<()> {
        let first = self.levels[0].len();
        if leaves.len() > CAPACITY - first {
            return None;
        }
        let last = (first + leaves.len()).checked_sub(1)?;
        self.levels[0].extend_from_slice(leaves);
        self.members += leaves.len() as u64;
        self.hash_again(first, last);
        Some(())
    }

    /// Empties the leaf at `index` if it is `leaf`; `None` if it is not.
    pub(crate) fn revoke(&mut self, index: usize, leaf: FieldElement) -> Option<()> {
        if leaf == FieldElement::ZERO || self.leaf(index) != Some(leaf) {
            return None;
        }
        self.levels[0][index] = FieldElement::ZERO;
        self.members -= 1;
        self.hash_again(index, index);
        Some(())
    }

    /// Recomputes the nodes above the leaves `first..=last`.
    fn hash_again(&mut self, mut first: usize, mut last: usize) {
        for height in 0..TREE_DEPTH {
            (first, last) = (first / 2, last / 2);
            for parent in first..=last {
                let below = &self.levels[height];
                let child = |at: usize| below.get(at).copied().unwrap_or(EMPTY[height]);
                let node = hash_pair(child(2 * parent), child(2 * parent + 1));
                let level = &mut self.levels[height + 1];
                if parent < level.len() {
                    level[parent] = node;
                } else {
                    level.push(node);
                }
            }
        }
    }

    /// Returns the root, with everything after the last leaf empty.
    pub(crate) fn root(&self) -> U256 {
        let top = self.levels[TREE_DEPTH].first();
        top.copied().unwrap_or(EMPTY[TREE_DEPTH]).to_u256()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::Commitment;
    use annona_tree::{MembershipTree, Revocation};

    use super::*;

    fn commitment(seed: u64) -> Commitment {
        Commitment::try_from(U256::from(seed * 977 + 1)).unwrap()
    }

    #[test]
    fn roots_equal_those_of_the_services_tree() {
        let mut tree = MembershipTree::default();
        let mut recomputed = RecomputedTree::default();
        assert_eq!(recomputed.root(), tree.root().to_u256());
        for (first, count) in [(0, 1), (1, 2), (3, 5), (8, 8), (16, 3)] {
            let leaves: Vec<Commitment> = (first..first + count).map(commitment).collect();
            let fields: Vec<FieldElement> = leaves.iter().map(|leaf| leaf.to_field()).collect();
            recomputed.append(&fields).unwrap();
            assert_eq!(recomputed.root(), tree.append(&leaves).unwrap().to_u256());
        }
        for index in [0_u64, 7, 18] {
            let revocation = Revocation {
                leaf_index: index.try_into().unwrap(),
                commitment: commitment(index),
            };
            let leaf = commitment(index).to_field();
            recomputed.revoke(index as usize, leaf).unwrap();
            let root = tree.revoke(&[revocation]).unwrap();
            assert_eq!(recomputed.root(), root.to_u256());
            assert_eq!(recomputed.revoke(index as usize, leaf), None, "twice");
        }
        assert_eq!((recomputed.leaf_count(), recomputed.members()), (19, 16));
        assert_eq!(recomputed.revoke(1, commitment(2).to_field()), None);
        assert_eq!(recomputed.revoke(19, commitment(19).to_field()), None);
    }
}
