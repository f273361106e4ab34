//! Compares the simulated eye with real ones: every statistic that was measured on real
//! near-infrared sensors, measured on renderings the same way.
//!
//! [`examine`] photographs one person and keeps what the statistics need;
//! [`CalibrationReport::new`] joins any number of them. Both are functions of their arguments,
//! so that the caller may spread people over threads.
//!
//! Measured from pixels by the pipeline under test: codes, masks, visible fraction,
//! pupil ratio. Measured with [`Truth`]: the texture, because the normalised iris of 256 x 64
//! is too coarse for lags of 512 and 128, and the roll between two captures.

mod distances;
mod plot;
mod report;
mod statistics;
mod targets;
mod unroll;

use annona_iris::{Eye, encode};
use annona_template::{COLUMNS, IrisTemplate};
use orb_sim::{CaptureConditions, Person, Truth, capture_with_truth};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use distances::{Genuine, least_distance};

pub use report::{CalibrationLine, CalibrationReport};
pub use targets::CalibrationTarget;
pub use unroll::{LAGS, Texture};

/// Number of filters of the encoder.
const FILTERS: usize = 2;
/// Radii at which each filter is read.
const RADII: usize = 16;

/// Parameters of a calibration: the people who are photographed, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalibrationPlan {
    /// Number of people, both eyes of each.
    pub people: u64,
    /// Number of captures of each eye.
    pub captures: u64,
    /// Seed of people and conditions.
    pub seed: u64,
}

impl Default for CalibrationPlan {
    /// Enough people that the range of every line is several standard errors wide.
    /// More of them tell more than more captures of each: the photographs of one
    /// person share eyelids, resting pupil and tissue.
    fn default() -> Self {
        Self {
            people: 480,
            captures: 4,
            seed: 1,
        }
    }
}

/// Accepted captures of one person, and the number of refused ones.
pub struct CalibrationSubject {
    eyes: [Vec<Photograph>; 2],
    refused: usize,
}

/// Data kept of one accepted capture.
struct Photograph {
    template: IrisTemplate,
    /// Visible share of the iris and ratio of the pupil as the pipeline says.
    visible: f32,
    pupil_ratio: f32,
    roll: f32,
    texture: Texture,
    /// Share of neighbouring bits that are equal: by column and by row, for each filter.
    equal_neighbours: [[f32; FILTERS]; 2],
}

/// Photographs both eyes of person `number` of the plan.
#[must_use]
pub fn examine(plan: &CalibrationPlan, number: u64) -> CalibrationSubject {
    let person = Person::from_seed(plan.seed.wrapping_mul(1_000_003).wrapping_add(number));
    let mut refused = 0;
    let eyes = [(Eye::Left, 0), (Eye::Right, 1)].map(|(eye, stream)| {
        (0..plan.captures)
            .filter_map(|sample| {
                let mut rng = ChaCha12Rng::seed_from_u64(plan.seed ^ 0xca11);
                rng.set_stream((number << 32) | (sample << 1) | stream);
                let taken = photograph(&person, eye, &mut rng);
                refused += usize::from(taken.is_none());
                taken
            })
            .collect()
    });
    CalibrationSubject { eyes, refused }
}

fn photograph(person: &Person, eye: Eye, rng: &mut ChaCha12Rng) -> Option<Photograph> {
    let conditions = CaptureConditions::sample(rng);
    let (image, truth): (_, Truth) = capture_with_truth(person, eye, &conditions, rng);
    let encoding = encode(&image, eye).ok()?;
    Some(Photograph {
        equal_neighbours: equal_neighbours(&encoding.template),
        template: encoding.template,
        visible: encoding.quality.visible,
        pupil_ratio: encoding.quality.pupil_ratio,
        roll: conditions.roll,
        texture: Texture::of(&image, &truth),
    })
}

impl CalibrationSubject {
    fn genuine(&self) -> Vec<Genuine> {
        let mut found = Vec::new();
        for captures in &self.eyes {
            for (k, a) in captures.iter().enumerate() {
                for b in &captures[k + 1..] {
                    let Some(distance) = least_distance(&a.template, &b.template) else {
                        continue;
                    };
                    found.push(Genuine {
                        distance,
                        pupil_change: (a.pupil_ratio - b.pupil_ratio).abs(),
                        rotation: (a.roll - b.roll).abs() * 256.0 / std::f32::consts::TAU,
                    });
                }
            }
        }
        found
    }

    fn photographs(&self) -> impl Iterator<Item = &Photograph> {
        self.eyes.iter().flatten()
    }
}

/// Pairs of neighbouring bits, both valid, and those of them that are equal.
#[derive(Clone, Copy, Default)]
struct Neighbours {
    equal: u64,
    all: u64,
}

impl Neighbours {
    fn add(&mut self, template: &IrisTemplate, a: (usize, usize), b: (usize, usize)) {
        let valid = |(column, bit): (usize, usize)| template.mask()[column] >> bit & 1 == 1;
        if !valid(a) || !valid(b) {
            return;
        }
        for part in [0, 32] {
            let code = |(column, bit): (usize, usize)| template.code()[column] >> (part + bit) & 1;
            self.all += 1;
            self.equal += u64::from(code(a) == code(b));
        }
    }

    fn share(self) -> f32 {
        self.equal as f32 / self.all.max(1) as f32
    }
}

/// Shares of equal neighbours by column and by row, for each filter.
fn equal_neighbours(template: &IrisTemplate) -> [[f32; FILTERS]; 2] {
    let mut found = [[Neighbours::default(); FILTERS]; 2];
    let [by_column, by_row] = &mut found;
    for column in 0..COLUMNS {
        for filter in 0..FILTERS {
            for radius in 0..RADII {
                let bit = RADII * filter + radius;
                let here = (column, bit);
                by_column[filter].add(template, here, ((column + 1) % COLUMNS, bit));
                if radius + 1 < RADII {
                    by_row[filter].add(template, here, (column, bit + 1));
                }
            }
        }
    }
    found.map(|filters| filters.map(Neighbours::share))
}
