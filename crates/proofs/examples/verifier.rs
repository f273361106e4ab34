//! `verifier VK NAME TEMPLATE OUT`, run by `cargo xtask gen`: the Solidity verifier
//! `NAME` of a verifying key (arkworks, uncompressed), made from the template.

use annona_core::U256;
use annona_proofs::VerifyingKey;
use minijinja::Environment;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [key, name, template, out] = arguments.as_slice() else {
        return Err("usage: verifier VK NAME TEMPLATE OUT".into());
    };
    let key = VerifyingKey::from_bytes(&std::fs::read(key)?)?;
    let verifier = render(&std::fs::read_to_string(template)?, name, &key)?;
    std::fs::write(out, verifier)?;
    Ok(())
}

fn render(template: &str, name: &str, key: &VerifyingKey) -> Result<String, Failure> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    Ok(environment.render_str(template, values(name, key))?)
}

/// The words of the key under the names that the template uses.
fn values(name: &str, key: &VerifyingKey) -> Value {
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
        "inputs": key.input_count(),
        "alpha": g1(0),
        "beta": g2(2),
        "gamma": g2(6),
        "delta": g2(10),
        "ic": points,
    })
}
