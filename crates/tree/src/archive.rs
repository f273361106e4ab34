//! Versions written one after the other, each as its changes to the one before: the number of
//! positions, the root, the positions emptied, the leaves appended. Numbers are
//! little-endian, field elements 32 big-endian bytes.

use std::io::{self, Read, Write};

use annona_core::{FieldElement, FieldError, LeafIndex, Root};

use crate::{TreeError, TreeVersion};

/// Leaves that are read and hashed at a time.
const CHUNK: u64 = 1 << 16;

/// Reason why versions cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The bytes end too soon, or cannot be read.
    #[error("the versions cannot be read")]
    Io(#[from] io::Error),
    /// A number is out of its range.
    #[error("the versions hold a number that is out of range")]
    Field(#[from] FieldError),
    /// There are too many leaves.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A version has fewer positions than the one before, or empties them out of order.
    #[error("the versions do not follow from each other")]
    OutOfOrder,
    /// The leaves do not give the root that is written beside them.
    #[error("the leaves give root {computed}, the file says {written}")]
    RootMismatch {
        /// Root of the leaves.
        computed: Root,
        /// Root that was written.
        written: Root,
    },
}

/// Writes `version` for a reader who knows `before`, an earlier version.
///
/// # Errors
/// Those of `out`.
pub fn write_version(
    before: &TreeVersion,
    version: &TreeVersion,
    out: &mut impl Write,
) -> io::Result<()> {
    out.write_all(&version.leaf_count().to_le_bytes())?;
    out.write_all(&version.root().to_be_bytes())?;
    let emptied: Vec<LeafIndex> = before
        .differences(version)
        .take_while(|leaf_index| leaf_index.get() < before.leaf_count())
        .collect();
    out.write_all(&(emptied.len() as u64).to_le_bytes())?;
    for leaf_index in emptied {
        out.write_all(&leaf_index.get().to_le_bytes())?;
    }
    for position in before.leaf_count()..version.leaf_count() {
        let leaf_index = LeafIndex::try_from(position).map_err(io::Error::other)?;
        out.write_all(&version.leaf(leaf_index).to_be_bytes())?;
    }
    Ok(())
}

/// Reads what [`write_version`] wrote for a reader who knows `before`. The leaves are hashed
/// anew, and the root that results must be the one that was written.
///
/// # Errors
/// [`RestoreError`].
pub fn read_version(
    before: &TreeVersion,
    input: &mut impl Read,
) -> Result<TreeVersion, RestoreError> {
    let mut version = before.clone();
    let leaf_count = read_number(input)?;
    let written = Root::from_be_bytes(read_array(input)?)?;
    let emptied = read_emptied(before, input)?;
    version.clear(emptied.into_iter());
    let mut left = leaf_count
        .checked_sub(before.leaf_count())
        .ok_or(RestoreError::OutOfOrder)?;
    while left > 0 {
        let leaves = read_leaves(left.min(CHUNK), input)?;
        left -= leaves.len() as u64;
        version.append(&leaves)?;
    }
    let computed = version.root();
    if computed != written {
        return Err(RestoreError::RootMismatch { computed, written });
    }
    Ok(version)
}

fn read_emptied(
    before: &TreeVersion,
    input: &mut impl Read,
) -> Result<Vec<LeafIndex>, RestoreError> {
    let count = read_number(input)?;
    if count > before.leaf_count() {
        return Err(RestoreError::OutOfOrder);
    }
    let mut emptied: Vec<LeafIndex> = Vec::new();
    for _ in 0..count {
        let leaf_index = LeafIndex::try_from(read_number(input)?)?;
        let is_next = emptied.last().is_none_or(|last| *last < leaf_index);
        if !is_next || leaf_index.get() >= before.leaf_count() {
            return Err(RestoreError::OutOfOrder);
        }
        emptied.push(leaf_index);
    }
    Ok(emptied)
}

fn read_leaves(count: u64, input: &mut impl Read) -> Result<Vec<FieldElement>, RestoreError> {
    let leaf = |_| Ok(FieldElement::from_be_bytes(read_array(input)?)?);
    (0..count).map(leaf).collect()
}

fn read_number(input: &mut impl Read) -> io::Result<u64> {
    read_array(input).map(u64::from_le_bytes)
}

fn read_array<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}
