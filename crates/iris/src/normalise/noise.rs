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
/// Standard deviations below the tissue's brightness down to which a lash is followed from where
/// it enters the iris.
// Chosen, not measured: a lash is fainter where it is thin or out of focus.
const MIN_DEVIATIONS_BESIDE_LASH: f32 = -2.0;

/// One flag a fine sample: outside the image, a reflection, under an eyelid, or of a
/// brightness that iris tissue does not have.
pub(crate) fn noisy_samples(
    fine: &FineIris,
    working: &Plane,
    glare: &[bool],
    found: &Segmentation,
) -> Vec<bool> {
    let covered = covered_samples(fine, working, found);
    let deviations = tissue_deviations(fine, working, found);
    let lashes = lash_samples(&covered, &deviations);
    let is_glare =
        |&(x, y): &(f32, f32)| glare[(y + 0.5) as usize * working.width + (x + 0.5) as usize];
    (0..fine.points.len())
        .map(|k| {
            covered[k]
                || lashes[k]
                || deviations[k] > MAX_TISSUE_DEVIATIONS
                || is_glare(&fine.points[k])
        })
        .collect()
}

/// One flag a fine sample: outside the image, or under an eyelid.
fn covered_samples(fine: &FineIris, working: &Plane, found: &Segmentation) -> Vec<bool> {
    let (w, h) = (working.width as f32, working.height as f32);
    let eyelids = &found.eyelids;
    let clear = eyelids.clear_rows();
    let points = fine.points.iter();
    points
        .map(|&(x, y)| {
            let inside = x >= 0.0 && y >= 0.0 && x < w - 0.5 && y < h - 0.5;
            !inside || (!(clear.0..=clear.1).contains(&y) && eyelids.cover(x, y, 0.0))
        })
        .collect()
}

/// Standard deviations by which each fine sample is brighter than tissue.
fn tissue_deviations(fine: &FineIris, working: &Plane, found: &Segmentation) -> Vec<f32> {
    let model = TissueModel::of(working, &found.pupil, &found.limbus);
    let cosines: Vec<f32> = (0..FINE_ANGLES)
        .map(|k| sin_cos(k as f32 * TAU / FINE_ANGLES as f32).1)
        .collect();
    let mut deviations = Vec::with_capacity(fine.levels.len());
    for (row, levels) in fine.levels.chunks_exact(FINE_ANGLES).enumerate() {
        let ring = model.ring((row as f32 + 0.5) / FINE_RADII as f32);
        let samples = levels.iter().zip(&cosines);
        deviations.extend(samples.map(|(&level, &cos)| ring.fibre_deviation(level, cos)));
    }
    deviations
}

/// One flag a fine sample: a lash, or the edge of the pupil. Both are darker than tissue and come
/// from somewhere: from an eyelid, across the limbus, or out of the pupil. A crypt is as dark,
/// and tissue lies around it.
fn lash_samples(covered: &[bool], deviations: &[f32]) -> Vec<bool> {
    let is_dark = |k: usize| deviations[k] < MIN_DEVIATIONS_BESIDE_LASH && !covered[k];
    let mut reached = vec![false; deviations.len()];
    let mut open: Vec<usize> = (0..deviations.len())
        .filter(|&k| is_dark(k) && (is_rim(k) || neighbours(k).any(|n| covered[n])))
        .collect();
    for &k in &open {
        reached[k] = true;
    }
    while let Some(k) = open.pop() {
        for n in neighbours(k) {
            if !reached[n] && is_dark(n) {
                reached[n] = true;
                open.push(n);
            }
        }
    }
    let samples = reached.iter().zip(deviations);
    samples
        .map(|(&reached, &deviation)| reached && deviation < MIN_TISSUE_DEVIATIONS)
        .collect()
}

/// Returns whether a sample lies beside the pupil or the limbus.
fn is_rim(k: usize) -> bool {
    let row = k / FINE_ANGLES;
    row == 0 || row == FINE_RADII - 1
}

/// The samples around one; angles wrap.
fn neighbours(k: usize) -> impl Iterator<Item = usize> {
    let (row, column) = (k / FINE_ANGLES, k % FINE_ANGLES);
    let rows = row.saturating_sub(1)..=(row + 1).min(FINE_RADII - 1);
    rows.flat_map(move |row| {
        [FINE_ANGLES - 1, 0, 1].map(|step| row * FINE_ANGLES + (column + step) % FINE_ANGLES)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dark_spot_is_a_lash_only_if_it_comes_from_somewhere() {
        let at = |row: usize, column: usize| row * FINE_ANGLES + column;
        let mut covered = vec![false; FINE_ANGLES * FINE_RADII];
        let mut deviations = vec![0.0; FINE_ANGLES * FINE_RADII];
        covered[at(100, 0)..at(100, 300)].fill(true);
        // A lash below the eyelid, fainter in its middle; a crypt; the edge of the pupil.
        for row in 60..100 {
            deviations[at(row, 50)] = if row == 80 { -2.5 } else { -6.0 };
        }
        for row in 30..40 {
            deviations[at(row, 700)..at(row, 715)].fill(-6.0);
        }
        deviations[at(0, 400)..at(0, 420)].fill(-6.0);
        let lashes = lash_samples(&covered, &deviations);
        assert!(lashes[at(99, 50)] && lashes[at(60, 50)]);
        assert!(!lashes[at(80, 50)] && !lashes[at(35, 705)]);
        assert!(lashes[at(0, 410)]);
        // Across the column at which angles begin.
        covered[at(100, 0)] = true;
        deviations[at(99, FINE_ANGLES - 1)] = -6.0;
        assert!(lash_samples(&covered, &deviations)[at(99, FINE_ANGLES - 1)]);
    }
}
