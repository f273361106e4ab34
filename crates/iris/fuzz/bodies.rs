//! Bodies of the fuzz targets: the steps that every input is put through. The same
//! functions run on stable Rust in `cargo test`, on a bounded number of inputs.
#![allow(dead_code)]

use annona_iris::{Eye, NormalisedIris, encode, encode_bytes};
use annona_template::{CODE_BITS, IrisTemplate};
use image::{GrayImage, Luma};

/// The formats that images come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Portable network graphics.
    Png,
    /// JPEG, baseline or progressive.
    Jpeg,
    /// Windows bitmap.
    Bmp,
    /// Portable grey map, binary.
    Pgm,
}

impl Format {
    /// All formats of images.
    pub(crate) const ALL: [Self; 4] = [Self::Png, Self::Jpeg, Self::Bmp, Self::Pgm];

    fn magic(self) -> &'static [u8] {
        match self {
            Self::Png => b"\x89PNG\r\n\x1a\n",
            Self::Jpeg => b"\xff\xd8\xff",
            Self::Bmp => b"BM",
            Self::Pgm => b"P5",
        }
    }
}

/// Encodes `data` with the first bytes made those of the format.
pub(crate) fn image(format: Format, data: &[u8]) {
    let magic = format.magic();
    let mut bytes = magic.to_vec();
    bytes.extend(data.iter().skip(magic.len()));
    if let Ok(encoding) = encode_bytes(&bytes, Eye::Left) {
        check(&encoding.template, &encoding.normalised);
    }
}

/// Encodes a picture of any grey levels: the first bytes choose its size, the
/// number of cells and a few dark discs, the others are the cells' levels.
pub(crate) fn pixels(data: &[u8]) {
    let Some((&[w, h, cells, discs, softness], levels)) = data.split_first_chunk::<5>() else {
        return;
    };
    let (width, height) = (200 + u32::from(w), 150 + u32::from(h));
    let side = 1 + u32::from(cells) % 64;
    let level = |x: u32, y: u32| {
        let k = (y * side / height * side + x * side / width) as usize;
        i32::from(levels.get(k % levels.len().max(1)).copied().unwrap_or(0))
    };
    let picture = GrayImage::from_fn(width, height, |x, y| {
        let mut value = level(x, y);
        for disc in levels.chunks_exact(4).take(usize::from(discs) % 4) {
            let centre = (i64::from(disc[0]) * 2, i64::from(disc[1]) * 2);
            let radius = i64::from(disc[2]);
            let square = (i64::from(x) - centre.0).pow(2) + (i64::from(y) - centre.1).pow(2);
            if square < radius * radius {
                value = (value * i32::from(softness) / 256 + i32::from(disc[3])).min(255);
            }
        }
        Luma([value as u8])
    });
    if let Ok(encoding) = encode(&picture, Eye::Right) {
        check(&encoding.template, &encoding.normalised);
    }
}

/// Reads `data` as a template, and again with a valid header.
pub(crate) fn template(data: &[u8]) {
    read_back(data);
    let zero = IrisTemplate::from_columns([0; 200], [0; 200]).to_bytes();
    let mut headed = data.to_vec();
    let header = headed.len().min(12);
    headed[..header].copy_from_slice(&zero[..header]);
    read_back(&headed);
}

fn read_back(data: &[u8]) {
    if let Ok(template) = IrisTemplate::from_bytes(data) {
        assert_eq!(template.to_bytes(), data, "one template has one byte form");
        assert!(template.valid_bits() as usize <= CODE_BITS);
    }
}

fn check(template: &IrisTemplate, normalised: &NormalisedIris) {
    read_back(&template.to_bytes());
    assert!(
        normalised.pixels().iter().all(|&v| v < 128),
        "pixels have 7 bits"
    );
    assert_eq!(
        normalised.pixels().len(),
        normalised.width() * normalised.height()
    );
}
