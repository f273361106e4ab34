//! Circuits and keys of re-captures, by model.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use annona_circuits::Recapture;
use annona_keys::Pinned;
use annona_model::ModelName;
use annona_proofs::VerifyingKey;

static LOCK: LazyLock<BTreeMap<String, Pinned>> = LazyLock::new(|| {
    let text = include_str!("../../../../circuits/recaptures.lock.json");
    serde_json::from_str(text).expect("the lock file is generated, and a test reads it")
});

/// Returns the name of a model's re-capture circuit in files and lists.
#[must_use]
pub const fn recapture_circuit_name(model: ModelName) -> &'static str {
    match model {
        ModelName::P => "recapture-p",
        ModelName::S18 => "recapture-s18",
        ModelName::Ci => "recapture-ci",
        ModelName::P2 => "recapture-p2",
    }
}

/// Returns the circuit that compares two codes of a model.
#[must_use]
pub fn recapture_circuit(model: ModelName) -> Recapture {
    Recapture {
        model: model.model(),
    }
}

/// Returns the sizes and hashes that git holds about a model's re-capture circuit (ZKML-7).
#[must_use]
pub fn pinned_recapture(model: ModelName) -> &'static Pinned {
    &LOCK[recapture_circuit_name(model)]
}

/// Returns the verifying key of a re-capture's **unsafe** test key: anybody can forge proofs under
/// it.
#[must_use]
pub fn unsafe_test_recapture_key(model: ModelName) -> VerifyingKey {
    let bytes: &[u8] = match model {
        ModelName::P => include_bytes!("../../keys/recapture-p.UNSAFE-TEST.vk"),
        ModelName::S18 => include_bytes!("../../keys/recapture-s18.UNSAFE-TEST.vk"),
        ModelName::Ci => include_bytes!("../../keys/recapture-ci.UNSAFE-TEST.vk"),
        ModelName::P2 => include_bytes!("../../keys/recapture-p2.UNSAFE-TEST.vk"),
    };
    VerifyingKey::from_bytes(bytes).expect("the keys in this crate are checked by its tests")
}

#[cfg(test)]
mod tests {
    use annona_circuits::R1cs;

    use super::*;

    /// Tests ZKML-7.
    #[test]
    fn the_circuits_of_recaptures_are_the_pinned_ones() {
        assert_eq!(LOCK.len(), ModelName::ALL.len());
        for model in ModelName::ALL {
            let key = unsafe_test_recapture_key(model).hash();
            let made = Pinned::of(&R1cs::of(&recapture_circuit(model)), key);
            let locked = pinned_recapture(model);
            assert_eq!(
                *locked, made,
                "{model}: run `cargo xtask gen` if the change is meant"
            );
        }
    }
}
