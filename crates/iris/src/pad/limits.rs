//! The limits of the liveness checks, in one place.
//!
//! They were set between the values of living eyes and those of the attacks with
//! parameters from the tuning ranges; `docs/measurements/liveness.md` has the measurement,
//! with further ranges that nothing here was set on.

/// Least number of usable frames of an eye.
// Chosen of 13 shots, not measured: blinks and blur may cost five.
pub const MIN_FRAMES: usize = 8;
/// Least number of usable frames before the pupil can have answered.
pub const MIN_FRAMES_BEFORE: usize = 2;
/// Least number of usable frames while the pupil is answering.
pub const MIN_FRAMES_DURING: usize = 3;
/// Least narrowing of the pupil after the pulse, as a share of its diameter.
// Set on 40 presentations of each kind of seeds 1 and 2, as all limits without a note of their
// own.
pub const MIN_PUPIL_AMPLITUDE: f32 = 0.045;
/// Largest difference in milliseconds between the pulse and the nearest that the pupil
/// may as well have answered.
pub const MAX_PUPIL_LAG_MS: f32 = 180.0;
/// Largest error of the glint's way between two LEDs, over the way expected
/// (median over the pairs of frames).
// A glint that does not move has an error of 1.
pub const MAX_GLINT_ERROR: f32 = 0.5;
/// Least growth of the logarithm of the brightness of the white on the lit side
/// over that on the other, for a unit of the LED's place. A sphere has about 1.8,
/// a flat sheet of paper 0.3, a screen 0.
pub const MIN_SHADING_SLOPE: f32 = 0.9;
/// Largest peak of the power spectrum of the iris over its surroundings.
// This and the limit of tissue motion were set on 476 living eyes and 244 textured lenses of
// seeds 1 and 2; 3 of the eyes and 14 of the lenses lie on the wrong side.
pub const MAX_SPECTRAL_PEAK: f32 = 12.0;
/// Least ratio of two residues, times the fourth root of the texture over the latter: the
/// part of the frames that texture at rest leaves unexplained, to the part that texture
/// moving with the pupil does. Living tissue mostly has 2 to 5, a print on a lens mostly
/// 0.9 to 1.7 (ENROL-14).
pub const MIN_TISSUE_MOTION: f32 = 1.68;
/// Least difference of two frames in grey levels, when one is laid over the other.
pub const MIN_FRAME_DIFFERENCE: f32 = 1.5;
/// Largest jump of the iris between two frames in sequence, in iris radii
/// (median over the session).
// Set on 60 living people and 20 spliced sessions of seeds 1 and 2.
pub const MAX_JUMP: f32 = 0.1;
