use std::io::Read;

use crate::field::{Fr, G1Affine, G2Affine, g1, g2};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, One, Zero};

use crate::bytes::{Kept, Reader, Writer, word};
use crate::constraints::Side;
use crate::glv::Curve;
use crate::msm::Bases;
use crate::parallel::join;
use crate::quotient::Quotient;
use crate::share::{Share, Slice, Sums};
use crate::{FileError, ProverError};

/// Variables of value 1 from which on they are worth a sum of their own.
const MIN_ONES: usize = 1 << 10;

/// First bytes of a prover's file; the number is the version of its form.
const MAGIC: &[u8; 16] = b"annona groth16 1";

/// Points of a proving key whose `h` is that of snarkjs: one point for each odd power of a
/// root of unity of twice the domain's order.
#[derive(Debug, Clone, Copy)]
pub struct KeyPoints<'a> {
    /// `alpha` in G1.
    pub alpha_g1: G1Affine,
    /// `beta` in G1.
    pub beta_g1: G1Affine,
    /// `beta` in G2.
    pub beta_g2: G2Affine,
    /// `delta` in G1.
    pub delta_g1: G1Affine,
    /// `delta` in G2.
    pub delta_g2: G2Affine,
    /// Left side of each variable.
    pub a: &'a [G1Affine],
    /// Right side of each variable, in G1.
    pub b_g1: &'a [G1Affine],
    /// Right side of each variable, in G2.
    pub b_g2: &'a [G2Affine],
    /// Points of the quotient.
    pub h: &'a [G1Affine],
    /// Points of the variables that are not public.
    pub l: &'a [G1Affine],
}

#[cfg(feature = "ark-groth16")]
impl<'a> From<&'a ark_groth16::ProvingKey<ark_bn254::Bn254>> for KeyPoints<'a> {
    fn from(key: &'a ark_groth16::ProvingKey<ark_bn254::Bn254>) -> Self {
        Self {
            alpha_g1: key.vk.alpha_g1,
            beta_g1: key.beta_g1,
            beta_g2: key.vk.beta_g2,
            delta_g1: key.delta_g1,
            delta_g2: key.vk.delta_g2,
            a: &key.a_query,
            b_g1: &key.b_g1_query,
            b_g2: &key.b_g2_query,
            h: &key.h_query,
            l: &key.l_query,
        }
    }
}

/// Constraints `a * b = c`; the third side follows from the other two.
#[derive(Debug, Clone, Copy)]
pub struct Constraints<'a> {
    /// Rows of the left side: factors and variables.
    pub a: &'a [Vec<(Fr, usize)>],
    /// Rows of the right side.
    pub b: &'a [Vec<(Fr, usize)>],
    /// Number of public variables, the constant one included; they come first.
    pub input_count: usize,
}

/// A Groth16 proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// `A`.
    pub a: G1Affine,
    /// `B`.
    pub b: G2Affine,
    /// `C`.
    pub c: G1Affine,
}

/// Proves statements of one circuit.
#[derive(Clone)]
pub struct Prover {
    sides: [Side; 2],
    input_count: usize,
    quotient: Quotient,
    alpha_g1: G1Affine,
    beta_g2: G2Affine,
    /// Left sides, and `delta` with the blinding factor `r`.
    a: Sum<g1::Config>,
    /// Right sides, and `delta` with the blinding factor `s`.
    b: Sum<g2::Config>,
    /// All of `C` but `s * A`: the variables that are not public, the quotient, and the right
    /// sides with `beta`, which `r` multiplies.
    c: Bases<g1::Config>,
    /// Variables of the right sides of `c`.
    c_variables: Vec<u32>,
}

/// Sum over the variables whose point is not zero, and over one more point.
#[derive(Clone)]
struct Sum<P: Curve> {
    variables: Vec<u32>,
    bases: Bases<P>,
}

