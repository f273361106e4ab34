//! Faults of other cameras, of their surroundings and of those who publish their pictures.

use std::f32::consts::TAU;

use image::imageops::{FilterType, resize};
use image::{GrayImage, Luma};
use rand::{Rng, RngExt};

use crate::conditions::{CaptureConditions, Glint};
use crate::fast::gauss;
use crate::optics::Plane;
use crate::random::{angle, between, chance};
use crate::render::Truth;
use crate::view::{HEIGHT, View, WIDTH};

/// Width of the edge of a contact lens, in iris radii.
const LENS_EDGE_WIDTH: f32 = 0.012;
/// Grey level about which contrast is changed.
const MIDDLE_LEVEL: f32 = 100.0;

/// Faults that the pictures of the simulated orb's own camera do not have. The default is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Ratio of pupil to iris in place of the person's own.
    pub pupil_ratio: Option<f32>,
    /// Grey level that the publisher of the picture painted over the pupil.
    pub pupil_paint: Option<u8>,
    /// Edge of a soft contact lens around the iris.
    pub lens_edge: Option<LensEdge>,
    /// Mirror images of lamps and windows on glasses.
    pub panes: Vec<Pane>,
    /// Contrast of the camera, as a factor of that of the orb's.
    pub contrast: Option<f32>,
}

/// The edge of a soft contact lens, a circle on the eyeball.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LensEdge {
    /// Centre, in iris radii from that of the iris, right and down.
    pub centre: (f32, f32),
    /// Radius, in iris radii.
    pub radius: f32,
    /// Grey levels added at the edge.
    pub strength: f32,
}

/// A bar of light on glasses: a rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pane {
    /// Centre, in iris radii from that of the iris, right and down.
    pub centre: (f32, f32),
    /// Half its length and half its width, in iris radii.
    pub half: (f32, f32),
    /// Direction of its length, in radians clockwise.
    pub turn: f32,
    /// Grey levels added (before clipping).
    pub strength: f32,
}

impl CaptureConditions {
    /// Draws the circumstances of a photograph by another camera: one to twelve lamps in the
    /// pupil as ring, row or square, or a painted pupil; pupil ratios of 0.2 to 0.7; lids far
    /// down; an iris that the border cuts; contact lenses; glasses; other sharpness and contrast.
    pub fn faulty(rng: &mut impl Rng) -> Self {
        let usual = Self::sample(rng);
        let ratio = between(rng, 0.2, 0.7);
        let radius = between(rng, 75.0, 190.0);
        let is_painted = chance(rng, 0.2);
        Self {
            iris_radius_px: radius,
            centre_px: draw_centre(rng, radius),
            upper_lid_drop: between(rng, -0.2, 0.3),
            lower_lid_rise: between(rng, -0.1, 0.2),
            glints: lamps(rng, ratio, radius),
            defocus_px: between(rng, 0.0, 0.016) * radius,
            faults: Faults {
                pupil_ratio: Some(ratio),
                pupil_paint: is_painted.then(|| rng.random_range(10..50)),
                lens_edge: chance(rng, 0.3).then(|| LensEdge::draw(rng)),
                panes: panes(rng),
                contrast: Some(between(rng, 0.6, 1.6)),
            },
            ..usual
        }
    }
}

/// In the middle of the picture, or cut by one of its borders.
fn draw_centre(rng: &mut impl Rng, radius: f32) -> (f32, f32) {
    // Of a circle whose centre is 0.45 radii from a border, 0.65 of the edge is inside.
    const NEAREST_BORDER_RADII: f32 = 0.45;
    let half = (0.5 * WIDTH as f32, 0.5 * HEIGHT as f32);
    let free = ((half.0 - radius).min(60.0), (half.1 - radius).min(50.0));
    let centre = (between(rng, -free.0, free.0), between(rng, -free.1, free.1));
    if !chance(rng, 0.2) {
        return centre;
    }
    let from_border = between(rng, NEAREST_BORDER_RADII, 1.0) * radius;
    match rng.random_range(0..4) {
        0 => (centre.0, from_border - half.1),
        1 => (centre.0, half.1 - from_border),
        2 => (from_border - half.0, centre.1),
        _ => (half.0 - from_border, centre.1),
    }
}

/// Mirror images of one to twelve lamps in the pupil.
fn lamps(rng: &mut impl Rng, ratio: f32, iris_radius_px: f32) -> Vec<Glint> {
    let count = rng.random_range(1..=12_usize);
    let reach = ratio * between(rng, 0.3, 0.72);
    let turn = angle(rng);
    let shape = rng.random_range(0..3);
    let columns = (1..=count).find(|n| n * n >= count).unwrap_or(1);
    let even = |k: usize, of: usize| {
        if of < 2 {
            return 0.0;
        }
        2.0 * k as f32 / (of - 1) as f32 - 1.0
    };
    let place = |k: usize| match shape {
        0 => {
            let at = k as f32 * TAU / count as f32;
            (libm::cosf(at), libm::sinf(at))
        }
        1 => (even(k, count), 0.0),
        _ => {
            let (across, down) = (even(k % columns, columns), even(k / columns, columns));
            (0.7 * across, 0.7 * down)
        }
    };
    let (sin, cos) = (libm::sinf(turn), libm::cosf(turn));
    let radius_px = iris_radius_px * between(rng, 0.012, 0.04);
    (0..count)
        .map(|k| {
            let (x, y) = place(k);
            Glint {
                at: (reach * (cos * x - sin * y), reach * (sin * x + cos * y)),
                radius_px: radius_px * between(rng, 0.85, 1.15),
                strength: between(rng, 190.0, 320.0),
            }
        })
        .collect()
}

