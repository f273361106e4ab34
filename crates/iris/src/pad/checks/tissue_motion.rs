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

use std::f32::consts::TAU;

use image::GrayImage;

use super::grey::{between_eyelids, sample};
use crate::pad::frame::Frame;

/// Angles and distances from the middle at which the iris is read.
const ANGLES: usize = 256;
const RADII: usize = 26;
/// The distances, in iris radii. Lenses are clear nearer to the middle.
// Chosen, not measured: between the clear middle of lenses and what eyelids often hide.
const INNERMOST_RADII: f32 = 0.42;
const OUTERMOST_RADII: f32 = 0.80;
/// Depths between pupil (0) and limbus (1) that are looked at: the rims are no tissue,
/// and tissue far out hardly moves.
const TISSUE_DEPTHS: std::ops::RangeInclusive<f32> = 0.08..=0.75;
/// Rows of the average by depth.
const LAYERS: usize = 40;
/// Depth of its last row; tissue that gives way comes from further out than it lies.
const LAST_LAYER_DEPTH: f32 = 0.85;
/// Degrees of unevenness that are tried, with which tissue gives way: change of its depth in
/// the middle for an opening of the pupil by the iris radius, times four.
const UNEVENNESS_TRIED: [f32; 5] = [0.0, 0.5, 1.0, 1.5, 2.0];
/// Degree of unevenness that is assumed before that of an eye is known.
const USUAL_UNEVENNESS: f32 = 1.0;
/// Weight of a mean of zero in every average, in frames: a place seen once explains
/// itself, and shows nothing.
// Chosen; no experiment is recorded beside those of the limit, nor for what follows here.
const ZERO_MEAN_WEIGHT_FRAMES: f32 = 0.5;
/// Turns of the head, in angles, and shifts of the contours, in pixels, tried against
/// a single frame, and then against the average.
const COARSE_TURNS: [i32; 7] = [-6, -4, -2, 0, 2, 4, 6];
const COARSE_SHIFT_PX: f32 = 1.5;
const FINE_TURNS: [i32; 3] = [-1, 0, 1];
const FINE_SHIFT_PX: f32 = 0.75;
/// Angles on each side over which the mean is taken away: light changes slowly.
const SMOOTHING_ANGLES: usize = 10;
/// Half the side of the square over which grey levels are averaged: the dots of a
/// print must not be taken for texture, because they fit again a dot further on.
const SOFTENING_PX: i64 = 2;
/// Grey level, so averaged, from which a reflection is near.
const HALO_LEVEL: f32 = 185.0;
/// Distance from the eyelids, in pixels.
const EYELID_MARGIN_PX: f32 = 4.0;
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
/// lenses that the limit was set on; from 0.15 to 0.35 they are told apart as well.
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

/// Correction of the contours of a frame.
#[derive(Clone, Copy, Default)]
struct Pose {
    /// Turn of the head, in angles of which [`ANGLES`] make a whole turn.
    turn: i32,
    /// Shift of the contours, in pixels.
    shift: (f32, f32),
}

/// A frame made ready for reading.
struct Eye<'a> {
    frame: &'a Frame<'a>,
    softened: GrayImage,
    opening: f32,
    /// Sines and cosines of the angles.
    directions: Vec<(f32, f32)>,
    /// Distance of the pupil's edge from the limbus centre at each angle, in pixels.
    edge: Vec<f32>,
}

impl<'a> Eye<'a> {
    fn new(frame: &'a Frame<'a>, opening: f32) -> Self {
        let directions: Vec<(f32, f32)> = (0..ANGLES)
            .map(|k| {
                let angle = TAU * k as f32 / ANGLES as f32;
                (libm::sinf(angle), libm::cosf(angle))
            })
            .collect();
        let edge = directions.iter().map(|&d| edge_along(frame, d)).collect();
        Self {
            frame,
            softened: softened(frame),
            opening,
            directions,
            edge,
        }
    }

    fn view(&self, pose: Pose) -> View {
        let limbus = &self.frame.encoding.geometry.limbus;
        let radius = limbus.mean_radius();
        let (dx, dy) = pose.shift;
        let (cx, cy) = (limbus.centre_x + dx, limbus.centre_y + dy);
        let mut values = Vec::with_capacity(RADII * ANGLES);
        let mut depths = Vec::with_capacity(RADII * ANGLES);
        for row in 0..RADII {
            let out = radius
                * (INNERMOST_RADII
                    + (OUTERMOST_RADII - INNERMOST_RADII) * row as f32 / (RADII - 1) as f32);
            let line: Vec<Option<f32>> = (0..ANGLES as i32)
                .map(|k| {
                    let k = (k + pose.turn).rem_euclid(ANGLES as i32) as usize;
                    let (sin, cos) = self.directions[k];
                    let edge = self.edge[k] - dx * cos - dy * sin;
                    let depth = (out - edge) / (radius - edge);
                    depths.push(depth);
                    if !TISSUE_DEPTHS.contains(&depth) {
                        return None;
                    }
                    let (x, y) = (cx + out * cos, cy + out * sin);
                    let open = between_eyelids(self.frame.encoding, x, y, EYELID_MARGIN_PX);
                    sample(&self.softened, x, y).filter(|&v| open && v < HALO_LEVEL)
                })
                .collect();
            values.extend(without_slow_part(&line));
        }
        View {
            values,
            depths,
            opening: self.opening,
        }
    }
}

