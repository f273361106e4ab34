//! Texture of the iris, unrolled finely between its true contours.

use std::f32::consts::TAU;

use image::GrayImage;
use orb_sim::{HEIGHT, Truth, WIDTH};

/// Angles of the unrolled iris.
const ANGLES: usize = 512;
/// Radii of the unrolled iris.
const RADII: usize = 128;
/// Lags at which the autocorrelation is read.
pub const LAGS: [usize; 5] = [1, 2, 4, 8, 16];
/// Half the angles and half the radii over which the local mean is taken.
const LOCAL: (usize, usize) = (10, 32);
/// Pixels around a hidden one that do not count either.
const MARGIN_PX: i64 = 2;

/// Statistics of one capture's texture.
///
/// The iris is sampled at the nearest pixel at 512 angles by 128 radii. Each radius
/// loses its mean, and every point the mean of its surroundings (an eighth of the
/// turn by a fifth of the depth), so that light and shade do not count as texture.
#[derive(Clone, Copy, Debug)]
pub struct Texture {
    /// Standard deviation in grey levels.
    pub sd: f32,
    /// Autocorrelation along the angle at [`LAGS`] of 512.
    pub by_angle: [f32; 5],
    /// Autocorrelation along the radius at [`LAGS`] of 128.
    pub by_radius: [f32; 5],
    /// Share of the iris that nothing hides.
    pub visible: f32,
}

/// Levels, zero where hidden, and weights of one or zero.
struct Unrolled {
    levels: Vec<f32>,
    seen: Vec<f32>,
}

impl Texture {
    /// Measures an image between the true contours.
    #[must_use]
    pub fn of(image: &GrayImage, truth: &Truth) -> Self {
        let mut unrolled = Unrolled::sample(image, truth);
        let visible = unrolled.seen.iter().sum::<f32>() / unrolled.seen.len() as f32;
        unrolled.flatten_rows();
        unrolled.flatten_locally();
        let variance = unrolled.covariance(0, 0);
        Self {
            sd: variance.sqrt(),
            by_angle: LAGS.map(|lag| unrolled.covariance(lag, 0) / variance),
            by_radius: LAGS.map(|lag| unrolled.covariance(0, lag) / variance),
            visible,
        }
    }
}

impl Unrolled {
    fn sample(image: &GrayImage, truth: &Truth) -> Self {
        let mut levels = vec![0.0; ANGLES * RADII];
        let mut seen = vec![0.0; ANGLES * RADII];
        for column in 0..ANGLES {
            let ray = truth.ray((column as f32 + 0.5) * TAU / ANGLES as f32);
            for row in 0..RADII {
                let depth = (row as f32 + 0.5) / RADII as f32;
                let (x, y) = truth.along(&ray, depth);
                let (x, y) = (x.round() as i64, y.round() as i64);
                if is_open(truth, x, y) {
                    let at = row * ANGLES + column;
                    levels[at] = f32::from(image.get_pixel(x as u32, y as u32).0[0]);
                    seen[at] = 1.0;
                }
            }
        }
        Self { levels, seen }
    }

    fn flatten_rows(&mut self) {
        let lines = self.levels.chunks_exact_mut(ANGLES);
        for (line, seen) in lines.zip(self.seen.chunks_exact(ANGLES)) {
            let count = seen.iter().sum::<f32>().max(1.0);
            let mean = line.iter().sum::<f32>() / count;
            for (level, seen) in line.iter_mut().zip(seen) {
                *level -= mean * seen;
            }
        }
    }

    fn flatten_locally(&mut self) {
        let (sums, counts) = (box_sum(&self.levels), box_sum(&self.seen));
        let means = sums.iter().zip(&counts).map(|(s, n)| s / n.max(1.0));
        for ((level, seen), mean) in self.levels.iter_mut().zip(&self.seen).zip(means) {
            *level -= mean * seen;
        }
    }

    /// Mean product of points `right` columns and `down` rows apart.
    fn covariance(&self, right: usize, down: usize) -> f32 {
        let (mut sum, mut count) = (0.0_f64, 0.0_f64);
        for row in 0..RADII - down {
            for column in 0..ANGLES {
                let a = row * ANGLES + column;
                let b = (row + down) * ANGLES + (column + right) % ANGLES;
                sum += f64::from(self.levels[a] * self.levels[b]);
                count += f64::from(self.seen[a] * self.seen[b]);
            }
        }
        (sum / count.max(1.0)) as f32
    }
}

fn is_open(truth: &Truth, x: i64, y: i64) -> bool {
    let hidden = |x: i64, y: i64| {
        let inside = (0..i64::from(WIDTH)).contains(&x) && (0..i64::from(HEIGHT)).contains(&y);
        !inside || truth.hidden[(y * i64::from(WIDTH) + x) as usize]
    };
    let around = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)];
    around
        .iter()
        .all(|(i, j)| !hidden(x + MARGIN_PX * i, y + MARGIN_PX * j))
}

/// Sums over the surroundings of each point, cyclic in the angle.
fn box_sum(values: &[f32]) -> Vec<f32> {
    let (half_columns, half_rows) = LOCAL;
    let mut across = vec![0.0; values.len()];
    for (line, target) in values
        .chunks_exact(ANGLES)
        .zip(across.chunks_exact_mut(ANGLES))
    {
        let reach = 2 * half_columns + 1;
        let mut sum: f32 = (0..reach)
            .map(|k| line[(ANGLES + k - half_columns) % ANGLES])
            .sum();
        for (column, value) in target.iter_mut().enumerate() {
            *value = sum;
            sum += line[(column + half_columns + 1) % ANGLES];
            sum -= line[(ANGLES + column - half_columns) % ANGLES];
        }
    }
    let mut out = vec![0.0; values.len()];
    for row in 0..RADII {
        let target = &mut out[row * ANGLES..(row + 1) * ANGLES];
        for other in row.saturating_sub(half_rows)..(row + half_rows + 1).min(RADII) {
            let line = &across[other * ANGLES..(other + 1) * ANGLES];
            for (value, summand) in target.iter_mut().zip(line) {
                *value += summand;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unrolled(level: impl Fn(usize, usize) -> f32) -> Unrolled {
        Unrolled {
            levels: (0..ANGLES * RADII)
                .map(|k| level(k % ANGLES, k / ANGLES))
                .collect(),
            seen: vec![1.0; ANGLES * RADII],
        }
    }

    #[test]
    fn a_wave_correlates_with_itself_as_its_cosine() {
        let step = TAU * 32.0 / ANGLES as f32;
        let wave = unrolled(|column, _| (column as f32 * step).sin());
        let variance = wave.covariance(0, 0);
        for lag in LAGS {
            let expected = (lag as f32 * step).cos();
            assert!((wave.covariance(lag, 0) / variance - expected).abs() < 1e-3);
            assert!((wave.covariance(0, lag) / variance - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn slow_changes_of_light_are_no_texture() {
        let mut shade =
            unrolled(|column, row| 40.0 * (column as f32 * TAU / ANGLES as f32).sin() + row as f32);
        shade.flatten_rows();
        shade.flatten_locally();
        assert!(shade.covariance(0, 0).sqrt() < 3.0);
    }

    #[test]
    fn hidden_points_have_no_weight() {
        let mut half = unrolled(|column, _| if column < 256 { 0.0 } else { 50.0 });
        for (k, seen) in half.seen.iter_mut().enumerate() {
            *seen = if k % ANGLES < 256 { 0.0 } else { 1.0 };
        }
        half.flatten_rows();
        half.flatten_locally();
        assert!(half.covariance(0, 0) < 1e-6);
    }
}
