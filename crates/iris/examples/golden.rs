//! Writes the values that freeze the pipeline. `cargo xtask gen` runs it:
//! `cargo run -p annona-iris --example golden -- FILE`

#[allow(dead_code)]
#[path = "../tests/it/vectors.rs"]
mod vectors;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args_os().nth(1).ok_or("name the file to write")?;
    let text = serde_json::to_string_pretty(&vectors::golden())? + "\n";
    std::fs::write(file, text)?;
    Ok(())
}
