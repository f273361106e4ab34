//! Pictures turned as their tag says are the pictures that a person sees.

use annona_iris::{FileFault, IrisError, read_image};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageFormat};

use crate::files::{jpeg_with_segment, png_with_chunk, tiff, written, xmp_attribute, xmp_element};

/// No two of its eight turns are alike.
fn picture() -> DynamicImage {
    DynamicImage::ImageLuma8(GrayImage::from_fn(240, 200, |x, y| {
        image::Luma([(x / 2 + if y < 60 { 90 } else { 0 }) as u8])
    }))
}

/// The pixels that a camera stores beside this value, for `picture` to be seen.
fn stored(value: u8) -> DynamicImage {
    let undone = match value {
        6 => 8,
        8 => 6,
        other => other,
    };
    let mut stored = picture();
    stored.apply_orientation(Orientation::from_exif(undone).unwrap());
    stored
}

/// `file` of a format with each of the ways in which its writers put the value.
fn tagged(value: u8) -> Vec<(&'static str, Vec<u8>)> {
    let png = written(&stored(value), ImageFormat::Png);
    let jpeg = written(&stored(value), ImageFormat::Jpeg);
    let value = u16::from(value);
    let exif = |is_big_endian| [b"Exif\0\0".to_vec(), tiff(is_big_endian, value)].concat();
    let packet =
        |xmp: String| [b"http://ns.adobe.com/xap/1.0/\0".to_vec(), xmp.into_bytes()].concat();
    let text = |xmp: String| [b"XML:com.adobe.xmp\0\0\0\0\0".to_vec(), xmp.into_bytes()].concat();
    let raw = raw_profile(&exif(true));
    vec![
        (
            "PNG, little-endian",
            png_with_chunk(&png, b"eXIf", &tiff(false, value)),
        ),
        (
            "PNG, big-endian",
            png_with_chunk(&png, b"eXIf", &tiff(true, value)),
        ),
        ("PNG, prefixed", png_with_chunk(&png, b"eXIf", &exif(true))),
        (
            "PNG, XMP",
            png_with_chunk(&png, b"iTXt", &text(xmp_attribute(value))),
        ),
        ("PNG, text", png_with_chunk(&png, b"tEXt", &raw)),
        (
            "JPEG, little-endian",
            jpeg_with_segment(&jpeg, 0xe1, &exif(false)),
        ),
        (
            "JPEG, big-endian",
            jpeg_with_segment(&jpeg, 0xe1, &exif(true)),
        ),
        (
            "JPEG, XMP",
            jpeg_with_segment(&jpeg, 0xe1, &packet(xmp_attribute(value))),
        ),
        (
            "JPEG, XMP element",
            jpeg_with_segment(&jpeg, 0xe1, &packet(xmp_element(value))),
        ),
    ]
}

/// A block in the hexadecimal form of older programs.
fn raw_profile(block: &[u8]) -> Vec<u8> {
    let digits: String = block.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "Raw profile type exif\0\nexif\n{:8}\n{digits}\n",
        block.len()
    )
    .into_bytes()
}

fn mean_difference(a: &GrayImage, b: &GrayImage) -> f32 {
    let pixels = a.as_raw().iter().zip(b.as_raw());
    let sum: u32 = pixels.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    sum as f32 / a.as_raw().len() as f32
}

/// Tests ENROL-14.
#[test]
fn all_eight_orientations_are_obeyed_in_every_form() {
    let expected = picture().into_luma8();
    for value in 1..=8 {
        for (form, file) in tagged(value) {
            let read = read_image(&file).unwrap_or_else(|e| panic!("{form}, {value}: {e}"));
            assert_eq!(read.dimensions(), expected.dimensions(), "{form}, {value}");
            let off = mean_difference(&read, &expected);
            assert!(off < 2.0, "{form}, {value}: {off}");
        }
    }
}

#[test]
fn a_tag_after_the_pixels_is_obeyed_too() {
    let png = written(&stored(6), ImageFormat::Png);
    let end = png.len() - 12;
    let chunk = png_with_chunk(&png, b"eXIf", &tiff(true, 6));
    // Signature and header stand before the chunk that was put in.
    let chunk = &chunk[33..33 + chunk.len() - png.len()];
    let late = [&png[..end], chunk, &png[end..]].concat();
    assert_eq!(read_image(&late).unwrap(), picture().into_luma8());
}

#[test]
fn orientations_that_are_none_or_two_are_refused() {
    let refused = Err(IrisError::DamagedImage {
        fault: FileFault::Orientation,
    });
    let png = written(&picture(), ImageFormat::Png);
    let jpeg = written(&picture(), ImageFormat::Jpeg);
    for value in [0, 9, 255, 4_000] {
        let block = tiff(true, value);
        assert_eq!(read_image(&png_with_chunk(&png, b"eXIf", &block)), refused);
        let exif = [&b"Exif\0\0"[..], &block].concat();
        assert_eq!(read_image(&jpeg_with_segment(&jpeg, 0xe1, &exif)), refused);
    }
    let one = png_with_chunk(&png, b"eXIf", &tiff(true, 1));
    assert_eq!(
        read_image(&png_with_chunk(&one, b"eXIf", &tiff(false, 1))),
        Ok(picture().into_luma8())
    );
    assert_eq!(
        read_image(&png_with_chunk(&one, b"eXIf", &tiff(false, 6))),
        refused
    );
    let broken = png_with_chunk(&png, b"eXIf", &tiff(true, 1)[..12]);
    assert_eq!(read_image(&broken), refused);
}

#[test]
fn a_picture_stored_on_its_side_is_not_too_small() {
    let upright = DynamicImage::ImageLuma8(GrayImage::new(200, 150));
    let mut stored = upright.clone();
    stored.apply_orientation(Orientation::Rotate270);
    let png = written(&stored, ImageFormat::Png);
    let tagged = png_with_chunk(&png, b"eXIf", &tiff(true, 6));
    assert_eq!(read_image(&tagged), Ok(upright.into_luma8()));
    assert!(matches!(
        read_image(&png),
        Err(IrisError::ImageTooSmall { .. })
    ));
}
