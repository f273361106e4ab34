//! Finds an eye on a small copy of the picture: a pair of circles, one in the other.

use super::planes::Planes;
use super::radial_voting::dark_circles;
use crate::geometry::circle::{Circle, CircleCandidate, GradientField, SearchBox, best_circle};
use crate::geometry::contour::angle_of;
use crate::geometry::trig::{length, sin_cos};
use crate::raster::Plane;

/// Largest pupil radius looked for, as a share of the coarse plane's shorter side;
/// and the smallest in its pixels.
// Chosen, not measured: a wide pupil of an iris that fills the picture; below three pixels a
// circle is no circle.
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
const LIMBUS_BRIGHTENING_HALF_WEIGHT: f32 = 0.5;
/// Greatest distance of the centres, in iris radii, and half the side of the square that is
/// searched for it, in the largest iris radii.
// Chosen, not measured: a pupil lies a tenth of the radius aside, a turned eye's somewhat more.
const MAX_CENTRE_DISTANCE: f32 = 0.2;
const CENTRE_REACH_OF_RADIUS: f32 = 0.1;
/// Votes of a candidate, as a share of the most, below which its limbus is not looked for.
// Chosen for speed, not measured: a circle with so few votes is hardly ever the pupil.
const MIN_VOTES_SHARE: f32 = 0.3;
/// Brightness that tissue inside the limbus must have over the pupil to count in full, as a
/// share of the picture's range, and the count of a limbus with none of it.
// Chosen on the odd subjects of CASIA-Iris-Interval and IIT Delhi: the pupil's own edge is
// taken for a limbus without it (decision 11).
const TISSUE_OVER_PUPIL: f32 = 0.12;
const LIMBUS_OF_PUPIL_COUNT: f32 = 0.05;
/// Share of the way from the pupil's level to the sclera's that tissue must have come to count
/// in full; it counts nothing at a tenth.
// Chosen with the last two: within a ring of mirrored lamps the pupil is a little darker.
const TISSUE_OF_SCLERA: f32 = 0.25;
/// Contrast of a pupil to its surroundings, as a share of the picture's range, at which its
/// votes count half.
// Chosen with the last ones: a pupil is the largest contrast about it.
const PUPIL_CONTRAST_HALF_WEIGHT: f32 = 0.15;
/// Brightening from inside to outside of a limbus at which it counts three quarters, as a
/// share of the picture's range; without any it counts half.
// Chosen with the last two.
const SCLERA_OVER_TISSUE_HALF_WEIGHT: f32 = 0.08;

/// A circle this many times as large as the best one is the limbus when it is as likely, or when
/// it has the share of its likeness and the multiple of its agreement: an iris holds rings, and
/// the prior for the tissue inside a limbus speaks against a large one.
// Chosen on the odd subjects of IIT Delhi: 24 of 2,428 genuine pairs missed at FMR 1e-4 without
// it, 3 with it (decision 19).
const LARGER_LIMBUS: f32 = 1.12;
const AS_LIKELY: f32 = 0.95;
const LARGER_LIMBUS_VALUE: f32 = 0.7;
const LARGER_LIMBUS_AGREEMENT: f32 = 1.12;
/// Likeness of an outer pair, by itself and as a share of that of the pair in its pupil, from
/// which on it is the eye.
// Chosen on the odd subjects of CASIA-Iris-Interval: the five outer pairs of eyes have 1.16 and
// more, those of small irises of MMU2 taken for pupils 0.99 and less (decision 19).
const MIN_OUTER_VALUE: f32 = 1.0;
const MIN_OUTER_VALUE_SHARE: f32 = 0.6;
/// Share of the contrast at the edge of a pupil by which most of its inside may be brighter than
/// its darkest part.
// Chosen with the last two: pupils with mirrored lamps have up to 0.16, irises 0.12 to 0.27.
const MAX_PUPIL_UNEVENNESS: f32 = 0.22;

/// Part of a pupil that must be dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PupilPart {
    /// All of it.
    Whole,
    /// Its lower or its upper half: an eyelid may hide the other.
    Half,
}

/// The pair of circles, one in the other, that is most like pupil and iris.
pub(crate) fn find_eye(planes: &Planes) -> Option<FoundEye> {
    find_eyes(planes, PupilPart::Whole).into_iter().next()
}

