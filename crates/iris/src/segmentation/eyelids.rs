//! Parts of the iris that are hidden by eyelids, lashes and reflections.
//!
//! An eyelid's edge is the path that best parts pixels that look like iris tissue from pixels
//! that do not, lashes included. The skin of an eyelid's margin is often as bright as tissue:
//! where a long edge to something brighter lies before that path, the eyelid begins there.

use super::tissue_brightness::TissueModel;
use crate::geometry::circle::Circle;
use crate::geometry::contour::Contour;
use crate::geometry::edge::contrast_at;
use crate::raster::Plane;

/// Deviation, in standard deviations, at which a pixel is as likely tissue as not.
// Decision 7: opened to 3.8, with whole pixels and no margin beside the pupil, which took the
// errors on MMU2 at FMR 1e-4 from 14 to 8.
const UNDECIDED_DEVIATIONS: f32 = 3.8;
/// Most that one pixel says against being tissue; every tissue pixel says -1.
// Chosen, not measured: one dark lash must not make an eyelid.
const MAX_PIXEL_EVIDENCE: f32 = 2.0;

/// Evidence on the way outward after which an eyelid counts as crossed.
// Chosen, not measured: three pixels that say as much as a pixel can.
const CROSSED_EYELID_EVIDENCE: f32 = 6.0;
/// The most that a pixel beyond a crossed eyelid says for being tissue.
// Chosen, not measured: half of what tissue says in the open.
const MIN_EVIDENCE_BEYOND_EYELID: f32 = -0.5;

/// Farthest pixels before and beyond an eyelid's margin that are compared.
// Chosen, not measured: a margin is a few pixels wide at the usual radii.
const MARGIN_SPAN_PX: usize = 4;
/// Grey levels by which the far side is brighter at which a margin counts half, and the
/// least count of a margin.
// Margins are 30 to 45 grey levels brighter than tissue (decision 7).
const MARGIN_RISE_HALF_WEIGHT: f32 = 30.0;
const MIN_MARGIN_WEIGHT: f32 = 0.3;
/// Share of the iris radius to either side over which a margin's gain is averaged, and the
/// least average of a margin.
// Decision 7: margins took the errors on CASIA-IrisV1 at FMR 1e-4 from 14 to 5; other widths
// and gains are not recorded.
const MARGIN_REACH_RADIUS_SHARE: f32 = 0.15;
const MIN_MEAN_MARGIN_GAIN: f32 = 0.05;

/// An eyelid's edge: a row for each column of the image across the iris.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EyelidEdge {
    pub(crate) first_x: f32,
    pub(crate) step: f32,
    pub(crate) rows: Vec<f32>,
}

impl EyelidEdge {
    pub(crate) fn row_at(&self, x: f32) -> f32 {
        let (k, fraction) = self.place(x);
        self.row_between(k, fraction)
    }

    /// The column before `x`, and how far `x` is on the way to the next.
    fn place(&self, x: f32) -> (usize, f32) {
        let last = (self.rows.len() - 1) as f32;
        let position = ((x - self.first_x) / self.step).clamp(0.0, last);
        let k = position as usize;
        (k, position - k as f32)
    }

    fn row_between(&self, k: usize, fraction: f32) -> f32 {
        let next = (k + 1).min(self.rows.len() - 1);
        self.rows[k] + fraction * (self.rows[next] - self.rows[k])
    }
}

/// Both eyelids' edges, over the same columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Eyelids {
    pub(crate) upper: EyelidEdge,
    pub(crate) lower: EyelidEdge,
}

impl Eyelids {
    /// Rows between which no eyelid is, whatever the column.
    pub(crate) fn clear_rows(&self) -> (f32, f32) {
        let lowest = self.upper.rows.iter().copied().fold(f32::MIN, f32::max);
        let highest = self.lower.rows.iter().copied().fold(f32::MAX, f32::min);
        (lowest, highest)
    }

    /// Returns whether a point lies under an eyelid, or nearer than `margin` to its edge.
    pub(crate) fn cover(&self, x: f32, y: f32, margin: f32) -> bool {
        let (k, fraction) = self.upper.place(x);
        y < self.upper.row_between(k, fraction) + margin
            || y > self.lower.row_between(k, fraction) - margin
    }

    /// The same edges on an image `factor` times as large.
    pub(crate) fn scaled(&self, factor: f32) -> Self {
        let scale = |edge: &EyelidEdge| EyelidEdge {
            first_x: (edge.first_x + 0.5) * factor - 0.5,
            step: edge.step * factor,
            rows: edge.rows.iter().map(|y| (y + 0.5) * factor - 0.5).collect(),
        };
        Self {
            upper: scale(&self.upper),
            lower: scale(&self.lower),
        }
    }
}

/// Finds both eyelids' edges across the iris. An eyelid that leaves the iris free comes
/// out along the limbus or beyond it, where it hides nothing.
pub(crate) fn find_eyelids(smooth: &Plane, pupil: &Contour, limbus: &Contour) -> Eyelids {
    let iris = Iris {
        smooth,
        model: TissueModel::of(smooth, pupil, limbus),
        pupil: circle_like(pupil, 1.1),
        limbus: circle_like(limbus, 1.0),
    };
    Eyelids {
        upper: iris.eyelid(-1.0),
        lower: iris.eyelid(1.0),
    }
}

