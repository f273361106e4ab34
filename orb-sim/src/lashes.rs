//! Eyelashes: dark curved strokes rooted in the eyelid margins.

use crate::anatomy::EyelidAnatomy;
use crate::eyelids::Eyelids;
use crate::random::{between, chance, normal};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// A point along a lash in face coordinates, with the half width there, in iris radii.
pub(crate) struct Bead {
    pub(crate) at: (f32, f32),
    pub(crate) half_width: f32,
}

/// Step between beads, in iris radii.
const STEP: f32 = 0.008;

/// Grows the lashes of one photograph. Roots and lengths are the person's; `rng`
/// decides which hang into view and how each sits at the moment.
pub(crate) fn grow(
    anatomy: &EyelidAnatomy,
    growth_seed: u64,
    eyelids: &Eyelids,
    density: f32,
    rng: &mut impl Rng,
) -> Vec<Bead> {
    let mut own = ChaCha12Rng::seed_from_u64(growth_seed);
    own.set_stream(2);
    let mut beads = Vec::new();
    let (left, right) = eyelids.extent();
    let middle = 0.5 * (left + right);
    let reach = 0.5 * (right - left);
    for i in 0..anatomy.lashes {
        let t = (i as f32 + 0.5 + 0.6 * normal(&mut own)) / anatomy.lashes as f32;
        let x = left + (0.04 + 0.92 * t.clamp(0.0, 1.0)) * (right - left);
        let length = anatomy.lash_length * between(&mut own, 0.45, 1.1);
        let lean = 0.9 * (x - middle) / reach + 0.22 * normal(&mut own);
        let droop = between(&mut own, 0.1, 1.0);
        let width = between(&mut own, 0.007, 0.013);
        if chance(rng, density) {
            let lean = lean + 0.06 * normal(rng);
            let root = (x, eyelids.upper_at(x) - 0.01);
            upper_lash(&mut beads, root, length, lean, droop, width);
        }
        if chance(rng, 0.5 * density) {
            let root = (x, eyelids.lower_at(x) + 0.02);
            let heading = std::f32::consts::FRAC_PI_2 - 0.8 * lean;
            stroke(
                &mut beads,
                root,
                (heading, 0.3 * lean),
                0.35 * length,
                0.7 * width,
            );
        }
    }
    beads
}

/// An upper lash first falls before the eye, then turns outward and up.
fn upper_lash(
    beads: &mut Vec<Bead>,
    root: (f32, f32),
    length: f32,
    lean: f32,
    droop: f32,
    width: f32,
) {
    let side = if lean < 0.0 { -1.0 } else { 1.0 };
    let down = std::f32::consts::FRAC_PI_2;
    let heading = down - lean * (1.0 + 0.4 * droop);
    let curl = -side * (0.4 + 1.4 * (1.0 - droop)) / length.max(0.1) * 0.6;
    let shown = length * (0.35 + 0.65 * droop);
    stroke(beads, root, (heading, curl), shown, width);
}

/// Follows a heading that turns by `curl` radians an iris radius, tapering to the tip.
fn stroke(
    beads: &mut Vec<Bead>,
    root: (f32, f32),
    (heading, curl): (f32, f32),
    length: f32,
    width: f32,
) {
    let (mut x, mut y) = root;
    let steps = (length / STEP) as usize;
    let (mut right, mut down) = (libm::cosf(heading), libm::sinf(heading));
    let (cos, sin) = (libm::cosf(curl * STEP), libm::sinf(curl * STEP));
    for i in 0..steps {
        let s = i as f32 * STEP;
        x += STEP * right;
        y += STEP * down;
        (right, down) = (cos * right - sin * down, sin * right + cos * down);
        beads.push(Bead {
            at: (x, y),
            half_width: width * (1.0 - 0.75 * s / length),
        });
    }
}
