//! Behaviour of a living person in front of the orb for some seconds.
//!
//! The light reflex: latency of 0.2 to 0.3 s that shortens with brighter light
//! (O. Bergamin and R. H. Kardon, "Latency of the pupil light reflex", Invest.
//! Ophthalmol. Vis. Sci. 44 (2003) 1546-1554), an amplitude and speed that grow with
//! it and differ from person to person (C. J. K. Ellis, "The pupillary light reflex
//! in normal subjects", Br. J. Ophthalmol. 65 (1981) 754-759). The spreads below
//! are chosen to be no narrower than such ranges; they are not fitted to data.

use crate::random::{angle, between, chance, clamped, normal};
use annona_iris::pad::Pulse;
use rand::Rng;
use std::f32::consts::TAU;

/// A sum of slow waves of time.
#[derive(Clone)]
pub(crate) struct Tremor {
    /// Amplitude, cycles a second, phase.
    waves: [(f32, f32, f32); 4],
}

impl Tremor {
    /// Waves between two frequencies in Hz with the root mean square `rms` together.
    pub(crate) fn draw(rng: &mut impl Rng, rms: f32, (low, high): (f32, f32)) -> Self {
        let waves = std::array::from_fn(|_| {
            let amplitude = rms * (2.0_f32 / 4.0).sqrt() * between(rng, 0.6, 1.3);
            (amplitude, between(rng, low, high), angle(rng))
        });
        Self { waves }
    }

    pub(crate) fn at(&self, ms: f32) -> f32 {
        let t = 0.001 * ms;
        self.waves
            .iter()
            .map(|(a, f, p)| a * (TAU * f * t + p).sin())
            .sum()
    }
}

/// Answer of a pupil to a pulse of light.
#[derive(Clone, Copy)]
pub(crate) struct Reflex {
    latency_ms: f32,
    /// Narrowing as a share of the diameter.
    amplitude: f32,
    narrowing_ms: f32,
    widening_ms: f32,
}

impl Reflex {
    fn draw(rng: &mut impl Rng) -> Self {
        Self {
            latency_ms: clamped(rng, 245.0, 28.0, (190.0, 340.0)),
            amplitude: clamped(rng, 0.21, 0.055, (0.08, 0.38)),
            narrowing_ms: clamped(rng, 165.0, 30.0, (105.0, 250.0)),
            widening_ms: clamped(rng, 1_900.0, 500.0, (900.0, 3_500.0)),
        }
    }

    /// Share of the diameter by which the pupil is narrower: a step answered by two
    /// equal lags in sequence, and a slow return after the light.
    fn narrowing(self, pulse: Pulse, ms: f32) -> f32 {
        let since = ms - pulse.start_ms as f32 - self.latency_ms;
        if since <= 0.0 {
            return 0.0;
        }
        let lit = since.min(pulse.length_ms as f32 + 150.0);
        let x = lit / self.narrowing_ms;
        let dark = since - lit;
        self.amplitude * (1.0 - (1.0 + x) * (-x).exp()) * (-dark / self.widening_ms).exp()
    }
}

/// A blink: when the eyelids are closed most, and for how long they move.
#[derive(Clone, Copy)]
struct Blink {
    middle_ms: f32,
    half_ms: f32,
}

/// Everything a person does in one session.
#[derive(Clone)]
pub(crate) struct Behaviour {
    /// `None` for an eye that does not answer light.
    pub(crate) reflex: Option<Reflex>,
    /// Unrest of the pupil, in pupil to iris ratio.
    pub(crate) hippus: Tremor,
    /// Sway of head and hand, in pixels right and down.
    pub(crate) sway: (Tremor, Tremor),
    /// Coming and going, as a share of the distance.
    pub(crate) approach: Tremor,
    /// Roll of the head, in radians.
    pub(crate) roll: Tremor,
    /// Unrest of the gaze in radians.
    drift: (Tremor, Tremor),
    /// The target steps once: when the eye follows, and by how much (radians).
    step: (f32, (f32, f32)),
    blinks: Vec<Blink>,
    /// Blur at the start and the time in which the lens finds the plane of focus.
    focus: (f32, f32, f32),
    /// Distance of the glints' step from LED to LED over the LED's: half the cornea's
    /// radius over that of the iris.
    pub(crate) cornea: f32,
}

/// Blinks a second.
const BLINK_RATE: f32 = 0.25;
/// Length of a session that blinks are drawn for, in milliseconds.
const SPAN_MS: f32 = 2_600.0;

