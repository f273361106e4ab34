//! Distributions the simulator draws from.

use rand::{Rng, RngExt};

/// A standard normal deviate (Box and Muller 1958, one of the pair).
pub fn normal(rng: &mut impl Rng) -> f32 {
    let u: f32 = 1.0 - rng.random::<f32>();
    let v: f32 = rng.random();
    (-2.0 * libm::logf(u)).sqrt() * libm::cosf(std::f32::consts::TAU * v)
}

/// A normal deviate of `mean` and `sd`, held inside `[low, high]`.
pub(crate) fn clamped(rng: &mut impl Rng, mean: f32, sd: f32, (low, high): (f32, f32)) -> f32 {
    (mean + sd * normal(rng)).clamp(low, high)
}

/// A uniform deviate of `[low, high)`.
pub(crate) fn between(rng: &mut impl Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

/// True with probability `p`.
pub(crate) fn chance(rng: &mut impl Rng, p: f32) -> bool {
    rng.random::<f32>() < p
}

/// A uniform angle in radians.
pub(crate) fn angle(rng: &mut impl Rng) -> f32 {
    between(rng, 0.0, std::f32::consts::TAU)
}
