//! Deleted entries: a file of sequence numbers, each with a checksum.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::GalleryError;

const RECORD_BYTES: usize = 12;

/// Reads the sequence numbers; a record that is not whole or not sound counts as
/// not written.
pub(crate) fn read(path: &Path) -> Result<BTreeSet<u64>, GalleryError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(GalleryError::io(path)(error)),
    };
    let (records, _torn) = bytes.as_chunks::<RECORD_BYTES>();
    Ok(records.iter().filter_map(parse).collect())
}

/// Adds a sequence number; returns when it is on the disk. A torn record is cut off
/// before.
pub(crate) fn append(path: &Path, sequence: u64) -> Result<(), GalleryError> {
    let io = || GalleryError::io(path);
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(io())?;
    let length = file.metadata().map_err(io())?.len();
    let torn = length % RECORD_BYTES as u64;
    if torn > 0 {
        file.set_len(length - torn).map_err(io())?;
    }
    file.write_all(&record(sequence)).map_err(io())?;
    file.sync_data().map_err(io())
}

fn record(sequence: u64) -> [u8; RECORD_BYTES] {
    let number = sequence.to_le_bytes();
    let mut bytes = [0; RECORD_BYTES];
    bytes[..8].copy_from_slice(&number);
    bytes[8..].copy_from_slice(&crc32fast::hash(&number).to_le_bytes());
    bytes
}

fn parse(bytes: &[u8; RECORD_BYTES]) -> Option<u64> {
    let number: [u8; 8] = *bytes
        .first_chunk()
        .expect("a record is longer than 8 bytes");
    let sequence = u64::from_le_bytes(number);
    (record(sequence) == *bytes).then_some(sequence)
}
