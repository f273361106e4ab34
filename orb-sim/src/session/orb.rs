//! The orb's side of a session.

use super::Subject;
use crate::random::between;
use annona_iris::Eye;
use annona_iris::pad::{
    AcceptedCapture, Advice, CaptureRefusal, CaptureSession, Challenge, Led, Pulse, Rig, Shot,
};
use rand::{Rng, RngExt};
use std::f32::consts::TAU;

/// LEDs on the ring around the lens.
const LEDS: usize = 6;
/// Radius of the ring over the working distance: 50 mm at 250 mm.
const RING: f32 = 0.2;
/// Radius in pixels of an average iris at the working distance.
const IRIS_RADIUS_PX: f32 = 115.0;
/// Frames of a session and the time between them.
const FRAMES: usize = 13;
const INTERVAL_MS: u32 = 200;
/// The pulse of visible light begins between these.
const PULSE_FROM_MS: f32 = 450.0;
const PULSE_TO_MS: f32 = 1_350.0;
const PULSE_LENGTH_MS: u32 = 500;

/// Lights and scale of the simulated orb.
#[must_use]
pub fn rig() -> Rig {
    let leds = (0..LEDS)
        .map(|k| {
            let angle = TAU * (k as f32 + 0.5) / LEDS as f32;
            Led {
                right: RING * angle.cos(),
                down: RING * angle.sin(),
            }
        })
        .collect();
    Rig {
        leds,
        iris_radius_px: IRIS_RADIUS_PX,
    }
}

/// Draws the order of the LEDs and the time of the pulse.
pub fn challenge(rng: &mut impl Rng) -> Challenge {
    let rig = rig();
    let mut led = rng.random_range(0..LEDS);
    let shots = (0..FRAMES)
        .map(|k| {
            // Never the same LED twice in sequence.
            led = (led + rng.random_range(1..LEDS)) % LEDS;
            Shot {
                at_ms: k as u32 * INTERVAL_MS,
                led,
            }
        })
        .collect();
    let pulse = Pulse {
        start_ms: between(rng, PULSE_FROM_MS, PULSE_TO_MS) as u32,
        length_ms: PULSE_LENGTH_MS,
    };
    Challenge { rig, pulse, shots }
}

/// Result of the session with one eye.
pub struct Seen {
    /// Best frames, or the reason why there are none.
    pub outcome: Result<AcceptedCapture, CaptureRefusal>,
    /// Advice given to the person, in the order of the frames.
    pub advice: Vec<Advice>,
}

/// Watches both eyes of a subject at the same time, left first.
pub fn watch_both(subject: &impl Subject, challenge: &Challenge) -> [Seen; 2] {
    std::thread::scope(|scope| {
        let left = scope.spawn(|| watch(subject, Eye::Left, challenge));
        let right = watch(subject, Eye::Right, challenge);
        let left = left
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        [left, right]
    })
}

/// Watches one eye of a subject for one session.
pub fn watch(subject: &impl Subject, eye: Eye, challenge: &Challenge) -> Seen {
    let mut session = CaptureSession::new(eye, challenge.clone());
    let mut advice = Vec::new();
    for index in 0..challenge.shots.len() {
        advice.extend(session.offer(subject.frame(eye, index)));
    }
    Seen {
        outcome: session.finish(),
        advice,
    }
}
