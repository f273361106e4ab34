//! Contours that the iris pipeline finds in a picture, against those of the renderer.

use std::f32::consts::TAU;

use annona_iris::{Contour, Encoding, IrisError, encode};
use image::GrayImage;
use orb_sim::{CaptureConditions, Eye, Person, Target, Truth, capture, capture_with_truth};

use crate::rng;

const PEOPLE: u64 = 40;
const ANGLES: usize = 120;

/// The first capture of the left eye of each of some people.
fn encoded() -> Vec<(Truth, Result<Encoding, IrisError>)> {
    (0..PEOPLE)
        .map(|k| {
            let mut rng = rng(900 + k);
            let conditions = CaptureConditions::sample(&mut rng);
            let person = Person::from_seed(50_000 + k);
            let (image, truth) = capture_with_truth(&person, Eye::Left, &conditions, &mut rng);
            (truth, encode(&image, Eye::Left))
        })
        .collect()
}

/// Distance of a found contour from a true point, outward positive, in pixels.
fn deviation(found: &Contour, (x, y): (f32, f32)) -> f32 {
    let (dx, dy) = (x - found.centre_x, y - found.centre_y);
    found.radius_at(dy.atan2(dx)) - dx.hypot(dy)
}

/// Median of the absolute deviations over the angles that are not hidden.
fn median_deviation(found: &Contour, truth: &Truth, depth: f32) -> f32 {
    let mut all: Vec<f32> = (0..ANGLES)
        .map(|k| truth.sheet_to_image(k as f32 * TAU / ANGLES as f32, depth))
        .filter(|&(x, y)| !hidden(truth, x, y))
        .map(|point| deviation(found, point).abs())
        .collect();
    all.sort_by(f32::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f32::INFINITY)
}

fn hidden(truth: &Truth, x: f32, y: f32) -> bool {
    let (x, y) = (x.round() as i64, y.round() as i64);
    let inside = (0..640).contains(&x) && (0..480).contains(&y);
    !inside || truth.hidden[(y * 640 + x) as usize]
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

fn greatest(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

#[test]
fn contours_sit_on_the_true_edges() {
    let (mut pupils, mut limbi, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (truth, result) in encoded() {
        let Ok(encoding) = result.inspect_err(|reason| refused.push(reason.clone())) else {
            continue;
        };
        pupils.push(median_deviation(&encoding.geometry.pupil, &truth, 0.0));
        limbi.push(median_deviation(&encoding.geometry.limbus, &truth, 1.0));
    }
    let is_half_closed = |reason: &IrisError| {
        matches!(
            reason,
            IrisError::TooFewValidBits { .. }
                | IrisError::TooOccluded { .. }
                | IrisError::Turned { .. }
                | IrisError::UnclearTurn
        )
    };
    // One eye in twenty of the simulator is half closed, and its eyelids tell less of the
    // way up.
    assert!(
        refused.len() as u64 * 20 <= PEOPLE && refused.iter().all(is_half_closed),
        "refused: {refused:?}"
    );
    assert!(
        greatest(&pupils) < 3.0,
        "worst pupil {} px",
        greatest(&pupils)
    );
    assert!(
        greatest(&limbi) < 5.0,
        "worst limbus {} px",
        greatest(&limbi)
    );
    assert!(median(pupils) < 0.5);
    assert!(median(limbi) < 1.2);
}

#[test]
fn the_mask_hides_what_is_hidden_and_little_else() {
    let (mut missed, mut wasted) = (Vec::new(), Vec::new());
    for (truth, result) in encoded() {
        let Ok(encoding) = result else { continue };
        let sheet = &encoding.normalised;
        let (mut covered, mut leaks, mut open, mut lost) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
        for row in 0..sheet.height() {
            for column in 0..sheet.width() {
                let theta = (column as f32 + 0.5) * TAU / sheet.width() as f32;
                let depth = (row as f32 + 0.5) / sheet.height() as f32;
                let (x, y) = truth.sheet_to_image(theta, depth);
                let masked = f32::from(u8::from(sheet.is_noisy(column, row)));
                if hidden(&truth, x, y) {
                    covered += 1.0;
                    leaks += 1.0 - masked;
                } else {
                    open += 1.0;
                    lost += masked;
                }
            }
        }
        missed.push(leaks / covered.max(1.0));
        wasted.push(lost / open.max(1.0));
    }
    assert!(median(missed) < 0.2);
    assert!(median(wasted) < 0.1);
}

#[test]
fn blank_captures_show_no_eye() {
    for k in 0..20 {
        let mut rng = rng(700 + k);
        let conditions = CaptureConditions::blank(&mut rng);
        let image = capture(&Person::from_seed(k), Eye::Left, &conditions, &mut rng);
        let outcome = encode(&image, Eye::Left).map(|_| ());
        let is_named = match conditions.target {
            Target::CoveredLens => matches!(outcome, Err(IrisError::TooDark { .. })),
            _ => outcome == Err(IrisError::NoPupil),
        };
        assert!(is_named, "seed {k}: {outcome:?}");
    }
}

#[test]
fn defocused_captures_are_refused_as_blurred() {
    for k in 0..20 {
        let mut rng = rng(800 + k);
        let conditions = CaptureConditions::badly_defocused(&mut rng);
        let image = capture(&Person::from_seed(k), Eye::Right, &conditions, &mut rng);
        let outcome = encode(&image, Eye::Right).map(|_| ()).map_err(|e| e.code());
        assert_eq!(outcome, Err("iris-blurred"), "seed {k}");
    }
}

#[test]
fn a_blurred_reflection_does_not_pass_for_a_sharp_edge() {
    // Captures whose lamps blur into the pupil and across its edge.
    for (seed, number) in [(31_337u64, 9u64), (2_026, 21)] {
        let mut rng = rng(seed ^ 0xbad);
        rng.set_stream((number << 1) | 1);
        let conditions = CaptureConditions::badly_defocused(&mut rng);
        let person = Person::from_seed(seed * 1_000_003 + number);
        let image = capture(&person, Eye::Left, &conditions, &mut rng);
        let outcome = encode(&image, Eye::Left).map(|_| ()).map_err(|e| e.code());
        assert_eq!(
            outcome,
            Err("iris-blurred"),
            "person {number} of seed {seed}"
        );
    }
}

#[test]
fn the_same_picture_gives_the_same_template() {
    let mut rng = rng(5);
    let conditions = CaptureConditions::sample(&mut rng);
    let image: GrayImage = capture(&Person::from_seed(5), Eye::Left, &conditions, &mut rng);
    let template = |image| encode(image, Eye::Left).unwrap().template;
    assert_eq!(template(&image), template(&image));
}
