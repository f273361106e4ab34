//! Unrolls the iris between its two contours, and tells which parts of it are hidden.

mod iris;
mod noise;
mod samples;

pub use iris::NormalisedIris;
pub(crate) use noise::noisy_samples;
pub(crate) use samples::FineIris;
