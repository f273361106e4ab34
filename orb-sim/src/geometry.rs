//! Closed contours, and the rubber sheet between two of them.

use crate::fast;
use crate::random::{angle, normal};
use rand::Rng;

/// A closed contour around a centre: radius as a short Fourier series of the angle.
///
/// Coordinates are right and down; angles run clockwise as seen in the image.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// Centre of the contour.
    pub centre: (f32, f32),
    /// Mean radius.
    pub radius: f32,
    /// Relative amplitude and phase of the harmonics 2, 3, 4 ...
    pub harmonics: Vec<(f32, f32)>,
}

impl Contour {
    /// A contour whose harmonics fall off from `amplitude` (relative to the radius).
    pub(crate) fn irregular(rng: &mut impl Rng, amplitude: f32) -> Self {
        let harmonics = (0..4)
            .map(|k| {
                (
                    amplitude * normal(rng).abs().min(2.0) / (1.0 + k as f32),
                    angle(rng),
                )
            })
            .collect();
        Self {
            centre: (0.0, 0.0),
            radius: 1.0,
            harmonics,
        }
    }

    /// Radius at `theta` radians.
    #[must_use]
    pub fn radius_at(&self, theta: f32) -> f32 {
        let ripple: f32 = self
            .harmonics
            .iter()
            .enumerate()
            .map(|(k, (amplitude, phase))| amplitude * libm::cosf((k + 2) as f32 * theta + phase))
            .sum();
        self.radius * (1.0 + ripple)
    }
}

/// Radii tabulated by angle, because the renderer asks once or twice a pixel.
pub(crate) struct RadiusTable {
    centre: (f32, f32),
    radii: Vec<f32>,
}

const TABLE: usize = 512;

impl RadiusTable {
    pub(crate) fn new(contour: &Contour) -> Self {
        let radii = (0..=TABLE)
            .map(|i| contour.radius_at(i as f32 * std::f32::consts::TAU / TABLE as f32))
            .collect();
        Self {
            centre: contour.centre,
            radii,
        }
    }

    /// Radius at `turn` whole turns, `[0, 1]`.
    fn radius_at(&self, turn: f32) -> f32 {
        let x = turn * TABLE as f32;
        let i = (x as usize).min(TABLE - 1);
        self.radii[i] + (self.radii[i + 1] - self.radii[i]) * (x - i as f32)
    }
}

/// The rubber sheet: angle and depth between pupil (0) and limbus (1).
pub(crate) struct Sheet {
    pub(crate) pupil: RadiusTable,
    pub(crate) limbus: RadiusTable,
}

/// A point in sheet coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SheetPoint {
    /// Direction from the centre in whole turns, clockwise, and as a unit vector.
    pub(crate) turn: f32,
    pub(crate) direction: (f32, f32),
    /// Below 0 in the pupil, above 1 outside the limbus.
    pub(crate) depth: f32,
    /// Width of the iris at this angle, in the units of the contours.
    pub(crate) span: f32,
}

impl Sheet {
    /// Sheet coordinates of a point. The two centres lie close together, so that
    /// two rounds of the fixed point settle it to a hundredth of a pixel.
    pub(crate) fn locate(&self, x: f32, y: f32) -> SheetPoint {
        let mut point = SheetPoint {
            turn: 0.0,
            direction: (1.0, 0.0),
            depth: 0.5,
            span: 1.0,
        };
        for _ in 0..2 {
            let t = point.depth.clamp(0.0, 1.0);
            let dx = x - (self.pupil.centre.0 * (1.0 - t) + self.limbus.centre.0 * t);
            let dy = y - (self.pupil.centre.1 * (1.0 - t) + self.limbus.centre.1 * t);
            let turn = fast::turn(dy, dx);
            let radius = (dx * dx + dy * dy).sqrt().max(1e-6);
            let inverse = 1.0 / radius;
            let inner = self.pupil.radius_at(turn);
            let span = self.limbus.radius_at(turn) - inner;
            point = SheetPoint {
                turn,
                direction: (dx * inverse, dy * inverse),
                depth: (radius - inner) / span,
                span,
            };
        }
        point
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    proptest! {
        #[test]
        fn locating_undoes_the_sheet(
            seed in any::<u64>(),
            theta in -3.1_f32..3.1,
            depth in 0.0_f32..1.0,
            offset in -0.05_f32..0.05,
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut pupil = Contour::irregular(&mut rng, 0.02);
            pupil.radius = 0.4;
            pupil.centre = (offset, -0.5 * offset);
            let limbus = Contour::irregular(&mut rng, 0.007);
            let radius = pupil.radius_at(theta) * (1.0 - depth) + limbus.radius_at(theta) * depth;
            let x = pupil.centre.0 * (1.0 - depth) + radius * theta.cos();
            let y = pupil.centre.1 * (1.0 - depth) + radius * theta.sin();
            let sheet = Sheet { pupil: RadiusTable::new(&pupil), limbus: RadiusTable::new(&limbus) };
            let found = sheet.locate(x, y);
            // A hundredth of the depth is a pixel's half.
            prop_assert!((found.depth - depth).abs() < 0.01, "{} {depth}", found.depth);
            let away = (found.turn - theta / std::f32::consts::TAU + 1.5).fract() - 0.5;
            prop_assert!(away.abs() < 0.003, "{} {theta}", found.turn);
        }
    }
}
