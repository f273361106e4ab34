//! The iris template: code bits, mask bits and their byte form.

use std::fmt;

use thiserror::Error;

/// Angular columns of a template; one column is 1.8 degrees.
pub const COLUMNS: usize = 200;
/// Code bits of a template: 200 columns x 16 radii x 2 filters x (re, im).
pub const CODE_BITS: usize = 12_800;
/// Mask bits of a template: 200 columns x 16 radii x 2 filters.
pub const MASK_BITS: usize = 6_400;
/// Least number of valid code bits that an encoder gives and a service takes. Two templates need a quarter of all bits (3,200) in
/// common to be compared, and eyelids do not hide the same ones twice, so each needs more
/// than that of its own (ENROL-8).
pub const MIN_VALID_BITS: u32 = 3_800;
/// Length of [`IrisTemplate::to_bytes`].
pub const TEMPLATE_BYTES: usize = HEADER_BYTES + COLUMNS * 12;

/// Name of the encoder's model: keccak256 of its published parameter file
/// (`crates/model/params/p_256x64_q7.json`). Templates of different models cannot be
/// compared (ENROL-3).
pub const MODEL_ID: [u8; 32] = [
    0x24, 0x05, 0xb5, 0x8b, 0xb2, 0x38, 0x8e, 0x64, 0x00, 0x5e, 0x7d, 0xfc, 0xc5, 0x1d, 0x64, 0x7e,
    0xb8, 0x49, 0x18, 0x64, 0x6d, 0x73, 0x90, 0x25, 0xeb, 0x99, 0x8d, 0x88, 0x85, 0xe5, 0xe1, 0xba,
];

const MAGIC: [u8; 4] = *b"AIT\x01";
const MODEL_PREFIX_BYTES: usize = 8;
const HEADER_BYTES: usize = MAGIC.len() + MODEL_PREFIX_BYTES;

/// Reason why bytes are not a template of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TemplateBytesError {
    /// The length is not [`TEMPLATE_BYTES`].
    #[error("an iris template has {TEMPLATE_BYTES} bytes, not {actual}")]
    Length {
        /// Number of bytes given.
        actual: usize,
    },
    /// The magic or its version is another one.
    #[error("these bytes are not an iris template of version 1")]
    Version,
    /// The template was made with other encoder parameters.
    #[error("the template was made by another iris model")]
    Model,
}

/// An iris code with its mask.
///
/// One column is one angle. In the code word of a column, bit
/// `32 * part + 16 * filter + radius` is the sign of that filter's response
/// (`part` 0 real, 1 imaginary; `radius` 0 next to the pupil). In the mask word,
/// bit `16 * filter + radius` is set when both parts are valid. A turn of the eye
/// is a cyclic shift of the columns.
#[derive(Clone, PartialEq, Eq)]
pub struct IrisTemplate {
    code: Box<[u64; COLUMNS]>,
    mask: Box<[u32; COLUMNS]>,
}

impl IrisTemplate {
    /// A template from its columns, in the layout described above.
    #[must_use]
    pub fn from_columns(code: [u64; COLUMNS], mask: [u32; COLUMNS]) -> Self {
        Self {
            code: Box::new(code),
            mask: Box::new(mask),
        }
    }

    /// Code words by column.
    #[must_use]
    pub fn code(&self) -> &[u64; COLUMNS] {
        &self.code
    }

    /// Mask words by column.
    #[must_use]
    pub fn mask(&self) -> &[u32; COLUMNS] {
        &self.mask
    }

    /// Number of valid code bits, 0 to [`CODE_BITS`].
    #[must_use]
    pub fn valid_bits(&self) -> u32 {
        2 * self.mask.iter().map(|word| word.count_ones()).sum::<u32>()
    }

