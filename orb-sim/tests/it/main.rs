//! Properties of photographs of simulated eyes.
#![allow(clippy::unwrap_used)]

mod changes;
mod faults;
#[path = "../../../crates/iris/tests/it/files.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod files;
mod mirror;
mod segmentation;

use image::GrayImage;
use orb_sim::{CaptureConditions, Eye, HEIGHT, Person, Target, Truth, WIDTH};
use orb_sim::{capture, capture_with_truth};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use std::f32::consts::TAU;

fn rng(seed: u64) -> ChaCha12Rng {
    ChaCha12Rng::seed_from_u64(seed)
}

fn photograph(person: &Person, seed: u64) -> (GrayImage, Truth) {
    let mut rng = rng(seed);
    let conditions = CaptureConditions::sample(&mut rng);
    capture_with_truth(person, Eye::Left, &conditions, &mut rng)
}

#[test]
fn the_same_seed_gives_the_same_image_to_the_bit() {
    let take = || {
        let mut rng = rng(7);
        let conditions = CaptureConditions::sample(&mut rng);
        capture(&Person::from_seed(3), Eye::Right, &conditions, &mut rng)
    };
    assert_eq!(take(), take());
    assert_eq!(take().dimensions(), (WIDTH, HEIGHT));
}

#[test]
fn two_captures_of_one_eye_are_never_the_same() {
    let person = Person::from_seed(3);
    let mut rng = rng(1);
    let conditions = CaptureConditions::sample(&mut rng);
    let first = capture(&person, Eye::Left, &conditions, &mut rng);
    let second = capture(&person, Eye::Left, &conditions, &mut rng);
    let differing = first
        .pixels()
        .zip(second.pixels())
        .filter(|(a, b)| a != b)
        .count();
    assert!(
        differing > first.len() / 2,
        "only {differing} pixels differ"
    );
}

#[test]
fn pupil_iris_and_sclera_grow_brighter_and_little_is_saturated() {
    for seed in 0..6 {
        let (image, truth) = photograph(&Person::from_seed(seed), 40 + seed);
        let pupil = mean_on_circle(&image, &truth, -0.4);
        let iris = mean_on_circle(&image, &truth, 0.5);
        let sclera = mean_on_circle(&image, &truth, 1.25);
        assert!(pupil + 25.0 < iris, "pupil {pupil}, iris {iris}");
        assert!(iris + 15.0 < sclera, "iris {iris}, sclera {sclera}");
        let saturated = image.pixels().filter(|p| p.0[0] == 255).count();
        assert!(
            saturated * 200 < image.len(),
            "{saturated} pixels are saturated"
        );
    }
}

#[test]
fn the_contours_of_the_truth_lie_on_the_edges_in_the_image() {
    for seed in 0..4 {
        let (image, truth) = photograph(&Person::from_seed(seed), 90 + seed);
        for border in [0.0, 1.0] {
            let step = |at: f32| {
                mean_on_circle(&image, &truth, at + 0.05)
                    - mean_on_circle(&image, &truth, at - 0.05)
            };
            let here = step(border);
            assert!(here > 8.0, "a step of {here} at {border}");
            assert!(here > step(border - 0.12) && here > step(border + 0.12));
        }
    }
}

#[test]
fn one_iris_resembles_itself_across_captures_and_another_does_not() {
    let (person, stranger) = (Person::from_seed(10), Person::from_seed(11));
    let first = sheet(&upright(&person, Eye::Left, 0.0, 1));
    let again = sheet(&upright(&person, Eye::Left, 0.0, 2));
    let fellow = sheet(&upright(&person, Eye::Right, 0.0, 3));
    let other = sheet(&upright(&stranger, Eye::Left, 0.0, 4));
    assert!(
        correlation(&first, &again) > 0.45,
        "{}",
        correlation(&first, &again)
    );
    assert!(
        correlation(&first, &fellow).abs() < 0.2,
        "{}",
        correlation(&first, &fellow)
    );
    assert!(
        correlation(&first, &other).abs() < 0.2,
        "{}",
        correlation(&first, &other)
    );
}

#[test]
fn an_iris_resembles_itself_less_the_more_the_pupil_has_changed() {
    let person = Person::from_seed(12);
    let rest = sheet(&upright(&person, Eye::Left, 0.0, 1));
    let resemblance: Vec<f32> = [0.0, 0.06, 0.12]
        .iter()
        .map(|&change| correlation(&rest, &sheet(&upright(&person, Eye::Left, change, 2))))
        .collect();
    assert!(
        resemblance[0] > resemblance[1] + 0.02 && resemblance[1] > resemblance[2] + 0.02,
        "{resemblance:?}"
    );
}

#[test]
fn a_blank_image_has_no_structure() {
    let person = Person::from_seed(1);
    let mut rng = rng(5);
    let mut seen = Vec::new();
    for _ in 0..12 {
        let conditions = CaptureConditions::blank(&mut rng);
        let (image, truth) = capture_with_truth(&person, Eye::Left, &conditions, &mut rng);
        let step = greatest_step(&image);
        assert!(
            step < 12.0,
            "a step of {step} grey levels from block to block"
        );
        assert!(truth.hidden.iter().all(|hidden| *hidden));
        seen.push(conditions.target);
    }
    assert!(seen.contains(&Target::Skin) && seen.contains(&Target::CoveredLens));
    assert!(greatest_step(&photograph(&person, 5).0) > 30.0);
}

