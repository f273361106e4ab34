//! Frames that the lens did not see now: recorded earlier, or changed on the way.

use super::Range;
use crate::anatomy::Person;
use crate::session::{Sitting, Subject, challenge as draw_challenge};
use annona_iris::Eye;
use annona_iris::pad::{Challenge, Shot};
use image::{GrayImage, imageops};
use rand::{Rng, RngExt};

/// For each shot, the frame that is submitted.
pub(crate) struct Replay {
    /// Sittings that were recorded earlier.
    sittings: Vec<Sitting>,
    /// For each shot of the challenge: sitting, frame in it, shift in pixels, grey
    /// levels added.
    plan: Vec<(usize, usize, (i64, i64), i16)>,
    /// Exchange of left and right of the pixels.
    flip: Flip,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flip {
    No,
    LeftRight,
}

/// One frame, shifted and brightened from shot to shot in the held-out range.
pub(crate) fn one_frame(
    range: Range,
    victim: &Person,
    challenge: &Challenge,
    rng: &mut impl Rng,
) -> Replay {
    let frame = rng.random_range(0..challenge.shots.len());
    let reach = match range {
        Range::Tuning => 2,
        Range::HeldOut => 5,
    };
    let plan = challenge
        .shots
        .iter()
        .map(|_| {
            let shift = (
                rng.random_range(-reach..=reach),
                rng.random_range(-reach..=reach),
            );
            let brighter = match range {
                Range::Tuning => 0,
                Range::HeldOut => rng.random_range(-6..=6),
            };
            (0, frame, shift, brighter)
        })
        .collect();
    Replay::of(victim, 1, plan, rng)
}

/// A session under another challenge; in the held-out range it is started late or early.
pub(crate) fn session(
    range: Range,
    victim: &Person,
    challenge: &Challenge,
    rng: &mut impl Rng,
) -> Replay {
    let delay = match range {
        Range::Tuning => 0,
        Range::HeldOut => rng.random_range(0..4usize),
    };
    let count = challenge.shots.len();
    let plan = (0..count)
        .map(|k| (0, (k + delay) % count, (0, 0), 0))
        .collect();
    Replay::of(victim, 1, plan, rng)
}

/// The frame with the LED of the shot whose time since the pulse is nearest, from
/// two recorded sessions or, in the held-out range, from five.
pub(crate) fn spliced(
    range: Range,
    victim: &Person,
    challenge: &Challenge,
    rng: &mut impl Rng,
) -> Replay {
    let count = match range {
        Range::Tuning => 2,
        Range::HeldOut => 5,
    };
    let mut replay = Replay::of(victim, count, Vec::new(), rng);
    let since = |c: &Challenge, shot: &Shot| i64::from(shot.at_ms) - i64::from(c.pulse.start_ms);
    replay.plan = challenge
        .shots
        .iter()
        .map(|wanted| {
            let mut best = (i64::MAX, 0, 0);
            for (s, sitting) in replay.sittings.iter().enumerate() {
                for (f, shot) in sitting.challenge.shots.iter().enumerate() {
                    let off = (since(&sitting.challenge, shot) - since(challenge, wanted)).abs();
                    if shot.led == wanted.led && off < best.0 {
                        best = (off, s, f);
                    }
                }
            }
            (best.1, best.2, (0, 0), 0)
        })
        .collect();
    replay
}

/// A living eye under this very challenge, left and right exchanged.
pub(crate) fn mirrored(
    _range: Range,
    forger: &Person,
    challenge: &Challenge,
    rng: &mut impl Rng,
) -> Replay {
    let plan = (0..challenge.shots.len())
        .map(|k| (0, k, (0, 0), 0))
        .collect();
    Replay {
        sittings: vec![Sitting::new(forger, challenge, rng)],
        plan,
        flip: Flip::LeftRight,
    }
}

impl Replay {
    fn of(
        victim: &Person,
        sessions: usize,
        plan: Vec<(usize, usize, (i64, i64), i16)>,
        rng: &mut impl Rng,
    ) -> Self {
        let sittings = (0..sessions)
            .map(|_| {
                let earlier = draw_challenge(rng);
                Sitting::new(victim, &earlier, rng)
            })
            .collect();
        Self {
            sittings,
            plan,
            flip: Flip::No,
        }
    }
}

impl Subject for Replay {
    fn frame(&self, eye: Eye, index: usize) -> GrayImage {
        let (sitting, frame, (dx, dy), brighter) = self.plan[index];
        let image = self.sittings[sitting].frame(eye, frame);
        let (w, h) = (i64::from(image.width()), i64::from(image.height()));
        let changed = GrayImage::from_fn(image.width(), image.height(), |x, y| {
            let at = |v: u32, d: i64, n: i64| (i64::from(v) + d).clamp(0, n - 1) as u32;
            let grey = image.get_pixel(at(x, dx, w), at(y, dy, h)).0[0];
            image::Luma([(i16::from(grey) + brighter).clamp(0, 255) as u8])
        });
        match self.flip {
            Flip::No => changed,
            Flip::LeftRight => imageops::flip_horizontal(&changed),
        }
    }
}