/// Bars of light on glasses, which one person in five wears.
fn panes(rng: &mut impl Rng) -> Vec<Pane> {
    if !chance(rng, 0.2) {
        return Vec::new();
    }
    (0..rng.random_range(1..4))
        .map(|_| {
            let away = between(rng, 0.5, 1.6);
            let at = angle(rng);
            Pane {
                centre: (away * libm::cosf(at), away * libm::sinf(at)),
                half: (between(rng, 0.08, 0.4), between(rng, 0.03, 0.1)),
                turn: angle(rng),
                strength: between(rng, 120.0, 320.0),
            }
        })
        .collect()
}

impl LensEdge {
    fn draw(rng: &mut impl Rng) -> Self {
        Self {
            centre: (between(rng, -0.08, 0.08), between(rng, -0.08, 0.08)),
            radius: between(rng, 1.1, 1.25),
            strength: between(rng, 8.0, 30.0) * if chance(rng, 0.5) { 1.0 } else { -1.0 },
        }
    }

    /// Grey levels that the edge adds at a point of the face.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.centre.0, y - self.centre.1);
        let off = ((dx * dx + dy * dy).sqrt() - self.radius) / LENS_EDGE_WIDTH;
        if off.abs() > 6.0 {
            return 0.0;
        }
        self.strength * (gauss(off) - 0.6 * gauss(off - 2.0))
    }
}

impl Pane {
    /// Adds the light to a scene, and marks what it hides.
    pub(crate) fn paint(&self, view: &View, plane: &mut Plane, hidden: &mut [bool]) {
        let (sin, cos) = (libm::sinf(self.turn), libm::cosf(self.turn));
        for (at, (grey, hidden)) in plane.data.iter_mut().zip(hidden).enumerate() {
            let (px, py) = (at % WIDTH as usize, at / WIDTH as usize);
            let (x, y) = view.to_face(px as f32, py as f32);
            let (dx, dy) = (x - self.centre.0, y - self.centre.1);
            let along = self.half.0 - (cos * dx + sin * dy).abs();
            let across = self.half.1 - (cos * dy - sin * dx).abs();
            let inside = (0.5 + along.min(across) * view.radius / 2.0).clamp(0.0, 1.0);
            *grey += self.strength * inside;
            *hidden |= inside > 0.05;
        }
    }
}

/// Returns a picture as a camera of another scale takes it: `scale` times as large.
#[must_use]
pub fn scaled(image: &GrayImage, scale: f32) -> GrayImage {
    let [width, height] = [image.width(), image.height()].map(|side| (scale * side as f32) as u32);
    resize(image, width, height, FilterType::Triangle)
}

/// Changes the contrast of a scene about a middle grey level.
pub(crate) fn change_contrast(plane: &mut Plane, factor: f32) {
    for grey in &mut plane.data {
        *grey = MIDDLE_LEVEL + factor * (*grey - MIDDLE_LEVEL);
    }
}

/// Paints a pupil over as publishers of pictures do, to hide the lamps in it.
pub(crate) fn paint_pupil(image: &mut GrayImage, truth: &Truth, level: u8) {
    let (cx, cy) = truth.pupil.centre;
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let (ix, iy) = truth.to_iris(x as f32, y as f32);
        let (dx, dy) = (ix - cx, iy - cy);
        let theta = libm::atan2f(dy, dx);
        if libm::hypotf(dx, dy) <= truth.pupil.radius_at(theta) {
            *pixel = Luma([level]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn every_number_and_every_fault_is_drawn() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let all: Vec<CaptureConditions> = (0..2_000)
            .map(|_| CaptureConditions::faulty(&mut rng))
            .collect();
        for count in 1..=12 {
            assert!(all.iter().any(|c| c.glints.len() == count), "{count} lamps");
        }
        let share = |has: fn(&CaptureConditions) -> bool| {
            all.iter().filter(|c| has(c)).count() as f32 / all.len() as f32
        };
        assert!((0.15..0.25).contains(&share(|c| c.faults.pupil_paint.is_some())));
        assert!((0.15..0.25).contains(&share(|c| !c.faults.panes.is_empty())));
        assert!((0.25..0.35).contains(&share(|c| c.faults.lens_edge.is_some())));
        assert!((0.15..0.25).contains(&share(|c| {
            let (x, y) = c.centre_px;
            x.abs() + c.iris_radius_px > 320.0 || y.abs() + c.iris_radius_px > 240.0
        })));
        let inside = |c: &CaptureConditions| {
            let ratio = c.faults.pupil_ratio.unwrap_or(0.0);
            c.glints.iter().all(|g| g.at.0.hypot(g.at.1) < ratio)
        };
        assert!(all.iter().all(inside), "a lamp outside of its pupil");
    }

    #[test]
    fn without_faults_nothing_is_drawn_otherwise() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        assert_eq!(
            CaptureConditions::sample(&mut rng).faults,
            Faults::default()
        );
    }
}
