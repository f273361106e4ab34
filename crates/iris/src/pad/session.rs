//! The conversation with one eye: frames in, advice out, and an end.

use annona_model::Eye;
use image::GrayImage;

use super::assess::{TooFewFrames, assess};
use super::challenge::{Challenge, Shot};
use super::frame::Frame;
use super::guidance::Advice;
use super::verdict::{LivenessReport, LivenessVerdict};
use crate::pipeline::{Encoding, encode};

/// Frames handed on for the template. There are some: a verdict needs more frames.
// Three fused templates erred in no pair of CASIA-IrisV1 (docs/measurements/iris.md, Fusion).
const BEST_FRAMES: usize = 3;

/// A session with one eye. It takes as many frames as the challenge has shots and
/// not one more.
#[derive(Debug, Clone)]
pub struct CaptureSession {
    eye: Eye,
    challenge: Challenge,
    /// Shots that a frame was offered for.
    offered: usize,
    kept: Vec<SelectedFrame>,
    /// Advice given so far, in the order of the frames.
    advice: Vec<Advice>,
}

/// A frame that can be used, with the pipeline's result for it.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectedFrame {
    /// Pixels of the frame.
    pub image: GrayImage,
    /// Result of the pipeline for these pixels.
    pub encoding: Encoding,
    /// Time at which it was taken, and the LED that lit it.
    pub shot: Shot,
}

/// Result of a session that saw a living eye.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceptedCapture {
    /// Best frame of the session.
    pub best: SelectedFrame,
    /// The next best ones, for fusing several into one template.
    pub others: Vec<SelectedFrame>,
    /// Measurements of the liveness checks.
    pub report: LivenessReport,
}

/// Reason why a session ended without success.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureRefusal {
    /// Too few frames could be used. Another session may help.
    #[error("{} ({shortage})", advice.sentence())]
    TooFewFrames {
        /// Numbers of usable frames, which show where they were too few.
        shortage: TooFewFrames,
        /// Advice that would have helped most often.
        advice: Advice,
    },
    /// It is no living eye.
    #[error("{verdict}")]
    NotLive {
        /// Always [`LivenessVerdict::Attack`]: the check that failed.
        verdict: LivenessVerdict,
        /// All measurements of the eye.
        report: LivenessReport,
    },
}

impl CaptureRefusal {
    /// The stable name, for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooFewFrames { advice, .. } => advice.code(),
            Self::NotLive { verdict, .. } => verdict.code(),
        }
    }

    /// Returns whether another session with the same person makes sense.
    #[must_use]
    pub const fn is_worth_a_retry(&self) -> bool {
        matches!(self, Self::TooFewFrames { .. })
    }
}

impl CaptureSession {
    /// Begins a session. The challenge must be fresh.
    #[must_use]
    pub const fn new(eye: Eye, challenge: Challenge) -> Self {
        Self {
            eye,
            challenge,
            offered: 0,
            kept: Vec::new(),
            advice: Vec::new(),
        }
    }

    /// The shot that the next frame is for; `None` when the session is over.
    #[must_use]
    pub fn next_shot(&self) -> Option<Shot> {
        self.challenge.shots.get(self.offered).copied()
    }

    /// Takes the frame of [`Self::next_shot`] and says what would make the next one
    /// better. A frame offered after the end is dropped.
    pub fn offer(&mut self, image: GrayImage) -> Option<Advice> {
        let shot = self.next_shot()?;
        self.offered += 1;
        let advice = match encode(&image, self.eye) {
            Ok(encoding) => {
                let advice = Advice::to_improve(&encoding, &self.challenge.rig);
                self.kept.push(SelectedFrame {
                    image,
                    encoding,
                    shot,
                });
                advice
            }
            Err(refusal) => Some(Advice::against(&refusal)),
        };
        self.advice.extend(advice);
        advice
    }

    /// Ends the session: judges the eye and picks the best frames.
    ///
    /// # Errors
    /// [`CaptureRefusal`] when too few frames could be used, or the eye is not alive.
    pub fn finish(self) -> Result<AcceptedCapture, CaptureRefusal> {
        let frames: Vec<Frame<'_>> = self.kept.iter().map(SelectedFrame::as_frame).collect();
        let report =
            assess(&self.challenge, &frames).map_err(|shortage| CaptureRefusal::TooFewFrames {
                shortage,
                advice: most_often(&self.advice),
            })?;
        let verdict = report.verdict();
        if verdict.is_attack() {
            return Err(CaptureRefusal::NotLive { verdict, report });
        }
        let mut others = self.kept;
        others.sort_by(|a, b| b.merit().total_cmp(&a.merit()));
        others.truncate(BEST_FRAMES);
        let best = others.remove(0);
        Ok(AcceptedCapture {
            best,
            others,
            report,
        })
    }
}

impl SelectedFrame {
    pub(super) const fn as_frame(&self) -> Frame<'_> {
        Frame {
            image: &self.image,
            encoding: &self.encoding,
            shot: self.shot,
        }
    }

    /// Returns the merit of a frame by which the best ones are picked; more is better.
    fn merit(&self) -> f32 {
        self.encoding.quality.visible * self.encoding.quality.sharpness
    }
}

/// The advice given most often; the first of those in the order of [`Advice`].
fn most_often(advice: &[Advice]) -> Advice {
    let count = |a: &Advice| advice.iter().filter(|b| *b == a).count();
    advice
        .iter()
        .max_by_key(|a| (count(a), std::cmp::Reverse(**a)))
        .copied()
        .unwrap_or(Advice::HoldStill)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::challenge::{Led, Pulse, Rig};
    use super::*;

    fn challenge() -> Challenge {
        Challenge {
            rig: Rig {
                leds: vec![Led {
                    right: 0.2,
                    down: 0.0,
                }],
                iris_radius_px: 115.0,
            },
            pulse: Pulse {
                start_ms: 500,
                length_ms: 400,
            },
            shots: (0..3)
                .map(|k| Shot {
                    at_ms: 200 * k,
                    led: 0,
                })
                .collect(),
        }
    }

    #[test]
    fn a_session_takes_one_frame_a_shot_and_ends_with_the_advice_given_most() {
        let mut session = CaptureSession::new(Eye::Left, challenge());
        let frame = |level| GrayImage::from_pixel(320, 240, image::Luma([level]));
        assert_eq!(session.offer(frame(255)), Some(Advice::TurnFromLight));
        assert_eq!(session.offer(frame(60)), Some(Advice::LookStraight));
        assert_eq!(session.next_shot().unwrap().at_ms, 400);
        assert_eq!(session.offer(frame(60)), Some(Advice::LookStraight));
        assert_eq!(session.next_shot(), None);
        assert_eq!(session.offer(frame(255)), None);
        let refusal = session.finish().unwrap_err();
        assert_eq!(refusal.code(), "orb-look-straight");
        assert!(refusal.is_worth_a_retry());
    }
}
