use std::sync::LazyLock;

use annona_core::{FieldElement, Root, TREE_DEPTH};

/// `EMPTY[l]` is the root of an empty subtree of height `l`.
static EMPTY: LazyLock<[FieldElement; TREE_DEPTH + 1]> = LazyLock::new(|| {
    let mut levels = [FieldElement::ZERO; TREE_DEPTH + 1];
    for height in 1..=TREE_DEPTH {
        levels[height] = hash_pair(levels[height - 1], levels[height - 1]);
    }
    levels
});

/// Poseidon over BN254 of two elements (width 3, 8 full and 57 partial rounds, circomlib's constants).
#[must_use]
pub fn hash_pair(left: FieldElement, right: FieldElement) -> FieldElement {
    let digest = semaphore_rs_poseidon::poseidon::hash2(left.to_u256(), right.to_u256());
    FieldElement::try_from(digest).expect("Poseidon's output is a reduced field element")
}

/// Root of an empty subtree of `height` levels.
pub(crate) fn empty_node(height: usize) -> FieldElement {
    EMPTY[height]
}

/// Root of the tree without a member.
#[must_use]
pub fn empty_root() -> Root {
    Root::from(empty_node(TREE_DEPTH))
}
