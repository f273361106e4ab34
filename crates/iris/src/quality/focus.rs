//! Sharpness of a picture, measured twice.
//!
//! The pupil's edge tells the blur best, but reflections on it can be filled into
//! an artificial step; the steepest tenths of the whole iris region tell it more
//! coarsely and without that weakness. A picture has to pass both.

use crate::error::IrisError;
use crate::geometry::contour::{ANGLES, Contour, angle_of};
use crate::geometry::trig::{length, sin_cos};
use crate::limits;
use crate::raster::Plane;
use crate::raster::order::{quantile, upper_median};

/// Share of the iris radius to either side over which a slope is taken: wide enough
/// that sensor noise is small against it.
// Chosen, not measured: three pixels at an iris radius of 115, as the simulated orb has.
const SLOPE_REACH_RADIUS_SHARE: f32 = 0.026;

pub(crate) fn check_region_sharpness(sharpness: f32) -> Result<(), IrisError> {
    let minimum = limits::MIN_REGION_SHARPNESS;
    if sharpness < minimum {
        return Err(IrisError::Blurred { sharpness, minimum });
    }
    Ok(())
}

/// Iris radius over the width of the steepest edges in the square around the iris.
///
/// `plane` is the picture with its reflections. The steepest slope that one pixel in a
/// hundred exceeds is taken for that of the edges, the range of grey levels for their
/// contrast. Slopes are taken over six pixels, so that a sharp picture does not measure
/// more than about `iris radius / 2.4`.
pub(crate) fn region_sharpness(plane: &Plane, limbus: &Contour) -> f32 {
    // Chosen, not measured: fewer would be the edges of single lashes.
    const STEEPEST_PIXEL_SHARE: f32 = 0.01;
    let radius = limbus.mean_radius();
    let d = (SLOPE_REACH_RADIUS_SHARE * radius).round().max(1.0) as usize;
    let span = |centre: f32, size: usize| {
        let reach = d as f32;
        let last = (size - d) as f32;
        let from = (centre - radius).clamp(reach, last) as usize;
        let to = (centre + radius).clamp(reach, last) as usize;
        from..to
    };
    let (mut levels, mut slopes) = (Vec::new(), Vec::new());
    for y in span(limbus.centre_y, plane.height) {
        for x in span(limbus.centre_x, plane.width) {
            let across = plane.at(x + d, y) - plane.at(x - d, y);
            let down = plane.at(x, y + d) - plane.at(x, y - d);
            slopes.push(length(across, down) / (2 * d) as f32);
            levels.push(plane.at(x, y));
        }
    }
    let range = quantile(&mut levels, 1.0 - STEEPEST_PIXEL_SHARE)
        - quantile(&mut levels, STEEPEST_PIXEL_SHARE);
    let slope = quantile(&mut slopes, 1.0 - STEEPEST_PIXEL_SHARE);
    if range < 1.0 {
        return 0.0;
    }
    radius * slope * std::f32::consts::TAU.sqrt() / range
}

/// Standard deviation of the pupil's edge, in pixels: an edge blurred by a
/// Gaussian of that width has the steepest slope `contrast / (width * sqrt(2 pi))`.
/// Taken by sectors without the uppermost, which the eyelid may cut; the median counts.
///
/// The inside is as dark as the darkest sectors say: blurred reflections brighten
/// the others, and would make a blurred edge look like a sharp, faint one.
pub(crate) fn edge_width(plane: &Plane, pupil: &Contour, iris_radius: f32) -> f32 {
    const SECTORS: usize = 16;
    // Chosen, not measured: half-open eyelids cut the pupil above this.
    const HIGHEST_SECTOR_SINE: f32 = -0.6;
    let sectors: Vec<EdgeSector> = (0..SECTORS)
        .filter(|&s| {
            sin_cos(angle_of(s, SECTORS) + angle_of(1, 2 * SECTORS)).0 > HIGHEST_SECTOR_SINE
        })
        .map(|s| EdgeSector::measure(plane, pupil, iris_radius, s, SECTORS))
        .collect();
    let mut insides: Vec<f32> = sectors.iter().map(|s| s.inside).collect();
    insides.sort_by(f32::total_cmp);
    let dark = insides[1];
    let mut widths: Vec<f32> = sectors.iter().map(|s| s.width(dark)).collect();
    upper_median(&mut widths)
}

