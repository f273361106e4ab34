use crate::field::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::bytes::{Places, Reader, Writer, table};
use crate::{FileError, ProverError};

/// One side of the constraints: in each row, variables and their factors.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    terms: Vec<Term>,
    /// Place in `terms` behind the last term of each row.
    ends: Vec<usize>,
}

#[derive(Debug, Clone)]
struct Term {
    variable: usize,
    factor: Fr,
}

impl Side {
    pub(crate) fn new(rows: &[Vec<(Fr, usize)>], variables: usize) -> Result<Self, ProverError> {
        let mut side = Self {
            terms: Vec::with_capacity(rows.iter().map(Vec::len).sum()),
            ends: Vec::with_capacity(rows.len()),
        };
        for row in rows {
            for (factor, variable) in row {
                if *variable >= variables {
                    return Err(ProverError::NoSuchVariable {
                        variable: *variable,
                        count: variables,
                    });
                }
                side.terms.push(Term {
                    variable: *variable,
                    factor: *factor,
                });
            }
            side.ends.push(side.terms.len());
        }
        Ok(side)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        let factors = table(self.terms.iter().map(|term| term.factor));
        let places = self.terms.iter().map(|term| -> Places {
            let factor = factors.binary_search(&term.factor);
            [term.variable, factor.expect("the table has every factor")]
        });
        writer.list(factors.iter().copied());
        writer.list(places);
        writer.counts(&self.ends);
    }

    pub(crate) fn read(reader: &mut Reader<'_>, variables: usize) -> Result<Self, FileError> {
        let factors: Vec<Fr> = reader.list()?;
        let places: Vec<Places> = reader.list()?;
        let term = |[variable, factor]: Places| {
            let factor = *factors.get(factor).ok_or(FileError::OutOfRange)?;
            if variable < variables {
                Ok(Term { variable, factor })
            } else {
                Err(FileError::OutOfRange)
            }
        };
        let terms: Vec<Term> = places.into_iter().map(term).collect::<Result<_, _>>()?;
        let ends = reader.counts()?;
        if ends.is_sorted() && ends.last().copied().unwrap_or(0) == terms.len() {
            Ok(Self { terms, ends })
        } else {
            Err(FileError::OutOfRange)
        }
    }

    /// Returns the number of rows.
    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Computes the value of each row.
    pub(crate) fn values<'a>(&'a self, assignment: &'a [Fr]) -> impl Iterator<Item = Fr> + 'a {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let row = &self.terms[start..*end];
            start = *end;
            row.iter().map(|term| term.value(assignment)).sum()
        })
    }
}

impl Term {
    /// Most factors are one: a comparison is cheaper than a multiplication.
    fn value(&self, assignment: &[Fr]) -> Fr {
        let value = assignment[self.variable];
        if self.factor == Fr::ONE || value == Fr::ZERO {
            value
        } else {
            self.factor * value
        }
    }
}
