//! Refuses irises whose texture is lost in black, white, steps of grey or noise.

use image::GrayImage;

use crate::error::IrisError;
use crate::limits;
use crate::raster::order::upper_median;

/// Refuses an iris whose texture is lost in black or white, in steps of grey, or in
/// noise. `points` are places of the iris on the plane that is `factor` times as small as
/// the image, `noisy` has a flag for each, and `radius` is that of the iris there.
pub(crate) fn check_grey_levels(
    image: &GrayImage,
    points: &[(f32, f32)],
    noisy: &[bool],
    (factor, radius): (usize, f32),
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
        ((FAR_PIXEL_RADIUS_SHARE * radius * factor as f32) as u32).max(2),
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
    for (all, maximum) in differences.iter_mut().zip(limits::MAX_NOISE) {
        let noise = upper_median(all);
        if noise > maximum.max(contrast) {
            return Err(IrisError::TooNoisy { noise, maximum });
        }
    }
    Ok(())
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
