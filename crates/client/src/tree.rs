use std::collections::HashMap;

use annona_core::{Commitment, Epoch, LeafIndex};
use annona_tree::{InclusionProof, TILE_LEVELS, Tile, TileId};

use crate::{ApiClient, ClientError};

/// Nodes of a tile.
const TILE_WIDTH: u64 = 256;

/// The tree of an epoch, read tile by tile; none is fetched twice.
///
/// The service learns which tiles were asked for, and so at most which 256 people the
/// wallet's owner is among. Nothing here is to be trusted before the path's root was
/// compared with the chain's.
#[derive(Debug)]
pub struct TreeReader<'a> {
    service: &'a ApiClient,
    epoch: Epoch,
    tiles: HashMap<TileId, Tile>,
}

impl<'a> TreeReader<'a> {
    /// A reader of the tree of `epoch`.
    #[must_use]
    pub fn new(service: &'a ApiClient, epoch: Epoch) -> Self {
        Self {
            service,
            epoch,
            tiles: HashMap::new(),
        }
    }

    /// Where a commitment is: at `known`, where it was found before, or else among all leaves,
    /// the newest first, because a wallet looks for itself when it has just joined.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn find(
        &mut self,
        commitment: Commitment,
        known: Option<LeafIndex>,
    ) -> Result<Option<LeafIndex>, ClientError> {
        let known = known.map(|leaf_index| TileId::path_of(leaf_index)[0].index());
        if let Some(index) = known
            && let Some(place) = self.find_in(index, commitment).await?
        {
            return Ok(Some(place));
        }
        for index in (0..self.tiles_of_leaves().await?).rev() {
            if let Some(place) = self.find_in(index, commitment).await? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// The path of a leaf.
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

    /// Number of tiles of leaves; the last nodes of the tiles above tell.
    async fn tiles_of_leaves(&mut self) -> Result<u64, ClientError> {
        let mut count = 1;
        for level in (1..TILE_LEVELS as u64).rev() {
            let Some(tile) = self.tile_at(level, count - 1).await? else {
                return Ok(0);
            };
            count = (count - 1) * TILE_WIDTH + tile.nodes().len() as u64;
        }
        Ok(count)
    }

    async fn find_in(
        &mut self,
        index: u64,
        commitment: Commitment,
    ) -> Result<Option<LeafIndex>, ClientError> {
        let leaf = commitment.to_field();
        let Some(tile) = self.tile_at(0, index).await? else {
            return Ok(None);
        };
        let within = tile.nodes().iter().position(|node| *node == leaf);
        Ok(within.and_then(|within| LeafIndex::try_from(index * TILE_WIDTH + within as u64).ok()))
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
