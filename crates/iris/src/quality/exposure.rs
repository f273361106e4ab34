//! Refuses pictures with too much light or too little.

use image::GrayImage;

use crate::error::IrisError;
use crate::limits;

/// Refuses a picture that is mostly white, or whose brightest parts are dark.
pub(crate) fn check_exposure(image: &GrayImage) -> Result<(), IrisError> {
    // Chosen, not measured: a sensor at its limit has a little noise left.
    const SATURATED_LEVEL: u8 = 252;
    let white = image
        .as_raw()
        .iter()
        .filter(|&&v| v >= SATURATED_LEVEL)
        .count();
    let saturated = white as f32 / image.as_raw().len() as f32;
    if saturated > limits::MAX_SATURATED_FRACTION {
        return Err(IrisError::OverExposed { saturated });
    }
    let brightest = quantile_of_levels(image, 1.0 - limits::BRIGHTEST_FRACTION);
    if brightest < limits::MIN_BRIGHTEST_LEVEL {
        let minimum = limits::MIN_BRIGHTEST_LEVEL;
        return Err(IrisError::TooDark { brightest, minimum });
    }
    Ok(())
}

/// The grey level that this share of the picture does not exceed.
fn quantile_of_levels(image: &GrayImage, share: f32) -> u8 {
    let wanted = (share * image.as_raw().len() as f32) as usize;
    let mut seen = 0;
    for (level, count) in histogram(image).into_iter().enumerate() {
        seen += count;
        if seen > wanted {
            return level as u8;
        }
    }
    u8::MAX
}

fn histogram(image: &GrayImage) -> [usize; 256] {
    let mut counts = [0; 256];
    for &level in image.as_raw() {
        counts[usize::from(level)] += 1;
    }
    counts
}
