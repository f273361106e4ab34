//! Sines and cosines that are the same on every machine.

/// Sine and cosine of an angle in radians, by portable code: the standard library's
/// depend on the platform.
pub(crate) fn sin_cos(angle: f32) -> (f32, f32) {
    (libm::sinf(angle), libm::cosf(angle))
}

/// Length of a vector.
pub(crate) fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}
