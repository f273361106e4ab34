//! Inborn traits of a person: two irises, eyelids, lashes and tones.

use crate::conditions::CaptureConditions;
use crate::geometry::Contour;
use crate::random::{between, clamped};
use crate::texture::Texture;
use annona_iris::Eye;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// The anatomy of both eyes of one simulated person.
#[derive(Clone)]
pub struct Person {
    /// Pupil to iris ratio at the orb's usual light.
    resting_pupil: f32,
    left: Anatomy,
    right: Anatomy,
}

/// The anatomy of one eye.
#[derive(Clone)]
pub(crate) struct Anatomy {
    pub(crate) texture: Texture,
    /// Shape of the pupil's edge for a radius of one.
    pub(crate) pupil_shape: Contour,
    /// Shape of the limbus for a radius of one.
    pub(crate) limbus_shape: Contour,
    /// Resting pupil centre relative to the limbus centre, in iris radii, nasal positive.
    pub(crate) pupil_offset: (f32, f32),
    pub(crate) tones: Tones,
    pub(crate) eyelids: EyelidAnatomy,
    /// Unevenness with which the tissue stretches between pupil and limbus.
    pub(crate) stretch: f32,
    /// Radians by which the tissue twists when the pupil opens by the iris radius.
    pub(crate) twist: f32,
    /// Seed of everything grown on demand: lashes, vessels, skin.
    pub(crate) growth_seed: u64,
}

/// Grey levels under even illumination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tones {
    pub(crate) pupil: f32,
    pub(crate) iris: f32,
    /// Standard deviation of the iris structure.
    pub(crate) contrast: f32,
    pub(crate) sclera: f32,
    pub(crate) skin: f32,
    /// Width of the limbus transition, in iris radii.
    pub(crate) limbus_width: f32,
}

/// Eyelids relative to the iris centre at straight gaze, in iris radii.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EyelidAnatomy {
    pub(crate) upper: f32,
    pub(crate) lower: f32,
    /// Half the distance between the corners.
    pub(crate) half_width: f32,
    /// Sideways place of the highest point.
    pub(crate) skew: f32,
    /// Distance of the crease above the upper margin.
    pub(crate) crease: f32,
    /// Lashes of the upper eyelid.
    pub(crate) lashes: usize,
    /// Their length in iris radii.
    pub(crate) lash_length: f32,
}

impl Person {
    /// Grows the person of a seed. The same seed gives the same person to the bit;
    /// the two irises are independent draws.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let resting_pupil = draw_resting_pupil(&mut rng);
        let eyelids = EyelidAnatomy::draw(&mut rng);
        let tones = Tones::draw(&mut rng);
        let eye = |side| Anatomy::grow(seed, side, eyelids, tones);
        Self {
            resting_pupil,
            left: eye(Eye::Left),
            right: eye(Eye::Right),
        }
    }

    /// The ratio of pupil to iris in a photograph.
    #[must_use]
    pub fn pupil_ratio(&self, conditions: &CaptureConditions) -> f32 {
        let ratio = conditions.faults.pupil_ratio;
        ratio.unwrap_or_else(|| dilated(self.resting_pupil, conditions))
    }

    pub(crate) fn eye(&self, side: Eye) -> &Anatomy {
        match side {
            Eye::Left => &self.left,
            Eye::Right => &self.right,
        }
    }
}

/// People differ by more than one person does from day to day.
fn draw_resting_pupil(rng: &mut impl Rng) -> f32 {
    clamped(rng, 0.393, 0.055, (0.275, 0.505))
}

fn dilated(resting_pupil: f32, conditions: &CaptureConditions) -> f32 {
    (resting_pupil + conditions.pupil_change).clamp(0.18, 0.62)
}

