//! `semaphore_key ARKZKEY OUT`, run by `cargo xtask gen`: reads a Semaphore proving key and
//! writes its verifying key to `OUT.vk` (arkworks, uncompressed), the hash of that to `OUT.hash`,
//! and the prover to `OUT.prover`.

use std::path::PathBuf;

use annona_groth16::{Constraints, KeyPoints, Prover};
use annona_proofs::VerifyingKey;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [source, out] = arguments.as_slice() else {
        return Err("usage: semaphore_key ARKZKEY OUT".into());
    };
    let (key, matrices) = semaphore_rs_ark_zkey::read_arkzkey_from_bytes(&std::fs::read(source)?)?;
    let points = KeyPoints::from(&key);
    let [a, b, _] = &matrices.matrices;
    let constraints = Constraints {
        a,
        b,
        input_count: matrices.num_instance_variables,
    };
    let prover = Prover::new(&points, &constraints)?;
    std::fs::write(out.with_extension("prover"), prover.to_bytes())?;
    let key = VerifyingKey::try_from(key.vk)?;
    std::fs::write(out.with_extension("vk"), key.to_bytes())?;
    std::fs::write(out.with_extension("hash"), format!("{}\n", key.hash()))?;
    Ok(())
}
