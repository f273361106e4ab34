//! Circles, closed contours and the edges that they follow, on any plane.

pub(crate) mod circle;
pub(crate) mod contour;
pub(crate) mod edge;
mod path;
mod series;
pub(crate) mod trig;
