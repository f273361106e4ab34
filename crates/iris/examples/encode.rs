//! Makes a template of a near-infrared image of a left eye (PNG, JPEG, BMP, PNM), or says why
//! there is none.
//!
//! `cargo run -p annona-iris --example encode -- crates/iris/tests/vectors/eye_0.png`

use annona_iris::{Eye, encode_bytes};
use annona_template::CODE_BITS;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: encode IMAGE")?;
    let encoding = match encode_bytes(&std::fs::read(path)?, Eye::Left) {
        Ok(encoding) => encoding,
        Err(refusal) => return Err(format!("{}: {refusal}", refusal.code()).into()),
    };
    let (template, quality) = (&encoding.template, &encoding.quality);
    println!("{} of {CODE_BITS} bits are valid", template.valid_bits());
    println!(
        "{:.0} % of the iris is visible, the pupil has {:.2} of its radius",
        100.0 * quality.visible,
        quality.pupil_ratio
    );
    println!("the template has {} bytes", template.to_bytes().len());
    Ok(())
}
