//! A parameter file: the only source of an encoder's constants.

use alloy_primitives::keccak256;
use serde::Deserialize;

/// Most values of any list in a parameter file: a bound for what a circuit may cost.
const MAX_VALUES: usize = 1 << 16;

/// Most bits of a pixel.
const MAX_PIXEL_BITS: u32 = 8;

/// Most bits of a response's magnitude, far below what a scalar of the circuit holds.
const MAX_MAGNITUDE_BITS: u32 = 30;

/// Domain of the hash that an image commitment begins with.
const IMAGE_DOMAIN: &[u8] = b"annona.img.v1";

/// Domain of the hash that a code commitment begins with.
const CODE_DOMAIN: &[u8] = b"annona.code.v1";

/// Reason why a parameter file is no encoder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The text is not JSON of the expected form.
    #[error("the parameter file cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// The size of the normalised iris, or of a list, is out of range.
    #[error("the parameter file has a size out of range: {what}")]
    Size {
        /// Part of the file that is out of range.
        what: &'static str,
    },
    /// A kernel does not sum to zero over the angles, so that brightness would count.
    #[error("an angular kernel of filter {filter} does not sum to zero")]
    Brightness {
        /// Index of the filter.
        filter: usize,
    },
    /// A response may exceed the bits that the proof has for it.
    #[error("responses of filter {filter} may exceed 2^{bits}")]
    Magnitude {
        /// Index of the filter.
        filter: usize,
        /// Bits that the file states.
        bits: u32,
    },
    /// A window reaches over the inner or the outer edge.
    #[error("a window of filter {filter} around radius {row} leaves the normalised iris")]
    Window {
        /// Index of the filter.
        filter: usize,
        /// Radius at which the window is centred.
        row: usize,
    },
}

/// Size of a normalised iris.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormalisedSize {
    /// Angles, which are columns.
    pub width_angles: usize,
    /// Radii, which are rows, the pupil's edge first.
    pub height_radii: usize,
    /// Bits of a pixel.
    pub pixel_bits: u32,
    /// Neighbouring columns of one row that share one bit of noise.
    pub noise_block_columns: usize,
}

impl NormalisedSize {
    /// Returns the number of pixels.
    #[must_use]
    pub const fn pixel_count(&self) -> usize {
        self.width_angles * self.height_radii
    }

    /// Returns the number of noise bits.
    #[must_use]
    pub const fn noise_count(&self) -> usize {
        self.pixel_count() / self.noise_block_columns
    }

    /// Returns the brightest level of a pixel.
    #[must_use]
    pub const fn white(&self) -> u8 {
        ((1_u32 << self.pixel_bits) - 1) as u8
    }
}

/// A pair of separable filters: a radial kernel times a real or an imaginary angular one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Wavelength for readers; the kernels are frozen as integers.
    wavelength_of_512: u32,
    /// Weights by radius.
    pub radial: Vec<i32>,
    /// Weights of the real part by angle, which sum to zero.
    pub angular_re: Vec<i32>,
    /// Weights of the imaginary part by angle, which sum to zero.
    pub angular_im: Vec<i32>,
    /// Radii at which windows are centred.
    pub probe_rows: Vec<usize>,
    /// Noisy pixels that a valid window may hold.
    pub max_noisy_pixels_in_window: u32,
}

impl Filter {
    /// Returns the angular kernels, real and imaginary.
    #[must_use]
    pub fn angular(&self) -> [&[i32]; 2] {
        [&self.angular_re, &self.angular_im]
    }

    /// Returns the number of pixels in a window.
    #[must_use]
    pub fn window_pixels(&self) -> usize {
        self.radial.len() * self.angular_re.len()
    }
}

/// An encoder: its parameter file, parsed and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderModel {
    file: File,
    id: [u8; 32],
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The file names itself; code goes by its hash.
    name: String,
    sheet: NormalisedSize,
    filters: Vec<Filter>,
    probe_columns: Vec<usize>,
    magnitude_bits: Vec<[u32; 2]>,
}

