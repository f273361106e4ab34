//! A person in front of the orb.

use super::{Behaviour, Subject};
use crate::anatomy::Person;
use crate::conditions::{CaptureConditions, Target};
use crate::optics::Plane;
use crate::random::{between, normal};
use crate::render::{develop, paint};
use crate::truth::Truth;
use crate::view::{HEIGHT, WIDTH};
use annona_iris::Eye;
use annona_iris::pad::{Challenge, Led};
use image::GrayImage;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Iris radii by which the eyeball carries the iris for a radian of gaze.
const IRIS_RADII_PER_GAZE_RADIAN: f32 = 2.0;
/// Iris radius over eyeball radius.
const CURVATURE: f32 = 0.49;
/// Sideways light for a unit of the LED's place, in the measure of
/// [`CaptureConditions::light`].
const RELIEF_LIGHT: f32 = 3.0;
/// Change of brightness on the skin for a unit of the LED's place and an iris radius.
const SKIN_CURVATURE: f32 = 0.3;
/// Change of brightness from the middle to the edge of the image on a flat surface,
/// for a unit of the LED's place: the light is nearer on its side.
const FLAT_GRADIENT: f32 = 0.27;

/// One session of a living person. Every frame is a function of the person, the
/// challenge and the seed.
#[derive(Clone)]
pub struct Sitting {
    person: Person,
    pub(crate) challenge: Challenge,
    pub(crate) behaviour: Behaviour,
    base: [CaptureConditions; 2],
    seed: u64,
}

/// A scene of a session before lens and sensor.
pub(crate) struct View {
    pub(crate) plane: Plane,
    pub(crate) truth: Truth,
    pub(crate) conditions: CaptureConditions,
    /// Milliseconds since the start.
    pub(crate) ms: f32,
    glint: (f32, f32),
    glint_radius_px: f32,
    noise: ChaCha12Rng,
}

const fn side(eye: Eye) -> usize {
    match eye {
        Eye::Left => 0,
        Eye::Right => 1,
    }
}

impl Sitting {
    /// Seats a person before the orb.
    pub fn new(person: &Person, challenge: &Challenge, rng: &mut impl Rng) -> Self {
        let behaviour = Behaviour::draw(rng);
        let mut base = || CaptureConditions {
            // The orb reads its own sensor.
            jpeg_quality: None,
            glints: Vec::new(),
            ..CaptureConditions::sample(rng)
        };
        let left = base();
        // Both eyes are of one head: distance, gaze and light are shared.
        let right = CaptureConditions {
            iris_radius_px: left.iris_radius_px,
            gaze: left.gaze,
            pupil_change: left.pupil_change,
            exposure: left.exposure,
            upper_eyelid_drop: left.upper_eyelid_drop,
            roll: left.roll,
            ..base()
        };
        Self {
            person: person.clone(),
            challenge: challenge.clone(),
            behaviour,
            base: [left, right],
            seed: rng.next_u64(),
        }
    }

    /// The scene of a shot with the light of its LED, without the LED's reflection.
    pub(crate) fn view(&self, eye: Eye, index: usize) -> View {
        let shot = self.challenge.shots[index];
        let led = self.challenge.rig.leds[shot.led];
        let ms = shot.at_ms as f32;
        let mut noise = ChaCha12Rng::seed_from_u64(self.seed);
        noise.set_stream(4 + 2 * index as u64 + side(eye) as u64);
        let conditions = self.conditions(eye, led, ms, &mut noise);
        // The same lashes and reflections in every frame.
        let mut scenery = ChaCha12Rng::seed_from_u64(self.seed);
        scenery.set_stream(side(eye) as u64);
        let glint_radius_px = between(&mut scenery, 2.8, 4.4);
        let (mut plane, truth) = paint(&self.person, eye, &conditions, &mut scenery);
        shade(&mut plane, &truth, &conditions, led);
        let near = conditions.iris_radius_px / self.challenge.rig.iris_radius_px;
        let glint = self.glint(&truth, &conditions, led, near);
        View {
            plane,
            truth,
            conditions,
            ms,
            glint,
            glint_radius_px,
            noise,
        }
    }

    /// Returns the place at which the cornea shows the LED, in pixels. The mirror's centre
    /// lies behind the iris and stays when the gaze turns.
    fn glint(
        &self,
        truth: &Truth,
        conditions: &CaptureConditions,
        led: Led,
        near: f32,
    ) -> (f32, f32) {
        let (gx, gy) = conditions.gaze;
        let (x, y) = truth.to_image(-1.1 * gx, -1.1 * gy - 0.03);
        let way = self.behaviour.cornea * near * conditions.iris_radius_px;
        (x + way * led.right, y + way * led.down)
    }

