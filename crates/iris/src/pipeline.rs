//! The whole way from an image to a template, with every refusal.

use std::f32::consts::TAU;

use annona_template::{IrisTemplate, MIN_VALID_BITS};
use image::GrayImage;

use crate::cause::true_cause;
use crate::contour::Contour;
use crate::encoder::encode_sheet;
use crate::error::IrisError;
use crate::focus::region_sharpness;
use crate::occlusion::Lids;
use crate::order::median;
use crate::picture::{check_size, read_image};
use crate::raster::Plane;
use crate::segment::{CoarseChange, Planes, Segmentation, find_eye, find_limbus, find_pupil};
use crate::sheet::{FINE_ANGLES, FINE_RADII, FineSheet, NormalisedSheet};
use crate::tissue::TissueModel;
use crate::trig::{length, sin_cos};
use crate::upright::turn_of;
use crate::{limits, specular};

/// Longest side of the image that segmentation works on; larger ones are reduced.
const WORKING_SIDE_PX: u32 = 400;

/// Share of the least iris diameter that is the least radius looked for.
const LEAST_RADIUS_SHARE: f32 = 0.52;
/// Standard deviations below and above the tissue's brightness at which a sample
/// is a lash, or a reflection.
const DARKEST: f32 = -3.6;
const BRIGHTEST: f32 = 5.0;
/// Difference of the diameters over their sum when one is half the other.
const HALVED_FLATTENING: f32 = 1.0 / 3.0;

/// One of a person's two eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Eye {
    /// The person's left eye.
    Left,
    /// The person's right eye.
    Right,
}

/// Result of encoding one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoding {
    /// Eye that the caller named.
    pub eye: Eye,
    /// The code and its mask.
    pub template: IrisTemplate,
    /// Measures of the image's quality.
    pub quality: Quality,
    /// Edges of pupil, iris and lids.
    pub geometry: Geometry,
    /// The unrolled iris that the code was computed from.
    pub sheet: NormalisedSheet,
}

/// Measures of an accepted image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Iris radius over the width of the pupil's edge; more is sharper.
    pub sharpness: f32,
    /// Iris radius over the width of the steepest edges of the iris region.
    pub region_sharpness: f32,
    /// Share of the iris that is visible, 0 to 1.
    pub visible: f32,
    /// Pupil diameter over iris diameter.
    pub pupil_ratio: f32,
    /// Distance of the centres over the iris radius.
    pub centre_offset: f32,
    /// Iris diameter in pixels of the image given.
    pub iris_diameter_px: f32,
    /// Number of valid code bits.
    pub valid_bits: u32,
}

/// Edges found in the image, in its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    /// Edge of the pupil.
    pub pupil: Contour,
    /// Outer edge of the iris.
    pub limbus: Contour,
    pub(crate) lids: Lids,
    /// Direction in the image, in radians clockwise, in which the sheet begins.
    pub(crate) roll: f32,
}

impl Geometry {
    /// Row of the upper lid's edge at a column of the image.
    #[must_use]
    pub fn upper_lid_row(&self, x: f32) -> f32 {
        self.lids.upper.row_at(x)
    }

    /// Row of the lower lid's edge at a column of the image.
    #[must_use]
    pub fn lower_lid_row(&self, x: f32) -> f32 {
        self.lids.lower.row_at(x)
    }
}

/// Reads a PNG, JPEG, BMP or PGM image and encodes it.
///
/// # Errors
/// As [`encode`] and [`read_image`].
pub fn encode_bytes(bytes: &[u8], eye: Eye) -> Result<Encoding, IrisError> {
    encode(&read_image(bytes)?, eye)
}

/// A stage of the way from an image to a template, for measuring the stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Exposure, size of work, reflections, blurs.
    Preparation,
    /// Pupil and limbus, as a pair of circles.
    Eye,
    /// The pupil's contour.
    Pupil,
    /// The limbus's contour, and the lids.
    LimbusAndLids,
    /// The rubber sheet and its noise.
    Sheet,
    /// The code and its mask.
    Code,
}

impl Stage {
    /// All stages, in the order in which they are passed.
    pub const ALL: [Self; 6] = [
        Self::Preparation,
        Self::Eye,
        Self::Pupil,
        Self::LimbusAndLids,
        Self::Sheet,
        Self::Code,
    ];
}

