//! Judges whether iris lies between two contours: brighter than the pupil, darker than what
//! lies outside.

use super::Segmentation;
use crate::geometry::contour::Contour;
use crate::geometry::trig::sin_cos;
use crate::limits;
use crate::raster::Plane;
use crate::raster::order::{quantile, upper_median};

/// Least share of the tissue's brightness over the pupil that is left just inside the limbus.
// Chosen, not measured: an iris darkens towards its edge, but never to the pupil's level.
const MIN_BRIGHTNESS_AT_LIMBUS: f32 = 0.35;
/// Least brightness of the darker flank over the pupil, as a share of the brighter one's.
// Chosen, not measured: light from one side leaves more. A flank at the pupil's level is a part of
// the pupil, taken for iris.
const MIN_BRIGHTNESS_OF_DARKER_FLANK: f32 = 0.25;
/// Least grey levels by which one flank brightens across the limbus.
// Chosen, not measured: noise makes less of a median over a flank.
const MIN_STEP_AT_LIMBUS: f32 = 3.0;

/// Returns whether iris lies between the contours.
pub(super) fn is_iris(smooth: &Plane, found: &Segmentation) -> bool {
    let (pupil, limbus) = (&found.pupil, &found.limbus);
    let ratio = pupil.mean_radius() / limbus.mean_radius();
    if !(limits::MIN_PUPIL_RATIO..=limits::MAX_PUPIL_RATIO).contains(&ratio) {
        return false;
    }
    let mut inside = ring(smooth, pupil, 0.5, |_| true);
    let pupil_level = quantile(&mut inside, 0.25);
    let flanks = [1.0, -1.0].map(|side| Flank::of(smooth, found, side));
    let brightness = |flank: &Flank| flank.tissue - pupil_level;
    let is_tissue = flanks
        .iter()
        .all(|flank| flank.inside - pupil_level >= MIN_BRIGHTNESS_AT_LIMBUS * brightness(flank));
    let [darker, brightest] = match flanks.each_ref().map(brightness) {
        [left, right] if left > right => [right, left],
        ascending => ascending,
    };
    let is_on_both_sides = darker >= MIN_BRIGHTNESS_OF_DARKER_FLANK * brightest;
    let is_bounded = flanks
        .iter()
        .any(|flank| flank.outside - flank.inside >= MIN_STEP_AT_LIMBUS);
    is_tissue && is_on_both_sides && is_bounded && brightest >= limits::MIN_PUPIL_CONTRAST
}

/// Median grey levels on one side of an eye.
struct Flank {
    /// Half way from the pupil to the limbus.
    tissue: f32,
    /// Just inside the limbus, and just outside.
    inside: f32,
    outside: f32,
}

impl Flank {
    fn of(plane: &Plane, found: &Segmentation, side: f32) -> Self {
        let is_flank = |(sin, cos): (f32, f32)| side * cos > 0.0 && (-0.4..=0.55).contains(&sin);
        let level = |share| upper_median(&mut ring(plane, &found.limbus, share, is_flank));
        let ratio = found.pupil.mean_radius() / found.limbus.mean_radius();
        Self {
            tissue: level(0.5 * (1.0 + ratio)),
            inside: level(0.9),
            outside: level(1.12),
        }
    }
}

/// Grey levels at a share of a contour's radius, in the directions that are wanted.
fn ring(
    plane: &Plane,
    contour: &Contour,
    share: f32,
    wanted: impl Fn((f32, f32)) -> bool,
) -> Vec<f32> {
    const DIRECTIONS: usize = 48;
    (0..DIRECTIONS)
        .map(|k| k as f32 * std::f32::consts::TAU / DIRECTIONS as f32)
        .filter(|&angle| wanted(sin_cos(angle)))
        .map(|angle| {
            let (x, y) = contour.point_at(angle);
            plane.sample(
                contour.centre_x + share * (x - contour.centre_x),
                contour.centre_y + share * (y - contour.centre_y),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segmentation::find_eyelids;
    use crate::segmentation::testing::{circle, eye};

    fn is_accepted(pupil: f32, limbus: f32) -> bool {
        is_accepted_aside(0.0, pupil, limbus)
    }

    /// Judges two circles whose centre lies to the right of the eye's.
    fn is_accepted_aside(right: f32, pupil: f32, limbus: f32) -> bool {
        let plane = eye(0.0, |_| 0.0).blurred(1.5);
        let aside = |radius| {
            let mut contour = circle(radius);
            contour.centre_x += right;
            contour
        };
        let (pupil, limbus) = (aside(pupil), aside(limbus));
        let eyelids = find_eyelids(&plane, &pupil, &limbus);
        let found = Segmentation {
            pupil,
            limbus,
            eyelids,
            limbus_agreement: 1.0,
            value: 1.0,
            sharpness: 50.0,
        };
        is_iris(&plane, &found)
    }

    #[test]
    fn only_tissue_between_pupil_and_sclera_is_an_iris() {
        assert!(is_accepted(20.0, 60.0));
        // The pupil's own edge for a limbus, a part of the iris, sclera with it, and a pupil
        // that leaves no iris.
        assert!(!is_accepted(8.0, 20.0));
        assert!(!is_accepted(20.0, 45.0));
        assert!(!is_accepted(20.0, 90.0));
        assert!(!is_accepted(50.0, 60.0));
    }

    #[test]
    fn a_part_of_the_pupil_is_no_iris() {
        // The right half of the pupil for the pupil, its left half for iris.
        assert!(!is_accepted_aside(10.0, 10.0, 30.0));
        assert!(is_accepted_aside(1.0, 20.0, 60.0));
    }
}
