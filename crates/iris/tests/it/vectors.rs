//! The frozen pipeline: what each committed image must become, to the bit.

use std::path::{Path, PathBuf};

use alloy_primitives::{hex, keccak256};
use annona_iris::{Encoding, Eye, NormalisedIris, encode_bytes};
use annona_template::MODEL_ID;
use serde_json::{Value, json};

/// Folder of the images and expected values.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// The committed images with their names, in order of name.
pub(crate) fn images() -> Vec<(String, Vec<u8>)> {
    images_in(&folder())
}

/// The images of a folder with their names, in order of name.
pub(crate) fn images_in(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the vectors are in the repository");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "png"))
        .collect();
    paths.sort();
    let named = paths.iter().map(|path| {
        let name = path.file_name().expect("files have names");
        let bytes = std::fs::read(path).expect("the vectors can be read");
        (name.to_string_lossy().into_owned(), bytes)
    });
    named.collect()
}

/// The values of images as they are written to `golden.json`.
pub(crate) fn golden(images: &[(String, Vec<u8>)]) -> Value {
    let images: Vec<Value> = images
        .iter()
        .map(|(name, bytes)| describe(name, bytes))
        .collect();
    json!({
        "model_id": hex::encode_prefixed(MODEL_ID),
        "images": images,
    })
}

fn describe(name: &str, bytes: &[u8]) -> Value {
    match encode_bytes(bytes, Eye::Left) {
        Ok(encoding) => json!({
            "image": name,
            "sheet_keccak256": hex::encode_prefixed(keccak256(normalised_bytes(&encoding.normalised))),
            "template_keccak256": hex::encode_prefixed(keccak256(encoding.template.to_bytes())),
            "valid_bits": encoding.template.valid_bits(),
        }),
        Err(refusal) => json!({ "image": name, "refused": refusal.code() }),
    }
}

/// The normalised iris's pixels row by row, then its noise row by row, a byte a pixel.
pub(crate) fn normalised_bytes(normalised: &NormalisedIris) -> Vec<u8> {
    let mut bytes = normalised.pixels().to_vec();
    for row in 0..normalised.height() {
        bytes.extend(
            (0..normalised.width()).map(|column| u8::from(normalised.is_noisy(column, row))),
        );
    }
    bytes
}

/// Everything of an encoding that must not depend on where it is computed.
pub(crate) fn fingerprint(encoding: &Encoding) -> (Vec<u8>, Vec<u8>) {
    (
        normalised_bytes(&encoding.normalised),
        encoding.template.to_bytes(),
    )
}
