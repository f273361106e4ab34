use std::sync::LazyLock;

use annona_core::{FieldElement, Root, TREE_DEPTH};

use crate::hash_pair;

/// `EMPTY[l]` is the root of an empty subtree of height `l`.
static EMPTY: LazyLock<[FieldElement; TREE_DEPTH + 1]> = LazyLock::new(|| {
    let mut levels = [FieldElement::ZERO; TREE_DEPTH + 1];
    for height in 1..=TREE_DEPTH {
        levels[height] = hash_pair(levels[height - 1], levels[height - 1]);
    }
    levels
});

/// Root of an empty subtree of `height` levels.
pub(crate) fn empty_node(height: usize) -> FieldElement {
    EMPTY[height]
}

/// Root of the tree without a member.
#[must_use]
pub fn empty_root() -> Root {
    Root::from(empty_node(TREE_DEPTH))
}
