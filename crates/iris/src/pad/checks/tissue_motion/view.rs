//! Reads the iris of a frame by distance from the middle and angle.

use std::f32::consts::TAU;

use image::GrayImage;

use crate::pad::checks::grey::{between_eyelids, sample};
use crate::pad::frame::Frame;

/// Angles and distances from the middle at which the iris is read.
pub(super) const ANGLES: usize = 256;
pub(super) const RADII: usize = 26;
/// The distances, in iris radii. Lenses are clear nearer to the middle.
// Chosen, not measured: between the clear middle of lenses and what eyelids often hide.
pub(super) const INNERMOST_RADII: f32 = 0.42;
pub(super) const OUTERMOST_RADII: f32 = 0.80;
/// Depths between pupil (0) and limbus (1) that are looked at: the rims are no tissue,
/// and tissue far out hardly moves.
// Chosen, not measured: the rim of the pupil is about this wide.
pub(super) const TISSUE_DEPTHS: std::ops::RangeInclusive<f32> = 0.08..=0.75;
/// Angles on each side over which the mean is taken away: light changes slowly.
// Chosen, not measured apart from the limit, like the next three: wider than fibres and narrower
// than shades; about a dot of a print; above the level of a glint; a margin for blur.
const SMOOTHING_ANGLES: usize = 10;
/// Half the side of the square over which grey levels are averaged: the dots of a
/// print must not be taken for texture, because they fit again a dot further on.
const SOFTENING_PX: i64 = 2;
/// Grey level, so averaged, from which a reflection is near.
const HALO_LEVEL: f32 = 185.0;
/// Distance from the eyelids, in pixels.
const EYELID_MARGIN_PX: f32 = 4.0;

/// Correction of the contours of a frame.
#[derive(Clone, Copy, Default)]
pub(super) struct Pose {
    /// Turn of the head, in angles of which [`ANGLES`] make a whole turn.
    pub(super) turn: i32,
    /// Shift of the contours, in pixels.
    pub(super) shift: (f32, f32),
}

/// A frame made ready for reading.
pub(super) struct Eye<'a> {
    frame: &'a Frame<'a>,
    softened: GrayImage,
    pub(super) opening: f32,
    /// Sines and cosines of the angles.
    directions: Vec<(f32, f32)>,
    /// Distance of the pupil's edge from the limbus centre at each angle, in pixels.
    edge: Vec<f32>,
}

impl<'a> Eye<'a> {
    pub(super) fn new(frame: &'a Frame<'a>, opening: f32) -> Self {
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

    pub(super) fn view(&self, pose: Pose) -> View {
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
pub(super) struct View {
    /// Grey levels less the mean along the angle; `None` where something hides the iris.
    pub(super) values: Vec<Option<f32>>,
    /// Depths between pupil and limbus.
    pub(super) depths: Vec<f32>,
    pub(super) opening: f32,
}

impl View {
    pub(super) fn count(&self) -> usize {
        self.values.iter().flatten().count()
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
