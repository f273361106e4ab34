//! Processor time of one simulated photograph and of what comes with it, by stage.
//!
//! `cargo bench -p orb-sim --no-default-features`; numbers are the median of rounds,
//! because other work on the machine only ever adds to a round.

use std::hint::black_box;

use annona_iris::encode;
use cpu_time::ThreadTime;
use image::GrayImage;
use orb_sim::{CaptureConditions, Eye, Person, capture};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

const ROUNDS: u64 = 9;
/// People a round; each is photographed once.
const PEOPLE: u64 = 12;
/// Frames of a person in a trial: two sessions of three frames of both eyes.
const FRAMES: f64 = 12.0;

fn main() {
    let [mut grow, mut photograph, mut recognise] = [(); 3].map(|()| Vec::new());
    for round in 0..ROUNDS {
        let (people, ms) = timed(|| {
            (0..PEOPLE)
                .map(|k| Person::from_seed(round * PEOPLE + k))
                .collect::<Vec<Person>>()
        });
        grow.push(ms);
        let mut rng = ChaCha12Rng::seed_from_u64(round);
        let (images, ms) = timed(|| {
            people
                .iter()
                .map(|person| {
                    let conditions = CaptureConditions::sample(&mut rng);
                    capture(person, Eye::Left, &conditions, &mut rng)
                })
                .collect::<Vec<GrayImage>>()
        });
        photograph.push(ms);
        let (_, ms) = timed(|| {
            images
                .iter()
                .filter(|i| encode(i, Eye::Left).is_ok())
                .count()
        });
        recognise.push(ms);
    }
    let [grow, photograph, recognise] = [grow, photograph, recognise].map(median);
    println!("grow a person, both eyes      {grow:8.2} ms");
    println!("photograph an eye             {photograph:8.2} ms");
    println!("encode a photograph           {recognise:8.2} ms");
    println!(
        "a person of a trial           {:8.3} s, without encoding {:.3} s",
        (grow + FRAMES * (photograph + recognise)) * 1e-3,
        (grow + FRAMES * photograph) * 1e-3
    );
}

/// The result of `work` and its milliseconds a person.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = ThreadTime::now();
    let done = black_box(work());
    (done, started.elapsed().as_secs_f64() * 1e3 / PEOPLE as f64)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
