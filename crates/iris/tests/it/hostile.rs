//! Images made to hurt: each gives an error (or a template, where it is an eye) in
//! bounded memory, and never a panic.

use std::process::Command;

use annona_iris::{Eye, encode, encode_bytes, limits, read_image};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma};

use crate::ALLOCATED;
use crate::files::{bmp_header, compressed_zeros, jpeg_header, png, png_with, written};
use crate::vectors::{fingerprint, images};

const FORMATS: [ImageFormat; 4] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Bmp,
    ImageFormat::Pnm,
];
/// Bytes that decoding the largest image accepted may take: 16 bits and 4 channels
/// a pixel in the decoder, the same once more while it is turned grey, and room
/// for the planes of segmentation.
const MOST_BYTES: usize = 400 << 20;

fn code(bytes: &[u8]) -> &'static str {
    match encode_bytes(bytes, Eye::Left) {
        Ok(_) => "template",
        Err(refusal) => refusal.code(),
    }
}

fn picture(width: u32, height: u32, level: impl Fn(i64, i64) -> u8) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        Luma([level(i64::from(x), i64::from(y))])
    })
}

/// A simulated eye, 320 x 240 pixels.
fn eye(number: usize) -> GrayImage {
    let (_, bytes) = images().swap_remove(number);
    read_image(&bytes).unwrap()
}

#[test]
fn a_single_pixel_is_too_small_in_every_format() {
    for format in FORMATS {
        let file = written(&DynamicImage::ImageLuma8(GrayImage::new(1, 1)), format);
        assert_eq!(code(&file), "iris-image-too-small", "{format:?}");
    }
}

/// Tells whether `test` runs by itself, so that memory that is allocated is its own. If it
/// does not, it is run so in a process of its own, where it must pass.
fn is_alone(test: &str) -> bool {
    if std::env::args().any(|argument| argument == "--exact") {
        return true;
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact"])
        .status()
        .unwrap();
    assert!(status.success(), "{test}");
    false
}

#[test]
fn a_header_of_40000_pixels_a_side_costs_nothing() {
    if !is_alone("hostile::a_header_of_40000_pixels_a_side_costs_nothing") {
        return;
    }
    let pixels = compressed_zeros(1_000);
    let files = [
        png(40_000, 40_000, 8, 0, &pixels),
        bmp_header(40_000, 40_000),
        b"P5\n40000 40000\n255\n".to_vec(),
        b"P2\n40000 40000\n255\n".to_vec(),
    ];
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    for (k, file) in files.iter().enumerate() {
        assert_eq!(code(file), "iris-image-too-large", "file {k}");
    }
    assert_eq!(code(&jpeg_header(40_000, 40_000)), "iris-image-too-large");
    let used = ALLOCATED.peak_usage().saturating_sub(before);
    assert!(used < MOST_BYTES, "{used} bytes");
}

#[test]
fn sizes_that_overflow_are_refused() {
    for file in [
        png(u32::MAX, u32::MAX, 16, 6, &[]),
        png(0, 0, 8, 0, &[]),
        bmp_header(i32::MAX, i32::MAX),
        bmp_header(i32::MIN, i32::MIN),
        bmp_header(-1, 300),
        b"P5\n99999999999999999999 1\n255\n".to_vec(),
        b"P5\n-300 300\n255\n".to_vec(),
        b"P5\n300 300\n0\n".to_vec(),
        b"P5\n300 300\n70000\n".to_vec(),
    ] {
        let refused = code(&file);
        let expected = [
            "iris-damaged-image",
            "iris-image-too-large",
            "iris-image-too-small",
        ];
        assert!(expected.contains(&refused), "{refused}");
    }
}

#[test]
fn a_small_file_of_the_largest_size_takes_bounded_memory() {
    if !is_alone("hostile::a_small_file_of_the_largest_size_takes_bounded_memory") {
        return;
    }
    let side = limits::MAX_IMAGE_SIDE_PX;
    // 16 bits, 4 channels: 128 MiB of zeros in 130 kB.
    let row = 1 + 8 * side as usize;
    let bomb = png(side, side, 16, 6, &compressed_zeros(row * side as usize));
    assert!(bomb.len() < 200_000);
    // 1 GiB of zeros that claims to be a colour profile.
    let mut profile = b"p\0\0".to_vec();
    profile.extend(compressed_zeros(1 << 30));
    let pixels = compressed_zeros(241 * 320);
    let profiled = png_with(240, 320, 8, 0, &[(b"iCCP", &profile), (b"IDAT", &pixels)]);

    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    for (name, file) in [("profile", &profiled), ("pixels", &bomb)] {
        ALLOCATED.reset_peak_usage();
        assert_ne!(code(file), "template", "{name}");
        let used = ALLOCATED.peak_usage().saturating_sub(before);
        assert!(used < MOST_BYTES, "{name}: {used} bytes");
    }
}

#[test]
fn more_bytes_than_an_image_has_are_refused() {
    let mut file = written(&DynamicImage::ImageLuma8(eye(0)), ImageFormat::Pnm);
    file.resize(limits::MAX_IMAGE_BYTES + 1, 0);
    assert_eq!(code(&file), "iris-image-too-large");
}

#[test]
fn flat_and_regular_pictures_show_no_eye() {
    let checks = |cell: i64| move |x: i64, y: i64| 255 * ((x / cell + y / cell) % 2) as u8;
    for (name, refused) in [
        ("black", code_of(&picture(640, 480, |_, _| 0))),
        ("white", code_of(&picture(640, 480, |_, _| 255))),
        (
            "ramp",
            code_of(&picture(640, 480, |x, _| (x * 255 / 639) as u8)),
        ),
        (
            "steep ramp",
            code_of(&picture(640, 480, |x, y| ((x + y) * 37 % 256) as u8)),
        ),
        (
            "step",
            code_of(&picture(640, 480, |x, _| if x < 320 { 0 } else { 251 })),
        ),
        (
            "one row",
            code_of(&picture(4_096, 150, |x, _| (x % 251) as u8)),
        ),
        ("checks of 1", code_of(&picture(640, 480, checks(1)))),
        ("checks of 8", code_of(&picture(640, 480, checks(8)))),
        ("checks of 60", code_of(&picture(640, 480, checks(60)))),
        (
            "rings",
            code_of(&picture(640, 480, |x, y| {
                let square = (x - 320).pow(2) + (y - 240).pow(2);
                (square / 64 % 251) as u8
            })),
        ),
    ] {
        assert_ne!(refused, "template", "{name}");
    }
}

fn code_of(image: &GrayImage) -> &'static str {
    match encode(image, Eye::Left) {
        Ok(_) => "template",
        Err(refusal) => refusal.code(),
    }
}

