use annona_core::{Commitment, FieldElement, LeafIndex, Root, TREE_DEPTH};

use crate::{TILE_LEVELS, Tile, TileError, TileId, hash_pair};

/// The path from a leaf to a root: 30 siblings, the leaf's own level first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Position of the leaf.
    pub leaf_index: LeafIndex,
    /// Sibling at each level, bottom to top.
    pub siblings: [FieldElement; TREE_DEPTH],
}

impl InclusionProof {
    /// Makes the path of a leaf out of the tiles of [`TileId::path_of`], bottom to top. Its
    /// root, compared with one that is trusted, shows whether they belong together.
    ///
    /// # Errors
    /// [`TileError::OffPath`].
    pub fn from_tiles(
        leaf_index: LeafIndex,
        tiles: &[Tile; TILE_LEVELS],
    ) -> Result<Self, TileError> {
        let mut siblings = Vec::with_capacity(TREE_DEPTH);
        for (expected, tile) in TileId::path_of(leaf_index).into_iter().zip(tiles) {
            if tile.id() != expected {
                return Err(TileError::OffPath {
                    expected,
                    actual: tile.id(),
                });
            }
            let block = tile.expand();
            let width = block.len() / 2;
            let position = leaf_index.get() >> siblings.len();
            let mut node = width + (position as usize & (width - 1));
            while node > 1 {
                siblings.push(block[node ^ 1]);
                node /= 2;
            }
        }
        Ok(Self {
            leaf_index,
            siblings: siblings.try_into().expect("four tiles have 30 levels"),
        })
    }

    /// Returns the root that this path leads to from `leaf`. A wallet compares it with `R_e`
    /// read from the chain before it proves anything.
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

    /// Returns whether the path's node at `level` is a right child.
    #[must_use]
    pub const fn turns_right(&self, level: usize) -> bool {
        (self.leaf_index.get() >> level) & 1 == 1
    }
}
