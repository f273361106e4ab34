use std::collections::HashMap;

use annona_core::{Commitment, FieldElement, LeafIndex, Root, TREE_DEPTH};

use crate::hash::{empty_node, hash_pair};
use crate::proof::InclusionProof;

/// Leaves that fit: `2^30`.
const CAPACITY: u64 = 1 << TREE_DEPTH;

/// Why the tree refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// There is no room for so many leaves.
    #[error("{requested} leaves do not fit after {present} of {CAPACITY}")]
    Full {
        /// Leaves in the tree.
        present: u64,
        /// Leaves to be appended.
        requested: u64,
    },
    /// The commitment is a member already.
    #[error("commitment {commitment} is already the leaf {leaf_index}")]
    AlreadyMember {
        /// The commitment.
        commitment: Commitment,
        /// Where it is.
        leaf_index: LeafIndex,
    },
    /// The version asked for lies in the future.
    #[error("the tree has {present} leaves; a version of {version} leaves does not exist yet")]
    VersionAhead {
        /// Leaves asked for.
        version: u64,
        /// Leaves in the tree.
        present: u64,
    },
    /// The leaf was appended after the version asked for.
    #[error("leaf {leaf_index} is not in the version of {version} leaves")]
    NotInVersion {
        /// The leaf.
        leaf_index: LeafIndex,
        /// Leaves in the version.
        version: u64,
    },
}

/// The append-only tree. A *version* is a number of leaves.
#[derive(Debug, Clone)]
pub struct MembershipTree {
    /// `full[l][i]` is node `i` of level `l`, present when all its `2^l` leaves are.
    full: Vec<Vec<FieldElement>>,
    index: HashMap<Commitment, LeafIndex>,
}

impl Default for MembershipTree {
    fn default() -> Self {
        Self {
            full: vec![Vec::new(); TREE_DEPTH + 1],
            index: HashMap::new(),
        }
    }
}

impl MembershipTree {
    /// Number of leaves.
    #[must_use]
    pub fn leaf_count(&self) -> u64 {
        self.full[0].len() as u64
    }

