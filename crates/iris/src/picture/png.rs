//! The chunks of a PNG: all of them whole, and one picture in them.

use std::io::Cursor;

use image::metadata::Orientation;

use super::bytes::{array, check_inflated_length, inflated, part};
use super::check_stored_size;
use super::orientation::Claims;
use crate::error::{FileFault, FileFeature, IrisError};

const SIGNATURE_BYTES: usize = 8;
const PALETTE: u8 = 3;
/// Most bytes of a text or metadata chunk when unpacked.
const MAX_TEXT_BYTES: usize = 1 << 20;
/// Passes of an interlaced picture: first column and row, and steps between them.
const PASSES: [[u32; 4]; 7] = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
];

/// Walks through a PNG and gives its orientation.
pub(super) fn inspect(bytes: &[u8]) -> Result<Option<Orientation>, IrisError> {
    let mut header = None;
    let mut palette_entries = 0;
    let mut pixels = Vec::new();
    let mut claims = Claims::default();
    let mut before = *b"none";
    let mut at = SIGNATURE_BYTES;
    loop {
        let chunk = Chunk::read(bytes, at)?;
        at = chunk.end;
        match (&chunk.name, header) {
            (b"IHDR", None) => {
                let read = Header::read(chunk.data)?;
                check_stored_size(read.width, read.height)?;
                header = Some(read);
            }
            (b"IHDR", Some(_)) | (_, None) => return Err(FileFault::Contradiction.into()),
            (b"PLTE", _) => palette_entries = chunk.data.len() / 3,
            (b"IDAT", _) if pixels.is_empty() || before == *b"IDAT" => {
                pixels.extend_from_slice(chunk.data);
            }
            (b"IDAT", _) => return Err(FileFault::Contradiction.into()),
            (b"acTL" | b"fcTL" | b"fdAT", _) => return Err(FileFeature::SeveralPictures.into()),
            (b"eXIf", _) => claims.read_exif(without_exif_prefix(chunk.data))?,
            (b"iTXt" | b"zTXt" | b"tEXt", _) => read_text(&chunk, &mut claims)?,
            (b"IEND", _) => break,
            (name, _) if name[0].is_ascii_uppercase() => {
                return Err(FileFeature::UnknownPart.into());
            }
            _ => {}
        }
        before = chunk.name;
    }
    if at != bytes.len() {
        return Err(FileFault::ExtraBytes.into());
    }
    let header = header.ok_or(FileFault::Contradiction)?;
    check_inflated_length(&pixels, header.raw_bytes()?)?;
    if header.colour == PALETTE {
        check_palette(bytes, header, palette_entries)?;
    }
    Ok(claims.orientation())
}

struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
    /// Place of the next chunk.
    end: usize,
}

impl<'a> Chunk<'a> {
    fn read(bytes: &'a [u8], at: usize) -> Result<Self, FileFault> {
        let length = u32::from_be_bytes(array(bytes, at)?) as usize;
        let name = array(bytes, at + 4)?;
        let data = part(bytes, at + 8, length)?;
        let expected = u32::from_be_bytes(array(bytes, at + 8 + length)?);
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&name);
        checksum.update(data);
        if checksum.finalize() != expected {
            return Err(FileFault::Checksum);
        }
        Ok(Self {
            name,
            data,
            end: at + 12 + length,
        })
    }
}

#[derive(Clone, Copy)]
struct Header {
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
    is_interlaced: bool,
}

impl Header {
    fn read(data: &[u8]) -> Result<Self, FileFault> {
        let [depth, colour, compression, filter, interlacing] = array(data, 8)?;
        if data.len() != 13 || compression != 0 || filter != 0 || interlacing > 1 {
            return Err(FileFault::Contradiction);
        }
        Ok(Self {
            width: u32::from_be_bytes(array(data, 0)?),
            height: u32::from_be_bytes(array(data, 4)?),
            depth,
            colour,
            is_interlaced: interlacing == 1,
        })
    }

