//! A discrete Fourier transform of 64 x 64 samples, the same on every machine.

use std::f32::consts::TAU;

/// Side of the square, in samples.
pub(in crate::pad) const SIDE: usize = 64;

/// Twiddle factors and bit order (Cooley and Tukey, radix 2, decimation in time).
pub(in crate::pad) struct Fourier {
    turns: Vec<(f32, f32)>,
    order: [usize; SIDE],
}

impl Fourier {
    pub(in crate::pad) fn new() -> Self {
        let turns = (0..SIDE / 2)
            .map(|k| {
                let angle = -TAU * k as f32 / SIDE as f32;
                (libm::cosf(angle), libm::sinf(angle))
            })
            .collect();
        let bits = SIDE.trailing_zeros();
        let order = std::array::from_fn(|k| k.reverse_bits() >> (usize::BITS - bits));
        Self { turns, order }
    }

    /// Squared magnitudes of the transform, row by row, frequency 0 first.
    pub(in crate::pad) fn power(&self, samples: &[f32; SIDE * SIDE]) -> Vec<f32> {
        let mut grid: Vec<(f32, f32)> = samples.iter().map(|&v| (v, 0.0)).collect();
        let mut line = [(0.0, 0.0); SIDE];
        for row in grid.chunks_exact_mut(SIDE) {
            line.copy_from_slice(row);
            self.transform(&mut line);
            row.copy_from_slice(&line);
        }
        for column in 0..SIDE {
            for (k, value) in line.iter_mut().enumerate() {
                *value = grid[k * SIDE + column];
            }
            self.transform(&mut line);
            for (k, value) in line.iter().enumerate() {
                grid[k * SIDE + column] = *value;
            }
        }
        grid.iter().map(|(re, im)| re * re + im * im).collect()
    }

    fn transform(&self, line: &mut [(f32, f32); SIDE]) {
        for k in 0..SIDE {
            if k < self.order[k] {
                line.swap(k, self.order[k]);
            }
        }
        let mut half = 1;
        while half < SIDE {
            let stride = SIDE / (2 * half);
            for start in (0..SIDE).step_by(2 * half) {
                for k in 0..half {
                    let (c, s) = self.turns[k * stride];
                    let (re, im) = line[start + half + k];
                    let turned = (re * c - im * s, re * s + im * c);
                    let (a, b) = line[start + k];
                    line[start + k] = (a + turned.0, b + turned.1);
                    line[start + half + k] = (a - turned.0, b - turned.1);
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_has_its_power_at_its_frequency_and_parseval_holds() {
        let wave: [f32; SIDE * SIDE] = std::array::from_fn(|k| {
            let (x, y) = ((k % SIDE) as f32, (k / SIDE) as f32);
            (TAU * (5.0 * x + 11.0 * y) / SIDE as f32).cos() + 0.25
        });
        let power = Fourier::new().power(&wave);
        let n = (SIDE * SIDE) as f32;
        let at = |x: usize, y: usize| power[y * SIDE + x] / (n * n);
        assert!((at(5, 11) - 0.25).abs() < 1e-3, "{}", at(5, 11));
        assert!((at(59, 53) - 0.25).abs() < 1e-3);
        assert!((at(0, 0) - 0.0625).abs() < 1e-3);
        let sum: f32 = power.iter().sum::<f32>() / n;
        let direct: f32 = wave.iter().map(|v| v * v).sum();
        assert!((sum / direct - 1.0).abs() < 1e-3);
    }
}
