//! An artificial eye: a painted iris behind a clear dome, between living eyelids.

use super::Range;
use crate::anatomy::Person;
use crate::session::{Sitting, Subject, Tremor, View};
use crate::view::{HEIGHT, WIDTH};
use annona_iris::Eye;
use annona_iris::pad::Challenge;
use image::GrayImage;
use rand::Rng;

/// Artificial eyes made after the victim's.
pub(crate) struct Prosthesis {
    wearer: Sitting,
    /// Radius of the dome over that of a living cornea.
    dome: f32,
    /// Contrast of the painting over that of the iris.
    contrast: f32,
}

/// Makes artificial eyes. The eyelids, blinks and the head around them are alive.
pub(crate) fn fit(
    range: Range,
    victim: &Person,
    challenge: &Challenge,
    rng: &mut impl Rng,
) -> Prosthesis {
    let mut wearer = Sitting::new(victim, challenge, rng);
    wearer.behaviour.reflex = None;
    wearer.behaviour.hippus = Tremor::draw(rng, 0.0, (0.1, 0.8));
    Prosthesis {
        wearer,
        dome: range.draw(rng, (0.9, 1.15), [(0.75, 0.9), (1.15, 1.4)]),
        contrast: range.draw(rng, (0.75, 1.0), [(0.5, 0.75), (1.0, 1.3)]),
    }
}

impl Prosthesis {
    /// Grey levels of the iris are painted around their mean.
    fn repaint(&self, view: &mut View) {
        let mut iris = Vec::new();
        for y in 0..HEIGHT as usize {
            for x in 0..WIDTH as usize {
                let at = y * WIDTH as usize + x;
                let (ix, iy) = view.truth.to_iris(x as f32, y as f32);
                let radius = ix.hypot(iy);
                let tissue = radius < 0.96 && radius > view.truth.pupil.radius + 0.04;
                if tissue && !view.truth.hidden[at] {
                    iris.push(at);
                }
            }
        }
        let sum: f32 = iris.iter().map(|&at| view.plane.data[at]).sum();
        let mean = sum / iris.len().max(1) as f32;
        for at in iris {
            let grey = &mut view.plane.data[at];
            *grey = mean + self.contrast * (*grey - mean);
        }
    }
}

impl Subject for Prosthesis {
    fn frame(&self, eye: Eye, index: usize) -> GrayImage {
        let mut view = self.wearer.view(eye, index);
        self.repaint(&mut view);
        view.bend_glint(self.dome);
        view.add_glint();
        view.develop()
    }
}
