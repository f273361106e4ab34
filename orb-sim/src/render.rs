//! From anatomy and circumstances to an image.

use crate::anatomy::{Anatomy, Person};
use crate::conditions::{CaptureConditions, Target};
use crate::geometry::{Contour, RadiusTable, Sheet, SheetPoint};
use crate::lashes::{self, Bead};
use crate::lattice::Field;
use crate::lids::Lids;
use crate::optics::{Plane, gaussian_blur, motion_blur};
use crate::sensor;
use annona_iris::Eye;
use image::GrayImage;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Width of the orb's images in pixels.
pub const WIDTH: u32 = 640;
/// Height of the orb's images in pixels.
pub const HEIGHT: u32 = 480;

/// Blur of the lens in its plane of focus, standard deviation in pixels.
const LENS_BLUR_PX: f32 = 0.65;
/// Motion below this many pixels is lost in the lens blur.
const LEAST_MOTION_PX: f32 = 0.4;
/// Grey level of a lash.
const LASH_GREY: f32 = 42.0;
/// Weight of the relief shading against the structure itself.
const RELIEF: f32 = 0.010;
/// Parts of folding for an opening of the pupil by the iris radius.
const FOLDING: f32 = 5.2;

/// What the renderer knew about an image: for measuring, never for enrolment.
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

impl Truth {
    /// Pixel coordinates of a point of the iris plane.
    #[must_use]
    pub fn to_image(&self, x: f32, y: f32) -> (f32, f32) {
        self.view.to_image(x, y)
    }

    /// Pixel coordinates of a point of the rubber sheet: `theta` radians clockwise,
    /// `depth` from 0 at the pupil to 1 at the limbus.
    #[must_use]
    pub fn sheet_to_image(&self, theta: f32, depth: f32) -> (f32, f32) {
        let (inner, outer) = (&self.pupil, &self.limbus);
        let radius = inner.radius_at(theta) * (1.0 - depth) + outer.radius_at(theta) * depth;
        let x = inner.centre.0 * (1.0 - depth) + outer.centre.0 * depth + radius * theta.cos();
        let y = inner.centre.1 * (1.0 - depth) + outer.centre.1 * depth + radius * theta.sin();
        self.to_image(x, y)
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

/// As [`capture`], and what the renderer knew. A blank image has the truth of the
/// eye that was not in view, with every pixel hidden.
#[must_use]
pub fn capture_with_truth(
    person: &Person,
    eye: Eye,
    conditions: &CaptureConditions,
    rng: &mut impl Rng,
) -> (GrayImage, Truth) {
    let anatomy = person.eye(eye);
    let scene = Scene::new(anatomy, person.pupil_ratio(conditions), conditions, rng);
    let (mut plane, hidden) = match conditions.target {
        Target::Eye => scene.paint(),
        Target::Skin => (scene.paint_skin(), all_hidden()),
        Target::CoveredLens => (
            Plane::filled(WIDTH as usize, HEIGHT as usize, 9.0),
            all_hidden(),
        ),
    };
    if conditions.target != Target::CoveredLens {
        illuminate(&mut plane, conditions);
    }
    let image = sensor::expose(&through_lens(&plane, conditions), conditions, rng);
    let truth = Truth {
        pupil: scene.pupil,
        limbus: scene.limbus,
        hidden,
        view: scene.view,
    };
    (image, truth)
}

fn all_hidden() -> Vec<bool> {
    vec![true; (WIDTH * HEIGHT) as usize]
}

/// Where the camera stands: from pixels to face coordinates to the iris plane.
#[derive(Clone, Debug)]
struct View {
    centre: (f32, f32),
    radius: f32,
    roll: (f32, f32),
    /// Unit direction of the gaze in the image and the cosine of its angle.
    gaze: (f32, f32, f32),
}

impl View {
    fn new(conditions: &CaptureConditions) -> Self {
        let (gx, gy) = conditions.gaze;
        let angle = gx.hypot(gy);
        let (ux, uy) = if angle > 0.0 {
            (gx / angle, gy / angle)
        } else {
            (1.0, 0.0)
        };
        Self {
            centre: (
                0.5 * (WIDTH as f32 - 1.0) + conditions.centre_px.0,
                0.5 * (HEIGHT as f32 - 1.0) + conditions.centre_px.1,
            ),
            radius: conditions.iris_radius_px,
            roll: (conditions.roll.cos(), conditions.roll.sin()),
            gaze: (ux, uy, angle.cos()),
        }
    }

    /// Face coordinates of a pixel.
    fn to_face(&self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy) = (
            (x - self.centre.0) / self.radius,
            (y - self.centre.1) / self.radius,
        );
        let (c, s) = self.roll;
        (c * dx + s * dy, c * dy - s * dx)
    }

    fn face_to_image(&self, x: f32, y: f32) -> (f32, f32) {
        let (c, s) = self.roll;
        (
            self.centre.0 + self.radius * (c * x - s * y),
            self.centre.1 + self.radius * (s * x + c * y),
        )
    }

    /// The iris plane seen foreshortened along the gaze.
    fn to_iris(&self, x: f32, y: f32) -> (f32, f32) {
        let (ux, uy, cos) = self.gaze;
        let stretch = (x * ux + y * uy) * (1.0 / cos - 1.0);
        (x + stretch * ux, y + stretch * uy)
    }

    fn to_image(&self, x: f32, y: f32) -> (f32, f32) {
        let (ux, uy, cos) = self.gaze;
        let shrink = (x * ux + y * uy) * (cos - 1.0);
        self.face_to_image(x + shrink * ux, y + shrink * uy)
    }
}

/// Everything settled before the first pixel.
struct Scene<'a> {
    anatomy: &'a Anatomy,
    conditions: &'a CaptureConditions,
    view: View,
    pupil: Contour,
    limbus: Contour,
    sheet: Sheet,
    lids: Lids,
    lashes: Vec<Bead>,
    vessels: Field,
    /// Reflections of the surroundings on the cornea.
    veil: Field,
    /// Opening of the pupil beyond the resting one, in iris radii.
    opening: f32,
}

