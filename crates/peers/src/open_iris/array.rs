//! Arrays as `xtask/peers/plain_arrays.py` writes them.

use anyhow::{Context, bail, ensure};
use serde_json::Value;

/// An array, row by row. A complex one has a last axis of two: real and imaginary part.
#[derive(Debug, PartialEq)]
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

impl Array {
    /// Reads an array.
    ///
    /// # Errors
    /// It is none, or its bytes do not fill its shape.
    pub(super) fn of(value: &Value) -> anyhow::Result<Self> {
        let element = value["type"].as_str().context("an array without a type")?;
        let bytes = bytes(value["bytes"].as_str().context("an array without bytes")?)?;
        let shape = value["shape"]
            .as_array()
            .context("an array without a shape")?;
        let sides = shape
            .iter()
            .map(|side| side.as_u64().map(|side| side as usize));
        let mut shape: Vec<usize> = sides.collect::<Option<_>>().context("no shape")?;
        if element.starts_with('c') {
            shape.push(2);
        }
        let values = values(element, &bytes)?;
        ensure!(
            values.len() == shape.iter().product::<usize>(),
            "{} values for the shape {shape:?}",
            values.len()
        );
        Ok(Self { shape, values })
    }

    /// Reads an array of `N` dimensions.
    ///
    /// # Errors
    /// As [`Self::of`], or it has others.
    pub(super) fn with<const N: usize>(value: &Value) -> anyhow::Result<(Self, [usize; N])> {
        let array = Self::of(value)?;
        let shape = array.shape.as_slice().try_into();
        let shape = shape.with_context(|| format!("an array of {:?}", array.shape))?;
        Ok((array, shape))
    }
}

fn bytes(hex: &str) -> anyhow::Result<Vec<u8>> {
    let (digits, rest) = hex.as_bytes().as_chunks::<2>();
    ensure!(rest.is_empty(), "half a byte");
    let byte = |pair: &[u8; 2]| {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        Some((high? << 4 | low?) as u8)
    };
    digits
        .iter()
        .map(byte)
        .collect::<Option<_>>()
        .context("not hexadecimal digits")
}

fn values(element: &str, bytes: &[u8]) -> anyhow::Result<Vec<f64>> {
    let singles = |bytes: &[u8]| {
        let parts = bytes.as_chunks::<4>().0.iter();
        parts
            .map(|part| f64::from(f32::from_le_bytes(*part)))
            .collect()
    };
    let doubles = |bytes: &[u8]| {
        let parts = bytes.as_chunks::<8>().0.iter();
        parts.map(|part| f64::from_le_bytes(*part)).collect()
    };
    Ok(match element {
        "b1" | "u1" => bytes.iter().map(|byte| f64::from(*byte)).collect(),
        "f4" | "c8" => singles(bytes),
        "f8" | "c16" => doubles(bytes),
        other => bail!("an array of {other}"),
    })
}

/// Arrays for tests.
#[cfg(test)]
pub(super) mod testing {
    use serde_json::{Value, json};

    fn array(element: &str, shape: &[usize], bytes: impl Iterator<Item = u8>) -> Value {
        let hex: String = bytes.map(|byte| format!("{byte:02x}")).collect();
        json!({ "type": element, "shape": shape, "bytes": hex })
    }

    pub(crate) fn bytes(shape: &[usize], value: impl Fn(usize) -> u8) -> Value {
        array("u1", shape, (0..shape.iter().product()).map(value))
    }

    pub(crate) fn doubles(shape: &[usize], values: &[f64]) -> Value {
        array(
            "f8",
            shape,
            values.iter().flat_map(|value| value.to_le_bytes()),
        )
    }

    pub(crate) fn complex(shape: &[usize], values: &[[f64; 2]]) -> Value {
        let bytes = values
            .as_flattened()
            .iter()
            .flat_map(|value| value.to_le_bytes());
        array("c16", shape, bytes)
    }

    /// Bits without a pattern.
    pub(crate) fn mixed(number: usize) -> u64 {
        let mut mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed >> 32
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_is_read_row_by_row() {
        let read = |element, shape: &[u64], bytes| {
            Array::of(&json!({ "type": element, "shape": shape, "bytes": bytes }))
                .map(|array| (array.shape, array.values))
                .map_err(|error| error.to_string())
        };
        let bytes = Ok((vec![2, 1], vec![255.0, 1.0]));
        assert_eq!(read("u1", &[2, 1], "ff01"), bytes);
        assert_eq!(read("f4", &[1], "0000803f"), Ok((vec![1], vec![1.0])));
        let complex = Ok((vec![1, 2], vec![1.0, -2.0]));
        assert_eq!(read("c8", &[1], "0000803f000000c0"), complex);
        for (element, shape, bytes) in [
            ("u1", &[3][..], "ff01"),
            ("u1", &[1], "f"),
            ("u1", &[1], "fg"),
            ("O", &[1], "ff"),
        ] {
            assert!(read(element, shape, bytes).is_err(), "{element} {bytes}");
        }
    }
}
