//! Searches a gallery: a thousand random people, one of whom comes again.
//!
//! `cargo run -p annona-matcher --example search`

use annona_matcher::{DecisionRule, Gallery};
use annona_template::{COLUMNS, EyePair, IrisTemplate};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

const PEOPLE: u64 = 1_000;
/// Of so many bits of the code, one differs when the person comes again.
const ONE_BIT_DIFFERS_IN: u32 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut gallery = Gallery::new();
    for sequence in 1..=PEOPLE {
        let somebody = EyePair {
            left: random_eye(&mut rng),
            right: random_eye(&mut rng),
        };
        gallery.push(sequence, &somebody)?;
    }
    let enrolled = gallery.eyes(700).ok_or("just pushed")?;
    let again = EyePair {
        left: captured_again(&enrolled.left, &mut rng),
        right: captured_again(&enrolled.right, &mut rng),
    };
    let stranger = EyePair {
        left: random_eye(&mut rng),
        right: random_eye(&mut rng),
    };
    let rule = DecisionRule::standard();
    for (name, probe) in [("somebody known", again), ("a stranger", stranger)] {
        let found = gallery.search(&probe, rule.threshold_micros());
        let decision = rule.decide(&found).code();
        match found.best {
            Some(best) => println!(
                "{name}: {decision}, score {:.3} to person {}",
                f64::from(best.score.micros) / 1e6,
                best.sequence
            ),
            None => println!("{name}: {decision}"),
        }
    }
    Ok(())
}

fn random_eye(rng: &mut impl Rng) -> IrisTemplate {
    let code = std::array::from_fn(|_| rng.next_u64());
    IrisTemplate::from_columns(code, [u32::MAX; COLUMNS])
}

fn captured_again(eye: &IrisTemplate, rng: &mut impl Rng) -> IrisTemplate {
    let mut code = *eye.code();
    for column in &mut code {
        for bit in 0..u64::BITS {
            *column ^= u64::from(rng.random_ratio(1, ONE_BIT_DIFFERS_IN)) << bit;
        }
    }
    IrisTemplate::from_columns(code, *eye.mask())
}
