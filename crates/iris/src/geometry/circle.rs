//! Circles as peaks of the correlation between unit gradients and a radial field.

use std::f32::consts::TAU;
use std::ops::RangeInclusive;

use super::trig::sin_cos;
use crate::raster::Plane;

/// Sines, downward, of the directions that a search looks in.
// Chosen, not measured: the upper eyelid covers more of the limbus than the lower one.
const FLANK_SINES: RangeInclusive<f32> = -0.55..=0.7;
/// Factor by which a product may come out above the bound of its factors.
// Far above the rounding error of the few products that are multiplied.
const ROUNDING: f32 = 1.000_1;
/// Share of the difference between right and left that a search takes off: an edge
/// on one side only is no limbus.
// Chosen, not measured: less than half, for light from one side weakens the other flank.
const ONE_SIDED_PENALTY: f32 = 0.4;

/// A circle in the coordinates of the plane it was found on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Circle {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) r: f32,
}

/// A circle and its mean agreement with the gradients, -1 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CircleCandidate {
    pub(crate) circle: Circle,
    pub(crate) agreement: f32,
    /// Agreement times the prior.
    pub(crate) value: f32,
}

/// Gradients of a plane, shortened towards zero where they are weak: a gradient
/// as strong as `half_weight` counts half, and a flat plane gives zero, never NaN.
pub(crate) struct GradientField {
    width: usize,
    height: usize,
    vectors: Vec<[f32; 2]>,
}

impl GradientField {
    pub(crate) fn new(plane: &Plane, half_weight: f32) -> Self {
        let (w, h) = (plane.width, plane.height);
        let mut vectors = vec![[0.0; 2]; w * h];
        for y in 1..h.saturating_sub(1) {
            for x in 1..w.saturating_sub(1) {
                let gx = 0.5 * (plane.at(x + 1, y) - plane.at(x - 1, y));
                let gy = 0.5 * (plane.at(x, y + 1) - plane.at(x, y - 1));
                let scale = 1.0 / ((gx * gx + gy * gy).sqrt() + half_weight);
                vectors[y * w + x] = [gx * scale, gy * scale];
            }
        }
        Self {
            width: w,
            height: h,
            vectors,
        }
    }

    /// Mean agreement of the field with a circle that is darker inside.
    fn agreement(&self, x: f32, y: f32, ring: &Ring) -> f32 {
        let mut sums = [0.0; 2];
        for &[dx, dy, ux, uy, weight] in &ring.points {
            let (px, py) = (x + dx + 0.5, y + dy + 0.5);
            if px < 0.0 || py < 0.0 {
                continue;
            }
            let (px, py) = (px as usize, py as usize);
            if px < self.width && py < self.height {
                let [gx, gy] = self.vectors[py * self.width + px];
                sums[usize::from(ux > 0.0)] += weight * (gx * ux + gy * uy);
            }
        }
        let uneven = ring.one_sided * (sums[0] - sums[1]).abs();
        (sums[0] + sums[1] - uneven) / ring.weight
    }
}

/// Looks around `start` for the circle that most gradients agree with, by steps of
/// two pixels, one, and a half; `weight` says how much a point of the circle counts.
pub(crate) fn refined_circle(
    field: &GradientField,
    start: Circle,
    weight: impl Fn(f32, f32) -> f32,
) -> Circle {
    // Chosen for speed, not measured: a point for every five degrees, and 27 circles a round. A
    // circle that moves is looked around again.
    const SAMPLES: usize = 72;
    const STEPS_ASIDE: i32 = 1;
    let weights: Vec<[f32; 3]> = (0..SAMPLES)
        .map(|k| {
            let (sin, cos) = sin_cos(k as f32 * TAU / SAMPLES as f32);
            let w = weight(start.x + start.r * cos, start.y + start.r * sin);
            [cos, sin, w]
        })
        .filter(|point| point[2] > 0.0)
        .collect();
    let mut best = start;
    for (step, rounds) in [(2.0, 3), (1.0, 2), (0.5, 1)] {
        for _ in 0..rounds {
            let about = best;
            let mut value = f32::NEG_INFINITY;
            for dr in -STEPS_ASIDE..=STEPS_ASIDE {
                let r = about.r + step * dr as f32;
                let ring = Ring::weighted(r, &weights);
                for dy in -STEPS_ASIDE..=STEPS_ASIDE {
                    for dx in -STEPS_ASIDE..=STEPS_ASIDE {
                        let (x, y) = (about.x + step * dx as f32, about.y + step * dy as f32);
                        let agreement = field.agreement(x, y, &ring);
                        if agreement > value {
                            value = agreement;
                            best = Circle { x, y, r };
                        }
                    }
                }
            }
            if best == about {
                break;
            }
        }
    }
    best
}

struct Ring {
    r: f32,
    points: Vec<[f32; 5]>,
    weight: f32,
    /// Share of the difference between left and right that is taken off.
    one_sided: f32,
}