    /// The root of now.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::from(self.edge_nodes(self.leaf_count())[TREE_DEPTH])
    }

    /// At each level the node left of the path to the first free leaf; 0 where that
    /// path turns left.
    #[must_use]
    pub fn frontier(&self) -> [FieldElement; TREE_DEPTH] {
        core::array::from_fn(|level| match self.leaf_count() >> level {
            place if place % 2 == 1 => self.full_node(level, place - 1),
            _ => FieldElement::ZERO,
        })
    }

    /// Where `commitment` is, whatever the version.
    #[must_use]
    pub fn leaf_index(&self, commitment: Commitment) -> Option<LeafIndex> {
        self.index.get(&commitment).copied()
    }

    /// Appends `leaves` in order and returns the new root; all of them or none.
    ///
    /// # Errors
    /// [`TreeError::Full`], or [`TreeError::AlreadyMember`] for a commitment that
    /// is in the tree or twice in the list.
    pub fn append(&mut self, leaves: &[Commitment]) -> Result<Root, TreeError> {
        let (present, requested) = (self.leaf_count(), leaves.len() as u64);
        if requested > CAPACITY - present {
            return Err(TreeError::Full { present, requested });
        }
        for (position, leaf) in (present..).zip(leaves) {
            let leaf_index = LeafIndex::try_from(position).expect("the capacity was checked");
            if let Some(earlier) = self.index.insert(*leaf, leaf_index) {
                self.index.insert(*leaf, earlier);
                self.forget_from(present);
                return Err(TreeError::AlreadyMember {
                    commitment: *leaf,
                    leaf_index: earlier,
                });
            }
        }
        for leaf in leaves {
            self.push_leaf(leaf.to_field());
        }
        Ok(self.root())
    }

    /// Goes back to the version of `version` leaves, as a reorg asks for.
    ///
    /// # Errors
    /// [`TreeError::VersionAhead`].
    pub fn truncate(&mut self, version: u64) -> Result<(), TreeError> {
        self.check_version(version)?;
        self.forget_from(version);
        for (level, nodes) in self.full.iter_mut().enumerate() {
            nodes.truncate(usize::try_from(version >> level).expect("a leaf count fits memory"));
        }
        Ok(())
    }

    /// The root when the tree had `version` leaves.
    ///
    /// # Errors
    /// [`TreeError::VersionAhead`].
    pub fn root_at(&self, version: u64) -> Result<Root, TreeError> {
        self.check_version(version)?;
        Ok(Root::from(self.edge_nodes(version)[TREE_DEPTH]))
    }

    /// The path of `leaf_index` in the version of `version` leaves; 30 hashes.
    ///
    /// # Errors
    /// [`TreeError::VersionAhead`], [`TreeError::NotInVersion`].
    pub fn proof_at(
        &self,
        version: u64,
        leaf_index: LeafIndex,
    ) -> Result<InclusionProof, TreeError> {
        self.check_version(version)?;
        if leaf_index.get() >= version {
            return Err(TreeError::NotInVersion {
                leaf_index,
                version,
            });
        }
        let edge = self.edge_nodes(version);
        let siblings = core::array::from_fn(|level| {
            let sibling = (leaf_index.get() >> level) ^ 1;
            match sibling.cmp(&(version >> level)) {
                core::cmp::Ordering::Less => self.full_node(level, sibling),
                core::cmp::Ordering::Equal => edge[level],
                core::cmp::Ordering::Greater => empty_node(level),
            }
        });
        Ok(InclusionProof {
            leaf_index,
            siblings,
        })
    }

    fn check_version(&self, version: u64) -> Result<(), TreeError> {
        let present = self.leaf_count();
        if version > present {
            return Err(TreeError::VersionAhead { version, present });
        }
        Ok(())
    }

    fn forget_from(&mut self, version: u64) {
        self.index
            .retain(|_, leaf_index| leaf_index.get() < version);
    }

    fn full_node(&self, level: usize, position: u64) -> FieldElement {
        let position = usize::try_from(position).expect("a node position fits memory");
        self.full[level][position]
    }

    fn push_leaf(&mut self, leaf: FieldElement) {
        self.full[0].push(leaf);
        for level in 0..TREE_DEPTH {
            let [.., left, right] = self.full[level].as_slice() else {
                return;
            };
            if !self.full[level].len().is_multiple_of(2) {
                return;
            }
            let parent = hash_pair(*left, *right);
            self.full[level + 1].push(parent);
        }
    }

    /// The node at each level over position `version`: the right edge, empty beyond it.
    fn edge_nodes(&self, version: u64) -> [FieldElement; TREE_DEPTH + 1] {
        if version == CAPACITY {
            let mut edge = core::array::from_fn(empty_node);
            edge[TREE_DEPTH] = self.full_node(TREE_DEPTH, 0);
            return edge;
        }
        let mut edge = [FieldElement::ZERO; TREE_DEPTH + 1];
        for level in 0..TREE_DEPTH {
            let position = version >> level;
            edge[level + 1] = if position & 1 == 1 {
                hash_pair(self.full_node(level, position - 1), edge[level])
            } else if version & ((1 << level) - 1) == 0 {
                empty_node(level + 1)
            } else {
                hash_pair(edge[level], empty_node(level))
            };
        }
        edge
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::U256;
    use proptest::prelude::*;
    use semaphore_rs::poseidon_tree::LazyPoseidonTree;

    use super::*;
    use crate::empty_root;

    fn commitments(count: u64) -> Vec<Commitment> {
        (1..=count)
            .map(|i| Commitment::try_from(U256::from(i) * U256::from(0x9e37_79b9_u64)).unwrap())
            .collect()
    }

    fn reference_root(leaves: &[Commitment]) -> U256 {
        let mut tree = LazyPoseidonTree::new(TREE_DEPTH, U256::ZERO).derived();
        for (index, leaf) in leaves.iter().enumerate() {
            tree = tree.update(index, &leaf.to_u256());
        }
        tree.root()
    }

    #[test]
    fn the_empty_tree_has_the_root_of_the_protocol() {
        let expected = "0x0918d46bf52d98b034413f4a1a1c41594e7a7a3f6ae08cb43d1a2a230e1959ef";
        assert_eq!(empty_root().to_string(), expected);
        assert_eq!(MembershipTree::default().root(), empty_root());
    }

    #[test]
    fn roots_equal_the_reference_after_every_leaf() {
        let leaves = commitments(17);
        let mut tree = MembershipTree::default();
        for count in 1..=leaves.len() {
            let root = tree.append(&leaves[count - 1..count]).unwrap();
            assert_eq!(
                root.to_u256(),
                reference_root(&leaves[..count]),
                "{count} leaves"
            );
        }
    }

    #[test]
    fn a_second_appearance_changes_nothing() {
        let leaves = commitments(5);
        let mut tree = MembershipTree::default();
        let root = tree.append(&leaves[..3]).unwrap();
        let again = [leaves[3], leaves[4], leaves[1]];
        assert!(matches!(
            tree.append(&again),
            Err(TreeError::AlreadyMember { .. })
        ));
        let twice = [leaves[3], leaves[3]];
        assert!(matches!(
            tree.append(&twice),
            Err(TreeError::AlreadyMember { .. })
        ));
        assert_eq!((tree.root(), tree.leaf_count()), (root, 3));
        assert_eq!(tree.leaf_index(leaves[1]).unwrap().get(), 1);
        assert_eq!(tree.leaf_index(leaves[3]), None);
    }

    #[test]
    fn versions_ahead_and_leaves_too_new_are_refused() {
        let mut tree = MembershipTree::default();
        tree.append(&commitments(4)).unwrap();
        let third = LeafIndex::try_from(2).unwrap();
        assert!(matches!(
            tree.root_at(5),
            Err(TreeError::VersionAhead { .. })
        ));
        assert!(matches!(
            tree.proof_at(2, third),
            Err(TreeError::NotInVersion { .. })
        ));
        assert!(matches!(
            tree.truncate(5),
            Err(TreeError::VersionAhead { .. })
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_version_stays_provable(total in 1_u64..70, version in 1_u64..70, leaf in 0_u64..70) {
            let (version, leaf) = (1 + version % total, leaf % (1 + version % total));
            let leaves = commitments(total);
            let mut tree = MembershipTree::default();
            tree.append(&leaves).unwrap();
            let mut earlier = MembershipTree::default();
            let root = earlier.append(&leaves[..usize::try_from(version).unwrap()]).unwrap();
            prop_assert_eq!(tree.root_at(version).unwrap(), root);
            let proof = tree.proof_at(version, LeafIndex::try_from(leaf).unwrap()).unwrap();
            let commitment = leaves[usize::try_from(leaf).unwrap()];
            prop_assert_eq!(proof.root_from(commitment), root);
            let other = Commitment::try_from(commitment.to_u256() + U256::from(1)).unwrap();
            prop_assert_ne!(proof.root_from(other), root);
        }

        #[test]
        fn truncation_undoes_appends(total in 1_u64..40, kept in 0_u64..40) {
            let kept = kept % (total + 1);
            let leaves = commitments(total);
            let mut tree = MembershipTree::default();
            tree.append(&leaves).unwrap();
            let root = tree.root();
            tree.truncate(kept).unwrap();
            prop_assert_eq!(tree.leaf_count(), kept);
            tree.append(&leaves[usize::try_from(kept).unwrap()..]).unwrap();
            prop_assert_eq!(tree.root(), root);
        }
    }
}
