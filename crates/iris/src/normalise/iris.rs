//! The normalised iris: pixels and noise of the iris, unrolled between its two contours.

use image::GrayImage;

use crate::params::params;

/// The iris as a rectangle of 256 angles (columns) by 64 radii (rows, the pupil's
/// edge first), 7 bits a pixel, with one noise bit for 4 columns of a row.
///
/// Column 0 starts in the direction of growing x, or, in a picture turned by more than a
/// little, where that direction is for the eye; columns go clockwise in the image.
/// Everything after it is integer arithmetic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalisedIris {
    pub(super) pixels: Vec<u8>,
    pub(super) noise: Vec<bool>,
}

impl NormalisedIris {
    /// Returns the number of angles of the normalised iris.
    #[must_use]
    pub fn width(&self) -> usize {
        params().normalised.width_angles
    }

    /// Returns the number of radii of the normalised iris.
    #[must_use]
    pub fn height(&self) -> usize {
        params().normalised.height_radii
    }

    /// Pixels row by row, each below 128.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Returns whether the pixel's block is hidden by eyelids, lashes or reflections.
    #[must_use]
    pub fn is_noisy(&self, column: usize, row: usize) -> bool {
        let block = params().normalised.noise_block_columns;
        self.noise[row * (self.width() / block) + column / block]
    }

    /// The normalised iris as an 8-bit picture.
    #[must_use]
    pub fn to_image(&self) -> GrayImage {
        let (w, h) = (self.width(), self.height());
        GrayImage::from_fn(w as u32, h as u32, |x, y| {
            image::Luma([self.pixels[y as usize * w + x as usize] * 2])
        })
    }

    /// A normalised iris from its parts, row by row: 256 by 64 pixels below 128, and a noise bit
    /// for 4 columns of a row; `None` when a length or a pixel is out of range.
    #[must_use]
    pub fn from_parts(pixels: Vec<u8>, noise: Vec<bool>) -> Option<Self> {
        let p = &params().normalised;
        let size = p.width_angles * p.height_radii;
        let whole = pixels.len() == size && noise.len() == size / p.noise_block_columns;
        let in_range = pixels.iter().all(|&v| v < 1 << p.pixel_bits);
        (whole && in_range).then_some(Self { pixels, noise })
    }
}