/// Distance of the pupil's edge from the centre of the limbus in a direction.
fn edge_along(frame: &Frame<'_>, (sin, cos): (f32, f32)) -> f32 {
    /// The pupil is nearly round and central: each round gains two digits.
    const FIXED_POINT_ROUNDS: usize = 3;
    let (pupil, limbus) = (
        &frame.encoding.geometry.pupil,
        &frame.encoding.geometry.limbus,
    );
    let (px, py) = (
        pupil.centre_x - limbus.centre_x,
        pupil.centre_y - limbus.centre_y,
    );
    let mut edge = pupil.mean_radius();
    for _ in 0..FIXED_POINT_ROUNDS {
        let angle = libm::atan2f(edge * sin - py, edge * cos - px);
        let point = pupil.radius_at(angle);
        edge = (px + point * libm::cosf(angle)) * cos + (py + point * libm::sinf(angle)) * sin;
    }
    edge
}

/// The iris of one frame, read in a pose: by distance and angle.
struct View {
    /// Grey levels less the mean along the angle; `None` where something hides the iris.
    values: Vec<Option<f32>>,
    /// Depths between pupil and limbus.
    depths: Vec<f32>,
    opening: f32,
}

impl View {
    fn count(&self) -> usize {
        self.values.iter().flatten().count()
    }
}

/// Points of the texture that stay together from frame to frame.
#[derive(Clone, Copy)]
enum Placing {
    /// Points of equal depth, corrected for uneven stiffness.
    Tissue { uneven: f32 },
    /// Points of equal distance from the middle.
    Lens,
}

impl Placing {
    /// The row of an average and the share of the next one.
    fn row(self, view: &View, k: usize) -> Option<(usize, f32)> {
        let Self::Tissue { uneven } = self else {
            return Some((k / ANGLES, 0.0));
        };
        let depth = view.depths[k];
        let rest = depth + uneven * view.opening * depth * (1.0 - depth);
        let row = rest / LAST_LAYER_DEPTH * (LAYERS - 1) as f32;
        (row >= 0.0 && row < (LAYERS - 1) as f32).then(|| (row as usize, row.fract()))
    }
}

/// Sums and weights by row and angle.
struct Average {
    placing: Placing,
    cells: Vec<(f32, f32)>,
}

impl Average {
    fn of(views: &[View], placing: Placing) -> Self {
        let mut cells = vec![(0.0, 0.0); (LAYERS + 1) * ANGLES];
        for view in views {
            for (k, value) in view.values.iter().enumerate() {
                let (Some(value), Some((row, share))) = (value, placing.row(view, k)) else {
                    continue;
                };
                let at = row * ANGLES + k % ANGLES;
                for (at, weight) in [(at, 1.0 - share), (at + ANGLES, share)] {
                    cells[at].0 += weight * value;
                    cells[at].1 += weight;
                }
            }
        }
        Self { placing, cells }
    }

    /// Returns the value that the average gives for a sample of a view.
    fn at(&self, view: &View, k: usize) -> Option<f32> {
        let (row, share) = self.placing.row(view, k)?;
        let cell = |row: usize| {
            let (sum, weight) = self.cells[row * ANGLES + k % ANGLES];
            sum / (weight + ZERO_MEAN_WEIGHT_FRAMES)
        };
        Some(cell(row) * (1.0 - share) + cell(row + 1) * share)
    }

    /// Correlation of a view with the average.
    fn likeness(&self, view: &View) -> f32 {
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for (k, &value) in view.values.iter().enumerate() {
            let (Some(a), Some(b)) = (value, self.at(view, k)) else {
                continue;
            };
            ab += a * b;
            aa += a * a;
            bb += b * b;
        }
        if aa > 0.0 && bb > 0.0 {
            ab / (aa * bb).sqrt()
        } else {
            -1.0
        }
    }
}

/// The frame averaged over small squares, where the iris is.
fn softened(frame: &Frame<'_>) -> GrayImage {
    let limbus = &frame.encoding.geometry.limbus;
    let reach = 1.05 * limbus.mean_radius();
    let (w, h) = (
        i64::from(frame.image.width()),
        i64::from(frame.image.height()),
    );
    let raw = frame.image.as_raw();
    let mut out = frame.image.clone();
    let rows = ((limbus.centre_y - reach) as i64).max(SOFTENING_PX)
        ..((limbus.centre_y + reach) as i64).min(h - SOFTENING_PX);
    for y in rows {
        let columns = ((limbus.centre_x - reach) as i64).max(SOFTENING_PX)
            ..((limbus.centre_x + reach) as i64).min(w - SOFTENING_PX);
        for x in columns {
            let sum: u32 = (y - SOFTENING_PX..=y + SOFTENING_PX)
                .map(|row| {
                    let from = (row * w + x - SOFTENING_PX) as usize;
                    let line = &raw[from..=from + 2 * SOFTENING_PX as usize];
                    line.iter().map(|&v| u32::from(v)).sum::<u32>()
                })
                .sum();
            let side = 2 * SOFTENING_PX as u32 + 1;
            out.put_pixel(
                x as u32,
                y as u32,
                image::Luma([(sum / (side * side)) as u8]),
            );
        }
    }
    out
}

/// Takes away the mean of the neighbours along the angle.
fn without_slow_part(line: &[Option<f32>]) -> Vec<Option<f32>> {
    let n = line.len();
    let reach = 2 * SMOOTHING_ANGLES + 1;
    let around = |k: usize| line[(k + n - SMOOTHING_ANGLES) % n];
    let (mut sum, mut count) = (0.0, 0);
    for k in 0..reach {
        if let Some(v) = around(k) {
            sum += v;
            count += 1;
        }
    }
    (0..n)
        .map(|k| {
            let out = line[k].map(|v| v - sum / count.max(1) as f32);
            if let Some(v) = around(k) {
                sum -= v;
                count -= 1;
            }
            if let Some(v) = line[(k + SMOOTHING_ANGLES + 1) % n] {
                sum += v;
                count += 1;
            }
            out
        })
        .collect()
}

#[cfg(test)]
mod tests {
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
