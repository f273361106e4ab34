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

/// `png` with one more chunk, after its header.
pub(crate) fn png_with_chunk(png: &[u8], name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    const AFTER_HEADER: usize = 33;
    let mut file = png[..AFTER_HEADER].to_vec();
    chunk(&mut file, name, data);
    file.extend(&png[AFTER_HEADER..]);
    file
}

/// `jpeg` with one more segment, at its start.
pub(crate) fn jpeg_with_segment(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let mut file = jpeg[..2].to_vec();
    file.extend(segment(marker, data));
    file.extend(&jpeg[2..]);
    file
}

/// A segment of a JPEG.
pub(crate) fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u16 + 2).to_be_bytes();
    [&[0xff, marker], &length[..], data].concat()
}

/// An EXIF block with nothing but an orientation.
pub(crate) fn tiff(is_big_endian: bool, orientation: u16) -> Vec<u8> {
    let short = |v: u16| match is_big_endian {
        true => v.to_be_bytes(),
        false => v.to_le_bytes(),
    };
    let long = |v: u32| match is_big_endian {
        true => v.to_be_bytes(),
        false => v.to_le_bytes(),
    };
    let mut block = if is_big_endian { b"MM" } else { b"II" }.to_vec();
    block.extend(short(42));
    block.extend(long(8));
    block.extend(short(1));
    block.extend(short(0x0112));
    block.extend(short(3));
    block.extend(long(1));
    block.extend(short(orientation));
    block.extend([0; 6]);
    block
}

pub(crate) fn xmp_attribute(orientation: u16) -> String {
    format!("<x:xmpmeta><rdf:Description tiff:Orientation=\"{orientation}\"/></x:xmpmeta>")
}

pub(crate) fn xmp_element(orientation: u16) -> String {
    format!("<rdf:Description><tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>")
}

/// A grey JPEG of 200 x 152 pixels, all blocks alike, with a restart after each row of
/// blocks. Both Huffman tables have one code of one bit: no difference, end of block.
pub(crate) fn restarting_jpeg(rows: impl IntoIterator<Item = RestartedRow>) -> Vec<u8> {
    const COLUMNS: u16 = 25;
    let mut tables = Vec::new();
    for class in [0x00, 0x10] {
        tables.push(class);
        tables.push(1);
        tables.extend([0; 15]);
        tables.push(0);
    }
    let mut file = vec![0xff, 0xd8];
    file.extend(segment(0xdb, &[&[0][..], &[8; 64]].concat()));
    file.extend(segment(0xc0, &[8, 0, 152, 0, 200, 1, 1, 0x11, 0]));
    file.extend(segment(0xc4, &tables));
    file.extend(segment(0xdd, &COLUMNS.to_be_bytes()));
    file.extend(segment(0xda, &[1, 1, 0x00, 0, 63, 0]));
    for row in rows {
        // 50 bits, filled up with ones.
        file.extend(&[0, 0, 0, 0, 0, 0, 0x3f][7 - row.bytes..]);
        file.extend(
            row.marker
                .map(|number| [0xff, 0xd0 + number])
                .into_iter()
                .flatten(),
        );
    }
    file.extend([0xff, 0xd9]);
    file
}

/// A row of blocks of [`restarting_jpeg`].
#[derive(Clone, Copy)]
pub(crate) struct RestartedRow {
    /// Bytes of it that are kept, of seven.
    pub(crate) bytes: usize,
    /// Number of the restart marker after it.
    pub(crate) marker: Option<u8>,
}

/// The rows of a sound [`restarting_jpeg`].
pub(crate) fn restarted_rows() -> Vec<RestartedRow> {
    const ROWS: u8 = 19;
    let marker = |row: u8| (row + 1 < ROWS).then_some(row % 8);
    (0..ROWS)
        .map(|row| RestartedRow {
            bytes: 7,
            marker: marker(row),
        })
        .collect()
}
