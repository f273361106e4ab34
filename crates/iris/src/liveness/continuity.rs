//! Heads do not jump: the place of the iris from frame to frame.

use super::assess::Frame;
use super::patch::median;

/// Frames further apart than this say nothing about each other, in milliseconds.
pub(super) const NEIGHBOURS_MS: u32 = 450;

/// The median way of the iris centre and change of its radius between neighbouring
/// frames, in iris radii; `None` when no two frames are neighbours.
pub(super) fn typical_jump(frames: &[Frame<'_>]) -> Option<f32> {
    let mut jumps: Vec<f32> = neighbours(frames)
        .map(|(a, b)| {
            let (a, b) = (&a.encoding.geometry.limbus, &b.encoding.geometry.limbus);
            let (dx, dy) = (b.centre_x - a.centre_x, b.centre_y - a.centre_y);
            let grown = b.mean_radius() - a.mean_radius();
            (dx * dx + dy * dy + grown * grown).sqrt() / a.mean_radius()
        })
        .collect();
    median(&mut jumps)
}

/// Frames that follow each other closely.
pub(super) fn neighbours<'f, 'a>(
    frames: &'f [Frame<'a>],
) -> impl Iterator<Item = (&'f Frame<'a>, &'f Frame<'a>)> {
    frames
        .iter()
        .zip(frames.iter().skip(1))
        .filter(|(a, b)| b.shot.at_ms.abs_diff(a.shot.at_ms) <= NEIGHBOURS_MS)
}
