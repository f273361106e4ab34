//! Finds the edge of the iris: first as a circle, then as a contour between the eyelids.

use super::planes::Planes;
use crate::geometry::circle::{Circle, GradientField, refined_circle};
use crate::geometry::contour::Contour;
use crate::geometry::edge::{EdgeSearch, FitRound, refined};
use crate::geometry::trig::length;

/// Contrast at which an edge counts half on the way of the limbus, grey levels.
// Decision 6: contrast that counts softly took CASIA-IrisV1 from 2.1 to 1.2 % and MMU2 from
// 5.3 to 6.7 %: a strong eyelid must not outweigh a weak limbus. Other values are not recorded.
const LIMBUS_CONTRAST_HALF_WEIGHT: f32 = 30.0;

// Decision 6: four harmonics took MMU2 from 4.3 to 3.7 %, and six were worse (4.2 %). Decision
// 7: other reach, stiffness and fewer harmonics changed nothing beyond noise.
const ROUNDS_BETWEEN_EYELIDS: [FitRound; 1] = [FitRound {
    reach: 0.08,
    order: 4,
    stiffness: 0.02,
}];

/// Gradients of the picture on which the circle of the limbus is sought.
pub(super) fn limbus_gradients(planes: &Planes) -> GradientField {
    GradientField::new(&planes.filled.blurred(2.0), 2.0)
}

/// Brings a circle to the limbus by its flanks, before the eyelids are known.
pub(super) fn circle_of_flanks(gradients: &GradientField, start: Circle) -> Circle {
    refined_circle(gradients, start, |x, y| {
        sideways_trust((x - start.x, y - start.y))
    })
}

/// Returns how flat a camera or a turned eye makes the pupil, less noise: the limbus is as
/// flat, and eyelids hide the places that would show it.
fn flattening_of(pupil: &Contour) -> [f32; 2] {
    // Decision 6: with a stiffer pupil and a bound on the spread of tissue it took MMU2 from
    // 2.3 to 2.0 %.
    const FLATTENING_NOISE: f32 = 0.01;
    pupil
        .flattening()
        .map(|f| f - f.clamp(-FLATTENING_NOISE, FLATTENING_NOISE))
}

/// The limbus about its circle. Eyelids hide its upper and lower ends, so that its flanks
/// leave its height open, and a lash beside one of them moves it sideways: the pupil says
/// where its centre is expected.
pub(super) fn limbus_contour(
    planes: &Planes,
    circle: Circle,
    pupil: &Contour,
    trust: impl Fn(f32, f32) -> f32,
) -> Contour {
    let search = EdgeSearch {
        rounds: &ROUNDS_BETWEEN_EYELIDS,
        span: |r| (0.08 * r).clamp(2.0, 7.0),
        half_weight: LIMBUS_CONTRAST_HALF_WEIGHT,
        flattening: flattening_of(pupil).map(|f| circle.r * f),
        centre: Some((pupil.centre_x, pupil.centre_y)),
    };
    refined(
        &planes.smooth,
        Contour::round(circle),
        &search,
        |_, _| 1.0,
        trust,
    )
}

/// Before the eyelids are known: the sides count in full, above and below hardly.
fn sideways_trust((dx, dy): (f32, f32)) -> f32 {
    // Chosen, not measured: more than nothing, for an open eye shows its limbus there.
    const COVERED_PART_TRUST: f32 = 0.15;
    let down = dy / length(dx, dy).max(1e-3);
    if (-0.5..=0.65).contains(&down) {
        1.0
    } else {
        COVERED_PART_TRUST
    }
}
