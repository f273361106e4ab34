//! Faults that pictures of other cameras have.

use rand::Rng;

use crate::fast::gauss;
use crate::random::{between, chance};

/// Width of the edge of a contact lens, in iris radii.
const LENS_EDGE_WIDTH: f32 = 0.012;

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

impl LensEdge {
    pub(crate) fn draw(rng: &mut impl Rng) -> Self {
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
