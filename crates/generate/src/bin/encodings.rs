//! `encodings OUT KEYS [quick]`, run by `cargo xtask gen`: writes to the folder OUT
//! `encodings.lock.json`, the sizes of the iris circuits and the hashes of their test keys, and of
//! each key the verifying key `<circuit>.UNSAFE-TEST.vk`. The provers are made in the folder KEYS
//! where they are missing. The same of the circuits of re-captures, whose lock is
//! `recaptures.lock.json`, and of the circuit of scores, whose lock is `scores.lock.json`.
//!
//! With `quick`, a large circuit whose rows are still the pinned ones keeps its pinned key
//! hash, because its key follows from its rows and takes minutes to make.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use annona_circuits::{Circuit, R1cs};
use annona_core::B256;
use annona_keys::{Pinned, ProverFile, rows_hash};
use annona_model::ModelName;
use annona_proofs::{KeyOrigin, ProverKey};
use annona_zkml::{
    SCORE, SCORE_CIRCUIT, circuit, circuit_name, pinned, pinned_recapture, recapture_circuit,
    recapture_circuit_name, unsafe_test_verifying_key,
};

/// Rows above which a circuit is large.
const LARGE: usize = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (out, keys, is_quick) = match arguments.as_slice() {
        [out, keys] => (out, keys, false),
        [out, keys, quick] if quick.as_os_str() == "quick" => (out, keys, true),
        _ => return Err("usage: encodings OUT KEYS [quick]".into()),
    };
    let mut lock = BTreeMap::new();
    // The smallest first: what is wrong shows before the minutes are spent.
    for model in [ModelName::Ci, ModelName::S18, ModelName::P, ModelName::P2] {
        let name = circuit_name(model);
        let rows = R1cs::of(&circuit(model));
        let is_unchanged = rows_hash(&rows) == pinned(model).r1cs_sha256;
        let key = if is_quick && rows.constraint_count() > LARGE && is_unchanged {
            unsafe_test_verifying_key(model)
        } else {
            let kept = is_unchanged.then_some(pinned(model).test_key_hash);
            let key = prover(&circuit(model), name, keys, kept)?;
            key.verifying_key().clone()
        };
        std::fs::write(out.join(format!("{name}.UNSAFE-TEST.vk")), key.to_bytes())?;
        lock.insert(name, Pinned::of(&rows, key.hash()));
    }
    let text = serde_json::to_string_pretty(&lock)? + "\n";
    std::fs::write(out.join("encodings.lock.json"), text)?;
    recaptures(out, keys)?;
    score(out, keys)
}

/// The circuits of re-captures: a key takes seconds, where it is not there already.
fn recaptures(out: &Path, keys: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut lock = BTreeMap::new();
    for model in [ModelName::Ci, ModelName::S18, ModelName::P, ModelName::P2] {
        let (circuit, name) = (recapture_circuit(model), recapture_circuit_name(model));
        let (rows, pinned) = (R1cs::of(&circuit), pinned_recapture(model));
        let is_unchanged = rows_hash(&rows) == pinned.r1cs_sha256;
        let kept = is_unchanged.then_some(pinned.test_key_hash);
        let key = prover(&circuit, name, keys, kept)?.verifying_key().clone();
        std::fs::write(out.join(format!("{name}.UNSAFE-TEST.vk")), key.to_bytes())?;
        lock.insert(name, Pinned::of(&rows, key.hash()));
    }
    let text = serde_json::to_string_pretty(&lock)? + "\n";
    Ok(std::fs::write(out.join("recaptures.lock.json"), text)?)
}

/// The circuit of scores is small: its key is made each time.
fn score(out: &Path, keys: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let file = ProverFile::new(keys, SCORE_CIRCUIT, KeyOrigin::UnsafeTest);
    let key = file.make_test_key(&SCORE)?;
    let name = format!("{SCORE_CIRCUIT}.UNSAFE-TEST.vk");
    std::fs::write(out.join(name), key.verifying_key().to_bytes())?;
    let pinned = Pinned::of(&R1cs::of(&SCORE), key.hash());
    let text = serde_json::to_string_pretty(&BTreeMap::from([(SCORE_CIRCUIT, pinned)]))? + "\n";
    Ok(std::fs::write(out.join("scores.lock.json"), text)?)
}

/// The prover of the test key: from its file if that is the key `kept`, or made.
fn prover<C: Circuit>(
    circuit: &C,
    name: &'static str,
    keys: &Path,
    kept: Option<B256>,
) -> Result<ProverKey, annona_keys::KeyError> {
    let file = ProverFile::new(keys, name, KeyOrigin::UnsafeTest);
    match kept.and_then(|hash| file.load(hash).ok()) {
        Some(key) => Ok(key),
        None => file.make_test_key(circuit),
    }
}
