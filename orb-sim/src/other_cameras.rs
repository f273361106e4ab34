//! Pictures of other cameras: circumstances, and scale.

use std::f32::consts::TAU;

use image::GrayImage;
use image::imageops::{FilterType, resize};
use rand::{Rng, RngExt};

use crate::conditions::{CaptureConditions, Glint};
use crate::faults::{Faults, LensEdge, Pane};
use crate::random::{angle, between, chance};
use crate::view::{HEIGHT, WIDTH};

impl CaptureConditions {
    /// Draws the circumstances of a photograph by another camera: one to twelve lamps in the
    /// pupil as ring, row or square, or a painted pupil; pupil ratios of 0.2 to 0.7; eyelids far
    /// down; an iris that the border cuts; contact lenses; glasses; other sharpness and contrast.
    pub fn faulty(rng: &mut impl Rng) -> Self {
        let usual = Self::sample(rng);
        let ratio = between(rng, 0.2, 0.7);
        let radius = between(rng, 75.0, 190.0);
        let is_painted = chance(rng, 0.2);
        Self {
            iris_radius_px: radius,
            centre_px: draw_centre(rng, radius),
            upper_eyelid_drop: between(rng, -0.2, 0.3),
            lower_eyelid_rise: between(rng, -0.1, 0.2),
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

/// Returns a picture as a camera of another scale takes it: `scale` times as large.
#[must_use]
pub fn scaled(image: &GrayImage, scale: f32) -> GrayImage {
    let [width, height] = [image.width(), image.height()].map(|side| (scale * side as f32) as u32);
    resize(image, width, height, FilterType::Triangle)
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
