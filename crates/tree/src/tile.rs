use annona_core::{FieldElement, LeafIndex, TREE_DEPTH};

use crate::empty::empty_node;
use crate::hash_pairs;

/// Tiles on top of each other: 30 levels are 8 + 8 + 8 + 6.
pub const TILE_LEVELS: usize = 4;

/// Levels of the tree in a tile, at most.
pub(crate) const TILE_HEIGHT: usize = 8;

/// Bytes of a node in a tile.
const NODE_BYTES: usize = 32;

/// Reason why bytes or tiles are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// Not a whole number of nodes, none, or more than fit.
    #[error("{bytes} bytes are not the nodes of tile {id:?}")]
    Length {
        /// Id of the tile that was to be read.
        id: TileId,
        /// Bytes given.
        bytes: usize,
    },
    /// A node is not below the scalar modulus.
    #[error("node {position} of tile {id:?} is not a field element")]
    NotCanonical {
        /// Id of the tile that was to be read.
        id: TileId,
        /// Position of the node in it.
        position: usize,
    },
    /// The tile is not the one on the way from the leaf to the root.
    #[error("the path needs tile {expected:?}, not {actual:?}")]
    OffPath {
        /// The tile that is needed.
        expected: TileId,
        /// The tile given.
        actual: TileId,
    },
}

/// Id of a tile: its level, and its number on that level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileId {
    level: u8,
    index: u32,
}

impl TileId {
    /// Creates the id of the tile number `index`, from the left, of tile level `level`, from
    /// the leaves; nothing if the tree has no such place.
    #[must_use]
    pub fn new(level: u64, index: u64) -> Option<Self> {
        let id = Self {
            level: u8::try_from(level).ok()?,
            index: u32::try_from(index).ok()?,
        };
        let is_level = usize::from(id.level) < TILE_LEVELS;
        (is_level && index << id.height() < id.row_width()).then_some(id)
    }

    /// Returns the tiles of the path of a leaf, bottom to top.
    #[must_use]
    pub fn path_of(leaf_index: LeafIndex) -> [Self; TILE_LEVELS] {
        core::array::from_fn(|level| {
            let shift = (level * TILE_HEIGHT + height_of(level)).min(TREE_DEPTH);
            Self {
                level: level as u8,
                index: u32::try_from(leaf_index.get() >> shift).expect("a leaf index has 30 bits"),
            }
        })
    }

    /// Returns the tile level, 0 at the leaves.
    #[must_use]
    pub const fn level(self) -> usize {
        self.level as usize
    }

    /// Returns the number of the tile on its level.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index as u64
    }

    /// Returns the number of nodes of the tree on the level of the tile's lowest ones.
    fn row_width(self) -> u64 {
        1 << (TREE_DEPTH - self.level() * TILE_HEIGHT)
    }

    fn height(self) -> usize {
        height_of(self.level())
    }
}

/// Returns the number of levels in a tile of tile level `level`.
pub(crate) fn height_of(level: usize) -> usize {
    TILE_HEIGHT.min(TREE_DEPTH - level * TILE_HEIGHT)
}

/// The lowest nodes of a tile, without the empty ones at its right; all others follow
/// from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    id: TileId,
    nodes: Vec<FieldElement>,
}

impl Tile {
    pub(crate) fn new(id: TileId, nodes: Vec<FieldElement>) -> Self {
        Self { id, nodes }
    }

    /// Returns the id of the tile.
    #[must_use]
    pub const fn id(&self) -> TileId {
        self.id
    }

    /// Returns the lowest nodes; leaves in a tile of level 0.
    #[must_use]
    pub fn nodes(&self) -> &[FieldElement] {
        &self.nodes
    }

    /// Returns the lowest nodes as 32 big-endian bytes each.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let nodes = self.nodes.iter();
        nodes.flat_map(|node| node.to_be_bytes()).collect()
    }

    /// Reads the bytes of [`Tile::to_bytes`].
    ///
    /// # Errors
    /// [`TileError`].
    pub fn from_bytes(id: TileId, bytes: &[u8]) -> Result<Self, TileError> {
        let (words, rest) = bytes.as_chunks::<NODE_BYTES>();
        if words.is_empty() || words.len() > 1 << id.height() || !rest.is_empty() {
            return Err(TileError::Length {
                id,
                bytes: bytes.len(),
            });
        }
        let node = |(position, word): (usize, &[u8; NODE_BYTES])| {
            FieldElement::from_be_bytes(*word).map_err(|_| TileError::NotCanonical { id, position })
        };
        let nodes = words
            .iter()
            .enumerate()
            .map(node)
            .collect::<Result<_, _>>()?;
        Ok(Self { id, nodes })
    }

    /// Computes all nodes of the tile.
    pub(crate) fn expand(&self) -> Box<[FieldElement]> {
        let mut block = empty_block(self.id.level());
        let changes = self.nodes.iter().copied().enumerate();
        write_block(&mut block, changes);
        block
    }
}

/// Returns the nodes of an empty tile: node 1 is its top, and below node `k` are `2 k` and
/// `2 k + 1`.
pub(crate) fn empty_block(level: usize) -> Box<[FieldElement]> {
    let height = height_of(level);
    let node = |position: usize| {
        let below_top = position.max(1).ilog2() as usize;
        empty_node(level * TILE_HEIGHT + height - below_top)
    };
    (0..2 << height).map(node).collect()
}

/// Sets lowest nodes of a block, in rising order, and all nodes above them.
pub(crate) fn write_block(
    block: &mut [FieldElement],
    changes: impl Iterator<Item = (usize, FieldElement)>,
) {
    let width = block.len() / 2;
    let mut changed: Vec<usize> = Vec::new();
    for (position, node) in changes {
        block[width + position] = node;
        changed.push(width + position);
    }
    while changed.first().is_some_and(|node| *node > 1) {
        for node in &mut changed {
            *node /= 2;
        }
        changed.dedup();
        let pairs: Vec<[FieldElement; 2]> = changed
            .iter()
            .map(|node| [block[2 * node], block[2 * node + 1]])
            .collect();
        for (node, hash) in changed.iter().zip(hash_pairs(&pairs)) {
            block[*node] = hash;
        }
    }
}