#[test]
fn a_badly_defocused_image_still_shows_an_eye_but_no_texture() {
    let person = Person::from_seed(2);
    let mut rng = rng(6);
    let sharp = photograph(&person, 6);
    let conditions = CaptureConditions::badly_defocused(&mut rng);
    let blurred = capture_with_truth(&person, Eye::Left, &conditions, &mut rng);
    let dark = mean_on_circle(&blurred.0, &blurred.1, -0.6);
    let bright = mean_on_circle(&blurred.0, &blurred.1, 1.4);
    assert!(dark + 25.0 < bright);
    let (sharp, blurred) = (spread(&sheet(&sharp)), spread(&sheet(&blurred)));
    assert!(blurred < 0.5 * sharp, "{blurred} against {sharp}");
}

/// A photograph without roll or gaze and with wide open eyelids, at a chosen dilation.
fn upright(person: &Person, eye: Eye, pupil_change: f32, seed: u64) -> (GrayImage, Truth) {
    let mut rng = rng(seed);
    let conditions = CaptureConditions {
        pupil_change,
        roll: 0.0,
        gaze: (0.0, 0.0),
        upper_eyelid_drop: -0.3,
        lower_eyelid_rise: -0.3,
        motion_px: (0.0, 0.0),
        defocus_px: 0.4,
        veil: 1.0,
        ..CaptureConditions::sample(&mut rng)
    };
    capture_with_truth(person, eye, &conditions, &mut rng)
}

const ANGLES: usize = 256;
const DEPTHS: usize = 40;

/// The lower three quarters of the iris, smoothed over 2x2, less the mean of each depth;
/// `None` where something hides it.
fn sheet((image, truth): &(GrayImage, Truth)) -> Vec<Option<f32>> {
    let mut out = Vec::new();
    for row in 0..DEPTHS {
        let depth = 0.12 + 0.76 * row as f32 / DEPTHS as f32;
        let line: Vec<Option<f32>> = (0..ANGLES)
            .map(|column| {
                let theta = (column as f32 / ANGLES as f32 - 0.125) * 0.75 * TAU;
                sample(image, truth, theta, depth)
            })
            .collect();
        let seen: Vec<f32> = line.iter().flatten().copied().collect();
        let mean = seen.iter().sum::<f32>() / seen.len().max(1) as f32;
        out.extend(line.into_iter().map(|value| value.map(|v| v - mean)));
    }
    out
}

fn sample(image: &GrayImage, truth: &Truth, theta: f32, depth: f32) -> Option<f32> {
    let (x, y) = truth.sheet_to_image(theta, depth);
    let (x, y) = (x as u32, y as u32);
    if x + 1 >= WIDTH || y + 1 >= HEIGHT || truth.hidden[(y * WIDTH + x) as usize] {
        return None;
    }
    let sum: u32 = [(0, 0), (1, 0), (0, 1), (1, 1)]
        .iter()
        .map(|(i, j)| u32::from(image.get_pixel(x + i, y + j).0[0]))
        .sum();
    Some(sum as f32 / 4.0)
}

fn correlation(a: &[Option<f32>], b: &[Option<f32>]) -> f32 {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b).filter_map(|(x, y)| Some(((*x)?, (*y)?))) {
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    ab / (aa * bb).sqrt()
}

/// Standard deviation of the difference between neighbours.
fn spread(sheet: &[Option<f32>]) -> f32 {
    let steps: Vec<f32> = sheet
        .windows(3)
        .filter_map(|w| Some(w[0]? - w[2]?))
        .collect();
    (steps.iter().map(|s| s * s).sum::<f32>() / steps.len() as f32).sqrt()
}

/// Mean grey of what is not hidden at one depth.
fn mean_on_circle(image: &GrayImage, truth: &Truth, depth: f32) -> f32 {
    let seen: Vec<f32> = (0..360)
        .filter_map(|i| sample(image, truth, i as f32 * TAU / 360.0, depth))
        .collect();
    seen.iter().sum::<f32>() / seen.len().max(1) as f32
}

/// Greatest difference between the means of neighbouring blocks of 16x16 pixels.
fn greatest_step(image: &GrayImage) -> f32 {
    const BLOCK: u32 = 16;
    let mean = |column: u32, row: u32| -> f32 {
        let mut sum = 0;
        for y in 0..BLOCK {
            for x in 0..BLOCK {
                sum += u32::from(image.get_pixel(column * BLOCK + x, row * BLOCK + y).0[0]);
            }
        }
        sum as f32 / (BLOCK * BLOCK) as f32
    };
    let mut greatest = 0.0_f32;
    for row in 0..HEIGHT / BLOCK - 1 {
        for column in 0..WIDTH / BLOCK - 1 {
            let here = mean(column, row);
            greatest = greatest.max((here - mean(column + 1, row)).abs());
            greatest = greatest.max((here - mean(column, row + 1)).abs());
        }
    }
    greatest
}
