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

    /// The field at a fraction of the turn and of the depth.
    pub(crate) fn at(&self, turn: f32, u: f32) -> f32 {
        let y = u.clamp(0.0, 1.0) * (self.rows as f32 - 0.001);
        let x = (turn - turn.floor()) * self.columns as f32;
        let (row, column) = (y as usize, x as usize);
        let across = spline(x - column as f32);
        let mut sum = 0.0;
        for (i, down) in spline(y - row as f32).iter().enumerate() {
            let line = (row + i).min(self.rows + MARGIN - 1) * self.columns;
            for (j, weight) in across.iter().enumerate() {
                sum += down * weight * self.values[line + (column + j) % self.columns];
            }
        }
        sum
    }

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

/// Equally spaced points once around a field: the first lattice node of each and the
/// weights of four. The same at every depth, so that they are worth keeping.
pub(crate) struct Comb(Vec<(usize, [f32; 4])>);

impl Comb {
    /// `points` points around this field.
    pub(crate) fn new(field: &Field, points: usize) -> Self {
        let step = field.columns as f32 / points as f32;
        let place = |i: usize| {
            let x = i as f32 * step;
            (x as usize, spline(x - (x as usize) as f32))
        };
        Self((0..points).map(place).collect())
    }
}

/// One depth of a [`Field`].
pub(crate) struct Line {
    columns: usize,
    /// The lattice once around, and its first nodes again.
    values: Vec<f32>,
}

impl Line {
    /// Adds `share` times the field to the points of `comb`.
    pub(crate) fn add_to(&self, target: &mut [f32], comb: &Comb, share: f32) {
        for (value, (column, weights)) in target.iter_mut().zip(&comb.0) {
            let nodes = &self.values[*column..*column + weights.len()];
            let sum = weights[0] * nodes[0]
                + weights[1] * nodes[1]
                + weights[2] * nodes[2]
                + weights[3] * nodes[3];
            *value += share * sum;
        }
    }

    /// The field at `turn` whole turns, eight at most in either direction.
    pub(crate) fn at(&self, turn: f32) -> f32 {
        // A cast, because the function that rounds down is a call on some processors.
        const TURNS: f32 = 8.0;
        let whole = (turn + TURNS) as i32 as f32 - TURNS;
        let x = (turn - whole) * self.columns as f32;
        let column = (x as usize).min(self.columns - 1);
        let weights = spline(x - column as f32);
        let nodes = &self.values[column..column + weights.len()];
        weights.iter().zip(nodes).map(|(w, node)| w * node).sum()
    }
}

/// The four uniform cubic B-spline weights at fraction `t` of a cell.
pub(crate) fn spline(t: f32) -> [f32; 4] {
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
            .map(|i| {
                field
                    .line((i % 97) as f32 / 97.0)
                    .at((i as f32 * 0.618_034).fract())
            })
            .collect();
        let variance = samples.iter().map(|v| v * v).sum::<f32>() / samples.len() as f32;
        assert!((0.85..1.15).contains(&variance), "variance {variance}");
        let line = field.line(0.4);
        assert!((line.at(0.0) - line.at(0.999_999)).abs() < 0.01);
        assert!((line.at(-0.3) - line.at(1.7)).abs() < 1e-3);
        let mut added = vec![0.5; 96];
        line.add_to(&mut added, &Comb::new(&field, 96), 2.0);
        for (column, value) in added.iter().enumerate() {
            assert!((value - 0.5 - 2.0 * line.at(column as f32 / 96.0)).abs() < 1e-3);
        }
    }
}
