//! Tissue is drawn inward and outward by the pupil; a print on a contact lens stays.
//!
//! The texture of all frames is averaged twice: laid together at equal depth between pupil
//! and limbus, as tissue moves, and at equal distance from the middle, as a lens rests on
//! the eye. The residue of an average is the part that it does not explain. A living eye is
//! explained better by moving tissue, a print by rest. A lens that lets the iris through
//! shows both, and is explained well by neither: so the share of the texture that moving
//! tissue leaves unexplained speaks against it too.
//!
//! Tissue gives way unevenly, most of it near the pupil (H. J. Wyatt, "A 'minimum-wear-
//! and-tear' meshwork for the iris", Vision Res. 40 (2000) 2167-2176): how much so is
//! fitted to each eye.

mod average;
mod view;

use average::{Average, Placing};
use view::{Eye, Pose, View};

use crate::pad::frame::Frame;

/// Degrees of unevenness that are tried, with which tissue gives way: change of its depth in
/// the middle for an opening of the pupil by the iris radius, times four.
const UNEVENNESS_TRIED: [f32; 5] = [0.0, 0.5, 1.0, 1.5, 2.0];
/// Degree of unevenness that is assumed before that of an eye is known.
const USUAL_UNEVENNESS: f32 = 1.0;
/// Turns of the head, in angles, and shifts of the contours, in pixels, tried against
/// a single frame, and then against the average.
// Chosen, not measured apart from the limit, like the other values here: eight degrees of roll
// and one or two pixels, as far as a head moves between frames.
const COARSE_TURNS: [i32; 7] = [-6, -4, -2, 0, 2, 4, 6];
const COARSE_SHIFT_PX: f32 = 1.5;
const FINE_TURNS: [i32; 3] = [-1, 0, 1];
const FINE_SHIFT_PX: f32 = 0.75;
/// Least samples of all frames together.
const MIN_SAMPLES: usize = 8_000;
/// The value of an eye that shows too little: neither explanation is better.
const UNDECIDED_EVIDENCE: f32 = 1.0;

