//! Averages the texture of all frames, laid together as tissue moves or as a lens rests.

use super::view::{ANGLES, View};

/// Rows of the average by depth.
const LAYERS: usize = 40;
/// Depth of its last row; tissue that gives way comes from further out than it lies.
const LAST_LAYER_DEPTH: f32 = 0.85;
/// Weight of a mean of zero in every average, in frames: a place seen once explains
/// itself, and shows nothing.
// Chosen, not measured apart from the limit, like the rows above: half a frame hardly moves the
// mean of many, and halves that of one.
const ZERO_MEAN_WEIGHT_FRAMES: f32 = 0.5;

/// Points of the texture that stay together from frame to frame.
#[derive(Clone, Copy)]
pub(super) enum Placing {
    /// Points of equal depth, corrected for uneven stiffness.
    Tissue { uneven: f32 },
    /// Points of equal distance from the middle.
    Lens,
}

impl Placing {
    /// The row of an average and the share of the next one.
    fn row(self, view: &View, k: usize) -> Option<(usize, f32)> {
        let Self::Tissue { uneven } = self else {
            return Some((k / ANGLES, 0.0));
        };
        let depth = view.depths[k];
        let rest = depth + uneven * view.opening * depth * (1.0 - depth);
        let row = rest / LAST_LAYER_DEPTH * (LAYERS - 1) as f32;
        (row >= 0.0 && row < (LAYERS - 1) as f32).then(|| (row as usize, row.fract()))
    }
}

/// Sums and weights by row and angle.
pub(super) struct Average {
    placing: Placing,
    cells: Vec<(f32, f32)>,
}

impl Average {
    pub(super) fn of(views: &[View], placing: Placing) -> Self {
        let mut cells = vec![(0.0, 0.0); (LAYERS + 1) * ANGLES];
        for view in views {
            for (k, value) in view.values.iter().enumerate() {
                let (Some(value), Some((row, share))) = (value, placing.row(view, k)) else {
                    continue;
                };
                let at = row * ANGLES + k % ANGLES;
                for (at, weight) in [(at, 1.0 - share), (at + ANGLES, share)] {
                    cells[at].0 += weight * value;
                    cells[at].1 += weight;
                }
            }
        }
        Self { placing, cells }
    }

    /// Returns the value that the average gives for a sample of a view.
    pub(super) fn at(&self, view: &View, k: usize) -> Option<f32> {
        let (row, share) = self.placing.row(view, k)?;
        let cell = |row: usize| {
            let (sum, weight) = self.cells[row * ANGLES + k % ANGLES];
            sum / (weight + ZERO_MEAN_WEIGHT_FRAMES)
        };
        Some(cell(row) * (1.0 - share) + cell(row + 1) * share)
    }

    /// Correlation of a view with the average.
    pub(super) fn likeness(&self, view: &View) -> f32 {
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for (k, &value) in view.values.iter().enumerate() {
            let (Some(a), Some(b)) = (value, self.at(view, k)) else {
                continue;
            };
            ab += a * b;
            aa += a * a;
            bb += b * b;
        }
        if aa > 0.0 && bb > 0.0 {
            ab / (aa * bb).sqrt()
        } else {
            -1.0
        }
    }
}
