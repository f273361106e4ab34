use core::fmt;

use crate::{EncoderModel, NormalisedSize};

/// Reason why pixels and noise are no normalised iris of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NormalisedError {
    /// The number of pixels is not that of the model.
    #[error("a normalised iris of this model has {expected} pixels, not {actual}")]
    Pixels {
        /// Number that the model asks for.
        expected: usize,
        /// Number given.
        actual: usize,
    },
    /// The number of noise bits is not that of the model.
    #[error("a normalised iris of this model has {expected} noise bits, not {actual}")]
    Noise {
        /// Number that the model asks for.
        expected: usize,
        /// Number given.
        actual: usize,
    },
    /// A pixel is brighter than the model's depth allows.
    #[error("pixel {at} is above {white}, the brightest level of this model")]
    Depth {
        /// Index of the pixel.
        at: usize,
        /// The brightest level.
        white: u8,
    },
}

/// The iris as a rectangle of angles (columns) by radii (rows, the pupil's edge first), with
/// one noise bit for a few columns of a row: for the model P, 256 by 64 pixels of 7 bits and a
/// bit for each 4 columns.
///
/// Column 0 starts in the direction of growing x, or, in a picture turned by more than a
/// little, where that direction is for the eye; columns go clockwise in the image.
/// Everything after it is integer arithmetic.
#[derive(Clone, PartialEq, Eq)]
pub struct NormalisedIris {
    size: NormalisedSize,
    pixels: Vec<u8>,
    noise: Vec<bool>,
}

impl NormalisedIris {
    /// Makes a normalised iris of `model` from its pixels and noise bits, row by row.
    ///
    /// # Errors
    /// [`NormalisedError`] when a length or a pixel is out of range.
    pub fn new(
        model: &EncoderModel,
        pixels: Vec<u8>,
        noise: Vec<bool>,
    ) -> Result<Self, NormalisedError> {
        let size = *model.size();
        let (expected, actual) = (size.pixel_count(), pixels.len());
        if actual != expected {
            return Err(NormalisedError::Pixels { expected, actual });
        }
        let (expected, actual) = (size.noise_count(), noise.len());
        if actual != expected {
            return Err(NormalisedError::Noise { expected, actual });
        }
        let white = size.white();
        if let Some(at) = pixels.iter().position(|&pixel| pixel > white) {
            return Err(NormalisedError::Depth { at, white });
        }
        Ok(Self {
            size,
            pixels,
            noise,
        })
    }

    /// Returns the size and the depth.
    #[must_use]
    pub const fn size(&self) -> &NormalisedSize {
        &self.size
    }

    /// Returns the number of angles of the normalised iris.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.size.width_angles
    }

    /// Returns the number of radii of the normalised iris.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.size.height_radii
    }

    /// Pixels row by row, each at most [`NormalisedSize::white`].
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Noise bits row by row, one for each block of columns.
    #[must_use]
    pub fn noise(&self) -> &[bool] {
        &self.noise
    }

    /// Returns whether the pixel's block is hidden by eyelids, lashes or reflections.
    #[must_use]
    pub fn is_noisy(&self, column: usize, row: usize) -> bool {
        let block = self.size.noise_block_columns;
        self.noise[row * (self.width() / block) + column / block]
    }
}

/// Says how large it is; its pixels are biometric and not shown (ENROL-15).
impl fmt::Debug for NormalisedIris {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NormalisedIris({} by {})", self.width(), self.height())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelName;

    #[test]
    fn parts_of_another_size_or_depth_are_refused() {
        let model = ModelName::Ci.model();
        let new = |pixels: Vec<u8>, noise| NormalisedIris::new(model, pixels, vec![false; noise]);
        assert!(new(vec![127; 480], 120).is_ok());
        assert!(matches!(
            new(vec![0; 479], 120),
            Err(NormalisedError::Pixels { .. })
        ));
        assert!(matches!(
            new(vec![0; 480], 121),
            Err(NormalisedError::Noise { .. })
        ));
        let mut bright = vec![0; 480];
        bright[7] = 128;
        let refusal = new(bright, 120);
        assert_eq!(refusal, Err(NormalisedError::Depth { at: 7, white: 127 }));
    }

    /// Tests ENROL-15.
    #[test]
    fn debug_shows_no_pixels() {
        let iris = NormalisedIris::new(ModelName::Ci.model(), vec![99; 480], vec![true; 120]);
        let shown = iris.map(|iris| format!("{iris:?}"));
        assert_eq!(shown.as_deref(), Ok("NormalisedIris(40 by 12)"));
    }
}
