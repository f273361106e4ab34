//! `golden FILE`, run by `cargo xtask gen`: the values that freeze the iris pipeline.

#[expect(dead_code, reason = "the tests need more of it")]
#[path = "../../../iris/tests/it/vectors.rs"]
mod vectors;

use std::path::Path;

/// Folder of the committed images.
const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../iris/tests/vectors");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args_os().nth(1).ok_or("usage: golden FILE")?;
    let images = vectors::images_in(Path::new(IMAGES));
    let text = serde_json::to_string_pretty(&vectors::golden(&images))? + "\n";
    std::fs::write(file, text)?;
    Ok(())
}
