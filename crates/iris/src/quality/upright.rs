//! Turn of a picture, told by the surroundings of an iris.
//!
//! Eyelids cover an iris above and, less, below; beside it the sclera is bright, plain and
//! parted from it by a clear edge. Some measures about the iris, each by direction, are
//! reduced to their lowest harmonics. The turn at which these look most like an upright
//! eye's is the turn of the picture. A mirrored eye is as upright as another: only the
//! parts that are even about the vertical count.

use std::f32::consts::{FRAC_PI_2, TAU};

use crate::error::IrisError;
use crate::geometry::contour::Contour;
use crate::geometry::trig::sin_cos;
use crate::limits;
use crate::raster::Plane;
use crate::raster::order::{quantile, upper_median};

/// Directions in which an eye's surroundings are measured.
const DIRECTIONS: usize = 48;
/// Measures in each direction.
const MEASURES: usize = 12;
/// Harmonics of each measure, without the mean.
const HARMONICS: usize = 3;
/// Turns that are tried, five degrees apart.
const TURNS: usize = 72;
/// Turns to either side of upright that count as upright: 30 degrees.
// Chosen for an older search that turned templates by 27 degrees; the limit was set with it.
const UPRIGHT_TURNS: usize = 6;
/// Contrast, as a share of the range of grey levels, at which an edge counts half.
// Chosen; the weights below were fitted with it.
const EDGE_CONTRAST_HALF_WEIGHT: f32 = 0.1;

/// Weight of each harmonic of each measure in favour of an upright eye: a multinomial logistic
/// regression on four sets of real eyes, each at six turns (decision 21). Light from one side says
/// nothing, so plain levels have no first harmonic.
const UPRIGHT_WEIGHTS: [[f32; HARMONICS]; MEASURES] = [
    [1.06, 2.07, -0.01],
    [2.36, 5.24, -1.18],
    [-5.63, 11.75, -3.50],
    [-8.52, -10.27, 1.25],
    [7.20, 23.61, -12.50],
    [2.19, 16.31, -11.10],
    [2.24, 4.49, 2.53],
    [0.00, 12.50, 7.13],
    [0.00, 11.56, 6.57],
    [0.00, 4.92, 8.80],
    [0.00, 9.54, -0.82],
    [-2.55, 6.21, -0.77],
];

/// Turn of a picture, as the surroundings of an iris tell it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Turn {
    /// Degrees clockwise by which the eye is most likely turned, -180 to 180.
    degrees: f32,
    /// Probability of turns near that one.
    certainty: f32,
    /// Probability of turns near none, and of those near half a turn.
    level: f32,
}

/// Refuses an eye whose eyelids are not above and below it.
pub(crate) fn check_level(
    smooth: &Plane,
    pupil: &Contour,
    limbus: &Contour,
) -> Result<(), IrisError> {
    let turn = turn_of(smooth, pupil, limbus);
    if turn.level >= limits::MIN_LEVEL_PROBABILITY {
        return Ok(());
    }
    Err(match turn.certainty {
        certainty if certainty < limits::MIN_TURN_CERTAINTY => IrisError::UnclearTurn,
        _ => IrisError::Turned {
            degrees: turn.degrees,
        },
    })
}

/// Tells the turn of the picture about an iris.
fn turn_of(plane: &Plane, pupil: &Contour, limbus: &Contour) -> Turn {
    let measures = harmonics(plane, pupil, limbus);
    let likelihood: Vec<f32> = (0..TURNS).map(|k| likeness(&measures, k)).collect();
    let greatest = likelihood.iter().copied().fold(f32::MIN, f32::max);
    let odds: Vec<f32> = likelihood
        .iter()
        .map(|value| libm::expf(value - greatest))
        .collect();
    let all: f32 = odds.iter().sum();
    let near = |turn: usize| {
        (0..=2 * UPRIGHT_TURNS).map(move |k| (turn + TURNS + k - UPRIGHT_TURNS) % TURNS)
    };
    let probability = |turn: usize| near(turn).map(|k| odds[k]).sum::<f32>() / all;
    let likeliest = |turns: &mut dyn Iterator<Item = usize>| {
        let best = turns.max_by(|&a, &b| odds[a].total_cmp(&odds[b]));
        best.unwrap_or(0)
    };
    let best = likeliest(&mut (0..TURNS));
    Turn {
        degrees: degrees_of(best),
        certainty: probability(best),
        level: probability(0) + probability(TURNS / 2),
    }
}

