//! What the lens does: blur by defocus and by motion.

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

    fn clamped(&self, x: i64, y: i64) -> f32 {
        let x = x.clamp(0, self.width as i64 - 1) as usize;
        let y = y.clamp(0, self.height as i64 - 1) as usize;
        self.data[y * self.width + x]
    }

    fn bilinear(&self, x: f32, y: f32) -> f32 {
        let (x0, y0) = (x.floor(), y.floor());
        let (fx, fy) = (x - x0, y - y0);
        let (i, j) = (x0 as i64, y0 as i64);
        let top = self.clamped(i, j) * (1.0 - fx) + self.clamped(i + 1, j) * fx;
        let bottom = self.clamped(i, j + 1) * (1.0 - fx) + self.clamped(i + 1, j + 1) * fx;
        top * (1.0 - fy) + bottom * fy
    }
}

/// Gaussian blur of standard deviation `sigma` pixels; edges repeat.
pub(crate) fn gaussian_blur(plane: &Plane, sigma: f32) -> Plane {
    let kernel = gaussian_kernel(sigma);
    vertical(&horizontal(plane, &kernel), &kernel)
}

/// Average along the segment from `-motion/2` to `+motion/2`.
pub(crate) fn motion_blur(plane: &Plane, motion: (f32, f32)) -> Plane {
    let length = motion.0.hypot(motion.1);
    let steps = (length.ceil() as usize).max(1) + 1;
    let mut out = Plane::filled(plane.width, plane.height, 0.0);
    for step in 0..steps {
        let t = step as f32 / (steps - 1) as f32 - 0.5;
        for y in 0..plane.height {
            for x in 0..plane.width {
                let value = plane.bilinear(x as f32 + t * motion.0, y as f32 + t * motion.1);
                out.data[y * plane.width + x] += value / steps as f32;
            }
        }
    }
    out
}

/// One side of the kernel, middle first, summing to one over both sides.
fn gaussian_kernel(sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as usize;
    let mut side: Vec<f32> = (0..=reach)
        .map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp())
        .collect();
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
        padded[..reach].fill(line[0]);
        padded[reach..reach + w].copy_from_slice(line);
        padded[reach + w..].fill(line[w - 1]);
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
    }
}
