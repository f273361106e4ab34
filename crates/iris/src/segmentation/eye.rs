//! Finds an eye on a small copy of the picture: a pair of circles, one in the other.

use super::planes::Planes;
use super::radial_voting::dark_circles;
use crate::geometry::circle::{Circle, CircleCandidate, GradientField, SearchBox, best_circle};
use crate::geometry::contour::angle_of;
use crate::geometry::trig::{length, sin_cos};
use crate::raster::Plane;

/// Largest pupil radius looked for, as a share of the coarse plane's shorter side;
/// and the smallest in its pixels.
// Chosen; no experiment is recorded.
const MAX_PUPIL_RADIUS_SHARE: f32 = 0.27;
const MIN_PUPIL_RADIUS_PX: usize = 3;
/// Iris radii looked for: in pupil radii, and at most as shares of the coarse
/// plane's height and width.
// Chosen, not measured: pupil ratios of 0.74 to 0.14. The other two keep most of the iris in
// the picture.
const IRIS_RADIUS_IN_PUPIL_RADII: (f32, f32) = (1.35, 7.0);
const MAX_IRIS_RADIUS_OF_HEIGHT: f32 = 0.62;
const MAX_IRIS_RADIUS_OF_WIDTH: f32 = 0.45;
/// Weight of the limbus's agreement beside the pupil's votes.
// Decision 6 has the step to pairs of circles (MMU2: 10.1 to 9.9 %), and no other weight.
const LIMBUS_AGREEMENT_WEIGHT: f32 = 2.0;
/// Brightening from the pupil's edge to the inside of the limbus, as a share of the
/// picture's range, at which a limbus counts half.
// Decision 6: a limbus like the iris inside it, with pupils dark all over, took the errors on
// MMU2 at FMR 1e-4 from 6.7 to 5.3 %; other values are not recorded.
const LIMBUS_BRIGHTENING_HALF_WEIGHT: f32 = 0.4;
/// The pair of circles, one in the other, that is most like pupil and iris.
pub(crate) fn find_eye(planes: &Planes) -> Option<FoundEye> {
    let coarse = planes.coarse.blurred(0.8);
    let (w, h) = (coarse.width as f32, coarse.height as f32);
    let dark = coarse.percentile(0.01);
    let middle = coarse.percentile(0.5);
    let range = (middle - dark).max(1.0);
    let brightness = |x: f32, y: f32| (coarse.sample(x, y) - dark) / range;
    let darkness = |c: Circle| {
        let bright = disc_level(c, brightness).clamp(0.0, 0.95);
        (1.0 - bright) * (1.0 - bright)
    };
    let radii = (
        MIN_PUPIL_RADIUS_PX,
        (MAX_PUPIL_RADIUS_SHARE * w.min(h)) as usize,
    );
    let candidates = dark_circles(&coarse, &planes.coarse_spots, radii, darkness);
    let smooth = planes.coarse.blurred(1.2);
    let field = GradientField::new(&smooth, 4.0);
    candidates
        .iter()
        .filter_map(|voted| {
            let limbus = limbus_around(&field, planes, voted.circle, range)?;
            let value = voted.votes
                + LIMBUS_AGREEMENT_WEIGHT
                    * limbus.agreement
                    * likely_ratio(voted.circle.r / limbus.circle.r);
            Some(FoundEye {
                pupil: voted.circle,
                limbus: limbus.circle,
                value,
                limbus_agreement: limbus.agreement,
                votes: voted.votes,
            })
        })
        .max_by(|a, b| a.value.total_cmp(&b.value))
}

/// Two circles on the coarse plane.
pub(crate) struct FoundEye {
    pub(crate) pupil: Circle,
    pub(crate) limbus: Circle,
    pub(crate) limbus_agreement: f32,
    pub(crate) votes: f32,
    /// Likeness of the pair to pupil and iris.
    pub(crate) value: f32,
}

/// 1 for the ratios that eyes have, falling to 0.3 for those they hardly have.
// Chosen, not measured: of real eyes, 98 in 100 have 0.25 to 0.54.
fn likely_ratio(ratio: f32) -> f32 {
    let off = (0.22 - ratio).max(ratio - 0.6).max(0.0);
    (1.0 - 5.0 * off).max(0.3)
}

/// Mean grey levels right and left at `share` of a circle's radius.
fn flank_levels(plane: &Plane, c: Circle, share: f32) -> [f32; 2] {
    const FLANK_SINES: [f32; 4] = [-0.2, 0.05, 0.3, 0.5];
    [1.0, -1.0].map(|side| {
        let sum: f32 = FLANK_SINES
            .iter()
            .map(|&down| {
                let across = side * (1.0 - down * down).sqrt();
                plane.sample(c.x + share * c.r * across, c.y + share * c.r * down)
            })
            .sum();
        sum / FLANK_SINES.len() as f32
    })
}

fn limbus_around(
    field: &GradientField,
    planes: &Planes,
    pupil: Circle,
    range: f32,
) -> Option<CircleCandidate> {
    let coarse = &planes.coarse;
    let Circle { x, y, r } = pupil;
    let largest = (IRIS_RADIUS_IN_PUPIL_RADII.1 * r)
        .min(MAX_IRIS_RADIUS_OF_HEIGHT * coarse.height as f32)
        .min(MAX_IRIS_RADIUS_OF_WIDTH * coarse.width as f32);
    let smallest = (IRIS_RADIUS_IN_PUPIL_RADII.0 * r).max(planes.least_iris_radius);
    let search = |step: f32, reach: f32, about: Circle, radii: (f32, f32), samples| SearchBox {
        x: (about.x - reach, about.x + reach),
        y: (about.y - reach, about.y + reach),
        r: radii,
        step,
        samples,
    };
    let inner = flank_levels(coarse, pupil, 1.3);
    let prior = |c: Circle| {
        let outer = flank_levels(coarse, c, 0.85);
        let brighter = (0..2)
            .map(|side| (outer[side] - inner[side]).max(0.0) / range)
            .sum::<f32>();
        let alike = 1.0
            / (1.0
                + (brighter / LIMBUS_BRIGHTENING_HALF_WEIGHT)
                    * (brighter / LIMBUS_BRIGHTENING_HALF_WEIGHT));
        alike * (1.0 - (length(c.x - x, c.y - y) / c.r))
    };
    let reach = (0.10 * smallest.max(0.3 * largest)).max(2.0).floor();
    let rough = best_circle(
        field,
        search(1.0, reach, pupil, (smallest, largest), 40),
        prior,
    )?;
    let near = (rough.circle.r - 1.5, rough.circle.r + 1.5);
    Some(best_circle(field, search(0.5, 1.0, rough.circle, near, 72), prior).unwrap_or(rough))
}

/// The second brightest of nine places in a circle: a pupil is dark all over.
fn disc_level(c: Circle, value: impl Fn(f32, f32) -> f32) -> f32 {
    let mut levels = [value(c.x, c.y); 9];
    for (k, level) in levels.iter_mut().skip(1).enumerate() {
        let (sin, cos) = sin_cos(angle_of(k, 8));
        *level = value(c.x + 0.7 * c.r * cos, c.y + 0.7 * c.r * sin);
    }
    levels.sort_by(f32::total_cmp);
    levels[7]
}