impl EncoderModel {
    /// Reads a parameter file.
    ///
    /// # Errors
    /// [`ModelError`] for anything that the encoder or the circuit could not rest on.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let file: File = serde_json::from_str(text)?;
        check_sizes(&file)?;
        for (at, (filter, bits)) in file.filters.iter().zip(&file.magnitude_bits).enumerate() {
            check_filter(&file.sheet, at, filter, *bits)?;
        }
        Ok(Self {
            id: keccak256(text.as_bytes()).0,
            file,
        })
    }

    /// Returns the model id: keccak256 of the parameter file.
    #[must_use]
    pub const fn id(&self) -> [u8; 32] {
        self.id
    }

    /// Returns the name that the file gives itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// Returns the size of the normalised iris.
    #[must_use]
    pub const fn size(&self) -> &NormalisedSize {
        &self.file.sheet
    }

    /// Returns the filters.
    #[must_use]
    pub fn filters(&self) -> &[Filter] {
        &self.file.filters
    }

    /// Returns the columns at which windows are centred.
    #[must_use]
    pub fn probe_columns(&self) -> &[usize] {
        &self.file.probe_columns
    }

    /// Returns the bits that hold the magnitude of a response of `filter`, real and imaginary.
    #[must_use]
    pub fn magnitude_bits(&self, filter: usize) -> [u32; 2] {
        self.file.magnitude_bits[filter]
    }

    /// Returns the number of radii at which a filter is probed.
    #[must_use]
    pub fn radii(&self) -> usize {
        self.filters()[0].probe_rows.len()
    }

    /// Returns the number of mask bits.
    #[must_use]
    pub fn mask_count(&self) -> usize {
        self.filters().len() * self.radii() * self.probe_columns().len()
    }

    /// Returns the number of code bits.
    #[must_use]
    pub fn code_count(&self) -> usize {
        2 * self.mask_count()
    }

    /// Returns 31 bytes, a scalar, that image commitments of this size begin with: keccak256 of
    /// the domain, width, height, pixel bits and noise block, each as 4 big-endian bytes,
    /// without its last byte. Models that read the same size share it (ZKML-2).
    #[must_use]
    pub fn image_domain(&self) -> [u8; 31] {
        let size = self.size();
        let mut bytes = IMAGE_DOMAIN.to_vec();
        for number in [
            size.width_angles,
            size.height_radii,
            size.pixel_bits as usize,
            size.noise_block_columns,
        ] {
            bytes.extend((number as u32).to_be_bytes());
        }
        without_last(&bytes)
    }

    /// Returns 31 bytes, a scalar, that code commitments of this model begin with: keccak256 of
    /// the domain and the model id, without its last byte (ZKML-3).
    #[must_use]
    pub fn code_domain(&self) -> [u8; 31] {
        without_last(&[CODE_DOMAIN, &self.id].concat())
    }
}

fn without_last(preimage: &[u8]) -> [u8; 31] {
    let [kept @ .., _] = keccak256(preimage).0;
    kept
}

fn check_sizes(file: &File) -> Result<(), ModelError> {
    let size = &file.sheet;
    let range = 1..=MAX_VALUES;
    let radii = file
        .filters
        .first()
        .map_or(0, |filter| filter.probe_rows.len());
    let is_square = file.filters.iter().all(|it| it.probe_rows.len() == radii);
    for (what, holds) in [
        ("width", range.contains(&size.width_angles)),
        ("height", range.contains(&size.height_radii)),
        (
            "pixels",
            size.width_angles.saturating_mul(size.height_radii) <= MAX_VALUES,
        ),
        (
            "pixel bits",
            (1..=MAX_PIXEL_BITS).contains(&size.pixel_bits),
        ),
        (
            "noise block",
            size.noise_block_columns > 0
                && size.width_angles.is_multiple_of(size.noise_block_columns),
        ),
        ("filters", range.contains(&file.filters.len())),
        (
            "magnitude bits",
            file.filters.len() == file.magnitude_bits.len(),
        ),
        ("radii", radii > 0 && is_square),
        ("columns", range.contains(&file.probe_columns.len())),
        (
            "codes",
            file.filters.len() * radii.saturating_mul(file.probe_columns.len()) <= MAX_VALUES,
        ),
        (
            "a column",
            file.probe_columns.iter().all(|it| *it < size.width_angles),
        ),
    ] {
        if !holds {
            return Err(ModelError::Size { what });
        }
    }
    Ok(())
}

