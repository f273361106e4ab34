//! Reading of a visit code out of an image of the phone's screen.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use image::ImageReader;
use orb_sim::VISIT_PREFIX;
use rqrr::PreparedImage;

/// Largest file that is read.
const MAX_FILE_BYTES: u64 = 32 << 20;
/// Longest side of an image, in pixels.
const MAX_SIDE_PX: u32 = 8_192;
/// Memory that decoding an image may take.
const MAX_DECODING_BYTES: u64 = 512 << 20;

/// Reads the text of the visit code in an image file; other QR codes beside it are ignored.
pub(super) fn read_image(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read the image {shown}"))?;
    ensure!(
        bytes.len() as u64 <= MAX_FILE_BYTES,
        "the image {shown} is larger than {} MiB: take a smaller one of the code",
        MAX_FILE_BYTES >> 20
    );
    let texts = decode(&bytes).with_context(|| format!("cannot use the image {shown}"))?;
    let Some(first) = texts.first() else {
        bail!(
            "no QR code can be read in {shown}: hold the phone still, close and straight before \
             the camera, its screen bright and without reflections"
        );
    };
    let code = texts.iter().find(|text| text.starts_with(VISIT_PREFIX));
    // If none is a visit code, the reader of the text says so.
    Ok(code.unwrap_or(first).clone())
}

/// Texts of the QR codes in an image that can be read.
fn decode(bytes: &[u8]) -> anyhow::Result<Vec<String>> {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PX);
    limits.max_image_height = Some(MAX_SIDE_PX);
    limits.max_alloc = Some(MAX_DECODING_BYTES);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits);
    let picture = reader.decode()?.into_luma8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let grey = picture.as_raw();
    let mut prepared =
        PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x]);
    let codes = prepared.detect_grids().into_iter();
    Ok(codes
        .filter_map(|code| Some(code.decode().ok()?.1))
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use image::{GrayImage, Luma};
    use qrcode::{Color, QrCode};

    use super::*;

    /// Picture of a code, with a quiet zone of four modules.
    fn picture(text: &str, module_px: u32) -> GrayImage {
        let code = QrCode::new(text).unwrap();
        let (modules, colors) = (code.width() as u32, code.to_colors());
        let side = (modules + 8) * module_px;
        GrayImage::from_fn(side, side, |x, y| {
            let (column, row) = (x / module_px, y / module_px);
            let is_within = |place: u32| (4..modules + 4).contains(&place);
            let is_dark = is_within(column)
                && is_within(row)
                && colors[((row - 4) * modules + column - 4) as usize] == Color::Dark;
            Luma([if is_dark { 20 } else { 235 }])
        })
    }

    fn saved(image: &GrayImage, name: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        image.save(&path).unwrap();
        (folder, path)
    }

    /// As long as a visit code is.
    fn text() -> String {
        VISIT_PREFIX.to_owned() + &"ABCDEFGHIJ234567".repeat(20)
    }

    #[test]
    fn a_code_is_read_from_each_kind_of_file() {
        for name in ["code.png", "code.jpg", "code.bmp", "code.pgm"] {
            let (_folder, path) = saved(&picture(&text(), 6), name);
            assert_eq!(read_image(&path).unwrap(), text(), "{name}");
        }
    }

    #[test]
    fn a_turned_and_blurred_photograph_is_read() {
        let blurred = image::imageops::blur(&picture(&text(), 6), 2.0);
        let turned = image::imageops::rotate90(&blurred);
        let (_folder, path) = saved(&turned, "code.png");
        assert_eq!(read_image(&path).unwrap(), text());
    }

    #[test]
    fn the_visit_code_is_found_beside_other_codes() {
        let (other, visit) = (picture("https://annona.example", 6), picture(&text(), 6));
        let mut both =
            GrayImage::from_pixel(other.width() + visit.width(), visit.height(), Luma([235]));
        image::imageops::replace(&mut both, &other, 0, 0);
        image::imageops::replace(&mut both, &visit, i64::from(other.width()), 0);
        let (_folder, path) = saved(&both, "both.png");
        assert_eq!(read_image(&path).unwrap(), text());
        let (_folder, path) = saved(&other, "other.png");
        assert_eq!(read_image(&path).unwrap(), "https://annona.example");
    }

    #[test]
    fn an_image_without_a_code_is_refused_with_advice() {
        let (_folder, path) = saved(&GrayImage::from_pixel(300, 300, Luma([200])), "grey.png");
        let refusal = format!("{:#}", read_image(&path).unwrap_err());
        assert!(refusal.contains("no QR code"), "{refusal}");
        std::fs::write(&path, "no image").unwrap();
        let refusal = format!("{:#}", read_image(&path).unwrap_err());
        assert!(refusal.contains("cannot use the image"), "{refusal}");
        let none = path.with_file_name("none.png");
        let refusal = format!("{:#}", read_image(&none).unwrap_err());
        assert!(refusal.contains("cannot read the image"), "{refusal}");
    }

    #[test]
    fn a_file_without_end_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.png");
        let file = File::create(&path).unwrap();
        file.set_len(MAX_FILE_BYTES + 1).unwrap();
        let refusal = format!("{:#}", read_image(&path).unwrap_err());
        assert!(refusal.contains("larger than 32 MiB"), "{refusal}");
    }
}