impl<'a> Scene<'a> {
    fn new(
        anatomy: &'a Anatomy,
        ratio: f32,
        conditions: &'a CaptureConditions,
        rng: &mut impl Rng,
    ) -> Self {
        let pupil = pupil_contour(anatomy, ratio, conditions);
        let limbus = anatomy.limbus_shape.clone();
        let sheet = Sheet {
            pupil: RadiusTable::new(&pupil),
            limbus: RadiusTable::new(&limbus),
        };
        let lids = Lids::new(&anatomy.lids, anatomy.growth_seed, conditions);
        let density = conditions.lash_density;
        let lashes = lashes::grow(&anatomy.lids, anatomy.growth_seed, &lids, density, rng);
        let mut own = ChaCha12Rng::seed_from_u64(anatomy.growth_seed);
        Self {
            anatomy,
            conditions,
            view: View::new(conditions),
            pupil,
            limbus,
            sheet,
            lids,
            lashes,
            vessels: Field::new(&mut own, 40, 14),
            veil: Field::new(rng, 24, 24),
            opening: ratio - MEAN_PUPIL,
        }
    }

    fn paint(&self) -> (Plane, Vec<bool>) {
        let mut plane = Plane::filled(WIDTH as usize, HEIGHT as usize, 0.0);
        let mut hidden = vec![false; plane.data.len()];
        for y in 0..plane.height {
            for x in 0..plane.width {
                let (fx, fy) = self.view.to_face(x as f32, y as f32);
                let (grey, covered) = self.grey_at(fx, fy);
                plane.data[y * plane.width + x] = grey;
                hidden[y * plane.width + x] = covered;
            }
        }
        self.paint_lashes(&mut plane, &mut hidden);
        self.paint_glints(&mut plane, &mut hidden);
        (plane, hidden)
    }

