use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use annona_core::{Commitment, FieldElement, LeafIndex, Root};
use hashbrown::HashTable;

use crate::{Revocation, TreeError, TreeVersion};

/// The current tree, with the position of each member.
///
/// ```
/// # use annona_core::{Commitment, U256};
/// # use annona_tree::{MembershipTree, Revocation};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let commitment = Commitment::try_from(U256::from(5))?;
/// let mut tree = MembershipTree::default();
/// let empty = tree.root();
/// let root = tree.append(&[commitment])?;
/// let before = tree.current().clone();
/// let leaf_index = tree.leaf_index(commitment).expect("appended");
/// assert_eq!(before.proof(leaf_index).root_from(commitment), root);
///
/// tree.revoke(&[Revocation { leaf_index, commitment }])?;
/// assert_eq!(tree.root(), empty);
/// assert_eq!(before.root(), root, "a version stays as it was");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MembershipTree {
    current: TreeVersion,
    /// Positions, found by the commitments at them.
    positions: HashTable<LeafIndex>,
    hasher: RandomState,
}

impl MembershipTree {
    /// Returns the current version; a clone of it is kept as it is.
    #[must_use]
    pub const fn current(&self) -> &TreeVersion {
        &self.current
    }

    /// Returns the number of positions taken, those of revoked leaves included.
    #[must_use]
    pub const fn leaf_count(&self) -> u64 {
        self.current.leaf_count()
    }

    /// Returns the current root.
    #[must_use]
    pub fn root(&self) -> Root {
        self.current.root()
    }

    /// Returns the position of a member; the first one if it is at several.
    #[must_use]
    pub fn leaf_index(&self, commitment: Commitment) -> Option<LeafIndex> {
        self.places_of(commitment).min()
    }

    /// Returns all positions of a member, in order: the registry takes a commitment twice.
    #[must_use]
    pub fn leaf_indices(&self, commitment: Commitment) -> Vec<LeafIndex> {
        let mut places: Vec<LeafIndex> = self.places_of(commitment).collect();
        places.sort_unstable();
        places
    }

    fn places_of(&self, commitment: Commitment) -> impl Iterator<Item = LeafIndex> {
        let leaf = commitment.to_field();
        self.positions
            .iter_hash(self.hasher.hash_one(leaf))
            .copied()
            .filter(move |leaf_index| self.current.leaf(*leaf_index) == leaf)
    }

    /// Appends `leaves` in order and returns the new root; all of them or none. One that is
    /// a member already is appended all the same, as the registry does.
    ///
    /// # Errors
    /// [`TreeError::Full`].
    pub fn append(&mut self, leaves: &[Commitment]) -> Result<Root, TreeError> {
        let first = self.leaf_count();
        self.current.append(&fields(leaves))?;
        for position in first..self.leaf_count() {
            self.remember(appended(position));
        }
        Ok(self.root())
    }

    /// Empties leaves and returns the new root; all of them or none.
    ///
    /// # Errors
    /// [`TreeError::NotTheLeaf`].
    pub fn revoke(&mut self, revocations: &[Revocation]) -> Result<Root, TreeError> {
        let mut next = self.current.clone();
        next.revoke(revocations)?;
        self.move_to(next);
        Ok(self.root())
    }

    /// Computes the root after appending `leaves`, which stay out of the tree.
    ///
    /// # Errors
    /// [`TreeError::Full`]; [`TreeError::AlreadyMember`] for a commitment that is a member
    /// or twice in the list.
    pub fn root_after_append(&self, leaves: &[Commitment]) -> Result<Root, TreeError> {
        let mut next = self.current.clone();
        next.append(&fields(leaves))?;
        let mut added = HashMap::new();
        for (position, commitment) in (self.leaf_count()..).zip(leaves) {
            let earlier = self
                .leaf_index(*commitment)
                .or_else(|| added.insert(*commitment, appended(position)));
            if let Some(leaf_index) = earlier {
                return Err(TreeError::AlreadyMember {
                    commitment: *commitment,
                    leaf_index,
                });
            }
        }
        Ok(next.root())
    }

