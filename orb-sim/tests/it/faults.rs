//! Contours that the iris pipeline finds in pictures of other cameras: lamps mirrored in the
//! pupil, painted pupils, cut irises, lenses, glasses, heavy eyelids, small and large irises.

use std::collections::BTreeMap;
use std::f32::consts::TAU;

use annona_iris::{Contour, encode};
use orb_sim::{CaptureConditions, Eye, HEIGHT, Person, Truth, WIDTH, capture_with_truth, scaled};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rayon::prelude::*;

const EYES: u64 = 80;
const EYES_OF_A_SOAK: u64 = 2_000;
/// Iris radii of the pictures, in pixels.
const RADII_PX: (f32, f32) = (60.0, 300.0);
const ANGLES: usize = 120;
/// Median distance from the true edge beyond which a contour is on something else, in iris radii.
const OTHER_EDGE_RADII: f32 = 0.1;
/// Distance from the true edge that all but one contour in twenty must keep, in pixels of the
/// picture as the pipeline works on it, whose longer side has at most 400.
const MAX_ERROR_PX: f32 = 2.0;

/// Distances of the contours found from the true ones.
struct ContourErrors {
    description: String,
    /// Median distance of the pupil's contour, and of the limbus's: in iris radii, in pixels.
    radii: [f32; 2],
    px: [f32; 2],
}

/// Photographs an eye, and has it encoded. `Err` is a refusal.
fn attempt(number: u64) -> Result<ContourErrors, &'static str> {
    let mut rng = ChaCha12Rng::seed_from_u64(0xfa17);
    rng.set_stream(number);
    let person = Person::from_seed(620_000 + number);
    let conditions = CaptureConditions::faulty(&mut rng);
    let wanted = RADII_PX.0 * (RADII_PX.1 / RADII_PX.0).powf(rng.random::<f32>());
    let (image, truth) = capture_with_truth(&person, Eye::Left, &conditions, &mut rng);
    let scale = wanted / conditions.iris_radius_px;
    let picture = scaled(&image, scale);
    let encoding = encode(&picture, Eye::Left).map_err(|refusal| refusal.code())?;
    let contours = [&encoding.geometry.pupil, &encoding.geometry.limbus];
    let depths = [0.0, 1.0];
    let off = [0, 1].map(|k| median_distance(contours[k], &truth, depths[k], scale));
    let reduced = picture.width().div_ceil(400) as f32;
    Ok(ContourErrors {
        description: format!("{number}: off by {off:?} px of {wanted}: {conditions:?}"),
        radii: off.map(|px| px / wanted),
        px: off.map(|px| px / reduced),
    })
}

/// Median distance of a contour from the true edge, over the angles that are seen.
fn median_distance(found: &Contour, truth: &Truth, depth: f32, scale: f32) -> f32 {
    let seen = (0..ANGLES)
        .map(|k| truth.sheet_to_image(k as f32 * TAU / ANGLES as f32, depth))
        .filter(|&point| !is_hidden(truth, point));
    let mut distances: Vec<f32> = seen
        .map(|(x, y)| {
            let scaled = |v: f32| (v + 0.5) * scale - 0.5;
            let (dx, dy) = (scaled(x) - found.centre_x, scaled(y) - found.centre_y);
            (found.radius_at(dy.atan2(dx)) - dx.hypot(dy)).abs()
        })
        .collect();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() / 2).copied().unwrap_or(0.0)
}

fn is_hidden(truth: &Truth, (x, y): (f32, f32)) -> bool {
    let (x, y) = (x.round() as i64, y.round() as i64);
    let (w, h) = (i64::from(WIDTH), i64::from(HEIGHT));
    let is_inside = (0..w).contains(&x) && (0..h).contains(&y);
    !is_inside || truth.hidden[(y * w + x) as usize]
}

fn quantile(mut values: Vec<f32>, share: f32) -> f32 {
    values.sort_by(f32::total_cmp);
    values[(share * (values.len() - 1) as f32) as usize]
}

fn is_soak() -> bool {
    std::env::var("TEST_SOAK").is_ok_and(|value| value == "1")
}

#[test]
fn no_boundary_is_a_reflection_and_contours_are_true() {
    let count = if is_soak() { EYES_OF_A_SOAK } else { EYES };
    let outcomes: Vec<Result<ContourErrors, &str>> =
        (0..count).into_par_iter().map(attempt).collect();
    let mut refusals: BTreeMap<&str, usize> = BTreeMap::new();
    for code in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        *refusals.entry(*code).or_default() += 1;
    }
    let found: Vec<ContourErrors> = outcomes.into_iter().flatten().collect();
    let error = |k: usize| quantile(found.iter().map(|f| f.px[k]).collect(), 0.95);
    println!(
        "{} of {count} templates; refused: {refusals:?}",
        found.len()
    );
    println!("pupil {} px, limbus {} px at 95 %", error(0), error(1));
    let wrong: Vec<&String> = found
        .iter()
        .filter(|f| f.radii.iter().any(|&off| off > OTHER_EDGE_RADII))
        .map(|f| &f.description)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} on another edge: {wrong:#?}",
        wrong.len()
    );
    assert!(error(0) <= MAX_ERROR_PX && error(1) <= MAX_ERROR_PX);
    // A test of refusals alone would hold of a pipeline that refuses everything.
    assert!(found.len() as u64 * 2 > count, "refused: {refusals:?}");
}
