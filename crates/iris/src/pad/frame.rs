//! Frames of an eye that the pipeline could encode, and which of them are neighbours.

use image::GrayImage;

use super::challenge::Shot;
use crate::pipeline::Encoding;

/// Frames further apart than this say nothing about each other, in milliseconds.
// Shots are about 200 ms apart: one frame may be missing between neighbours.
pub(super) const MAX_NEIGHBOUR_GAP_MS: u32 = 450;

/// A frame that the pipeline could encode.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Pixels of the frame.
    pub image: &'a GrayImage,
    /// Result of the pipeline for these pixels.
    pub encoding: &'a Encoding,
    /// Time at which it was taken, and the LED that lit it.
    pub shot: Shot,
}

/// Frames that follow each other closely.
pub(super) fn neighbours<'f, 'a>(
    frames: &'f [Frame<'a>],
) -> impl Iterator<Item = (&'f Frame<'a>, &'f Frame<'a>)> {
    frames
        .iter()
        .zip(frames.iter().skip(1))
        .filter(|(a, b)| b.shot.at_ms.abs_diff(a.shot.at_ms) <= MAX_NEIGHBOUR_GAP_MS)
}
