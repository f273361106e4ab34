//! Effects of the lens: blur by defocus and by motion.

use crate::fast::gauss;

/// A grey image in floating point, row by row.
#[derive(Clone)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<f32>,
}

impl Plane {
    pub(crate) fn filled(width: usize, height: usize, value: f32) -> Self {
        Self {
            width,
            height,
            data: vec![value; width * height],
        }
    }
}

/// Gaussian blur of standard deviation `sigma` pixels; edges repeat.
pub(crate) fn gaussian_blur(plane: &Plane, sigma: f32) -> Plane {
    let kernel = gaussian_kernel(sigma);
    vertical(&horizontal(plane, &kernel), &kernel)
}

/// Average along the segment from `-motion/2` to `+motion/2`; edges repeat.
pub(crate) fn motion_blur(plane: &Plane, motion: (f32, f32)) -> Plane {
    let (w, h) = (plane.width, plane.height);
    let taps = motion_taps(motion);
    let reach = taps.iter().map(|tap| tap.right.unsigned_abs()).max();
    let reach = reach.unwrap_or(0) as usize;
    let mut out = Plane::filled(w, h, 0.0);
    let mut padded = vec![0.0; w + 2 * reach];
    for y in 0..h {
        let mut loaded = None;
        for tap in &taps {
            let row = (y as i64 + tap.down).clamp(0, h as i64 - 1) as usize;
            if loaded != Some(row) {
                pad(&mut padded, &plane.data[row * w..(row + 1) * w], reach);
                loaded = Some(row);
            }
            let from = (reach as i64 + tap.right) as usize;
            let target = &mut out.data[y * w..(y + 1) * w];
            for (t, v) in target.iter_mut().zip(&padded[from..]) {
                *t += tap.weight * v;
            }
        }
    }
    out
}

/// A pixel that contributes to another.
struct Tap {
    right: i64,
    down: i64,
    weight: f32,
}

/// Bilinear weights of points along the segment, joined by pixel, row after row.
fn motion_taps((mx, my): (f32, f32)) -> Vec<Tap> {
    const POINTS: usize = 9;
    let mut taps: Vec<Tap> = Vec::new();
    for point in 0..POINTS {
        let t = point as f32 / (POINTS - 1) as f32 - 0.5;
        let (x, y) = (t * mx, t * my);
        let (i, j) = (x.floor(), y.floor());
        for (right, wx) in [(0, 1.0 - (x - i)), (1, x - i)] {
            for (down, wy) in [(0, 1.0 - (y - j)), (1, y - j)] {
                let (right, down) = (i as i64 + right, j as i64 + down);
                let weight = wx * wy / POINTS as f32;
                match taps.iter_mut().find(|t| t.right == right && t.down == down) {
                    Some(tap) => tap.weight += weight,
                    None => taps.push(Tap {
                        right,
                        down,
                        weight,
                    }),
                }
            }
        }
    }
    taps.retain(|tap| tap.weight > 0.0);
    taps.sort_by_key(|tap| (tap.down, tap.right));
    taps
}

/// Copies a line between `reach` repetitions of its ends.
fn pad(padded: &mut [f32], line: &[f32], reach: usize) {
    let w = line.len();
    padded[..reach].fill(line[0]);
    padded[reach..reach + w].copy_from_slice(line);
    padded[reach + w..].fill(line[w - 1]);
}

/// One side of the kernel, middle first, summing to one over both sides.
fn gaussian_kernel(sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as usize;
    let mut side: Vec<f32> = (0..=reach).map(|i| gauss(i as f32 / sigma)).collect();
    let sum = 2.0 * side.iter().sum::<f32>() - side[0];
    for weight in &mut side {
        *weight /= sum;
    }
    side
}

fn horizontal(plane: &Plane, kernel: &[f32]) -> Plane {
    let (w, reach) = (plane.width, kernel.len() - 1);
    let mut out = Plane::filled(w, plane.height, 0.0);
    let mut padded = vec![0.0; w + 2 * reach];
    for (line, target) in plane.data.chunks_exact(w).zip(out.data.chunks_exact_mut(w)) {
        pad(&mut padded, line, reach);
        for (i, &weight) in kernel.iter().enumerate() {
            add_pair(
                target,
                &padded[reach - i..],
                &padded[reach + i..],
                weight,
                i,
            );
        }
    }
    out
}

fn vertical(plane: &Plane, kernel: &[f32]) -> Plane {
    let (w, h) = (plane.width, plane.height);
    let mut out = Plane::filled(w, h, 0.0);
    for (y, target) in out.data.chunks_exact_mut(w).enumerate() {
        for (i, &weight) in kernel.iter().enumerate() {
            let (above, below) = (y.saturating_sub(i), (y + i).min(h - 1));
            add_pair(
                target,
                &plane.data[above * w..],
                &plane.data[below * w..],
                weight,
                i,
            );
        }
    }
    out
}

/// Adds `weight * (a + b)`, or `weight * a` alone for the middle tap `i == 0`.
fn add_pair(target: &mut [f32], a: &[f32], b: &[f32], weight: f32, i: usize) {
    let weight = if i == 0 { 0.5 * weight } else { weight };
    for ((t, a), b) in target.iter_mut().zip(a).zip(b) {
        *t += weight * (a + b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blur_keeps_the_sum_and_spreads_by_its_standard_deviation() {
        let mut plane = Plane::filled(65, 65, 0.0);
        plane.data[32 * 65 + 32] = 1.0;
        let out = gaussian_blur(&plane, 2.0);
        let sum: f32 = out.data.iter().sum();
        let spread: f32 = (0..65 * 65)
            .map(|i| out.data[i] * ((i % 65) as f32 - 32.0).powi(2))
            .sum();
        assert!((sum - 1.0).abs() < 1e-4);
        assert!((spread - 4.0).abs() < 0.2, "variance {spread}");
    }

    #[test]
    fn motion_blurs_along_its_direction_only() {
        let mut plane = Plane::filled(33, 33, 0.0);
        plane.data[16 * 33 + 16] = 1.0;
        let out = motion_blur(&plane, (6.0, 0.0));
        assert!(out.data[16 * 33 + 14] > 0.05);
        assert!(out.data[14 * 33 + 16].abs() < 1e-6);
        assert!((out.data.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }
}
