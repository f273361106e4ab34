//! Refuses eyes that are cut, stretched, too small or not concentric.

use std::f32::consts::TAU;

use crate::error::IrisError;
use crate::geometry::contour::Contour;
use crate::geometry::trig::length;
use crate::limits;
use crate::raster::Plane;

/// Sizes of a pupil and of its iris.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proportions {
    /// Pupil diameter over iris diameter.
    pub(crate) pupil_ratio: f32,
    /// Distance of the centres over the iris radius.
    pub(crate) centre_offset: f32,
    /// Iris diameter in pixels of the image given.
    pub(crate) iris_diameter_px: f32,
}

/// Refuses an iris that is too small, a pupil that does not fit it, and centres that lie
/// apart. The contours are on a plane that is `scale` times as small as the image (ENROL-14).
pub(crate) fn check_proportions(
    pupil: &Contour,
    limbus: &Contour,
    scale: f32,
) -> Result<Proportions, IrisError> {
    let radius = limbus.mean_radius();
    let iris_diameter_px = 2.0 * radius * scale;
    if iris_diameter_px < limits::MIN_IRIS_DIAMETER_PX {
        return Err(IrisError::IrisTooSmall {
            diameter_px: iris_diameter_px,
        });
    }
    let pupil_ratio = pupil.mean_radius() / radius;
    let (minimum, maximum) = (limits::MIN_PUPIL_RATIO, limits::MAX_PUPIL_RATIO);
    if !(minimum..=maximum).contains(&pupil_ratio) {
        return Err(IrisError::PupilRatio {
            value: pupil_ratio,
            minimum,
            maximum,
        });
    }
    let offset = length(
        pupil.centre_x - limbus.centre_x,
        pupil.centre_y - limbus.centre_y,
    );
    let centre_offset = offset / radius;
    if centre_offset > limits::MAX_CENTRE_OFFSET {
        let maximum = limits::MAX_CENTRE_OFFSET;
        return Err(IrisError::NotConcentric {
            offset: centre_offset,
            maximum,
        });
    }
    Ok(Proportions {
        pupil_ratio,
        centre_offset,
        iris_diameter_px,
    })
}

/// Share of a contour that is in the picture.
pub(crate) fn inside_fraction(contour: &Contour, plane: &Plane) -> f32 {
    const PLACES: usize = 128;
    let (w, h) = (plane.width as f32, plane.height as f32);
    let inside = (0..PLACES)
        .map(|k| contour.point_at(k as f32 * TAU / PLACES as f32))
        .filter(|&(x, y)| x >= 0.0 && y >= 0.0 && x < w && y < h);
    inside.count() as f32 / PLACES as f32
}

/// Refuses contours that no whole, unstretched eye has.
pub(crate) fn check_contours(
    pupil: &Contour,
    limbus: &Contour,
    plane: &Plane,
) -> Result<(), IrisError> {
    let inside = inside_fraction(limbus, plane);
    if inside < limits::MIN_INSIDE_FRACTION {
        let minimum = limits::MIN_INSIDE_FRACTION;
        return Err(IrisError::NotWhole { inside, minimum });
    }
    let (pupil, limbus) = (pupil.flattening(), limbus.flattening());
    let flattening = 0.5 * length(pupil[0] + limbus[0], pupil[1] + limbus[1]);
    if flattening > limits::MAX_FLATTENING {
        let maximum = limits::MAX_FLATTENING;
        return Err(IrisError::NotRound {
            flattening,
            maximum,
        });
    }
    Ok(())
}
