//! The circumstances of one photograph.

use crate::faults::Faults;
use crate::random::{angle, between, chance, clamped, normal};
use rand::{Rng, RngExt};

/// Object that is before the lens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The eye of a person.
    Eye,
    /// Skin without an eye: the orb is pointed at a cheek.
    Skin,
    /// Nothing: the lens is covered.
    CoveredLens,
}

/// The mirror image of one light-emitting diode on the cornea.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glint {
    /// Place relative to the pupil's centre, in iris radii, right and down.
    pub at: (f32, f32),
    /// Radius in pixels.
    pub radius_px: f32,
    /// Grey levels added at its middle (before clipping).
    pub strength: f32,
}

/// The circumstances of one photograph. Angles are radians, lengths iris radii
/// unless the name says otherwise; directions are right and down in the image.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureConditions {
    /// Object that is before the lens.
    pub target: Target,
    /// Iris radius in pixels (distance and scale).
    pub iris_radius_px: f32,
    /// Iris centre relative to the image centre, in pixels.
    pub centre_px: (f32, f32),
    /// Pupil to iris ratio above the person's resting one.
    pub pupil_change: f32,
    /// Shift of the pupil's centre from its resting place.
    pub pupil_shift: (f32, f32),
    /// Out-of-roundness of the pupil beyond the person's own, relative, with its axis.
    pub pupil_ellipse: (f32, f32),
    /// Gaze to the right and downward.
    pub gaze: (f32, f32),
    /// Head roll with eye torsion, clockwise.
    pub roll: f32,
    /// Drop of the upper eyelid below its resting place.
    pub upper_eyelid_drop: f32,
    /// Rise of the lower eyelid above its resting place.
    pub lower_eyelid_rise: f32,
    /// Share of the person's lashes that hang into view.
    pub lash_density: f32,
    /// Mirror images of the lamps.
    pub glints: Vec<Glint>,
    /// Exposure relative to the nominal one.
    pub exposure: f32,
    /// Relative change of light from the centre to the edge of the image, right and down.
    pub gradient: (f32, f32),
    /// Sideways component of the light, which shades the relief of the iris.
    pub light: (f32, f32),
    /// Standard deviation of the reflections of the surroundings on the cornea, in grey levels.
    pub veil: f32,
    /// Standard deviation of the blur by defocus, in pixels.
    pub defocus_px: f32,
    /// Motion during exposure, in pixels.
    pub motion_px: (f32, f32),
    /// Standard deviation of the read noise, in grey levels.
    pub read_noise: f32,
    /// Variance of the shot noise a grey level.
    pub shot_noise: f32,
    /// Quality of a JPEG round trip on the way, if there is one.
    pub jpeg_quality: Option<u8>,
    /// Faults of another camera.
    pub faults: Faults,
}

impl CaptureConditions {
    /// Draws the circumstances of an ordinary photograph.
    pub fn sample(rng: &mut impl Rng) -> Self {
        let gaze = draw_gaze(rng);
        Self {
            target: Target::Eye,
            iris_radius_px: clamped(rng, 115.0, 7.5, (100.0, 130.0)),
            centre_px: (
                clamped(rng, 0.0, 13.0, (-40.0, 40.0)),
                clamped(rng, 0.0, 11.0, (-35.0, 35.0)),
            ),
            pupil_change: draw_pupil_change(rng),
            pupil_shift: (0.006 * normal(rng), 0.006 * normal(rng)),
            pupil_ellipse: (0.012 * normal(rng).abs(), angle(rng)),
            gaze,
            roll: draw_roll(rng),
            upper_eyelid_drop: draw_eyelid_drop(rng),
            lower_eyelid_rise: clamped(rng, 0.0, 0.06, (-0.2, 0.25)),
            lash_density: between(rng, 0.45, 1.0),
            glints: draw_glints(rng, gaze),
            exposure: clamped(rng, 1.0, 0.06, (0.82, 1.15)),
            gradient: (0.07 * normal(rng), 0.05 * normal(rng)),
            light: (0.5 * normal(rng), 0.5 * normal(rng)),
            veil: between(rng, 0.2, 4.3),
            defocus_px: (0.6 * normal(rng)).abs() + between(rng, 0.0, 0.4),
            motion_px: draw_motion(rng),
            read_noise: between(rng, 1.3, 2.4),
            shot_noise: between(rng, 0.035, 0.085),
            jpeg_quality: chance(rng, 0.3).then(|| rng.random_range(82..96)),
            faults: Faults::default(),
        }
    }

    /// A photograph without an eye: skin, or a covered lens, with the sensor's noise.
    pub fn blank(rng: &mut impl Rng) -> Self {
        let target = if chance(rng, 0.5) {
            Target::Skin
        } else {
            Target::CoveredLens
        };
        Self {
            target,
            ..Self::sample(rng)
        }
    }

    /// A photograph far out of the plane of focus.
    pub fn badly_defocused(rng: &mut impl Rng) -> Self {
        let defocus_px = between(rng, 7.0, 10.0);
        Self {
            defocus_px,
            ..Self::sample(rng)
        }
    }
}

