//! Smooth random fields: normal deviates on a coarse lattice, joined by cubic B-splines.

use crate::random::normal;
use rand::Rng;

/// A stationary random field over angle (periodic) and radius, of variance near one.
///
/// Its correlation falls to about a half at a distance of one cell and to a
/// twentieth at two, so that the cell size sets the grain.
pub(crate) struct Field {
    columns: usize,
    rows: usize,
    values: Vec<f32>,
}

/// Margin of lattice rows so that the spline has support at both ends.
const MARGIN: usize = 3;

/// Standard deviation that a two-dimensional cubic B-spline of unit deviates has,
/// averaged over a cell: the sum of squares of the weights is 151/315 in each direction.
const SPLINE_SD: f32 = 151.0 / 315.0;

impl Field {
    /// Draws a field with `columns` cells around and `rows` cells from pupil to limbus.
    pub(crate) fn new(rng: &mut impl Rng, columns: usize, rows: usize) -> Self {
        let values = (0..columns * (rows + MARGIN))
            .map(|_| normal(rng) / SPLINE_SD)
            .collect();
        Self {
            columns,
            rows,
            values,
        }
    }

    /// The field at `turn` (whole turns, any real) and `u` in `[0, 1]`.
    pub(crate) fn at(&self, turn: f32, u: f32) -> f32 {
        let x = turn.rem_euclid(1.0) * self.columns as f32;
        let y = u.clamp(0.0, 1.0) * (self.rows as f32 - 0.001);
        let (column, row) = (x as usize, y as usize);
        let (wx, wy) = (spline(x - column as f32), spline(y - row as f32));
        let mut sum = 0.0;
        for (i, weight) in wy.iter().enumerate() {
            let line = (row + i).min(self.rows + MARGIN - 1) * self.columns;
            let mut across = 0.0;
            for (j, w) in wx.iter().enumerate() {
                across += w * self.values[line + (column + j) % self.columns];
            }
            sum += weight * across;
        }
        sum
    }
}

impl Field {
    /// The field along the whole turn at `u`, for reading many points of one depth.
    pub(crate) fn line(&self, u: f32) -> Line {
        let y = u.clamp(0.0, 1.0) * (self.rows as f32 - 0.001);
        let row = y as usize;
        let mut values = vec![0.0; self.columns];
        for (i, weight) in spline(y - row as f32).iter().enumerate() {
            let line = (row + i).min(self.rows + MARGIN - 1) * self.columns;
            for (value, node) in values.iter_mut().zip(&self.values[line..]) {
                *value += weight * node;
            }
        }
        values.extend_from_within(..MARGIN);
        Line {
            columns: self.columns,
            values,
        }
    }
}

/// One depth of a [`Field`].
pub(crate) struct Line {
    columns: usize,
    /// The lattice once around, and its first nodes again.
    values: Vec<f32>,
}

impl Line {
    /// The field at `turn` whole turns, any real.
    pub(crate) fn at(&self, turn: f32) -> f32 {
        let x = (turn - turn.floor()) * self.columns as f32;
        let column = (x as usize).min(self.columns - 1);
        let weights = spline(x - column as f32);
        let nodes = &self.values[column..column + weights.len()];
        weights.iter().zip(nodes).map(|(w, node)| w * node).sum()
    }
}

/// The four uniform cubic B-spline weights at fraction `t` of a cell.
fn spline(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    let s = 1.0 - t;
    [
        s * s * s / 6.0,
        (3.0 * t3 - 6.0 * t2 + 4.0) / 6.0,
        (-3.0 * t3 + 3.0 * t2 + 3.0 * t + 1.0) / 6.0,
        t3 / 6.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_field_has_unit_variance_and_joins_at_the_full_turn() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let field = Field::new(&mut rng, 200, 40);
        let samples: Vec<f32> = (0..20_000)
            .map(|i| field.at(i as f32 * 0.618_034, (i % 97) as f32 / 97.0))
            .collect();
        let variance = samples.iter().map(|v| v * v).sum::<f32>() / samples.len() as f32;
        assert!((0.85..1.15).contains(&variance), "variance {variance}");
        assert!((field.at(0.0, 0.4) - field.at(0.999_999, 0.4)).abs() < 0.01);
        let line = field.line(0.37);
        for turn in [-0.3, 0.0, 0.2, 0.999, 1.7] {
            assert!((line.at(turn) - field.at(turn, 0.37)).abs() < 1e-3);
        }
    }
}
