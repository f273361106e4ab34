//! Unrolls the iris between its two contours, and tells which parts of it are hidden.

mod iris;
mod known;
mod noise;
mod samples;

pub use iris::NormalisedIris;
pub use known::unroll_between;
pub(crate) use noise::noisy_samples;
pub(crate) use samples::FineIris;