/// Pairs of circles that are like pupil and iris, the likeliest first.
pub(super) fn find_eyes(planes: &Planes, part: PupilPart) -> Vec<FoundEye> {
    let coarse = planes.coarse_enclosed.blurred(0.8);
    let (w, h) = (coarse.width as f32, coarse.height as f32);
    let dark = coarse.percentile(0.01);
    let middle = coarse.percentile(0.5);
    let range = (middle - dark).max(1.0);
    let brightness = |x: f32, y: f32| (coarse.sample(x, y) - dark) / range;
    let darkness = |c: Circle| {
        let bright = match part {
            PupilPart::Whole => disc_level(c, brightness),
            PupilPart::Half => half_disc_level(c, brightness),
        };
        let bright = bright.clamp(0.0, 0.95);
        (1.0 - bright) * (1.0 - bright)
    };
    let radii = (
        MIN_PUPIL_RADIUS_PX,
        (MAX_PUPIL_RADIUS_SHARE * w.min(h)) as usize,
    );
    let candidates = dark_circles(&coarse, &planes.coarse_spots, radii, darkness);
    let smooth = planes.coarse.blurred(1.2);
    let field = GradientField::new(&smooth, 4.0);
    let most = candidates.first().map_or(0.0, |voted| voted.votes);
    let mut eyes: Vec<FoundEye> = candidates
        .iter()
        .filter(|voted| voted.votes >= MIN_VOTES_SHARE * most)
        .filter_map(|voted| {
            let pupil_level = mean_disc_level(&coarse, voted.circle);
            let limbus = limbus_around(&field, planes, voted.circle, (pupil_level, range))?;
            let around = flank_levels(&coarse, voted.circle, 1.3);
            let contrast = (0.5 * (around[0] + around[1]) - pupil_level).max(0.0) / range;
            let clear = contrast / (contrast + PUPIL_CONTRAST_HALF_WEIGHT);
            let value = voted.votes * clear + LIMBUS_AGREEMENT_WEIGHT * limbus.value;
            Some(FoundEye {
                pupil: voted.circle,
                limbus: limbus.circle,
                value,
                limbus_agreement: limbus.agreement,
                votes: voted.votes,
            })
        })
        .collect();
    eyes.sort_by(|a, b| b.value.total_cmp(&a.value));
    let outer = eyes
        .iter()
        .position(|eye| is_around(&coarse, eye, &eyes[0]));
    if let Some(outer) = outer {
        let found = eyes.remove(outer);
        eyes.insert(0, found);
    }
    eyes
}

/// Returns whether the limbus of `inner` is the edge of the pupil of `outer`, as it is where lamps
/// are mirrored in a ring: about the same circle, with a part of it as dark as the pupil within.
fn is_around(plane: &Plane, outer: &FoundEye, inner: &FoundEye) -> bool {
    let (pupil, limbus) = (outer.pupil, inner.limbus);
    let distance = length(pupil.x - limbus.x, pupil.y - limbus.y);
    let is_same = (0.8 * limbus.r..1.25 * limbus.r).contains(&pupil.r) && distance < 0.3 * pupil.r;
    if !is_same || outer.value < MIN_OUTER_VALUE.max(MIN_OUTER_VALUE_SHARE * inner.value) {
        return false;
    }
    let mut levels: [f32; 16] = std::array::from_fn(|k| {
        let (sin, cos) = sin_cos(angle_of(k, 16));
        let r = 0.8 * limbus.r;
        plane.sample(limbus.x + r * cos, limbus.y + r * sin)
    });
    levels.sort_by(f32::total_cmp);
    let level = mean_disc_level(plane, inner.pupil);
    let beyond = flank_levels(plane, limbus, 1.2);
    let contrast = 0.5 * (beyond[0] + beyond[1]) - level;
    levels[4] - level < MAX_PUPIL_UNEVENNESS * contrast
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
    let off = (0.22 - ratio).max(ratio - 0.55).max(0.0);
    (1.0 - 4.0 * off).max(0.3)
}

/// Mean grey levels right and left at `share` of a circle's radius.
fn flank_levels(plane: &Plane, c: Circle, share: f32) -> [f32; 2] {
    // Chosen, not measured: eyelids hide more of the upper half, so that most places lie below.
    const FLANK_SINES: [f32; 4] = [-0.2, 0.05, 0.3, 0.5];
    let directions = FLANK_SINES.map(|down| ((1.0 - down * down).sqrt(), down));
    [1.0, -1.0].map(|side| {
        let level = |(across, down): (f32, f32)| {
            let across = side * across;
            plane.sample(c.x + share * c.r * across, c.y + share * c.r * down)
        };
        let sum: f32 = directions.iter().map(|&direction| level(direction)).sum();
        sum / FLANK_SINES.len() as f32
    })
}

