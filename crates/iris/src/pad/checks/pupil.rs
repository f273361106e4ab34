//! The pupil's answer to light, over the frames of a session.
//!
//! A living pupil begins to narrow 0.2 to 0.3 seconds after a pulse of light, is at
//! its narrowest within about a second and widens slowly (C. J. K. Ellis, "The
//! pupillary light reflex in normal subjects", Br. J. Ophthalmol. 65 (1981)
//! 754-759; O. Bergamin and R. H. Kardon, "Latency of the pupil light reflex",
//! Invest. Ophthalmol. Vis. Sci. 44 (2003) 1546-1554).

use std::ops::RangeInclusive;

use crate::pad::challenge::Pulse;
use crate::pad::frame::Frame;

/// Before this many milliseconds after the light no pupil narrows.
// A little less than the 0.2 s after which a living pupil begins to narrow.
pub(in crate::pad) const MIN_LATENCY_MS: u32 = 180;
/// Milliseconds after the start of the pulse in which the pupil is clearly narrower.
// By the courses of the authors named above: about twice the latency, to before it is wide again.
pub(in crate::pad) const ANSWER_MS: RangeInclusive<u32> = 450..=1_500;

/// Latency of the expected course, in milliseconds.
// These three follow the courses measured by the authors named above.
const LATENCY_MS: f32 = 235.0;
/// Time scale of narrowing, in milliseconds.
const NARROWING_MS: f32 = 330.0;
/// Time scale of widening after the light is off, in milliseconds.
const WIDENING_MS: f32 = 1_600.0;
/// Pulses tried: up to this far from the true one, in milliseconds.
// Chosen, not measured, like the step: several times the largest lag allowed, in steps far below
// it.
const MAX_SHIFT_MS: i32 = 1_200;
/// Step of the search, in milliseconds.
const SHIFT_STEP_MS: usize = 20;

/// Pulses fit equally well when their squared errors are within this ratio: frames are
/// few, and one that is measured badly would choose among them.
// Chosen, not measured apart from the limit: a third more error is within the noise of few frames.
const EQUAL_FIT_ERROR_RATIO: f32 = 1.3;

/// Answer of the pupil to the pulse of light.
pub(in crate::pad) struct Response {
    /// Narrowing at the time of the pulse, as a share of the diameter; negative
    /// when the pupil widened.
    pub(in crate::pad) amplitude: f32,
    /// Distance in ms between the pulse and the nearest that fits the pupil as well
    /// as any.
    pub(in crate::pad) lag_ms: f32,
}

/// Fits the expected course to the pupil, at the pulse's time and around it.
pub(in crate::pad) fn response(pulse: Pulse, frames: &[Frame<'_>]) -> Response {
    let series: Vec<(f32, f32)> = frames
        .iter()
        .map(|f| (f.shot.at_ms as f32, f.encoding.quality.pupil_ratio))
        .collect();
    answer(pulse, &series)
}

/// [`response`] on pairs of time in ms and pupil ratio.
fn answer(pulse: Pulse, series: &[(f32, f32)]) -> Response {
    let start = pulse.start_ms as f32;
    let length = pulse.length_ms as f32;
    let at_pulse = fit(series, start, length);
    let fits: Vec<(i32, f32)> = (-MAX_SHIFT_MS..=MAX_SHIFT_MS)
        .step_by(SHIFT_STEP_MS)
        .filter_map(|shift| {
            let found = fit(series, start + shift as f32, length)?;
            (found.narrowing > 0.0).then_some((shift.abs(), found.error))
        })
        .collect();
    let least = fits.iter().map(|f| f.1).fold(f32::INFINITY, f32::min);
    let lag_ms = fits
        .iter()
        .filter(|(_, error)| *error <= EQUAL_FIT_ERROR_RATIO * least)
        .map(|(shift, _)| *shift)
        .min()
        .unwrap_or(MAX_SHIFT_MS);
    Response {
        amplitude: at_pulse.map_or(0.0, |found| found.narrowing / found.rest),
        lag_ms: lag_ms as f32,
    }
}

struct Fit {
    rest: f32,
    narrowing: f32,
    error: f32,
}

/// Least squares of `rest - narrowing * course`; `None` when the frames do not
/// show both the rest and the answer.
fn fit(series: &[(f32, f32)], start: f32, length: f32) -> Option<Fit> {
    let courses: Vec<f32> = series
        .iter()
        .map(|(t, _)| course(t - start, length))
        .collect();
    let resting = courses.iter().filter(|&&c| c < 0.1).count();
    let answering = courses.iter().filter(|&&c| c > 0.5).count();
    if resting < 1 || answering < 1 {
        return None;
    }
    let n = series.len() as f32;
    let mean_c = courses.iter().sum::<f32>() / n;
    let mean_r = series.iter().map(|(_, r)| r).sum::<f32>() / n;
    let (mut cc, mut cr, mut rr) = (0.0, 0.0, 0.0);
    for (c, (_, r)) in courses.iter().zip(series) {
        let (c, r) = (c - mean_c, r - mean_r);
        cc += c * c;
        cr += c * r;
        rr += r * r;
    }
    if cc <= 0.0 {
        return None;
    }
    let narrowing = -cr / cc;
    Some(Fit {
        rest: mean_r + narrowing * mean_c,
        narrowing,
        error: rr - cr * cr / cc,
    })
}

/// The expected course `since` ms after the start of a pulse: 0 at rest, 1 at the
/// narrowest.
fn course(since: f32, length: f32) -> f32 {
    let t = since - LATENCY_MS;
    if t <= 0.0 {
        return 0.0;
    }
    let narrowed = 1.0 - libm::expf(-(t / NARROWING_MS) * (t / NARROWING_MS));
    // The pupil goes on narrowing for a while when a short light is off again.
    let dark = (t - length.max(450.0)).max(0.0);
    narrowed * libm::expf(-dark / WIDENING_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PULSE: Pulse = Pulse {
        start_ms: 800,
        length_ms: 400,
    };

    /// A pupil that narrows linearly from 250 ms after a light at `light`, and widens
    /// slowly when the light is off.
    fn pupil(light: f32, amplitude: f32) -> Vec<(f32, f32)> {
        (0..13)
            .map(|i| {
                let t = i as f32 * 200.0;
                let since = t - light - 250.0;
                let widened = (since - 450.0).max(0.0) / WIDENING_MS;
                let narrowed = (since / 600.0).clamp(0.0, 1.0) * (1.0 - 0.5 * widened).max(0.0);
                (t, 0.4 * (1.0 - amplitude * narrowed))
            })
            .collect()
    }

    #[test]
    fn a_pupil_that_answers_is_measured_and_in_time() {
        let found = answer(PULSE, &pupil(800.0, 0.2));
        assert!((found.amplitude - 0.2).abs() < 0.04, "{}", found.amplitude);
        assert!(found.lag_ms <= 120.0, "{}", found.lag_ms);
    }

    #[test]
    fn a_pupil_that_answers_another_light_is_out_of_time() {
        for light in [200.0, 1_300.0] {
            let found = answer(PULSE, &pupil(light, 0.2));
            assert!(found.lag_ms > 300.0, "{light}: {}", found.lag_ms);
        }
    }

    #[test]
    fn a_pupil_that_does_not_move_or_widens_has_no_amplitude() {
        assert!(answer(PULSE, &pupil(800.0, 0.0)).amplitude.abs() < 1e-3);
        assert!(answer(PULSE, &pupil(800.0, -0.2)).amplitude < -0.1);
    }
}
