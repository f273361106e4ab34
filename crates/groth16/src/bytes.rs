//! Form in which a prover is kept in a file. It is read without computing anything.
//!
//! All numbers are little-endian. A number of the field has four words of 64 bits in
//! Montgomery form (factor `2^256`); a point has its coordinates, a point at infinity is not
//! kept. A list begins with its length in 32 bits.

use std::io::Read;

use crate::field::{Fq, Fq2};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::{BigInt, Fp, MontBackend, MontConfig, PrimeField};

use crate::FileError;

/// Writes the parts of a prover one after the other.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Writes a number, which the sizes of circuits keep below `2^32`.
    pub(crate) fn count(&mut self, count: usize) {
        self.raw(&word(count).to_le_bytes());
    }

    pub(crate) fn list<T: Kept>(&mut self, items: impl ExactSizeIterator<Item = T>) {
        self.count(items.len());
        for item in items {
            item.write(self);
        }
    }
}

/// Narrows a number, which the sizes of circuits keep below `2^32`.
pub(crate) fn word(count: usize) -> u32 {
    u32::try_from(count).expect("a circuit has fewer than 2^32 parts")
}

/// Reads the parts of a prover one after the other, and never all bytes at once.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    from: R,
    /// Bytes that are not read yet.
    left: u64,
}

impl<'a> Reader<&'a [u8]> {
    pub(crate) const fn of(bytes: &'a [u8]) -> Self {
        Self::new(bytes, bytes.len() as u64)
    }
}

impl<R> Reader<R> {
    /// Reads the next `length` bytes of `from`.
    pub(crate) const fn new(from: R, length: u64) -> Self {
        Self { from, left: length }
    }

    /// # Errors
    /// [`FileError::Longer`] when something is left.
    pub(crate) const fn end(&self) -> Result<(), FileError> {
        if self.left == 0 {
            Ok(())
        } else {
            Err(FileError::Longer)
        }
    }
}

impl<R: Read> Reader<R> {
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FileError> {
        self.left = self.left.checked_sub(N as u64).ok_or(FileError::Cut)?;
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads the first bytes of a file.
    ///
    /// # Errors
    /// `otherwise`, when they are not `magic`.
    pub(crate) fn begin<const N: usize>(
        &mut self,
        magic: &[u8; N],
        otherwise: FileError,
    ) -> Result<(), FileError> {
        match self.array() {
            Ok(read) if read == *magic => Ok(()),
            Err(error @ FileError::Unreadable(_)) => Err(error),
            _ => Err(otherwise),
        }
    }

    pub(crate) fn count(&mut self) -> Result<usize, FileError> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    pub(crate) fn list<T: Kept>(&mut self) -> Result<Vec<T>, FileError> {
        let length = self.count()?;
        // Room is made only for items whose bytes are there.
        let bytes = (length as u64).checked_mul(T::SIZE as u64);
        if bytes.is_none_or(|bytes| bytes > self.left) {
            return Err(FileError::Cut);
        }
        let mut list = Vec::with_capacity(length);
        for _ in 0..length {
            list.push(T::read(self)?);
        }
        Ok(list)
    }
}

/// Value of fixed size that a file holds.
pub(crate) trait Kept: Sized {
    const SIZE: usize;
    fn write(&self, writer: &mut Writer);
    fn read<R: Read>(reader: &mut Reader<R>) -> Result<Self, FileError>;
}

impl<C: MontConfig<4>> Kept for Fp<MontBackend<C, 4>, 4> {
    const SIZE: usize = 32;

    fn write(&self, writer: &mut Writer) {
        for word in self.0.0 {
            writer.raw(&word.to_le_bytes());
        }
    }

    fn read<R: Read>(reader: &mut Reader<R>) -> Result<Self, FileError> {
        let (mut words, read) = ([0; 4], reader.array::<32>()?);
        for (word, bytes) in words.iter_mut().zip(read.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        let words = BigInt::new(words);
        if words < Self::MODULUS {
            Ok(Self::new_unchecked(words))
        } else {
            Err(FileError::OutOfRange)
        }
    }
}

impl Kept for Fq2 {
    const SIZE: usize = 2 * Fq::SIZE;

    fn write(&self, writer: &mut Writer) {
        self.c0.write(writer);
        self.c1.write(writer);
    }

    fn read<R: Read>(reader: &mut Reader<R>) -> Result<Self, FileError> {
        Ok(Self::new(Fq::read(reader)?, Fq::read(reader)?))
    }
}

impl<P: SWCurveConfig> Kept for Affine<P>
where
    P::BaseField: Kept,
{
    const SIZE: usize = 2 * P::BaseField::SIZE;

    fn write(&self, writer: &mut Writer) {
        self.x.write(writer);
        self.y.write(writer);
    }

    fn read<R: Read>(reader: &mut Reader<R>) -> Result<Self, FileError> {
        let x = P::BaseField::read(reader)?;
        Ok(Self::new_unchecked(x, P::BaseField::read(reader)?))
    }
}

impl Kept for u32 {
    const SIZE: usize = 4;

    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.to_le_bytes());
    }

    fn read<R: Read>(reader: &mut Reader<R>) -> Result<Self, FileError> {
        Ok(Self::from_le_bytes(reader.array()?))
    }
}

/// Two places: variable and factor of a term, or the values that a step takes.
impl Kept for [u32; 2] {
    const SIZE: usize = 8;

    fn write(&self, writer: &mut Writer) {
        for place in self {
            place.write(writer);
        }
    }

    fn read<R: Read>(reader: &mut Reader<R>) -> Result<Self, FileError> {
        Ok([u32::read(reader)?, u32::read(reader)?])
    }
}
