//! Brightness of iris tissue: a model by radius and side, from the flanks of the iris,
//! which eyelids seldom reach.

use std::f32::consts::TAU;

use crate::geometry::contour::Contour;
use crate::raster::Plane;
use crate::raster::order::upper_median;

/// Radial bins of the brightness model.
// Chosen, not measured: each bin has samples enough for a median, on a thin ring as well.
const RADIAL_BINS: usize = 8;
/// Grey levels that the standard deviation of tissue is held between: sensor noise
/// below, eyelids on the flanks above.
// Decision 6: the upper bound came with the step from 2.3 to 2.0 % on MMU2; the lower one is
// chosen, not measured: the noise of a good sensor.
const MIN_SPREAD_LEVELS: f32 = 4.0;
const MAX_SPREAD_LEVELS: f32 = 12.0;
/// The same upper bound as a share of the tissue's brightness over the pupil: pictures of
/// high contrast have more texture.
// Chosen on the odd subjects of IIT Delhi, whose crypts were masked for lashes.
const MAX_SPREAD_SHARE: f32 = 0.22;

/// Brightness of the iris by radius on either flank, and how far tissue strays from it.
#[derive(Debug, Clone)]
pub(crate) struct TissueModel {
    /// Median grey level by radial bin: image right, image left.
    levels: [[f32; RADIAL_BINS]; 2],
    /// Standard deviation about it, grey levels.
    spread: f32,
    /// The same for fibres that are brighter, which a picture of high contrast shows.
    bright_spread: f32,
}

impl TissueModel {
    /// From the flanks of the iris between its contours, without reflections.
    pub(crate) fn of(plane: &Plane, pupil: &Contour, limbus: &Contour) -> Self {
        // Chosen, not measured: 96 samples a bin on each flank, for its median.
        const FLANK_ANGLES: usize = 24;
        const RADII_PER_BIN: usize = 4;
        /// Flanks reach from this far above the horizontal to that far below.
        // Decision 6: a narrower flank was worse (6.7 % on CASIA-IrisV1, 8.0 % on MMU2).
        const FLANK_TOP_RADIANS: f32 = -0.4;
        const FLANK_BOTTOM_RADIANS: f32 = 0.6;
        let mut flanks: [Vec<Vec<f32>>; 2] =
            [vec![Vec::new(); RADIAL_BINS], vec![Vec::new(); RADIAL_BINS]];
        for k in 0..FLANK_ANGLES {
            let down = FLANK_TOP_RADIANS
                + (FLANK_BOTTOM_RADIANS - FLANK_TOP_RADIANS) * (k as f32 + 0.5)
                    / FLANK_ANGLES as f32;
            for (side, angle) in [down, TAU / 2.0 - down].into_iter().enumerate() {
                let (a, b) = (pupil.point_at(angle), limbus.point_at(angle));
                for j in 0..RADIAL_BINS * RADII_PER_BIN {
                    let t = (j as f32 + 0.5) / (RADIAL_BINS * RADII_PER_BIN) as f32;
                    let level = plane.sample(a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
                    flanks[side][j / RADII_PER_BIN].push(level);
                }
            }
        }
        let levels = flanks.each_mut().map(|bins| {
            let mut medians = [0.0; RADIAL_BINS];
            for (m, bin) in medians.iter_mut().zip(bins.iter_mut()) {
                *m = upper_median(bin);
            }
            medians
        });
        let pupil_level = plane.sample(pupil.centre_x, pupil.centre_y);
        let brightest = levels.iter().flatten().copied().fold(0.0, f32::max);
        let widest = (MAX_SPREAD_SHARE * (brightest - pupil_level)).max(MAX_SPREAD_LEVELS);
        let mut strays: Vec<f32> = (0..2)
            .flat_map(|side| (0..RADIAL_BINS).map(move |bin| (side, bin)))
            .flat_map(|(side, bin)| {
                let m = levels[side][bin];
                flanks[side][bin]
                    .iter()
                    .map(move |v| (v - m).abs())
                    .collect::<Vec<_>>()
            })
            .collect();
        let spread = 1.48 * upper_median(&mut strays);
        Self {
            levels,
            spread: spread.clamp(MIN_SPREAD_LEVELS, MAX_SPREAD_LEVELS),
            bright_spread: spread.clamp(MIN_SPREAD_LEVELS, widest),
        }
    }

    /// Standard deviations by which a grey level is brighter than tissue at a
    /// radial position `t` and a direction with this cosine.
    pub(crate) fn deviation(&self, level: f32, t: f32, cos: f32) -> f32 {
        self.ring(t).deviation(level, cos)
    }

    /// The model on the ring at the radial position `t`.
    pub(crate) fn ring(&self, t: f32) -> TissueRing {
        let position = (t * RADIAL_BINS as f32 - 0.5).clamp(0.0, (RADIAL_BINS - 1) as f32);
        let bin = position as usize;
        let fraction = position - bin as f32;
        let next = (bin + 1).min(RADIAL_BINS - 1);
        TissueRing {
            levels: [0, 1].map(|side: usize| {
                let l = &self.levels[side];
                l[bin] + fraction * (l[next] - l[bin])
            }),
            spread: self.spread,
            bright_spread: self.bright_spread,
        }
    }
}

/// Brightness of the iris on one ring: image right, image left.
pub(crate) struct TissueRing {
    levels: [f32; 2],
    spread: f32,
    bright_spread: f32,
}

impl TissueRing {
    /// Standard deviations by which a grey level is brighter than tissue in a
    /// direction with this cosine.
    pub(crate) fn deviation(&self, level: f32, cos: f32) -> f32 {
        (level - self.expected(cos)) / self.spread
    }

    /// The same, where tissue of high contrast has bright fibres.
    pub(crate) fn fibre_deviation(&self, level: f32, cos: f32) -> f32 {
        let above = level - self.expected(cos);
        above
            / if above > 0.0 {
                self.bright_spread
            } else {
                self.spread
            }
    }

    fn expected(&self, cos: f32) -> f32 {
        let right = 0.5 * (1.0 + cos);
        right * self.levels[0] + (1.0 - right) * self.levels[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segmentation::testing::{circle, eye};

    #[test]
    fn what_strays_from_the_flanks_is_no_tissue() {
        let model = TissueModel::of(&eye(0.0, |_| 0.0), &circle(20.0), &circle(60.0));
        assert!(model.deviation(85.0, 0.5, 1.0).abs() < 1.0);
        assert!(model.deviation(20.0, 0.5, -1.0) < -10.0);
        assert!(model.deviation(200.0, 0.5, 0.0) > 10.0);
    }
}
