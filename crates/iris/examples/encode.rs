//! Encodes images and prints what was measured; with `--overlay DIR`, draws what
//! was found. `cargo run -p annona-iris --example encode -- [--overlay DIR] IMAGE..`

use std::path::PathBuf;
use std::time::Instant;

use annona_iris::{Eye, encode, overlay};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let drawn = paths
        .first()
        .is_some_and(|first| first.as_os_str() == "--overlay");
    let folder = drawn.then(|| paths.drain(..2).nth(1)).flatten();
    for path in paths {
        let image = image::open(&path)?.into_luma8();
        let started = Instant::now();
        let result = encode(&image, Eye::Left);
        let millis = started.elapsed().as_secs_f64() * 1e3;
        match result {
            Ok(encoding) => {
                println!("{} {millis:.1} ms {:?}", path.display(), encoding.quality);
                if let (Some(folder), Some(name)) = (&folder, path.file_name()) {
                    overlay(&image, &encoding).save(folder.join(name))?;
                }
            }
            Err(refusal) => {
                println!(
                    "{} {millis:.1} ms {}: {refusal}",
                    path.display(),
                    refusal.code()
                );
            }
        }
    }
    Ok(())
}
