//! Writes one frame of a living eye and of each attack as PNG, at half size.
//!
//!     cargo run -p orb-sim --no-default-features --example attacks -- docs/images 7

use image::imageops::{FilterType, resize};
use orb_sim::attack::{Attack, Range, Species};
use orb_sim::session::{Sitting, Subject, challenge};
use orb_sim::{Eye, Person};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use std::path::Path;

/// The frame that is shown.
const FRAME: usize = 6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".to_owned());
    let seed = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(7);
    std::fs::create_dir_all(&folder)?;
    let (victim, forger) = (Person::from_seed(seed), Person::from_seed(seed + 1));
    let fresh = || ChaCha12Rng::seed_from_u64(seed);
    let mut rng = fresh();
    let asked = challenge(&mut rng);
    save(&folder, "living", &Sitting::new(&victim, &asked, &mut rng))?;
    for species in Species::ALL {
        let mut rng = fresh();
        let asked = challenge(&mut rng);
        let people = (&victim, &forger);
        let attack = Attack::prepare(species, Range::Tuning, people, &asked, &mut rng);
        save(&folder, species.name(), &attack)?;
    }
    Ok(())
}

fn save(folder: &str, name: &str, subject: &impl Subject) -> image::ImageResult<()> {
    let frame = subject.frame(Eye::Left, FRAME);
    let half = resize(&frame, 320, 240, FilterType::Triangle);
    half.save(Path::new(folder).join(format!("liveness-{name}.png")))?;
    if std::env::var_os("FULL").is_some() {
        frame.save(Path::new(folder).join(format!("full-{name}.png")))?;
    }
    Ok(())
}
