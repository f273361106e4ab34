//! Numbers out of bytes that may end anywhere.

use std::io::Read;

use crate::error::FileFault;

/// `N` bytes from `at` on.
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], FileFault> {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.first_chunk().copied().ok_or(FileFault::EndsEarly)
}

/// `length` bytes from `at` on.
pub(super) fn part(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], FileFault> {
    at.checked_add(length)
        .and_then(|end| bytes.get(at..end))
        .ok_or(FileFault::EndsEarly)
}

/// A zlib stream of at most `most` bytes when unpacked, and nothing after it.
pub(super) fn inflated(stream: &[u8], most: usize) -> Result<Vec<u8>, FileFault> {
    let mut decoder = flate2::bufread::ZlibDecoder::new(stream);
    let mut unpacked = Vec::new();
    let limit = most as u64 + 1;
    let mut bounded = (&mut decoder).take(limit);
    bounded
        .read_to_end(&mut unpacked)
        .map_err(|_| FileFault::Contradiction)?;
    if unpacked.len() > most {
        return Err(FileFault::Contradiction);
    }
    Ok(unpacked)
}

/// Unpacks a zlib stream of exactly `expected` bytes, keeping none of them.
pub(super) fn check_inflated_length(stream: &[u8], expected: u64) -> Result<(), FileFault> {
    let mut decoder = flate2::bufread::ZlibDecoder::new(stream);
    let mut buffer = [0; 1 << 14];
    let mut unpacked = 0u64;
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => unpacked += count as u64,
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(FileFault::EndsEarly);
            }
            Err(_) => return Err(FileFault::Checksum),
        }
        if unpacked > expected {
            return Err(FileFault::ExtraBytes);
        }
    }
    if unpacked < expected {
        return Err(FileFault::EndsEarly);
    }
    if decoder.total_in() < stream.len() as u64 {
        return Err(FileFault::ExtraBytes);
    }
    Ok(())
}