/// The mean profile across the pupil's edge in one sector.
struct EdgeSector {
    inside: f32,
    outside: f32,
    /// Grey levels a pixel, at the steepest place.
    slope: f32,
}

impl EdgeSector {
    fn measure(plane: &Plane, pupil: &Contour, iris_radius: f32, s: usize, of: usize) -> Self {
        const STEP_PX: f32 = 0.5;
        let reach = 0.18 * iris_radius.max(20.0);
        let steps = (2.0 * reach / STEP_PX) as usize;
        let per_sector = ANGLES / of;
        let level = |d: f32, k: usize| {
            let (sin, cos) = sin_cos(angle_of(k, ANGLES));
            let r = (pupil.radii[k] + d).max(0.0);
            plane.sample(pupil.centre_x + r * cos, pupil.centre_y + r * sin)
        };
        let profile: Vec<f32> = (0..=steps)
            .map(|j| -reach + j as f32 * STEP_PX)
            .map(|d| {
                let angles = s * per_sector..(s + 1) * per_sector;
                angles.map(|k| level(d, k)).sum::<f32>() / per_sector as f32
            })
            .collect();
        let slope = profile
            .windows(3)
            .map(|w| (w[2] - w[0]) / (2.0 * STEP_PX))
            .fold(0.0, f32::max);
        let plateau = (steps / 8).max(1);
        let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
        Self {
            inside: mean(&profile[..plateau]),
            outside: mean(&profile[steps - plateau..]),
            slope,
        }
    }

    /// Width of the edge in pixels, given how dark the pupil is.
    fn width(&self, dark: f32) -> f32 {
        const MAX_EDGE_WIDTH_PX: f32 = 99.0;
        // Chosen, not measured: below these there is no edge that a width could be told of.
        const MIN_EDGE_SLOPE: f32 = 0.2;
        const MIN_EDGE_CONTRAST: f32 = 3.0;
        let contrast = self.outside - dark;
        if self.slope < MIN_EDGE_SLOPE || contrast < MIN_EDGE_CONTRAST {
            return MAX_EDGE_WIDTH_PX;
        }
        (contrast / (self.slope * std::f32::consts::TAU.sqrt())).min(MAX_EDGE_WIDTH_PX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An eye of rings: pupil, iris, sclera; blurred by `sigma` pixels.
    fn eye(sigma: f32) -> Plane {
        let data = (0..300 * 300)
            .map(|k| {
                let (x, y) = ((k % 300) as f32 - 150.0, (k / 300) as f32 - 150.0);
                match x.hypot(y) {
                    r if r < 40.0 => 20.0,
                    r if r < 100.0 => 80.0,
                    _ => 130.0,
                }
            })
            .collect();
        Plane {
            width: 300,
            height: 300,
            data,
        }
        .blurred(sigma)
    }

    fn circle(r: f32) -> Contour {
        Contour {
            centre_x: 150.0,
            centre_y: 150.0,
            radii: vec![r; ANGLES],
        }
    }

    #[test]
    fn the_width_of_the_edge_is_the_blur() {
        for sigma in [2.0, 4.0] {
            let width = edge_width(&eye(sigma), &circle(40.0), 100.0);
            assert!((width - sigma).abs() < 0.25 * sigma, "{width} for {sigma}");
        }
    }

    #[test]
    fn a_blurred_region_is_less_sharp() {
        let sharp = region_sharpness(&eye(1.0), &circle(100.0));
        let blurred = region_sharpness(&eye(8.0), &circle(100.0));
        assert!(sharp > 2.0 * blurred, "{sharp} {blurred}");
    }

    #[test]
    fn a_flat_region_has_no_sharpness() {
        let flat = Plane {
            width: 300,
            height: 300,
            data: vec![70.0; 90_000],
        };
        assert_eq!(region_sharpness(&flat, &circle(100.0)), 0.0);
        assert_eq!(edge_width(&flat, &circle(40.0), 100.0), 99.0);
    }
}
