//! The living eyes of somebody already enrolled, not shown as they are.

use crate::anatomy::Person;
use crate::session::{Sitting, Subject};
use annona_iris::Eye;
use annona_iris::pad::Challenge;
use image::{GrayImage, imageops};
use rand::Rng;

/// The left eye before the camera of the right one, and the other way round.
pub(crate) struct Swapped(Sitting);

/// A face in a mirror.
pub(crate) struct InMirror(Sitting);

/// Offers one eye after the other, in the wrong order.
pub(crate) fn swapped(person: &Person, challenge: &Challenge, rng: &mut impl Rng) -> Swapped {
    Swapped(Sitting::new(person, challenge, rng))
}

/// Holds a mirror between face and orb. The face sees the LEDs mirrored, and the orb
/// the face: the mirror image is lit from where the LEDs are.
pub(crate) fn in_mirror(person: &Person, challenge: &Challenge, rng: &mut impl Rng) -> InMirror {
    let mut seen = challenge.clone();
    for led in &mut seen.rig.leds {
        led.right = -led.right;
    }
    InMirror(Sitting::new(person, &seen, rng))
}

const fn other(eye: Eye) -> Eye {
    match eye {
        Eye::Left => Eye::Right,
        Eye::Right => Eye::Left,
    }
}

impl Subject for Swapped {
    fn frame(&self, eye: Eye, index: usize) -> GrayImage {
        self.0.frame(other(eye), index)
    }
}

impl Subject for InMirror {
    fn frame(&self, eye: Eye, index: usize) -> GrayImage {
        imageops::flip_horizontal(&self.0.frame(other(eye), index))
    }
}