/// Encodes a near-infrared picture of one eye.
///
/// ```
/// # use annona_iris::{Eye, encode};
/// # use image::GrayImage;
/// let blank = GrayImage::from_pixel(640, 480, image::Luma([128]));
/// let refusal = encode(&blank, Eye::Left).unwrap_err();
/// println!("no template: {refusal}");
/// ```
///
/// # Errors
/// The first limit of [`limits`] that the image does not keep.
pub fn encode(image: &GrayImage, eye: Eye) -> Result<Encoding, IrisError> {
    encode_by_stage(image, eye, &mut |_| ())
}

/// As [`encode`]; `passed` is called at the end of each stage.
///
/// # Errors
/// As [`encode`].
pub fn encode_by_stage(
    image: &GrayImage,
    eye: Eye,
    passed: &mut dyn FnMut(Stage),
) -> Result<Encoding, IrisError> {
    check_size(image.width(), image.height())?;
    check_exposure(image)?;
    encode_exposed(image, eye, passed).map_err(|refusal| true_cause(refusal, image))
}

/// The picture as segmentation works on it, and by how much it is reduced.
pub(crate) fn working_plane(image: &GrayImage) -> (Plane, usize) {
    let factor = image.width().max(image.height()).div_ceil(WORKING_SIDE_PX) as usize;
    (Plane::reduced(image, factor), factor)
}

pub(crate) fn planes_of(working: &Plane, factor: usize) -> Planes {
    let least_radius = LEAST_RADIUS_SHARE * limits::MIN_IRIS_DIAMETER_PX / factor as f32;
    Planes::new(specular::fill(working), least_radius)
}

fn encode_exposed(
    image: &GrayImage,
    eye: Eye,
    passed: &mut dyn FnMut(Stage),
) -> Result<Encoding, IrisError> {
    let (working, factor) = working_plane(image);
    let planes = planes_of(&working, factor);
    passed(Stage::Preparation);
    let found = segment(&planes, passed)?;
    check_contours(&found, &working)?;
    check_likeliest(&planes, &found)?;
    let region_sharpness = region_sharpness(&working, &found.limbus);
    check_region_sharpness(region_sharpness)?;
    let measured = check_geometry(&found, factor as f32)?;
    let roll = check_upright(&planes, &found)?;
    let lids = found.lids;
    passed(Stage::LimbusAndLids);

    let fine = FineSheet::sample(&working, &found.pupil, &found.limbus, roll);
    let noisy = noisy_samples(
        &fine,
        &working,
        &planes.spots,
        &lids,
        (&found.pupil, &found.limbus),
        roll,
    );
    let visible = noisy.iter().filter(|&&bad| !bad).count() as f32 / noisy.len() as f32;
    if visible < limits::MIN_VISIBLE_FRACTION {
        return Err(IrisError::TooOccluded { visible });
    }
    let scale = factor as f32;
    check_grey_levels(image, &fine, &noisy, (factor, found.limbus.mean_radius()))?;
    let sheet = fine.reduced(&noisy);
    passed(Stage::Sheet);
    let template = encode_sheet(&sheet);
    passed(Stage::Code);
    let valid_bits = template.valid_bits();
    if valid_bits < MIN_VALID_BITS {
        let minimum = MIN_VALID_BITS;
        return Err(IrisError::TooFewValidBits {
            valid: valid_bits,
            minimum,
        });
    }
    Ok(Encoding {
        eye,
        template,
        quality: Quality {
            visible,
            valid_bits,
            region_sharpness,
            ..measured
        },
        geometry: Geometry {
            pupil: found.pupil.scaled(scale),
            limbus: found.limbus.scaled(scale),
            lids: lids.scaled(scale),
            roll,
        },
        sheet,
    })
}

fn check_exposure(image: &GrayImage) -> Result<(), IrisError> {
    const SATURATED: u8 = 252;
    let white = image.as_raw().iter().filter(|&&v| v >= SATURATED).count();
    let saturated = white as f32 / image.as_raw().len() as f32;
    if saturated > limits::MAX_SATURATED_FRACTION {
        return Err(IrisError::OverExposed { saturated });
    }
    let brightest = quantile_of_levels(image, 1.0 - limits::BRIGHTEST_FRACTION);
    if brightest < limits::MIN_BRIGHTEST_LEVEL {
        let minimum = limits::MIN_BRIGHTEST_LEVEL;
        return Err(IrisError::TooDark { brightest, minimum });
    }
    Ok(())
}

