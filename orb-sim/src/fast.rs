//! Elementary functions for the pixel loop.
//!
//! Made of additions and multiplications only, so that they give the same bits on every
//! machine; the functions of the standard library do not promise that. Functions
//! that are needed once an image come from `libm`, which promises it too.

use std::f32::consts::LOG2_E;

/// The direction of `(x, y)` in whole turns, `[0, 1]`, from the x axis towards y.
/// Wrong by at most 2e-6 turns, a thousandth of a pixel on an iris.
pub(crate) fn turn(y: f32, x: f32) -> f32 {
    let (ax, ay) = (x.abs(), y.abs());
    let (low, high) = if ax < ay { (ax, ay) } else { (ay, ax) };
    if high == 0.0 {
        return 0.0;
    }
    let a = low / high;
    let s = a * a;
    // Minimax polynomial of the arc tangent on [0, 1], divided by a whole turn.
    let octant = a
        * (0.159_151_3
            + s * (-0.052_938_7
                + s * (0.030_803_4 + s * (-0.018_530_9 + s * (0.008_380_0 - s * 0.001_865_5)))));
    let quadrant = if ax < ay { 0.25 - octant } else { octant };
    let half = if x < 0.0 { 0.5 - quadrant } else { quadrant };
    if y < 0.0 { 1.0 - half } else { half }
}

/// The exponential function to a relative 2e-5, for arguments between -80 and 80.
pub(crate) fn exp(x: f32) -> f32 {
    const SHIFT: f32 = 256.0;
    let t = x.clamp(-80.0, 80.0) * LOG2_E;
    let whole = (t + SHIFT) as i32 - SHIFT as i32;
    let f = t - whole as f32;
    let fraction = 1.0
        + f * (std::f32::consts::LN_2
            + f * (0.240_226_5 + f * (0.055_504_1 + f * (0.009_618_1 + f * 0.001_487_4))));
    fraction * f32::from_bits(((whole + 127) as u32) << 23)
}

/// The bell of unit height and unit standard deviation.
pub(crate) fn gauss(x: f32) -> f32 {
    exp(-0.5 * x * x)
}

/// A function of one argument, tabulated; constant beyond both ends.
pub(crate) struct Table {
    start: f32,
    per_unit: f32,
    values: Vec<f32>,
}

impl Table {
    /// Tabulates `f` from `start` to `end` at `steps` intervals.
    pub(crate) fn new(start: f32, end: f32, steps: usize, f: impl Fn(f32) -> f32) -> Self {
        let step = (end - start) / steps as f32;
        Self {
            start,
            per_unit: 1.0 / step,
            values: (0..=steps).map(|i| f(start + i as f32 * step)).collect(),
        }
    }

    pub(crate) fn at(&self, x: f32) -> f32 {
        let last = self.values.len() - 2;
        let place = ((x - self.start) * self.per_unit).clamp(0.0, (last + 1) as f32);
        let i = (place as usize).min(last);
        self.values[i] + (self.values[i + 1] - self.values[i]) * (place - i as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    #[test]
    fn the_direction_is_that_of_the_arc_tangent() {
        for i in 0..5_000 {
            let theta = (i as f32 + 0.5) * TAU / 5_000.0;
            let found = turn(3.0 * libm::sinf(theta), 3.0 * libm::cosf(theta));
            assert!((found - theta / TAU).abs() < 4e-6, "{found} at {theta}");
        }
        assert_eq!(turn(0.0, 0.0), 0.0);
    }

    #[test]
    fn the_exponential_is_accurate_everywhere() {
        for i in -7_900..7_900 {
            let x = i as f32 * 0.01;
            assert!((exp(x) / libm::expf(x) - 1.0).abs() < 3e-5, "at {x}");
        }
    }

    #[test]
    fn a_table_interpolates_and_ends() {
        let table = Table::new(-1.0, 3.0, 400, |x| x * x);
        assert!((table.at(1.234) - 1.234 * 1.234).abs() < 1e-4);
        assert!((table.at(9.0) - 9.0).abs() < 1e-4 && (table.at(-5.0) - 1.0).abs() < 1e-4);
    }
}
