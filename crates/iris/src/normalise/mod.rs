//! Unrolls the iris between its two contours, and tells which parts of it are hidden.

mod known;
mod noise;
mod samples;

pub use known::unroll_between;
pub(crate) use noise::noisy_samples;
pub(crate) use samples::FineIris;