impl Ring {
    fn weighted(r: f32, points: &[[f32; 3]]) -> Self {
        let points: Vec<[f32; 5]> = points
            .iter()
            .map(|&[cos, sin, weight]| [r * cos, r * sin, cos, sin, weight])
            .collect();
        let weight = points.iter().map(|p| p[4]).sum::<f32>().max(1e-6);
        Self {
            r,
            points,
            weight,
            one_sided: 0.0,
        }
    }

    /// Returns the ring's flanks and the part below them, which eyelids seldom reach.
    fn flanks(r: f32, samples: usize) -> Self {
        let points: Vec<[f32; 5]> = (0..samples)
            .map(|k| sin_cos(k as f32 * TAU / samples as f32))
            .filter(|(sin, _)| FLANK_SINES.contains(sin))
            .map(|(sin, cos)| [r * cos, r * sin, cos, sin, 1.0])
            .collect();
        let weight = (points.len() as f32).max(1e-6);
        Self {
            r,
            points,
            weight,
            one_sided: ONE_SIDED_PENALTY,
        }
    }
}

/// A box of circles: centres on a grid, radii from a range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SearchBox {
    pub(crate) x: (f32, f32),
    pub(crate) y: (f32, f32),
    pub(crate) r: (f32, f32),
    /// Pixels from one centre to the next, and from one radius to the next.
    pub(crate) step: f32,
    pub(crate) radius_step: f32,
    pub(crate) samples: usize,
}

/// The circle of the box with the largest `agreement * prior(circle, least)`, of a prior from 0
/// to 1. What is at most `least` is as good as 0: it cannot win. `ceiling` is a quick bound of
/// the prior.
pub(crate) fn best_circle(
    field: &GradientField,
    search: SearchBox,
    ceiling: impl Fn(Circle) -> f32,
    prior: impl Fn(Circle, f32) -> f32,
) -> Option<CircleCandidate> {
    let rings: Vec<Ring> = steps(search.r, search.radius_step)
        .map(|r| Ring::flanks(r, search.samples))
        .collect();
    let mut best: Option<(f32, CircleCandidate)> = None;
    for y in steps(search.y, search.step) {
        for x in steps(search.x, search.step) {
            for ring in &rings {
                let floor = best.as_ref().map_or(0.0, |(value, _)| *value);
                let circle = Circle { x, y, r: ring.r };
                let most = ROUNDING * ceiling(circle).min(1.0);
                // An agreement is below 1.
                if most <= floor {
                    continue;
                }
                let agreement = field.agreement(x, y, ring);
                if agreement * most <= floor {
                    continue;
                }
                let least = floor / (ROUNDING * agreement);
                let value = agreement * prior(circle, least).clamp(0.0, 1.0);
                if value > floor {
                    let candidate = CircleCandidate {
                        circle,
                        agreement,
                        value,
                    };
                    best = Some((value, candidate));
                }
            }
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn steps((from, to): (f32, f32), step: f32) -> impl Iterator<Item = f32> {
    let count = if to >= from {
        ((to - from) / step) as usize + 1
    } else {
        0
    };
    (0..count).map(move |k| from + k as f32 * step)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn disc(r: f32) -> Plane {
        let data = (0..60 * 80)
            .map(|k| {
                let (x, y) = ((k % 80) as f32 - 45.0, (k / 80) as f32 - 27.0);
                if x.hypot(y) < r { 20.0 } else { 120.0 }
            })
            .collect();
        Plane {
            width: 80,
            height: 60,
            data,
        }
        .blurred(1.0)
    }

    fn whole() -> SearchBox {
        SearchBox {
            x: (8.0, 72.0),
            y: (8.0, 52.0),
            r: (3.0, 25.0),
            step: 1.0,
            radius_step: 1.0,
            samples: 32,
        }
    }

    #[test]
    fn a_dark_disc_is_found() {
        let field = GradientField::new(&disc(11.0), 2.0);
        let found = best_circle(&field, whole(), |_| 1.0, |_, _| 1.0).unwrap();
        assert!((found.circle.x - 45.0).abs() <= 1.0);
        assert!((found.circle.y - 27.0).abs() <= 1.0);
        assert!((found.circle.r - 11.0).abs() <= 1.5);
        assert!(found.agreement > 0.8);
    }

    #[test]
    fn a_circle_that_is_off_by_some_pixels_is_brought_to_the_edge() {
        let field = GradientField::new(&disc(11.0), 2.0);
        let start = Circle {
            x: 48.0,
            y: 25.0,
            r: 13.0,
        };
        let found = refined_circle(&field, start, |_, _| 1.0);
        assert!((found.x - 45.0).abs() <= 0.5 && (found.y - 27.0).abs() <= 0.5);
        assert!((found.r - 11.0).abs() <= 1.0, "{}", found.r);
    }

    #[test]
    fn a_flat_plane_has_no_circle() {
        let plane = Plane {
            width: 80,
            height: 60,
            data: vec![80.0; 4800],
        };
        let field = GradientField::new(&plane, 2.0);
        assert!(best_circle(&field, whole(), |_| 1.0, |_, _| 1.0).is_none());
    }
}
