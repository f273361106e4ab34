//! `semaphore_key ARKZKEY OUT`, run by `cargo xtask gen`: takes the verifying key out of a
//! Semaphore proving key and writes `OUT.vk` (arkworks, uncompressed) and `OUT.hash`.

use std::path::PathBuf;

use annona_proofs::VerifyingKey;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [source, out] = arguments.as_slice() else {
        return Err("usage: semaphore_key ARKZKEY OUT".into());
    };
    let (proving_key, _) = semaphore_rs_ark_zkey::read_arkzkey_from_bytes(&std::fs::read(source)?)?;
    let key = VerifyingKey::try_from(proving_key.vk)?;
    std::fs::write(out.with_extension("vk"), key.to_bytes())?;
    std::fs::write(out.with_extension("hash"), format!("{}\n", key.hash()))?;
    Ok(())
}
