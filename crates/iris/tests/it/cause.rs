//! Refusals that name the true cause, on pictures of eyes that are otherwise good.

use annona_iris::{Eye, encode, encode_bytes, read_image};
use annona_template::{COLUMNS, IrisTemplate};
use image::imageops::{FilterType, crop_imm, resize, rotate90, rotate180, rotate270};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma};

use crate::files::written;
use crate::vectors::images;

/// The simulated eyes of the vectors that become templates.
fn eyes() -> Vec<GrayImage> {
    let read = images()
        .into_iter()
        .map(|(_, file)| read_image(&file).unwrap());
    read.filter(|image| encode(image, Eye::Left).is_ok())
        .collect()
}

fn codes(change: impl Fn(&GrayImage) -> GrayImage) -> Vec<&'static str> {
    let outcome = |image: &GrayImage| match encode(&change(image), Eye::Left) {
        Ok(_) => "template",
        Err(refusal) => refusal.code(),
    };
    eyes().iter().map(outcome).collect()
}

fn count(codes: &[&str], wanted: &str) -> usize {
    codes.iter().filter(|code| **code == wanted).count()
}

#[test]
fn most_vectors_are_upright_eyes() {
    assert!(eyes().len() >= 4);
}

#[test]
fn an_eye_on_its_side_is_said_to_be_turned() {
    for (name, codes) in [("90", codes(rotate90)), ("270", codes(rotate270))] {
        assert_eq!(count(&codes, "template"), 0, "{name}: {codes:?}");
        assert!(count(&codes, "iris-turned") >= 3, "{name}: {codes:?}");
    }
}

/// Tests ENROL-14.
#[test]
fn an_eye_upside_down_has_its_code_turned_by_half_a_turn() {
    for eye in eyes() {
        let upright = encode(&eye, Eye::Left).unwrap().template;
        let turned = encode(&rotate180(&eye), Eye::Left).unwrap().template;
        let (distance, columns) = (0..COLUMNS)
            .map(|columns| (distance_at(&upright, &turned, columns), columns))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        assert!(distance < 0.3, "{distance} at {columns}");
        assert!(
            columns.abs_diff(COLUMNS / 2) <= 3,
            "{distance} at {columns}"
        );
    }
}

/// Share of the bits valid in both that differ when `turned` lies so many columns ahead.
fn distance_at(upright: &IrisTemplate, turned: &IrisTemplate, columns: usize) -> f32 {
    let (mut different, mut shared) = (0, 0);
    for column in 0..COLUMNS {
        let other = (column + columns) % COLUMNS;
        let valid = u64::from(upright.mask()[column] & turned.mask()[other]);
        let both = valid | valid << 32;
        different += ((upright.code()[column] ^ turned.code()[other]) & both).count_ones();
        shared += both.count_ones();
    }
    different as f32 / shared.max(1) as f32
}

#[test]
fn a_negative_is_said_to_be_one() {
    let codes = codes(|image| {
        GrayImage::from_fn(image.width(), image.height(), |x, y| {
            Luma([255 - image.get_pixel(x, y)[0]])
        })
    });
    assert_eq!(count(&codes, "template"), 0, "{codes:?}");
    assert!(count(&codes, "iris-negative") >= 3, "{codes:?}");
}

#[test]
fn a_stretched_eye_is_said_not_to_be_round() {
    for (across, down) in [(2, 1), (1, 2)] {
        let codes = codes(|image| {
            let size = (across * image.width(), down * image.height());
            resize(image, size.0, size.1, FilterType::Triangle)
        });
        assert_eq!(count(&codes, "template"), 0, "{codes:?}");
        assert!(count(&codes, "iris-not-round") >= 3, "{codes:?}");
    }
}

#[test]
fn an_eye_that_is_half_outside_is_said_not_to_be_whole() {
    let codes = codes(|image| {
        let (w, h) = (image.width(), image.height());
        let large = resize(image, 2 * w, 2 * h, FilterType::Triangle);
        crop_imm(&large, w, 0, w, 2 * h).to_image()
    });
    assert_eq!(count(&codes, "template"), 0, "{codes:?}");
    assert!(count(&codes, "iris-not-whole") >= 3, "{codes:?}");
}

#[test]
fn ten_bits_of_sixteen_are_too_dark() {
    for eye in eyes() {
        let wide: ImageBuffer<Luma<u16>, Vec<u16>> =
            ImageBuffer::from_fn(eye.width(), eye.height(), |x, y| {
                Luma([u16::from(eye.get_pixel(x, y)[0]) * 4])
            });
        let file = written(&DynamicImage::ImageLuma16(wide), ImageFormat::Png);
        let refusal = encode_bytes(&file, Eye::Left).unwrap_err();
        assert_eq!(refusal.code(), "iris-too-dark");
    }
}

#[test]
fn steps_of_grey_and_clipped_levels_are_no_texture() {
    let of_levels = |change: fn(f32) -> f32| {
        codes(move |image| {
            GrayImage::from_fn(image.width(), image.height(), |x, y| {
                Luma([change(f32::from(image.get_pixel(x, y)[0])) as u8])
            })
        })
    };
    for (name, codes) in [
        ("16 levels", of_levels(|v| (v / 17.0).round() * 17.0)),
        ("clipped", of_levels(|v| 128.0 + 12.0 * (v - 128.0))),
    ] {
        assert_eq!(count(&codes, "template"), 0, "{name}: {codes:?}");
    }
}

#[test]
fn grey_fields_are_no_eyes() {
    for seed in 0..24u32 {
        let side = 2 + seed % 30;
        let mixed = |x: u32, y: u32| {
            (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b) ^ seed)
                .wrapping_mul(0xc2b2_ae35)
                >> 24
        };
        let cells = GrayImage::from_fn(320 / side + 2, 240 / side + 2, |x, y| {
            Luma([(60 + mixed(x, y) * (20 + seed * 7) / 256) as u8])
        });
        let field = resize(&cells, 320, 240, FilterType::CatmullRom);
        assert!(encode(&field, Eye::Left).is_err(), "seed {seed}");
    }
}