impl Behaviour {
    pub(crate) fn draw(rng: &mut impl Rng) -> Self {
        let hippus_rms = between(rng, 0.002, 0.009);
        let to = (angle(rng), between(rng, 0.05, 0.10));
        let cornea_mm = clamped(rng, 7.8, 0.26, (7.0, 8.6));
        let iris_mm = clamped(rng, 5.9, 0.22, (5.3, 6.5));
        Self {
            reflex: Some(Reflex::draw(rng)),
            hippus: Tremor::draw(rng, hippus_rms, (0.1, 0.8)),
            sway: (
                Tremor::draw(rng, 4.0, (0.15, 0.9)),
                Tremor::draw(rng, 3.0, (0.15, 0.9)),
            ),
            approach: Tremor::draw(rng, 0.012, (0.1, 0.6)),
            roll: Tremor::draw(rng, 0.008, (0.1, 0.6)),
            drift: (
                Tremor::draw(rng, 0.006, (0.3, 2.5)),
                Tremor::draw(rng, 0.006, (0.3, 2.5)),
            ),
            step: (
                between(rng, 700.0, 1_900.0),
                (to.1 * to.0.cos(), 0.7 * to.1 * to.0.sin()),
            ),
            blinks: draw_blinks(rng),
            focus: (
                between(rng, 0.0, 2.2),
                between(rng, 150.0, 450.0),
                angle(rng),
            ),
            cornea: 0.5 * cornea_mm / iris_mm,
        }
    }

    /// Change of the pupil to iris ratio from one of `resting`.
    pub(crate) fn pupil_change(&self, pulse: Pulse, resting: f32, ms: f32) -> f32 {
        let narrowing = self
            .reflex
            .map_or(0.0, |reflex| reflex.narrowing(pulse, ms));
        self.hippus.at(ms) - resting * narrowing
    }

    /// Gaze beyond that at the start, right and down.
    pub(crate) fn gaze(&self, ms: f32) -> (f32, f32) {
        let (when, by) = self.step;
        // The eye jumps within some 40 ms.
        let moved = ((ms - when) / 40.0).clamp(0.0, 1.0);
        (
            self.drift.0.at(ms) + moved * by.0,
            self.drift.1.at(ms) + moved * by.1,
        )
    }

    /// Returns how far the eyelids are closed, 0 to 1.
    pub(crate) fn closed(&self, ms: f32) -> f32 {
        self.blinks
            .iter()
            .map(|blink| {
                let away = ((ms - blink.middle_ms) / blink.half_ms).abs();
                (1.0 - away * away).max(0.0)
            })
            .fold(0.0, f32::max)
    }

    /// Blur beyond the settled one, standard deviation in pixels.
    pub(crate) fn hunting(&self, ms: f32) -> f32 {
        let (start, time, phase) = self.focus;
        start * (-ms / time).exp() * (0.004 * ms + phase).cos().abs()
    }

    /// Sway during an exposure, in pixels.
    pub(crate) fn blur_by_motion(&self, ms: f32, rng: &mut impl Rng) -> (f32, f32) {
        const EXPOSURE_MS: f32 = 8.0;
        let during = |tremor: &Tremor| tremor.at(ms + EXPOSURE_MS) - tremor.at(ms);
        (
            during(&self.sway.0) + 0.35 * normal(rng),
            during(&self.sway.1) + 0.25 * normal(rng),
        )
    }
}

fn draw_blinks(rng: &mut impl Rng) -> Vec<Blink> {
    let mut blinks = Vec::new();
    if chance(rng, BLINK_RATE * 0.001 * SPAN_MS) {
        blinks.push(Blink {
            middle_ms: between(rng, 0.0, SPAN_MS),
            half_ms: between(rng, 90.0, 170.0),
        });
    }
    blinks
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_pupil_rests_until_its_latency_is_narrowest_in_a_second_and_returns() {
        let pulse = Pulse {
            start_ms: 1_000,
            length_ms: 500,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for _ in 0..500 {
            let reflex = Reflex::draw(&mut rng);
            assert_eq!(reflex.narrowing(pulse, 1_190.0), 0.0);
            let course: Vec<f32> = (0..600)
                .map(|k| reflex.narrowing(pulse, 10.0 * k as f32))
                .collect();
            let peak = (0..600)
                .max_by(|&a, &b| course[a].total_cmp(&course[b]))
                .unwrap_or(0);
            assert!((150..205).contains(&peak), "narrowest at {peak}0 ms");
            assert!((0.06..=0.38).contains(&course[peak]), "{}", course[peak]);
            assert!(course[599] < 0.5 * course[peak]);
        }
    }
}
