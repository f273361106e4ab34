//! What hides the iris: lids, lashes, reflections.

use crate::contour::Contour;
use crate::raster::Plane;

/// Pixels of the working image that the lid's edge itself spoils.
pub(crate) const LID_MARGIN_PX: f32 = 2.5;

/// Which lid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lid {
    Upper,
    Lower,
}

/// A lid's edge as a parabola over the columns of the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LidCurve {
    x: f32,
    half_width: f32,
    coefficients: [f32; 3],
}

impl LidCurve {
    pub(crate) fn row_at(&self, x: f32) -> f32 {
        let t = (x - self.x) / self.half_width;
        self.coefficients[0] + t * (self.coefficients[1] + t * self.coefficients[2])
    }
}

/// Both lids' edges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lids {
    pub(crate) upper: LidCurve,
    pub(crate) lower: LidCurve,
}

impl Lids {
    /// Whether a point lies under a lid, or nearer than `margin` to its edge.
    pub(crate) fn cover(&self, x: f32, y: f32, margin: f32) -> bool {
        y < self.upper.row_at(x) + margin || y > self.lower.row_at(x) - margin
    }

    /// The same curves on an image `factor` times as large.
    pub(crate) fn scaled(&self, factor: f32) -> Self {
        let scale = |c: LidCurve| LidCurve {
            x: (c.x + 0.5) * factor - 0.5,
            half_width: c.half_width * factor,
            coefficients: [
                (c.coefficients[0] + 0.5) * factor - 0.5,
                c.coefficients[1] * factor,
                c.coefficients[2] * factor,
            ],
        };
        Self {
            upper: scale(self.upper),
            lower: scale(self.lower),
        }
    }
}

/// Finds both lids' edges across the iris. A lid that leaves the iris free comes
/// out along or beyond the limbus, where it hides nothing.
pub(crate) fn find_lids(smooth: &Plane, pupil: &Contour, limbus: &Contour) -> Lids {
    Lids {
        upper: find_lid(smooth, pupil, limbus, Lid::Upper),
        lower: find_lid(smooth, pupil, limbus, Lid::Lower),
    }
}

fn find_lid(smooth: &Plane, pupil: &Contour, limbus: &Contour, lid: Lid) -> LidCurve {
    const STEP_PX: f32 = 2.0;
    let r = limbus.mean_radius();
    let outward = match lid {
        Lid::Upper => -1.0,
        Lid::Lower => 1.0,
    };
    let columns = (1.9 * r / STEP_PX) as usize + 1;
    let rows = (1.3 * r / STEP_PX) as usize + 1;
    let x_of = |c: usize| limbus.centre_x - 0.95 * r + c as f32 * STEP_PX;
    let y_of = |row: usize| limbus.centre_y + outward * (1.15 * r - row as f32 * STEP_PX);
    let gain: Vec<f32> = (0..columns * rows)
        .map(|k| {
            let (x, y) = (x_of(k / rows), y_of(k % rows));
            if near_pupil(pupil, x, y, 0.12 * r) {
                return 0.0;
            }
            lid_contrast(smooth, x, y, outward, 0.05 * r)
        })
        .collect();
    let path = best_path(&gain, rows);
    let samples: Vec<[f32; 3]> = path
        .iter()
        .enumerate()
        .map(|(c, &row)| {
            let t = (x_of(c) - limbus.centre_x) / r;
            [t, y_of(row), gain[c * rows + row].max(0.0) + 0.1]
        })
        .collect();
    LidCurve {
        x: limbus.centre_x,
        half_width: r,
        coefficients: robust_parabola(&samples),
    }
}

fn near_pupil(pupil: &Contour, x: f32, y: f32, margin: f32) -> bool {
    let (dx, dy) = (x - pupil.centre_x, y - pupil.centre_y);
    dx.hypot(dy) < pupil.mean_radius() + margin
}

/// Skin outside is brighter than iris, or lash roots, inside.
fn lid_contrast(smooth: &Plane, x: f32, y: f32, outward: f32, span: f32) -> f32 {
    let at = |d: f32| smooth.sample(x, y + outward * d);
    (at(0.5 * span) + at(span) - at(-0.5 * span) - at(-span)) / 2.0
}

/// The path over the columns, at most one row a step, with the largest gain.
fn best_path(gain: &[f32], rows: usize) -> Vec<usize> {
    let columns = gain.len() / rows;
    let mut total = gain[..rows].to_vec();
    let mut from = vec![0usize; columns * rows];
    for c in 1..columns {
        let previous = total.clone();
        for r in 0..rows {
            let best = (r.saturating_sub(1)..=(r + 1).min(rows - 1))
                .max_by(|&a, &b| previous[a].total_cmp(&previous[b]))
                .unwrap_or(r);
            from[c * rows + r] = best;
            total[r] = previous[best] + gain[c * rows + r];
        }
    }
    let mut row = (0..rows)
        .max_by(|&a, &b| total[a].total_cmp(&total[b]))
        .unwrap_or(0);
    let mut path = vec![0; columns];
    for c in (0..columns).rev() {
        path[c] = row;
        row = from[c * rows + row];
    }
    path
}

