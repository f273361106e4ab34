//! The published parameter file: the only source of the encoder's constants.

use std::sync::OnceLock;

use serde::Deserialize;

const FILE: &str = include_str!("../params/p_256x64_q7.json");

/// The parameter file, parsed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    #[expect(dead_code, reason = "the file names itself; the code goes by its hash")]
    name: String,
    #[serde(rename = "sheet")]
    pub(crate) normalised: NormalisedParams,
    pub(crate) filters: Vec<FilterParams>,
    pub(crate) probe_columns: Vec<usize>,
    /// Bits that hold |R|, by filter and part (re, im).
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "a bound for the proof; a test holds the kernels to it"
        )
    )]
    pub(crate) magnitude_bits: Vec<[u32; 2]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NormalisedParams {
    pub(crate) width_angles: usize,
    pub(crate) height_radii: usize,
    pub(crate) pixel_bits: u32,
    /// Columns that share one bit of the noise mask.
    pub(crate) noise_block_columns: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterParams {
    #[expect(
        dead_code,
        reason = "documents the kernel, which is frozen as integers"
    )]
    wavelength_of_512: u32,
    pub(crate) radial: Vec<i32>,
    pub(crate) angular_re: Vec<i32>,
    pub(crate) angular_im: Vec<i32>,
    pub(crate) probe_rows: Vec<usize>,
    pub(crate) max_noisy_pixels_in_window: u32,
}

/// The constants of the encoder.
pub(crate) fn params() -> &'static Params {
    static PARAMS: OnceLock<Params> = OnceLock::new();
    PARAMS.get_or_init(|| {
        serde_json::from_str(FILE).expect("the embedded parameter file is checked by a test")
    })
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;
    use annona_template::{COLUMNS, MODEL_ID};

    use super::*;

    #[test]
    fn the_parameter_file_describes_the_template() {
        let p = params();
        assert_eq!(p.filters.len(), 2);
        assert_eq!(p.magnitude_bits.len(), p.filters.len());
        assert_eq!(p.probe_columns.len(), COLUMNS);
        for (k, &column) in p.probe_columns.iter().enumerate() {
            assert_eq!(
                column,
                (k * p.normalised.width_angles + COLUMNS / 2) / COLUMNS
            );
        }
        for filter in &p.filters {
            assert_eq!(filter.probe_rows.len(), 16);
            assert_eq!(filter.angular_re.len(), filter.angular_im.len());
            let half = filter.radial.len() / 2;
            assert!(
                filter
                    .probe_rows
                    .iter()
                    .all(|&r| r >= half && r + half < p.normalised.height_radii)
            );
        }
        assert_eq!(
            p.normalised.width_angles % p.normalised.noise_block_columns,
            0
        );
    }

    #[test]
    fn kernels_ignore_a_constant_brightness() {
        for filter in &params().filters {
            assert_eq!(filter.angular_re.iter().sum::<i32>(), 0);
            assert_eq!(filter.angular_im.iter().sum::<i32>(), 0);
        }
    }

    #[test]
    fn responses_fit_their_magnitude_bits() {
        let p = params();
        let white = (1i64 << p.normalised.pixel_bits) - 1;
        for (filter, bits) in p.filters.iter().zip(&p.magnitude_bits) {
            let radial: i64 = filter.radial.iter().map(|&v| i64::from(v)).sum();
            for (kernel, &bits) in [&filter.angular_re, &filter.angular_im]
                .into_iter()
                .zip(bits)
            {
                let positive: i64 = kernel.iter().map(|&v| i64::from(v.max(0))).sum();
                assert!(positive * radial * white < 1 << bits);
            }
        }
    }

    #[test]
    fn the_parameter_file_is_the_model_that_templates_name() {
        assert_eq!(keccak256(FILE.as_bytes()).0, MODEL_ID);
    }
}
