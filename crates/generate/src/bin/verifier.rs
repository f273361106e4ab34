//! `verifier VK NAME INTERFACE TEMPLATE OUT`, run by `cargo xtask gen`: the Solidity
//! verifier `NAME` of a verifying key (arkworks, uncompressed), made from the template.
//! A name that begins with `UnsafeTest` says so, and the contract's text does too.

use annona_core::U256;
use annona_proofs::VerifyingKey;
use minijinja::Environment;
use serde_json::{Value, json};

/// Prefix of the name of a contract whose key is a test key.
const TEST_PREFIX: &str = "UnsafeTest";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [key, name, interface, template, out] = arguments.as_slice() else {
        return Err("usage: verifier VK NAME INTERFACE TEMPLATE OUT".into());
    };
    let key = VerifyingKey::from_bytes(&std::fs::read(key)?)?;
    let verifier = render(
        &std::fs::read_to_string(template)?,
        values(name, interface, &key),
    )?;
    std::fs::write(out, verifier)?;
    Ok(())
}

fn render(template: &str, values: Value) -> Result<String, Failure> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    Ok(environment.render_str(template, values)?)
}

/// The words of the key under the names that the template uses.
fn values(name: &str, interface: &str, key: &VerifyingKey) -> Value {
    let words: Vec<String> = key
        .to_words()
        .iter()
        .map(|word: &U256| format!("0x{word:064x}"))
        .collect();
    let g1 = |at: usize| json!({ "x": words[at], "y": words[at + 1] });
    let g2 = |at: usize| json!({ "x_im": words[at], "x_re": words[at + 1], "y_im": words[at + 2], "y_re": words[at + 3] });
    let points: Vec<Value> = (14..words.len()).step_by(2).map(g1).collect();
    json!({
        "name": name,
        "interface": interface,
        "is_test_key": name.starts_with(TEST_PREFIX),
        "inputs": key.input_count(),
        "alpha": g1(0),
        "beta": g2(2),
        "gamma": g2(6),
        "delta": g2(10),
        "ic": points,
    })
}
