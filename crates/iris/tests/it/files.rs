//! Image files made by hand: headers that lie, files that end early.

use std::io::{Cursor, Write};

use image::{DynamicImage, ImageFormat};

/// `picture` as a file of `format`.
pub(crate) fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A PNG of the given header and zlib stream of pixels.
pub(crate) fn png(width: u32, height: u32, depth: u8, colour: u8, pixels: &[u8]) -> Vec<u8> {
    png_with(width, height, depth, colour, &[(b"IDAT", pixels)])
}

/// A PNG of any chunks between header and end.
pub(crate) fn png_with(
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
    chunks: &[(&[u8; 4], &[u8])],
) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([depth, colour, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    for (name, data) in chunks {
        chunk(&mut file, name, data);
    }
    chunk(&mut file, b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let mut checksum = crc32fast::Hasher::new();
    for part in [&name[..], data] {
        file.extend(part);
        checksum.update(part);
    }
    file.extend(checksum.finalize().to_be_bytes());
}

/// So many zero bytes, compressed.
pub(crate) fn compressed_zeros(count: usize) -> Vec<u8> {
    let mut stream = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let block = vec![0; 1 << 16];
    let mut left = count;
    while left > 0 {
        let part = left.min(block.len());
        stream.write_all(&block[..part]).unwrap();
        left -= part;
    }
    stream.finish().unwrap()
}

/// A JPEG that claims a size and holds nothing.
pub(crate) fn jpeg_header(width: u16, height: u16) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8];
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend([1, 1, 0x11, 0]);
    file.extend([0xff, 0xd9]);
    file
}

/// An 8-bit BMP that claims a size and holds no pixels.
pub(crate) fn bmp_header(width: i32, height: i32) -> Vec<u8> {
    let mut file = b"BM".to_vec();
    for word in [
        0u32,
        0,
        54 + 1024,
        40,
        width as u32,
        height as u32,
        1 | 8 << 16,
    ] {
        file.extend(word.to_le_bytes());
    }
    file.extend([0; 24]);
    file.extend((0..256u32).flat_map(|v| (v * 0x0001_0101).to_le_bytes()));
    file
}