/// Degrees of a turn, -180 to 180.
fn degrees_of(turn: usize) -> f32 {
    let degrees = turn as f32 * 360.0 / TURNS as f32;
    if degrees > 180.0 {
        degrees - 360.0
    } else {
        degrees
    }
}

/// Returns how much measures look like those of an upright eye after this turn.
fn likeness(measures: &Harmonics, turn: usize) -> f32 {
    let up = turn as f32 * TAU / TURNS as f32 - FRAC_PI_2;
    let mut sum = 0.0;
    for h in 0..HARMONICS {
        let (sin, cos) = sin_cos((h + 1) as f32 * up);
        for (of_measure, weights) in measures.iter().zip(&UPRIGHT_WEIGHTS) {
            sum += weights[h] * (of_measure[h].0 * cos + of_measure[h].1 * sin);
        }
    }
    sum
}

/// Cosine and sine parts by measure and harmonic.
type Harmonics = [[(f32, f32); HARMONICS]; MEASURES];

fn harmonics(plane: &Plane, pupil: &Contour, limbus: &Contour) -> Harmonics {
    let around = Surroundings::new(plane, pupil, limbus);
    around.measures().map(|by_direction| {
        std::array::from_fn(|h| {
            let (mut even, mut odd) = (0.0, 0.0);
            for (k, value) in by_direction.iter().enumerate() {
                let (sin, cos) = sin_cos((h + 1) as f32 * k as f32 * TAU / DIRECTIONS as f32);
                even += value * cos;
                odd += value * sin;
            }
            let scale = 2.0 / DIRECTIONS as f32;
            (scale * even, scale * odd)
        })
    })
}

/// A value for each direction, where the picture reaches that far.
type ByDirection = [Option<f32>; DIRECTIONS];

/// The picture about an iris, in directions and in shares of the iris radius.
struct Surroundings<'a> {
    plane: &'a Plane,
    centre: (f32, f32),
    radius: f32,
    /// Pupil radius as a share of the iris radius.
    pupil_share: f32,
    /// Grey levels between dark and bright about the iris.
    range: f32,
    directions: [(f32, f32); DIRECTIONS],
}

/// Changes of level at a point: in all, away from the iris, and around it.
struct Slope {
    total: f32,
    outward: f32,
    around: f32,
}

impl<'a> Surroundings<'a> {
    fn new(plane: &'a Plane, pupil: &Contour, limbus: &Contour) -> Self {
        // Chosen, not measured: a flatter picture has nothing but noise to divide by.
        const MIN_GREY_RANGE: f32 = 8.0;
        let radius = limbus.mean_radius();
        let mut about = Self {
            plane,
            centre: (limbus.centre_x, limbus.centre_y),
            radius,
            pupil_share: pupil.mean_radius() / radius,
            range: MIN_GREY_RANGE,
            directions: std::array::from_fn(|k| sin_cos(k as f32 * TAU / DIRECTIONS as f32)),
        };
        let mut levels: Vec<f32> = [0.6, 0.8, 0.95, 1.1, 1.25, 1.4]
            .iter()
            .flat_map(|&share| about.ring(share))
            .flatten()
            .collect();
        let range = quantile(&mut levels, 0.95) - quantile(&mut levels, 0.05);
        about.range = range.max(MIN_GREY_RANGE);
        about
    }

    /// All measures, each without its mean; 0 where the picture does not reach.
    fn measures(&self) -> [[f32; DIRECTIONS]; MEASURES] {
        let all = [
            self.strays([0.75, 0.85, 0.92]),
            self.strays([0.3, 0.45, 0.6]),
            self.difference(1.1, 0.9),
            self.edge([0.96, 1.0, 1.04]),
            self.texture([1.12, 1.18, 1.24]),
            self.texture([1.32, 1.4, 1.48]),
            self.texture([1.6, 1.7, 1.8]),
            self.levels(0.85),
            self.levels(1.15),
            self.levels(1.35),
            self.levels(1.65),
            self.difference(1.4, 1.15),
        ];
        all.map(|values| {
            let known = values.iter().flatten().count().max(1);
            let mean = values.iter().flatten().sum::<f32>() / known as f32;
            values.map(|value| value.map_or(0.0, |v| v - mean))
        })
    }

