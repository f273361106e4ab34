//! Grey planes of floats: reducing, blurring, sampling.

use image::GrayImage;

/// A grey image in floats, row by row; pixel centres have integer coordinates.
#[derive(Debug, Clone)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<f32>,
}

impl Plane {
    /// Averages `factor` x `factor` blocks; a remainder at the far edges is dropped.
    pub(crate) fn reduced(image: &GrayImage, factor: usize) -> Self {
        let (width, height) = (
            image.width() as usize / factor,
            image.height() as usize / factor,
        );
        let stride = image.width() as usize;
        let raw = image.as_raw();
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let mut sum = 0u32;
                for row in 0..factor {
                    let start = (y * factor + row) * stride + x * factor;
                    sum += raw[start..start + factor]
                        .iter()
                        .map(|&v| u32::from(v))
                        .sum::<u32>();
                }
                data.push(sum as f32 / (factor * factor) as f32);
            }
        }
        Self {
            width,
            height,
            data,
        }
    }

    /// Averages `factor` x `factor` blocks of this plane.
    pub(crate) fn shrunk(&self, factor: usize) -> Self {
        let (width, height) = (self.width / factor, self.height / factor);
        let mut data = vec![0.0; width * height];
        for (y, out) in data.chunks_exact_mut(width.max(1)).enumerate() {
            for row in self.data[y * factor * self.width..]
                .chunks_exact(self.width)
                .take(factor)
            {
                for (value, block) in out.iter_mut().zip(row.chunks_exact(factor)) {
                    *value += block.iter().sum::<f32>();
                }
            }
            for value in out {
                *value /= (factor * factor) as f32;
            }
        }
        Self {
            width,
            height,
            data,
        }
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> f32 {
        self.data[y * self.width + x]
    }

    /// The pixel nearest to a point; outside, the nearest edge pixel.
    pub(crate) fn nearest(&self, x: f32, y: f32) -> f32 {
        let x = (x + 0.5).clamp(0.0, (self.width - 1) as f32);
        let y = (y + 0.5).clamp(0.0, (self.height - 1) as f32);
        self.at(x as usize, y as usize)
    }

    /// Bilinear sample; outside, the nearest edge pixel.
    #[inline]
    pub(crate) fn sample(&self, x: f32, y: f32) -> f32 {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        // Through 32 bits, which processors convert faster than 64.
        let (x0, y0) = (x as u32, y as u32);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let (x0, y0) = (x0 as usize, y0 as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let top = self.at(x0, y0) * (1.0 - fx) + self.at(x1, y0) * fx;
        let bottom = self.at(x0, y1) * (1.0 - fx) + self.at(x1, y1) * fx;
        top * (1.0 - fy) + bottom * fy
    }

    /// Gaussian blur with edges repeated; `sigma` in pixels.
    pub(crate) fn blurred(&self, sigma: f32) -> Self {
        let kernel = gaussian(sigma);
        let half = kernel.len() / 2;
        let (w, h) = (self.width, self.height);
        let mut across = vec![0.0f32; w * h];
        let mut padded = vec![0.0f32; w + 2 * half];
        for (source, out) in self.data.chunks_exact(w).zip(across.chunks_exact_mut(w)) {
            padded[..half].fill(source[0]);
            padded[half..half + w].copy_from_slice(source);
            padded[half + w..].fill(source[w - 1]);
            for (k, &weight) in kernel.iter().enumerate() {
                for (o, &v) in out.iter_mut().zip(&padded[k..k + w]) {
                    *o += weight * v;
                }
            }
        }
        let mut data = vec![0.0f32; w * h];
        for (y, out) in data.chunks_exact_mut(w).enumerate() {
            for (k, &weight) in kernel.iter().enumerate() {
                let row = (y + k).saturating_sub(half).min(h - 1);
                for (o, &v) in out.iter_mut().zip(&across[row * w..(row + 1) * w]) {
                    *o += weight * v;
                }
            }
        }
        Self {
            width: w,
            height: h,
            data,
        }
    }

    /// Grey level below which `fraction` of the pixels lie.
    pub(crate) fn percentile(&self, fraction: f32) -> f32 {
        let mut histogram = [0usize; 256];
        for &v in &self.data {
            histogram[v.clamp(0.0, 255.0) as usize] += 1;
        }
        let wanted = (fraction * self.data.len() as f32) as usize;
        let mut seen = 0;
        for (level, &count) in histogram.iter().enumerate() {
            seen += count;
            if seen > wanted {
                return level as f32;
            }
        }
        255.0
    }
}

fn gaussian(sigma: f32) -> Vec<f32> {
    let half = (2.5 * sigma).ceil().max(1.0) as i32;
    let weights: Vec<f32> = (-half..=half)
        .map(|k| {
            let x = k as f32 / sigma;
            libm::expf(-0.5 * x * x)
        })
        .collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blurring_keeps_a_constant_plane() {
        let plane = Plane {
            width: 9,
            height: 4,
            data: vec![50.0; 36],
        };
        assert!(
            plane
                .blurred(2.0)
                .data
                .iter()
                .all(|v| (v - 50.0).abs() < 1e-3)
        );
    }

    #[test]
    fn samples_lie_on_the_line_between_pixels() {
        let plane = Plane {
            width: 2,
            height: 2,
            data: vec![0.0, 10.0, 20.0, 30.0],
        };
        assert!((plane.sample(0.5, 0.5) - 15.0).abs() < 1e-5);
        assert!((plane.sample(-3.0, 9.0) - 20.0).abs() < 1e-5);
    }

    #[test]
    fn shrinking_averages_blocks() {
        let plane = Plane {
            width: 4,
            height: 2,
            data: vec![1., 3., 5., 7., 1., 3., 5., 7.],
        };
        assert_eq!(plane.shrunk(2).data, vec![2.0, 6.0]);
    }
}
