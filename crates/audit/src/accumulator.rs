use std::sync::LazyLock;

use annona_core::{FieldElement, TREE_DEPTH, U256};
use annona_tree::hash_pair;

/// `EMPTY[l]` is the root of an empty subtree of height `l`.
static EMPTY: LazyLock<[FieldElement; TREE_DEPTH]> = LazyLock::new(|| {
    let mut levels = [FieldElement::ZERO; TREE_DEPTH];
    for height in 1..TREE_DEPTH {
        levels[height] = hash_pair(levels[height - 1], levels[height - 1]);
    }
    levels
});

/// Leaves that fit: `2^30`.
const CAPACITY: u64 = 1 << TREE_DEPTH;

/// The tree's left frontier: enough for every root, in constant memory, and
/// independent of the tree that the service keeps.
#[derive(Debug, Clone)]
pub(crate) struct Accumulator {
    /// At each level the full left sibling that still waits for its right one.
    waiting: [FieldElement; TREE_DEPTH],
    leaf_count: u64,
    root_if_full: Option<FieldElement>,
}

impl Default for Accumulator {
    fn default() -> Self {
        Self {
            waiting: [FieldElement::ZERO; TREE_DEPTH],
            leaf_count: 0,
            root_if_full: None,
        }
    }
}

impl Accumulator {
    pub(crate) const fn leaf_count(&self) -> u64 {
        self.leaf_count
    }

    /// Appends a leaf; `None` when the tree is full.
    pub(crate) fn append(&mut self, leaf: FieldElement) -> Option<()> {
        if self.leaf_count == CAPACITY {
            return None;
        }
        let position = self.leaf_count;
        self.leaf_count += 1;
        let mut node = leaf;
        for (level, waiting) in self.waiting.iter_mut().enumerate() {
            if position >> level & 1 == 0 {
                *waiting = node;
                return Some(());
            }
            node = hash_pair(*waiting, node);
        }
        self.root_if_full = Some(node);
        Some(())
    }

    /// The root with everything after the last leaf empty.
    pub(crate) fn root(&self) -> U256 {
        if let Some(root) = self.root_if_full {
            return root.to_u256();
        }
        let mut node = FieldElement::ZERO;
        for (level, waiting) in self.waiting.iter().enumerate() {
            node = if self.leaf_count >> level & 1 == 1 {
                hash_pair(*waiting, node)
            } else {
                hash_pair(node, EMPTY[level])
            };
        }
        node.to_u256()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::Commitment;
    use annona_tree::MembershipTree;

    use super::*;

    #[test]
    fn roots_equal_those_of_the_services_tree() {
        let mut tree = MembershipTree::default();
        let mut accumulator = Accumulator::default();
        assert_eq!(accumulator.root(), tree.root().to_u256());
        for leaf in 1_u64..20 {
            let leaf = Commitment::try_from(U256::from(leaf * 977)).unwrap();
            accumulator.append(leaf.to_field()).unwrap();
            let root = tree.append(&[leaf]).unwrap();
            assert_eq!(accumulator.root(), root.to_u256());
        }
        assert_eq!(accumulator.leaf_count(), 19);
    }
}