/// The grey level that this share of the picture does not exceed.
fn quantile_of_levels(image: &GrayImage, share: f32) -> u8 {
    let wanted = (share * image.as_raw().len() as f32) as usize;
    let mut seen = 0;
    for (level, count) in histogram(image).into_iter().enumerate() {
        seen += count;
        if seen > wanted {
            return level as u8;
        }
    }
    u8::MAX
}

fn histogram(image: &GrayImage) -> [usize; 256] {
    let mut counts = [0; 256];
    for &level in image.as_raw() {
        counts[usize::from(level)] += 1;
    }
    counts
}

/// Segments, and blames the focus first when an eye was all but found.
pub(crate) fn segment(
    planes: &Planes,
    passed: &mut dyn FnMut(Stage),
) -> Result<Segmentation, IrisError> {
    let eye = find_eye(planes).ok_or(IrisError::NoPupil)?;
    passed(Stage::Eye);
    let pupil = find_pupil(planes, &eye);
    passed(Stage::Pupil);
    if pupil.agreement < limits::MIN_PUPIL_CORRELATION
        || pupil.contrast < limits::MIN_PUPIL_CONTRAST
    {
        return Err(IrisError::NoPupil);
    }
    let found = find_limbus(planes, &eye, &pupil);
    let sharpness = found.limbus.mean_radius() / found.edge_width_px;
    if sharpness < limits::MIN_SHARPNESS {
        return Err(IrisError::Blurred {
            sharpness,
            minimum: limits::MIN_SHARPNESS,
        });
    }
    if found.limbus_agreement < limits::MIN_LIMBUS_CORRELATION {
        return Err(IrisError::NoIris);
    }
    Ok(found)
}

fn check_region_sharpness(sharpness: f32) -> Result<(), IrisError> {
    let minimum = limits::MIN_REGION_SHARPNESS;
    if sharpness < minimum {
        return Err(IrisError::Blurred { sharpness, minimum });
    }
    Ok(())
}

pub(crate) fn check_geometry(found: &Segmentation, scale: f32) -> Result<Quality, IrisError> {
    let (pupil, limbus) = (&found.pupil, &found.limbus);
    let radius = limbus.mean_radius();
    let iris_diameter_px = 2.0 * radius * scale;
    if iris_diameter_px < limits::MIN_IRIS_DIAMETER_PX {
        return Err(IrisError::IrisTooSmall {
            diameter_px: iris_diameter_px,
        });
    }
    let pupil_ratio = pupil.mean_radius() / radius;
    let (minimum, maximum) = (limits::MIN_PUPIL_RATIO, limits::MAX_PUPIL_RATIO);
    if !(minimum..=maximum).contains(&pupil_ratio) {
        return Err(IrisError::PupilRatio {
            value: pupil_ratio,
            minimum,
            maximum,
        });
    }
    let offset = length(
        pupil.centre_x - limbus.centre_x,
        pupil.centre_y - limbus.centre_y,
    );
    let centre_offset = offset / radius;
    if centre_offset > limits::MAX_CENTRE_OFFSET {
        let maximum = limits::MAX_CENTRE_OFFSET;
        return Err(IrisError::NotConcentric {
            offset: centre_offset,
            maximum,
        });
    }
    Ok(Quality {
        sharpness: radius / found.edge_width_px,
        region_sharpness: 0.0,
        visible: 0.0,
        pupil_ratio,
        centre_offset,
        iris_diameter_px,
        valid_bits: 0,
    })
}

/// Refuses an eye that is not upright. Gives the roll of the head, in radians
/// clockwise, when it is more than a little.
fn check_upright(planes: &Planes, found: &Segmentation) -> Result<f32, IrisError> {
    let turn = turn_of(&planes.smooth, &found.pupil, &found.limbus);
    if turn.upright < limits::MIN_UPRIGHT_PROBABILITY {
        return Err(match turn.certainty {
            certainty if certainty < limits::MIN_TURN_CERTAINTY => IrisError::UnclearTurn,
            _ => IrisError::Turned {
                degrees: turn.degrees,
            },
        });
    }
    if turn.roll_degrees.abs() <= limits::MAX_ROLL_LEFT_DEGREES {
        return Ok(0.0);
    }
    Ok(turn.roll_degrees.to_radians())
}

