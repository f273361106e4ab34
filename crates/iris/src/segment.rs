//! Finds the edges of pupil and iris.

use crate::circle::{Candidate, Circle, GradientField, SearchBox, best_circle, refined_circle};
use crate::contour::{ANGLES, Contour, angle_of};
use crate::edge::{Round, Search, refined};
use crate::focus::edge_width;
use crate::occlusion::{Lids, find_lids};
use crate::order::median;
use crate::raster::Plane;
use crate::specular::Filled;
use crate::trig::{length, sin_cos};
use crate::votes::dark_circles;

/// Longest side of the plane on which circles are sought, pixels.
const COARSE_SIDE_PX: usize = 200;
/// Share of the iris radius beside a lid's edge in which contours are not trusted.
const LID_SHADE: f32 = 0.07;

/// Largest pupil radius looked for, as a share of the coarse plane's shorter side;
/// and the smallest in its pixels.
const LARGEST_PUPIL: f32 = 0.27;
const SMALLEST_PUPIL_PX: usize = 3;
/// Iris radii looked for: in pupil radii, and at most as shares of the coarse
/// plane's height and width.
const IRIS_OF_PUPIL: (f32, f32) = (1.35, 7.0);
const IRIS_OF_HEIGHT: f32 = 0.62;
const IRIS_OF_WIDTH: f32 = 0.45;
/// Weight of the limbus's agreement beside the pupil's votes.
const LIMBUS_WEIGHT: f32 = 2.0;
/// Brightening from the pupil's edge to the inside of the limbus, as a share of the
/// picture's range, at which a limbus counts half.
const ALIKE: f32 = 0.4;
/// Contrast at which an edge counts half on the way of the limbus, grey levels.
const SOFT_LIMBUS: f32 = 30.0;
/// The same for the pupil, whose edge is the strongest about it.
const SOFT_PUPIL: f32 = 200.0;

const PUPIL_FIRST: [Round; 1] = [Round {
    reach: 0.2,
    order: 2,
    stiffness: 0.02,
}];
const PUPIL_BETWEEN_LIDS: [Round; 2] = [
    Round {
        reach: 0.2,
        order: 2,
        stiffness: 0.05,
    },
    Round {
        reach: 0.1,
        order: 4,
        stiffness: 0.05,
    },
];
const LIMBUS_BETWEEN_LIDS: [Round; 1] = [Round {
    reach: 0.08,
    order: 4,
    stiffness: 0.02,
}];

/// Both contours with how well each edge agreed with its circle.
pub(crate) struct Segmentation {
    pub(crate) pupil: Contour,
    pub(crate) limbus: Contour,
    pub(crate) lids: Lids,
    pub(crate) limbus_agreement: f32,
    /// Likeness of the pair of circles to pupil and iris.
    pub(crate) value: f32,
    /// Standard deviation of the pupil's edge, pixels.
    pub(crate) edge_width_px: f32,
}

/// The pupil: its contour, and how well its circle agreed with the gradients.
pub(crate) struct FoundPupil {
    pub(crate) contour: Contour,
    pub(crate) agreement: f32,
    /// Grey levels by which the ring around the pupil is brighter than its inside.
    pub(crate) contrast: f32,
    circle: Circle,
}

/// The planes that segmentation reads: the picture without reflections, a light
/// blur of it and a small copy.
pub(crate) struct Planes {
    pub(crate) filled: Plane,
    pub(crate) smooth: Plane,
    coarse: Plane,
    /// Reflections and the pixels that they spoil: on the fine plane, on the coarse one.
    pub(crate) spots: Vec<bool>,
    coarse_spots: Vec<bool>,
    coarse_factor: usize,
    /// Smallest iris radius that is looked for, on the coarse plane.
    least_iris_radius: f32,
}