/// A little from one photograph to the next, and now and then another light.
fn draw_pupil_change(rng: &mut impl Rng) -> f32 {
    let sd = if chance(rng, 0.075) { 0.08 } else { 0.029 };
    clamped(rng, 0.0, sd, (-0.145, 0.145))
}

fn draw_gaze(rng: &mut impl Rng) -> (f32, f32) {
    let sd = if chance(rng, 0.1) { 0.11 } else { 0.05 };
    (
        clamped(rng, 0.0, sd, (-0.25, 0.25)),
        clamped(rng, 0.02, 0.8 * sd, (-0.2, 0.2)),
    )
}

/// Two degrees of standard deviation, and a tail out to fifteen.
fn draw_roll(rng: &mut impl Rng) -> f32 {
    let degrees = if chance(rng, 0.06) {
        clamped(rng, 0.0, 4.6, (-15.0, 15.0))
    } else {
        1.68 * normal(rng)
    };
    degrees.to_radians()
}

/// Mostly a little, now and then a half-closed eye.
fn draw_eyelid_drop(rng: &mut impl Rng) -> f32 {
    let drop = clamped(rng, 0.0, 0.09, (-0.2, 0.3));
    if chance(rng, 0.06) {
        drop + between(rng, 0.1, 0.35)
    } else {
        drop
    }
}

fn draw_motion(rng: &mut impl Rng) -> (f32, f32) {
    let length = if chance(rng, 0.1) { 1.6 } else { 0.5 };
    (length * normal(rng), 0.6 * length * normal(rng))
}

/// Draws the mirror images of the orb's lamps, which are on a ring around the lens; the
/// cornea shows them small, near the pupil, moved against the gaze.
fn draw_glints(rng: &mut impl Rng, gaze: (f32, f32)) -> Vec<Glint> {
    let count = rng.random_range(2..5);
    let spread = between(rng, 0.07, 0.17);
    let turn = between(rng, -0.3, 0.3) + if count == 3 { 0.52 } else { 0.0 };
    let centre = (
        -1.1 * gaze.0 + 0.03 * normal(rng),
        -1.1 * gaze.1 - 0.03 + 0.03 * normal(rng),
    );
    let radius_px = between(rng, 2.6, 5.2);
    (0..count)
        .map(|i| {
            let phi = turn + std::f32::consts::TAU * i as f32 / count as f32;
            Glint {
                at: (
                    centre.0 + spread * libm::cosf(phi),
                    centre.1 + spread * libm::sinf(phi),
                ),
                radius_px: radius_px * between(rng, 0.85, 1.15),
                strength: between(rng, 190.0, 320.0),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn many() -> Vec<CaptureConditions> {
        let mut rng = ChaCha8Rng::seed_from_u64(21);
        (0..8_000)
            .map(|_| CaptureConditions::sample(&mut rng))
            .collect()
    }

    #[test]
    fn roll_has_two_degrees_of_deviation_and_stays_within_fifteen() {
        let degrees: Vec<f32> = many().iter().map(|c| c.roll.to_degrees()).collect();
        let sd = (degrees.iter().map(|d| d * d).sum::<f32>() / degrees.len() as f32).sqrt();
        assert!((1.9..2.5).contains(&sd), "sd {sd}");
        assert!(degrees.iter().all(|d| d.abs() < 15.001));
        assert!(degrees.iter().any(|d| d.abs() > 9.0), "no heavy tail");
    }

    #[test]
    fn rotation_between_captures_has_the_measured_percentiles() {
        let rolls: Vec<f32> = many().iter().map(|c| c.roll.to_degrees()).collect();
        // Columns of a normalised iris 256 wide.
        let mut columns: Vec<f32> = rolls
            .chunks_exact(2)
            .map(|pair| (pair[0] - pair[1]).abs() * 256.0 / 360.0)
            .collect();
        columns.sort_by(f32::total_cmp);
        let at = |share: f32| columns[(share * columns.len() as f32) as usize];
        assert!((at(0.5) - 1.0).abs() < 0.5, "p50 {}", at(0.5));
        assert!((at(0.95) - 4.0).abs() < 0.7, "p95 {}", at(0.95));
        assert!((at(0.99) - 6.0).abs() < 1.5, "p99 {}", at(0.99));
    }

    #[test]
    fn lamps_are_two_to_four_and_mostly_in_the_pupil() {
        let all = many();
        assert!(all.iter().all(|c| (2..=4).contains(&c.glints.len())));
        let glints: Vec<&Glint> = all.iter().flat_map(|c| &c.glints).collect();
        let inside = glints
            .iter()
            .filter(|g| g.at.0.hypot(g.at.1) < 0.39)
            .count();
        let share = inside as f32 / glints.len() as f32;
        assert!((0.9..0.999).contains(&share), "share in the pupil {share}");
    }

    #[test]
    fn an_ordinary_photograph_is_in_focus_and_a_defective_one_far_from_it() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        assert!(many().iter().all(|c| c.defocus_px < 3.0));
        for _ in 0..100 {
            assert!(CaptureConditions::badly_defocused(&mut rng).defocus_px >= 7.0);
            assert_ne!(CaptureConditions::blank(&mut rng).target, Target::Eye);
        }
    }
}