    /// A point of a direction, when it is in the picture with a margin around it.
    fn point(&self, share: f32, k: usize, margin: f32) -> Option<(f32, f32)> {
        let (sin, cos) = self.directions[k];
        let x = self.centre.0 + share * self.radius * cos;
        let y = self.centre.1 + share * self.radius * sin;
        let (w, h) = (
            self.plane.width as f32 - 1.0,
            self.plane.height as f32 - 1.0,
        );
        let is_inside = x >= margin && y >= margin && x <= w - margin && y <= h - margin;
        is_inside.then_some((x, y))
    }

    fn level(&self, share: f32, k: usize) -> Option<f32> {
        let (x, y) = self.point(share, k, 0.0)?;
        Some(self.plane.sample(x, y))
    }

    fn slope(&self, share: f32, k: usize) -> Option<Slope> {
        // Chosen, not measured: some pixels, wider than noise and narrower than an eyelid.
        const SLOPE_REACH_RADIUS_SHARE: f32 = 0.04;
        let d = SLOPE_REACH_RADIUS_SHARE * self.radius;
        let (x, y) = self.point(share, k, d)?;
        let across = self.plane.sample(x + d, y) - self.plane.sample(x - d, y);
        let down = self.plane.sample(x, y + d) - self.plane.sample(x, y - d);
        let (sin, cos) = self.directions[k];
        Some(Slope {
            total: across.abs() + down.abs(),
            outward: across * cos + down * sin,
            around: (down * cos - across * sin).abs(),
        })
    }

    fn ring(&self, share: f32) -> ByDirection {
        std::array::from_fn(|k| self.level(share, k))
    }

    /// Measures how far the iris strays from the usual level at each depth, on average; a
    /// depth is a share of the way from the pupil to the limbus.
    fn strays(&self, depths: [f32; 3]) -> ByDirection {
        // Chosen, not measured: a reflection or lash counts no more than skin does. The weights
        // were fitted to measures with these values (docs/measurements/iris.md).
        const MAX_STRAY_DEVIATIONS: f32 = 5.0;
        let mut sums = [0.0; DIRECTIONS];
        for depth in depths {
            let levels = self.ring(self.pupil_share + depth * (1.0 - self.pupil_share));
            let mut known: Vec<f32> = levels.iter().flatten().copied().collect();
            let usual = upper_median(&mut known);
            let mut off: Vec<f32> = known.iter().map(|v| (v - usual).abs()).collect();
            let spread = (1.48 * upper_median(&mut off)).clamp(4.0, 12.0);
            for (sum, level) in sums.iter_mut().zip(levels) {
                *sum += level.map_or(0.0, |v| {
                    ((v - usual).abs() / spread).min(MAX_STRAY_DEVIATIONS)
                });
            }
        }
        sums.map(|sum| Some(sum / depths.len() as f32))
    }

    /// Measures by how much the level at one distance exceeds that at another.
    fn difference(&self, outer: f32, inner: f32) -> ByDirection {
        std::array::from_fn(|k| {
            let rise = self.level(outer, k)? - self.level(inner, k)?;
            Some((rise / self.range).clamp(-1.0, 1.0))
        })
    }

    /// Measures how clearly an edge runs around the iris.
    fn edge(&self, shares: [f32; 3]) -> ByDirection {
        self.mean_of(shares, |s| {
            s.outward / (s.outward.abs() + s.around + EDGE_CONTRAST_HALF_WEIGHT * self.range)
        })
    }

    /// Measures how strongly levels change, in any direction.
    fn texture(&self, shares: [f32; 3]) -> ByDirection {
        self.mean_of(shares, |s| (s.total / self.range).min(1.0))
    }

    fn mean_of(&self, shares: [f32; 3], value: impl Fn(Slope) -> f32) -> ByDirection {
        std::array::from_fn(|k| {
            let sum: Option<f32> = shares.iter().map(|&s| self.slope(s, k).map(&value)).sum();
            sum.map(|sum| sum / shares.len() as f32)
        })
    }

    fn levels(&self, share: f32) -> ByDirection {
        self.ring(share).map(|level| level.map(|v| v / self.range))
    }
}
