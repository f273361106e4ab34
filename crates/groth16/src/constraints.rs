use std::collections::HashMap;
use std::io::Read;

use crate::field::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::bytes::{Reader, Writer, word};
use crate::{FileError, ProverError};

/// One side of the constraints: in each row, variables and their factors.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    /// Factors, each once and in rising order: there are far fewer than terms.
    factors: Vec<Fr>,
    /// Variable and place of the factor, for each term.
    terms: Vec<Term>,
    /// Place in `terms` behind the last term of each row.
    ends: Vec<u32>,
}

type Term = [u32; 2];

impl Side {
    pub(crate) fn new(rows: &[Vec<(Fr, usize)>], variables: usize) -> Result<Self, ProverError> {
        let (factors, places) = table(rows.iter().flatten().map(|(factor, _)| *factor));
        let mut terms = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        let mut ends = Vec::with_capacity(rows.len());
        for row in rows {
            for (factor, variable) in row {
                if *variable >= variables {
                    return Err(ProverError::NoSuchVariable {
                        variable: *variable,
                        count: variables,
                    });
                }
                terms.push([word(*variable), places[factor]]);
            }
            ends.push(word(terms.len()));
        }
        Ok(Self {
            factors,
            terms,
            ends,
        })
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.list(self.factors.iter().copied());
        writer.list(self.terms.iter().copied());
        writer.list(self.ends.iter().copied());
    }

    pub(crate) fn read<R: Read>(
        reader: &mut Reader<R>,
        variables: usize,
    ) -> Result<Self, FileError> {
        let side = Self {
            factors: reader.list()?,
            terms: reader.list()?,
            ends: reader.list()?,
        };
        let fits = |[variable, factor]: &Term| {
            (*variable as usize) < variables && (*factor as usize) < side.factors.len()
        };
        let end = side.ends.last().map_or(0, |end| *end as usize);
        if side.terms.iter().all(fits) && side.ends.is_sorted() && end == side.terms.len() {
            Ok(side)
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
            let row = &self.terms[start..*end as usize];
            start = *end as usize;
            row.iter().map(|term| self.value(*term, assignment)).sum()
        })
    }

    /// Most factors are one: a comparison is cheaper than a multiplication.
    fn value(&self, [variable, factor]: Term, assignment: &[Fr]) -> Fr {
        let value = assignment[variable as usize];
        let factor = self.factors[factor as usize];
        if factor == Fr::ONE || value == Fr::ZERO {
            value
        } else {
            factor * value
        }
    }
}

/// Lists numbers in rising order, each once, with their places.
fn table(numbers: impl Iterator<Item = Fr>) -> (Vec<Fr>, HashMap<Fr, u32>) {
    let mut places: HashMap<Fr, u32> = numbers.map(|number| (number, 0)).collect();
    let mut table: Vec<Fr> = places.keys().copied().collect();
    table.sort_unstable();
    for (place, number) in table.iter().enumerate() {
        places.insert(*number, word(place));
    }
    (table, places)
}
