use std::collections::BTreeMap;
use std::sync::LazyLock;

use annona_circuits::Encoding;
use annona_keys::Pinned;
use annona_model::ModelName;
use annona_proofs::VerifyingKey;

static LOCK: LazyLock<BTreeMap<String, Pinned>> = LazyLock::new(|| {
    let text = include_str!("../../../circuits/encodings.lock.json");
    serde_json::from_str(text).expect("the lock file is generated, and a test reads it")
});

/// Returns the name of a model's circuit in files and lists.
#[must_use]
pub const fn circuit_name(model: ModelName) -> &'static str {
    match model {
        ModelName::P => "iris-p",
        ModelName::S18 => "iris-s18",
        ModelName::Ci => "iris-ci",
        ModelName::P2 => "iris-p2",
    }
}

/// Returns the circuit of a model.
#[must_use]
pub fn circuit(model: ModelName) -> Encoding {
    Encoding {
        model: model.model(),
    }
}

/// Returns the sizes and hashes that git holds about a model's circuit (ZKML-7).
#[must_use]
pub fn pinned(model: ModelName) -> &'static Pinned {
    &LOCK[circuit_name(model)]
}

/// Returns the verifying key of a model's **unsafe** test key: anybody can forge proofs under it.
#[must_use]
pub fn unsafe_test_verifying_key(model: ModelName) -> VerifyingKey {
    let bytes: &[u8] = match model {
        ModelName::P => include_bytes!("../keys/iris-p.UNSAFE-TEST.vk"),
        ModelName::S18 => include_bytes!("../keys/iris-s18.UNSAFE-TEST.vk"),
        ModelName::Ci => include_bytes!("../keys/iris-ci.UNSAFE-TEST.vk"),
        ModelName::P2 => include_bytes!("../keys/iris-p2.UNSAFE-TEST.vk"),
    };
    VerifyingKey::from_bytes(bytes).expect("the keys in this crate are checked by its tests")
}

#[cfg(test)]
mod tests {
    use annona_circuits::{Circuit, R1cs};

    use super::*;

    /// Tests ZKML-7.
    #[test]
    fn the_lock_file_is_true() {
        assert_eq!(LOCK.len(), ModelName::ALL.len());
        for model in ModelName::ALL {
            let locked = pinned(model);
            assert_eq!(
                unsafe_test_verifying_key(model).hash(),
                locked.test_key_hash,
                "{model}"
            );
            assert_eq!(circuit(model).row_count(), locked.constraints, "{model}");
        }
    }

    /// Tests ZKML-7: the rows themselves, of the circuits that a test can afford.
    #[test]
    fn the_rows_are_the_pinned_ones() {
        for model in [ModelName::Ci, ModelName::S18] {
            let locked = pinned(model);
            let made = Pinned::of(&R1cs::of(&circuit(model)), locked.test_key_hash);
            assert_eq!(
                *locked, made,
                "{model}: run `cargo xtask gen` if the change is meant"
            );
        }
    }
}