#[test]
fn of_two_eyes_in_a_picture_one_or_none_is_taken_the_same_each_time() {
    let (first, second) = (eye(0), eye(1));
    let both = GrayImage::from_fn(640, 240, |x, y| {
        let half = if x < 320 { &first } else { &second };
        *half.get_pixel(x % 320, y)
    });
    let outcome = || encode(&both, Eye::Left).map(|encoding| fingerprint(&encoding));
    assert!(outcome() == outcome());
}

#[test]
fn a_slit_pupil_is_no_persons_eye() {
    let noise = |x: i64, y: i64| {
        let mixed =
            (x as u32 / 3).wrapping_mul(0x9e37_79b9) ^ (y as u32 / 3).wrapping_mul(0x85eb_ca6b);
        i64::from(mixed.wrapping_mul(0xc2b2_ae35) >> 27)
    };
    let cat = picture(640, 480, |x, y| {
        let (dx, dy) = (x - 320, y - 240);
        let level = if dx * dx * 36 + dy * dy < 100 * 100 {
            25
        } else if dx * dx + dy * dy < 140 * 140 {
            100 + noise(x, y)
        } else {
            180 + noise(x, y) / 4
        };
        level as u8
    });
    assert_ne!(code_of(&cat), "template");
}

#[test]
fn colour_and_depth_do_not_change_a_grey_picture() {
    let grey = eye(0);
    let expected = fingerprint(&encode(&grey, Eye::Left).unwrap());
    let wide = ImageBuffer::from_fn(grey.width(), grey.height(), |x, y| {
        Luma([u16::from(grey.get_pixel(x, y)[0]) * 257])
    });
    let grey = DynamicImage::ImageLuma8(grey);
    for (name, file) in [
        ("PNG", written(&grey, ImageFormat::Png)),
        ("BMP", written(&grey, ImageFormat::Bmp)),
        ("PGM", written(&grey, ImageFormat::Pnm)),
        (
            "PNG, colour",
            written(&grey.to_rgb8().into(), ImageFormat::Png),
        ),
        (
            "PNG, opacity",
            written(&grey.to_rgba8().into(), ImageFormat::Png),
        ),
        (
            "BMP, colour",
            written(&grey.to_rgb8().into(), ImageFormat::Bmp),
        ),
        (
            "PNG, 16 bits",
            written(&wide.clone().into(), ImageFormat::Png),
        ),
        ("PGM, maxval 65535", pgm_16(&wide)),
    ] {
        let encoding = encode_bytes(&file, Eye::Left);
        let encoding = encoding.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert!(fingerprint(&encoding) == expected, "{name}");
    }
}

fn pgm_16(wide: &ImageBuffer<Luma<u16>, Vec<u16>>) -> Vec<u8> {
    let mut file = format!("P5\n{} {}\n65535\n", wide.width(), wide.height()).into_bytes();
    file.extend(wide.as_raw().iter().flat_map(|v| v.to_be_bytes()));
    file
}

#[test]
fn kinds_of_jpeg_are_read_alike() {
    let grey = eye(0);
    let baseline = written(&DynamicImage::ImageLuma8(grey.clone()), ImageFormat::Jpeg);
    for (name, file) in [
        ("baseline", &baseline[..]),
        (
            "progressive",
            &include_bytes!("../fixtures/progressive.jpg")[..],
        ),
    ] {
        let read = read_image(file).unwrap();
        let pixels = grey.as_raw().iter().zip(read.as_raw());
        let differences: u32 = pixels.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        let mean = differences as f32 / grey.as_raw().len() as f32;
        assert!(mean < 8.0, "{name}: {mean}");
    }
}

#[test]
fn other_formats_are_not_guessed() {
    for start in [
        &b""[..],
        b"GIF89a",
        b"RIFF\0\0\0\0WEBP",
        b"II*\0",
        b"<svg",
        b"%PDF-1.7",
        b"\0",
    ] {
        let mut file = start.to_vec();
        assert_eq!(code(&file), "iris-unreadable-image");
        file.resize(100_000, 7);
        assert_eq!(code(&file), "iris-unreadable-image");
    }
}
