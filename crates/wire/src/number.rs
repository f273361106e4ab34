//! Whole numbers in bodies, as JSON Schema counts them.

use core::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// First whole number that 64 bits do not hold; an `f64` holds it exactly.
const BEYOND_64_BITS: f64 = 18_446_744_073_709_551_616.0;

struct WholeNumber;

impl Visitor<'_> for WholeNumber {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number below 2^64")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<u64, E> {
        if value.fract() == 0.0 && (0.0..BEYOND_64_BITS).contains(&value) {
            Ok(value as u64)
        } else {
            Err(E::invalid_value(Unexpected::Float(value), &self))
        }
    }
}

/// Reads a whole number, with or without a fraction of zero: JSON Schema takes `643.0` for an
/// integer.
pub(crate) fn whole_number<'de, D: Deserializer<'de>>(source: D) -> Result<u64, D::Error> {
    source.deserialize_u64(WholeNumber)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    fn read(text: &str) -> Option<u64> {
        super::whole_number(&mut serde_json::Deserializer::from_str(text)).ok()
    }

    #[test]
    fn whole_numbers_are_read_in_every_form_that_json_schema_takes() {
        assert_eq!(read("643"), Some(643));
        assert_eq!(read("643.0"), Some(643));
        assert_eq!(read("6.43e2"), Some(643));
        assert_eq!(read("-0.0"), Some(0));
        assert_eq!(read("18446744073709551615"), Some(u64::MAX));
    }

    #[test]
    fn other_numbers_and_texts_are_refused() {
        for text in [
            "643.5",
            "-1",
            "-1.0",
            "18446744073709551616",
            "1e20",
            "\"643\"",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
