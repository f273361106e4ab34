//! Templates that differ as those of eyes do, made by a thousand a second.
//!
//! Each filter's response is a complex Gaussian field with the filter's wavelength along
//! the columns, and correlated from radius to radius so that neighbouring bits are equal
//! as often as on real eyes. A code bit is the sign of a part; eyelids hide outer radii.

use std::f32::consts::TAU;

use annona_template::{COLUMNS, EyePair, IrisTemplate};
use orb_sim::normal;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

const RADII: usize = 16;
/// Textures that galleries are drawn from: each eye is one of them at some turn.
const TEXTURES: usize = 1_024;
/// Raw distance of two captures of an eye: mean and standard deviation.
const RECAPTURE: (f32, f32) = (0.22, 0.06);
/// Most distant recapture that is drawn.
const FARTHEST: f32 = 0.45;
/// Greatest turn between two captures, in columns.
const MOST_TURN: i32 = 10;

struct Filter {
    /// Wavelength of the filter, in columns.
    wavelength: f32,
    /// Standard deviation of the window, in columns.
    window: f32,
    /// Correlation of neighbouring radii.
    radial: f32,
}

/// Neighbouring bits are equal in .87 and .70 of the columns, .79 and .74 of the radii.
const FILTERS: [Filter; 2] = [
    Filter {
        wavelength: 15.6,
        window: 5.0,
        radial: 0.784,
    },
    Filter {
        wavelength: 7.0,
        window: 2.0,
        radial: 0.675,
    },
];

/// Real and imaginary responses, by filter, radius and column.
type Responses = Vec<[(f32, f32); COLUMNS]>;

/// Source of people for a gallery.
pub struct SyntheticPeople {
    textures: Vec<[u64; COLUMNS]>,
}

impl SyntheticPeople {
    /// Draws the textures of which everybody's eyes are made.
    #[must_use]
    pub fn new(rng: &mut ChaCha8Rng) -> Self {
        let textures = (0..TEXTURES).map(|_| signs(&responses(rng)));
        Self {
            textures: textures.collect(),
        }
    }

    /// Somebody: a texture for each eye, at any turn.
    #[must_use]
    pub fn somebody(&self, rng: &mut ChaCha8Rng) -> EyePair {
        let mut eye = || {
            let texture = &self.textures[rng.random_range(0..TEXTURES)];
            let turn = rng.random_range(0..COLUMNS as i32);
            seen(texture, turn, rng)
        };
        EyePair {
            left: eye(),
            right: eye(),
        }
    }
}

/// Two captures of a person who is in no gallery.
#[must_use]
pub fn two_captures(rng: &mut ChaCha8Rng) -> [EyePair; 2] {
    let [left, right] = [two_captures_of_an_eye(rng), two_captures_of_an_eye(rng)];
    let [(a, b), (c, d)] = [left, right];
    [EyePair { left: a, right: c }, EyePair { left: b, right: d }]
}

fn two_captures_of_an_eye(rng: &mut ChaCha8Rng) -> (IrisTemplate, IrisTemplate) {
    let texture = responses(rng);
    let drawn = RECAPTURE.0 + RECAPTURE.1 * normal(rng);
    let alike = (drawn.clamp(0.0, FARTHEST) * TAU / 2.0).cos();
    let noise = (1.0 - alike * alike).sqrt();
    let mut again = texture.clone();
    for (row, other) in again.iter_mut().zip(responses(rng)) {
        for (value, other) in row.iter_mut().zip(other) {
            value.0 = alike * value.0 + noise * other.0;
            value.1 = alike * value.1 + noise * other.1;
        }
    }
    let turn = rng.random_range(-MOST_TURN..=MOST_TURN);
    (
        seen(&signs(&texture), 0, rng),
        seen(&signs(&again), turn, rng),
    )
}