    fn paint_skin(&self) -> Plane {
        let mut plane = Plane::filled(WIDTH as usize, HEIGHT as usize, 0.0);
        for (i, grey) in plane.data.iter_mut().enumerate() {
            let (x, y) = (i % WIDTH as usize, i / WIDTH as usize);
            let (fx, fy) = self.view.to_face(x as f32, y as f32);
            *grey = self.anatomy.tones.skin * self.lids.skin(fx, fy, 9.0, 9.0);
        }
        plane
    }

    /// Grey level before optics, and whether a lid covers the eyeball there.
    fn grey_at(&self, x: f32, y: f32) -> (f32, bool) {
        let (from_upper, from_lower) = self.lids.depths(x, y);
        let inside = from_upper.min(from_lower);
        let pixel = 1.0 / self.view.radius;
        let open = (0.5 + inside / (1.5 * pixel)).clamp(0.0, 1.0);
        let mut grey = 0.0;
        if open < 1.0 {
            let tone = self.anatomy.tones.skin * self.lids.skin(x, y, -from_upper, -from_lower);
            grey += (1.0 - open) * tone;
        }
        if open > 0.0 {
            let shade = self.lids.shadow(from_upper, from_lower);
            let veil = self.conditions.veil * self.veil.at(0.2 * x, 0.5 + 0.2 * y);
            grey += open * (shade * self.eyeball(x, y) + veil);
        }
        (grey, open < 0.5)
    }

    fn eyeball(&self, x: f32, y: f32) -> f32 {
        let tones = &self.anatomy.tones;
        let (ix, iy) = self.view.to_iris(x, y);
        let far = ix * ix + iy * iy > 1.3 * 1.3;
        if far {
            return self.sclera(x, y);
        }
        let point = self.sheet.locate(ix, iy);
        let from_limbus = (point.depth - 1.0) * point.span;
        let white = logistic(from_limbus / (0.45 * tones.limbus_width));
        let mut grey = 0.0;
        if white < 0.999 {
            grey += (1.0 - white) * self.iris_or_pupil(point);
        }
        if white > 0.001 {
            grey += white * self.sclera(x, y);
        }
        grey
    }

    fn iris_or_pupil(&self, point: SheetPoint) -> f32 {
        let tones = &self.anatomy.tones;
        let edge = 0.5 + point.depth * point.span * self.view.radius / 1.6;
        let tissue = edge.clamp(0.0, 1.0);
        if tissue <= 0.0 {
            return tones.pupil;
        }
        tissue * self.iris(point) + (1.0 - tissue) * tones.pupil
    }

    /// Tissue moves with the pupil: more in the middle than a uniform stretch says,
    /// with a twist, and folds as it is crowded.
    fn iris(&self, point: SheetPoint) -> f32 {
        let depth = point.depth.clamp(0.0, 1.0);
        let slack = depth * (1.0 - depth);
        let opening = self.opening;
        let u = depth + 4.0 * self.anatomy.stretch * opening * slack;
        let theta = point.theta + self.anatomy.twist * opening * (1.0 - depth);
        let sample = self.anatomy.texture.at(theta, u, FOLDING * opening);
        let tones = &self.anatomy.tones;
        let (sin, cos) = point.theta.sin_cos();
        let (lx, ly) = self.conditions.light;
        let radius = (depth * point.span + self.pupil.radius).max(0.1);
        let around = sample.by_angle / radius * (ly * cos - lx * sin);
        let across = sample.by_radius / point.span * (lx * cos + ly * sin);
        let relief = RELIEF * (around + across);
        let rim = -0.10 * (-(1.0 - depth) / 0.06).exp() - 0.10 * (-depth / 0.03).exp();
        let broad = 0.05 * (1.0 - depth);
        tones.iris * (1.0 + rim + broad) + tones.contrast * (sample.value + relief)
    }

    fn sclera(&self, x: f32, y: f32) -> f32 {
        let (left, right) = self.lids.extent();
        let side = ((x - 0.5 * (left + right)) / (0.5 * (right - left))).abs();
        let vessel = self.vessels.at(0.2 * x, 0.5 + 0.3 * y);
        let vein = (1.0 - 5.0 * vessel.abs()).max(0.0);
        self.anatomy.tones.sclera * (1.0 - 0.22 * side * side - 0.07 * vein * side.min(1.0))
    }

