//! From an image to a template by stage, on one core: the median over simulated
//! eyes of processor time in milliseconds.
//! `cargo bench -p orb-sim --no-default-features --bench iris [-- --json]`

use annona_iris::{Stage, encode_by_stage};
use cpu_time::ThreadTime;
use image::GrayImage;
use image::imageops::{FilterType, crop_imm, resize};
use orb_sim::{CaptureConditions, Eye, Person, capture};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

const PEOPLE: u64 = 60;
/// Times that each image is encoded; the fastest counts, for the machine may be busy.
const REPEATS: usize = 5;

/// Milliseconds of each stage, for one image.
type StageTimes = [f64; Stage::ALL.len()];

fn main() {
    let eyes = simulated_eyes();
    let small: Vec<GrayImage> = eyes.iter().map(halved).collect();
    let rows = [("320x280", &small), ("640x480", &eyes)].map(|(size, images)| {
        let mut measured: Vec<StageTimes> = images.iter().filter_map(fastest).collect();
        let accepted = measured.len();
        (size, accepted, medians(&mut measured))
    });
    if std::env::args().any(|argument| argument == "--json") {
        print_json(&rows);
    } else {
        print_table(&rows);
    }
}

fn simulated_eyes() -> Vec<GrayImage> {
    let mut rng = ChaCha12Rng::seed_from_u64(28);
    (0..PEOPLE)
        .map(|seed| {
            let conditions = CaptureConditions::sample(&mut rng);
            capture(&Person::from_seed(seed), Eye::Left, &conditions, &mut rng)
        })
        .collect()
}

/// Half the size, with rows added above and below up to 320x280.
fn halved(image: &GrayImage) -> GrayImage {
    let half = resize(
        image,
        image.width() / 2,
        image.height() / 2,
        FilterType::Triangle,
    );
    let mut whole = resize(
        &crop_imm(&half, 0, 0, 320, 1).to_image(),
        320,
        280,
        FilterType::Nearest,
    );
    image::imageops::overlay(&mut whole, &half, 0, 20);
    whole
}

fn fastest(image: &GrayImage) -> Option<StageTimes> {
    let mut best = [f64::INFINITY; Stage::ALL.len()];
    for _ in 0..REPEATS {
        let mut last = ThreadTime::now();
        encode_by_stage(image, annona_iris::Eye::Left, &mut |stage| {
            let slot = &mut best[stage as usize];
            *slot = slot.min(last.elapsed().as_secs_f64() * 1e3);
            last = ThreadTime::now();
        })
        .ok()?;
    }
    Some(best)
}

/// The median of each stage, and that of the sums.
fn medians(measured: &mut [StageTimes]) -> (StageTimes, f64) {
    let mut column = |value: &dyn Fn(&StageTimes) -> f64| {
        measured.sort_by(|a, b| value(a).total_cmp(&value(b)));
        measured.get(measured.len() / 2).map_or(f64::NAN, value)
    };
    let stages = std::array::from_fn(|k| column(&|stages| stages[k]));
    (stages, column(&|stages| stages.iter().sum()))
}

type Row = (&'static str, usize, (StageTimes, f64));

fn print_table(rows: &[Row]) {
    print!("{:>8} {:>7}", "image", "images");
    for stage in Stage::ALL {
        print!(" {:>16}", format!("{stage:?}"));
    }
    println!(" {:>7}", "all, ms");
    for (size, images, (stages, all)) in rows {
        print!("{size:>8} {images:>7}");
        for ms in stages {
            print!(" {ms:>16.2}");
        }
        println!(" {all:>7.2}");
    }
}

fn print_json(rows: &[Row]) {
    let rows: Vec<_> = rows
        .iter()
        .map(|(size, images, (stages, all))| {
            let stages: serde_json::Map<String, serde_json::Value> = Stage::ALL
                .iter()
                .zip(stages)
                .map(|(stage, ms)| (format!("{stage:?}"), (*ms).into()))
                .collect();
            serde_json::json!({ "image": size, "images": images, "stages_ms": stages, "all_ms": all })
        })
        .collect();
    println!("{}", serde_json::json!({ "iris": rows }));
}