/// The residue of resting texture over that of moving tissue, times the fourth root of
/// the texture over the latter: large for tissue.
pub(in crate::pad) fn motion(frames: &[Frame<'_>]) -> f32 {
    let openings = openings(frames);
    let eyes: Vec<Eye<'_>> = frames
        .iter()
        .zip(&openings)
        .map(|(frame, &opening)| Eye::new(frame, opening))
        .collect();
    let views = aligned(&eyes);
    let samples: usize = views.iter().map(View::count).sum();
    if samples < MIN_SAMPLES {
        return UNDECIDED_EVIDENCE;
    }
    let moving = UNEVENNESS_TRIED
        .iter()
        .map(|&uneven| residue(&views, Placing::Tissue { uneven }))
        .fold(f32::INFINITY, f32::min);
    let resting = residue(&views, Placing::Lens);
    evidence(resting, moving, texture(&views))
}

/// Two reasons to believe in tissue, weighed: it explains the frames better than rest,
/// and it explains most of what they show. The exponent was chosen on the people and
/// lenses that the limit was set on; from 0.15 to 0.35 they are distinguished as well.
fn evidence(resting: f32, moving: f32, texture: f32) -> f32 {
    if moving <= 0.0 {
        return UNDECIDED_EVIDENCE;
    }
    resting / moving * (texture / moving).sqrt().sqrt()
}

/// Mean square of the samples.
fn texture(views: &[View]) -> f32 {
    let samples = || views.iter().flat_map(|view| view.values.iter().flatten());
    let sum: f32 = samples().map(|value| value * value).sum();
    sum / samples().count().max(1) as f32
}

/// Pupil ratio of each frame less their mean.
fn openings(frames: &[Frame<'_>]) -> Vec<f32> {
    let ratio = |f: &Frame<'_>| f.encoding.quality.pupil_ratio;
    let mean = frames.iter().map(ratio).sum::<f32>() / frames.len().max(1) as f32;
    frames.iter().map(|f| ratio(f) - mean).collect()
}

/// Every frame read so that its tissue lies on that of the others: first against the
/// frame with the most usual pupil, then against the average.
fn aligned(eyes: &[Eye<'_>]) -> Vec<View> {
    let Some(middle) = eyes
        .iter()
        .min_by(|a, b| a.opening.abs().total_cmp(&b.opening.abs()))
    else {
        return Vec::new();
    };
    let usual = Placing::Tissue {
        uneven: USUAL_UNEVENNESS,
    };
    let reference = Average::of(&[middle.view(Pose::default())], usual);
    let coarse: Vec<Pose> = eyes
        .iter()
        .map(|eye| {
            let turned = best(eye, &reference, Pose::default(), &COARSE_TURNS, 0.0);
            best(eye, &reference, turned, &[0], COARSE_SHIFT_PX)
        })
        .collect();
    let views: Vec<View> = eyes.iter().zip(&coarse).map(|(e, &p)| e.view(p)).collect();
    let reference = Average::of(&views, usual);
    eyes.iter()
        .zip(coarse)
        .map(|(eye, pose)| {
            let turned = best(eye, &reference, pose, &FINE_TURNS, 0.0);
            eye.view(best(eye, &reference, turned, &[0], FINE_SHIFT_PX))
        })
        .collect()
}

/// The pose around `start` in which the eye is most like the average.
fn best(eye: &Eye<'_>, reference: &Average, start: Pose, turns: &[i32], step: f32) -> Pose {
    let shifts: &[f32] = if step > 0.0 {
        &[-1.0, 0.0, 1.0]
    } else {
        &[0.0]
    };
    let mut found = (f32::NEG_INFINITY, start);
    for turn in turns {
        for dy in shifts {
            for dx in shifts {
                let pose = Pose {
                    turn: start.turn + turn,
                    shift: (start.shift.0 + step * dx, start.shift.1 + step * dy),
                };
                let likeness = reference.likeness(&eye.view(pose));
                if likeness > found.0 {
                    found = (likeness, pose);
                }
            }
        }
    }
    found.1
}

/// Mean square of the part of each view that the average of the views leaves unexplained.
fn residue(views: &[View], placing: Placing) -> f32 {
    let average = Average::of(views, placing);
    let (mut sum, mut count) = (0.0, 0);
    for view in views {
        for (k, &value) in view.values.iter().enumerate() {
            // The same samples for every placing, so that residues can be compared.
            let (Some(value), Some(explained)) = (value, average.at(view, k)) else {
                continue;
            };
            sum += (value - explained) * (value - explained);
            count += 1;
        }
    }
    sum / count.max(1) as f32
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::view::{ANGLES, INNERMOST_RADII, OUTERMOST_RADII, RADII, TISSUE_DEPTHS};
    use super::*;

    /// Views of one texture under a pupil that opens by steps, which lies where
    /// `depth` says for a sample: at equal depth, or at equal distance.
    fn views(depth_of_texture: impl Fn(f32, f32) -> f32) -> Vec<View> {
        let wave = |place: f32, k: usize| {
            let angle = TAU * (k % ANGLES) as f32 / ANGLES as f32;
            10.0 * libm::sinf(35.0 * place + 5.0 * libm::sinf(3.0 * angle))
        };
        (-3..=3)
            .map(|step| {
                let opening = 0.03 * step as f32;
                let edge = 0.38 + opening;
                let (mut values, mut depths) = (Vec::new(), Vec::new());
                for k in 0..RADII * ANGLES {
                    let out = INNERMOST_RADII
                        + (OUTERMOST_RADII - INNERMOST_RADII) * (k / ANGLES) as f32
                            / (RADII - 1) as f32;
                    let depth = (out - edge) / (1.0 - edge);
                    depths.push(depth);
                    let seen = TISSUE_DEPTHS.contains(&depth);
                    values.push(seen.then(|| wave(depth_of_texture(depth, out), k)));
                }
                View {
                    values,
                    depths,
                    opening,
                }
            })
            .collect()
    }

    fn evidence_of(views: &[View]) -> f32 {
        let moving = residue(views, Placing::Tissue { uneven: 0.0 });
        evidence(residue(views, Placing::Lens), moving, texture(views))
    }

    #[test]
    fn texture_that_moves_is_tissue_and_texture_at_rest_or_both_is_not() {
        let limit = crate::pad::limits::MIN_TISSUE_MOTION;
        let tissue = evidence_of(&views(|depth, _| depth));
        let print = evidence_of(&views(|_, out| out));
        let mut both = views(|depth, _| depth);
        for (view, at_rest) in both.iter_mut().zip(views(|_, out| out)) {
            for (value, other) in view.values.iter_mut().zip(at_rest.values) {
                *value = value.zip(other).map(|(a, b)| a + 1.1 * b);
            }
        }
        let both = evidence_of(&both);
        assert!(tissue > 2.0 * limit, "{tissue}");
        assert!(print < 0.5 * limit, "{print}");
        assert!(both < limit, "{both}");
    }

    #[test]
    fn what_is_explained_as_well_by_rest_is_tissue_only_when_it_is_explained() {
        assert!(evidence(1.0, 1.0, 16.0) > 1.9);
        assert!(evidence(1.0, 1.0, 4.0) < 1.5);
        assert_eq!(evidence(1.0, 0.0, 4.0), UNDECIDED_EVIDENCE);
    }
}
