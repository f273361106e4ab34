//! A ball is lit from the side where the light is; a sheet of paper is not.

use super::grey::{MIN_REFLECTION_LEVEL, between_eyelids, sample};
use crate::pad::challenge::Challenge;
use crate::pad::frame::Frame;
use crate::pad::frame::neighbours;

/// The white is sampled from here, in iris radii from the middle of the iris.
// Chosen, not measured: off the soft edge of the limbus, and on the white that most eyes show.
const FIRST_RING_RADII: f32 = 1.14;
/// Samples outward and their distance.
const RINGS: usize = 9;
const RING_STEP_RADII: f32 = 0.04;
/// Samples along a ring on one side of the iris, and their distance in radians.
const SAMPLES_PER_RING: usize = 13;
const SAMPLE_STEP_RADIANS: f32 = 0.07;
/// Distance kept from the eyelids, in iris radii.
// Chosen, not measured: beyond the rim of an eyelid and its shadow.
const EYELID_MARGIN_RADII: f32 = 0.12;
/// Least samples on each side.
// Chosen, not measured: fewer would measure a vessel or a lash. The next two keep out pairs whose
// light hardly differs, and a median of one or two.
const MIN_SAMPLES_PER_SIDE: usize = 16;
/// Pairs of LEDs closer than this to the left and right say nothing.
const MIN_LED_STEP: f32 = 0.06;
/// Least number of pairs of frames.
const MIN_FRAME_PAIRS: usize = 3;

/// Growth of `ln(right / left)` of the white for a unit of the LED's place to the
/// right, over neighbouring frames; `None` when the white is not visible on both
/// sides of the iris.
pub(in crate::pad) fn slope(challenge: &Challenge, frames: &[Frame<'_>]) -> Option<f32> {
    let (mut both, mut square, mut pairs) = (0.0, 0.0, 0);
    for (a, b) in neighbours(frames) {
        let (Some(from), Some(to)) = (challenge.led(a.shot), challenge.led(b.shot)) else {
            continue;
        };
        let near = b.encoding.geometry.limbus.mean_radius() / challenge.rig.iris_radius_px;
        let step = near * (to.right - from.right);
        if step.abs() < MIN_LED_STEP {
            continue;
        }
        if let (Some(first), Some(second)) = (imbalance(a), imbalance(b)) {
            both += step * (second - first);
            square += step * step;
            pairs += 1;
        }
    }
    (pairs >= MIN_FRAME_PAIRS).then(|| both / square)
}

/// `ln(right / left)` of the mean grey level of the white beside the iris.
fn imbalance(frame: &Frame<'_>) -> Option<f32> {
    let right = white(frame, 1.0)?;
    let left = white(frame, -1.0)?;
    Some(libm::logf(right / left))
}

fn white(frame: &Frame<'_>, side: f32) -> Option<f32> {
    let limbus = &frame.encoding.geometry.limbus;
    let radius = limbus.mean_radius();
    let (mut sum, mut count) = (0.0, 0);
    for ring in 0..RINGS {
        let out = radius * (FIRST_RING_RADII + RING_STEP_RADII * ring as f32);
        for k in 0..SAMPLES_PER_RING {
            let angle = SAMPLE_STEP_RADIANS * (k as f32 - 0.5 * (SAMPLES_PER_RING - 1) as f32);
            let x = limbus.centre_x + side * out * libm::cosf(angle);
            let y = limbus.centre_y + out * libm::sinf(angle);
            if !between_eyelids(frame.encoding, x, y, EYELID_MARGIN_RADII * radius) {
                continue;
            }
            if let Some(grey) = sample(frame.image, x, y).filter(|&v| v < MIN_REFLECTION_LEVEL) {
                sum += grey;
                count += 1;
            }
        }
    }
    (count >= MIN_SAMPLES_PER_SIDE && sum > 0.0).then(|| sum / count as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::limits::MIN_SHADING_SLOPE;
    use crate::pad::session::SelectedFrame;
    use crate::pad::testing::{IRIS_PX, SIDE_PX, challenge, encoding, frames, session};

    /// Frames whose white grows brighter on the lit side; `curved` is the logarithm for
    /// a unit of the LED's place at the edge of the iris.
    fn lit(curved: f32) -> Vec<SelectedFrame> {
        session(8, |led, x, _| {
            120.0 * libm::expf(curved * led.right * (x / IRIS_PX).signum())
        })
    }

    #[test]
    fn the_slope_is_that_of_the_light_and_a_flat_thing_has_none() {
        let slope_of = |curved| slope(&challenge(), &frames(&lit(curved)));
        assert!(slope_of(0.9).is_some_and(|v| (v - 1.8).abs() < 0.1));
        assert!(slope_of(0.1).is_some_and(|v| v < MIN_SHADING_SLOPE));
        assert!(slope_of(-0.9).is_some_and(|v| v < -1.0));
    }

    #[test]
    fn white_under_the_eyelids_says_nothing() {
        let mut shown = lit(0.9);
        for frame in &mut shown {
            let middle = 0.5 * SIDE_PX as f32;
            frame.encoding = encoding((middle, middle), (middle - 12.0, middle + 12.0));
        }
        assert_eq!(slope(&challenge(), &frames(&shown)), None);
    }
}
