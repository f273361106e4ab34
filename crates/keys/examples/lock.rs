//! `lock OUT FOLDER`, run by `cargo xtask gen`: the sizes of the circuits and the
//! hashes of their test keys, which are made in FOLDER where they are missing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use annona_circuits::CircuitId;
use annona_keys::{KeyFolder, Pinned};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [out, folder] = arguments.as_slice() else {
        return Err("usage: lock OUT FOLDER".into());
    };
    let folder = KeyFolder::new(folder);
    let mut lock = BTreeMap::new();
    for circuit in CircuitId::ALL {
        let key = folder.test_key(circuit)?;
        lock.insert(circuit.name(), Pinned::of(&circuit.rows(), key.hash()));
    }
    std::fs::write(out, serde_json::to_string_pretty(&lock)? + "\n")?;
    Ok(())
}
