//! `lock OUT KEYS`, run by `cargo xtask gen`: writes to the folder OUT
//! `circuits.lock.json`, the sizes of the circuits and the hashes of their test
//! keys, and of each key the verifying key `<circuit>.UNSAFE-TEST.vk`. The keys are
//! made in the folder KEYS where they are missing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use annona_circuits::CircuitId;
use annona_keys::{KeyFolder, Pinned};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [out, keys] = arguments.as_slice() else {
        return Err("usage: lock OUT KEYS".into());
    };
    let folder = KeyFolder::new(keys);
    let mut lock = BTreeMap::new();
    for circuit in CircuitId::ALL {
        let key = folder.test_key(circuit)?;
        let name = format!("{circuit}.UNSAFE-TEST.vk");
        std::fs::write(out.join(name), key.verifying_key().to_bytes())?;
        lock.insert(circuit.name(), Pinned::of(&circuit.rows(), key.hash()));
    }
    let text = serde_json::to_string_pretty(&lock)? + "\n";
    std::fs::write(out.join("circuits.lock.json"), text)?;
    Ok(())
}
