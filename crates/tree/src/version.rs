use std::sync::{Arc, LazyLock};

use annona_core::{Commitment, FieldElement, LeafIndex, Root, TREE_DEPTH};
use rayon::prelude::*;

use crate::empty::empty_node;
use crate::error::TreeError;
use crate::proof::InclusionProof;
use crate::tile::{TILE_HEIGHT, TILE_LEVELS, Tile, TileId, empty_block, height_of, write_block};

/// Leaves that fit: `2^30` (REG-4).
const CAPACITY: u64 = 1 << TREE_DEPTH;

/// Changes of a level from which on its tiles are shared among the threads of the pool.
const MIN_PARALLEL_CHANGES: usize = 64;

/// Nodes of one tile, as [`empty_block`] orders them.
type Block = Arc<[FieldElement]>;

static EMPTY_BLOCKS: LazyLock<[Block; TILE_LEVELS]> =
    LazyLock::new(|| core::array::from_fn(|level| empty_block(level).into()));

/// A leaf that is to become empty. Its position is not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Position of the leaf.
    pub leaf_index: LeafIndex,
    /// Commitment at the position.
    pub commitment: Commitment,
}

/// A new node at a position of its level.
#[derive(Debug, Clone, Copy)]
struct Change {
    position: u64,
    node: FieldElement,
}

/// The tree at one moment. Two versions share the tiles in which they do not differ, so that
/// a copy costs a pointer for each 256 leaves, and a change four tiles of 16 KiB.
#[derive(Debug, Clone, Default)]
pub struct TreeVersion {
    levels: [Vec<Block>; TILE_LEVELS],
    leaf_count: u64,
}

impl TreeVersion {
    /// Returns the number of positions taken, those of revoked leaves included.
    #[must_use]
    pub const fn leaf_count(&self) -> u64 {
        self.leaf_count
    }

