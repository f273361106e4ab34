//! The headers of a BMP, and as many rows as they say.

use image::metadata::Orientation;

use super::bytes::{array, part};
use super::check_stored_size;
use crate::error::{FileFault, FileFeature, IrisError};

const FILE_HEADER_BYTES: usize = 14;
/// The oldest header, with sizes of 16 bits and palettes of three bytes a colour.
const CORE_HEADER_BYTES: usize = 12;
const HEADER_BYTES: usize = 40;
/// Headers from this size on hold the colour masks themselves.
const HEADER_WITH_MASKS_BYTES: usize = 52;
/// Writers may fill the last four bytes of a file.
const MAX_FILLING_BYTES: usize = 3;
/// Ways of storing pixels: plain, by masks, and by masks with opacity.
const PLAIN: u32 = 0;
const BY_MASKS: u32 = 3;
const BY_MASKS_WITH_OPACITY: u32 = 6;

/// Walks through a BMP, which has no orientation beside top-down and bottom-up.
pub(super) fn inspect(bytes: &[u8]) -> Result<Option<Orientation>, IrisError> {
    let header = Header::read(bytes)?;
    check_stored_size(header.width, header.height)?;
    let rows = header.rows(bytes)?;
    if header.bits <= 8 && !header.are_in_palette(rows) {
        return Err(FileFault::Contradiction.into());
    }
    Ok(None)
}

struct Header {
    width: u32,
    height: u32,
    /// Number of bits of a pixel.
    bits: usize,
    /// Colours of the palette, when pixels are places in one.
    colours: usize,
    /// Place of the first byte after headers, masks and palette.
    end: usize,
    /// Bytes of all rows, by the header; 0 when it does not say.
    rows_bytes: u32,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, IrisError> {
        let size = u32::from_le_bytes(array(bytes, FILE_HEADER_BYTES)?) as usize;
        match size {
            CORE_HEADER_BYTES => Self::read_core(bytes).map_err(IrisError::from),
            HEADER_BYTES.. => Self::read_info(bytes, size),
            _ => Err(FileFault::Contradiction.into()),
        }
    }

    fn read_core(bytes: &[u8]) -> Result<Self, FileFault> {
        let short = |at: usize| array(bytes, at).map(u16::from_le_bytes);
        let bits = usize::from(short(24)?);
        let colours = palette_size(bits);
        Ok(Self {
            width: u32::from(short(18)?),
            height: u32::from(short(20)?),
            bits,
            colours,
            end: FILE_HEADER_BYTES + CORE_HEADER_BYTES + 3 * colours,
            rows_bytes: 0,
        })
    }

    fn read_info(bytes: &[u8], size: usize) -> Result<Self, IrisError> {
        let long = |at: usize| array(bytes, at).map(u32::from_le_bytes);
        let [width, height] = [long(18)?, long(22)?].map(u32::cast_signed);
        let bits = usize::from(u16::from_le_bytes(array(bytes, 28)?));
        let masks = match long(30)? {
            PLAIN => 0,
            BY_MASKS if size >= HEADER_WITH_MASKS_BYTES => 0,
            BY_MASKS => 3,
            BY_MASKS_WITH_OPACITY => 4,
            _ => return Err(FileFeature::Packing.into()),
        };
        let used = long(46)? as usize;
        let most = palette_size(bits);
        if used > most && most > 0 {
            return Err(FileFault::Contradiction.into());
        }
        let colours = if used == 0 { most } else { used };
        let end = size
            .checked_add(FILE_HEADER_BYTES + 4 * (masks + colours))
            .ok_or(FileFault::Contradiction)?;
        Ok(Self {
            width: u32::try_from(width).map_err(|_| FileFault::Contradiction)?,
            height: height.unsigned_abs(),
            bits,
            colours,
            end,
            rows_bytes: long(34)?,
        })
    }

    fn row_bytes(&self) -> usize {
        (self.width as usize * self.bits).div_ceil(32) * 4
    }

    /// All rows, of a file that holds nothing else after its headers.
    fn rows<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], FileFault> {
        let long = |at: usize| array(bytes, at).map(u32::from_le_bytes);
        let (file_bytes, offset) = (long(2)? as usize, long(10)? as usize);
        let length = self.row_bytes() * self.height as usize;
        let rows = part(bytes, offset, length)?;
        let filling = &bytes[offset + length..];
        if filling.len() > MAX_FILLING_BYTES || filling.iter().any(|&byte| byte != 0) {
            return Err(FileFault::ExtraBytes);
        }
        let are_sizes_true = (file_bytes == 0 || file_bytes == bytes.len())
            && (self.rows_bytes == 0
                || (length..=length + filling.len()).contains(&(self.rows_bytes as usize)));
        if offset < self.end || !are_sizes_true {
            return Err(FileFault::Contradiction);
        }
        Ok(rows)
    }

    /// Returns whether the palette has a colour for every pixel: decoders make up those
    /// that are missing.
    fn are_in_palette(&self, rows: &[u8]) -> bool {
        let per_byte = 8 / self.bits.max(1);
        let mask = (1usize << self.bits) - 1;
        rows.chunks_exact(self.row_bytes().max(1)).all(|row| {
            (0..self.width as usize).all(|x| {
                let shift = self.bits * (per_byte - 1 - x % per_byte);
                (usize::from(row[x / per_byte]) >> shift & mask) < self.colours
            })
        })
    }
}

/// Colours that pixels of so many bits can name; 0 when they hold their colour.
fn palette_size(bits: usize) -> usize {
    if (1..=8).contains(&bits) {
        1 << bits
    } else {
        0
    }
}