impl<P: Curve> Sum<P> {
    fn new(points: &[Affine<P>], last: Affine<P>) -> Self {
        let variables = non_zero(points);
        let chosen = variables.iter().map(|variable| points[*variable as usize]);
        Self {
            bases: Bases::new(chosen.chain([last])),
            variables,
        }
    }

    fn write(&self, writer: &mut Writer)
    where
        Affine<P>: Kept,
    {
        writer.list(self.variables.iter().copied());
        writer.list(self.bases.points());
    }

    fn read<R: Read>(reader: &mut Reader<R>, variables: usize) -> Result<Self, FileError>
    where
        Affine<P>: Kept,
    {
        let chosen = places(reader, variables)?;
        let points: Vec<Affine<P>> = reader.list()?;
        if points.len() == chosen.len() + 1 {
            Ok(Self {
                variables: chosen,
                bases: Bases::new(points),
            })
        } else {
            Err(FileError::OutOfRange)
        }
    }

    /// Returns the scalar of the point at `place`.
    fn scalar(&self, place: usize, assignment: &[Fr], last: Fr) -> Fr {
        let variable = self.variables.get(place);
        variable.map_or(last, |variable| assignment[*variable as usize])
    }

    fn scalars(&self, assignment: &[Fr], last: Fr) -> Vec<Fr> {
        let places = 0..self.bases.len();
        places
            .map(|place| self.scalar(place, assignment, last))
            .collect()
    }

    fn of(&self, assignment: &[Fr], last: Fr) -> Projective<P> {
        let scalar = |place| self.scalar(place, assignment, last);
        self.bases.sum(0, self.bases.len(), scalar)
    }
}

/// Reads places of variables.
fn places<R: Read>(reader: &mut Reader<R>, variables: usize) -> Result<Vec<u32>, FileError> {
    let places: Vec<u32> = reader.list()?;
    if places.iter().all(|place| (*place as usize) < variables) {
        Ok(places)
    } else {
        Err(FileError::OutOfRange)
    }
}

fn non_zero<P: Curve>(points: &[Affine<P>]) -> Vec<u32> {
    let points = points.iter().enumerate();
    let chosen = points.filter(|(_, point)| !point.is_zero());
    chosen.map(|(place, _)| word(place)).collect()
}

/// Scalars of the points of `C`, computed where they are asked for: kept, they would be the
/// largest part of a proof's memory.
struct ScalarsOfC<'a> {
    /// Values of the variables that are not public.
    fixed: &'a [Fr],
    quotient: Vec<Fr>,
    assignment: &'a [Fr],
    /// Variables of the right sides.
    right: &'a [u32],
    r: Fr,
}

impl ScalarsOfC<'_> {
    /// Returns the place of the first right side.
    const fn right_from(&self) -> usize {
        self.fixed.len() + self.quotient.len()
    }

    /// Returns the value of a right side, without `r`.
    fn right(&self, number: usize) -> Fr {
        self.assignment[self.right[number] as usize]
    }

    fn at(&self, place: usize) -> Fr {
        let in_quotient = place.wrapping_sub(self.fixed.len());
        let number = place.wrapping_sub(self.right_from());
        if place < self.fixed.len() {
            self.fixed[place]
        } else if in_quotient < self.quotient.len() {
            self.quotient[in_quotient]
        } else if number < self.right.len() {
            self.r * self.right(number)
        } else {
            self.r
        }
    }

    fn is_right_one(&self, number: usize) -> bool {
        number < self.right.len() && self.right(number).is_one()
    }
}