    fn paint_lashes(&self, plane: &mut Plane, hidden: &mut [bool]) {
        let mut cover = vec![0.0_f32; plane.data.len()];
        for bead in &self.lashes {
            let (x, y) = self.view.face_to_image(bead.at.0, bead.at.1);
            let half = (bead.half_width * self.view.radius).max(0.25);
            splat(&mut cover, plane.width, plane.height, (x, y), half);
        }
        for ((grey, hidden), cover) in plane.data.iter_mut().zip(hidden).zip(cover) {
            let cover = 0.92 * cover.min(1.0);
            *grey += (LASH_GREY - *grey) * cover;
            *hidden |= cover > 0.3;
        }
    }

    fn paint_glints(&self, plane: &mut Plane, hidden: &mut [bool]) {
        for glint in &self.conditions.glints {
            let (x, y) = (
                self.pupil.centre.0 + glint.at.0,
                self.pupil.centre.1 + glint.at.1,
            );
            let (px, py) = self.view.to_image(x, y);
            let reach = (3.0 * glint.radius_px + 2.0) as i64;
            for j in py as i64 - reach..=py as i64 + reach {
                for i in px as i64 - reach..=px as i64 + reach {
                    if !(0..plane.width as i64).contains(&i)
                        || !(0..plane.height as i64).contains(&j)
                    {
                        continue;
                    }
                    let at = j as usize * plane.width + i as usize;
                    let d = (i as f32 - px).hypot(j as f32 - py);
                    let core = (glint.radius_px + 0.5 - d).clamp(0.0, 1.0);
                    let halo = 0.10 * (-0.5 * (d / glint.radius_px).powi(2)).exp();
                    plane.data[at] += glint.strength * (core + halo);
                    hidden[at] |= d < glint.radius_px + 1.5;
                }
            }
        }
    }
}

/// Mean pupil to iris ratio, at which the tissue has no folds.
const MEAN_PUPIL: f32 = 0.393;

fn pupil_contour(anatomy: &Anatomy, ratio: f32, conditions: &CaptureConditions) -> Contour {
    let mut pupil = anatomy.pupil_shape.clone();
    pupil.radius = ratio;
    pupil.centre = (
        anatomy.pupil_offset.0 + conditions.pupil_shift.0,
        anatomy.pupil_offset.1 + conditions.pupil_shift.1,
    );
    // A second harmonic added to another is a harmonic again.
    let (a, p) = pupil.harmonics[0];
    let (b, q) = conditions.pupil_ellipse;
    let (re, im) = (a * p.cos() + b * q.cos(), a * p.sin() + b * q.sin());
    pupil.harmonics[0] = (re.hypot(im), im.atan2(re));
    pupil
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
    let sigma = LENS_BLUR_PX.hypot(conditions.defocus_px);
    let plane = gaussian_blur(plane, sigma);
    let (mx, my) = conditions.motion_px;
    if mx.hypot(my) < LEAST_MOTION_PX {
        return plane;
    }
    motion_blur(&plane, conditions.motion_px)
}

/// Raises `cover` to that of a soft disc.
fn splat(cover: &mut [f32], width: usize, height: usize, (x, y): (f32, f32), half: f32) {
    let reach = half + 1.0;
    let (x0, x1) = (
        (x - reach).ceil().max(0.0),
        (x + reach).floor().min(width as f32 - 1.0),
    );
    let (y0, y1) = (
        (y - reach).ceil().max(0.0),
        (y + reach).floor().min(height as f32 - 1.0),
    );
    if x1 < x0 || y1 < y0 {
        return;
    }
    let peak = (half * 2.0).min(1.0);
    for j in y0 as usize..=y1 as usize {
        for i in x0 as usize..=x1 as usize {
            let d = (i as f32 - x).hypot(j as f32 - y);
            let value = peak * (half + 0.5 - d).clamp(0.0, 1.0);
            let cell = &mut cover[j * width + i];
            *cell = cell.max(value);
        }
    }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