    /// Returns the root of this version.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::from(self.node(TREE_DEPTH, 0))
    }

    /// Returns the leaf at a position; zero where there is none, or where it was revoked.
    #[must_use]
    pub fn leaf(&self, leaf_index: LeafIndex) -> FieldElement {
        self.node(0, leaf_index.get())
    }

    /// Returns the path of a position.
    #[must_use]
    pub fn proof(&self, leaf_index: LeafIndex) -> InclusionProof {
        let sibling = |level: usize| self.node(level, (leaf_index.get() >> level) ^ 1);
        InclusionProof {
            leaf_index,
            siblings: core::array::from_fn(sibling),
        }
    }

    /// Returns at each level the node left of the path to the first free leaf; zero where
    /// that path turns left.
    #[must_use]
    pub fn frontier(&self) -> [FieldElement; TREE_DEPTH] {
        core::array::from_fn(|level| match self.leaf_count >> level {
            place if place % 2 == 1 => self.node(level, place - 1),
            _ => FieldElement::ZERO,
        })
    }

    /// Returns a tile; nothing where no leaf was ever appended.
    #[must_use]
    pub fn tile(&self, id: TileId) -> Option<Tile> {
        let index = usize::try_from(id.index()).ok()?;
        let block = self.levels[id.level()].get(index)?;
        let width = block.len() / 2;
        let taken =
            self.leaf_count.div_ceil(1 << (TILE_HEIGHT * id.level())) - id.index() * width as u64;
        let taken = usize::try_from(taken).map_or(width, |taken| taken.min(width));
        Some(Tile::new(id, block[width..width + taken].to_vec()))
    }

    /// Appends leaves; a zero marks one that was revoked since.
    pub(crate) fn append(&mut self, leaves: &[FieldElement]) -> Result<(), TreeError> {
        let (present, requested) = (self.leaf_count, leaves.len() as u64);
        if requested > CAPACITY - present {
            return Err(TreeError::Full { present, requested });
        }
        let change = |(position, node): (u64, &FieldElement)| Change {
            position,
            node: *node,
        };
        self.write((present..).zip(leaves).map(change).collect());
        self.leaf_count += requested;
        Ok(())
    }

    /// Empties leaves; all of them or none.
    pub fn revoke(&mut self, revocations: &[Revocation]) -> Result<(), TreeError> {
        let mut sorted = revocations.to_vec();
        sorted.sort_by_key(|revocation| revocation.leaf_index);
        let mut before = None;
        for revocation in &sorted {
            let leaf_index = revocation.leaf_index;
            let is_again = before.replace(leaf_index) == Some(leaf_index);
            if is_again || self.leaf(leaf_index) != revocation.commitment.to_field() {
                return Err(TreeError::NotTheLeaf {
                    leaf_index,
                    commitment: revocation.commitment,
                });
            }
        }
        self.clear(sorted.iter().map(|revocation| revocation.leaf_index));
        Ok(())
    }

    /// Empties leaves in rising order.
    pub(crate) fn clear(&mut self, leaves: impl Iterator<Item = LeafIndex>) {
        let changes = leaves.map(|leaf_index| Change {
            position: leaf_index.get(),
            node: FieldElement::ZERO,
        });
        self.write(changes.collect());
    }

    /// Returns the positions whose leaves differ from those of `other`, in rising order;
    /// tiles that both share are not looked into.
    pub(crate) fn differences<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = LeafIndex> + 'a {
        let tiles = self.levels[0].len().max(other.levels[0].len());
        let differing = (0..tiles).filter(|index| {
            match (self.levels[0].get(*index), other.levels[0].get(*index)) {
                (Some(left), Some(right)) => !Arc::ptr_eq(left, right),
                _ => true,
            }
        });
        let width = 1_u64 << height_of(0);
        let positions = differing.flat_map(move |index| {
            let first = index as u64 * width;
            first..first + width
        });
        positions
            .map(|position| LeafIndex::try_from(position).expect("tiles lie inside the tree"))
            .filter(|leaf_index| self.leaf(*leaf_index) != other.leaf(*leaf_index))
    }

    /// Returns the commitment at a position that is not empty.
    pub(crate) fn member(&self, leaf_index: LeafIndex) -> Option<Commitment> {
        Commitment::try_from(self.leaf(leaf_index).to_u256()).ok()
    }

    fn node(&self, level: usize, position: u64) -> FieldElement {
        let tile_level = (level / TILE_HEIGHT).min(TILE_LEVELS - 1);
        let above = height_of(tile_level) - (level - TILE_HEIGHT * tile_level);
        let index = usize::try_from(position >> above).expect("a tile's number fits memory");
        let within = (position & ((1 << above) - 1)) as usize;
        match self.levels[tile_level].get(index) {
            Some(block) => block[(1 << above) + within],
            None => empty_node(level),
        }
    }

    /// Writes leaves, in rising order of positions, and the nodes that lie above them.
    fn write(&mut self, mut changes: Vec<Change>) {
        for (level, blocks) in self.levels.iter_mut().enumerate() {
            changes = write_level(level, blocks, &changes);
        }
    }
}

/// Writes the lowest nodes of the tiles of a level; returns the changes in the level above.
fn write_level(level: usize, blocks: &mut Vec<Block>, changes: &[Change]) -> Vec<Change> {
    let Some(last) = changes.last() else {
        return Vec::new();
    };
    let height = height_of(level);
    let tile_of = |change: &Change| (change.position >> height) as usize;
    if tile_of(last) >= blocks.len() {
        blocks.resize_with(tile_of(last) + 1, || Arc::clone(&EMPTY_BLOCKS[level]));
    }
    let mut tiles = blocks.iter_mut().enumerate();
    let work: Vec<(usize, &mut Block, &[Change])> = changes
        .chunk_by(|left, right| tile_of(left) == tile_of(right))
        .filter_map(|group| {
            let (index, block) = tiles.find(|(index, _)| *index == tile_of(&group[0]))?;
            Some((index, block, group))
        })
        .collect();
    let write = |(index, block, group): (usize, &mut Block, &[Change])| {
        let block = Arc::make_mut(block);
        let mask = (1 << height) - 1;
        write_block(
            block,
            group
                .iter()
                .map(|change| ((change.position & mask) as usize, change.node)),
        );
        Change {
            position: index as u64,
            node: block[1],
        }
    };
    // A few nodes are sooner hashed than handed to other threads.
    if work.len() == 1 || changes.len() < MIN_PARALLEL_CHANGES {
        return work.into_iter().map(write).collect();
    }
    work.into_par_iter().map(write).collect()
}