impl Planes {
    pub(crate) fn new(
        Filled {
            plane: filled,
            spots,
        }: Filled,
        least_iris_radius_px: f32,
    ) -> Self {
        let smooth = filled.blurred(1.5);
        let coarse_factor = filled.width.max(filled.height).div_ceil(COARSE_SIDE_PX);
        let coarse = filled.shrunk(coarse_factor);
        let coarse_spots = (0..coarse.data.len())
            .map(|k| {
                let (x, y) = (
                    k % coarse.width * coarse_factor,
                    k / coarse.width * coarse_factor,
                );
                spots[y * filled.width + x]
            })
            .collect();
        Self {
            spots,
            coarse_spots,
            filled,
            smooth,
            coarse,
            coarse_factor,
            least_iris_radius: least_iris_radius_px / coarse_factor as f32,
        }
    }

    /// The small copy alone, with its levels or its proportions changed: enough to seek
    /// an eye on.
    pub(crate) fn of_coarse(&self, change: CoarseChange) -> Self {
        let (from, spots) = (&self.coarse, &self.coarse_spots);
        let (across, down) = match change {
            CoarseChange::Negative => (1, 1),
            CoarseChange::HalfWidth => (2, 1),
            CoarseChange::HalfHeight => (1, 2),
        };
        let (width, height) = (from.width / across, from.height / down);
        let places = (0..width * height).map(|k| (k % width * across, k / width * down));
        let level = |(x, y): (usize, usize)| {
            let last = from.at(x + across - 1, y + down - 1);
            match change {
                CoarseChange::Negative => 255.0 - last,
                _ => 0.5 * (from.at(x, y) + last),
            }
        };
        let empty = Plane {
            width: 0,
            height: 0,
            data: Vec::new(),
        };
        Self {
            coarse: Plane {
                width,
                height,
                data: places.clone().map(level).collect(),
            },
            coarse_spots: places.map(|(x, y)| spots[y * from.width + x]).collect(),
            filled: empty.clone(),
            smooth: empty,
            spots: Vec::new(),
            coarse_factor: self.coarse_factor,
            least_iris_radius: self.least_iris_radius,
        }
    }

