use annona_circuits::{commit_code, commit_image, eye_scalar};
use annona_model::{Eye, ModelName, NormalisedIris, NormalisedSize};
use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};

use crate::message::Reader;
use crate::refusal::Refusal;

/// Bits of a byte.
const BYTE_BITS: usize = 8;

/// Computes the commitments to the iris of an eye and to its code (ZKML-16).
pub(crate) fn iris_commitments(request: &mut Reader<'_>) -> Result<Vec<u8>, Refusal> {
    let name = ModelName::with_id(request.array()?).ok_or(Refusal::UnknownModel)?;
    let model = name.model();
    let eye = match request.array()? {
        [0] => Eye::Left,
        [1] => Eye::Right,
        [_] => return Err(Refusal::OutOfRange),
    };
    let [image_salt, code_salt] = [scalar(request)?, scalar(request)?];
    let size = model.size();
    let pixels = request.bytes(size.pixel_count())?.to_vec();
    let noise = noise(request, size)?;
    request.end()?;
    let iris = NormalisedIris::new(model, pixels, noise).map_err(|_| Refusal::OutOfRange)?;
    let eye = eye_scalar(eye);
    let image = commit_image(model, &iris, eye, image_salt);
    let code = commit_code(model, &model.encode(&iris), eye, code_salt);
    let commitments = [image, code].map(|it| it.into_bigint().to_bytes_be());
    Ok([commitments.concat(), layout(size)?].concat())
}

/// Reads noise bits, eight in a byte, the first lowest; bits behind the last are 0.
fn noise(request: &mut Reader<'_>, size: &NormalisedSize) -> Result<Vec<bool>, Refusal> {
    let count = size.noise_count();
    let packed = request.bytes(count.div_ceil(BYTE_BITS))?;
    let mut bits = packed
        .iter()
        .flat_map(|byte| (0..BYTE_BITS).map(move |place| byte >> place & 1 == 1));
    let noise = bits.by_ref().take(count).collect();
    if bits.any(|bit| bit) {
        return Err(Refusal::Malformed);
    }
    Ok(noise)
}

/// Exact, because a field element is below the scalar modulus.
fn scalar(request: &mut Reader<'_>) -> Result<Fr, Refusal> {
    let bytes = request.element()?.to_be_bytes();
    Ok(Fr::from_be_bytes_mod_order(&bytes))
}

fn layout(size: &NormalisedSize) -> Result<Vec<u8>, Refusal> {
    let word = |count: usize| u16::try_from(count).map_err(|_| Refusal::OutOfRange);
    let byte = |count: usize| u8::try_from(count).map_err(|_| Refusal::OutOfRange);
    let [columns, rows] = [word(size.width_angles)?, word(size.height_radii)?];
    let depth = u8::try_from(size.pixel_bits).map_err(|_| Refusal::OutOfRange)?;
    let mut bytes = [columns.to_be_bytes(), rows.to_be_bytes()].concat();
    bytes.extend([depth, byte(size.noise_block_columns)?]);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    const GOLDEN: &str = include_str!("../../zkml/tests/golden.json");

    fn bytes(digits: &str) -> Vec<u8> {
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        let pairs = digits.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        pairs.map(byte).collect()
    }

    /// The argument that a frozen package makes.
    fn argument(vector: &Value) -> Vec<u8> {
        let package = &vector["package"];
        let text = |name: &str| package[name].as_str().unwrap();
        let noise = bytes(text("noise"));
        let packed = noise.chunks(BYTE_BITS).map(|bits| {
            let bits = bits.iter().rev();
            bits.fold(0, |byte, bit| byte << 1 | bit)
        });
        [
            bytes(vector["model_id"].as_str().unwrap()),
            vec![u8::from(text("eye") == "right")],
            bytes(text("image_salt")),
            bytes(text("code_salt")),
            bytes(text("pixels")),
            packed.collect(),
        ]
        .concat()
    }

    fn answer(argument: &[u8]) -> Result<Vec<u8>, Refusal> {
        iris_commitments(&mut Reader::new(argument))
    }

    /// Tests ZKML-16: the commitments are those that an orb signs.
    #[test]
    fn commitments_are_the_frozen_ones() {
        let golden: Value = serde_json::from_str(GOLDEN).unwrap();
        let vectors = golden["commitments"].as_array().unwrap();
        assert_eq!(vectors.len(), ModelName::ALL.len());
        for vector in vectors {
            let answer = answer(&argument(vector)).unwrap();
            let word = |name: &str| bytes(vector[name].as_str().unwrap());
            assert_eq!(answer[..32], word("image_commitment"));
            assert_eq!(answer[32..64], word("code_commitment"));
            let width = vector["package"]["width"].as_u64().unwrap();
            assert_eq!(answer[64..66], u16::try_from(width).unwrap().to_be_bytes());
        }
    }

    /// Tests ZKML-16: contents have one form.
    #[test]
    fn what_is_no_iris_of_a_model_is_refused() {
        let golden: Value = serde_json::from_str(GOLDEN).unwrap();
        let whole = argument(&golden["commitments"][0]);
        let with = |place: usize, byte: u8| {
            let mut changed = whole.clone();
            changed[place] = byte;
            answer(&changed).unwrap_err()
        };
        let last = whole.len() - 1;
        assert_eq!(with(0, 0xff), Refusal::UnknownModel);
        assert_eq!(with(32, 2), Refusal::OutOfRange, "a third eye");
        assert_eq!(
            with(33, 0xff),
            Refusal::OutOfRange,
            "a salt above the modulus"
        );
        assert_eq!(with(97, 0xff), Refusal::OutOfRange, "a pixel of 8 bits");
        assert_eq!(answer(&whole[..last]), Err(Refusal::Malformed));
        assert_eq!(
            answer(&[&whole[..], &[0]].concat()),
            Err(Refusal::Malformed)
        );
    }
}
