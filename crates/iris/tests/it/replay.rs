//! Runs of the fuzz targets, on stable Rust and on a bounded number of inputs:
//! inputs that once did harm, and files with a few bytes changed.

use image::{DynamicImage, GrayImage, ImageFormat};
use proptest::prelude::*;

use crate::bodies::{self, Format};
use crate::files::written;

/// The least picture that is decoded.
fn small_file(format: Format) -> Vec<u8> {
    let picture = GrayImage::from_fn(200, 150, |x, y| image::Luma([(x ^ y) as u8]));
    let format = match format {
        Format::Png => ImageFormat::Png,
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Bmp => ImageFormat::Bmp,
        Format::Pgm => ImageFormat::Pnm,
    };
    written(&DynamicImage::ImageLuma8(picture), format)
}

/// Changes bytes; most changes fall near the start, where the headers are.
fn changed(mut file: Vec<u8>, changes: &[(usize, u8)], length: usize) -> Vec<u8> {
    for &(place, value) in changes {
        let reach = if place % 4 == 0 { file.len() } else { 64 };
        let place = place / 4 % reach;
        file[place] = value;
    }
    file.truncate(file.len() - length % (file.len() / 2));
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn changed_files_make_no_panic(
        format in prop::sample::select(&Format::ALL[..]),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..8),
        length in prop_oneof![Just(0), any::<usize>()],
    ) {
        bodies::image(format, &changed(small_file(format), &changes, length));
    }

    #[test]
    fn bytes_after_the_magic_make_no_panic(
        format in prop::sample::select(&Format::ALL[..]),
        data in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        bodies::image(format, &data);
    }

    #[test]
    fn pixels_make_no_panic(data in prop::collection::vec(any::<u8>(), 0..200)) {
        bodies::pixels(&data);
    }

    #[test]
    fn template_bytes_make_no_panic(data in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        prop::collection::vec(any::<u8>(), annona_template::TEMPLATE_BYTES),
    ]) {
        bodies::template(&data);
    }
}

#[test]
fn inputs_that_once_did_harm_do_none() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let data = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        match name.split_once('-').map(|(target, _)| target) {
            Some("png") => bodies::image(Format::Png, &data),
            Some("jpeg") => bodies::image(Format::Jpeg, &data),
            Some("bmp") => bodies::image(Format::Bmp, &data),
            Some("pgm") => bodies::image(Format::Pgm, &data),
            Some("pixels") => bodies::pixels(&data),
            Some("template") => bodies::template(&data),
            _ => assert_eq!(name, "README.md", "an input is named after its fuzz target"),
        }
    }
}
