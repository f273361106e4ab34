//! Writes simulated captures as image files with a manifest.
//!
//! `render --people N --captures K --out DIR [--seed S] [--kind ordinary|blank|defocused]
//! [--format png|jpg]`

use orb_sim::{CaptureConditions, Eye, Person, capture};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let number = |name: &str, default: u64| -> Result<u64, Box<dyn Error>> {
        options
            .get(name)
            .map_or(Ok(default), |text| Ok(text.parse()?))
    };
    let (people, captures, seed) = (
        number("people", 20)?,
        number("captures", 4)?,
        number("seed", 1)?,
    );
    let out = PathBuf::from(options.get("out").ok_or("--out DIR is missing")?);
    let kind = options.get("kind").map_or("ordinary", String::as_str);
    let format = options.get("format").map_or("png", String::as_str);
    std::fs::create_dir_all(&out)?;
    let mut manifest = String::from("path,subject,eye,sample\n");
    for subject in 0..people {
        let person = Person::from_seed(seed.wrapping_mul(1_000_003).wrapping_add(subject));
        for (eye, letter, stream) in [(Eye::Left, 'L', 0), (Eye::Right, 'R', 1)] {
            for sample in 0..captures {
                let mut rng = ChaCha12Rng::seed_from_u64(seed ^ 0x5eed);
                rng.set_stream((subject << 32) | (sample << 1) | stream);
                let conditions = match kind {
                    "ordinary" => CaptureConditions::sample(&mut rng),
                    "blank" => CaptureConditions::blank(&mut rng),
                    "defocused" => CaptureConditions::badly_defocused(&mut rng),
                    other => return Err(format!("no kind of capture is called {other}").into()),
                };
                let name = format!("p{subject:03}_{letter}_{sample}.{format}");
                capture(&person, eye, &conditions, &mut rng).save(out.join(&name))?;
                writeln!(manifest, "{name},{subject},{letter},{sample}")?;
            }
        }
    }
    std::fs::write(out.join("manifest.csv"), manifest)?;
    Ok(())
}

/// The command line as pairs of `--name value`.
fn options() -> Result<HashMap<String, String>, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut options = HashMap::new();
    while let Some(name) = arguments.next() {
        let name = name
            .strip_prefix("--")
            .ok_or_else(|| format!("{name} is not an option"))?;
        let value = arguments
            .next()
            .ok_or_else(|| format!("--{name} needs a value"))?;
        options.insert(name.to_owned(), value);
    }
    Ok(options)
}
