//! Where pupil and iris end.

use crate::circle::{Candidate, Circle, GradientField, SearchBox, Sectors, best_circle};
use crate::contour::{ANGLES, Contour, angle_of, closed_path, fit_series, series_at};
use crate::focus::edge_width;
use crate::occlusion::{Lids, find_lids};
use crate::raster::Plane;

/// Longest side of the plane on which circles are sought, pixels.
const COARSE_SIDE_PX: usize = 200;
/// Share of the iris radius beside a lid's edge in which contours are not trusted.
const LID_SHADE: f32 = 0.05;

/// How a contour is fitted: how far off the last one its edge may lie, how many
/// terms it has, and how unwilling it is to leave the circle.
#[derive(Clone, Copy)]
struct Round {
    reach: f32,
    order: usize,
    stiffness: f32,
}

const PUPIL_FIRST: [Round; 2] = [
    Round {
        reach: 0.4,
        order: 2,
        stiffness: 0.02,
    },
    Round {
        reach: 0.2,
        order: 4,
        stiffness: 0.02,
    },
];
const PUPIL_BETWEEN_LIDS: [Round; 2] = [
    Round {
        reach: 0.3,
        order: 2,
        stiffness: 0.03,
    },
    Round {
        reach: 0.12,
        order: 6,
        stiffness: 0.004,
    },
];
const LIMBUS_FIRST: [Round; 2] = [
    Round {
        reach: 0.14,
        order: 1,
        stiffness: 0.0,
    },
    Round {
        reach: 0.08,
        order: 2,
        stiffness: 0.1,
    },
];
const LIMBUS_BETWEEN_LIDS: [Round; 3] = [
    Round {
        reach: 0.12,
        order: 1,
        stiffness: 0.0,
    },
    Round {
        reach: 0.08,
        order: 2,
        stiffness: 0.1,
    },
    Round {
        reach: 0.05,
        order: 3,
        stiffness: 0.1,
    },
];

/// Both contours with how well each edge agreed with its circle.
pub(crate) struct Segmentation {
    pub(crate) pupil: Contour,
    pub(crate) limbus: Contour,
    pub(crate) lids: Lids,
    pub(crate) limbus_agreement: f32,
    /// Standard deviation of the pupil's edge, pixels.
    pub(crate) edge_width_px: f32,
}

/// The pupil: its contour, and how well its circle agreed with the gradients.
pub(crate) struct FoundPupil {
    pub(crate) contour: Contour,
    pub(crate) agreement: f32,
    /// Grey levels by which the ring around the pupil is brighter than its inside.
    pub(crate) contrast: f32,
    coarse_circle: Circle,
}

/// The planes that segmentation reads: the picture without reflections, a light
/// blur of it and a small copy.
pub(crate) struct Planes {
    pub(crate) filled: Plane,
    pub(crate) smooth: Plane,
    coarse: Plane,
    coarse_factor: usize,
}

impl Planes {
    pub(crate) fn new(filled: Plane) -> Self {
        let smooth = filled.blurred(1.5);
        let coarse_factor = filled.width.max(filled.height).div_ceil(COARSE_SIDE_PX);
        let coarse = filled.shrunk(coarse_factor);
        Self {
            filled,
            smooth,
            coarse,
            coarse_factor,
        }
    }

    fn to_fine(&self, circle: Circle) -> Circle {
        let f = self.coarse_factor as f32;
        Circle {
            x: (circle.x + 0.5) * f - 0.5,
            y: (circle.y + 0.5) * f - 0.5,
            r: circle.r * f,
        }
    }
}

/// The darkest, most complete circle of the image.
pub(crate) fn find_pupil(planes: &Planes) -> Option<FoundPupil> {
    let coarse = planes.coarse.blurred(0.8);
    let field = GradientField::new(&coarse, 2.0);
    let (w, h) = (coarse.width as f32, coarse.height as f32);
    let dark = coarse.percentile(0.01);
    let middle = coarse.percentile(0.5);
    let range = (middle - dark).max(1.0);
    let brightness = |x: f32, y: f32| (coarse.sample(x, y) - dark) / range;
    let search = SearchBox {
        x: (0.1 * w, 0.9 * w),
        y: (0.1 * h, 0.9 * h),
        r: (2.5, 0.3 * h),
        step: 2.0,
        samples: 24,
        sectors: Sectors::All,
    };
    let prior = |c: Circle| 1.0 - 0.7 * disc_mean(c, brightness).clamp(0.0, 1.0);
    let admit = |x: f32, y: f32| brightness(x, y) < 0.7;
    let rough = best_circle(&field, search, admit, prior)?;
    let near = SearchBox {
        x: (rough.circle.x - 2.0, rough.circle.x + 2.0),
        y: (rough.circle.y - 2.0, rough.circle.y + 2.0),
        r: ((rough.circle.r - 2.0).max(1.5), rough.circle.r + 2.0),
        step: 0.5,
        samples: 48,
        sectors: Sectors::All,
    };
    let found = best_circle(&field, near, |_, _| true, prior).unwrap_or(rough);
    let start = round(planes.to_fine(found.circle));
    let contour = pupil_contour(planes, start, &PUPIL_FIRST, |_, _| 1.0);
    Some(FoundPupil {
        contrast: contrast_across(&planes.smooth, &contour),
        contour,
        agreement: found.agreement,
        coarse_circle: found.circle,
    })
}

