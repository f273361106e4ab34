//! The mirror image of the LED on the cornea, and its way from LED to LED.

use image::GrayImage;

use super::grey::{between_eyelids, median};
use crate::geometry::trig::length;
use crate::pad::challenge::Challenge;
use crate::pad::frame::Frame;
use crate::pad::frame::neighbours;
use crate::pipeline::Encoding;

/// Way of the glint in iris radii for a unit of the LED's place: a convex mirror
/// shows a far light at half its radius. Cornea 7.8 mm, iris 5.9 mm: the means of
/// adults.
const GLINT_WAY_PER_LED_STEP: f32 = 0.5 * 7.8 / 5.9;
/// Glints are sought this far from the middle of the iris, in iris radii.
// Chosen, not measured: an eye that looks at the orb has its glints well inside.
const REACH_RADII: f32 = 0.75;
/// Distance from the eyelids, whose wet edges shine too, as a share of the reach.
// Chosen, not measured: about as wide as that shine, some pixels.
const EYELID_MARGIN_REACH_SHARE: f32 = 0.04;
/// Grey level of a glint at least.
// Chosen, not measured: an iris that is exposed well is darker.
const MIN_GLINT_LEVEL: u8 = 175;
/// Smallest and largest glint, in pixels.
// Chosen, not measured: a dot of noise is smaller, the reflection of a window larger.
const GLINT_AREA_PX: std::ops::RangeInclusive<usize> = 4..=900;
/// LEDs closer than this are not distinguished, in iris radii of the glint's way.
// Chosen, not measured: about seven pixels at an iris radius of 115, well above the error of a
// place.
const MIN_GLINT_WAY_RADII: f32 = 0.06;
/// Least share of the neighbouring frames that must show glints.
// Chosen, not measured: a cornea shows a glint unless an eyelid hides it.
const MIN_SHOWN_SHARE: f32 = 0.5;
/// The error of a surface that shows no glints at all.
// Chosen: any value far above the limit refuses it.
const ERROR_WITHOUT_GLINTS: f32 = 9.0;

