use std::io::Read;

use ark_ec::CurveGroup;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::Zero;

use crate::FileError;
use crate::bytes::{Kept, Reader, Writer};
use crate::field::{Fr, G1Affine, G2Affine, g1, g2};
use crate::glv::Curve;
use crate::msm::Bases;

/// Scalars for a range of the points of each sum. They hold the assignment: whoever may not
/// know the secret may not see a share.
#[derive(Clone)]
pub struct Share {
    pub(crate) a: Slice,
    pub(crate) b: Slice,
    pub(crate) c: Slice,
}

/// Sums of one share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    pub(crate) a: Projective<g1::Config>,
    pub(crate) b: Projective<g2::Config>,
    pub(crate) c: Projective<g1::Config>,
}

/// Scalars of the points from one place on.
#[derive(Clone)]
pub(crate) struct Slice {
    from: usize,
    scalars: Vec<Fr>,
}

impl Slice {
    /// Returns part `number` of `count` parts of like length.
    pub(crate) fn of(scalars: &[Fr], number: usize, count: usize) -> Self {
        let place = |number| scalars.len() * number / count;
        let from = place(number);
        Self {
            from,
            scalars: scalars[from..place(number + 1)].to_vec(),
        }
    }

    pub(crate) fn fits<P: Curve>(&self, bases: &Bases<P>) -> bool {
        let end = self.from.checked_add(self.scalars.len());
        end.is_some_and(|end| end <= bases.len())
    }

    pub(crate) fn sum<P: Curve>(&self, bases: &Bases<P>) -> Projective<P> {
        if self.scalars.is_empty() {
            return Projective::zero();
        }
        bases.sum(self.from, self.scalars.len(), |place| self.scalars[place])
    }

    fn write(&self, writer: &mut Writer) {
        writer.count(self.from);
        writer.list(self.scalars.iter().copied());
    }

    fn read<R: Read>(reader: &mut Reader<R>) -> Result<Self, FileError> {
        Ok(Self {
            from: reader.count()?,
            scalars: reader.list()?,
        })
    }
}

impl Share {
    /// Returns the bytes that [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        for slice in [&self.a, &self.b, &self.c] {
            slice.write(&mut writer);
        }
        writer.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let mut reader = Reader::of(bytes);
        let share = Self {
            a: Slice::read(&mut reader)?,
            b: Slice::read(&mut reader)?,
            c: Slice::read(&mut reader)?,
        };
        reader.end()?;
        Ok(share)
    }
}

impl Sums {
    /// Returns the bytes that [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.a.into_affine().write(&mut writer);
        self.b.into_affine().write(&mut writer);
        self.c.into_affine().write(&mut writer);
        writer.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote. A point that is not on its curve is refused.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let mut reader = Reader::of(bytes);
        let a: G1Affine = point(&mut reader)?;
        let b: G2Affine = point(&mut reader)?;
        let c: G1Affine = point(&mut reader)?;
        reader.end()?;
        Ok(Self {
            a: a.into(),
            b: b.into(),
            c: c.into(),
        })
    }
}

fn point<P: Curve, R: Read>(reader: &mut Reader<R>) -> Result<Affine<P>, FileError>
where
    Affine<P>: Kept,
{
    let point = Affine::<P>::read(reader)?;
    if point.is_on_curve() {
        Ok(point)
    } else {
        Err(FileError::OutOfRange)
    }
}