    /// The byte form: `"AIT"`, version 1, the first 8 bytes of [`MODEL_ID`], 200
    /// code words, 200 mask words, little endian. Equal templates have equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_of(&MODEL_ID)
    }

    /// The byte form of a template by another model of the same layout, whose id takes the place
    /// of [`MODEL_ID`].
    #[must_use]
    pub fn to_bytes_of(&self, model_id: &[u8; 32]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(TEMPLATE_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&model_id[..MODEL_PREFIX_BYTES]);
        for word in self.code.iter() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        for word in self.mask.iter() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads [`IrisTemplate::to_bytes`].
    ///
    /// ```
    /// # use annona_template::{COLUMNS, IrisTemplate, TemplateBytesError};
    /// let template = IrisTemplate::from_columns([0b1010; COLUMNS], [0b1; COLUMNS]);
    /// assert_eq!(template.valid_bits(), 400);
    /// let bytes = template.to_bytes();
    /// assert_eq!(IrisTemplate::from_bytes(&bytes), Ok(template));
    /// assert_eq!(
    ///     IrisTemplate::from_bytes(&bytes[1..]),
    ///     Err(TemplateBytesError::Length { actual: bytes.len() - 1 })
    /// );
    /// ```
    ///
    /// # Errors
    /// The length, the version or the model differs.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TemplateBytesError> {
        Self::from_bytes_of(bytes, &MODEL_ID)
    }

    /// Reads [`IrisTemplate::to_bytes_of`] the same model.
    ///
    /// # Errors
    /// The length, the version or the model differs.
    pub fn from_bytes_of(bytes: &[u8], model_id: &[u8; 32]) -> Result<Self, TemplateBytesError> {
        if bytes.len() != TEMPLATE_BYTES {
            return Err(TemplateBytesError::Length {
                actual: bytes.len(),
            });
        }
        let (header, body) = bytes.split_at(HEADER_BYTES);
        if header[..MAGIC.len()] != MAGIC {
            return Err(TemplateBytesError::Version);
        }
        if header[MAGIC.len()..] != model_id[..MODEL_PREFIX_BYTES] {
            return Err(TemplateBytesError::Model);
        }
        let (code_bytes, mask_bytes) = body.split_at(COLUMNS * 8);
        let (code_words, _) = code_bytes.as_chunks::<8>();
        let (mask_words, _) = mask_bytes.as_chunks::<4>();
        let mut template = Self::from_columns([0; COLUMNS], [0; COLUMNS]);
        for (word, raw) in template.code.iter_mut().zip(code_words) {
            *word = u64::from_le_bytes(*raw);
        }
        for (word, raw) in template.mask.iter_mut().zip(mask_words) {
            *word = u32::from_le_bytes(*raw);
        }
        Ok(template)
    }
}

/// Says how much of the template is valid; its bits are biometric and not shown (ENROL-15).
impl fmt::Debug for IrisTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "IrisTemplate({} of {CODE_BITS} bits valid)",
            self.valid_bits()
        )
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn arb_template() -> impl Strategy<Value = IrisTemplate> {
        (prop::array::uniform32(any::<u8>()), any::<u64>()).prop_map(|(seed, salt)| {
            use rand::{RngExt, SeedableRng};
            let mut rng = rand_chacha::ChaCha8Rng::from_seed(seed);
            let mut code = [0; COLUMNS];
            let mut mask = [0; COLUMNS];
            for k in 0..COLUMNS {
                code[k] = rng.random::<u64>() ^ salt;
                mask[k] = rng.random();
            }
            IrisTemplate::from_columns(code, mask)
        })
    }

    proptest! {
        #[test]
        fn bytes_round_trip(template in arb_template()) {
            let bytes = template.to_bytes();
            prop_assert_eq!(bytes.len(), TEMPLATE_BYTES);
            prop_assert_eq!(IrisTemplate::from_bytes(&bytes).unwrap(), template);
        }

        #[test]
        fn any_accepted_bytes_are_the_canonical_ones(
            mut bytes in prop::collection::vec(any::<u8>(), TEMPLATE_BYTES..=TEMPLATE_BYTES),
        ) {
            let header = IrisTemplate::from_columns([0; COLUMNS], [0; COLUMNS]).to_bytes();
            bytes[..HEADER_BYTES].copy_from_slice(&header[..HEADER_BYTES]);
            let template = IrisTemplate::from_bytes(&bytes).unwrap();
            prop_assert_eq!(template.to_bytes(), bytes);
        }

        #[test]
        fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
            prop_assert!(IrisTemplate::from_bytes(&bytes).is_err());
        }
    }

    #[test]
    fn each_part_of_the_header_is_checked() {
        let good = IrisTemplate::from_columns([3; COLUMNS], [1; COLUMNS]).to_bytes();
        let mut version = good.clone();
        version[3] = 2;
        assert_eq!(
            IrisTemplate::from_bytes(&version),
            Err(TemplateBytesError::Version)
        );
        let mut model = good.clone();
        model[HEADER_BYTES - 1] ^= 1;
        assert_eq!(
            IrisTemplate::from_bytes(&model),
            Err(TemplateBytesError::Model)
        );
        let short = &good[..good.len() - 1];
        assert_eq!(
            IrisTemplate::from_bytes(short),
            Err(TemplateBytesError::Length {
                actual: TEMPLATE_BYTES - 1
            })
        );
    }

    #[test]
    fn templates_of_another_model_are_told_apart() {
        let template = IrisTemplate::from_columns([3; COLUMNS], [1; COLUMNS]);
        let other = [7; 32];
        let bytes = template.to_bytes_of(&other);
        let read = IrisTemplate::from_bytes(&bytes);
        assert_eq!(read, Err(TemplateBytesError::Model));
        assert_eq!(IrisTemplate::from_bytes_of(&bytes, &other), Ok(template));
    }

    /// Tests ENROL-15.
    #[test]
    fn debug_shows_no_bits() {
        let template = IrisTemplate::from_columns([u64::MAX; COLUMNS], [1; COLUMNS]);
        assert_eq!(
            format!("{template:?}"),
            "IrisTemplate(400 of 12800 bits valid)"
        );
    }
}
