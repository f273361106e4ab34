//! Grey planes of floats, and order statistics of grey levels.

pub(crate) mod order;
mod plane;

pub(crate) use plane::Plane;