/// The median of the glint's error over the way expected, over neighbouring frames
/// under different LEDs. A glint that stays where it is has an error of 1.
pub(in crate::pad) fn error(challenge: &Challenge, frames: &[Frame<'_>]) -> f32 {
    let mut errors = Vec::new();
    let mut pairs = 0;
    for (a, b) in neighbours(frames) {
        let (Some(from), Some(to)) = (challenge.led(a.shot), challenge.led(b.shot)) else {
            continue;
        };
        let near = b.encoding.geometry.limbus.mean_radius() / challenge.rig.iris_radius_px;
        let expected = (
            GLINT_WAY_PER_LED_STEP * near * (to.right - from.right),
            GLINT_WAY_PER_LED_STEP * near * (to.down - from.down),
        );
        let way = length(expected.0, expected.1);
        if way < MIN_GLINT_WAY_RADII {
            continue;
        }
        pairs += 1;
        if let (Some(first), Some(second)) = (place(a), place(b)) {
            let off = (
                second.0 - first.0 - expected.0,
                second.1 - first.1 - expected.1,
            );
            errors.push(length(off.0, off.1) / way);
        }
    }
    if (errors.len() as f32) < MIN_SHOWN_SHARE * pairs as f32 {
        return ERROR_WITHOUT_GLINTS;
    }
    median(&mut errors).unwrap_or(ERROR_WITHOUT_GLINTS)
}

/// Place of the strongest glint relative to the middle of the iris, in iris radii.
fn place(frame: &Frame<'_>) -> Option<(f32, f32)> {
    strongest(frame.image, frame.encoding).map(|(x, y)| {
        let limbus = &frame.encoding.geometry.limbus;
        let radius = limbus.mean_radius();
        (
            (x - limbus.centre_x) / radius,
            (y - limbus.centre_y) / radius,
        )
    })
}

/// Pixel coordinates of the largest bright spot on the cornea.
fn strongest(image: &GrayImage, encoding: &Encoding) -> Option<(f32, f32)> {
    let limbus = &encoding.geometry.limbus;
    let reach = REACH_RADII * limbus.mean_radius();
    let (cx, cy) = (limbus.centre_x, limbus.centre_y);
    let (w, h) = (image.width() as i32, image.height() as i32);
    let left = ((cx - reach) as i32).clamp(0, w - 1);
    let top = ((cy - reach) as i32).clamp(0, h - 1);
    let right = ((cx + reach) as i32).clamp(0, w - 1);
    let bottom = ((cy + reach) as i32).clamp(0, h - 1);
    let (width, height) = ((right - left + 1) as usize, (bottom - top + 1) as usize);
    let mut open: Vec<bool> = (0..width * height)
        .map(|k| {
            let (x, y) = (left + (k % width) as i32, top + (k / width) as i32);
            let off = length(x as f32 - cx, y as f32 - cy);
            off <= reach
                && image.get_pixel(x as u32, y as u32)[0] >= MIN_GLINT_LEVEL
                && between_eyelids(
                    encoding,
                    x as f32,
                    y as f32,
                    EYELID_MARGIN_REACH_SHARE * reach,
                )
        })
        .collect();
    let mut best: Option<Spot> = None;
    for start in 0..open.len() {
        if !open[start] {
            continue;
        }
        let spot = flood(&mut open, width, start);
        let fits = GLINT_AREA_PX.contains(&spot.area);
        if fits && best.as_ref().is_none_or(|b| spot.area > b.area) {
            best = Some(spot);
        }
    }
    best.map(|spot| {
        let n = spot.area as f32;
        (
            left as f32 + spot.sum_x as f32 / n,
            top as f32 + spot.sum_y as f32 / n,
        )
    })
}

struct Spot {
    area: usize,
    sum_x: usize,
    sum_y: usize,
}

/// Takes the connected pixels out of `open` and adds them up.
fn flood(open: &mut [bool], width: usize, start: usize) -> Spot {
    let mut spot = Spot {
        area: 0,
        sum_x: 0,
        sum_y: 0,
    };
    let mut waiting = vec![start];
    open[start] = false;
    while let Some(k) = waiting.pop() {
        let (x, y) = (k % width, k / width);
        spot.area += 1;
        spot.sum_x += x;
        spot.sum_y += y;
        let around = [
            (x > 0).then(|| k - 1),
            (x + 1 < width).then(|| k + 1),
            k.checked_sub(width),
            Some(k + width).filter(|&n| n < open.len()),
        ];
        for n in around.into_iter().flatten() {
            if open[n] {
                open[n] = false;
                waiting.push(n);
            }
        }
    }
    spot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::limits::MAX_GLINT_ERROR;
    use crate::pad::testing::{IRIS_PX, challenge, frames, session};

    /// The error of a bright spot that goes `way` times as far as on a cornea.
    fn error_of(way: f32, radius: f32) -> f32 {
        let shown = session(6, |led, x, y| {
            let (gx, gy) = (
                way * GLINT_WAY_PER_LED_STEP * led.right,
                way * GLINT_WAY_PER_LED_STEP * led.down,
            );
            let off = length(x - gx * IRIS_PX, y - gy * IRIS_PX);
            if off < radius { 250.0 } else { 90.0 }
        });
        error(&challenge(), &frames(&shown))
    }

    #[test]
    fn a_glint_that_goes_as_on_a_cornea_has_no_error_and_others_have_theirs() {
        assert!(error_of(1.0, 4.0) < 0.1);
        assert!(error_of(1.2, 4.0) < MAX_GLINT_ERROR);
        for (way, expected) in [(0.0, 1.0), (-1.0, 2.0), (2.0, 1.0)] {
            let found = error_of(way, 4.0);
            assert!((found - expected).abs() < 0.1, "{way}: {found}");
        }
    }

    #[test]
    fn no_glint_and_one_too_large_are_no_cornea() {
        assert_eq!(error_of(1.0, 0.0), ERROR_WITHOUT_GLINTS);
        assert_eq!(error_of(1.0, 30.0), ERROR_WITHOUT_GLINTS);
    }
}
