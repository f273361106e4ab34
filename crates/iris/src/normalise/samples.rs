//! Samples an iris finely between its two contours, and averages the samples.

use std::f32::consts::TAU;

use annona_model::{EncoderModel, NormalisedIris};

use crate::geometry::contour::Contour;
use crate::geometry::trig::{length, sin_cos};
use crate::raster::Plane;

/// Number of angles that are sampled.
// Four by two samples a pixel of the normalised iris. Whether areas or points are sampled made
// no difference when the parameter set was chosen.
pub(crate) const FINE_ANGLES: usize = 1024;
/// Number of radii that are sampled.
pub(crate) const FINE_RADII: usize = 128;
/// Share of noisy samples above which a block of the normalised iris is noisy.
// Chosen, not measured: a lash across a corner of a block leaves most of it. The parameter file
// has the tolerance of the filters.
const MAX_NOISY_SHARE: f32 = 0.25;

/// Flattening of the limbus beyond the part that gaze and noise make.
fn stretch_of(limbus: &Contour) -> [f32; 2] {
    // Chosen, not measured: a gaze 21 degrees aside flattens an iris by as much.
    const USUAL_FLATTENING: f32 = 0.035;
    let [along, across] = limbus.flattening();
    let flattening = length(along, across);
    let share = (flattening - USUAL_FLATTENING).max(0.0) / flattening.max(USUAL_FLATTENING);
    [along * share, across * share]
}

/// The iris sampled finely between its contours.
pub(crate) struct FineIris {
    pub(crate) levels: Vec<f32>,
    pub(crate) points: Vec<(f32, f32)>,
}

impl FineIris {
    /// Samples `plane` bilinearly at 1024 angles by 128 radii, cell-centred, from `roll`
    /// on, which is in radians clockwise. In a stretched picture equal angles of the eye
    /// are not equal in the image: the part of this that the limbus shows is taken off.
    pub(crate) fn sample(plane: &Plane, pupil: &Contour, limbus: &Contour, roll: f32) -> Self {
        let [along, across] = stretch_of(limbus);
        let rays: Vec<_> = (0..FINE_ANGLES)
            .map(|k| {
                let even = roll + (k as f32 + 0.5) * TAU / FINE_ANGLES as f32;
                let (sin, cos) = sin_cos(2.0 * even);
                let angle = even - along * sin + across * cos;
                (pupil.point_at(angle), limbus.point_at(angle))
            })
            .collect();
        let mut points = Vec::with_capacity(FINE_ANGLES * FINE_RADII);
        for j in 0..FINE_RADII {
            let t = (j as f32 + 0.5) / FINE_RADII as f32;
            points.extend(rays.iter().map(|(inner, outer)| {
                (
                    inner.0 + t * (outer.0 - inner.0),
                    inner.1 + t * (outer.1 - inner.1),
                )
            }));
        }
        let levels = points.iter().map(|&(x, y)| plane.sample(x, y)).collect();
        Self { levels, points }
    }

    /// Averages down to the normalised iris of `model`; `noisy` holds one flag a fine sample.
    pub(crate) fn reduced(&self, noisy: &[bool], model: &EncoderModel) -> NormalisedIris {
        let p = model.size();
        let (across, down) = (FINE_ANGLES / p.width_angles, FINE_RADII / p.height_radii);
        let levels = 255.0 / ((1u32 << p.pixel_bits) - 1) as f32;
        let mut pixels = Vec::with_capacity(p.width_angles * p.height_radii);
        for row in 0..p.height_radii {
            for column in 0..p.width_angles {
                let sum: f32 = block(row * down, down, column * across, across)
                    .map(|k| self.levels[k])
                    .sum();
                let mean = sum / (across * down) as f32;
                pixels.push((mean / levels).round().clamp(0.0, f32::from(p.white())) as u8);
            }
        }
        let wide = across * p.noise_block_columns;
        let limit = MAX_NOISY_SHARE * (wide * down) as f32;
        let mut noise = Vec::with_capacity(pixels.len() / p.noise_block_columns);
        for row in 0..p.height_radii {
            for column in 0..p.width_angles / p.noise_block_columns {
                let bad = block(row * down, down, column * wide, wide)
                    .filter(|&k| noisy[k])
                    .count();
                noise.push(bad as f32 > limit);
            }
        }
        NormalisedIris::new(model, pixels, noise).expect("each block was averaged and clamped")
    }
}

/// Indices of a block of fine samples.
fn block(row: usize, rows: usize, column: usize, columns: usize) -> impl Iterator<Item = usize> {
    (row..row + rows)
        .flat_map(move |r| (column..column + columns).map(move |c| r * FINE_ANGLES + c))
}

#[cfg(test)]
mod tests {
    use annona_model::ModelName;

    use super::*;
    use crate::geometry::contour::ANGLES;

    fn circle(r: f32) -> Contour {
        Contour {
            centre_x: 60.0,
            centre_y: 60.0,
            radii: vec![r; ANGLES],
        }
    }

    #[test]
    fn rows_run_from_the_pupil_outward_and_columns_clockwise() {
        let data = (0..120 * 120)
            .map(|k| {
                let (x, y) = ((k % 120) as f32 - 60.0, (k / 120) as f32 - 60.0);
                if y > 0.0 { x.hypot(y) * 2.0 } else { 0.0 }
            })
            .collect();
        let plane = Plane {
            width: 120,
            height: 120,
            data,
        };
        let fine = FineIris::sample(&plane, &circle(15.0), &circle(50.0), 0.0);
        let normalised = fine.reduced(&vec![false; FINE_ANGLES * FINE_RADII], ModelName::P.model());
        let at = |column: usize, row: usize| normalised.pixels()[row * 256 + column];
        assert!((i32::from(at(64, 0)) - 15).abs() <= 1, "{}", at(64, 0));
        assert!((i32::from(at(64, 63)) - 50).abs() <= 1, "{}", at(64, 63));
        assert_eq!(at(192, 32), 0);
    }

    #[test]
    fn a_block_is_noisy_when_enough_of_it_is() {
        let plane = Plane {
            width: 120,
            height: 120,
            data: vec![0.0; 14400],
        };
        let fine = FineIris::sample(&plane, &circle(15.0), &circle(50.0), 0.0);
        let mut noisy = vec![false; FINE_ANGLES * FINE_RADII];
        noisy[16..32].fill(true);
        noisy[FINE_ANGLES * 2] = true;
        let normalised = fine.reduced(&noisy, ModelName::P.model());
        assert!(normalised.is_noisy(4, 0) && normalised.is_noisy(7, 0));
        assert!(
            !normalised.is_noisy(3, 0) && !normalised.is_noisy(8, 0) && !normalised.is_noisy(0, 1)
        );
    }
}
