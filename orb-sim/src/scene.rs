//! The scene before the lens: eyeball, eyelids, lashes and lamps, pixel by pixel.

use crate::anatomy::Anatomy;
use crate::conditions::CaptureConditions;
use crate::eyelids::Eyelids;
use crate::fast::{Table, exp, gauss};
use crate::faults::Pane;
use crate::geometry::{Contour, RadiusTable, Sheet, SheetPoint};
use crate::lashes::{self, Bead};
use crate::optics::Plane;
use crate::random::between;
use crate::tile;
use crate::view::{HEIGHT, View, WIDTH};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use std::f32::consts::TAU;
use std::sync::OnceLock;

/// Grey level of a lash.
const LASH_LEVEL: f32 = 42.0;
/// Weight of the relief shading against the structure itself.
const RELIEF_SHADING_WEIGHT: f32 = 0.014;
/// Parts of folding for an opening of the pupil by the iris radius.
const FOLD_PARTS_PER_OPENING: f32 = 3.05;
/// Distance by which uneven stiffness carries tissue for an opening by the iris radius:
/// outward in parts of the depth, around in turns (standard deviations).
const DRIFT_OUTWARD_PER_OPENING: f32 = 0.141;
const DRIFT_AROUND_PER_OPENING: f32 = 0.0105;
/// Width of the eyelids' sharply lit rims, in iris radii.
const EYELID_RIM_IRIS_RADII: f32 = 0.18;
/// Periods of the shared noise an iris radius, for reflections on the cornea.
const VEIL_PERIODS_PER_IRIS_RADIUS: f32 = 0.45;

/// Brightness at a point, and the kind of surface there.
#[derive(Clone, Copy)]
struct Spot {
    grey: f32,
    /// True if an eyelid covers the eyeball.
    hidden: bool,
    /// True if it is skin without sharp edges.
    plain: bool,
}

/// Brightness across edges, the same for everybody.
struct Profiles {
    /// Share of the sclera by the distance from the limbus in its widths.
    limbus: Table,
    /// Iris from pupil to limbus: darker at both rims, brighter inside.
    across: Table,
}

impl Profiles {
    fn get() -> &'static Self {
        static PROFILES: OnceLock<Profiles> = OnceLock::new();
        PROFILES.get_or_init(|| Self {
            limbus: Table::new(-10.0, 10.0, 800, |x| 1.0 / (1.0 + exp(-x))),
            across: Table::new(0.0, 1.0, 500, |depth| {
                let rims = 0.10 * exp((depth - 1.0) / 0.06) + 0.10 * exp(-depth / 0.03);
                1.0 - rims + 0.05 * (1.0 - depth)
            }),
        })
    }
}

