//! The whole way from an image to a template, with every refusal.

use annona_model::{EncoderModel, Eye, ModelName, NormalisedIris};
use annona_template::{IrisTemplate, MIN_VALID_BITS};
use image::GrayImage;

use crate::cause::{check_likeliest, is_negative, true_cause};
use crate::encode::encode_normalised;
use crate::error::IrisError;
use crate::geometry::contour::Contour;
use crate::limits;
use crate::normalise::{FineIris, noisy_samples};
use crate::picture::{check_size, read_image};
use crate::quality::Quality;
use crate::quality::exposure::check_exposure;
use crate::quality::focus::{check_region_sharpness, region_sharpness};
use crate::quality::grey_levels::check_grey_levels;
use crate::quality::shape::{check_contours, check_proportions};
use crate::quality::upright::check_level;
use crate::segmentation::{
    Eyelids, Segmentation, planes_of, segment, segment_half_covered, working_plane,
};
use crate::stage::Stage;

/// Result of encoding one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoding {
    /// Eye that the caller named.
    pub eye: Eye,
    /// The code and its mask.
    pub template: IrisTemplate,
    /// Measures of the image's quality.
    pub quality: Quality,
    /// Edges of pupil, iris and eyelids.
    pub geometry: Geometry,
    /// The unrolled iris that the code was computed from.
    pub normalised: NormalisedIris,
}

/// Findings in one image, whether or not they make a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// Edges that were found, those of a refused image included; `None` when the search ended
    /// before it had both edges of an iris.
    pub geometry: Option<Geometry>,
    /// The template, or the limit that the image does not keep.
    pub result: Result<Encoding, IrisError>,
}

/// Edges found in the image, in its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    /// Edge of the pupil.
    pub pupil: Contour,
    /// Outer edge of the iris.
    pub limbus: Contour,
    pub(crate) eyelids: Eyelids,
}

impl Geometry {
    /// Edges found on a plane that is `scale` times as small as the image.
    fn of(found: &Segmentation, scale: f32) -> Self {
        Self {
            pupil: found.pupil.scaled(scale),
            limbus: found.limbus.scaled(scale),
            eyelids: found.eyelids.scaled(scale),
        }
    }

    /// Row of the upper eyelid's edge at a column of the image.
    #[must_use]
    pub fn upper_eyelid_row(&self, x: f32) -> f32 {
        self.eyelids.upper.row_at(x)
    }

    /// Row of the lower eyelid's edge at a column of the image.
    #[must_use]
    pub fn lower_eyelid_row(&self, x: f32) -> f32 {
        self.eyelids.lower.row_at(x)
    }
}

/// Reads a PNG, JPEG, BMP or PGM image and encodes it.
///
/// # Errors
/// As [`encode`] and [`read_image`].
pub fn encode_bytes(bytes: &[u8], eye: Eye) -> Result<Encoding, IrisError> {
    encode(&read_image(bytes)?, eye)
}

/// Encodes a near-infrared picture of one eye (ENROL-14).
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
    encode_exposed(image, eye, passed, &mut None).map_err(|refusal| true_cause(refusal, image))
}

/// Encodes as [`encode`] does, and keeps the edges that were found when the image is refused.
#[must_use]
pub fn examine(image: &GrayImage, eye: Eye) -> Examination {
    let mut geometry = None;
    let result = check_size(image.width(), image.height())
        .and_then(|()| check_exposure(image))
        .and_then(|()| {
            encode_exposed(image, eye, &mut |_| (), &mut geometry)
                .map_err(|refusal| true_cause(refusal, image))
        });
    Examination { geometry, result }
}

/// Finds the iris in a picture of one eye and unrolls it to the size that `model` reads, for
/// an encoder other than that of templates. The limits are those of [`encode`], but for the
/// number of valid bits.
///
/// # Errors
/// The first limit of [`limits`] that the image does not keep.
pub fn normalise(image: &GrayImage, model: &EncoderModel) -> Result<NormalisedIris, IrisError> {
    check_size(image.width(), image.height())?;
    check_exposure(image)?;
    let unrolled =
        unroll(image, &mut |_| (), &mut None).map_err(|refusal| true_cause(refusal, image))?;
    Ok(unrolled.fine.reduced(&unrolled.noisy, model))
}

/// An iris found in an image, sampled finely, with all that was measured on the way.
struct Unrolled {
    fine: FineIris,
    noisy: Vec<bool>,
    quality: Quality,
    geometry: Geometry,
}

fn unroll(
    image: &GrayImage,
    passed: &mut dyn FnMut(Stage),
    traced: &mut Option<Geometry>,
) -> Result<Unrolled, IrisError> {
    let (working, factor) = working_plane(image);
    let planes = planes_of(&working, factor);
    passed(Stage::Preparation);
    let scale = factor as f32;
    let mut trace = |found: &Segmentation| *traced = Some(Geometry::of(found, scale));
    let found = segment(&planes, passed, &mut trace).or_else(|refusal| {
        // Half a pupil is found in a negative, too: skin is dark there.
        if is_negative(&working, factor) {
            return Err(IrisError::Negative);
        }
        segment_half_covered(&planes, passed, &mut trace).map_err(|_| refusal)
    })?;
    let (pupil, limbus) = (&found.pupil, &found.limbus);
    check_contours(pupil, limbus, &working)?;
    check_likeliest(&planes, &found)?;
    let region_sharpness = region_sharpness(&working, limbus);
    check_region_sharpness(region_sharpness)?;
    let proportions = check_proportions(pupil, limbus, scale)?;
    check_level(&planes.smooth, pupil, limbus)?;
    passed(Stage::LimbusAndEyelids);

    let fine = FineIris::sample(&working, pupil, limbus, 0.0);
    let noisy = noisy_samples(&fine, &working, &planes.glare, &found);
    let visible = noisy.iter().filter(|&&bad| !bad).count() as f32 / noisy.len() as f32;
    if visible < limits::MIN_VISIBLE_FRACTION {
        return Err(IrisError::TooOccluded { visible });
    }
    check_grey_levels(image, &fine.points, &noisy, (factor, pupil, limbus))?;
    Ok(Unrolled {
        quality: Quality {
            sharpness: found.sharpness,
            region_sharpness,
            visible,
            pupil_ratio: proportions.pupil_ratio,
            centre_offset: proportions.centre_offset,
            iris_diameter_px: proportions.iris_diameter_px,
            valid_bits: 0,
        },
        geometry: Geometry::of(&found, scale),
        fine,
        noisy,
    })
}

fn encode_exposed(
    image: &GrayImage,
    eye: Eye,
    passed: &mut dyn FnMut(Stage),
    traced: &mut Option<Geometry>,
) -> Result<Encoding, IrisError> {
    let unrolled = unroll(image, passed, traced)?;
    let normalised = unrolled.fine.reduced(&unrolled.noisy, ModelName::P.model());
    passed(Stage::NormalisedIris);
    let template = encode_normalised(&normalised);
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
            valid_bits,
            ..unrolled.quality
        },
        geometry: unrolled.geometry,
        normalised,
    })
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
