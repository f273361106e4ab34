//! Finds the pupil's contour, before and after the eyelids are known.

use super::eye::FoundEye;
use super::planes::Planes;
use crate::geometry::circle::{Circle, GradientField, refined_circle};
use crate::geometry::contour::{ANGLES, Contour, angle_of};
use crate::geometry::edge::{EdgeSearch, FitRound, refined};
use crate::geometry::trig::sin_cos;
use crate::raster::Plane;
use crate::raster::order::upper_median;

/// The same for the pupil, whose edge is the strongest about it.
// Chosen, not measured: so large that contrast counts nearly in proportion.
const PUPIL_CONTRAST_HALF_WEIGHT: f32 = 200.0;

// Chosen, not measured: two harmonics, for what is not seen yet must not bend the curve.
const ROUNDS_BEFORE_EYELIDS: [FitRound; 1] = [FitRound {
    reach: 0.2,
    order: 2,
    stiffness: 0.02,
}];
// Decision 6: four harmonics took the errors on CASIA-IrisV1 from 0.8 to 0.75 %; the greater
// stiffness came with a step from 0.75 to 0.62 %.
const ROUNDS_BETWEEN_EYELIDS: [FitRound; 2] = [
    FitRound {
        reach: 0.2,
        order: 2,
        stiffness: 0.05,
    },
    FitRound {
        reach: 0.1,
        order: 4,
        stiffness: 0.05,
    },
];

/// The pupil: its contour, and how well its circle agreed with the gradients.
pub(super) struct FoundPupil {
    pub(super) contour: Contour,
    pub(super) agreement: f32,
    /// Grey levels by which the ring around the pupil is brighter than its inside.
    pub(super) contrast: f32,
    circle: Circle,
}

/// The pupil's contour about its circle.
pub(super) fn find_pupil(planes: &Planes, eye: &FoundEye) -> FoundPupil {
    let field = GradientField::new(&planes.smooth, 3.0);
    let circle = refined_circle(&field, planes.to_fine(eye.pupil), |x, y| planes.clear(x, y));
    let contour = pupil_contour(
        planes,
        Contour::round(circle),
        &ROUNDS_BEFORE_EYELIDS,
        |_, _| 1.0,
    );
    FoundPupil {
        contrast: contrast_across(&planes.smooth, &contour),
        contour,
        agreement: eye.votes,
        circle,
    }
}

/// The pupil's contour, from the same circle, by the part of it that is `seen`.
pub(super) fn pupil_between_eyelids(
    planes: &Planes,
    pupil: &FoundPupil,
    seen: impl Fn(f32, f32) -> f32,
) -> Contour {
    let start = Contour::round(pupil.circle);
    pupil_contour(planes, start, &ROUNDS_BETWEEN_EYELIDS, seen)
}

/// Median over the angles of outside less inside, a quarter of the radius off the edge.
fn contrast_across(plane: &Plane, contour: &Contour) -> f32 {
    let mut all: Vec<f32> = (0..ANGLES)
        .map(|k| {
            let (sin, cos) = sin_cos(angle_of(k, ANGLES));
            let at = |share: f32| {
                let r = contour.radii[k] * share;
                plane.sample(contour.centre_x + r * cos, contour.centre_y + r * sin)
            };
            at(1.25) - at(0.75)
        })
        .collect();
    upper_median(&mut all)
}

fn pupil_contour(
    planes: &Planes,
    start: Contour,
    rounds: &[FitRound],
    trust: impl Fn(f32, f32) -> f32,
) -> Contour {
    let search = EdgeSearch {
        rounds,
        span: |r| (0.1 * r).clamp(1.5, 4.0),
        half_weight: PUPIL_CONTRAST_HALF_WEIGHT,
        flattening: [0.0; 2],
        centre: None,
    };
    let trust = |x: f32, y: f32| trust(x, y) * planes.clear(x, y);
    refined(&planes.smooth, start, &search, trust, trust)
}
