//! The normalised sheet: the iris unrolled between its two contours.

use std::f32::consts::TAU;

use image::GrayImage;

use crate::contour::Contour;
use crate::params::params;
use crate::raster::Plane;
use crate::trig::{length, sin_cos};

/// Number of angles that are sampled.
pub(crate) const FINE_ANGLES: usize = 1024;
/// Number of radii that are sampled.
pub(crate) const FINE_RADII: usize = 128;
/// Share of noisy samples above which a block of the sheet is noisy.
const MAX_NOISY_SHARE: f32 = 0.25;

/// The iris as a rectangle of 256 angles (columns) by 64 radii (rows, the pupil's
/// edge first), 7 bits a pixel, with one noise bit for 4 columns of a row.
///
/// Column 0 starts in the direction of growing x, or, in a picture turned by more than a
/// little, where that direction is for the eye; columns go clockwise in the image.
/// Everything after it is integer arithmetic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalisedSheet {
    pixels: Vec<u8>,
    noise: Vec<bool>,
}

impl NormalisedSheet {
    /// Returns the number of angles of the sheet.
    #[must_use]
    pub fn width(&self) -> usize {
        params().sheet.width_angles
    }

    /// Returns the number of radii of the sheet.
    #[must_use]
    pub fn height(&self) -> usize {
        params().sheet.height_radii
    }

    /// Pixels row by row, each below 128.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Returns whether the pixel's block is hidden by lids, lashes or reflections.
    #[must_use]
    pub fn is_noisy(&self, column: usize, row: usize) -> bool {
        let block = params().sheet.noise_block_columns;
        self.noise[row * (self.width() / block) + column / block]
    }

    /// The sheet as an 8-bit picture.
    #[must_use]
    pub fn to_image(&self) -> GrayImage {
        let (w, h) = (self.width(), self.height());
        GrayImage::from_fn(w as u32, h as u32, |x, y| {
            image::Luma([self.pixels[y as usize * w + x as usize] * 2])
        })
    }

    /// A sheet from its parts; `None` when a length or a pixel is out of range.
    #[cfg(test)]
    pub(crate) fn from_parts(pixels: Vec<u8>, noise: Vec<bool>) -> Option<Self> {
        let p = &params().sheet;
        let size = p.width_angles * p.height_radii;
        let whole = pixels.len() == size && noise.len() == size / p.noise_block_columns;
        let in_range = pixels.iter().all(|&v| v < 1 << p.pixel_bits);
        (whole && in_range).then_some(Self { pixels, noise })
    }
}

/// Flattening of the limbus beyond the part that gaze and noise make.
fn stretch_of(limbus: &Contour) -> [f32; 2] {
    const USUAL: f32 = 0.035;
    let [along, across] = limbus.flattening();
    let flattening = length(along, across);
    let share = (flattening - USUAL).max(0.0) / flattening.max(USUAL);
    [along * share, across * share]
}

/// The iris sampled finely between its contours.
pub(crate) struct FineSheet {
    pub(crate) levels: Vec<f32>,
    pub(crate) points: Vec<(f32, f32)>,
}

impl FineSheet {
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

    /// Averages down to the sheet of the parameter file; `noisy` holds one flag a
    /// fine sample.
    pub(crate) fn reduced(&self, noisy: &[bool]) -> NormalisedSheet {
        let p = &params().sheet;
        let (across, down) = (FINE_ANGLES / p.width_angles, FINE_RADII / p.height_radii);
        let levels = 255.0 / ((1u32 << p.pixel_bits) - 1) as f32;
        let mut pixels = Vec::with_capacity(p.width_angles * p.height_radii);
        for row in 0..p.height_radii {
            for column in 0..p.width_angles {
                let sum: f32 = block(row * down, down, column * across, across)
                    .map(|k| self.levels[k])
                    .sum();
                let mean = sum / (across * down) as f32;
                pixels.push((mean / levels).round().clamp(0.0, 127.0) as u8);
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
        NormalisedSheet { pixels, noise }
    }
}

/// Indices of a block of fine samples.
fn block(row: usize, rows: usize, column: usize, columns: usize) -> impl Iterator<Item = usize> {
    (row..row + rows)
        .flat_map(move |r| (column..column + columns).map(move |c| r * FINE_ANGLES + c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contour::ANGLES;

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
        let fine = FineSheet::sample(&plane, &circle(15.0), &circle(50.0), 0.0);
        let sheet = fine.reduced(&vec![false; FINE_ANGLES * FINE_RADII]);
        let at = |column: usize, row: usize| sheet.pixels()[row * 256 + column];
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
        let fine = FineSheet::sample(&plane, &circle(15.0), &circle(50.0), 0.0);
        let mut noisy = vec![false; FINE_ANGLES * FINE_RADII];
        noisy[16..32].fill(true);
        noisy[FINE_ANGLES * 2] = true;
        let sheet = fine.reduced(&noisy);
        assert!(sheet.is_noisy(4, 0) && sheet.is_noisy(7, 0));
        assert!(!sheet.is_noisy(3, 0) && !sheet.is_noisy(8, 0) && !sheet.is_noisy(0, 1));
    }
}
