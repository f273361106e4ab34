//! From anatomy and circumstances to an image.

use crate::anatomy::Person;
use crate::conditions::{CaptureConditions, Target};
use crate::faults::{change_contrast, paint_pupil};
use crate::geometry::Contour;
use crate::optics::{Plane, gaussian_blur, motion_blur};
use crate::scene::Scene;
use crate::sensor;
use crate::view::{HEIGHT, View, WIDTH};
use annona_iris::Eye;
use image::GrayImage;
use rand::Rng;

/// Blur of the lens in its plane of focus, standard deviation in pixels.
const LENS_BLUR_PX: f32 = 0.65;
/// Motion below this many pixels is lost in the lens blur.
const LEAST_MOTION_PX: f32 = 0.4;

/// Truth about an image that the renderer knew: for measuring, never for enrolment.
///
/// Coordinates are those of the iris plane in iris radii; [`Truth::to_image`]
/// carries them to pixels.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Edge of the pupil.
    pub pupil: Contour,
    /// Edge of the iris.
    pub limbus: Contour,
    /// Row by row, `true` where lid, lash or glint hides what lies beneath.
    pub hidden: Vec<bool>,
    view: View,
}

/// Ends of the iris at one angle, in the iris plane.
pub struct Ray {
    inner: (f32, f32),
    outer: (f32, f32),
}

impl Truth {
    /// Pixel coordinates of a point of the iris plane.
    #[must_use]
    pub fn to_image(&self, x: f32, y: f32) -> (f32, f32) {
        self.view.to_image(x, y)
    }

    /// Face coordinates of a pixel: iris radii from the iris centre, before the roll.
    pub(crate) fn to_face(&self, x: f32, y: f32) -> (f32, f32) {
        self.view.to_face(x, y)
    }

    /// Point of the iris plane at a pixel: undoes [`Truth::to_image`].
    pub(crate) fn to_iris(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = self.view.to_face(x, y);
        self.view.to_iris(x, y)
    }

    /// Pixel coordinates of a point of the rubber sheet: `theta` radians clockwise,
    /// `depth` from 0 at the pupil to 1 at the limbus.
    #[must_use]
    pub fn sheet_to_image(&self, theta: f32, depth: f32) -> (f32, f32) {
        self.along(&self.ray(theta), depth)
    }

    /// Ends of the iris at an angle.
    #[must_use]
    pub fn ray(&self, theta: f32) -> Ray {
        let (cos, sin) = (libm::cosf(theta), libm::sinf(theta));
        let [inner, outer] = [&self.pupil, &self.limbus].map(|contour| {
            let radius = contour.radius_at(theta);
            (
                contour.centre.0 + radius * cos,
                contour.centre.1 + radius * sin,
            )
        });
        Ray { inner, outer }
    }

    /// Pixel coordinates at a depth of a ray.
    #[must_use]
    pub fn along(&self, Ray { inner, outer }: &Ray, depth: f32) -> (f32, f32) {
        self.to_image(
            inner.0 + (outer.0 - inner.0) * depth,
            inner.1 + (outer.1 - inner.1) * depth,
        )
    }
}

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
