//! Places that might be a pupil: each edge votes for the centres it would belong to.

use std::f32::consts::TAU;

use crate::geometry::circle::Circle;
use crate::raster::Plane;

/// Candidates that are looked at more closely.
// Chosen, not measured: each costs a search for its limbus.
const MAX_CANDIDATES: usize = 10;
/// Most of them that may be smaller than this radius, in pixels: between the mirror images of a
/// ring of lamps lie more small dark circles than there are candidates, about the one true one.
// Chosen on the odd subjects of CASIA-Iris-Interval (decision 19).
const MAX_SMALL_CANDIDATES: usize = 6;
const SMALL_RADIUS_PX: f32 = 8.0;
/// Edges as strong as this count half, in grey levels a pixel.
// Chosen, not measured: the strongest edge, often a lash, must not outvote a complete one.
const EDGE_SLOPE_HALF_WEIGHT: f32 = 4.0;
/// Edges weaker than this do not vote.
// Chosen for speed, not measured: noise makes such edges everywhere.
const MIN_EDGE_SLOPE: f32 = 1.5;

/// Small circles gather chance votes: one of this radius counts half.
// Chosen, not measured: a few edges in a row pass for a circle of two pixels.
const RADIUS_HALF_WEIGHT_PX: f32 = 2.0;

/// A circle that edges agree on, and how much: about 1 for a complete edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VotedCircle {
    pub(crate) circle: Circle,
    pub(crate) votes: f32,
}

/// The circles darker inside that most edges of `plane` point away from, best first, radii
/// from `smallest` to `largest` pixels. `weight` scales the votes of a circle by other
/// knowledge of it.
pub(crate) fn dark_circles(
    plane: &Plane,
    spoiled: &[bool],
    (smallest, largest): (usize, usize),
    weight: impl Fn(Circle) -> f32,
) -> Vec<VotedCircle> {
    let edges = edges(plane, spoiled);
    let mut peaks = Vec::new();
    let mut votes = vec![0.0; plane.width * plane.height];
    let mut summed = vec![0.0; plane.width * plane.height];
    for r in smallest..=largest {
        cast(plane, &edges, r, &mut votes);
        box_sums(plane.width, plane.height, &votes, &mut summed);
        // Chosen, not measured: a quarter of the edge of a complete circle.
        let least = 0.25 * TAU * r as f32;
        collect_peaks(plane, &summed, r as f32, least, &mut peaks);
    }
    for peak in &mut peaks {
        peak.votes *= weight(peak.circle);
    }
    distinct(peaks)
}

/// Places are counted in this many parts of a pixel: whole numbers are cheaper to round.
const PARTS_PER_PIXEL: f32 = 65_536.0;
const PARTS_PER_PIXEL_BITS: u32 = 16;

/// An edge: the middle of its pixel and the unit direction from dark to bright, in
/// parts of a pixel, and its weight.
struct EdgePoint {
    x: i32,
    y: i32,
    ux: i32,
    uy: i32,
    weight: f32,
}

fn edges(plane: &Plane, spoiled: &[bool]) -> Vec<EdgePoint> {
    let mut found = Vec::new();
    for y in 1..plane.height.saturating_sub(1) {
        for x in 1..plane.width.saturating_sub(1) {
            let gx = 0.5 * (plane.at(x + 1, y) - plane.at(x - 1, y));
            let gy = 0.5 * (plane.at(x, y + 1) - plane.at(x, y - 1));
            let size = (gx * gx + gy * gy).sqrt();
            if size >= MIN_EDGE_SLOPE && !spoiled[y * plane.width + x] {
                found.push(EdgePoint {
                    x: ((x as f32 + 0.5) * PARTS_PER_PIXEL) as i32,
                    y: ((y as f32 + 0.5) * PARTS_PER_PIXEL) as i32,
                    ux: (gx / size * PARTS_PER_PIXEL) as i32,
                    uy: (gy / size * PARTS_PER_PIXEL) as i32,
                    weight: size / (size + EDGE_SLOPE_HALF_WEIGHT),
                });
            }
        }
    }
    found
}

fn cast(plane: &Plane, edges: &[EdgePoint], r: usize, votes: &mut [f32]) {
    votes.fill(0.0);
    let (width, height, r) = (plane.width as u32, plane.height as u32, r as i32);
    for edge in edges {
        // What lies before the first row or column is negative, and so too large.
        let column = ((edge.x - r * edge.ux) >> PARTS_PER_PIXEL_BITS).cast_unsigned();
        let row = ((edge.y - r * edge.uy) >> PARTS_PER_PIXEL_BITS).cast_unsigned();
        if column < width && row < height {
            votes[(row * width + column) as usize] += edge.weight;
        }
    }
}

