//! From the normalised iris to code and mask, on integers only.

use core::fmt;

use crate::{EncoderModel, NormalisedIris};

/// A place where a filter is laid on the normalised iris.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Index of the filter.
    pub filter: usize,
    /// Index among the radii of the filter.
    pub radius: usize,
    /// Index among the columns of the model.
    pub column: usize,
}

/// The two sums of a filter pair at a probe, and the noise under it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Response {
    /// Sum of the real part.
    pub re: i32,
    /// Sum of the imaginary part.
    pub im: i32,
    /// Noisy pixels in the window.
    pub noisy_pixels: u32,
}

/// Code and mask of one iris, in the order in which a commitment packs them.
///
/// Bits go column by column, as the words of a template do. In a column of the code come all
/// real bits, then all imaginary ones; in each part, and in a column of the mask, filter by
/// filter and in a filter radius by radius, the pupil's edge first.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedIris {
    /// Code bits: the response is above zero.
    pub code: Vec<bool>,
    /// Mask bits: both code bits of the window are valid.
    pub mask: Vec<bool>,
}

/// Says how much of it is valid; its bits are biometric and not shown (ENROL-15).
impl fmt::Debug for EncodedIris {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let valid = self.mask.iter().filter(|bit| **bit).count();
        write!(
            f,
            "EncodedIris({} of {} bits valid)",
            2 * valid,
            self.code.len()
        )
    }
}

impl EncoderModel {
    /// Encodes a normalised iris: a code bit is `R > 0`, a mask bit is set when at most the
    /// filter's number of pixels in its window are noisy.
    ///
    /// # Panics
    /// Panics when `iris` has not the size of this model.
    #[must_use]
    pub fn encode(&self, iris: &NormalisedIris) -> EncodedIris {
        let mut encoded = EncodedIris {
            code: vec![false; self.code_count()],
            mask: vec![false; self.mask_count()],
        };
        self.for_each_probe(iris, |probe, response| {
            encoded.code[self.code_index(probe, 0)] = response.re > 0;
            encoded.code[self.code_index(probe, 1)] = response.im > 0;
            let limit = self.filters()[probe.filter].max_noisy_pixels_in_window;
            encoded.mask[self.mask_index(probe)] = response.noisy_pixels <= limit;
        });
        encoded
    }

    /// Returns the index of a code bit; `part` is 0 for the real part and 1 for the imaginary
    /// one (ZKML-3).
    #[must_use]
    pub fn code_index(&self, probe: Probe, part: usize) -> usize {
        let of_part = self.filters().len() * self.radii();
        let in_column = part * of_part + probe.filter * self.radii() + probe.radius;
        2 * probe.column * of_part + in_column
    }

    /// Returns the index of a mask bit.
    #[must_use]
    pub fn mask_index(&self, probe: Probe) -> usize {
        (probe.column * self.filters().len() + probe.filter) * self.radii() + probe.radius
    }

    /// Calls `visit` with the response at each probe.
    ///
    /// # Panics
    /// Panics when `iris` has not the size of this model.
    pub fn for_each_probe(&self, iris: &NormalisedIris, mut visit: impl FnMut(Probe, Response)) {
        assert_eq!(iris.size(), self.size(), "the iris is of another size");
        for (filter, kernels) in self.filters().iter().enumerate() {
            for (radius, &row) in kernels.probe_rows.iter().enumerate() {
                let band = Band::new(iris, &kernels.radial, row);
                for (column, &centre) in self.probe_columns().iter().enumerate() {
                    let probe = Probe {
                        filter,
                        radius,
                        column,
                    };
                    let response = Response {
                        re: band.response(&kernels.angular_re, centre),
                        im: band.response(&kernels.angular_im, centre),
                        noisy_pixels: band.noisy_pixels(kernels.angular_re.len(), centre),
                    };
                    visit(probe, response);
                }
            }
        }
    }
}

/// Responses of one separable kernel, `radial` by `angular`, centred at `columns` of a row: the
/// sums whose signs are the code. Columns go round the eye.
///
/// # Panics
/// Panics when the kernel reaches beyond the first or the last row, or a column does not exist.
#[must_use]
pub fn responses(
    normalised: &NormalisedIris,
    radial: &[i32],
    angular: &[i32],
    row: usize,
    columns: &[usize],
) -> Vec<i32> {
    let band = Band::new(normalised, radial, row);
    let columns = columns.iter();
    columns
        .map(|&column| band.response(angular, column))
        .collect()
}

/// The rows under one probe, weighted into one row; and their noisy pixels.
struct Band {
    weighted: Vec<i32>,
    noisy: Vec<u32>,
}

impl Band {
    fn new(iris: &NormalisedIris, radial: &[i32], probe_row: usize) -> Self {
        let width = iris.width();
        let first = probe_row - radial.len() / 2;
        let mut weighted = vec![0; width];
        let mut noisy = vec![0; width];
        for (offset, weight) in radial.iter().enumerate() {
            let row = first + offset;
            for column in 0..width {
                weighted[column] += weight * i32::from(iris.pixels()[row * width + column]);
                noisy[column] += u32::from(iris.is_noisy(column, row));
            }
        }
        Self { weighted, noisy }
    }

    fn response(&self, angular: &[i32], column: usize) -> i32 {
        self.window(angular.len(), column)
            .zip(angular)
            .map(|(k, w)| w * self.weighted[k])
            .sum()
    }

    fn noisy_pixels(&self, length: usize, column: usize) -> u32 {
        self.window(length, column).map(|k| self.noisy[k]).sum()
    }

    /// Columns under a kernel centred on `column`, wrapping round the eye.
    fn window(&self, length: usize, column: usize) -> impl Iterator<Item = usize> {
        let width = self.weighted.len();
        (0..length).map(move |k| (column + width + k - length / 2) % width)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ModelName;

    #[test]
    fn every_index_is_taken_once() {
        for name in ModelName::ALL {
            let model = name.model();
            let size = model.size();
            let iris = NormalisedIris::new(
                model,
                vec![1; size.pixel_count()],
                vec![false; size.noise_count()],
            );
            let (mut code, mut mask) = (Vec::new(), Vec::new());
            model.for_each_probe(&iris.unwrap(), |probe, _| {
                code.extend([0, 1].map(|part| model.code_index(probe, part)));
                mask.push(model.mask_index(probe));
            });
            for (mut indices, count) in [(code, model.code_count()), (mask, model.mask_count())] {
                indices.sort_unstable();
                assert_eq!(indices, (0..count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn bits_of_an_iris_are_not_shown() {
        let encoded = EncodedIris {
            code: vec![true; 4],
            mask: vec![true, false],
        };
        assert_eq!(format!("{encoded:?}"), "EncodedIris(2 of 4 bits valid)");
    }
}
