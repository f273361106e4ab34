//! Distances of two captures, and those that the report and its picture share.

use annona_matcher::{MAX_ROTATION, MIN_SHARED_BITS, raw_distance};
use annona_template::IrisTemplate;

/// Two captures of one eye.
pub(super) struct Genuine {
    pub(super) distance: f32,
    pub(super) pupil_change: f32,
    /// Columns of a normalised iris 256 wide.
    pub(super) rotation: f32,
}

/// Distances that the picture shows.
#[derive(Clone, Debug)]
pub(super) struct Distances {
    /// Distance and change of the pupil ratio.
    pub(super) genuine: Vec<(f32, f32)>,
    pub(super) impostor: Vec<f32>,
    pub(super) unturned: Vec<f32>,
}

/// Fraction of differing bits at one rotation, where enough are shared.
pub(super) fn distance_at(a: &IrisTemplate, b: &IrisTemplate, rotation: i32) -> Option<f32> {
    let raw = raw_distance(a, b, rotation);
    (raw.shared >= MIN_SHARED_BITS).then(|| raw.different as f32 / raw.shared as f32)
}

/// The least over the rotations that the matcher tries.
pub(super) fn least_distance(a: &IrisTemplate, b: &IrisTemplate) -> Option<f32> {
    (-MAX_ROTATION..=MAX_ROTATION)
        .filter_map(|rotation| distance_at(a, b, rotation))
        .min_by(f32::total_cmp)
}