/// Sums over 3 x 3 neighbourhoods; the border is left at zero.
fn box_sums(width: usize, height: usize, values: &[f32], sums: &mut [f32]) {
    let mut columns = vec![0.0; width];
    for y in 1..height.saturating_sub(1) {
        let row = |k: usize| &values[k * width..(k + 1) * width];
        let rows = row(y - 1).iter().zip(row(y)).zip(row(y + 1));
        for (column, ((above, here), below)) in columns.iter_mut().zip(rows) {
            *column = above + here + below;
        }
        let inner = &mut sums[y * width + 1..(y + 1) * width - 1];
        for (sum, three) in inner.iter_mut().zip(columns.windows(3)) {
            *sum = three[0] + three[1] + three[2];
        }
    }
}

fn collect_peaks(plane: &Plane, sums: &[f32], r: f32, least: f32, peaks: &mut Vec<VotedCircle>) {
    let w = plane.width;
    for y in 1..plane.height.saturating_sub(1) {
        let here = &sums[y * w..(y + 1) * w];
        if !here.chunks(16).any(|some| reaches(some, least)) {
            continue;
        }
        for x in 1..w.saturating_sub(1) {
            let here = sums[y * w + x];
            if here < least {
                continue;
            }
            let around = [
                sums[(y - 1) * w + x],
                sums[(y + 1) * w + x],
                sums[y * w + x - 1],
                sums[y * w + x + 1],
            ];
            if around.iter().all(|&other| here >= other) {
                peaks.push(VotedCircle {
                    circle: Circle {
                        x: x as f32,
                        y: y as f32,
                        r,
                    },
                    votes: here / (TAU * (r + RADIUS_HALF_WEIGHT_PX)),
                });
            }
        }
    }
}

/// Returns whether any value is at least `least`; all are looked at, which is quicker than
/// to stop.
fn reaches(values: &[f32], least: f32) -> bool {
    values.iter().fold(false, |any, &v| any | (v >= least))
}

/// The best peaks, without those that nearly repeat a better one.
fn distinct(mut peaks: Vec<VotedCircle>) -> Vec<VotedCircle> {
    peaks.sort_by(|a, b| b.votes.total_cmp(&a.votes));
    let mut kept: Vec<VotedCircle> = Vec::new();
    let mut small = 0;
    for peak in peaks {
        let is_small = peak.circle.r < SMALL_RADIUS_PX;
        if is_small && small == MAX_SMALL_CANDIDATES {
            continue;
        }
        let repeats = |other: &VotedCircle| {
            let (a, b) = (other.circle, peak.circle);
            let (dx, dy) = (a.x - b.x, a.y - b.y);
            let near = 0.5 * a.r.min(b.r) + 1.0;
            dx * dx + dy * dy < near * near && a.r < 1.35 * b.r && b.r < 1.35 * a.r
        };
        if kept.iter().any(repeats) {
            continue;
        }
        kept.push(peak);
        small += usize::from(is_small);
        if kept.len() == MAX_CANDIDATES {
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dark disc of radius 9 at (40, 30), blurred a little.
    fn disc() -> Plane {
        let data = (0..60 * 80)
            .map(|k| {
                let (x, y) = ((k % 80) as f32 - 40.0, (k / 80) as f32 - 30.0);
                if x.hypot(y) < 9.0 { 20.0 } else { 120.0 }
            })
            .collect();
        Plane {
            width: 80,
            height: 60,
            data,
        }
        .blurred(0.8)
    }

    #[test]
    fn a_dark_disc_comes_first() {
        let plane = disc();
        let found = dark_circles(&plane, &vec![false; plane.data.len()], (3, 20), |_| 1.0);
        let best = found[0].circle;
        assert!((best.x - 40.0).abs() <= 1.0 && (best.y - 30.0).abs() <= 1.0);
        assert!((best.r - 9.0).abs() <= 1.0, "{}", best.r);
    }

    #[test]
    fn spoiled_edges_do_not_vote() {
        let plane = disc();
        let found = dark_circles(&plane, &vec![true; plane.data.len()], (3, 20), |_| 1.0);
        assert!(found.is_empty());
    }

    #[test]
    fn what_else_is_known_decides_the_order() {
        let plane = disc();
        let clear = vec![false; plane.data.len()];
        let small = |c: Circle| if c.r < 7.0 { 1.0 } else { 0.0 };
        let found = dark_circles(&plane, &clear, (3, 20), small);
        assert!(
            found
                .iter()
                .all(|voted| voted.circle.r < 7.0 || voted.votes == 0.0)
        );
    }
}
