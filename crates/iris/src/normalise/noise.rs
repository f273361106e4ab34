//! Tells which samples of an iris are none of iris tissue.

use std::f32::consts::TAU;

use super::samples::{FINE_ANGLES, FINE_RADII, FineIris};
use crate::geometry::trig::sin_cos;
use crate::raster::Plane;
use crate::segmentation::{Segmentation, TissueModel};

/// Standard deviations below and above the tissue's brightness at which a sample
/// is a lash, or a reflection.
// Decision 7: opened to these once margins and ridges held the contours: 3 errors at FMR 1e-4
// on CASIA-IrisV1 instead of 6 that had too few shared bits, 13 instead of 12 on MMU2.
const MIN_TISSUE_DEVIATIONS: f32 = -3.6;
const MAX_TISSUE_DEVIATIONS: f32 = 5.0;
/// One flag a fine sample: outside the image, a reflection, under an eyelid, or of a
/// brightness that iris tissue does not have.
pub(crate) fn noisy_samples(
    fine: &FineIris,
    working: &Plane,
    glare: &[bool],
    found: &Segmentation,
    roll: f32,
) -> Vec<bool> {
    let (w, h) = (working.width as f32, working.height as f32);
    let eyelids = &found.eyelids;
    let clear = eyelids.clear_rows();
    let mut noisy: Vec<bool> = fine
        .points
        .iter()
        .map(|&(x, y)| {
            let inside = x >= 0.0 && y >= 0.0 && x < w - 0.5 && y < h - 0.5;
            !inside
                || (!(clear.0..=clear.1).contains(&y) && eyelids.cover(x, y, 0.0))
                || glare[(y + 0.5) as usize * working.width + (x + 0.5) as usize]
        })
        .collect();
    let model = TissueModel::of(working, &found.pupil, &found.limbus);
    let cosines: Vec<f32> = (0..FINE_ANGLES)
        .map(|k| sin_cos(roll + k as f32 * TAU / FINE_ANGLES as f32).1)
        .collect();
    for (row, flags) in noisy.chunks_exact_mut(FINE_ANGLES).enumerate() {
        let ring = model.ring((row as f32 + 0.5) / FINE_RADII as f32);
        let levels = &fine.levels[row * FINE_ANGLES..];
        for ((flag, &level), &cos) in flags.iter_mut().zip(levels).zip(&cosines) {
            *flag |= !(MIN_TISSUE_DEVIATIONS..=MAX_TISSUE_DEVIATIONS)
                .contains(&ring.fibre_deviation(level, cos));
        }
    }
    noisy
}
