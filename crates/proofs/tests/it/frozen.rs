//! Proofs that were made once and are never made anew: `tests/frozen.json`. A change of a circuit,
//! of a key or of the verifier that breaks one of them breaks everything proved before.

use std::collections::BTreeMap;

use annona_circuits::CircuitId;
use annona_core::{B256, FieldElement, ProofPoints, U256};
use annona_proofs::{RegistryBatchVerifier, VerifyError, VerifyingKey};
use serde::Deserialize;

/// Name of the circuit of claims.
const SEMAPHORE: &str = "semaphore-30";

/// A proof with its public inputs, all words in hexadecimal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrozenProof {
    key_hash: String,
    inputs: Vec<String>,
    proof: [String; 8],
}

impl FrozenProof {
    fn inputs(&self) -> Vec<FieldElement> {
        let words = self.inputs.iter().map(|word| word.parse::<U256>().unwrap());
        words.map(|word| word.try_into().unwrap()).collect()
    }

    fn is_accepted_by(&self, key: &VerifyingKey) -> bool {
        self.is_accepted_with(&self.inputs(), key)
    }

    fn is_accepted_with(&self, inputs: &[FieldElement], key: &VerifyingKey) -> bool {
        let words = self
            .proof
            .each_ref()
            .map(|word| word.parse::<U256>().unwrap());
        let points = ProofPoints::try_from(words).unwrap();
        match RegistryBatchVerifier::new(key).verify_inputs(inputs, &points) {
            Ok(()) => true,
            Err(VerifyError::Invalid) => false,
            Err(other) => panic!("{other}"),
        }
    }
}

fn frozen() -> BTreeMap<String, FrozenProof> {
    serde_json::from_str(include_str!("../frozen.json")).unwrap()
}

/// The pinned keys by the name of the circuit.
fn keys() -> BTreeMap<&'static str, VerifyingKey> {
    let bytes = |circuit| -> &[u8] {
        match circuit {
            CircuitId::Append16 => include_bytes!("../../keys/append-16.UNSAFE-TEST.vk"),
            CircuitId::Append256 => include_bytes!("../../keys/append-256.UNSAFE-TEST.vk"),
            CircuitId::Append1024 => include_bytes!("../../keys/append-1024.UNSAFE-TEST.vk"),
            CircuitId::Revoke8 => include_bytes!("../../keys/revoke-8.UNSAFE-TEST.vk"),
            CircuitId::Revoke32 => include_bytes!("../../keys/revoke-32.UNSAFE-TEST.vk"),
        }
    };
    let key = |circuit| VerifyingKey::from_bytes(bytes(circuit)).unwrap();
    let mut keys: BTreeMap<_, _> = CircuitId::ALL.map(|id| (id.name(), key(id))).into();
    keys.insert(SEMAPHORE, VerifyingKey::semaphore_30());
    keys
}

#[test]
fn every_circuit_has_a_frozen_proof_and_its_key() {
    let (frozen, keys) = (frozen(), keys());
    let names: Vec<&str> = frozen.keys().map(String::as_str).collect();
    assert_eq!(names, keys.keys().copied().collect::<Vec<_>>());
    for (name, proof) in &frozen {
        let hash: B256 = proof.key_hash.parse().unwrap();
        assert_eq!(keys[name.as_str()].hash(), hash, "{name}");
    }
}

/// Circuits of one kind have the same number of inputs, so that only the key tells them apart.
#[test]
fn a_frozen_proof_is_accepted_under_the_key_of_its_circuit_and_no_other() {
    let keys = keys();
    for (name, proof) in &frozen() {
        for (other, key) in &keys {
            let is_own = name == other;
            assert_eq!(proof.is_accepted_by(key), is_own, "{name} under {other}");
        }
    }
}

#[test]
fn a_frozen_proof_is_about_all_its_inputs() {
    let keys = keys();
    for (name, proof) in &frozen() {
        let honest = proof.inputs();
        for place in 0..honest.len() {
            let mut inputs = honest.clone();
            inputs[place] = (honest[place].to_u256() ^ U256::from(1))
                .try_into()
                .unwrap();
            let key = &keys[name.as_str()];
            assert!(
                !proof.is_accepted_with(&inputs, key),
                "{name}: input {place}"
            );
        }
    }
}