/// Everything settled before the first pixel.
pub(crate) struct Scene<'a> {
    anatomy: &'a Anatomy,
    conditions: &'a CaptureConditions,
    pub(crate) view: View,
    pub(crate) pupil: Contour,
    pub(crate) limbus: Contour,
    sheet: Sheet,
    eyelids: Eyelids,
    lashes: Vec<Bead>,
    /// Offset at which this eye reads the shared noise for its vessels.
    vessels: (f32, f32),
    /// Offset at which this photograph reads it for the reflections on the cornea.
    veil: (f32, f32),
    profiles: &'static Profiles,
    /// Opening of the pupil beyond the mean one, in iris radii.
    opening: f32,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
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
        let eyelids = Eyelids::new(&anatomy.eyelids, anatomy.growth_seed, conditions);
        let density = conditions.lash_density;
        let lashes = lashes::grow(
            &anatomy.eyelids,
            anatomy.growth_seed,
            &eyelids,
            density,
            rng,
        );
        let mut own = ChaCha12Rng::seed_from_u64(anatomy.growth_seed);
        Self {
            anatomy,
            conditions,
            view: View::new(conditions),
            pupil,
            limbus,
            sheet,
            eyelids,
            lashes,
            vessels: (between(&mut own, 0.0, 1.0), between(&mut own, 0.0, 1.0)),
            veil: (between(rng, 0.0, 1.0), between(rng, 0.0, 1.0)),
            profiles: Profiles::get(),
            opening: ratio - MEAN_PUPIL_RATIO,
        }
    }

    pub(crate) fn paint(&self) -> (Plane, Vec<bool>) {
        let mut plane = Plane::filled(WIDTH as usize, HEIGHT as usize, 0.0);
        let mut hidden = vec![false; plane.data.len()];
        for y in 0..plane.height {
            let line = y * plane.width..(y + 1) * plane.width;
            self.paint_line(y, &mut plane.data[line.clone()], &mut hidden[line]);
        }
        self.paint_lashes(&mut plane, &mut hidden);
        self.paint_glints(&mut plane, &mut hidden);
        for pane in &self.conditions.faults.panes {
            pane.paint(&self.view, &mut plane, &mut hidden);
        }
        (plane, hidden)
    }

    /// Every other pixel is looked at; one between two of plain skin is their mean.
    fn paint_line(&self, y: usize, line: &mut [f32], hidden: &mut [bool]) {
        let look = |x: usize| {
            let (fx, fy) = self.view.to_face(x as f32, y as f32);
            self.spot(fx, fy)
        };
        let mut last = look(0);
        for x in (0..line.len()).step_by(2) {
            (line[x], hidden[x]) = (last.grey, last.hidden);
            let between = x + 1;
            if between >= line.len() {
                return;
            }
            let next = look((x + 2).min(line.len() - 1));
            (line[between], hidden[between]) = if last.plain && next.plain {
                (0.5 * (last.grey + next.grey), true)
            } else {
                let spot = look(between);
                (spot.grey, spot.hidden)
            };
            last = next;
        }
    }

    pub(crate) fn paint_skin(&self) -> Plane {
        let mut plane = Plane::filled(WIDTH as usize, HEIGHT as usize, 0.0);
        for (i, grey) in plane.data.iter_mut().enumerate() {
            let (x, y) = (i % WIDTH as usize, i / WIDTH as usize);
            let (fx, fy) = self.view.to_face(x as f32, y as f32);
            *grey = self.anatomy.tones.skin * self.eyelids.skin(fx, fy, 9.0, 9.0);
        }
        plane
    }

    /// Computes the view of a point of the face, before optics.
    fn spot(&self, x: f32, y: f32) -> Spot {
        let (from_upper, from_lower) = self.eyelids.depths(x, y);
        let inside = from_upper.min(from_lower);
        let open = (0.5 + inside * self.view.radius / 1.5).clamp(0.0, 1.0);
        let mut grey = 0.0;
        if open < 1.0 {
            let tone = self.anatomy.tones.skin * self.eyelids.skin(x, y, -from_upper, -from_lower);
            grey += (1.0 - open) * tone;
        }
        if open > 0.0 {
            let shade = self.eyelids.shadow(from_upper, from_lower);
            let (u, v) = self.veil;
            let veil = tile::broad().at(
                u + VEIL_PERIODS_PER_IRIS_RADIUS * x,
                v + VEIL_PERIODS_PER_IRIS_RADIUS * y,
            );
            grey += open * (shade * self.eyeball(x, y) + self.conditions.veil * veil);
        }
        Spot {
            grey,
            hidden: open < 0.5,
            plain: inside < -EYELID_RIM_IRIS_RADII,
        }
    }

    fn eyeball(&self, x: f32, y: f32) -> f32 {
        let edge = self.conditions.faults.lens_edge;
        self.bare_eyeball(x, y) + edge.map_or(0.0, |edge| edge.at(x, y))
    }

    fn bare_eyeball(&self, x: f32, y: f32) -> f32 {
        let tones = &self.anatomy.tones;
        let (ix, iy) = self.view.to_iris(x, y);
        let far = ix * ix + iy * iy > 1.3 * 1.3;
        if far {
            return self.sclera(x, y);
        }
        let point = self.sheet.locate(ix, iy);
        let from_limbus = (point.depth - 1.0) * point.span;
        let white = self
            .profiles
            .limbus
            .at(from_limbus / (0.45 * tones.limbus_width));
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
        let (outward, around) = self.anatomy.texture.drift_at(point.turn, depth);
        let u = depth
            + opening * (4.0 * self.anatomy.stretch * slack + DRIFT_OUTWARD_PER_OPENING * outward);
        let twist = self.anatomy.twist / TAU * (1.0 - depth);
        let turn = point.turn + opening * (twist + DRIFT_AROUND_PER_OPENING * around);
        let sample = self
            .anatomy
            .texture
            .at(turn, u, FOLD_PARTS_PER_OPENING * opening);
        let tones = &self.anatomy.tones;
        let (cos, sin) = point.direction;
        let (lx, ly) = self.conditions.light;
        let radius = (depth * point.span + self.pupil.radius).max(0.1);
        let around = sample.by_angle / radius * (ly * cos - lx * sin);
        let across = sample.by_radius / point.span * (lx * cos + ly * sin);
        let relief = RELIEF_SHADING_WEIGHT * (around + across);
        tones.iris * self.profiles.across.at(depth) + tones.contrast * (sample.value + relief)
    }

    fn sclera(&self, x: f32, y: f32) -> f32 {
        let (left, right) = self.eyelids.extent();
        let side = ((x - 0.5 * (left + right)) / (0.5 * (right - left))).abs();
        let (u, v) = self.vessels;
        let vessel = tile::broad().at(u + 0.65 * x, v + 0.35 * y);
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
            *grey += (LASH_LEVEL - *grey) * cover;
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
                    let d = distance(i as f32 - px, j as f32 - py);
                    let core = (glint.radius_px + 0.5 - d).clamp(0.0, 1.0);
                    let halo = 0.10 * gauss(d / glint.radius_px);
                    plane.data[at] += glint.strength * (core + halo);
                    hidden[at] |= d < glint.radius_px + 1.5;
                }
            }
        }
    }
}

/// Mean pupil to iris ratio, at which the tissue has no folds.
const MEAN_PUPIL_RATIO: f32 = 0.393;

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
    let re = a * libm::cosf(p) + b * libm::cosf(q);
    let im = a * libm::sinf(p) + b * libm::sinf(q);
    pupil.harmonics[0] = (libm::hypotf(re, im), libm::atan2f(im, re));
    pupil
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
            let d = distance(i as f32 - x, j as f32 - y);
            let value = peak * (half + 0.5 - d).clamp(0.0, 1.0);
            let cell = &mut cover[j * width + i];
            *cell = cell.max(value);
        }
    }
}

fn distance(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

impl Pane {
    /// Adds the light to a scene, and marks what it hides.
    fn paint(&self, view: &View, plane: &mut Plane, hidden: &mut [bool]) {
        let (sin, cos) = (libm::sinf(self.turn), libm::cosf(self.turn));
        for (at, (grey, hidden)) in plane.data.iter_mut().zip(hidden).enumerate() {
            let (px, py) = (at % WIDTH as usize, at / WIDTH as usize);
            let (x, y) = view.to_face(px as f32, py as f32);
            let (dx, dy) = (x - self.centre.0, y - self.centre.1);
            let along = self.half.0 - (cos * dx + sin * dy).abs();
            let across = self.half.1 - (cos * dy - sin * dx).abs();
            let inside = (0.5 + along.min(across) * view.radius / 2.0).clamp(0.0, 1.0);
            *grey += self.strength * inside;
            *hidden |= inside > 0.05;
        }
    }
}
