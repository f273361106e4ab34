//! What hides the iris: lids, lashes, reflections.
//!
//! Iris tissue is told apart by its brightness: a model of it, by radius and side,
//! comes from the flanks of the iris, where lids seldom reach. A lid's edge is the
//! path that best parts what looks like iris from what does not, lashes included.

use std::f32::consts::TAU;

use crate::contour::Contour;
use crate::order::median;
use crate::raster::Plane;

/// Pixels of the working image that the lid's edge itself spoils.
pub(crate) const LID_MARGIN_PX: f32 = 0.5;
/// Radial bins of the brightness model.
const BINS: usize = 8;
/// Grey levels that the standard deviation of tissue is held between: sensor noise
/// below, lids on the flanks above.
const LEAST_SPREAD: f32 = 4.0;
const LARGEST_SPREAD: f32 = 12.0;
/// Deviation, in standard deviations, at which a pixel is as likely tissue as not.
const UNDECIDED: f32 = 3.6;
/// Most that one pixel says against being tissue; every tissue pixel says -1.
const STRONGEST: f32 = 2.0;

/// Evidence on the way outward after which a lid counts as crossed.
const CROSSED: f32 = 6.0;
/// The most that a pixel beyond a crossed lid says for being tissue.
const BEYOND: f32 = -0.5;

/// Brightness of the iris by radius on either flank, and how far tissue strays from it.
#[derive(Debug, Clone)]
pub(crate) struct TissueModel {
    /// Median grey level by radial bin: image right, image left.
    levels: [[f32; BINS]; 2],
    /// Standard deviation about it, grey levels.
    spread: f32,
}

impl TissueModel {
    /// From the flanks of the iris between its contours, without reflections.
    pub(crate) fn of(plane: &Plane, pupil: &Contour, limbus: &Contour) -> Self {
        const ANGLES: usize = 24;
        const RADII: usize = 4;
        /// Flanks reach from this far above the horizontal to that far below.
        const FROM: f32 = -0.4;
        const TO: f32 = 0.6;
        let mut flanks: [Vec<Vec<f32>>; 2] = [vec![Vec::new(); BINS], vec![Vec::new(); BINS]];
        for k in 0..ANGLES {
            let down = FROM + (TO - FROM) * (k as f32 + 0.5) / ANGLES as f32;
            for (side, angle) in [down, TAU / 2.0 - down].into_iter().enumerate() {
                let (a, b) = (pupil.point_at(angle), limbus.point_at(angle));
                for j in 0..BINS * RADII {
                    let t = (j as f32 + 0.5) / (BINS * RADII) as f32;
                    let level = plane.sample(a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
                    flanks[side][j / RADII].push(level);
                }
            }
        }
        let levels = flanks.each_mut().map(|bins| {
            let mut medians = [0.0; BINS];
            for (m, bin) in medians.iter_mut().zip(bins.iter_mut()) {
                *m = median(bin);
            }
            medians
        });
        let mut strays: Vec<f32> = (0..2)
            .flat_map(|side| (0..BINS).map(move |bin| (side, bin)))
            .flat_map(|(side, bin)| {
                let m = levels[side][bin];
                flanks[side][bin]
                    .iter()
                    .map(move |v| (v - m).abs())
                    .collect::<Vec<_>>()
            })
            .collect();
        Self {
            levels,
            spread: (1.48 * median(&mut strays)).clamp(LEAST_SPREAD, LARGEST_SPREAD),
        }
    }

    /// Standard deviations by which a grey level is brighter than tissue at a
    /// radial position `t` and a direction with this cosine.
    fn deviation(&self, level: f32, t: f32, cos: f32) -> f32 {
        self.ring(t).deviation(level, cos)
    }

    /// The model on the ring at the radial position `t`.
    pub(crate) fn ring(&self, t: f32) -> TissueRing {
        let position = (t * BINS as f32 - 0.5).clamp(0.0, (BINS - 1) as f32);
        let bin = position as usize;
        let fraction = position - bin as f32;
        let next = (bin + 1).min(BINS - 1);
        TissueRing {
            levels: [0, 1].map(|side: usize| {
                let l = &self.levels[side];
                l[bin] + fraction * (l[next] - l[bin])
            }),
            spread: self.spread,
        }
    }
}

/// Brightness of the iris on one ring: image right, image left.
pub(crate) struct TissueRing {
    levels: [f32; 2],
    spread: f32,
}

impl TissueRing {
    /// Standard deviations by which a grey level is brighter than tissue in a
    /// direction with this cosine.
    pub(crate) fn deviation(&self, level: f32, cos: f32) -> f32 {
        let right = 0.5 * (1.0 + cos);
        let expected = right * self.levels[0] + (1.0 - right) * self.levels[1];
        (level - expected) / self.spread
    }
}

/// A lid's edge: a row for each column of the image across the iris.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LidEdge {
    pub(crate) first_x: f32,
    pub(crate) step: f32,
    pub(crate) rows: Vec<f32>,
}

