//! Simple eyes for the tests of segmentation.

use crate::geometry::contour::{ANGLES, Contour};
use crate::raster::Plane;

pub(super) const CENTRE: f32 = 100.0;

pub(super) fn circle(r: f32) -> Contour {
    Contour {
        centre_x: CENTRE,
        centre_y: CENTRE,
        radii: vec![r; ANGLES],
    }
}

/// An iris of radius 60 about a pupil of 20, with a little texture, below `eyelid` rows of
/// the grey levels that `cover` gives.
pub(super) fn eye(eyelid: f32, cover: impl Fn(usize) -> f32) -> Plane {
    let data = (0..200 * 200)
        .map(|k| {
            let (x, y) = ((k % 200) as f32, (k / 200) as f32);
            let r = (x - CENTRE).hypot(y - CENTRE);
            if y < eyelid {
                cover(k)
            } else if r < 20.0 {
                15.0
            } else if r < 60.0 {
                80.0 + (k * 7 % 11) as f32
            } else {
                160.0
            }
        })
        .collect();
    Plane {
        width: 200,
        height: 200,
        data,
    }
}