/// A circle in place of a contour, its radius a share of the mean one.
fn circle_like(contour: &Contour, share: f32) -> Circle {
    Circle {
        x: contour.centre_x,
        y: contour.centre_y,
        r: share * contour.mean_radius(),
    }
}

fn offset(circle: Circle, (x, y): (f32, f32)) -> (f32, f32) {
    (x - circle.x, y - circle.y)
}

/// Place in which eyelids are sought: the columns of pixels across the iris, each from the row
/// of its centre outward.
struct Iris<'a> {
    smooth: &'a Plane,
    model: TissueModel,
    pupil: Circle,
    limbus: Circle,
}

impl Iris<'_> {
    /// The edge of the upper eyelid (`outward` -1) or the lower one (1).
    fn eyelid(&self, outward: f32) -> EyelidEdge {
        let first_x = (self.limbus.x - self.limbus.r).floor();
        let middle = self.limbus.y.round();
        let columns = 2 * self.limbus.r as usize + 2;
        let rows = self.limbus.r as usize + 2;
        // What speaks for an eyelid from each row outward, and for its margin on each row.
        let mut cover = vec![0.0; columns * (rows + 1)];
        let mut margin = vec![0.0; columns * rows];
        let mut levels = vec![0.0; rows + 2 * MARGIN_SPAN_PX];
        let mut evidence = vec![0.0; rows];
        for c in 0..columns {
            let x = first_x + c as f32;
            let y = |row: usize| middle + outward * row as f32;
            for (k, level) in levels.iter_mut().enumerate() {
                let along = k as f32 - MARGIN_SPAN_PX as f32;
                *level = self.smooth.nearest(x, middle + outward * along);
            }
            for (row, value) in evidence.iter_mut().enumerate() {
                *value = self.evidence((x, y(row)), levels[row + MARGIN_SPAN_PX]);
            }
            discount_beyond_eyelid(&mut evidence);
            let sums = &mut cover[c * (rows + 1)..][..=rows];
            for row in (0..rows).rev() {
                sums[row] = sums[row + 1] + evidence[row];
            }
            for (row, value) in margin[c * rows..][..rows].iter_mut().enumerate() {
                if self.may_hold_margin((x, y(row)), outward) {
                    *value = margin_gain(&levels[row..]);
                }
            }
        }
        let eyelid = best_path(&cover, rows + 1);
        let edge = best_path(&margin, rows);
        let clear = clear_edge(
            &edge,
            &margin,
            rows,
            MARGIN_REACH_RADIUS_SHARE * self.limbus.r,
        );
        let rows = (0..columns)
            .map(|c| {
                let cut = eyelid[c] as f32 - 0.5;
                let from = if clear[c] { edge[c] as f32 } else { cut };
                middle + outward * cut.min(from)
            })
            .collect();
        EyelidEdge {
            first_x,
            step: 1.0,
            rows,
        }
    }

    /// Returns whether an eyelid's margin may run through a point: in the iris, off the pupil's
    /// own edge, and not beside the pupil's middle.
    fn may_hold_margin(&self, at: (f32, f32), outward: f32) -> bool {
        let (dx, dy) = offset(self.limbus, at);
        let (px, py) = offset(self.pupil, at);
        let inner = self.pupil.r + MARGIN_SPAN_PX as f32;
        dx * dx + dy * dy < self.limbus.r * self.limbus.r
            && px * px + py * py > inner * inner
            && outward * py > 0.5 * self.pupil.r
    }

    /// Returns how much a pixel of a grey level speaks against being iris tissue: -1 for
    /// tissue, up to [`MAX_PIXEL_EVIDENCE`]; 0 in the pupil and outside the iris.
    fn evidence(&self, at: (f32, f32), level: f32) -> f32 {
        let (dx, dy) = offset(self.limbus, at);
        let (px, py) = offset(self.pupil, at);
        let (d, dp) = (dx * dx + dy * dy, px * px + py * py);
        if d > self.limbus.r * self.limbus.r || dp < self.pupil.r * self.pupil.r {
            return 0.0;
        }
        let (d, dp) = (d.sqrt(), dp.sqrt());
        let (inner, outer) = (dp - self.pupil.r, self.limbus.r - d);
        let t = inner / (inner + outer).max(1.0);
        let z = self.model.deviation(level, t, px / dp);
        (z * z * (1.0 / (UNDECIDED_DEVIATIONS * UNDECIDED_DEVIATIONS)) - 1.0)
            .min(MAX_PIXEL_EVIDENCE)
    }
}

/// Discounts pixels beyond a crossed eyelid that look like tissue: they say little.
fn discount_beyond_eyelid(evidence: &mut [f32]) {
    let mut against = 0.0;
    for value in evidence {
        let beyond = against > CROSSED_EYELID_EVIDENCE;
        against += value.max(0.0);
        if beyond {
            *value = value.max(MIN_EVIDENCE_BEYOND_EYELID);
        }
    }
}

