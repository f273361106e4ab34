//! Measures of a picture and of the edges found in it, each with the limit that it must keep.

pub(crate) mod exposure;
pub(crate) mod focus;
pub(crate) mod grey_levels;
pub(crate) mod shape;
pub(crate) mod upright;

/// Measures of an accepted image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Iris radius over the width of the pupil's edge; more is sharper.
    pub sharpness: f32,
    /// Iris radius over the width of the steepest edges of the iris region.
    pub region_sharpness: f32,
    /// Share of the iris that is visible, 0 to 1.
    pub visible: f32,
    /// Pupil diameter over iris diameter.
    pub pupil_ratio: f32,
    /// Distance of the centres over the iris radius.
    pub centre_offset: f32,
    /// Iris diameter in pixels of the image given.
    pub iris_diameter_px: f32,
    /// Number of valid code bits.
    pub valid_bits: u32,
}
