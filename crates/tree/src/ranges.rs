use core::ops::Range;

/// Number of the lowest nodes of a tile.
pub const TILE_WIDTH: u64 = 256;

/// Members that the tiles asked for together hold, unless the whole tree has fewer.
const MIN_MEMBERS: u64 = 128;

/// Tiles of the widest block. Beyond it a tree has more emptied leaves than a wallet makes
/// up for.
const MAX_BLOCK_TILES: u64 = 64;

/// Division of an epoch's tiles of leaves into ranges that are asked for as a whole (IDENT-9).
///
/// It follows from the sizes of tree and membership alone, so all wallets divide alike and
/// the choice of a range says nothing but the range. Nobody tells a wallet which leaves are
/// emptied, so all of them are taken to be in the own range. Ranges are blocks of a power of
/// two at its multiples; requests of several epochs meet in a block and not in less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileRanges {
    tiles: u64,
    block: u64,
    /// Start of the last range.
    last: u64,
}

impl TileRanges {
    /// Divides a tree of `leaves`, of which `members` are not empty.
    #[must_use]
    pub fn new(leaves: u64, members: u64) -> Self {
        let tiles = leaves.div_ceil(TILE_WIDTH);
        let needed = MIN_MEMBERS + leaves.saturating_sub(members);
        let block = needed
            .div_ceil(TILE_WIDTH)
            .next_power_of_two()
            .min(MAX_BLOCK_TILES);
        let mut last = tiles.saturating_sub(1) / block * block;
        let is_thin = leaves - last.min(tiles) * TILE_WIDTH < needed.min(block * TILE_WIDTH);
        if is_thin {
            last = last.saturating_sub(block);
        }
        Self { tiles, block, last }
    }

    /// Returns the range with tile `index`, if the tree has it.
    #[must_use]
    pub fn around(&self, index: u64) -> Option<Range<u64>> {
        if index >= self.tiles {
            return None;
        }
        if index >= self.last {
            return Some(self.last..self.tiles);
        }
        let start = index / self.block * self.block;
        Some(start..start + self.block)
    }

    /// Returns the range that has `number` newer ones, if there is one.
    #[must_use]
    pub fn newest(&self, number: u64) -> Option<Range<u64>> {
        let start = self.last.checked_sub(number.checked_mul(self.block)?)?;
        self.around(start)
    }

    /// Returns all ranges, the newest first.
    pub fn newest_first(self) -> impl Iterator<Item = Range<u64>> {
        (0..).map_while(move |number| self.newest(number))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn leaves_in(range: &Range<u64>, leaves: u64) -> u64 {
        leaves.min(range.end * TILE_WIDTH) - range.start * TILE_WIDTH
    }

    #[test]
    fn a_full_tile_is_enough_and_a_thin_one_is_asked_for_with_its_neighbour() {
        let full = TileRanges::new(512, 512);
        assert_eq!((full.around(0), full.around(1)), (Some(0..1), Some(1..2)));
        assert_eq!(full.around(2), None);
        let half = TileRanges::new(512 + 128, 512 + 128);
        assert_eq!((half.around(1), half.around(2)), (Some(1..2), Some(2..3)));
        let thin = TileRanges::new(512 + 127, 512 + 127);
        assert_eq!((thin.around(1), thin.around(2)), (Some(1..3), Some(1..3)));
        let young = TileRanges::new(3, 3);
        assert_eq!(young.around(0), Some(0..1));
        assert_eq!(TileRanges::new(0, 0).newest_first().count(), 0);
    }

    #[test]
    fn emptied_leaves_widen_every_range() {
        // 128 and 200 emptied ones may all be in the own tile.
        let emptied = TileRanges::new(2_560, 2_560 - 200);
        assert_eq!(emptied.around(5), Some(4..6));
        let many = TileRanges::new(256_000, 256_000 - 3_000);
        assert_eq!(many.around(100), Some(96..112));
        let most = TileRanges::new(256_000, 1_000);
        assert_eq!(most.around(100), Some(64..128), "no range is wider");
    }

    proptest! {
        /// Tests IDENT-9.
        #[test]
        fn ranges_hold_enough_members_wherever_the_emptied_leaves_are(
            leaves in 1_u64..200_000,
            emptied in 0_u64..20_000,
        ) {
            let members = leaves.saturating_sub(emptied);
            let ranges: Vec<_> = TileRanges::new(leaves, members).newest_first().collect();
            let is_whole = |range: &Range<u64>| range.start == 0 && range.end == leaves.div_ceil(TILE_WIDTH);
            for range in &ranges {
                let least = leaves_in(range, leaves).saturating_sub(leaves - members);
                let is_widest = range.end - range.start >= MAX_BLOCK_TILES;
                prop_assert!(least >= MIN_MEMBERS || is_widest || is_whole(range), "{range:?}");
                prop_assert!(range.end - range.start < 2 * MAX_BLOCK_TILES + 1);
            }
        }

        #[test]
        fn each_tile_is_in_one_range(leaves in 1_u64..200_000, emptied in 0_u64..20_000) {
            let ranges = TileRanges::new(leaves, leaves.saturating_sub(emptied));
            let mut end = leaves.div_ceil(TILE_WIDTH);
            for range in ranges.newest_first() {
                prop_assert_eq!(range.end, end);
                for index in range.clone() {
                    prop_assert_eq!(ranges.around(index), Some(range.clone()));
                }
                end = range.start;
            }
            prop_assert_eq!(end, 0);
        }
    }
}