/// Returns the evidence for an eyelid's margin at the middle of `levels`: brighter beyond it
/// than before it.
fn margin_gain(levels: &[f32]) -> f32 {
    let rise = contrast_at(levels, MARGIN_SPAN_PX, [1, 3, MARGIN_SPAN_PX]).max(0.0);
    rise / (rise + MARGIN_RISE_HALF_WEIGHT) - MIN_MARGIN_WEIGHT
}

/// Columns about which a path has gained enough, on the mean, to be an edge.
fn clear_edge(path: &[usize], gain: &[f32], rows: usize, reach: f32) -> Vec<bool> {
    let gained: Vec<f32> = path
        .iter()
        .enumerate()
        .map(|(c, row)| gain[c * rows + row])
        .collect();
    let reach = reach as usize;
    (0..path.len())
        .map(|c| {
            let about = &gained[c.saturating_sub(reach)..(c + reach + 1).min(path.len())];
            about.iter().sum::<f32>() / about.len() as f32 > MIN_MEAN_MARGIN_GAIN
        })
        .collect()
}

/// The path over the columns, at most `MAX_ROWS_PER_COLUMN` rows a column, with the largest
/// sum; a change of row costs a little.
fn best_path(gain: &[f32], rows: usize) -> Vec<usize> {
    // Chosen, not measured: a path rises by at most 63 degrees.
    const MAX_ROWS_PER_COLUMN: usize = 2;
    // Decision 6: half of the first cost took MMU2 from 2.0 to 1.8 %; nearly none was worse at
    // FMR 1e-5 on CASIA-IrisV1 (1.6 instead of 1.2 %).
    const ROW_CHANGE_COST: f32 = 1.0;
    let columns = gain.len() / rows;
    // The sums of the column before, between rows that no path comes from.
    let mut before = vec![f32::MIN; rows + 2 * MAX_ROWS_PER_COLUMN];
    let mut total = gain[..rows].to_vec();
    let mut from = vec![0u8; columns * rows];
    for c in 1..columns {
        before[MAX_ROWS_PER_COLUMN..][..rows].copy_from_slice(&total);
        let sources = &mut from[c * rows..][..rows];
        total.fill(f32::MIN);
        for step in 0..=2 * MAX_ROWS_PER_COLUMN {
            let cost = ROW_CHANGE_COST * step.abs_diff(MAX_ROWS_PER_COLUMN) as f32;
            let reached = total.iter_mut().zip(sources.iter_mut());
            for ((best, source), sum) in reached.zip(&before[step..]) {
                let better = sum - cost > *best;
                *best = if better { sum - cost } else { *best };
                *source = if better { step as u8 } else { *source };
            }
        }
        for (sum, value) in total.iter_mut().zip(&gain[c * rows..]) {
            *sum += value;
        }
    }
    let mut row = (0..rows)
        .max_by(|&a, &b| total[a].total_cmp(&total[b]))
        .unwrap_or(0);
    let mut path = vec![0; columns];
    for c in (0..columns).rev() {
        path[c] = row;
        if c > 0 {
            row = row + usize::from(from[c * rows + row]) - MAX_ROWS_PER_COLUMN;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segmentation::testing::{CENTRE, circle, eye};

    #[test]
    fn an_open_eye_has_no_eyelid_on_its_iris() {
        let eyelids = find_eyelids(&eye(0.0, |_| 0.0), &circle(20.0), &circle(60.0));
        let hidden = (50..150)
            .flat_map(|x| (50..150).map(move |y| (x as f32, y as f32)))
            .filter(|(x, y)| (x - CENTRE).hypot(y - CENTRE) < 50.0)
            .filter(|&(x, y)| eyelids.cover(x, y, 0.0))
            .count();
        assert_eq!(hidden, 0);
    }

    #[test]
    fn bright_skin_and_dark_lashes_are_eyelid_down_to_their_edge() {
        let skin = |_| 190.0;
        let lashes = |k: usize| if k.is_multiple_of(3) { 170.0 } else { 20.0 };
        for plane in [eye(65.0, skin), eye(65.0, lashes)] {
            let eyelids = find_eyelids(&plane, &circle(20.0), &circle(60.0));
            for x in 75..125 {
                let row = eyelids.upper.row_at(x as f32);
                assert!((row - 64.5).abs() <= 2.0, "{row} at {x}");
            }
        }
    }

    #[test]
    fn an_eyelid_as_bright_as_tissue_begins_at_the_edge_of_its_margin() {
        // Either would pass for tissue: the eyelid's skin, and the shadow along its edge.
        let margin = |y: usize| if y > 60 { 72.0 } else { 98.0 };
        let plane = eye(65.0, |k| margin(k / 200));
        let eyelids = find_eyelids(&plane.blurred(1.0), &circle(20.0), &circle(60.0));
        for x in 75..125 {
            let row = eyelids.upper.row_at(x as f32);
            assert!((row - 60.5).abs() <= 2.0, "{row} at {x}");
        }
    }
}
