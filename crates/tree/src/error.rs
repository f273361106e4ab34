//! Reasons why the tree refuses a change.

use annona_core::{Commitment, LeafIndex};

/// Reason why the tree refuses a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// There is no room for so many leaves.
    #[error("{requested} leaves do not fit after {present} of 2^30")]
    Full {
        /// Positions taken.
        present: u64,
        /// Leaves to be appended.
        requested: u64,
    },
    /// The commitment is a member already.
    #[error("commitment {commitment} is already the leaf {leaf_index}")]
    AlreadyMember {
        /// The commitment.
        commitment: Commitment,
        /// Position of its leaf.
        leaf_index: LeafIndex,
    },
    /// The commitment to be revoked is not at its position, or is twice in the list.
    #[error("commitment {commitment} is not the leaf {leaf_index}, or is revoked already")]
    NotTheLeaf {
        /// The position.
        leaf_index: LeafIndex,
        /// The commitment.
        commitment: Commitment,
    },
}
