//! Forms of the file that a picture is kept in.

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma};
use rand::{Rng, RngExt};

use crate::files::{jpeg_with_segment, png_with_chunk, tiff, written};

/// A way of writing a picture into a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Plain(ImageFormat),
    Colour(ImageFormat),
    /// PNG with opacity, which may hide a pixel.
    Opacity {
        hides: bool,
    },
    /// PNG of 16 bits, of which so many are used.
    Wide {
        bits: u32,
    },
    /// PGM whose maximum is another than the greatest of its samples.
    Maximum(u16),
    /// JPEG of this quality.
    Jpeg(u8),
    /// Stored turned, with the tag that says so.
    Tagged {
        orientation: u8,
        is_png: bool,
    },
    /// A tag that says what is not so.
    Lying {
        orientation: u8,
    },
    /// Cut to this share of its bytes.
    Cut(f32),
    /// Followed by itself.
    Doubled,
}

impl Form {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        let formats = [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Pnm];
        let format = formats[rng.random_range(0..3)];
        match rng.random_range(0..12) {
            0..3 => Self::Plain(format),
            3 => Self::Colour(format),
            4 => Self::Opacity {
                hides: rng.random(),
            },
            5 => Self::Wide {
                bits: rng.random_range(8..17),
            },
            6 => Self::Maximum(rng.random_range(64..4_000)),
            7 | 8 => Self::Jpeg(rng.random_range(5..100)),
            9 => Self::Tagged {
                orientation: rng.random_range(1..9),
                is_png: rng.random(),
            },
            10 => Self::Lying {
                orientation: rng.random_range(0..10),
            },
            _ if rng.random() => Self::Cut(rng.random_range(0.3..1.0)),
            _ => Self::Doubled,
        }
    }

    pub(super) fn file(self, picture: &GrayImage) -> Vec<u8> {
        let (w, h) = picture.dimensions();
        let grey = DynamicImage::ImageLuma8(picture.clone());
        let level = |x, y| u32::from(picture.get_pixel(x, y)[0]);
        let exif =
            |orientation: u8| [b"Exif\0\0".to_vec(), tiff(true, orientation.into())].concat();
        match self {
            Self::Plain(format) => written(&grey, format),
            Self::Colour(format) => written(&grey.into_rgb8().into(), format),
            Self::Opacity { hides } => {
                let mut colour = grey.into_rgba8();
                if hides {
                    colour.get_pixel_mut(w / 2, h / 2)[3] = 0;
                }
                written(&colour.into(), ImageFormat::Png)
            }
            Self::Wide { bits } => {
                let wide: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_fn(w, h, |x, y| {
                    Luma([((level(x, y) * 257) >> (16 - bits)) as u16])
                });
                written(&wide.into(), ImageFormat::Png)
            }
            Self::Maximum(maximum) => {
                let most = u32::from(maximum);
                let samples = picture.pixels().map(|p| u32::from(p[0]) * most / 255);
                let bytes = samples.flat_map(|v| match maximum {
                    0..256 => vec![v as u8],
                    _ => (v as u16).to_be_bytes().to_vec(),
                });
                let mut file = format!("P5\n{w} {h}\n{maximum}\n").into_bytes();
                file.extend(bytes);
                file
            }
            Self::Jpeg(quality) => {
                let mut file = Vec::new();
                JpegEncoder::new_with_quality(&mut file, quality)
                    .encode_image(&grey)
                    .unwrap();
                file
            }
            Self::Tagged {
                orientation,
                is_png,
            } => {
                let mut stored = grey;
                let undone = match orientation {
                    6 => 8,
                    8 => 6,
                    other => other,
                };
                stored.apply_orientation(Orientation::from_exif(undone).unwrap());
                if is_png {
                    let png = written(&stored, ImageFormat::Png);
                    return png_with_chunk(&png, b"eXIf", &tiff(false, orientation.into()));
                }
                jpeg_with_segment(
                    &written(&stored, ImageFormat::Jpeg),
                    0xe1,
                    &exif(orientation),
                )
            }
            Self::Lying { orientation } => {
                jpeg_with_segment(&written(&grey, ImageFormat::Jpeg), 0xe1, &exif(orientation))
            }
            Self::Cut(share) => {
                let file = written(&grey, ImageFormat::Jpeg);
                let length = (share * file.len() as f32) as usize;
                [&file[..length], &[0xff, 0xd9]].concat()
            }
            Self::Doubled => {
                let file = written(&grey, ImageFormat::Bmp);
                [&file[..], &file[..]].concat()
            }
        }
    }
}