/// Share of a contour that is in the picture.
pub(crate) fn inside_fraction(contour: &Contour, plane: &Plane) -> f32 {
    const PLACES: usize = 128;
    let (w, h) = (plane.width as f32, plane.height as f32);
    let inside = (0..PLACES)
        .map(|k| contour.point_at(k as f32 * TAU / PLACES as f32))
        .filter(|&(x, y)| x >= 0.0 && y >= 0.0 && x < w && y < h);
    inside.count() as f32 / PLACES as f32
}

/// Refuses contours that no whole, unstretched eye has.
fn check_contours(found: &Segmentation, plane: &Plane) -> Result<(), IrisError> {
    let inside = inside_fraction(&found.limbus, plane);
    if inside < limits::MIN_INSIDE_FRACTION {
        let minimum = limits::MIN_INSIDE_FRACTION;
        return Err(IrisError::NotWhole { inside, minimum });
    }
    let (pupil, limbus) = (found.pupil.flattening(), found.limbus.flattening());
    let flattening = 0.5 * length(pupil[0] + limbus[0], pupil[1] + limbus[1]);
    if flattening > limits::MAX_FLATTENING {
        let maximum = limits::MAX_FLATTENING;
        return Err(IrisError::NotRound {
            flattening,
            maximum,
        });
    }
    Ok(())
}

/// Refuses an eye when the picture holds a better one once black and white are
/// exchanged, or once it is squeezed: that is the true one.
fn check_likeliest(planes: &Planes, found: &Segmentation) -> Result<(), IrisError> {
    /// Flattening from which on a picture may be one that was stretched by half or more.
    const SUSPICIOUS: f32 = 0.05;
    let is_better = |change: CoarseChange| {
        find_eye(&planes.of_coarse(change)).is_some_and(|eye| eye.value > found.value)
    };
    if is_better(CoarseChange::Negative) {
        return Err(IrisError::Negative);
    }
    let flattenings = [&found.pupil, &found.limbus].map(|contour| {
        let [along, across] = contour.flattening();
        length(along, across)
    });
    let is_suspicious = flattenings
        .iter()
        .any(|&flattening| flattening > SUSPICIOUS);
    let is_stretched = is_suspicious
        && [CoarseChange::HalfWidth, CoarseChange::HalfHeight]
            .into_iter()
            .any(is_better);
    if is_stretched {
        return Err(IrisError::NotRound {
            flattening: HALVED_FLATTENING,
            maximum: limits::MAX_FLATTENING,
        });
    }
    Ok(())
}

/// Refuses an iris whose texture is lost in black or white, in steps of grey, or in
/// noise.
fn check_grey_levels(
    image: &GrayImage,
    fine: &FineSheet,
    noisy: &[bool],
    (factor, radius): (usize, f32),
) -> Result<(), IrisError> {
    const EVERY: usize = 7;
    const BLACK: usize = 3;
    const WHITE: usize = 253;
    const APART: f32 = 0.04;
    let place = |v: f32| ((v + 0.5) * factor as f32) as u32;
    let (w, h) = image.dimensions();
    let apart = [1, ((APART * radius * factor as f32) as u32).max(2)];
    let mut counts = [0u32; 256];
    let mut differences = [Vec::new(), Vec::new()];
    let seen = fine.points.iter().zip(noisy).step_by(EVERY);
    for (&(x, y), _) in seen.filter(|(_, bad)| !**bad) {
        let (x, y) = (place(x).min(w - 1), place(y).min(h - 1));
        let level = image.get_pixel(x, y)[0];
        counts[usize::from(level)] += 1;
        for (all, apart) in differences.iter_mut().zip(apart) {
            let beside = image.get_pixel((x + apart).min(w - 1), y)[0];
            all.push(f32::from(level.abs_diff(beside)));
        }
    }
    let all = differences[0].len() as f32;
    let dark: u32 = counts[..BLACK].iter().sum();
    let bright: u32 = counts[WHITE..].iter().sum();
    let clipped = (dark + bright) as f32 / all;
    if clipped > limits::MAX_CLIPPED_FRACTION {
        let maximum = limits::MAX_CLIPPED_FRACTION;
        return Err(IrisError::ClippedIris { clipped, maximum });
    }
    let share = |&count: &u32| count as f32 / all;
    let levels = 1.0 / counts.iter().map(|n| share(n) * share(n)).sum::<f32>();
    if levels < limits::MIN_IRIS_LEVELS {
        let minimum = limits::MIN_IRIS_LEVELS;
        return Err(IrisError::TooFewLevels { levels, minimum });
    }
    for (all, maximum) in differences.iter_mut().zip(limits::MAX_NOISE) {
        let noise = median(all);
        if noise > maximum {
            return Err(IrisError::TooNoisy { noise, maximum });
        }
    }
    Ok(())
}

