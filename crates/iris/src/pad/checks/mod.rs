//! Checks of the frames of one eye, each with one number as its result.

pub(super) mod continuity;
mod fft;
pub(super) mod glints;
mod grey;
pub(super) mod pupil;
pub(super) mod same;
pub(super) mod shading;
pub(super) mod spectrum;
pub(super) mod tissue_motion;
