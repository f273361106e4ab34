//! Header and samples of a portable grey or colour map.

use image::metadata::Orientation;

use super::check_stored_size;
use crate::error::{FileFault, FileFeature, IrisError};

/// Walks through a PGM, PPM or PAM; the formats have no orientation.
pub(super) fn inspect(bytes: &[u8]) -> Result<Option<Orientation>, IrisError> {
    let (channels, is_binary) = match bytes.get(..2) {
        Some(b"P2") => (1, false),
        Some(b"P3") => (3, false),
        Some(b"P5") => (1, true),
        Some(b"P6") => (3, true),
        Some(b"P7") => return inspect_arbitrary(bytes).map(|()| None),
        _ => return Err(FileFeature::TwoLevels.into()),
    };
    let mut words = Words { bytes, at: 2 };
    let [width, height, maximum] = [words.number()?, words.number()?, words.number()?];
    let samples = samples(width, height, channels, maximum)?;
    if is_binary {
        check_binary(words.raster()?, samples, maximum)?;
    } else {
        check_figures(words, samples, maximum)?;
    }
    Ok(None)
}

/// Walks through a PAM, whose header has a line for each number.
fn inspect_arbitrary(bytes: &[u8]) -> Result<(), IrisError> {
    const END: &[u8] = b"\nENDHDR\n";
    let end = bytes.windows(END.len()).position(|part| part == END);
    let end = end.ok_or(FileFault::EndsEarly)?;
    let header = std::str::from_utf8(&bytes[..end]).map_err(|_| FileFault::Contradiction)?;
    let number = |name: &str| -> Result<u32, FileFault> {
        let line = header.lines().find_map(|line| line.strip_prefix(name));
        let value = line.and_then(|value| value.trim().parse().ok());
        value.ok_or(FileFault::Contradiction)
    };
    if header
        .lines()
        .any(|line| line.starts_with("TUPLTYPE BLACK"))
    {
        return Err(FileFeature::TwoLevels.into());
    }
    let maximum = number("MAXVAL ")?;
    let channels = number("DEPTH ")? as usize;
    let samples = samples(number("WIDTH ")?, number("HEIGHT ")?, channels, maximum)?;
    Ok(check_binary(&bytes[end + END.len()..], samples, maximum)?)
}

/// Samples of a picture whose header is within the limits.
fn samples(width: u32, height: u32, channels: usize, maximum: u32) -> Result<usize, IrisError> {
    check_stored_size(width, height)?;
    if !(1..=4).contains(&channels) || !(1..=u32::from(u16::MAX)).contains(&maximum) {
        return Err(FileFault::Contradiction.into());
    }
    Ok(width as usize * height as usize * channels)
}

/// As many samples as the header says and nothing else, none above the maximum.
fn check_binary(raster: &[u8], samples: usize, maximum: u32) -> Result<(), FileFault> {
    let width = if maximum > u32::from(u8::MAX) { 2 } else { 1 };
    if raster.len() < samples * width {
        return Err(FileFault::EndsEarly);
    }
    if raster.len() > samples * width {
        return Err(FileFault::ExtraBytes);
    }
    let value = |sample: &[u8]| sample.iter().fold(0, |v, &byte| v << 8 | u32::from(byte));
    if raster
        .chunks_exact(width)
        .any(|sample| value(sample) > maximum)
    {
        return Err(FileFault::Contradiction);
    }
    Ok(())
}

fn check_figures(mut words: Words<'_>, samples: usize, maximum: u32) -> Result<(), FileFault> {
    for _ in 0..samples {
        if words.number()? > maximum {
            return Err(FileFault::Contradiction);
        }
    }
    let rest = words.bytes.get(words.at..).unwrap_or_default();
    if rest.iter().any(|byte| !byte.is_ascii_whitespace()) {
        return Err(FileFault::ExtraBytes);
    }
    Ok(())
}

/// The numbers of a header, with comments between them.
struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    fn number(&mut self) -> Result<u32, FileFault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut is_comment = false;
        let blank = rest.iter().take_while(|&&byte| {
            is_comment = (is_comment || byte == b'#') && !matches!(byte, b'\n' | b'\r');
            is_comment || is_blank(byte)
        });
        let rest = &rest[blank.count()..];
        self.at = self.bytes.len() - rest.len();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        match (digits, rest.get(digits)) {
            (0, None) => return Err(FileFault::EndsEarly),
            (0, Some(_)) => return Err(FileFault::Contradiction),
            (_, Some(&byte)) if !is_blank(byte) => return Err(FileFault::Contradiction),
            _ => {}
        }
        let text = std::str::from_utf8(&rest[..digits]).map_err(|_| FileFault::Contradiction)?;
        text.parse().map_err(|_| FileFault::Contradiction)
    }

    /// Returns the bytes after the one blank that follows the last number.
    fn raster(&self) -> Result<&'a [u8], FileFault> {
        self.bytes.get(self.at + 1..).ok_or(FileFault::EndsEarly)
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'\r' | b' ')
}