    /// 1 for a point of the fine plane that no reflection spoils, 0 for another.
    fn clear(&self, x: f32, y: f32) -> f32 {
        let (w, h) = (self.filled.width, self.filled.height);
        let (px, py) = ((x + 0.5).max(0.0) as usize, (y + 0.5).max(0.0) as usize);
        if self.spots[py.min(h - 1) * w + px.min(w - 1)] {
            0.0
        } else {
            1.0
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

/// A change that somebody may have made to a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CoarseChange {
    /// Black and white exchanged.
    Negative,
    HalfWidth,
    HalfHeight,
}

/// The pair of circles, one in the other, that is most like pupil and iris.
pub(crate) fn find_eye(planes: &Planes) -> Option<FoundEye> {
    let coarse = planes.coarse.blurred(0.8);
    let (w, h) = (coarse.width as f32, coarse.height as f32);
    let dark = coarse.percentile(0.01);
    let middle = coarse.percentile(0.5);
    let range = (middle - dark).max(1.0);
    let brightness = |x: f32, y: f32| (coarse.sample(x, y) - dark) / range;
    let darkness = |c: Circle| {
        let bright = disc_level(c, brightness).clamp(0.0, 0.95);
        (1.0 - bright) * (1.0 - bright)
    };
    let radii = (SMALLEST_PUPIL_PX, (LARGEST_PUPIL * w.min(h)) as usize);
    let candidates = dark_circles(&coarse, &planes.coarse_spots, radii, darkness);
    let smooth = planes.coarse.blurred(1.2);
    let field = GradientField::new(&smooth, 4.0);
    candidates
        .iter()
        .filter_map(|voted| {
            let limbus = limbus_around(&field, planes, voted.circle, range)?;
            let value = voted.votes
                + LIMBUS_WEIGHT * limbus.agreement * likely_ratio(voted.circle.r / limbus.circle.r);
            Some(FoundEye {
                pupil: voted.circle,
                limbus: limbus.circle,
                value,
                limbus_agreement: limbus.agreement,
                votes: voted.votes,
            })
        })
        .max_by(|a, b| a.value.total_cmp(&b.value))
}

/// Two circles on the coarse plane.
pub(crate) struct FoundEye {
    pub(crate) pupil: Circle,
    pub(crate) limbus: Circle,
    pub(crate) limbus_agreement: f32,
    pub(crate) votes: f32,
    /// Likeness of the pair to pupil and iris.
    pub(crate) value: f32,
}

/// 1 for the ratios that eyes have, falling to 0.3 for those they hardly have.
fn likely_ratio(ratio: f32) -> f32 {
    let off = (0.22 - ratio).max(ratio - 0.6).max(0.0);
    (1.0 - 5.0 * off).max(0.3)
}

/// Mean grey levels right and left at `share` of a circle's radius.
fn flank_levels(plane: &Plane, c: Circle, share: f32) -> [f32; 2] {
    const DOWN: [f32; 4] = [-0.2, 0.05, 0.3, 0.5];
    [1.0, -1.0].map(|side| {
        let sum: f32 = DOWN
            .iter()
            .map(|&down| {
                let across = side * (1.0 - down * down).sqrt();
                plane.sample(c.x + share * c.r * across, c.y + share * c.r * down)
            })
            .sum();
        sum / DOWN.len() as f32
    })
}

fn limbus_around(
    field: &GradientField,
    planes: &Planes,
    pupil: Circle,
    range: f32,
) -> Option<Candidate> {
    let coarse = &planes.coarse;
    let Circle { x, y, r } = pupil;
    let largest = (IRIS_OF_PUPIL.1 * r)
        .min(IRIS_OF_HEIGHT * coarse.height as f32)
        .min(IRIS_OF_WIDTH * coarse.width as f32);
    let smallest = (IRIS_OF_PUPIL.0 * r).max(planes.least_iris_radius);
    let search = |step: f32, reach: f32, about: Circle, radii: (f32, f32), samples| SearchBox {
        x: (about.x - reach, about.x + reach),
        y: (about.y - reach, about.y + reach),
        r: radii,
        step,
        samples,
    };
    let inner = flank_levels(coarse, pupil, 1.3);
    let prior = |c: Circle| {
        let outer = flank_levels(coarse, c, 0.85);
        let brighter = (0..2)
            .map(|side| (outer[side] - inner[side]).max(0.0) / range)
            .sum::<f32>();
        let alike = 1.0 / (1.0 + (brighter / ALIKE) * (brighter / ALIKE));
        alike * (1.0 - (length(c.x - x, c.y - y) / c.r))
    };
    let reach = (0.10 * smallest.max(0.3 * largest)).max(2.0).floor();
    let rough = best_circle(
        field,
        search(1.0, reach, pupil, (smallest, largest), 40),
        prior,
    )?;
    let near = (rough.circle.r - 1.5, rough.circle.r + 1.5);
    Some(best_circle(field, search(0.5, 1.0, rough.circle, near, 72), prior).unwrap_or(rough))
}

/// The pupil's contour about its circle.
pub(crate) fn find_pupil(planes: &Planes, eye: &FoundEye) -> FoundPupil {
    let field = GradientField::new(&planes.smooth, 3.0);
    let circle = refined_circle(&field, planes.to_fine(eye.pupil), |x, y| planes.clear(x, y));
    let contour = pupil_contour(planes, round(circle), &PUPIL_FIRST, |_, _| 1.0);
    FoundPupil {
        contrast: contrast_across(&planes.smooth, &contour),
        contour,
        agreement: eye.votes,
        circle,
    }
}

/// Median over the angles of outside less inside, a quarter of the radius off the edge.
fn contrast_across(plane: &Plane, contour: &Contour) -> f32 {
    let mut all: Vec<f32> = (0..ANGLES)
        .map(|k| {
            let (sin, cos) = sin_cos(angle_of(k, ANGLES));
            let at = |share: f32| {
                let r = contour.radii[k] * share;
                plane.sample(contour.centre_x + r * cos, contour.centre_y + r * sin)
            };
            at(1.25) - at(0.75)
        })
        .collect();
    median(&mut all)
}

/// The second brightest of nine places in a circle: a pupil is dark all over.
fn disc_level(c: Circle, value: impl Fn(f32, f32) -> f32) -> f32 {
    let mut levels = [value(c.x, c.y); 9];
    for (k, level) in levels.iter_mut().skip(1).enumerate() {
        let (sin, cos) = sin_cos(angle_of(k, 8));
        *level = value(c.x + 0.7 * c.r * cos, c.y + 0.7 * c.r * sin);
    }
    levels.sort_by(f32::total_cmp);
    levels[7]
}

fn pupil_contour(
    planes: &Planes,
    start: Contour,
    rounds: &[Round],
    trust: impl Fn(f32, f32) -> f32,
) -> Contour {
    let search = Search {
        rounds,
        span: |r| (0.1 * r).clamp(1.5, 4.0),
        soft: SOFT_PUPIL,
        flattening: [0.0; 2],
        centre: None,
    };
    let trust = |x: f32, y: f32| trust(x, y) * planes.clear(x, y);
    refined(&planes.smooth, start, &search, trust, trust)
}

/// The iris edge around a pupil.
pub(crate) fn find_limbus(planes: &Planes, eye: &FoundEye, pupil: &FoundPupil) -> Segmentation {
    let fine = planes.filled.blurred(2.0);
    let field = GradientField::new(&fine, 2.0);
    let start = planes.to_fine(eye.limbus);
    let beside = |x: f32, y: f32| sideways_trust((x - start.x, y - start.y));
    let circle = refined_circle(&field, start, beside);
    let rough = round(circle);

    let lids = find_lids(&planes.smooth, &pupil.contour, &rough);
    let shade = LID_SHADE * circle.r;
    let between = |x: f32, y: f32| if lids.cover(x, y, shade) { 0.0 } else { 1.0 };
    let circle = refined_circle(&field, circle, between);
    let start = round(pupil.circle);
    let inner = pupil_contour(planes, start, &PUPIL_BETWEEN_LIDS, between);
    let limbus = limbus_contour(planes, circle, &inner, between);
    let lids = find_lids(&planes.smooth, &inner, &limbus);
    let edge_width_px = edge_width(&planes.filled, &inner, limbus.mean_radius());
    Segmentation {
        pupil: inner,
        limbus,
        lids,
        limbus_agreement: eye.limbus_agreement,
        value: eye.value,
        edge_width_px,
    }
}

/// Returns how flat a camera or a turned eye makes the pupil, less noise: the limbus is as
/// flat, and lids hide the places that would show it.
fn flattening_of(pupil: &Contour) -> [f32; 2] {
    const NOISE: f32 = 0.01;
    pupil.flattening().map(|f| f - f.clamp(-NOISE, NOISE))
}

/// The limbus about its circle. Lids hide its upper and lower ends, so that its flanks
/// leave its height open, and a lash beside one of them moves it sideways: the pupil says
/// where its centre is expected.
fn limbus_contour(
    planes: &Planes,
    circle: Circle,
    pupil: &Contour,
    trust: impl Fn(f32, f32) -> f32,
) -> Contour {
    let search = Search {
        rounds: &LIMBUS_BETWEEN_LIDS,
        span: |r| (0.08 * r).clamp(2.0, 7.0),
        soft: SOFT_LIMBUS,
        flattening: flattening_of(pupil).map(|f| circle.r * f),
        centre: Some((pupil.centre_x, pupil.centre_y)),
    };
    refined(&planes.smooth, round(circle), &search, |_, _| 1.0, trust)
}

/// Before the lids are known: the sides count in full, above and below hardly.
fn sideways_trust((dx, dy): (f32, f32)) -> f32 {
    const COVERED: f32 = 0.15;
    let down = dy / length(dx, dy).max(1e-3);
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