/// Median over the angles of outside less inside, a quarter of the radius off the edge.
fn contrast_across(plane: &Plane, contour: &Contour) -> f32 {
    let mut all: Vec<f32> = (0..ANGLES)
        .map(|k| {
            let (sin, cos) = angle_of(k, ANGLES).sin_cos();
            let at = |share: f32| {
                let r = contour.radii[k] * share;
                plane.sample(contour.centre_x + r * cos, contour.centre_y + r * sin)
            };
            at(1.25) - at(0.75)
        })
        .collect();
    all.sort_by(f32::total_cmp);
    all[ANGLES / 2]
}

fn disc_mean(c: Circle, value: impl Fn(f32, f32) -> f32) -> f32 {
    let ring = (0..8).map(|k| {
        let (sin, cos) = angle_of(k, 8).sin_cos();
        value(c.x + 0.7 * c.r * cos, c.y + 0.7 * c.r * sin)
    });
    (ring.sum::<f32>() + value(c.x, c.y)) / 9.0
}

fn pupil_contour(
    planes: &Planes,
    start: Contour,
    rounds: &[Round],
    trust: impl Fn(f32, f32) -> f32,
) -> Contour {
    let span = |r: f32| (0.1 * r).clamp(1.5, 4.0);
    refined(&planes.smooth, start, rounds, span, &trust, &trust)
}

/// Fits a contour to the edge about it, round by round. `seen` says how much an
/// edge that leads to a point of the image attracts the path, `trust` how much a
/// point of the contour weighs in the fit. (The limbus often runs along a lid: its
/// path may follow the lid, only the fit must not.)
fn refined(
    plane: &Plane,
    start: Contour,
    rounds: &[Round],
    span: impl Fn(f32) -> f32,
    seen: impl Fn(f32, f32) -> f32,
    trust: impl Fn(f32, f32) -> f32,
) -> Contour {
    let mut contour = start;
    for round in rounds {
        let r = contour.mean_radius();
        let band = Band {
            reach_px: (round.reach * r).max(3.0),
            span_px: span(r),
        };
        let edge = trace(plane, &contour, band, &seen);
        let mut weights = edge.weights();
        for (k, weight) in weights.iter_mut().enumerate() {
            let (x, y) = contour.point_at(angle_of(k, ANGLES));
            *weight *= trust(x, y);
        }
        let series = fit_series(&edge.radii, &weights, round.order, round.stiffness);
        contour = recentred(&contour, &series);
    }
    contour
}