impl Anatomy {
    fn grow(seed: u64, side: Eye, eyelids: EyelidAnatomy, tones: Tones) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        rng.set_stream(match side {
            Eye::Left => 1,
            Eye::Right => 2,
        });
        let nasal = match side {
            Eye::Left => -1.0,
            Eye::Right => 1.0,
        };
        let rng = &mut rng;
        Self {
            texture: Texture::grow(rng),
            pupil_shape: Contour::irregular(rng, 0.014),
            limbus_shape: Contour::irregular(rng, 0.007),
            pupil_offset: (
                nasal * clamped(rng, 0.025, 0.015, (-0.01, 0.06)),
                clamped(rng, -0.01, 0.012, (-0.04, 0.03)),
            ),
            tones,
            eyelids: EyelidAnatomy {
                skew: nasal * eyelids.skew,
                ..eyelids
            },
            stretch: clamped(rng, 0.29, 0.12, (0.0, 0.7)),
            twist: clamped(rng, 0.0, 0.07, (-0.2, 0.2)),
            growth_seed: rng.next_u64(),
        }
    }
}

impl Tones {
    fn draw(rng: &mut impl Rng) -> Self {
        let iris = between(rng, 88.0, 124.0);
        Self {
            pupil: between(rng, 26.0, 44.0),
            iris,
            contrast: clamped(rng, 9.8, 2.6, (7.5, 15.0)),
            sclera: iris + between(rng, 48.0, 72.0),
            skin: between(rng, 150.0, 190.0),
            limbus_width: between(rng, 0.018, 0.04),
        }
    }
}

impl EyelidAnatomy {
    fn draw(rng: &mut impl Rng) -> Self {
        Self {
            upper: clamped(rng, 0.735, 0.21, (0.32, 1.25)),
            lower: clamped(rng, 0.93, 0.11, (0.68, 1.25)),
            half_width: between(rng, 2.35, 2.75),
            skew: between(rng, 0.0, 0.35),
            crease: between(rng, 0.35, 0.8),
            lashes: between(rng, 40.0, 85.0) as usize,
            lash_length: between(rng, 0.30, 0.62),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pupil_ratios_have_the_quartiles_of_real_captures() {
        let mut rng = ChaCha12Rng::seed_from_u64(11);
        let mut ratios: Vec<f32> = (0..20_000)
            .map(|_| {
                let resting = draw_resting_pupil(&mut rng);
                dilated(resting, &CaptureConditions::sample(&mut rng))
            })
            .collect();
        ratios.sort_by(f32::total_cmp);
        let expected = [
            (0.01, 0.25),
            (0.25, 0.35),
            (0.5, 0.39),
            (0.75, 0.44),
            (0.99, 0.54),
        ];
        for (share, ratio) in expected {
            let found = ratios[(share * ratios.len() as f32) as usize];
            assert!(
                (found - ratio).abs() < 0.012,
                "{share}: {found}, not {ratio}"
            );
        }
    }

    #[test]
    fn left_and_right_irises_are_unrelated() {
        let people: Vec<Person> = (0..8).map(Person::from_seed).collect();
        let own = |p: &Person| correlation(p.eye(Eye::Left), p.eye(Eye::Right));
        let fellows: Vec<f32> = people.iter().map(own).collect();
        let strangers: Vec<f32> = people
            .windows(2)
            .map(|pair| correlation(pair[0].eye(Eye::Left), pair[1].eye(Eye::Left)))
            .collect();
        for found in [fellows, strangers] {
            let mean = found.iter().sum::<f32>() / found.len() as f32;
            assert!(mean.abs() < 0.1, "{mean}: {found:?}");
            assert!(found.iter().all(|c| c.abs() < 0.35), "{found:?}");
        }
        assert!(correlation(people[0].eye(Eye::Left), people[0].eye(Eye::Left)) > 0.99);
    }

    /// Correlation along the circles of the ciliary zone, each less its mean.
    fn correlation(a: &Anatomy, b: &Anatomy) -> f32 {
        const STEPS: usize = 600;
        let circle = |eye: &Anatomy, u: f32| -> Vec<f32> {
            let values: Vec<f32> = (0..STEPS)
                .map(|i| eye.texture.at(i as f32 / STEPS as f32, u, 0.0).value)
                .collect();
            let mean = values.iter().sum::<f32>() / STEPS as f32;
            values.iter().map(|v| v - mean).collect()
        };
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for row in 0..30 {
            let u = 0.1 + 0.027 * row as f32;
            for (x, y) in circle(a, u).iter().zip(circle(b, u)) {
                ab += x * y;
                aa += x * x;
                bb += y * y;
            }
        }
        ab / (aa * bb).sqrt()
    }
}
