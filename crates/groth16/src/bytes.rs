//! Form in which a prover is kept in a file. It is read without computing anything.
//!
//! All numbers are little-endian. A number of the field has four words of 64 bits in
//! Montgomery form (factor `2^256`); a point has its coordinates, a point at infinity is not
//! kept. A list begins with its length in 32 bits.

use crate::field::{Fq, Fq2, Fr};
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
        let count = u32::try_from(count).expect("a circuit has fewer than 2^32 parts");
        self.raw(&count.to_le_bytes());
    }

    pub(crate) fn counts(&mut self, counts: &[usize]) {
        self.count(counts.len());
        for count in counts {
            self.count(*count);
        }
    }

    pub(crate) fn list<T: Kept>(&mut self, items: impl ExactSizeIterator<Item = T>) {
        self.count(items.len());
        for item in items {
            item.write(self);
        }
    }
}

/// Reads the parts of a prover one after the other.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn raw(&mut self, length: usize) -> Result<&'a [u8], FileError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(FileError::Cut)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn count(&mut self) -> Result<usize, FileError> {
        let word: [u8; 4] = self.raw(4)?.try_into().map_err(|_| FileError::Cut)?;
        Ok(u32::from_le_bytes(word) as usize)
    }

    /// Reads the length of a list whose items have `size` bytes each, all of which are there.
    fn length(&mut self, size: usize) -> Result<usize, FileError> {
        let length = self.count()?;
        let bytes = length.checked_mul(size).ok_or(FileError::Cut)?;
        if bytes > self.0.len() {
            return Err(FileError::Cut);
        }
        Ok(length)
    }

    pub(crate) fn counts(&mut self) -> Result<Vec<usize>, FileError> {
        let length = self.length(4)?;
        (0..length).map(|_| self.count()).collect()
    }

    pub(crate) fn list<T: Kept>(&mut self) -> Result<Vec<T>, FileError> {
        let length = self.length(T::SIZE)?;
        (0..length).map(|_| T::read(self)).collect()
    }

    /// # Errors
    /// [`FileError::Longer`] when something is left.
    pub(crate) const fn end(&self) -> Result<(), FileError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(FileError::Longer)
        }
    }
}

/// Value of fixed size that a file holds.
pub(crate) trait Kept: Sized {
    const SIZE: usize;
    fn write(&self, writer: &mut Writer);
    fn read(reader: &mut Reader<'_>) -> Result<Self, FileError>;
}

impl<C: MontConfig<4>> Kept for Fp<MontBackend<C, 4>, 4> {
    const SIZE: usize = 32;

    fn write(&self, writer: &mut Writer) {
        for word in self.0.0 {
            writer.raw(&word.to_le_bytes());
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, FileError> {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(reader.raw(Self::SIZE)?.as_chunks().0) {
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

    fn read(reader: &mut Reader<'_>) -> Result<Self, FileError> {
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

    fn read(reader: &mut Reader<'_>) -> Result<Self, FileError> {
        let x = P::BaseField::read(reader)?;
        Ok(Self::new_unchecked(x, P::BaseField::read(reader)?))
    }
}

/// Term of a constraint: place of the variable, place of the factor in their table.
pub(crate) type Places = [usize; 2];

impl Kept for Places {
    const SIZE: usize = 8;

    fn write(&self, writer: &mut Writer) {
        for place in self {
            writer.count(*place);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, FileError> {
        Ok([reader.count()?, reader.count()?])
    }
}

/// Numbers of the scalar field, each once.
pub(crate) fn table(factors: impl Iterator<Item = Fr>) -> Vec<Fr> {
    let mut table: Vec<Fr> = factors.collect();
    table.sort_unstable();
    table.dedup();
    table
}
