//! Takes the verifying key out of a Semaphore proving key: `extract_key ARKZKEY OUT`.
//! Writes `OUT.vk` (arkworks, uncompressed) and `OUT.hash`. Run by `cargo xtask gen`.

use std::path::PathBuf;

use annona_proofs::VerifyingKey;
use ark_serialize::CanonicalSerialize;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [source, out] = arguments.as_slice() else {
        return Err("usage: extract_key ARKZKEY OUT".into());
    };
    let (proving_key, _) = semaphore_rs_ark_zkey::read_arkzkey_from_bytes(&std::fs::read(source)?)?;
    let mut bytes = Vec::new();
    proving_key.vk.serialize_uncompressed(&mut bytes)?;
    let key = VerifyingKey::from_bytes(&bytes)?;
    std::fs::write(out.with_extension("vk"), &bytes)?;
    std::fs::write(out.with_extension("hash"), format!("{}\n", key.hash()))?;
    Ok(())
}