/// One flag a fine sample: outside the image, a reflection, under a lid, or of a
/// brightness that iris tissue does not have.
fn noisy_samples(
    fine: &FineSheet,
    working: &Plane,
    spots: &[bool],
    lids: &Lids,
    (pupil, limbus): (&Contour, &Contour),
    roll: f32,
) -> Vec<bool> {
    let (w, h) = (working.width as f32, working.height as f32);
    let clear = lids.clear_rows();
    let mut noisy: Vec<bool> = fine
        .points
        .iter()
        .map(|&(x, y)| {
            let inside = x >= 0.0 && y >= 0.0 && x < w - 0.5 && y < h - 0.5;
            !inside
                || (!(clear.0..=clear.1).contains(&y) && lids.cover(x, y, 0.0))
                || spots[(y + 0.5) as usize * working.width + (x + 0.5) as usize]
        })
        .collect();
    let model = TissueModel::of(working, pupil, limbus);
    let cosines: Vec<f32> = (0..FINE_ANGLES)
        .map(|k| sin_cos(roll + k as f32 * TAU / FINE_ANGLES as f32).1)
        .collect();
    for (row, flags) in noisy.chunks_exact_mut(FINE_ANGLES).enumerate() {
        let ring = model.ring((row as f32 + 0.5) / FINE_RADII as f32);
        let levels = &fine.levels[row * FINE_ANGLES..];
        for ((flag, &level), &cos) in flags.iter_mut().zip(levels).zip(&cosines) {
            *flag |= !(DARKEST..=BRIGHTEST).contains(&ring.deviation(level, cos));
        }
    }
    noisy
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn picture(level: impl Fn(u32, u32) -> u8) -> GrayImage {
        GrayImage::from_fn(320, 240, |x, y| image::Luma([level(x, y)]))
    }

    fn refusal(image: &GrayImage) -> &'static str {
        encode(image, Eye::Left).unwrap_err().code()
    }

    #[test]
    fn pictures_without_an_eye_are_refused_by_name() {
        assert_eq!(refusal(&picture(|_, _| 0)), "iris-too-dark");
        assert_eq!(refusal(&picture(|_, _| 128)), "iris-no-pupil");
        assert_eq!(refusal(&picture(|_, _| 255)), "iris-over-exposed");
        assert_eq!(refusal(&picture(|x, _| (x / 2) as u8)), "iris-no-pupil");
    }

    #[test]
    fn a_lone_dark_disc_is_no_eye() {
        let disc = picture(|x, y| {
            let (dx, dy) = (x as f32 - 160.0, y as f32 - 120.0);
            if dx.hypot(dy) < 30.0 { 20 } else { 130 }
        });
        assert!(encode(&disc, Eye::Left).is_err());
    }

    #[test]
    fn sizes_outside_the_limits_are_refused() {
        let sized = |w, h| refusal(&GrayImage::new(w, h));
        assert_eq!(sized(1, 1), "iris-image-too-small");
        assert_eq!(sized(0, 0), "iris-image-too-small");
        assert_eq!(sized(199, 150), "iris-image-too-small");
        assert_eq!(sized(4097, 150), "iris-image-too-large");
    }

    #[test]
    fn a_huge_header_is_refused_before_it_is_decoded() {
        let header = b"P5\n40000 40000\n255\n";
        assert_eq!(
            encode_bytes(header, Eye::Left),
            Err(IrisError::ImageTooLarge {
                width: 40_000,
                height: 40_000
            })
        );
    }

    #[test]
    fn bytes_that_are_no_image_are_refused() {
        let code = |bytes: &[u8]| encode_bytes(bytes, Eye::Left).unwrap_err().code();
        for bytes in [&b""[..], b"GIF89a", b"\0"] {
            assert_eq!(code(bytes), "iris-unreadable-image");
        }
        for bytes in [&b"P5\n320 240\n255\nshort"[..], b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(code(bytes), "iris-damaged-image");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn no_picture_makes_a_panic(seed: u64, period in 1u32..60, depth in 0u32..256) {
            let mixed = |x: u32, y: u32| {
                let cell = u64::from(x / period) << 32 | u64::from(y / period);
                let value = (cell ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                (value as u32 % (depth + 1)) as u8
            };
            let _ = encode(&picture(mixed), Eye::Right);
        }
    }
}