/// The iris edge around a pupil.
pub(crate) fn find_limbus(planes: &Planes, pupil: &FoundPupil) -> Option<Segmentation> {
    let coarse = planes.coarse.blurred(1.2);
    let field = GradientField::new(&coarse, 4.0);
    let Circle { x, y, r } = pupil.coarse_circle;
    let largest = (10.0 * r)
        .min(0.6 * coarse.height as f32)
        .min(0.45 * coarse.width as f32);
    let smallest = (1.4 * r).max(5.0);
    let search = |step: f32, reach: f32, about: Circle, radii: (f32, f32), samples| SearchBox {
        x: (about.x - reach, about.x + reach),
        y: (about.y - reach, about.y + reach),
        r: radii,
        step,
        samples,
        sectors: Sectors::Sides,
    };
    let about = Circle { x, y, r };
    let prior = |c: Circle| 1.0 - 0.8 * (c.x - x).hypot(c.y - y) / c.r;
    let reach = (0.12 * smallest.max(0.25 * largest)).max(2.0);
    let rough = best_circle(
        &field,
        search(1.0, reach, about, (smallest, largest), 48),
        |_, _| true,
        prior,
    )?;
    let near = (rough.circle.r - 1.5, rough.circle.r + 1.5);
    let found: Candidate = best_circle(
        &field,
        search(0.5, 1.0, rough.circle, near, 72),
        |_, _| true,
        prior,
    )
    .unwrap_or(rough);
    let rough = round(planes.to_fine(found.circle));
    let centre = (rough.centre_x, rough.centre_y);
    let beside = |x: f32, y: f32| sideways_trust((x - centre.0, y - centre.1));
    let rough = limbus_contour(planes, rough, &LIMBUS_FIRST, beside);

    let lids = find_lids(&planes.smooth, &pupil.contour, &rough);
    let shade = LID_SHADE * rough.mean_radius();
    let between = |x: f32, y: f32| if lids.cover(x, y, shade) { 0.0 } else { 1.0 };
    let start = round(planes.to_fine(pupil.coarse_circle));
    let inner = pupil_contour(planes, start, &PUPIL_BETWEEN_LIDS, between);
    let limbus = limbus_contour(planes, rough, &LIMBUS_BETWEEN_LIDS, between);
    let lids = find_lids(&planes.smooth, &inner, &limbus);
    let edge_width_px = edge_width(&planes.filled, &inner, limbus.mean_radius());
    Some(Segmentation {
        pupil: inner,
        limbus,
        lids,
        limbus_agreement: found.agreement,
        edge_width_px,
    })
}

fn limbus_contour(
    planes: &Planes,
    start: Contour,
    rounds: &[Round],
    trust: impl Fn(f32, f32) -> f32,
) -> Contour {
    let span = |r: f32| (0.05 * r).clamp(2.0, 7.0);
    refined(&planes.smooth, start, rounds, span, |_, _| 1.0, trust)
}

/// Before the lids are known: the sides count in full, above and below hardly.
fn sideways_trust((dx, dy): (f32, f32)) -> f32 {
    const COVERED: f32 = 0.15;
    let down = dy / dx.hypot(dy).max(1e-3);
    if (-0.5..=0.65).contains(&down) {
        1.0
    } else {
        COVERED
    }
}

fn round(circle: Circle) -> Contour {
    Contour {
        centre_x: circle.x,
        centre_y: circle.y,
        radii: vec![circle.r; ANGLES],
    }
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

/// Where an edge is sought about a contour, and over which distance its contrast
/// is taken.
#[derive(Clone, Copy)]
struct Band {
    reach_px: f32,
    span_px: f32,
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

/// Follows the strongest dark-to-bright edge (from inside to outside) all round,
/// about a contour; an edge into what is not trusted counts less.
fn trace(plane: &Plane, about: &Contour, band: Band, trust: impl Fn(f32, f32) -> f32) -> Edge {
    const ROWS: usize = 41;
    let step = 2.0 * band.reach_px / (ROWS - 1) as f32;
    let margin = (band.span_px / step).ceil().max(1.0) as usize;
    let offset = |row: usize| -band.reach_px + row as f32 * step;
    let mut gain = vec![0.0; ANGLES * ROWS];
    let mut profile = vec![0.0; ROWS + 2 * margin];
    for (k, column) in gain.chunks_exact_mut(ROWS).enumerate() {
        let (sin, cos) = angle_of(k, ANGLES).sin_cos();
        let point = |r: f32| (about.centre_x + r * cos, about.centre_y + r * sin);
        for (j, level) in profile.iter_mut().enumerate() {
            let r = about.radii[k] + offset(0) + (j as f32 - margin as f32) * step;
            let (x, y) = point(r.max(0.0));
            *level = plane.sample(x, y);
        }
        for (row, value) in column.iter_mut().enumerate() {
            let (x, y) = point(about.radii[k] + offset(row) + band.span_px);
            *value = trust(x, y) * contrast_at(&profile, row + margin, margin);
        }
    }
    let path = closed_path(&gain, ROWS);
    let radii = (0..ANGLES)
        .map(|k| about.radii[k] + offset(path[k]))
        .collect();
    let contrast = (0..ANGLES).map(|k| gain[k * ROWS + path[k]]).collect();
    Edge { radii, contrast }
}

/// Outside less inside at three distances up to `margin` steps from `at`, averaged.
fn contrast_at(profile: &[f32], at: usize, margin: usize) -> f32 {
    const DISTANCES: usize = 3;
    let sum: f32 = (1..=DISTANCES)
        .map(|k| (margin * k).div_ceil(DISTANCES))
        .map(|d| profile[at + d] - profile[at - d])
        .sum();
    sum / DISTANCES as f32
}