fn limbus_around(
    field: &GradientField,
    planes: &Planes,
    pupil: Circle,
    (pupil_level, range): (f32, f32),
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
        radius_step: step.min(1.0),
        samples,
    };
    let inner = flank_levels(coarse, pupil, 1.3);
    // The parts of the prior that cost no look at the picture.
    let ceiling = |c: Circle| {
        let distance = length(c.x - x, c.y - y) / c.r;
        if distance > MAX_CENTRE_DISTANCE {
            return 0.0;
        }
        likely_ratio(r / c.r) * (1.0 - distance)
    };
    let prior = |c: Circle, least: f32| {
        let outer = flank_levels(coarse, c, 0.85);
        let brighter = (0..2)
            .map(|side| (outer[side] - inner[side]).max(0.0) / range)
            .sum::<f32>();
        let alike = 1.0
            / (1.0
                + (brighter / LIMBUS_BRIGHTENING_HALF_WEIGHT)
                    * (brighter / LIMBUS_BRIGHTENING_HALF_WEIGHT));
        if ceiling(c) * alike <= least {
            return 0.0;
        }
        let filled = flank_levels(&planes.coarse_enclosed, c, 0.85);
        let tissue = (filled[0].min(filled[1]) - pupil_level) / (TISSUE_OVER_PUPIL * range);
        if ceiling(c) * alike * tissue.clamp(LIMBUS_OF_PUPIL_COUNT, 1.0) <= least {
            return 0.0;
        }
        let beyond = flank_levels(coarse, c, 1.15);
        let rise = 0.5 * (filled[0] + filled[1]) - pupil_level;
        let across = 0.5 * (beyond[0] + beyond[1]) - pupil_level;
        let share = (rise / across.max(1.0) - 0.1) / (TISSUE_OF_SCLERA - 0.1);
        let tissue = tissue.min(share);
        let step = (0..2)
            .map(|side| (beyond[side] - outer[side]).max(0.0) / range)
            .sum::<f32>()
            / 2.0;
        let step = 0.5 + 0.5 * step / (step + SCLERA_OVER_TISSUE_HALF_WEIGHT);
        let distance = length(c.x - x, c.y - y) / c.r;
        alike
            * step
            * likely_ratio(r / c.r)
            * tissue.clamp(LIMBUS_OF_PUPIL_COUNT, 1.0)
            * (1.0 - distance)
    };
    let reach = (CENTRE_REACH_OF_RADIUS * largest).max(2.0).floor();
    let best_of = |radii: (f32, f32)| {
        let coarse = search(2.0, reach, pupil, radii, 40);
        let mut found = best_circle(field, coarse, ceiling, prior)?;
        for (step, aside, samples) in [(1.0, 1.0, 40), (0.5, 1.0, 72)] {
            let Circle { r, .. } = found.circle;
            let near = search(step, aside, found.circle, (r - 1.5, r + 1.5), samples);
            found = best_circle(field, near, ceiling, prior).unwrap_or(found);
        }
        Some(found)
    };
    let found = best_of((smallest, largest))?;
    let larger = best_of((LARGER_LIMBUS * found.circle.r, largest)).filter(|larger| {
        larger.value >= AS_LIKELY * found.value
            || larger.value >= LARGER_LIMBUS_VALUE * found.value
                && larger.agreement >= LARGER_LIMBUS_AGREEMENT * found.agreement
    });
    Some(larger.unwrap_or(found))
}

/// Mean grey level of five places in a circle.
fn mean_disc_level(plane: &Plane, c: Circle) -> f32 {
    let off = 0.5 * c.r;
    let places = [(0.0, 0.0), (off, 0.0), (-off, 0.0), (0.0, off), (0.0, -off)];
    let sum: f32 = places
        .iter()
        .map(|(dx, dy)| plane.sample(c.x + dx, c.y + dy))
        .sum();
    sum / places.len() as f32
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

/// The brightest of six places in the darker half of a circle, below or above its middle.
fn half_disc_level(c: Circle, value: impl Fn(f32, f32) -> f32) -> f32 {
    let brightest = |down: f32| {
        (0..5).fold(value(c.x, c.y), |brightest, k| {
            let (sin, cos) = sin_cos(angle_of(k, 8));
            let level = value(c.x + 0.7 * c.r * cos, c.y + down * 0.7 * c.r * sin);
            brightest.max(level)
        })
    };
    brightest(1.0).min(brightest(-1.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::segmentation::planes_of;
    use crate::segmentation::testing::{CENTRE, eye};

    /// The simple eye with a faint limbus and a ring of mirrored lamps in its pupil, which is
    /// darker within the ring.
    fn eye_with_ring(lamps: usize) -> Plane {
        let mut plane = eye(0.0, |_| 0.0);
        for (k, level) in plane.data.iter_mut().enumerate() {
            let (x, y) = ((k % 200) as f32 - CENTRE, (k / 200) as f32 - CENTRE);
            let r = length(x, y);
            if r >= 60.0 {
                *level = 85.0 + (r - 60.0).min(4.0) * 3.0;
            }
            if r < 17.0 {
                *level = if r < 7.0 { 2.0 } else { 55.0 };
            }
            for lamp in 0..lamps {
                let (sin, cos) = sin_cos(angle_of(lamp, lamps));
                if length(x - 10.0 * cos, y - 10.0 * sin) < 2.5 {
                    *level = 250.0;
                }
            }
        }
        plane.blurred(1.0)
    }

    #[test]
    fn a_ring_of_mirrored_lamps_is_neither_pupil_nor_limbus() {
        for lamps in 1..=12 {
            let planes = planes_of(&eye_with_ring(lamps), 1);
            let found = find_eye(&planes).unwrap();
            let (pupil, limbus) = (planes.to_fine(found.pupil), planes.to_fine(found.limbus));
            assert!((pupil.r - 20.0).abs() <= 2.0, "{lamps}: {pupil:?}");
            assert!((limbus.r - 62.0).abs() <= 2.0, "{lamps}: {limbus:?}");
        }
    }

    #[test]
    fn eyes_come_likeliest_first() {
        let eyes = find_eyes(&planes_of(&eye_with_ring(8), 1), PupilPart::Whole);
        assert!(eyes.is_sorted_by(|a, b| a.value >= b.value));
    }
}