    /// Computes the root after `revocations`, which are not made.
    ///
    /// # Errors
    /// [`TreeError::NotTheLeaf`].
    pub fn root_after_revoke(&self, revocations: &[Revocation]) -> Result<Root, TreeError> {
        let mut next = self.current.clone();
        next.revoke(revocations)?;
        Ok(next.root())
    }

    /// Makes another version the current one, as a reorg asks for.
    pub fn move_to(&mut self, version: TreeVersion) {
        let changed: Vec<LeafIndex> = self.current.differences(&version).collect();
        for leaf_index in &changed {
            self.forget(*leaf_index);
        }
        self.current = version;
        for leaf_index in changed {
            if self.current.member(leaf_index).is_some() {
                self.remember(leaf_index);
            }
        }
    }

    fn remember(&mut self, leaf_index: LeafIndex) {
        let Self {
            current,
            positions,
            hasher,
        } = self;
        let hash = |leaf_index: &LeafIndex| hasher.hash_one(current.leaf(*leaf_index));
        positions.insert_unique(hash(&leaf_index), leaf_index, hash);
    }

    fn forget(&mut self, leaf_index: LeafIndex) {
        let hash = self.hasher.hash_one(self.current.leaf(leaf_index));
        let entry = self
            .positions
            .find_entry(hash, |other| *other == leaf_index);
        if let Ok(entry) = entry {
            entry.remove();
        }
    }
}

impl From<TreeVersion> for MembershipTree {
    fn from(version: TreeVersion) -> Self {
        let mut tree = Self::default();
        tree.move_to(version);
        tree
    }
}

fn fields(leaves: &[Commitment]) -> Vec<FieldElement> {
    leaves.iter().map(|leaf| leaf.to_field()).collect()
}

fn appended(position: u64) -> LeafIndex {
    LeafIndex::try_from(position).expect("what was appended lies inside the tree")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::U256;

    use super::*;

    #[test]
    fn a_commitment_that_joined_twice_is_at_both_places_until_it_has_left_both() {
        let twice = Commitment::try_from(U256::from(7)).unwrap();
        let other = Commitment::try_from(U256::from(8)).unwrap();
        let mut tree = MembershipTree::default();
        tree.append(&[twice, other, twice]).unwrap();
        let place = |index: u64| LeafIndex::try_from(index).unwrap();
        assert_eq!(tree.leaf_indices(twice), [place(0), place(2)]);
        assert_eq!(tree.leaf_index(twice), Some(place(0)));
        let revoke = |tree: &mut MembershipTree, index| {
            tree.revoke(&[Revocation {
                leaf_index: place(index),
                commitment: twice,
            }])
            .unwrap();
        };
        revoke(&mut tree, 0);
        assert_eq!(tree.leaf_indices(twice), [place(2)]);
        revoke(&mut tree, 2);
        assert_eq!(tree.leaf_index(twice), None);
    }

    #[test]
    fn no_position_is_kept_of_who_is_no_member() {
        let leaves: Vec<Commitment> = (1..=600_u64)
            .map(|seed| Commitment::try_from(U256::from(seed)).unwrap())
            .collect();
        let mut tree = MembershipTree::default();
        tree.append(&leaves[..300]).unwrap();
        let before = tree.current().clone();
        tree.append(&leaves[300..]).unwrap();
        let revocations: Vec<Revocation> = leaves[..50]
            .iter()
            .map(|leaf| Revocation {
                leaf_index: tree.leaf_index(*leaf).unwrap(),
                commitment: *leaf,
            })
            .collect();
        tree.revoke(&revocations).unwrap();
        assert_eq!(tree.positions.len(), 550);
        tree.move_to(before);
        assert_eq!(tree.positions.len(), 300);
    }
}
