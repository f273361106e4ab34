use annona_core::{Commitment, FieldElement, LeafIndex, Root, TREE_DEPTH};

use crate::hash_pair;

/// The path from a leaf to a root: 30 siblings, the leaf's own level first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Position of the leaf.
    pub leaf_index: LeafIndex,
    /// Sibling at each level, bottom to top.
    pub siblings: [FieldElement; TREE_DEPTH],
}

impl InclusionProof {
    /// The root that this path leads to from `leaf`. A wallet compares it with
    /// `R_e` read from the chain before it proves anything.
    #[must_use]
    pub fn root_from(&self, leaf: Commitment) -> Root {
        let mut node = leaf.to_field();
        for (level, sibling) in self.siblings.iter().enumerate() {
            node = if self.turns_right(level) {
                hash_pair(*sibling, node)
            } else {
                hash_pair(node, *sibling)
            };
        }
        Root::from(node)
    }

    /// Whether the path's node at `level` is a right child.
    #[must_use]
    pub const fn turns_right(&self, level: usize) -> bool {
        (self.leaf_index.get() >> level) & 1 == 1
    }
}
