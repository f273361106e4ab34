//! From the normalised iris to the template.

use annona_model::{ModelName, NormalisedIris};
use annona_template::{COLUMNS, IrisTemplate};

/// Encodes a normalised iris of the model of templates, whose columns are words of a template.
pub(crate) fn encode_normalised(normalised: &NormalisedIris) -> IrisTemplate {
    let encoded = ModelName::P.model().encode(normalised);
    let mut code = [0u64; COLUMNS];
    let mut mask = [0u32; COLUMNS];
    for (word, bits) in code.iter_mut().zip(encoded.code.chunks(u64::BITS as usize)) {
        *word = word_of(bits);
    }
    for (word, bits) in mask.iter_mut().zip(encoded.mask.chunks(u32::BITS as usize)) {
        *word = word_of(bits) as u32;
    }
    IrisTemplate::from_columns(code, mask)
}

/// Returns the word whose bits these are, the lowest first.
fn word_of(bits: &[bool]) -> u64 {
    let bits = bits.iter().rev();
    bits.fold(0, |word, bit| word << 1 | u64::from(*bit))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_model::EncoderModel;

    use super::*;

    fn params() -> &'static EncoderModel {
        ModelName::P.model()
    }

    const W: usize = 256;
    const H: usize = 64;

    fn texture(k: usize) -> u8 {
        let mixed = (k as u32).wrapping_mul(2_654_435_761);
        ((mixed >> 16) & 127) as u8
    }

    fn normalised(
        pixel: impl Fn(usize, usize) -> u8,
        noisy: impl Fn(usize, usize) -> bool,
    ) -> NormalisedIris {
        let pixels = (0..W * H).map(|k| pixel(k % W, k / W)).collect();
        let noise = (0..W * H / 4)
            .map(|k| noisy(k % (W / 4), k / (W / 4)))
            .collect();
        NormalisedIris::new(params(), pixels, noise).unwrap()
    }

    #[test]
    fn a_flat_iris_has_no_positive_response() {
        let template = encode_normalised(&normalised(|_, _| 77, |_, _| false));
        assert!(template.code().iter().all(|&word| word == 0));
        assert_eq!(template.valid_bits(), 12_800);
    }

    #[test]
    fn every_bit_equals_the_plain_double_sum() {
        let normalised = normalised(|x, y| texture(y * W + x), |_, _| false);
        let template = encode_normalised(&normalised);
        let p = params();
        for (f, filter) in p.filters().iter().enumerate() {
            for (part, angular) in [&filter.angular_re, &filter.angular_im]
                .into_iter()
                .enumerate()
            {
                for (radius, &row) in filter.probe_rows.iter().enumerate() {
                    for (k, &column) in p.probe_columns().iter().enumerate() {
                        let mut sum = 0i64;
                        for (i, &g) in filter.radial.iter().enumerate() {
                            for (j, &a) in angular.iter().enumerate() {
                                let x = (column as i64 + j as i64 - angular.len() as i64 / 2)
                                    .rem_euclid(W as i64);
                                let y = row + i - filter.radial.len() / 2;
                                let v = i64::from(normalised.pixels()[y * W + x as usize]);
                                sum += i64::from(g) * i64::from(a) * v;
                            }
                        }
                        let bit = template.code()[k] >> (32 * part + 16 * f + radius) & 1;
                        assert_eq!(bit == 1, sum > 0);
                    }
                }
            }
        }
    }

    #[test]
    fn a_turn_by_an_eighth_shifts_and_wraps_the_angles() {
        // 32 normalised iris columns are 25 code columns exactly.
        let still = encode_normalised(&normalised(|x, y| texture(y * W + x), |_, _| false));
        let turned = encode_normalised(&normalised(
            |x, y| texture(y * W + (x + 32) % W),
            |_, _| false,
        ));
        for k in 0..COLUMNS {
            assert_eq!(turned.code()[k], still.code()[(k + 25) % COLUMNS]);
        }
    }

    #[test]
    fn noise_masks_the_windows_it_fills_and_no_others() {
        let template =
            encode_normalised(&normalised(|x, y| texture(y * W + x), |block, _| block < 8));
        // Code column 12 lies in the middle of the noise, 112 on the other side.
        assert_eq!(template.mask()[12], 0);
        assert_eq!(template.mask()[112], u32::MAX);
    }

    #[test]
    fn every_mask_bit_equals_the_plain_count_also_at_the_limit() {
        let is_noisy = |block: usize, row: usize| texture(7 * row + 131 * block + 5) < 16;
        let normalised = normalised(|_, _| 77, is_noisy);
        let template = encode_normalised(&normalised);
        let p = params();
        for (f, filter) in p.filters().iter().enumerate() {
            let (height, width) = (filter.radial.len(), filter.angular_re.len());
            let mut at_the_limit = 0;
            for (radius, &row) in filter.probe_rows.iter().enumerate() {
                for (k, &column) in p.probe_columns().iter().enumerate() {
                    let window = (0..height).flat_map(|i| (0..width).map(move |j| (i, j)));
                    let noisy = window
                        .filter(|(i, j)| {
                            let x = (column + W + j - width / 2) % W;
                            normalised.is_noisy(x, row + i - height / 2)
                        })
                        .count() as u32;
                    at_the_limit += u32::from(noisy == filter.max_noisy_pixels_in_window);
                    let bit = template.mask()[k] >> (16 * f + radius) & 1;
                    assert_eq!(bit == 1, noisy <= filter.max_noisy_pixels_in_window);
                }
            }
            assert!(at_the_limit > 0, "filter {f} meets its limit");
        }
    }
}
