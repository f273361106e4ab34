//! Tissue is drawn inward and outward by the pupil; a print on a contact lens stays.
//!
//! The texture of a frame with a wide pupil is laid over that of a frame with a
//! narrow one, held fast to the limbus (0), moved like a rubber sheet between pupil
//! and limbus (1), and between. What fits best is the motion of the tissue. Living
//! tissue lies nearer to 1 the closer to the pupil; a print lies at 0 everywhere.

use std::f32::consts::TAU;

use image::GrayImage;

use super::assess::Frame;
use super::patch::{between_lids, sample};

/// Angles and depths of the part of the iris that is compared.
const ANGLES: usize = 256;
const DEPTHS: usize = 12;
const FROM: f32 = 0.2;
const TO: f32 = 0.55;
/// Turns of the head tried, in angles.
const TURNS: i32 = 7;
/// Shifts of the texture tried, in pixels: contours are not exact, lenses slip.
const SLIPS: [f32; 3] = [-1.5, 0.0, 1.5];
/// Motions tried: from the first on, in steps.
const MOTIONS: usize = 10;
const FIRST: f32 = -0.75;
const STEP: f32 = 0.25;
/// Least change of the pupil ratio between the frames.
const LEAST_CHANGE: f32 = 0.012;
/// Frames taken from each end.
const EACH: usize = 3;
/// Angles on each side over which the mean is taken away: light changes slowly.
const SMOOTHING: usize = 10;
/// Half the side of the square over which grey levels are averaged: the dots of a
/// print must not be taken for texture, because they fit again a dot further on.
const SOFTENING: i64 = 2;
/// Grey level, so averaged, from which a reflection is near.
const HALO: f32 = 185.0;
/// Distance from the lids, in pixels.
const LID_MARGIN_PX: f32 = 4.0;
/// Least samples for a correlation.
const LEAST_SAMPLES: usize = 600;

