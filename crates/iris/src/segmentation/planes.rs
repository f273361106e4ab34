//! The planes that segmentation reads, and how a picture is brought to their size.

use image::GrayImage;

use super::specular::{Filled, fill, reconstruct};
use crate::geometry::circle::Circle;
use crate::limits;
use crate::raster::Plane;

/// Longest side of the image that segmentation works on; larger ones are reduced.
// Chosen for speed: large images then cost hardly more than small ones
// (docs/measurements/iris.md, Time).
const MAX_WORKING_SIDE_PX: u32 = 400;

/// Share of the least iris diameter that is the least radius looked for.
// A little more than a half. Decision 6: without smaller irises the errors at FMR 1e-4 go from
// 3.6 to 3.4 % on MMU2, and from 0.75 to 0.8 % on CASIA-IrisV1.
const MIN_RADIUS_DIAMETER_SHARE: f32 = 0.52;
/// Longest side of the plane on which circles are sought, pixels.
// Chosen for speed: the search over all circles grows with the third power of it.
const MAX_COARSE_SIDE_PX: usize = 200;
/// The planes that segmentation reads: the picture without reflections, a light
/// blur of it and a small copy.
pub(crate) struct Planes {
    pub(crate) filled: Plane,
    pub(crate) smooth: Plane,
    pub(super) coarse: Plane,
    /// The small copy without anything bright that darker pixels enclose, however faint: a
    /// pupil in it is dark all over, whatever it mirrors.
    pub(super) coarse_enclosed: Plane,
    /// Reflections and the pixels that they spoil: on the fine plane, on the coarse one.
    spots: Vec<bool>,
    pub(super) coarse_spots: Vec<bool>,
    /// Mirror images of lamps and the pixels that they spoil, on the fine plane.
    pub(crate) glare: Vec<bool>,
    coarse_factor: usize,
    /// Smallest iris radius that is looked for, on the coarse plane.
    pub(super) least_iris_radius: f32,
}

impl Planes {
    fn new(
        Filled {
            plane: filled,
            spots,
            glare,
        }: Filled,
        least_iris_radius_px: f32,
    ) -> Self {
        let smooth = filled.blurred(1.5);
        let coarse_factor = filled.width.max(filled.height).div_ceil(MAX_COARSE_SIDE_PX);
        let coarse = filled.shrunk(coarse_factor);
        let coarse_spots = (0..coarse.data.len())
            .map(|k| {
                let (x, y) = (
                    k % coarse.width * coarse_factor,
                    k / coarse.width * coarse_factor,
                );
                spots[y * filled.width + x]
            })
            .collect();
        Self {
            spots,
            glare,
            coarse_spots,
            coarse_enclosed: enclosed(&coarse),
            filled,
            smooth,
            coarse,
            coarse_factor,
            least_iris_radius: least_iris_radius_px / coarse_factor as f32,
        }
    }

    /// The small copy alone, with its levels or its proportions changed: enough to seek
    /// an eye on.
    pub(crate) fn of_coarse(&self, change: CoarseChange) -> Self {
        let (from, spots) = (&self.coarse, &self.coarse_spots);
        let (across, down) = match change {
            CoarseChange::Negative => (1, 1),
            CoarseChange::HalfWidth => (2, 1),
            CoarseChange::HalfHeight => (1, 2),
        };
        let (width, height) = (from.width / across, from.height / down);
        let places = (0..width * height).map(|k| (k % width * across, k / width * down));
        let level = |(x, y): (usize, usize)| {
            let last = from.at(x + across - 1, y + down - 1);
            match change {
                CoarseChange::Negative => 255.0 - last,
                _ => 0.5 * (from.at(x, y) + last),
            }
        };
        let empty = Plane {
            width: 0,
            height: 0,
            data: Vec::new(),
        };
        let coarse = Plane {
            width,
            height,
            data: places.clone().map(level).collect(),
        };
        Self {
            coarse_enclosed: enclosed(&coarse),
            coarse,
            coarse_spots: places.map(|(x, y)| spots[y * from.width + x]).collect(),
            filled: empty.clone(),
            smooth: empty,
            spots: Vec::new(),
            glare: Vec::new(),
            coarse_factor: self.coarse_factor,
            least_iris_radius: self.least_iris_radius,
        }
    }

    /// 1 for a point of the fine plane that no reflection spoils, 0 for another.
    pub(super) fn clear(&self, x: f32, y: f32) -> f32 {
        let (w, h) = (self.filled.width, self.filled.height);
        let (px, py) = ((x + 0.5).max(0.0) as usize, (y + 0.5).max(0.0) as usize);
        if self.spots[py.min(h - 1) * w + px.min(w - 1)] {
            0.0
        } else {
            1.0
        }
    }

    pub(super) fn to_fine(&self, circle: Circle) -> Circle {
        let f = self.coarse_factor as f32;
        Circle {
            x: (circle.x + 0.5) * f - 0.5,
            y: (circle.y + 0.5) * f - 0.5,
            r: circle.r * f,
        }
    }
}

/// The plane, each pixel brought down to the level at which it is enclosed.
fn enclosed(plane: &Plane) -> Plane {
    Plane {
        data: reconstruct(plane),
        ..*plane
    }
}

/// A change that somebody may have made to a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CoarseChange {
    /// Black and white exchanged.
    Negative,
    HalfWidth,
    HalfHeight,
}

/// The picture as segmentation works on it, and by how much it is reduced.
pub(crate) fn working_plane(image: &GrayImage) -> (Plane, usize) {
    let factor = image
        .width()
        .max(image.height())
        .div_ceil(MAX_WORKING_SIDE_PX) as usize;
    (Plane::reduced(image, factor), factor)
}

pub(crate) fn planes_of(working: &Plane, factor: usize) -> Planes {
    let least_radius = MIN_RADIUS_DIAMETER_SHARE * limits::MIN_IRIS_DIAMETER_PX / factor as f32;
    Planes::new(fill(working), least_radius)
}
