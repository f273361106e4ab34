//! A capture session: frames of a person's eyes over some seconds, while the orb
//! switches its LEDs and sends a pulse of visible light.
//!
//! [`challenge`] draws the plan of the orb's lights, a [`Sitting`] is a person in front of
//! it, and [`watch`] runs the liveness session of `annona-iris` on any [`Subject`] that is
//! shown. The same seeds give the same frames to the bit.

mod behaviour;
mod orb;
mod sitting;

pub(crate) use behaviour::{Behaviour, Tremor};
pub use orb::{Seen, challenge, rig, watch, watch_both};
pub use sitting::Sitting;
pub(crate) use sitting::{View, shade_flat};

use annona_iris::Eye;
use image::GrayImage;

/// Anything that can be before the orb in one session.
pub trait Subject: Sync {
    /// The frame of a shot, by its index in the challenge.
    fn frame(&self, eye: Eye, index: usize) -> GrayImage;
}
