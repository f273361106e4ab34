use std::collections::BTreeMap;

use annona_core::{Commitment, FieldElement, LeafIndex, TREE_DEPTH, U256};
use semaphore_rs_poseidon::poseidon::hash2;

/// The tree as the protocol words it, hashed from its leaves each time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) leaves: Vec<U256>,
}

impl Model {
    /// All nodes of a level that are not empty, for each level.
    fn levels(&self) -> Vec<BTreeMap<u64, U256>> {
        let leaves = (0..).zip(self.leaves.iter().copied()).collect();
        let mut levels: Vec<BTreeMap<u64, U256>> = vec![leaves];
        let mut empty = U256::ZERO;
        for level in 0..TREE_DEPTH {
            let below = &levels[level];
            let node = |position| below.get(&position).copied().unwrap_or(empty);
            let above = below
                .keys()
                .map(|position| position / 2)
                .map(|parent| (parent, hash2(node(2 * parent), node(2 * parent + 1))))
                .collect();
            empty = hash2(empty, empty);
            levels.push(above);
        }
        levels
    }

    /// The root, and the path of a position.
    pub(crate) fn root_and_path(&self, leaf: usize) -> (U256, Vec<U256>) {
        let levels = self.levels();
        let mut empty = U256::ZERO;
        let mut path = Vec::new();
        for (level, nodes) in levels.iter().take(TREE_DEPTH).enumerate() {
            let sibling = (leaf as u64 >> level) ^ 1;
            path.push(nodes.get(&sibling).copied().unwrap_or(empty));
            empty = hash2(empty, empty);
        }
        (levels[TREE_DEPTH].get(&0).copied().unwrap_or(empty), path)
    }
}

pub(crate) fn commitment(seed: u64) -> Commitment {
    Commitment::try_from(U256::from(seed + 1) * U256::from(0x9e37_79b9_7f4a_7c15_u64)).unwrap()
}

pub(crate) fn index(position: usize) -> LeafIndex {
    LeafIndex::try_from(position as u64).unwrap()
}

pub(crate) fn field(value: U256) -> FieldElement {
    FieldElement::try_from(value).unwrap()
}