    fn conditions(&self, eye: Eye, led: Led, ms: f32, rng: &mut impl Rng) -> CaptureConditions {
        let base = &self.base[side(eye)];
        let does = &self.behaviour;
        let resting = self.person.pupil_ratio(base);
        let gaze = does.gaze(ms);
        let radius = base.iris_radius_px * (1.0 + does.approach.at(ms));
        let closed = does.closed(ms);
        CaptureConditions {
            target: if closed > 0.7 {
                Target::Skin
            } else {
                base.target
            },
            iris_radius_px: radius,
            centre_px: (
                base.centre_px.0
                    + does.sway.0.at(ms)
                    + IRIS_RADII_PER_GAZE_RADIAN * radius * gaze.0,
                base.centre_px.1
                    + does.sway.1.at(ms)
                    + IRIS_RADII_PER_GAZE_RADIAN * radius * gaze.1,
            ),
            pupil_change: base.pupil_change + does.pupil_change(self.challenge.pulse, resting, ms),
            gaze: (base.gaze.0 + gaze.0, base.gaze.1 + gaze.1),
            roll: base.roll + does.roll.at(ms),
            upper_eyelid_drop: base.upper_eyelid_drop + 1.2 * closed,
            exposure: base.exposure * (1.0 + 0.008 * normal(rng)),
            gradient: (
                base.gradient.0 + FLAT_GRADIENT * led.right,
                base.gradient.1 + FLAT_GRADIENT * led.down,
            ),
            light: (RELIEF_LIGHT * led.right, RELIEF_LIGHT * led.down),
            defocus_px: base.defocus_px + does.hunting(ms),
            motion_px: does.blur_by_motion(ms, rng),
            ..base.clone()
        }
    }
}

impl Subject for Sitting {
    fn frame(&self, eye: Eye, index: usize) -> GrayImage {
        let mut view = self.view(eye, index);
        view.add_glint();
        view.develop()
    }
}

impl View {
    /// Paints the LED's mirror image, when the eye is open there.
    pub(crate) fn add_glint(&mut self) {
        let (x, y) = self.glint;
        let at = y.max(0.0) as usize * WIDTH as usize + x.max(0.0) as usize;
        let open = self.conditions.target == Target::Eye
            && self.truth.hidden.get(at).is_some_and(|hidden| !hidden);
        if open {
            add_spot(&mut self.plane, self.glint, self.glint_radius_px, 300.0);
        }
    }

    /// Moves the mirror image away from where the living cornea would show it, by
    /// `factor` of its way from the middle.
    pub(crate) fn bend_glint(&mut self, factor: f32) {
        let (gx, gy) = self.conditions.gaze;
        let (x, y) = self.truth.to_image(-1.1 * gx, -1.1 * gy - 0.03);
        self.glint = (
            x + factor * (self.glint.0 - x),
            y + factor * (self.glint.1 - y),
        );
    }

    /// Sends the scene through lens and sensor.
    pub(crate) fn develop(mut self) -> GrayImage {
        develop(self.plane, &self.conditions, &mut self.noise)
    }
}

/// Adds a soft round spot.
pub(crate) fn add_spot(plane: &mut Plane, (px, py): (f32, f32), radius: f32, strength: f32) {
    let reach = 3.0 * radius + 2.0;
    let (w, h) = (plane.width as f32 - 1.0, plane.height as f32 - 1.0);
    let (x0, x1) = ((px - reach).clamp(0.0, w), (px + reach).clamp(0.0, w));
    let (y0, y1) = ((py - reach).clamp(0.0, h), (py + reach).clamp(0.0, h));
    for y in y0 as usize..=y1 as usize {
        for x in x0 as usize..=x1 as usize {
            let d = (x as f32 - px).hypot(y as f32 - py);
            let core = (radius + 0.5 - d).clamp(0.0, 1.0);
            let halo = 0.10 * (-0.5 * (d / radius).powi(2)).exp();
            plane.data[y * plane.width + x] += strength * (core + halo);
        }
    }
}

/// Light from the side: the eyeball is a sphere, the face around it less curved.
fn shade(plane: &mut Plane, truth: &Truth, conditions: &CaptureConditions, led: Led) {
    let centre = (
        -IRIS_RADII_PER_GAZE_RADIAN * conditions.gaze.0,
        -IRIS_RADII_PER_GAZE_RADIAN * conditions.gaze.1,
    );
    // The LED stays with the orb, the face rolls.
    let (s, c) = conditions.roll.sin_cos();
    let light = (c * led.right + s * led.down, c * led.down - s * led.right);
    for y in 0..HEIGHT as usize {
        for x in 0..WIDTH as usize {
            let at = y * WIDTH as usize + x;
            let (fx, fy) = truth.to_face(x as f32, y as f32);
            let factor = if truth.hidden[at] {
                1.0 + SKIN_CURVATURE * (fx * light.0 + fy * light.1)
            } else {
                ball(fx - centre.0, fy - centre.1, fx * fx + fy * fy, light)
            };
            plane.data[at] *= factor;
        }
    }
}

/// Brightness of the eyeball under sideways light over that under light from the
/// lens (Lambert). The iris lies flat behind the cornea and has relief of its own.
fn ball(x: f32, y: f32, from_iris: f32, light: (f32, f32)) -> f32 {
    let white = ((from_iris.sqrt() - 0.98) / 0.06).clamp(0.0, 1.0);
    if white <= 0.0 {
        return 1.0;
    }
    let (nx, ny) = (CURVATURE * x, CURVATURE * y);
    let up = (1.0 - nx * nx - ny * ny).max(0.16).sqrt();
    1.0 + white * (nx * light.0 + ny * light.1) / up
}

/// The light of an LED on something flat.
pub(crate) fn shade_flat(conditions: &mut CaptureConditions, led: Led) {
    conditions.gradient.0 += FLAT_GRADIENT * led.right;
    conditions.gradient.1 += FLAT_GRADIENT * led.down;
}