/// Weighted parabola through `[t, y, weight]`, outliers losing weight by rounds.
fn robust_parabola(samples: &[[f32; 3]]) -> [f32; 3] {
    const ROUNDS: usize = 5;
    let mut weights: Vec<f32> = samples.iter().map(|s| s[2]).collect();
    let mut curve = [0.0; 3];
    for _ in 0..ROUNDS {
        curve = parabola(samples, &weights);
        let residual = |s: &[f32; 3]| (s[1] - curve[0] - s[0] * (curve[1] + s[0] * curve[2])).abs();
        let total: f32 = weights.iter().sum();
        let mean: f32 = samples
            .iter()
            .zip(&weights)
            .map(|(s, w)| w * residual(s))
            .sum::<f32>()
            / total;
        let spread = 1.5 * mean + 1.0;
        for (w, s) in weights.iter_mut().zip(samples) {
            *w = s[2] / (1.0 + (residual(s) / spread).powi(4));
        }
    }
    curve
}

/// Least squares by the 3 x 3 normal equations, solved by Cramer's rule.
fn parabola(samples: &[[f32; 3]], weights: &[f32]) -> [f32; 3] {
    let mut s = [0.0f64; 5];
    let mut b = [0.0f64; 3];
    for (&[t, y, _], &w) in samples.iter().zip(weights) {
        let (t, y, w) = (f64::from(t), f64::from(y), f64::from(w));
        for (k, sum) in s.iter_mut().enumerate() {
            *sum += w * t.powi(k as i32);
        }
        for (k, sum) in b.iter_mut().enumerate() {
            *sum += w * y * t.powi(k as i32);
        }
    }
    let m = [[s[0], s[1], s[2]], [s[1], s[2], s[3]], [s[2], s[3], s[4]]];
    let whole = determinant(m);
    if whole.abs() < 1e-9 {
        return [(b[0] / s[0].max(1e-9)) as f32, 0.0, 0.0];
    }
    std::array::from_fn(|column| {
        let mut replaced = m;
        for (row, value) in b.iter().enumerate() {
            replaced[row][column] = *value;
        }
        (determinant(replaced) / whole) as f32
    })
}

fn determinant(m: [[f64; 3]; 3]) -> f64 {
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

/// Grey levels between which a pixel counts as iris: lashes are darker than
/// nearly all of it, reflections and skin brighter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TissueRange {
    low: f32,
    high: f32,
}

impl TissueRange {
    /// From grey levels of the iris, robust against a fifth of them being wrong.
    pub(crate) fn of(levels: impl Iterator<Item = f32>) -> Self {
        let mut histogram = [0u32; 256];
        let mut count = 0;
        for level in levels {
            histogram[level.clamp(0.0, 255.0) as usize] += 1;
            count += 1;
        }
        let quantile = |fraction: f32| {
            let wanted = (fraction * count as f32) as u32;
            let mut seen = 0;
            let found = histogram.iter().position(|&n| {
                seen += n;
                seen > wanted
            });
            found.unwrap_or(255) as f32
        };
        let middle = quantile(0.5);
        let below = (middle - quantile(0.2)) / 0.84;
        let above = (quantile(0.8) - middle) / 0.84;
        Self {
            low: middle - (2.8 * below).max(14.0),
            high: middle + (3.5 * above).max(20.0),
        }
    }

    pub(crate) fn contains(&self, level: f32) -> bool {
        (self.low..=self.high).contains(&level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parabola_survives_outliers() {
        let truth = |t: f32| 40.0 + 3.0 * t - 12.0 * t * t;
        let mut samples: Vec<[f32; 3]> = (-50..=50)
            .map(|k| k as f32 / 50.0)
            .map(|t| [t, truth(t), 1.0])
            .collect();
        for sample in samples.iter_mut().skip(20).take(15) {
            sample[1] += 30.0;
        }
        let [a, b, c] = robust_parabola(&samples);
        let worst = [-1.0f32, -0.3, 0.4, 1.0]
            .map(|t| (a + t * (b + t * c) - truth(t)).abs())
            .into_iter()
            .fold(0.0, f32::max);
        assert!(worst < 1.0, "{worst}");
    }

    #[test]
    fn lashes_and_reflections_are_no_tissue() {
        let levels = (0..1000).map(|k| {
            if k % 10 == 0 {
                20.0
            } else {
                90.0 + (k % 17) as f32
            }
        });
        let range = TissueRange::of(levels);
        assert!(!range.contains(30.0));
        assert!(!range.contains(200.0));
        assert!(range.contains(92.0) && range.contains(104.0));
    }
}
