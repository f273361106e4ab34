//! Presentation attack detection: tells a living eye from something that looks like one.
//!
//! The orb plays a [`Challenge`]: near-infrared LEDs lit one after the other in an
//! order nobody knows beforehand, and one pulse of visible light at a moment nobody
//! knows. [`assess()`] compares what the frames show with what a living eye must show,
//! one number a [`LivenessCheck`], and gives a [`LivenessVerdict`]. [`CaptureSession`] is the
//! conversation around it: advice to the person, the best frames of each eye, and an
//! end after a bounded number of frames.
//!
//! It lives beside the pipeline, and not in the simulated orb, because a real orb
//! needs the same: it sees pixels, encodings and the challenge, and nothing else.
//!
//! Not here: drawing the challenge (randomness is the orb's), cameras, clocks, and any
//! defence against an orb that lies about its own frames. The device has to keep out
//! anybody who can put computed pictures behind the lens.

mod assess;
mod challenge;
mod checks;
mod frame;
mod guidance;
pub mod limits;
mod session;
#[cfg(test)]
mod testing;
mod verdict;

pub use assess::{TooFewFrames, assess};
pub use challenge::{Challenge, Led, Pulse, Rig, Shot};
pub use frame::Frame;
pub use guidance::Advice;
pub use session::{AcceptedCapture, CaptureRefusal, CaptureSession, SelectedFrame};
pub use verdict::{
    LivenessCheck, LivenessLimit, LivenessMeasurement, LivenessReport, LivenessVerdict,
};
