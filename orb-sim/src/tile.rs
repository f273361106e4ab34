//! Periodic noise that is drawn once and shared: pores, mottle, vessels, reflections.
//!
//! None of it tells one iris from another; each eye and each photograph reads it at
//! an offset of its own.

use std::sync::OnceLock;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::lattice::spline;
use crate::random::normal;

/// Samples a side; a power of two.
const SIZE: usize = 256;

/// A random field of unit variance that repeats at every whole number.
pub(crate) struct Tile {
    values: Vec<f32>,
}

/// Returns the noise with twelve cells a period.
pub(crate) fn broad() -> &'static Tile {
    static TILE: OnceLock<Tile> = OnceLock::new();
    TILE.get_or_init(|| Tile::new(1, 12))
}

/// Returns the noise with ninety-six cells a period.
pub(crate) fn fine() -> &'static Tile {
    static TILE: OnceLock<Tile> = OnceLock::new();
    TILE.get_or_init(|| Tile::new(2, 96))
}

impl Tile {
    fn new(seed: u64, cells: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let nodes: Vec<f32> = (0..cells * cells).map(|_| normal(&mut rng)).collect();
        let place = |i: usize| {
            let at = i as f32 * cells as f32 / SIZE as f32;
            (at as usize, spline(at - (at as usize) as f32))
        };
        let mut values = Vec::with_capacity(SIZE * SIZE);
        for y in 0..SIZE {
            let (row, wy) = place(y);
            for x in 0..SIZE {
                let (column, wx) = place(x);
                let mut sum = 0.0;
                for (j, a) in wy.iter().enumerate() {
                    let line = (row + j) % cells * cells;
                    for (i, b) in wx.iter().enumerate() {
                        sum += a * b * nodes[line + (column + i) % cells];
                    }
                }
                values.push(sum);
            }
        }
        crate::texture::standardise(&mut values);
        Self { values }
    }

    /// The field at a point; periods are one.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        // Far enough to make every argument in use positive.
        const PERIODS: f32 = 64.0;
        let (x, y) = ((x + PERIODS) * SIZE as f32, (y + PERIODS) * SIZE as f32);
        let (i, j) = (x as u32 as usize, y as u32 as usize);
        let (fx, fy) = (x - i as f32, y - j as f32);
        let (i, k) = (i % SIZE, (i + 1) % SIZE);
        let (top, bottom) = (j % SIZE * SIZE, (j + 1) % SIZE * SIZE);
        let v = &self.values;
        let a = v[top + i] + (v[top + k] - v[top + i]) * fx;
        let b = v[bottom + i] + (v[bottom + k] - v[bottom + i]) * fx;
        a + (b - a) * fy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_repeats_and_has_unit_variance() {
        let tile = broad();
        for (x, y) in [(0.1, 0.7), (-3.2, 1.9), (0.0, 0.0)] {
            assert!((tile.at(x, y) - tile.at(x + 2.0, y - 5.0)).abs() < 0.02);
        }
        let draws: Vec<f32> = (0..10_000)
            .map(|i| tile.at(i as f32 * 0.618, i as f32 * 0.0137))
            .collect();
        let square = draws.iter().map(|v| v * v).sum::<f32>() / draws.len() as f32;
        assert!((0.9..1.1).contains(&square), "{square}");
    }
}
