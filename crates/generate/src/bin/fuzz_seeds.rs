//! `fuzz_seeds FOLDER`, run by `cargo xtask fuzz`: small valid inputs for each fuzz target.

use std::path::PathBuf;

use annona_template::IrisTemplate;
use image::{DynamicImage, GrayImage, ImageFormat, Luma};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(
        std::env::args_os()
            .nth(1)
            .ok_or("usage: fuzz_seeds FOLDER")?,
    );
    let flat = GrayImage::from_pixel(200, 150, Luma([90]));
    let woven = GrayImage::from_fn(200, 150, |x, y| Luma([(x ^ y) as u8]));
    let eye = GrayImage::from_fn(200, 150, |x, y| {
        let square = (x.abs_diff(100)).pow(2) + (y.abs_diff(75)).pow(2);
        Luma([match square {
            0..400 => 20,
            400..4_000 => 90 + (((x * 7) ^ (y * 13)) % 32) as u8,
            _ => 180,
        }])
    });
    for (target, format) in [
        ("png", ImageFormat::Png),
        ("jpeg", ImageFormat::Jpeg),
        ("bmp", ImageFormat::Bmp),
        ("pgm", ImageFormat::Pnm),
    ] {
        let target = folder.join(target);
        std::fs::create_dir_all(&target)?;
        for (name, picture) in [("flat", &flat), ("woven", &woven), ("eye", &eye)] {
            let grey = DynamicImage::ImageLuma8(picture.clone());
            grey.save_with_format(target.join(name), format)?;
            let colour = DynamicImage::ImageRgb8(grey.to_rgb8());
            if format != ImageFormat::Pnm {
                colour.save_with_format(target.join(format!("{name}-colour")), format)?;
            }
        }
    }
    for (target, name, data) in [
        (
            "pixels",
            "eye",
            vec![120, 90, 40, 2, 255, 100, 80, 60, 100, 100, 80, 25, 20],
        ),
        (
            "template",
            "zero",
            IrisTemplate::from_columns([0; 200], [0; 200]).to_bytes(),
        ),
        (
            "manifest",
            "two",
            b"path,subject,eye,sample\na.png,1,left,1\n\"b,.png\",2,R,x\n".to_vec(),
        ),
    ] {
        let target = folder.join(target);
        std::fs::create_dir_all(&target)?;
        std::fs::write(target.join(name), data)?;
    }
    Ok(())
}