impl Prover {
    /// Creates the prover of `constraints` under the key of `points`.
    ///
    /// # Errors
    /// [`ProverError`] when they do not fit each other.
    pub fn new(points: &KeyPoints<'_>, constraints: &Constraints<'_>) -> Result<Self, ProverError> {
        let variables = points.a.len();
        let Constraints { a, b, input_count } = *constraints;
        if a.len() != b.len() {
            return Err(ProverError::Sides {
                a: a.len(),
                b: b.len(),
            });
        }
        let quotient = Quotient::new(a.len() + input_count)?;
        for (part, actual, expected) in [
            ("b_g1", points.b_g1.len(), variables),
            ("b_g2", points.b_g2.len(), variables),
            ("h", points.h.len(), quotient.len()),
            ("l", points.l.len(), variables.saturating_sub(input_count)),
        ] {
            if actual != expected {
                return Err(ProverError::Points {
                    part,
                    expected,
                    actual,
                });
            }
        }
        let c_variables = non_zero(points.b_g1);
        let right = c_variables.iter();
        let right = right.map(|variable| points.b_g1[*variable as usize]);
        let fixed = points.l.iter().chain(points.h).copied();
        Ok(Self {
            sides: [Side::new(a, variables)?, Side::new(b, variables)?],
            input_count,
            quotient,
            alpha_g1: points.alpha_g1,
            beta_g2: points.beta_g2,
            a: Sum::new(points.a, points.delta_g1),
            b: Sum::new(points.b_g2, points.delta_g2),
            c: Bases::new(fixed.chain(right).chain([points.beta_g1])),
            c_variables,
        })
    }

