//! Measures fusion rules: the first captures of each eye, alone or fused, against
//! its other captures and those of all other eyes.
//!
//! `cargo run --release -p annona-evaluation --example fusion -- MANIFEST.csv [FRAMES]`
//! with the manifest of `annona iris evaluate`, without quoted fields.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use annona_evaluation::error_rates::{Labelled, MaxFalseMatchRate, PairKind, ScoreTally};
use annona_iris::{Eye, encode_bytes};
use annona_matcher::{FusionRule, fuse, score};
use annona_template::IrisTemplate;

struct EyeFrames {
    enrolled: Vec<IrisTemplate>,
    probes: Vec<IrisTemplate>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let manifest = PathBuf::from(arguments.next().ok_or("name a manifest")?);
    let frames = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let eyes = read(&manifest, frames)?;
    println!("{} eyes with {frames} frames and more", eyes.len());

    report("first frame alone", &eyes, |eye| {
        Some(eye.enrolled[0].clone())
    });
    for (seen_by_one_in, min_agreement_percent) in [
        (usize::MAX, 50),
        (2, 50),
        (1, 50),
        (2, 60),
        (2, 67),
        (2, 100),
    ] {
        let rule = FusionRule {
            seen_by_one_in,
            min_agreement_percent,
            ..FusionRule::standard()
        };
        let name = format!("seen by 1 in {seen_by_one_in}, {min_agreement_percent} % agree");
        report(&name, &eyes, |eye| {
            fuse(&eye.enrolled, &rule).ok().map(|fused| fused.template)
        });
    }
    Ok(())
}

fn report(name: &str, eyes: &[EyeFrames], enrol: impl Fn(&EyeFrames) -> Option<IrisTemplate>) {
    let mut tally = ScoreTally::new();
    let mut refused = 0;
    for (k, eye) in eyes.iter().enumerate() {
        let Some(template) = enrol(eye) else {
            refused += 1;
            continue;
        };
        for (other, probes) in eyes.iter().enumerate() {
            let kind = if k == other {
                PairKind::Genuine
            } else {
                PairKind::Impostor
            };
            for probe in &probes.probes {
                let micros = score(&template, probe).map(|s| s.micros);
                tally.record(Labelled { kind, micros });
            }
        }
    }
    let genuine = tally.pairs(PairKind::Genuine).all;
    print!("{name:45} refused {refused:2}, {genuine} genuine");
    for rate in MaxFalseMatchRate::REPORTED {
        if let Some(point) = tally.at(rate) {
            print!(", {}: {}", rate.name(), point.false_non_matches);
        }
    }
    let eer = tally.equal_error_rate().unwrap_or(f64::NAN);
    let mean = tally
        .summary(PairKind::Genuine)
        .map_or(f64::NAN, |s| s.mean);
    println!(", EER {:.3} %, genuine mean {mean:.3}", 100.0 * eer);
}

fn read(manifest: &Path, frames: usize) -> Result<Vec<EyeFrames>, Box<dyn Error>> {
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let mut eyes: BTreeMap<(String, String), Vec<IrisTemplate>> = BTreeMap::new();
    for line in std::fs::read_to_string(manifest)?.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [path, subject, eye, _] = fields[..] else {
            return Err(format!("`{line}` has not four fields").into());
        };
        if let Ok(encoding) = encode_bytes(&std::fs::read(folder.join(path))?, Eye::Left) {
            let key = (subject.to_owned(), eye.to_owned());
            eyes.entry(key).or_default().push(encoding.template);
        }
    }
    let long_enough = eyes.into_values().filter(|all| all.len() > frames);
    Ok(long_enough
        .map(|mut all| EyeFrames {
            probes: all.split_off(frames),
            enrolled: all,
        })
        .collect())
}
