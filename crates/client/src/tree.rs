use std::collections::HashMap;
use std::ops::Range;

use annona_core::{Commitment, Epoch, LeafIndex};
use annona_tree::{InclusionProof, TILE_LEVELS, TILE_WIDTH, Tile, TileId, TileRanges};

use crate::{ApiClient, ClientError};

/// The tree of an epoch, read tile by tile; none is fetched twice.
///
/// The service learns which range of tiles holds the wallet's leaf, and nothing that
/// narrows it: the newest tile of each level comes first, then the whole range in order,
/// then the tiles above it. Nothing here is to be trusted before the path's root was
/// compared with the chain's.
#[derive(Debug)]
pub struct TreeReader<'a> {
    service: &'a ApiClient,
    epoch: Epoch,
    members: u64,
    tiles: HashMap<TileId, Tile>,
}

impl<'a> TreeReader<'a> {
    /// A reader of the tree of `epoch`, of which the chain says that it has `members`.
    #[must_use]
    pub fn new(service: &'a ApiClient, epoch: Epoch, members: u64) -> Self {
        Self {
            service,
            epoch,
            members,
            tiles: HashMap::new(),
        }
    }

    /// Finds the leaf of a commitment: near `known`, where it was found before, or else among
    /// all leaves, the newest first, because a wallet looks for itself when it has just
    /// joined (IDENT-8).
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::TooFewLeaves`] when the tree cannot be the epoch's.
    pub async fn find(
        &mut self,
        commitment: Commitment,
        known: Option<LeafIndex>,
    ) -> Result<Option<LeafIndex>, ClientError> {
        let leaves = self.count_leaves().await?;
        if leaves < self.members {
            return Err(ClientError::TooFewLeaves {
                leaves,
                members: self.members,
            });
        }
        let ranges = TileRanges::new(leaves, self.members);
        let known = known.map(|leaf_index| TileId::path_of(leaf_index)[0].index());
        if let Some(range) = known.and_then(|index| ranges.around(index))
            && let Some(place) = self.find_in(range, commitment).await?
        {
            return Ok(Some(place));
        }
        for range in ranges.newest_first() {
            if let Some(place) = self.find_in(range, commitment).await? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// The path of a leaf that was found.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn path(&mut self, leaf_index: LeafIndex) -> Result<InclusionProof, ClientError> {
        let mut tiles = Vec::with_capacity(TILE_LEVELS);
        for id in TileId::path_of(leaf_index) {
            tiles.push(self.tile(id).await?.clone());
        }
        let tiles = tiles.try_into().expect("a path has four tiles");
        Ok(InclusionProof::from_tiles(leaf_index, &tiles)?)
    }

    /// Number of leaves; the last nodes of the newest tiles tell.
    async fn count_leaves(&mut self) -> Result<u64, ClientError> {
        let mut count = 1;
        for level in (0..TILE_LEVELS as u64).rev() {
            let Some(tile) = self.tile_at(level, count - 1).await? else {
                return Ok(0);
            };
            count = (count - 1) * TILE_WIDTH + tile.nodes().len() as u64;
        }
        Ok(count)
    }

    /// Looks at the whole range, wherever in it the commitment is (IDENT-9).
    async fn find_in(
        &mut self,
        range: Range<u64>,
        commitment: Commitment,
    ) -> Result<Option<LeafIndex>, ClientError> {
        let leaf = commitment.to_field();
        let mut found = None;
        for index in range {
            let Some(tile) = self.tile_at(0, index).await? else {
                continue;
            };
            let within = tile.nodes().iter().position(|node| *node == leaf);
            if let Some(within) = within {
                found = LeafIndex::try_from(index * TILE_WIDTH + within as u64).ok();
            }
        }
        Ok(found)
    }

    /// A tile, if the tree has it.
    async fn tile_at(&mut self, level: u64, index: u64) -> Result<Option<&Tile>, ClientError> {
        let Some(id) = TileId::new(level, index) else {
            return Ok(None);
        };
        match self.tile(id).await {
            Err(error) if error.code() == Some("tile-unknown") => Ok(None),
            tile => tile.map(Some),
        }
    }

    async fn tile(&mut self, id: TileId) -> Result<&Tile, ClientError> {
        if !self.tiles.contains_key(&id) {
            let tile = self.service.tile(self.epoch, id).await?;
            self.tiles.insert(id, tile);
        }
        Ok(&self.tiles[&id])
    }
}