/// A texture turned, with eyelids before it.
fn seen(texture: &[u64; COLUMNS], turn: i32, rng: &mut ChaCha8Rng) -> IrisTemplate {
    const INNER_RADII: u32 = 0x00ff_00ff;
    let (eyelid, first) = (rng.random_range(10..70), rng.random_range(0..COLUMNS));
    let is_hidden = |k: usize| (k + COLUMNS - first) % COLUMNS < eyelid;
    IrisTemplate::from_columns(
        std::array::from_fn(|k| texture[(k as i32 + turn).rem_euclid(COLUMNS as i32) as usize]),
        std::array::from_fn(|k| if is_hidden(k) { INNER_RADII } else { u32::MAX }),
    )
}

fn signs(responses: &Responses) -> [u64; COLUMNS] {
    std::array::from_fn(|column| {
        responses.iter().enumerate().fold(0, |word, (bit, row)| {
            let (re, im) = row[column];
            word | u64::from(re > 0.0) << bit | u64::from(im > 0.0) << (32 + bit)
        })
    })
}

fn responses(rng: &mut ChaCha8Rng) -> Responses {
    let mut rows = Responses::with_capacity(FILTERS.len() * RADII);
    for filter in &FILTERS {
        let kernel = filter.kernel();
        for radius in 0..RADII {
            let mut row = filtered(&kernel, rng);
            if let Some(inner) = rows.last().filter(|_| radius > 0) {
                let fresh = (1.0 - filter.radial * filter.radial).sqrt();
                for (value, inner) in row.iter_mut().zip(inner) {
                    value.0 = fresh * value.0 + filter.radial * inner.0;
                    value.1 = fresh * value.1 + filter.radial * inner.1;
                }
            }
            rows.push(row);
        }
    }
    rows
}

impl Filter {
    /// A wave under a bell, of unit energy in each part.
    fn kernel(&self) -> Vec<(f32, f32)> {
        let reach = (3.0 * self.window) as i32;
        let wave: Vec<(f32, f32)> = (-reach..=reach)
            .map(|j| {
                let (sin, cos) = (j as f32 * TAU / self.wavelength).sin_cos();
                let bell = (-0.5 * (j as f32 / self.window).powi(2)).exp();
                (bell * cos, bell * sin)
            })
            .collect();
        let energy =
            |part: fn(&(f32, f32)) -> f32| wave.iter().map(|w| part(w).powi(2)).sum::<f32>().sqrt();
        let (re, im) = (energy(|w| w.0), energy(|w| w.1));
        wave.iter().map(|w| (w.0 / re, w.1 / im)).collect()
    }
}

fn filtered(kernel: &[(f32, f32)], rng: &mut ChaCha8Rng) -> [(f32, f32); COLUMNS] {
    let noise: [f32; COLUMNS] = std::array::from_fn(|_| normal(rng));
    std::array::from_fn(|column| {
        kernel.iter().enumerate().fold((0.0, 0.0), |sum, (j, w)| {
            let value = noise[(column + j) % COLUMNS];
            (sum.0 + w.0 * value, sum.1 + w.1 * value)
        })
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Targets of `docs/measurements/iris.md` on real eyes, by filter.
    #[test]
    fn neighbouring_bits_are_equal_as_often_as_on_real_eyes() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let codes: Vec<[u64; COLUMNS]> = (0..40).map(|_| signs(&responses(&mut rng))).collect();
        for (filter, expected) in [(0, 0.874), (1, 0.687)] {
            let bits = 0x0000_ffff_0000_ffff_u64 << (16 * filter);
            let equal: u32 = codes
                .iter()
                .flat_map(|code| (1..COLUMNS).map(move |k| !(code[k] ^ code[k - 1]) & bits))
                .map(u64::count_ones)
                .sum();
            let share = f64::from(equal) / (40 * 199 * 32) as f64;
            assert!((share - expected).abs() < 0.03, "filter {filter}: {share}");
        }
    }
}