    /// Bytes of all rows with their filters, before they are packed.
    fn raw_bytes(&self) -> Result<u64, FileFault> {
        let channels = match (self.colour, self.depth) {
            (0, 1 | 2 | 4 | 8 | 16) | (PALETTE, 1 | 2 | 4 | 8) => 1,
            (4, 8 | 16) => 2,
            (2, 8 | 16) => 3,
            (6, 8 | 16) => 4,
            _ => return Err(FileFault::Contradiction),
        };
        let bits = channels * u64::from(self.depth);
        let rows_of = |width: u32, height: u32| match width {
            0 => 0,
            _ => u64::from(height) * (1 + (u64::from(width) * bits).div_ceil(8)),
        };
        if !self.is_interlaced {
            return Ok(rows_of(self.width, self.height));
        }
        let of_pass = |[x, y, across, down]: [u32; 4]| {
            rows_of(
                self.width.saturating_sub(x).div_ceil(across),
                self.height.saturating_sub(y).div_ceil(down),
            )
        };
        Ok(PASSES.into_iter().map(of_pass).sum())
    }
}

/// Some writers put the prefix of a JPEG's block before that of a PNG.
fn without_exif_prefix(block: &[u8]) -> &[u8] {
    block.strip_prefix(b"Exif\0\0").unwrap_or(block)
}

/// Looks for an orientation in a text chunk: XMP, or the hexadecimal blocks that older
/// programs write.
fn read_text(chunk: &Chunk<'_>, claims: &mut Claims) -> Result<(), FileFault> {
    let mut parts = chunk.data.splitn(2, |&byte| byte == 0);
    let (Some(key), Some(rest)) = (parts.next(), parts.next()) else {
        return Err(FileFault::Contradiction);
    };
    let is_xmp = key == b"XML:com.adobe.xmp";
    let is_raw = key.starts_with(b"Raw profile type ");
    if !is_xmp && !is_raw {
        return Ok(());
    }
    let text = text_of(chunk.name, rest)?;
    if is_xmp {
        return claims.read_xmp(&text);
    }
    let block = unhexed(&text).ok_or(FileFault::Orientation)?;
    match key {
        b"Raw profile type xmp" => claims.read_xmp(&block),
        b"Raw profile type exif" | b"Raw profile type APP1" => {
            if block.starts_with(b"http://ns.adobe.com/xap/1.0/") {
                return claims.read_xmp(&block);
            }
            claims.read_exif(without_exif_prefix(&block))
        }
        _ => Ok(()),
    }
}

/// The text of a text chunk after its keyword, unpacked.
fn text_of(name: [u8; 4], rest: &[u8]) -> Result<Vec<u8>, FileFault> {
    match &name {
        b"tEXt" => Ok(rest.to_vec()),
        b"zTXt" => inflated(rest.get(1..).unwrap_or_default(), MAX_TEXT_BYTES),
        _ => {
            let [is_packed, _method] = array(rest, 0)?;
            // Language and translated keyword end with a zero each.
            let mut fields = rest[2..].splitn(3, |&byte| byte == 0).skip(2);
            let text = fields.next().ok_or(FileFault::Contradiction)?;
            match is_packed {
                0 => Ok(text.to_vec()),
                _ => inflated(text, MAX_TEXT_BYTES),
            }
        }
    }
}

/// The bytes of a raw profile: a line with its name, one with its length, then
/// hexadecimal digits.
fn unhexed(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split_whitespace().skip(1);
    let length: usize = words.next()?.parse().ok()?;
    let digits: String = words.collect();
    if digits.len() != length.checked_mul(2)? {
        return None;
    }
    (0..length)
        .map(|k| u8::from_str_radix(digits.get(2 * k..2 * k + 2)?, 16).ok())
        .collect()
}

/// Refuses pixels whose colour is not in the palette: decoders make one up.
fn check_palette(bytes: &[u8], header: Header, entries: usize) -> Result<(), IrisError> {
    let unreadable = |_| IrisError::UnreadableImage;
    let decoder = png::Decoder::new(Cursor::new(bytes));
    let mut reader = decoder.read_info().map_err(unreadable)?;
    let size = reader
        .output_buffer_size()
        .ok_or(FileFault::Contradiction)?;
    let mut rows = vec![0; size];
    let frame = reader.next_frame(&mut rows).map_err(unreadable)?;
    let depth = usize::from(header.depth);
    let per_byte = 8 / depth;
    let mask = (1usize << depth) - 1;
    let width = header.width as usize;
    let are_known = rows.chunks_exact(frame.line_size.max(1)).all(|row| {
        (0..width).all(|x| {
            let shift = depth * (per_byte - 1 - x % per_byte);
            (usize::from(row[x / per_byte]) >> shift & mask) < entries
        })
    });
    if !are_known {
        return Err(FileFault::Contradiction.into());
    }
    Ok(())
}