fn check_filter(
    size: &NormalisedSize,
    at: usize,
    filter: &Filter,
    bits: [u32; 2],
) -> Result<(), ModelError> {
    let is_odd = |kernel: &[i32]| kernel.len() % 2 == 1;
    let [re, im] = filter.angular();
    if !is_odd(&filter.radial)
        || !is_odd(re)
        || re.len() != im.len()
        || re.len() > size.width_angles
    {
        return Err(ModelError::Size { what: "a kernel" });
    }
    if filter.max_noisy_pixels_in_window as usize >= filter.window_pixels() {
        return Err(ModelError::Size {
            what: "the noise limit",
        });
    }
    let half = filter.radial.len() / 2;
    let outside = |row: &&usize| **row < half || **row + half >= size.height_radii;
    if let Some(&row) = filter.probe_rows.iter().find(outside) {
        return Err(ModelError::Window { filter: at, row });
    }
    let radial: i64 = filter.radial.iter().map(|&v| i64::from(v).abs()).sum();
    for (kernel, bits) in filter.angular().into_iter().zip(bits) {
        if kernel.iter().map(|&v| i64::from(v)).sum::<i64>() != 0 {
            return Err(ModelError::Brightness { filter: at });
        }
        let weights: i64 = kernel.iter().map(|&v| i64::from(v).abs()).sum();
        let most = weights
            .checked_mul(radial)
            .and_then(|it| it.checked_mul(i64::from(size.white())));
        // A kernel that sums to zero weighs as much above zero as below, if no radial weight
        // is negative; half of `most` is then the greatest response.
        let is_positive = filter.radial.iter().all(|&v| v >= 0);
        let fits = most.is_some_and(|it| it / 2 < 1 << bits.min(MAX_MAGNITUDE_BITS));
        if !fits || !is_positive || bits > MAX_MAGNITUDE_BITS {
            return Err(ModelError::Magnitude { filter: at, bits });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_template::{CODE_BITS, COLUMNS, MASK_BITS, MODEL_ID};
    use serde_json::{Value, json};

    use super::*;
    use crate::ModelName;

    #[test]
    fn the_parameter_file_is_the_model_that_templates_name() {
        assert_eq!(ModelName::P.model().id(), MODEL_ID);
    }

    #[test]
    fn the_parameter_file_describes_the_template() {
        let model = ModelName::P.model();
        assert_eq!(model.filters().len(), 2);
        assert_eq!(model.probe_columns().len(), COLUMNS);
        assert_eq!(
            (model.code_count(), model.mask_count()),
            (CODE_BITS, MASK_BITS)
        );
        let width = model.size().width_angles;
        for (k, &column) in model.probe_columns().iter().enumerate() {
            assert_eq!(column, (k * width + COLUMNS / 2) / COLUMNS);
        }
    }

    const CI: &str = include_str!("../params/ci_40x12_q7.json");

    fn refusal(change: impl Fn(&mut Value)) -> String {
        let mut file: Value = serde_json::from_str(CI).unwrap();
        change(&mut file);
        EncoderModel::parse(&file.to_string())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn files_that_a_proof_cannot_rest_on_are_refused() {
        let set = |path: &'static str, value: Value| {
            refusal(move |file| *file.pointer_mut(path).unwrap() = value.clone())
        };
        for (path, value, part) in [
            ("/sheet/width_angles", json!(0), "width"),
            ("/sheet/height_radii", json!(1 << 20), "height"),
            ("/sheet/pixel_bits", json!(9), "pixel bits"),
            ("/sheet/noise_block_columns", json!(7), "noise block"),
            ("/magnitude_bits", json!([[15, 15]]), "magnitude bits"),
            ("/probe_columns/3", json!(40), "a column"),
            ("/filters/0/angular_re/0", json!(-1), "does not sum to zero"),
            ("/filters/1/radial", json!([1, 2]), "a kernel"),
            ("/filters/1/radial/0", json!(-3), "may exceed"),
            ("/magnitude_bits/1/0", json!(13), "may exceed 2^13"),
            ("/magnitude_bits/0/1", json!(60), "may exceed 2^60"),
            ("/filters/0/probe_rows/0", json!(0), "around radius 0"),
            ("/filters/0/probe_rows/2", json!(11), "around radius 11"),
            (
                "/filters/0/max_noisy_pixels_in_window",
                json!(27),
                "noise limit",
            ),
            ("/filters/0/probe_rows", json!([2, 5]), "radii"),
            ("/name", json!(3), "cannot be read"),
        ] {
            let said = set(path, value);
            assert!(said.contains(part), "{path}: {said}");
        }
    }

    /// Tests ZKML-2 and ZKML-3.
    #[test]
    fn domains_tell_sizes_and_models_apart() {
        let models = ModelName::ALL.map(ModelName::model);
        for (at, one) in models.iter().enumerate() {
            for other in &models[..at] {
                let is_one_size = one.size() == other.size();
                assert_eq!(one.image_domain() == other.image_domain(), is_one_size);
                assert_ne!(one.code_domain(), other.code_domain());
            }
        }
        let mut file: Value = serde_json::from_str(CI).unwrap();
        file["filters"][0]["max_noisy_pixels_in_window"] = json!(5);
        let next = EncoderModel::parse(&file.to_string()).unwrap();
        let ci = ModelName::Ci.model();
        assert_eq!(next.image_domain(), ci.image_domain());
        assert_ne!(next.code_domain(), ci.code_domain());
    }
}
