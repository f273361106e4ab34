//! The segments of a JPEG, and every coefficient of its scans.
//!
//! Decoders show grey where a JPEG ends early, and go on after data that are wrong. The
//! compressed data are therefore read to their end here, without making pixels of them.

mod bits;
mod frame;
mod scan;

use image::metadata::Orientation;

use super::bytes::{array, part};
use super::check_stored_size;
use super::orientation::Claims;
use crate::error::{FileFault, FileFeature, IrisError};
use bits::HuffmanTable;
use frame::Frame;
use scan::{Scan, Tables};

/// Most scans that a file may have; writers of progressive files use about ten.
const MAX_SCANS: usize = 64;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const HUFFMAN_TABLES: u8 = 0xc4;
const RESTART_INTERVAL: u8 = 0xdd;
const NUMBER_OF_LINES: u8 = 0xdc;

/// Walks through a JPEG and gives its orientation.
pub(super) fn inspect(bytes: &[u8]) -> Result<Option<Orientation>, IrisError> {
    if bytes.get(..2) != Some(&[0xff, START]) {
        return Err(FileFault::Contradiction.into());
    }
    let mut reader = Reader::default();
    let mut at = 2;
    loop {
        let (marker, after) = marker(bytes, at)?;
        if marker == END {
            at = after;
            break;
        }
        let length = usize::from(u16::from_be_bytes(array(bytes, after)?));
        let body = length.checked_sub(2).ok_or(FileFault::Contradiction)?;
        let data = part(bytes, after + 2, body)?;
        at = after + length;
        if marker == START_OF_SCAN {
            at += reader.scan(data, &bytes[at..])?;
        } else {
            reader.segment(marker, data)?;
        }
    }
    reader.frame.ok_or(FileFault::EndsEarly)?.check_complete()?;
    if at != bytes.len() {
        return Err(FileFault::ExtraBytes.into());
    }
    Ok(reader.claims.orientation())
}

/// The marker at `at`, and the place after it.
fn marker(bytes: &[u8], at: usize) -> Result<(u8, usize), FileFault> {
    if array::<1>(bytes, at)? != [0xff] {
        return Err(FileFault::Contradiction);
    }
    let filling = bytes[at..].iter().take_while(|&&b| b == 0xff).count();
    let [code] = array(bytes, at + filling)?;
    Ok((code, at + filling + 1))
}

#[derive(Default)]
struct Reader {
    frame: Option<Frame>,
    tables: Tables,
    restart_interval: usize,
    scans: usize,
    claims: Claims,
}

impl Reader {
    fn segment(&mut self, marker: u8, data: &[u8]) -> Result<(), IrisError> {
        match marker {
            HUFFMAN_TABLES => self.read_tables(data)?,
            RESTART_INTERVAL => {
                self.restart_interval = usize::from(u16::from_be_bytes(array(data, 0)?));
            }
            0xc0..=0xc2 => {
                if self.frame.is_some() {
                    return Err(FileFault::Contradiction.into());
                }
                self.frame = Some(Frame::read(data, marker == 0xc2)?);
            }
            0xc3..=0xcf | NUMBER_OF_LINES => {
                return Err(FileFeature::Packing.into());
            }
            0xe1 => self.read_metadata(data)?,
            0xe2 if data.starts_with(b"MPF\0") => return Err(FileFeature::SeveralPictures.into()),
            // Quantisation, comments and what programs write for themselves.
            0xdb | 0xfe | 0xe0..=0xef => {}
            _ => return Err(FileFault::Contradiction.into()),
        }
        Ok(())
    }

    fn read_metadata(&mut self, data: &[u8]) -> Result<(), FileFault> {
        if let Some(tiff) = data.strip_prefix(b"Exif\0\0") {
            return self.claims.read_exif(tiff);
        }
        if data.starts_with(b"http://ns.adobe.com/xap/1.0/\0") {
            return self.claims.read_xmp(data);
        }
        Ok(())
    }

    fn read_tables(&mut self, mut data: &[u8]) -> Result<(), FileFault> {
        while !data.is_empty() {
            let [place] = array(data, 0)?;
            let (table, length) = HuffmanTable::read(&data[1..])?;
            let (class, slot) = (usize::from(place >> 4), usize::from(place & 15));
            let class = self.tables.get_mut(class).ok_or(FileFault::Contradiction)?;
            *class.get_mut(slot).ok_or(FileFault::Contradiction)? = Some(table);
            data = &data[1 + length..];
        }
        Ok(())
    }

    /// Reads a scan by its header; gives the number of its compressed bytes.
    fn scan(&mut self, header: &[u8], data: &[u8]) -> Result<usize, FileFault> {
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(FileFault::Contradiction);
        }
        let frame = self.frame.as_mut().ok_or(FileFault::Contradiction)?;
        let scan = Scan::read(header, frame)?;
        scan.run(frame, &self.tables, self.restart_interval, data)
    }
}

impl Frame {
    /// The frame header's size is refused like that of any picture.
    fn read(data: &[u8], is_progressive: bool) -> Result<Self, IrisError> {
        let [precision] = array(data, 0)?;
        let height = u32::from(u16::from_be_bytes(array(data, 1)?));
        let width = u32::from(u16::from_be_bytes(array(data, 3)?));
        let [components] = array(data, 5)?;
        if precision != 8 || height == 0 {
            return Err(FileFeature::Packing.into());
        }
        if components == 4 {
            return Err(FileFeature::FourInks.into());
        }
        check_stored_size(width, height)?;
        let components = part(data, 6, 3 * usize::from(components))?;
        Ok(Self::new(width, height, components, is_progressive)?)
    }
}
