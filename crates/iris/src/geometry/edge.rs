//! The edge about a contour, and the contour that fits it.

use super::contour::{ANGLES, Contour, angle_of};
use super::path::closed_path;
use super::series::{Rest, fit_series, series_at};
use super::trig::sin_cos;
use crate::raster::Plane;

/// One round of fitting a contour: how far off the last one its edge may lie, how many
/// terms it has, and how unwilling it is to leave the circle.
#[derive(Clone, Copy)]
pub(crate) struct FitRound {
    pub(crate) reach: f32,
    pub(crate) order: usize,
    pub(crate) stiffness: f32,
}

/// Settings of a search for an edge.
pub(crate) struct EdgeSearch<'a> {
    pub(crate) rounds: &'a [FitRound],
    /// Distance in pixels over which contrast is taken, by the radius.
    pub(crate) span: fn(f32) -> f32,
    /// An edge of this contrast counts half, grey levels.
    pub(crate) half_weight: f32,
    /// The second harmonic in pixels that a contour has where nothing is seen.
    pub(crate) flattening: [f32; 2],
    /// Expected centre of the contour, in the image.
    pub(crate) centre: Option<(f32, f32)>,
}

/// Fits a contour to the edge about it, round by round. `seen` says how much an
/// edge that leads to a point of the image attracts the path, `trust` how much a
/// point of the contour weighs in the fit. (The limbus often runs along an eyelid: its
/// path may follow the eyelid, only the fit must not.)
pub(crate) fn refined(
    plane: &Plane,
    start: Contour,
    search: &EdgeSearch<'_>,
    seen: impl Fn(f32, f32) -> f32,
    trust: impl Fn(f32, f32) -> f32,
) -> Contour {
    let mut contour = start;
    for round in search.rounds {
        let r = contour.mean_radius();
        let band = Band {
            reach_px: (round.reach * r).max(3.0),
            span_px: (search.span)(r),
            half_weight: search.half_weight,
        };
        let edge = trace(plane, &contour, band, &seen);
        let mut weights = edge.weights();
        for (k, weight) in weights.iter_mut().enumerate() {
            let (x, y) = contour.point_at(angle_of(k, ANGLES));
            *weight *= trust(x, y);
        }
        let series = fit_series(
            &edge.radii,
            &weights,
            round.order,
            Rest {
                stiffness: round.stiffness,
                flattening: search.flattening,
                centre: search
                    .centre
                    .map(|(x, y)| [x - contour.centre_x, y - contour.centre_y]),
            },
        );
        contour = recentred(&contour, &series);
    }
    contour
}

/// The fitted curve, its centre moved by the first harmonic.
fn recentred(old: &Contour, series: &[f32]) -> Contour {
    let mut series = series.to_vec();
    let limit = 0.5 * series[0].abs();
    let (dx, dy) = (
        series[1].clamp(-limit, limit),
        series[2].clamp(-limit, limit),
    );
    series[1] -= dx;
    series[2] -= dy;
    let radii = (0..ANGLES)
        .map(|k| series_at(&series, angle_of(k, ANGLES)).max(1.0))
        .collect();
    Contour {
        centre_x: old.centre_x + dx,
        centre_y: old.centre_y + dy,
        radii,
    }
}

/// Band about a contour in which an edge is sought, and distance over which its contrast is
/// taken.
#[derive(Clone, Copy)]
struct Band {
    reach_px: f32,
    span_px: f32,
    /// An edge of this contrast counts half.
    half_weight: f32,
}

struct Edge {
    radii: Vec<f32>,
    contrast: Vec<f32>,
}

impl Edge {
    /// Weights for a fit: contrast over its mean, at most 1.
    fn weights(&self) -> Vec<f32> {
        let mean = self.contrast.iter().map(|c| c.max(0.0)).sum::<f32>() / ANGLES as f32;
        self.contrast
            .iter()
            .map(|c| (c / (mean + 1e-3)).clamp(0.02, 1.0))
            .collect()
    }
}

/// Follows the strongest dark-to-bright edge (from inside to outside) all round, about a
/// contour; an edge into a part that is not trusted counts less.
fn trace(plane: &Plane, about: &Contour, band: Band, trust: impl Fn(f32, f32) -> f32) -> Edge {
    // Chosen, not measured: steps of about half a pixel at the usual radii.
    const BAND_ROWS: usize = 41;
    let step = 2.0 * band.reach_px / (BAND_ROWS - 1) as f32;
    let margin = (band.span_px / step).ceil().max(1.0) as usize;
    let distances = [1, 2, 3].map(|k| (margin * k).div_ceil(3));
    let offset = |row: usize| -band.reach_px + row as f32 * step;
    let mut gain = vec![0.0; ANGLES * BAND_ROWS];
    let mut profile = vec![0.0; BAND_ROWS + 2 * margin];
    for (k, column) in gain.chunks_exact_mut(BAND_ROWS).enumerate() {
        let (sin, cos) = sin_cos(angle_of(k, ANGLES));
        let point = |r: f32| (about.centre_x + r * cos, about.centre_y + r * sin);
        for (j, level) in profile.iter_mut().enumerate() {
            let r = about.radii[k] + offset(0) + (j as f32 - margin as f32) * step;
            let (x, y) = point(r.max(0.0));
            *level = plane.sample(x, y);
        }
        for (row, value) in column.iter_mut().enumerate() {
            let (x, y) = point(about.radii[k] + offset(row) + band.span_px);
            let contrast = contrast_at(&profile, row + margin, distances);
            *value = trust(x, y) * contrast / (contrast.abs() + band.half_weight);
        }
    }
    let path = closed_path(&gain, BAND_ROWS);
    let radii = (0..ANGLES)
        .map(|k| about.radii[k] + offset(path[k]))
        .collect();
    let contrast = (0..ANGLES).map(|k| gain[k * BAND_ROWS + path[k]]).collect();
    Edge { radii, contrast }
}

/// Outside less inside at three distances from `at`, averaged.
pub(crate) fn contrast_at(profile: &[f32], at: usize, distances: [usize; 3]) -> f32 {
    let sum: f32 = distances
        .iter()
        .map(|d| profile[at + d] - profile[at - d])
        .sum();
    sum / distances.len() as f32
}
