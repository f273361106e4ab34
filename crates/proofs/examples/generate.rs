//! `generate ARKZKEY OUT TEMPLATE`, run by `cargo xtask gen`: takes the verifying key
//! out of a Semaphore proving key and writes `OUT.vk` (arkworks, uncompressed),
//! `OUT.hash` and `OUT.sol`, the verifier made from the template.

use std::path::PathBuf;

use annona_core::U256;
use annona_proofs::VerifyingKey;
use ark_serialize::CanonicalSerialize;
use minijinja::Environment;
use serde_json::{Value, json};

/// Name of the contract.
const NAME: &str = "SemaphoreVerifier";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [source, out, template] = arguments.as_slice() else {
        return Err("usage: generate ARKZKEY OUT TEMPLATE".into());
    };
    let (proving_key, _) = semaphore_rs_ark_zkey::read_arkzkey_from_bytes(&std::fs::read(source)?)?;
    let mut bytes = Vec::new();
    proving_key.vk.serialize_uncompressed(&mut bytes)?;
    let key = VerifyingKey::from_bytes(&bytes)?;
    let verifier = render(&std::fs::read_to_string(template)?, &key)?;
    std::fs::write(out.with_extension("vk"), &bytes)?;
    std::fs::write(out.with_extension("hash"), format!("{}\n", key.hash()))?;
    std::fs::write(out.with_extension("sol"), verifier)?;
    Ok(())
}

fn render(template: &str, key: &VerifyingKey) -> Result<String, Failure> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    Ok(environment.render_str(template, values(key))?)
}

/// The words of the key under the names that the template uses.
fn values(key: &VerifyingKey) -> Value {
    let words: Vec<String> = key
        .to_words()
        .iter()
        .map(|word: &U256| format!("0x{word:064x}"))
        .collect();
    let g1 = |at: usize| json!({ "x": words[at], "y": words[at + 1] });
    let g2 = |at: usize| json!({ "x_im": words[at], "x_re": words[at + 1], "y_im": words[at + 2], "y_re": words[at + 3] });
    let points: Vec<Value> = (14..words.len()).step_by(2).map(g1).collect();
    json!({
        "name": NAME,
        "inputs": key.input_count(),
        "alpha": g1(0),
        "beta": g2(2),
        "gamma": g2(6),
        "delta": g2(10),
        "ic": points,
    })
}