impl LidEdge {
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

/// Both lids' edges, over the same columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lids {
    pub(crate) upper: LidEdge,
    pub(crate) lower: LidEdge,
}

impl Lids {
    /// Whether a point lies under a lid, or nearer than `margin` to its edge.
    pub(crate) fn cover(&self, x: f32, y: f32, margin: f32) -> bool {
        let (k, fraction) = self.upper.place(x);
        y < self.upper.row_between(k, fraction) + margin
            || y > self.lower.row_between(k, fraction) - margin
    }

    /// The same edges on an image `factor` times as large.
    pub(crate) fn scaled(&self, factor: f32) -> Self {
        let scale = |edge: &LidEdge| LidEdge {
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

/// Finds both lids' edges across the iris. A lid that leaves the iris free comes
/// out along the limbus, where it hides nothing.
pub(crate) fn find_lids(smooth: &Plane, pupil: &Contour, limbus: &Contour) -> Lids {
    let model = TissueModel::of(smooth, pupil, limbus);
    let r = limbus.mean_radius();
    let radii = (1.1 * pupil.mean_radius(), r);
    let columns = (2.0 * r) as usize + 1;
    let half = (1.02 * r) as usize + 1;
    let first_x = limbus.centre_x - r;
    let mut evidence = vec![0.0; half];
    let mut upper = vec![0.0; columns * (half + 1)];
    let mut lower = vec![0.0; columns * (half + 1)];
    for c in 0..columns {
        let x = first_x + c as f32;
        for (outward, sums) in [(-1.0, &mut upper), (1.0, &mut lower)] {
            let mut against = 0.0;
            for (row, value) in evidence.iter_mut().enumerate().rev() {
                // Row 0 lies farthest out, the last one at the centre.
                let y = limbus.centre_y + outward * (half - 1 - row) as f32;
                *value = evidence_at(smooth, &model, (pupil, limbus), radii, (x, y));
                if against > CROSSED {
                    *value = value.max(BEYOND);
                }
                against += value.max(0.0);
            }
            let sums = &mut sums[c * (half + 1)..(c + 1) * (half + 1)];
            for row in 0..half {
                sums[row + 1] = sums[row] + evidence[row];
            }
        }
    }
    let edge = |sums: &[f32], outward: f32| {
        let path = best_path(sums, half + 1);
        let rows = path
            .iter()
            .map(|&row| limbus.centre_y + outward * (half as f32 - 0.5 - row as f32))
            .collect();
        LidEdge {
            first_x,
            step: 1.0,
            rows,
        }
    };
    Lids {
        upper: edge(&upper, -1.0),
        lower: edge(&lower, 1.0),
    }
}

/// How much a pixel speaks against being iris tissue: -1 for tissue, up to
/// [`STRONGEST`]; 0 in the pupil and outside the iris.
fn evidence_at(
    smooth: &Plane,
    model: &TissueModel,
    (pupil, limbus): (&Contour, &Contour),
    (inner, outer): (f32, f32),
    (x, y): (f32, f32),
) -> f32 {
    let (dx, dy) = (x - limbus.centre_x, y - limbus.centre_y);
    let d = (dx * dx + dy * dy).sqrt();
    if d > outer {
        return 0.0;
    }
    let (px, py) = (x - pupil.centre_x, y - pupil.centre_y);
    let dp = (px * px + py * py).sqrt();
    if dp < inner {
        return 0.0;
    }
    let t = (dp - inner) / ((dp - inner) + (outer - d)).max(1.0);
    let z = model.deviation(smooth.sample(x, y), t, px / dp);
    (z * z / (UNDECIDED * UNDECIDED) - 1.0).clamp(-1.0, STRONGEST)
}

/// The path over the columns, at most `STEEPEST` rows a column, with the largest
/// sum; a change of row costs a little.
fn best_path(gain: &[f32], rows: usize) -> Vec<usize> {
    const STEEPEST: usize = 2;
    const COST: f32 = 1.0;
    let columns = gain.len() / rows;
    let mut total = gain[..rows].to_vec();
    let mut next = vec![0.0; rows];
    let mut from = vec![0u16; columns * rows];
    for c in 1..columns {
        for r in 0..rows {
            let (mut best, mut source) = (f32::NEG_INFINITY, r);
            let first = r.saturating_sub(STEEPEST);
            let reachable = &total[first..=(r + STEEPEST).min(rows - 1)];
            for (k, sum) in (first..).zip(reachable) {
                let value = sum - COST * k.abs_diff(r) as f32;
                if value > best {
                    (best, source) = (value, k);
                }
            }
            from[c * rows + r] = source as u16;
            next[r] = best + gain[c * rows + r];
        }
        std::mem::swap(&mut total, &mut next);
    }
    let mut row = (0..rows)
        .max_by(|&a, &b| total[a].total_cmp(&total[b]))
        .unwrap_or(0);
    let mut path = vec![0; columns];
    for c in (0..columns).rev() {
        path[c] = row;
        row = usize::from(from[c * rows + row]);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contour::ANGLES;

    const CENTRE: f32 = 100.0;

    fn circle(r: f32) -> Contour {
        Contour {
            centre_x: CENTRE,
            centre_y: CENTRE,
            radii: vec![r; ANGLES],
        }
    }

    /// An iris of radius 60 about a pupil of 20, with a little texture, below `lid`
    /// rows of what `cover` says.
    fn eye(lid: f32, cover: impl Fn(usize) -> f32) -> Plane {
        let data = (0..200 * 200)
            .map(|k| {
                let (x, y) = ((k % 200) as f32, (k / 200) as f32);
                let r = (x - CENTRE).hypot(y - CENTRE);
                if y < lid {
                    cover(k)
                } else if r < 20.0 {
                    15.0
                } else if r < 60.0 {
                    80.0 + (k * 7 % 11) as f32
                } else {
                    160.0
                }
            })
            .collect();
        Plane {
            width: 200,
            height: 200,
            data,
        }
    }

    #[test]
    fn an_open_eye_has_no_lid_on_its_iris() {
        let lids = find_lids(&eye(0.0, |_| 0.0), &circle(20.0), &circle(60.0));
        let hidden = (50..150)
            .flat_map(|x| (50..150).map(move |y| (x as f32, y as f32)))
            .filter(|(x, y)| (x - CENTRE).hypot(y - CENTRE) < 50.0)
            .filter(|&(x, y)| lids.cover(x, y, 0.0))
            .count();
        assert_eq!(hidden, 0);
    }

    #[test]
    fn bright_skin_and_dark_lashes_are_lid_down_to_their_edge() {
        let skin = |_| 190.0;
        let lashes = |k: usize| if k.is_multiple_of(3) { 170.0 } else { 20.0 };
        for plane in [eye(65.0, skin), eye(65.0, lashes)] {
            let lids = find_lids(&plane, &circle(20.0), &circle(60.0));
            for x in 75..125 {
                let row = lids.upper.row_at(x as f32);
                assert!((row - 64.5).abs() <= 2.0, "{row} at {x}");
            }
        }
    }

    #[test]
    fn what_strays_from_the_flanks_is_no_tissue() {
        let model = TissueModel::of(&eye(0.0, |_| 0.0), &circle(20.0), &circle(60.0));
        assert!(model.deviation(85.0, 0.5, 1.0).abs() < 1.0);
        assert!(model.deviation(20.0, 0.5, -1.0) < -10.0);
        assert!(model.deviation(200.0, 0.5, 0.0) > 10.0);
    }
}
