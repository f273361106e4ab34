//! A contact lens with a printed iris on a living eye.

use super::Range;
use crate::anatomy::Person;
use crate::conditions::CaptureConditions;
use crate::optics::Plane;
use crate::random::between;
use crate::render::paint;
use crate::session::{Sitting, Subject, Tremor, View};
use crate::truth::Truth;
use crate::view::{HEIGHT, WIDTH};
use annona_iris::Eye;
use annona_iris::pad::Challenge;
use image::GrayImage;
use rand::Rng;
use std::f32::consts::TAU;

/// The victim's irises as they are printed, on the eyes of the forger.
pub(crate) struct Lenses {
    wearer: Sitting,
    prints: [(Plane, Truth); 2],
    /// Radius of the clear middle, in iris radii.
    aperture: f32,
    /// Distance of the dots, in iris radii.
    pitch: f32,
    /// Share of the area under dots.
    coverage: f32,
    /// Share of the light that a dot keeps back.
    opacity: f32,
    /// Raggedness of the inner edge, in iris radii.
    fringe: f32,
    slip: (Tremor, Tremor),
}

/// Puts lenses with the victim's irises on the forger.
pub(crate) fn wear(
    range: Range,
    victim: &Person,
    forger: &Person,
    challenge: &Challenge,
    rng: &mut impl Rng,
) -> Lenses {
    let aperture = range.draw(rng, (0.42, 0.52), [(0.37, 0.42), (0.52, 0.60)]);
    let prints = [Eye::Left, Eye::Right].map(|eye| {
        let conditions = CaptureConditions {
            upper_eyelid_drop: -1.5,
            lower_eyelid_rise: -1.5,
            lash_density: 0.0,
            glints: Vec::new(),
            gaze: (0.0, 0.0),
            light: (0.0, 0.0),
            veil: 0.0,
            ..CaptureConditions::sample(rng)
        };
        paint(victim, eye, &conditions, rng)
    });
    Lenses {
        wearer: Sitting::new(forger, challenge, rng),
        prints,
        aperture,
        pitch: range.draw(rng, (0.022, 0.036), [(0.017, 0.022), (0.036, 0.055)]),
        coverage: range.draw(rng, (0.62, 0.82), [(0.55, 0.62), (0.82, 0.95)]),
        opacity: range.draw(rng, (0.8, 0.95), [(0.7, 0.8), (0.95, 1.0)]),
        fringe: between(rng, 0.0, 0.04),
        slip: (
            Tremor::draw(rng, 0.012, (0.1, 1.2)),
            Tremor::draw(rng, 0.016, (0.1, 1.2)),
        ),
    }
}

impl Lenses {
    fn cover(&self, view: &mut View, eye: Eye) {
        let print = match eye {
            Eye::Left => &self.prints[0],
            Eye::Right => &self.prints[1],
        };
        let slip = (self.slip.0.at(view.ms), self.slip.1.at(view.ms));
        for y in 0..HEIGHT as usize {
            for x in 0..WIDTH as usize {
                let at = y * WIDTH as usize + x;
                if view.truth.hidden[at] {
                    continue;
                }
                let (ix, iy) = view.truth.to_iris(x as f32, y as f32);
                let (lx, ly) = (ix - slip.0, iy - slip.1);
                let radius = lx.hypot(ly);
                if radius > 1.04 || radius < self.aperture - 0.05 {
                    continue;
                }
                let cover = self.opacity * self.dot(lx, ly, radius);
                if cover > 0.0 {
                    let grey = self.printed(print, lx, ly, radius);
                    view.plane.data[at] += cover * (grey - view.plane.data[at]);
                }
            }
        }
    }

    /// Returns the share of a point that dots cover: a hexagonal lattice inside a ragged
    /// ring.
    fn dot(&self, x: f32, y: f32, radius: f32) -> f32 {
        let angle = y.atan2(x);
        let edge = self.aperture + self.fringe * (23.0 * angle).sin();
        let inside =
            ((radius - edge) / 0.01).clamp(0.0, 1.0) * ((1.03 - radius) / 0.01).clamp(0.0, 1.0);
        if inside <= 0.0 {
            return 0.0;
        }
        let wave = |turn: f32| {
            let (s, c) = (turn * TAU / 6.0).sin_cos();
            (TAU * (c * x + s * y) / (0.866 * self.pitch)).cos()
        };
        // Three waves at 60 degrees: -1.5 between dots, 3 in their middle.
        let spot = (wave(0.0) + wave(1.0) + wave(2.0) + 1.5) / 4.5;
        // The share of the area above a level falls off nearly as its root.
        let level = (1.0 - self.coverage).powi(2) + 0.1 * (1.0 - self.coverage);
        inside * ((spot - level) * 8.0 + 0.5).clamp(0.0, 1.0)
    }

    fn printed(&self, (plane, truth): &(Plane, Truth), x: f32, y: f32, radius: f32) -> f32 {
        let depth = ((radius - self.aperture) / (1.0 - self.aperture)).clamp(0.02, 0.98);
        let (px, py) = truth.sheet_to_image(y.atan2(x), depth);
        let px = px.clamp(0.0, WIDTH as f32 - 1.0) as usize;
        let py = py.clamp(0.0, HEIGHT as f32 - 1.0) as usize;
        plane.data[py * WIDTH as usize + px]
    }
}

impl Subject for Lenses {
    fn frame(&self, eye: Eye, index: usize) -> GrayImage {
        let mut view = self.wearer.view(eye, index);
        self.cover(&mut view, eye);
        view.add_glint();
        view.develop()
    }
}
