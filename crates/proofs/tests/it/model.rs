//! A sparse tree of depth 30, and batches out of it.

use std::collections::HashMap;

use annona_core::{Address, Commitment, FieldElement, LeafIndex, Root, TREE_DEPTH, U256};
use annona_proofs::{AppendBatch, RegistryScope, RemovedLeaf, RevokeBatch};
use annona_tree::hash_pair;

pub(crate) const SCOPE: RegistryScope = RegistryScope {
    chain_id: 31_337,
    registry: Address::repeat_byte(0x21),
};

pub(crate) fn element(number: u64) -> FieldElement {
    FieldElement::try_from(U256::from(number)).unwrap()
}

pub(crate) fn index(position: u64) -> LeafIndex {
    LeafIndex::try_from(position).unwrap()
}

pub(crate) fn commitments(seed: u64, count: u64) -> Vec<Commitment> {
    (0..count)
        .map(|at| Commitment::try_from(hash_pair(element(seed), element(at)).to_u256()).unwrap())
        .collect()
}

pub(crate) struct Tree {
    nodes: HashMap<(usize, u64), FieldElement>,
    empty: Vec<FieldElement>,
}

impl Default for Tree {
    fn default() -> Self {
        let mut empty = vec![FieldElement::ZERO];
        for level in 0..TREE_DEPTH {
            empty.push(hash_pair(empty[level], empty[level]));
        }
        Self {
            nodes: HashMap::new(),
            empty,
        }
    }
}

impl Tree {
    fn node(&self, level: usize, position: u64) -> FieldElement {
        let found = self.nodes.get(&(level, position));
        found.copied().unwrap_or(self.empty[level])
    }

    pub(crate) fn set(&mut self, position: u64, leaf: FieldElement) {
        self.nodes.insert((0, position), leaf);
        for level in 0..TREE_DEPTH {
            let above = position >> (level + 1);
            let node = hash_pair(self.node(level, 2 * above), self.node(level, 2 * above + 1));
            self.nodes.insert((level + 1, above), node);
        }
    }

    pub(crate) fn root(&self) -> Root {
        self.node(TREE_DEPTH, 0).into()
    }

    fn siblings(&self, position: u64) -> [FieldElement; TREE_DEPTH] {
        core::array::from_fn(|level| self.node(level, (position >> level) ^ 1))
    }

    /// Appends `leaves` and says what there is to prove about it.
    pub(crate) fn append(&mut self, start: u64, leaves: &[Commitment]) -> AppendBatch {
        let (pre_root, frontier) = (self.root(), self.siblings(start));
        for (position, leaf) in (start..).zip(leaves) {
            self.set(position, leaf.to_field());
        }
        AppendBatch {
            pre_root,
            post_root: self.root(),
            start_index: index(start),
            frontier,
            leaves: leaves.to_vec(),
        }
    }

    /// Removes the leaves at `positions`, one after the other.
    pub(crate) fn revoke(&mut self, positions: &[u64]) -> RevokeBatch {
        let pre_root = self.root();
        let mut removals = Vec::new();
        for position in positions {
            removals.push(RemovedLeaf {
                leaf_index: index(*position),
                commitment: Commitment::try_from(self.node(0, *position).to_u256()).unwrap(),
                siblings: self.siblings(*position),
            });
            self.set(*position, FieldElement::ZERO);
        }
        RevokeBatch {
            pre_root,
            post_root: self.root(),
            removals,
        }
    }
}