    /// Returns the bytes that [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.raw(MAGIC);
        writer.count(self.variable_count());
        writer.count(self.input_count);
        for side in &self.sides {
            side.write(&mut writer);
        }
        self.alpha_g1.write(&mut writer);
        self.beta_g2.write(&mut writer);
        self.a.write(&mut writer);
        self.b.write(&mut writer);
        writer.list(self.c_variables.iter().copied());
        writer.list(self.c.points());
        writer.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote. Whether a point lies on its curve is not looked at:
    /// the caller must know the bytes, by their hash.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        Self::read(bytes, bytes.len() as u64)
    }

    /// Reads what [`Self::to_bytes`] wrote from the next `length` bytes of `from`, a part at a
    /// time. The caller must know them, by their hash, before the prover is used.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(from: impl Read, length: u64) -> Result<Self, FileError> {
        let mut reader = Reader::new(from, length);
        reader.begin(MAGIC, FileError::NotAProver)?;
        let variables = reader.count()?;
        let input_count = reader.count()?;
        let sides = [
            Side::read(&mut reader, variables)?,
            Side::read(&mut reader, variables)?,
        ];
        if input_count > variables || sides[0].len() != sides[1].len() {
            return Err(FileError::OutOfRange);
        }
        let rows = sides[0].len() + input_count;
        let quotient = Quotient::new(rows).map_err(|_| FileError::OutOfRange)?;
        let prover = Self {
            sides,
            input_count,
            quotient,
            alpha_g1: Kept::read(&mut reader)?,
            beta_g2: Kept::read(&mut reader)?,
            a: Sum::read(&mut reader, variables)?,
            b: Sum::read(&mut reader, variables)?,
            c_variables: places(&mut reader, variables)?,
            c: Bases::new(reader.list()?),
        };
        reader.end()?;
        let parts = variables - input_count + prover.quotient.len() + prover.c_variables.len() + 1;
        if prover.c.len() == parts {
            Ok(prover)
        } else {
            Err(FileError::OutOfRange)
        }
    }

    const fn variable_count(&self) -> usize {
        let others = self.quotient.len() + self.c_variables.len() + 1;
        self.c.len() - others + self.input_count
    }

    /// Proves that `assignment` satisfies the constraints, blinded by the random numbers `r`
    /// and `s`. An assignment that does not satisfy them gives a proof that does not verify.
    ///
    /// # Errors
    /// [`ProverError::Assignment`].
    pub fn prove(&self, assignment: &[Fr], r: Fr, s: Fr) -> Result<Proof, ProverError> {
        self.check_length(assignment)?;
        let ((a, b), c) = join(
            || join(|| self.a.of(assignment, r), || self.b.of(assignment, s)),
            || self.sum_of_c(assignment, r),
        );
        Ok(self.finish(s, [Sums { a, b, c }]))
    }

    /// Computes the sum of `C`. Right sides whose variable is 1 are added up first and multiplied
    /// by `r` once, where there are many: one addition each, and not ten.
    fn sum_of_c(&self, assignment: &[Fr], r: Fr) -> Projective<g1::Config> {
        let scalars = self.scalars_of_c(assignment, r);
        let count = self.c_variables.len();
        let ones = (0..count).filter(|number| scalars.is_right_one(*number));
        if ones.count() < MIN_ONES {
            return self.c.sum(0, self.c.len(), |place| scalars.at(place));
        }
        let from = scalars.right_from();
        let ones = self
            .c
            .sum(from, count, |number| Fr::from(scalars.is_right_one(number)));
        let others = self.c.sum(0, self.c.len(), |place| {
            if place >= from && scalars.is_right_one(place - from) {
                Fr::ZERO
            } else {
                scalars.at(place)
            }
        });
        others + ones * r
    }

    /// Prepares a proof whose sums are computed in `count` shares, by provers that do not share
    /// memory. `prove` says what the arguments are.
    ///
    /// # Errors
    /// [`ProverError::Assignment`].
    pub fn shares(
        &self,
        assignment: &[Fr],
        r: Fr,
        s: Fr,
        count: usize,
    ) -> Result<Vec<Share>, ProverError> {
        self.check_length(assignment)?;
        let a = self.a.scalars(assignment, r);
        let b = self.b.scalars(assignment, s);
        let c = self.scalars_of_c(assignment, r);
        let c: Vec<Fr> = (0..self.c.len()).map(|place| c.at(place)).collect();
        let share = |number| Share {
            a: Slice::of(&a, number, count),
            b: Slice::of(&b, number, count),
            c: Slice::of(&c, number, count),
        };
        Ok((0..count).map(share).collect())
    }

    /// Computes the sums of one share.
    ///
    /// # Errors
    /// [`FileError::OutOfRange`] for a share of another prover.
    pub fn sums(&self, share: &Share) -> Result<Sums, FileError> {
        let fits =
            share.a.fits(&self.a.bases) && share.b.fits(&self.b.bases) && share.c.fits(&self.c);
        if !fits {
            return Err(FileError::OutOfRange);
        }
        Ok(Sums {
            a: share.a.sum(&self.a.bases),
            b: share.b.sum(&self.b.bases),
            c: share.c.sum(&self.c),
        })
    }

    /// Puts the sums of all shares together; `s` is the blinding factor of [`Self::shares`].
    pub fn finish(&self, s: Fr, sums: impl IntoIterator<Item = Sums>) -> Proof {
        let start = Sums {
            a: self.alpha_g1.into(),
            b: self.beta_g2.into(),
            c: Projective::zero(),
        };
        let Sums { a, b, c } = sums.into_iter().fold(start, |total, share| Sums {
            a: total.a + share.a,
            b: total.b + share.b,
            c: total.c + share.c,
        });
        Proof {
            a: a.into_affine(),
            b: b.into_affine(),
            // s * A holds r * s * delta, which r * B - r * s * delta would take away again.
            c: (c + a * s).into_affine(),
        }
    }

    const fn check_length(&self, assignment: &[Fr]) -> Result<(), ProverError> {
        let expected = self.variable_count();
        if assignment.len() == expected {
            Ok(())
        } else {
            Err(ProverError::Assignment {
                expected,
                actual: assignment.len(),
            })
        }
    }

    fn scalars_of_c<'a>(&'a self, assignment: &'a [Fr], r: Fr) -> ScalarsOfC<'a> {
        let [left, right] = &self.sides;
        let quotient = &self.quotient;
        ScalarsOfC {
            fixed: &assignment[self.input_count..],
            quotient: quotient.values(left, right, self.input_count, assignment),
            assignment,
            right: &self.c_variables,
            r,
        }
    }
}
