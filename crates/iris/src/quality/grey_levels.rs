//! Refuses irises whose texture is lost in black, white, steps of grey or noise.

use image::GrayImage;

use crate::error::IrisError;
use crate::geometry::contour::Contour;
use crate::geometry::trig::sin_cos;
use crate::limits;
use crate::raster::order::upper_median;

/// Refuses an iris whose texture is lost in black or white, in steps of grey, or in
/// noise. `points` are places of the iris on the plane that is `factor` times as small as
/// the image, `noisy` has a flag for each, and the contours are those of the pupil and the limbus
/// there.
pub(crate) fn check_grey_levels(
    image: &GrayImage,
    points: &[(f32, f32)],
    noisy: &[bool],
    (factor, pupil, limbus): (usize, &Contour, &Contour),
) -> Result<(), IrisError> {
    // Chosen for speed: a seventh of 131,072 samples is enough for medians, and 7 divides no
    // row.
    const SAMPLE_STRIDE: usize = 7;
    const BLACK_LEVELS: usize = 3;
    const FIRST_WHITE_LEVEL: usize = 253;
    // Chosen, not measured: a fiftieth of the diameter, wider than the pixels of an enlarged picture.
    const FAR_PIXEL_RADIUS_SHARE: f32 = 0.04;
    let place = |v: f32| ((v + 0.5) * factor as f32) as u32;
    let (w, h) = image.dimensions();
    let apart = [
        1,
        ((FAR_PIXEL_RADIUS_SHARE * limbus.mean_radius() * factor as f32) as u32).max(2),
    ];
    let mut counts = [0u32; 256];
    let mut differences = [Vec::new(), Vec::new()];
    let seen = points.iter().zip(noisy).step_by(SAMPLE_STRIDE);
    for (&(x, y), _) in seen.filter(|(_, bad)| !**bad) {
        let (x, y) = (place(x).min(w - 1), place(y).min(h - 1));
        let level = image.get_pixel(x, y)[0];
        counts[usize::from(level)] += 1;
        for (all, apart) in differences.iter_mut().zip(apart) {
            let beside = image.get_pixel((x + apart).min(w - 1), y)[0];
            all.push(f32::from(level.abs_diff(beside)));
        }
    }
    let all = differences[0].len() as f32;
    let dark: u32 = counts[..BLACK_LEVELS].iter().sum();
    let bright: u32 = counts[FIRST_WHITE_LEVEL..].iter().sum();
    let clipped = (dark + bright) as f32 / all;
    if clipped > limits::MAX_CLIPPED_FRACTION {
        let maximum = limits::MAX_CLIPPED_FRACTION;
        return Err(IrisError::ClippedIris { clipped, maximum });
    }
    let share = |&count: &u32| count as f32 / all;
    let levels = 1.0 / counts.iter().map(|n| share(n) * share(n)).sum::<f32>();
    if levels < limits::MIN_IRIS_LEVELS {
        let minimum = limits::MIN_IRIS_LEVELS;
        return Err(IrisError::TooFewLevels { levels, minimum });
    }
    let contrast = limits::NOISE_SHARE_OF_CONTRAST * spread_of(&counts);
    let [near, far] = differences.map(|mut all| upper_median(&mut all));
    let [max_near, max_far] = limits::MAX_NOISE;
    let refused = |noise, maximum| Err(IrisError::TooNoisy { noise, maximum });
    if near > max_near.max(contrast) {
        return refused(near, max_near);
    }
    // Fine tissue in a sharp picture changes as much over that distance; pupil and sclera, which
    // have none, show the noise alone.
    let is_everywhere = || {
        let beside = noise_beside_iris(image, (factor, pupil, limbus), apart[1]);
        beside >= limits::NOISE_SHARE_BESIDE_IRIS * far
    };
    if far > max_far.max(contrast) && is_everywhere() {
        return refused(far, max_far);
    }
    Ok(())
}

/// Median difference of pixels `apart` from each other, in the pupil or in the sclera beside the
/// iris: the larger one.
fn noise_beside_iris(
    image: &GrayImage,
    (factor, pupil, limbus): (usize, &Contour, &Contour),
    apart: u32,
) -> f32 {
    const PUPIL_SHARES: [f32; 4] = [0.2, 0.4, 0.6, 0.75];
    const SCLERA_SHARES: [f32; 4] = [1.12, 1.18, 1.24, 1.3];
    let in_pupil = differences_on(image, factor, pupil, PUPIL_SHARES, apart, |_| true);
    let is_flank = |sin: f32| (-0.3..=0.4).contains(&sin);
    let in_sclera = differences_on(image, factor, limbus, SCLERA_SHARES, apart, is_flank);
    let medians = [in_pupil, in_sclera].map(|mut all| upper_median(&mut all));
    medians[0].max(medians[1])
}

/// Differences of pixels on rings at shares of a contour's radius, in the directions whose sine is
/// wanted; those outside the picture are left out.
fn differences_on(
    image: &GrayImage,
    factor: usize,
    contour: &Contour,
    shares: [f32; 4],
    apart: u32,
    is_wanted: impl Fn(f32) -> bool,
) -> Vec<f32> {
    const DIRECTIONS: usize = 64;
    let (w, h) = (image.width() as f32, image.height() as f32);
    let mut differences = Vec::new();
    for k in 0..DIRECTIONS {
        let (sin, cos) = sin_cos(k as f32 * std::f32::consts::TAU / DIRECTIONS as f32);
        for share in shares.into_iter().filter(|_| is_wanted(sin)) {
            let reach = share * contour.mean_radius();
            let in_image = |v: f32| (v + 0.5) * factor as f32;
            let x = in_image(contour.centre_x + reach * cos);
            let y = in_image(contour.centre_y + reach * sin);
            if x < 0.0 || y < 0.0 || x + apart as f32 >= w || y >= h {
                continue;
            }
            let level = |x: u32| f32::from(image.get_pixel(x, y as u32)[0]);
            differences.push((level(x as u32) - level(x as u32 + apart)).abs());
        }
    }
    differences
}

/// Robust standard deviation of the levels that a histogram counts.
fn spread_of(counts: &[u32; 256]) -> f32 {
    let all: u32 = counts.iter().sum();
    let level_at = |share: f32| {
        let mut left = (share * all as f32) as u32;
        let level = counts.iter().position(|&count| {
            let is_here = left < count;
            left = left.saturating_sub(count);
            is_here
        });
        level.unwrap_or(0) as f32
    };
    // A normal distribution has its quartiles 1.35 standard deviations apart.
    (level_at(0.75) - level_at(0.25)) / 1.35
}
