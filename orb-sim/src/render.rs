//! From anatomy and circumstances to an image.

use crate::anatomy::Person;
use crate::conditions::{CaptureConditions, Target};
use crate::optics::{Plane, gaussian_blur, motion_blur};
use crate::scene::Scene;
use crate::sensor;
use crate::truth::Truth;
use crate::view::{HEIGHT, WIDTH};
use annona_iris::Eye;
use image::{GrayImage, Luma};
use rand::Rng;

/// Blur of the lens in its plane of focus, standard deviation in pixels.
const LENS_BLUR_PX: f32 = 0.65;
/// Motion below this many pixels is lost in the lens blur.
const LEAST_MOTION_PX: f32 = 0.4;

/// Grey level about which contrast is changed.
const MIDDLE_LEVEL: f32 = 100.0;

/// Photographs an eye: 640x480, 8-bit grey, near infrared.
///
/// The image is a function of the arguments and of the random stream, to the bit.
#[must_use]
pub fn capture(
    person: &Person,
    eye: Eye,
    conditions: &CaptureConditions,
    rng: &mut impl Rng,
) -> GrayImage {
    capture_with_truth(person, eye, conditions, rng).0
}

/// As [`capture`], with the truth that the renderer knew. A blank image has the truth of
/// the eye that was not in view, with every pixel hidden.
#[must_use]
pub fn capture_with_truth(
    person: &Person,
    eye: Eye,
    conditions: &CaptureConditions,
    rng: &mut impl Rng,
) -> (GrayImage, Truth) {
    let (plane, truth) = paint(person, eye, conditions, rng);
    let mut image = develop(plane, conditions, rng);
    if let Some(level) = conditions.faults.pupil_paint {
        paint_pupil(&mut image, &truth, level);
    }
    (image, truth)
}

/// The scene before light, lens and sensor. `rng` draws the things that hang in view:
/// lashes and reflections of the surroundings.
pub(crate) fn paint(
    person: &Person,
    eye: Eye,
    conditions: &CaptureConditions,
    rng: &mut impl Rng,
) -> (Plane, Truth) {
    let anatomy = person.eye(eye);
    let scene = Scene::new(anatomy, person.pupil_ratio(conditions), conditions, rng);
    let (plane, hidden) = match conditions.target {
        Target::Eye => scene.paint(),
        Target::Skin => (scene.paint_skin(), all_hidden()),
        Target::CoveredLens => (
            Plane::filled(WIDTH as usize, HEIGHT as usize, 9.0),
            all_hidden(),
        ),
    };
    let truth = Truth {
        pupil: scene.pupil,
        limbus: scene.limbus,
        hidden,
        view: scene.view,
    };
    (plane, truth)
}

/// Lights a scene and sends it through lens and sensor.
pub(crate) fn develop(
    mut plane: Plane,
    conditions: &CaptureConditions,
    rng: &mut impl Rng,
) -> GrayImage {
    if conditions.target != Target::CoveredLens {
        illuminate(&mut plane, conditions);
    }
    let mut plane = through_lens(&plane, conditions);
    if let Some(factor) = conditions.faults.contrast {
        change_contrast(&mut plane, factor);
    }
    sensor::expose(&plane, conditions, rng)
}

fn all_hidden() -> Vec<bool> {
    vec![true; (WIDTH * HEIGHT) as usize]
}

fn illuminate(plane: &mut Plane, conditions: &CaptureConditions) {
    let (gx, gy) = conditions.gradient;
    let (w, h) = (plane.width as f32, plane.height as f32);
    for (y, line) in plane.data.chunks_exact_mut(plane.width).enumerate() {
        let v = 2.0 * y as f32 / h - 1.0;
        for (x, grey) in line.iter_mut().enumerate() {
            let u = 2.0 * x as f32 / w - 1.0;
            let fall = 1.0 - 0.10 * (u * u + 0.6 * v * v);
            *grey *= conditions.exposure * (1.0 + gx * u + gy * v) * fall;
        }
    }
}

fn through_lens(plane: &Plane, conditions: &CaptureConditions) -> Plane {
    let sigma = libm::hypotf(LENS_BLUR_PX, conditions.defocus_px);
    let plane = gaussian_blur(plane, sigma);
    let (mx, my) = conditions.motion_px;
    if libm::hypotf(mx, my) < LEAST_MOTION_PX {
        return plane;
    }
    motion_blur(&plane, conditions.motion_px)
}

/// Changes the contrast of a scene about a middle grey level.
fn change_contrast(plane: &mut Plane, factor: f32) {
    for grey in &mut plane.data {
        *grey = MIDDLE_LEVEL + factor * (*grey - MIDDLE_LEVEL);
    }
}

/// Paints a pupil over as publishers of pictures do, to hide the lamps in it.
fn paint_pupil(image: &mut GrayImage, truth: &Truth, level: u8) {
    let (cx, cy) = truth.pupil.centre;
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let (ix, iy) = truth.to_iris(x as f32, y as f32);
        let (dx, dy) = (ix - cx, iy - cy);
        let theta = libm::atan2f(dy, dx);
        if libm::hypotf(dx, dy) <= truth.pupil.radius_at(theta) {
            *pixel = Luma([level]);
        }
    }
}
