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

    /// Where a commitment is. The newest leaves are looked at first, because a wallet looks
    /// for itself when it has just joined; after that it knows.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn find(&mut self, commitment: Commitment) -> Result<Option<LeafIndex>, ClientError> {
        let Some(newest) = self.newest_leaves().await? else {
            return Ok(None);
        };
        for index in (0..=newest).rev() {
            let Some(id) = TileId::new(0, index) else {
                return Ok(None);
            };
            let tile = self.tile(id).await?;
            let leaf = commitment.to_field();
            let within = tile.nodes().iter().position(|node| *node == leaf);
            if let Some(within) = within {
                return Ok(LeafIndex::try_from(index * TILE_WIDTH + within as u64).ok());
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

    /// Number of the last tile of leaves, which the last nodes of the tiles above lead to;
    /// nothing in a tree without leaves.
    async fn newest_leaves(&mut self) -> Result<Option<u64>, ClientError> {
        let mut index = 0;
        for level in (1..TILE_LEVELS as u64).rev() {
            let Some(id) = TileId::new(level, index) else {
                return Ok(None);
            };
            let tile = match self.tile(id).await {
                Err(error) if error.code() == Some("tile-unknown") => return Ok(None),
                tile => tile?,
            };
            index = index * TILE_WIDTH + tile.nodes().len() as u64 - 1;
        }
        Ok(Some(index))
    }

    async fn tile(&mut self, id: TileId) -> Result<&Tile, ClientError> {
        if !self.tiles.contains_key(&id) {
            let tile = self.service.tile(self.epoch, id).await?;
            self.tiles.insert(id, tile);
        }
        Ok(&self.tiles[&id])
    }
}
