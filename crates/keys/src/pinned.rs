use std::collections::BTreeMap;
use std::sync::LazyLock;

use annona_circuits::{CircuitId, R1cs, write_r1cs};
use annona_core::B256;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Sizes and hashes that git holds about a circuit: `circuits/circuits.lock.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// Number of public inputs, the constant 1 not counted.
    pub public_inputs: usize,
    /// Number of rows.
    pub constraints: usize,
    /// Number of variables, the constant 1 and the public inputs among them.
    pub variables: usize,
    /// SHA-256 of the exported `.r1cs` file.
    #[serde(with = "crate::text")]
    pub r1cs_sha256: B256,
    /// Hash of the verifying key of the test key.
    #[serde(with = "crate::text")]
    pub test_key_hash: B256,
}

impl Pinned {
    /// Returns the entry that the lock file would have for these rows and this test key.
    #[must_use]
    pub fn of(rows: &R1cs, test_key_hash: B256) -> Self {
        Self {
            public_inputs: rows.public_count - 1,
            constraints: rows.constraint_count(),
            variables: rows.variable_count,
            r1cs_sha256: rows_hash(rows),
            test_key_hash,
        }
    }
}

static LOCK: LazyLock<BTreeMap<String, Pinned>> = LazyLock::new(|| {
    let text = include_str!("../../../circuits/circuits.lock.json");
    serde_json::from_str(text).expect("the lock file is generated, and a test reads it")
});

/// Returns the sizes and hashes that are pinned for `circuit`.
#[must_use]
pub fn pinned(circuit: CircuitId) -> &'static Pinned {
    &LOCK[circuit.name()]
}

/// Computes the SHA-256 of the `.r1cs` file of `rows`.
#[must_use]
pub fn rows_hash(rows: &R1cs) -> B256 {
    let mut hasher = Sha256::new();
    write_r1cs(rows, &mut hasher).expect("a hasher takes every byte, and the counts fit");
    B256::from(<[u8; 32]>::from(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_is_true() {
        assert_eq!(LOCK.len(), CircuitId::ALL.len());
        for circuit in CircuitId::ALL {
            let locked = pinned(circuit);
            let made = Pinned::of(&circuit.rows(), locked.test_key_hash);
            assert_eq!(
                *locked, made,
                "{circuit}: run `cargo xtask gen` if the change is meant"
            );
        }
    }
}
