//! Results of the pipeline for an image, on one page: contours, normalised iris and code.

use annona_iris::{Encoding, NormalisedIris, overlay};
use annona_template::{COLUMNS, IrisTemplate};
use image::imageops::{FilterType, resize};
use image::{GrayImage, Rgb, RgbImage};

use crate::drawing::{Canvas, Colour, INK, WHITE, blend};

const MARGIN: u32 = 24;
/// Height of the line above each part.
const CAPTION: u32 = 44;
/// Widths are brought near this many pixels.
const WIDTH: u32 = 1_024;
const HIDDEN: Colour = Rgb([214, 60, 50]);
/// Radii of the code, and the parts of a code word: 2 filters of 16 radii each,
/// real and imaginary.
const CODE_ROWS: u32 = 64;

/// Draws contours, eyelids and mask on the image, the normalised iris and the code.
#[must_use]
pub fn page(image: &GrayImage, encoding: &Encoding) -> RgbImage {
    let quality = &encoding.quality;
    let parts = [
        (
            format!(
                "pupil yellow, limbus green, eyelids blue, masked iris red; pupil ratio {:.2}, {:.0} % visible",
                quality.pupil_ratio,
                100.0 * quality.visible
            ),
            fitted(&overlay(image, encoding)),
        ),
        (
            format!(
                "normalised iris, {} angles x {} radii, pupil edge on top; noise red",
                encoding.normalised.width(),
                encoding.normalised.height()
            ),
            enlarged(&normalised_picture(&encoding.normalised)),
        ),
        (
            format!(
                "code: coarse filter re, im, fine filter re, im, 16 radii each; masked red; {} of {} bits valid",
                quality.valid_bits,
                annona_template::CODE_BITS
            ),
            enlarged(&code_picture(&encoding.template)),
        ),
    ];
    let width = parts.iter().map(|(_, part)| part.width()).max();
    let height: u32 = parts.iter().map(|(_, part)| part.height() + CAPTION).sum();
    let mut canvas = Canvas::new(width.unwrap_or(0) + 2 * MARGIN, height + MARGIN);
    let mut y = 0;
    for (caption, part) in &parts {
        let baseline = (y + CAPTION - 24) as i32;
        canvas.text(caption, MARGIN as i32, baseline, INK);
        y += CAPTION;
        canvas.paste(part, MARGIN, y);
        y += part.height();
    }
    canvas.into_picture()
}

/// Small pictures are enlarged by a whole number, large ones reduced.
fn fitted(picture: &RgbImage) -> RgbImage {
    if picture.width() <= WIDTH {
        return enlarged(picture);
    }
    let height = picture.height() * WIDTH / picture.width();
    resize(picture, WIDTH, height.max(1), FilterType::Triangle)
}

fn enlarged(picture: &RgbImage) -> RgbImage {
    let factor = (WIDTH / picture.width().max(1)).max(1);
    let (width, height) = (picture.width() * factor, picture.height() * factor);
    resize(picture, width, height, FilterType::Nearest)
}

fn normalised_picture(normalised: &NormalisedIris) -> RgbImage {
    let grey = annona_iris::normalised_picture(normalised);
    RgbImage::from_fn(grey.width(), grey.height(), |x, y| {
        let v = grey.get_pixel(x, y)[0];
        shaded(Rgb([v, v, v]), normalised.is_noisy(x as usize, y as usize))
    })
}

/// One row a filter, part and radius: filter 0 real, filter 0 imaginary, filter 1
/// real, filter 1 imaginary, 16 radii each. A set bit is white.
fn code_picture(template: &IrisTemplate) -> RgbImage {
    RgbImage::from_fn(COLUMNS as u32, CODE_ROWS, |x, y| {
        let (filter, part, radius) = (y / 32, y / 16 % 2, y % 16);
        let mask_bit = 16 * filter + radius;
        let set = template.code()[x as usize] >> (32 * part + mask_bit) & 1 == 1;
        let valid = template.mask()[x as usize] >> mask_bit & 1 == 1;
        shaded(if set { WHITE } else { INK }, !valid)
    })
}

fn shaded(colour: Colour, hidden: bool) -> Colour {
    if hidden {
        blend(colour, HIDDEN, 0.6)
    } else {
        colour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_of_the_code_has_its_place() {
        let mut code = [0; COLUMNS];
        // Filter 1, imaginary part, radius 3 of column 7.
        code[7] = 1 << (32 + 16 + 3);
        let mut mask = [u32::MAX; COLUMNS];
        mask[9] = !(1 << 2);
        let picture = code_picture(&IrisTemplate::from_columns(code, mask));
        let bright: Vec<(u32, u32)> = picture
            .enumerate_pixels()
            .filter(|(_, _, p)| **p == WHITE)
            .map(|(x, y, _)| (x, y))
            .collect();
        assert_eq!(bright, [(7, 48 + 3)]);
        let hidden: Vec<(u32, u32)> = picture
            .enumerate_pixels()
            .filter(|(_, _, p)| **p != WHITE && **p != INK)
            .map(|(x, y, _)| (x, y))
            .collect();
        // One mask bit hides both parts of filter 0 at radius 2.
        assert_eq!(hidden, [(9, 2), (9, 18)]);
    }

    #[test]
    fn pictures_of_any_size_are_brought_to_the_width() {
        for (given, expected) in [(320, 960), (640, 640), (4_096, 1_024), (1_025, 1_024)] {
            assert_eq!(fitted(&RgbImage::new(given, 200)).width(), expected);
        }
    }
}
