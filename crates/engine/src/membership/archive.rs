//! The tree's file: a header, the batches, and the versions that are kept, each as its changes
//! to the one before; a checksum at the end. Numbers are little-endian.

use std::io::{self, Read, Write};
use std::sync::Arc;

use annona_core::{B256, Commitment, Epoch, Root};
use annona_tree::{RestoreError, TreeVersion, read_version, write_version};
use crc32fast::Hasher;

use super::followed::AppliedBatch;

/// First bytes of each tree file.
pub const TREE_MAGIC: [u8; 8] = *b"ANNOTREE";

/// Version of the file format.
const FORMAT: u64 = 2;

/// Bound on the commitments that a batch removes, above that of the registry: a larger count is
/// taken as damage.
const MAX_REMOVED: u64 = 1_024;

/// Placeholder for the number of a block when there is none.
const NO_BLOCK: u64 = u64::MAX;

/// Reason for which the tree's file cannot be used. The tree is then made from the chain's
/// events.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The file ends too soon, or cannot be read.
    #[error("the tree's file cannot be read")]
    Io(#[from] io::Error),
    /// The file is another one, or one of another version of the service.
    #[error("this is no tree's file of format {FORMAT}")]
    NotAnArchive,
    /// The file belongs to another deployment.
    #[error("the tree's file is of another deployment")]
    Foreign,
    /// The versions in the file do not fit together.
    #[error(transparent)]
    Versions(#[from] RestoreError),
    /// Batches are out of order, or the tree after the last one is missing.
    #[error("the batches of the tree's file do not follow from each other")]
    Batches,
    /// The checksum is not that of the bytes in the file.
    #[error("the checksum of the tree's file is not that of its bytes")]
    Checksum,
}

pub(super) fn write(
    tag: B256,
    batches: &[AppliedBatch],
    scanned_to: Option<u64>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut out = Summed::new(out);
    out.write_all(&TREE_MAGIC)?;
    out.write_all(&FORMAT.to_le_bytes())?;
    out.write_all(tag.as_slice())?;
    out.write_all(&scanned_to.unwrap_or(NO_BLOCK).to_le_bytes())?;
    out.write_all(&(batches.len() as u64).to_le_bytes())?;
    let mut before = Arc::default();
    for batch in batches {
        out.write_all(&batch.block_number.to_le_bytes())?;
        out.write_all(batch.block_hash.as_slice())?;
        out.write_all(batch.transaction.as_slice())?;
        out.write_all(&batch.epoch.0.to_le_bytes())?;
        out.write_all(&batch.end.to_le_bytes())?;
        out.write_all(&batch.post_root.to_be_bytes())?;
        out.write_all(&(batch.removed.len() as u64).to_le_bytes())?;
        for commitment in &batch.removed {
            out.write_all(&commitment.to_be_bytes())?;
        }
        out.write_all(&[u8::from(batch.version.is_some())])?;
        if let Some(version) = &batch.version {
            write_version(&before, version, &mut out)?;
            before = Arc::clone(version);
        }
    }
    let sum = out.sum.finalize();
    out.inner.write_all(&sum.to_le_bytes())
}

pub(super) fn read(
    tag: B256,
    input: &mut impl Read,
) -> Result<(Vec<AppliedBatch>, Option<u64>), ArchiveError> {
    let mut input = Summed::new(input);
    if array(&mut input)? != TREE_MAGIC || number(&mut input)? != FORMAT {
        return Err(ArchiveError::NotAnArchive);
    }
    if word(&mut input)? != tag {
        return Err(ArchiveError::Foreign);
    }
    let scanned_to = Some(number(&mut input)?).filter(|block| *block != NO_BLOCK);
    let count = number(&mut input)?;
    let mut batches: Vec<AppliedBatch> = Vec::new();
    let mut before = Arc::default();
    for _ in 0..count {
        let batch = read_batch(&mut before, &mut input)?;
        if batches.last().is_some_and(|last| !follows(last, &batch)) {
            return Err(ArchiveError::Batches);
        }
        batches.push(batch);
    }
    if batches.last().is_some_and(|last| last.version.is_none()) {
        return Err(ArchiveError::Batches);
    }
    let sum = input.sum.finalize();
    if u32::from_le_bytes(array(input.inner)?) != sum {
        return Err(ArchiveError::Checksum);
    }
    Ok((batches, scanned_to))
}

/// Reads a batch; its version, if it has one, becomes the one `before` the next.
fn read_batch(
    before: &mut Arc<TreeVersion>,
    input: &mut impl Read,
) -> Result<AppliedBatch, ArchiveError> {
    let mut batch = AppliedBatch {
        block_number: number(input)?,
        block_hash: word(input)?,
        transaction: word(input)?,
        epoch: Epoch(number(input)?),
        end: number(input)?,
        post_root: root(input)?,
        removed: removed(input)?,
        version: None,
    };
    if array(input)? == [1] {
        let version = Arc::new(read_version(before, input)?);
        if version.leaf_count() != batch.end || version.root() != batch.post_root {
            return Err(ArchiveError::Batches);
        }
        *before = Arc::clone(&version);
        batch.version = Some(version);
    }
    Ok(batch)
}

fn follows(earlier: &AppliedBatch, later: &AppliedBatch) -> bool {
    earlier.block_number <= later.block_number
        && earlier.epoch <= later.epoch
        && earlier.end <= later.end
}

fn array<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn number(input: &mut impl Read) -> io::Result<u64> {
    array(input).map(u64::from_le_bytes)
}

fn word(input: &mut impl Read) -> io::Result<B256> {
    array(input).map(B256::new)
}

fn root(input: &mut impl Read) -> Result<Root, ArchiveError> {
    Root::from_be_bytes(array(input)?).map_err(|_| ArchiveError::Batches)
}

fn removed(input: &mut impl Read) -> Result<Vec<Commitment>, ArchiveError> {
    let count = number(input)?;
    if count > MAX_REMOVED {
        return Err(ArchiveError::Batches);
    }
    (0..count)
        .map(|_| Commitment::from_be_bytes(array(input)?).map_err(|_| ArchiveError::Batches))
        .collect()
}

/// Reader or writer that takes the checksum of the bytes that pass through.
struct Summed<T> {
    inner: T,
    sum: Hasher,
}

impl<T> Summed<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            sum: Hasher::new(),
        }
    }
}

impl<T: Write> Write for Summed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Summed<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.sum.update(&bytes[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodes a list of removed commitments that claims to have `count`, and has as many.
    fn list(count: u64) -> Vec<u8> {
        let mut bytes = count.to_le_bytes().to_vec();
        for number in 1..=count {
            bytes.extend([0; 24]);
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn a_list_of_more_removals_than_any_batch_has_is_damage() {
        let read = |count: u64| removed(&mut list(count).as_slice());
        for count in [0, 1, MAX_REMOVED] {
            assert!(read(count).is_ok_and(|all| all.len() as u64 == count));
        }
        assert!(matches!(read(MAX_REMOVED + 1), Err(ArchiveError::Batches)));
    }
}
