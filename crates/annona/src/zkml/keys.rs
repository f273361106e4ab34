//! Keys and images of the commands of `annona zkml`.

use std::path::Path;

use annona_circuits::Circuit;
use annona_core::B256;
use annona_iris::{normalise, read_image};
use annona_keys::ProverFile;
use annona_model::{ModelName, NormalisedIris};
use annona_proofs::{KeyOrigin, ProverKey, VerifyingKey};
use annona_zkml::{EncodingProver, circuit, circuit_name, pinned};
use anyhow::{Context, bail};

use crate::output::note;

/// Loads the prover of the **unsafe** test key whose hash is `expected`, or makes it where it is
/// missing, damaged or of other rows.
///
/// # Errors
/// A file that cannot be written, and rows that give another key.
pub(super) fn test_prover<C: Circuit>(
    circuit: &C,
    name: &'static str,
    expected: B256,
    folder: &Path,
) -> anyhow::Result<ProverKey> {
    let file = ProverFile::new(folder, name, KeyOrigin::UnsafeTest);
    note(format_args!(
        "warning: {name} is proved under its UNSAFE test key: anybody can forge such proofs"
    ));
    if let Ok(key) = file.load(expected) {
        return Ok(key);
    }
    note(format_args!(
        "making the prover {}: once, and at full size for minutes",
        file.path().display()
    ));
    let key = file.make_test_key(circuit)?;
    if key.hash() == expected {
        Ok(key)
    } else {
        bail!("the key of {name} that was made is not the pinned one: the rows have changed")
    }
}

/// Loads or makes the prover of a model under its **unsafe** test key.
///
/// # Errors
/// As those of [`test_prover`].
pub(crate) fn model_prover(model: ModelName, folder: &Path) -> anyhow::Result<EncodingProver> {
    let expected = pinned(model).test_key_hash;
    let key = test_prover(&circuit(model), circuit_name(model), expected, folder)?;
    Ok(EncodingProver::new(model, key))
}

/// Reads a verifying key (arkworks, uncompressed).
///
/// # Errors
/// A file that cannot be read or holds no key.
pub(crate) fn read_verifying_key(path: &Path) -> anyhow::Result<VerifyingKey> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    VerifyingKey::from_bytes(&bytes)
        .with_context(|| format!("{} is no verifying key", path.display()))
}

/// Reads an image and unrolls its iris to the size of `model`.
///
/// # Errors
/// A file that cannot be read, and an image in which no iris is found.
pub(super) fn read_iris(image: &Path, model: ModelName) -> anyhow::Result<NormalisedIris> {
    let bytes = std::fs::read(image).with_context(|| format!("cannot read {}", image.display()))?;
    read_image(&bytes)
        .and_then(|image| normalise(&image, model.model()))
        .with_context(|| format!("no iris can be taken of {}", image.display()))
}
