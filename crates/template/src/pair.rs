//! Both eyes of a person.

use crate::{IrisTemplate, MODEL_ID, TEMPLATE_BYTES, TemplateBytesError};

/// Length of [`EyePair::to_bytes`].
pub const PAIR_BYTES: usize = 2 * TEMPLATE_BYTES;

/// Templates of both eyes of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EyePair {
    /// The person's left eye.
    pub left: IrisTemplate,
    /// The person's right eye.
    pub right: IrisTemplate,
}

impl EyePair {
    /// The left template's bytes, then the right one's.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_of(&MODEL_ID)
    }

    /// The bytes of templates by another model of the same layout.
    #[must_use]
    pub fn to_bytes_of(&self, model_id: &[u8; 32]) -> Vec<u8> {
        let mut bytes = self.left.to_bytes_of(model_id);
        bytes.extend(self.right.to_bytes_of(model_id));
        bytes
    }

    /// Reads [`EyePair::to_bytes`].
    ///
    /// # Errors
    /// The length is not [`PAIR_BYTES`], or a half is no template of this model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TemplateBytesError> {
        Self::from_bytes_of(bytes, &MODEL_ID)
    }

    /// Reads [`EyePair::to_bytes_of`] the same model.
    ///
    /// # Errors
    /// The length is not [`PAIR_BYTES`], or a half is no template of that model.
    pub fn from_bytes_of(bytes: &[u8], model_id: &[u8; 32]) -> Result<Self, TemplateBytesError> {
        let (left, right) = bytes.split_at(bytes.len().min(TEMPLATE_BYTES));
        Ok(Self {
            left: IrisTemplate::from_bytes_of(left, model_id)?,
            right: IrisTemplate::from_bytes_of(right, model_id)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::template::tests::arb_template;

    proptest! {
        #[test]
        fn bytes_round_trip(left in arb_template(), right in arb_template()) {
            let pair = EyePair { left, right };
            let bytes = pair.to_bytes();
            prop_assert_eq!(bytes.len(), PAIR_BYTES);
            prop_assert_eq!(EyePair::from_bytes(&bytes).unwrap(), pair);
        }

        #[test]
        fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..6000)) {
            prop_assert!(EyePair::from_bytes(&bytes).is_err());
        }
    }
}
