//! All checks on the frames of one eye.

use super::challenge::Challenge;
use super::checks::{continuity, glints, pupil, same, shading, spectrum, tissue_motion};
use super::frame::Frame;
use super::limits;
use super::verdict::{LivenessCheck, LivenessMeasurement, LivenessReport};

/// The frames do not suffice for a verdict; the session has to be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Only {usable} frames of the eye could be used ({before} before the light, {during} after it). Hold still and keep your eyes open."
)]
pub struct TooFewFrames {
    /// Frames that could be used.
    pub usable: usize,
    /// Of them, before the pupil can have answered the light.
    pub before: usize,
    /// Of them, while the pupil answers.
    pub during: usize,
}

/// Judges the frames of one eye against the challenge that the orb played (ENROL-14).
///
/// # Errors
/// [`TooFewFrames`] when the limits of [`limits`] on their number are not kept.
pub fn assess(challenge: &Challenge, frames: &[Frame<'_>]) -> Result<LivenessReport, TooFewFrames> {
    check_number(challenge, frames)?;
    let response = pupil::response(challenge.pulse, frames);
    let measurements = LivenessCheck::ALL
        .into_iter()
        .map(|check| LivenessMeasurement {
            check,
            value: match check {
                LivenessCheck::FramesDiffer => same::least_difference(frames),
                LivenessCheck::Continuity => continuity::typical_jump(frames),
                LivenessCheck::GlintDisplacement => Some(glints::error(challenge, frames)),
                LivenessCheck::PupilAmplitude => Some(response.amplitude),
                LivenessCheck::PupilTiming => Some(response.lag_ms),
                LivenessCheck::Shading => shading::slope(challenge, frames),
                LivenessCheck::Spectrum => spectrum::greatest_peak(frames),
                LivenessCheck::TissueMotion => Some(tissue_motion::motion(frames)),
            },
        })
        .collect();
    Ok(LivenessReport { measurements })
}

fn check_number(challenge: &Challenge, frames: &[Frame<'_>]) -> Result<(), TooFewFrames> {
    let pulse = challenge.pulse;
    let before = frames
        .iter()
        .filter(|f| f.shot.at_ms < pulse.start_ms + pupil::MIN_LATENCY_MS)
        .count();
    let during = frames
        .iter()
        .filter(|f| pupil::ANSWER_MS.contains(&f.shot.at_ms.saturating_sub(pulse.start_ms)))
        .count();
    let enough = frames.len() >= limits::MIN_FRAMES
        && before >= limits::MIN_FRAMES_BEFORE
        && during >= limits::MIN_FRAMES_DURING;
    if enough {
        return Ok(());
    }
    Err(TooFewFrames {
        usable: frames.len(),
        before,
        during,
    })
}