/// Mean motion of the texture over that of a rubber sheet; `None` when the pupil
/// changed too little to tell.
pub(super) fn motion(frames: &[Frame<'_>]) -> Option<f32> {
    let mut sorted: Vec<&Frame<'_>> = frames.iter().collect();
    let ratio = |f: &Frame<'_>| f.encoding.quality.pupil_ratio;
    sorted.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let (mut sum, mut count) = (0.0, 0);
    for k in 0..EACH.min(sorted.len() / 2) {
        let (narrow, wide) = (sorted[k], sorted[sorted.len() - 1 - k]);
        if ratio(wide) - ratio(narrow) < LEAST_CHANGE {
            continue;
        }
        if let Some(found) = between(wide, narrow) {
            sum += found;
            count += 1;
        }
    }
    (count > 0).then(|| sum / count as f32)
}

fn between(wide: &Frame<'_>, narrow: &Frame<'_>) -> Option<f32> {
    let (wide_image, narrow_image) = (softened(wide), softened(narrow));
    let here = Sheet::read((wide, &wide_image), |angle, depth| {
        tissue_point(wide, angle, depth)
    });
    let step = TAU / ANGLES as f32;
    let likeness = |turn: i32, motion: f32, slip: (f32, f32)| {
        let turned = turn as f32 * step;
        let there = Sheet::read((narrow, &narrow_image), |angle, depth| {
            let held = held_point(wide, narrow, (angle, depth), turned);
            let moved = tissue_point(narrow, angle + turned, depth);
            (
                held.0 + motion * (moved.0 - held.0) + slip.0,
                held.1 + motion * (moved.1 - held.1) + slip.1,
            )
        });
        here.correlation(&there)
    };
    let (turn, _) = (-TURNS..=TURNS)
        .filter_map(|turn| Some((turn, likeness(turn, 0.25, (0.0, 0.0))?)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let course: Vec<f32> = (0..MOTIONS)
        .map(|k| {
            let motion = FIRST + STEP * k as f32;
            SLIPS
                .iter()
                .flat_map(|&dx| SLIPS.iter().map(move |&dy| (dx, dy)))
                .filter_map(|slip| likeness(turn, motion, slip))
                .fold(-1.0, f32::max)
        })
        .collect();
    Some(FIRST + STEP * peak(&course))
}

/// Place of the greatest value, between the samples by a parabola.
fn peak(course: &[f32]) -> f32 {
    let k = (0..course.len())
        .max_by(|&a, &b| course[a].total_cmp(&course[b]))
        .unwrap_or(0);
    if k == 0 || k + 1 >= course.len() {
        return k as f32;
    }
    let (a, b, c) = (course[k - 1], course[k], course[k + 1]);
    let bend = a - 2.0 * b + c;
    if bend >= 0.0 {
        return k as f32;
    }
    k as f32 + 0.5 * (a - c) / bend
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
    let rows = ((limbus.centre_y - reach) as i64).max(SOFTENING)
        ..((limbus.centre_y + reach) as i64).min(h - SOFTENING);
    for y in rows {
        let columns = ((limbus.centre_x - reach) as i64).max(SOFTENING)
            ..((limbus.centre_x + reach) as i64).min(w - SOFTENING);
        for x in columns {
            let sum: u32 = (y - SOFTENING..=y + SOFTENING)
                .map(|row| {
                    let from = (row * w + x - SOFTENING) as usize;
                    let line = &raw[from..=from + 2 * SOFTENING as usize];
                    line.iter().map(|&v| u32::from(v)).sum::<u32>()
                })
                .sum();
            let side = 2 * SOFTENING as u32 + 1;
            out.put_pixel(
                x as u32,
                y as u32,
                image::Luma([(sum / (side * side)) as u8]),
            );
        }
    }
    out
}

/// The point at a depth between pupil (0) and limbus (1).
fn tissue_point(frame: &Frame<'_>, angle: f32, depth: f32) -> (f32, f32) {
    let geometry = &frame.encoding.geometry;
    let (pupil, limbus) = (&geometry.pupil, &geometry.limbus);
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let (inner, outer) = (pupil.radius_at(angle), limbus.radius_at(angle));
    let mix = |a: f32, b: f32| a + depth * (b - a);
    (
        mix(pupil.centre_x + inner * cos, limbus.centre_x + outer * cos),
        mix(pupil.centre_y + inner * sin, limbus.centre_y + outer * sin),
    )
}

/// Where a point of the wide frame lies in the narrow one if it keeps its place
/// relative to the limbus.
fn held_point(
    wide: &Frame<'_>,
    narrow: &Frame<'_>,
    (angle, depth): (f32, f32),
    turned: f32,
) -> (f32, f32) {
    let (x, y) = tissue_point(wide, angle, depth);
    let (a, b) = (
        &wide.encoding.geometry.limbus,
        &narrow.encoding.geometry.limbus,
    );
    let scale = b.mean_radius() / a.mean_radius();
    let (dx, dy) = (scale * (x - a.centre_x), scale * (y - a.centre_y));
    let (sin, cos) = (libm::sinf(turned), libm::cosf(turned));
    (
        b.centre_x + dx * cos - dy * sin,
        b.centre_y + dx * sin + dy * cos,
    )
}

/// Grey levels by depth and angle, less the mean along the angle; `None` where
/// something hides the iris.
struct Sheet(Vec<Option<f32>>);

impl Sheet {
    fn read(
        (frame, softened): (&Frame<'_>, &GrayImage),
        point: impl Fn(f32, f32) -> (f32, f32),
    ) -> Self {
        let mut values = Vec::with_capacity(ANGLES * DEPTHS);
        for row in 0..DEPTHS {
            let depth = FROM + (TO - FROM) * row as f32 / (DEPTHS - 1) as f32;
            let line: Vec<Option<f32>> = (0..ANGLES)
                .map(|k| {
                    let (x, y) = point(TAU * k as f32 / ANGLES as f32, depth);
                    let open = between_lids(frame.encoding, x, y, LID_MARGIN_PX);
                    sample(softened, x, y).filter(|&v| open && v < HALO)
                })
                .collect();
            values.extend(without_slow_part(&line));
        }
        Self(values)
    }

    fn correlation(&self, other: &Self) -> Option<f32> {
        let (mut ab, mut aa, mut bb, mut count) = (0.0, 0.0, 0.0, 0);
        for (a, b) in self.0.iter().zip(&other.0) {
            let (Some(a), Some(b)) = (a, b) else { continue };
            ab += a * b;
            aa += a * a;
            bb += b * b;
            count += 1;
        }
        (count >= LEAST_SAMPLES && aa > 0.0 && bb > 0.0).then(|| ab / (aa * bb).sqrt())
    }
}

/// Takes away the mean of the neighbours along the angle.
fn without_slow_part(line: &[Option<f32>]) -> Vec<Option<f32>> {
    let n = line.len();
    let reach = 2 * SMOOTHING + 1;
    let around = |k: usize| line[(k + n - SMOOTHING) % n];
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
            if let Some(v) = line[(k + SMOOTHING + 1) % n] {
                sum += v;
                count += 1;
            }
            out
        })
        .collect()
}
