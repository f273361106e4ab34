//! `lock OUT KEYS [quick]`, run by `cargo xtask gen`: writes to the folder OUT
//! `circuits.lock.json`, the sizes of the circuits and the hashes of their test
//! keys, and of each key the verifying key `<circuit>.UNSAFE-TEST.vk`. The keys are
//! made in the folder KEYS where they are missing.
//!
//! With `quick`, a large circuit whose rows are still the pinned ones keeps its pinned key
//! hash, because its key follows from its rows and takes a minute to make.

use std::collections::BTreeMap;
use std::path::PathBuf;

use annona_circuits::CircuitId;
use annona_keys::{KeyFolder, Pinned, pinned, rows_hash};

/// Rows above which a circuit is large.
const LARGE: usize = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (out, keys, is_quick) = match arguments.as_slice() {
        [out, keys] => (out, keys, false),
        [out, keys, quick] if quick.as_os_str() == "quick" => (out, keys, true),
        _ => return Err("usage: lock OUT KEYS [quick]".into()),
    };
    let folder = KeyFolder::new(keys);
    let mut lock = BTreeMap::new();
    for circuit in CircuitId::ALL {
        let rows = circuit.rows();
        let pinned = pinned(circuit);
        if is_quick && rows.constraint_count() > LARGE && rows_hash(&rows) == pinned.r1cs_sha256 {
            let entry = Pinned::of(&rows, pinned.test_key_hash);
            lock.insert(circuit.name(), entry);
            continue;
        }
        let key = folder.test_key(circuit)?;
        let name = format!("{circuit}.UNSAFE-TEST.vk");
        std::fs::write(out.join(name), key.verifying_key().to_bytes())?;
        lock.insert(circuit.name(), Pinned::of(&rows, key.hash()));
    }
    let text = serde_json::to_string_pretty(&lock)? + "\n";
    std::fs::write(out.join("circuits.lock.json"), text)?;
    Ok(())
}
