//! Values of the quotient's numerator, as the ceremonies of snarkjs pin it.

use crate::field::Fr;
use ark_ff::{AdditiveGroup, Field};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};

use crate::ProverError;
use crate::constraints::Side;
use crate::parallel::join;

/// Computes `a * b - c` at the odd powers of a root of unity of twice the domain's order. The
/// key's points for them hold the division by the vanishing polynomial.
#[derive(Debug, Clone)]
pub(crate) struct Quotient {
    domain: Radix2EvaluationDomain<Fr>,
    /// Powers of the primitive root of twice the order, as many as the domain has points.
    shifts: Vec<Fr>,
}

impl Quotient {
    /// Prepares for `rows` constraints, the copies of public inputs included.
    pub(crate) fn new(rows: usize) -> Result<Self, ProverError> {
        let domain_of = |size| Radix2EvaluationDomain::<Fr>::new(size);
        let too_many = ProverError::TooManyConstraints(rows);
        let domain = domain_of(rows).ok_or(too_many)?;
        let double = domain_of(2 * domain.size()).ok_or(too_many)?;
        let shift = double.group_gen;
        let powers = std::iter::successors(Some(Fr::ONE), |power| Some(*power * shift));
        Ok(Self {
            shifts: powers.take(domain.size()).collect(),
            domain,
        })
    }

    /// Returns the number of values.
    pub(crate) const fn len(&self) -> usize {
        self.shifts.len()
    }

    /// Computes the values for an assignment whose first `inputs` values are public.
    pub(crate) fn values(&self, a: &Side, b: &Side, inputs: usize, assignment: &[Fr]) -> Vec<Fr> {
        let (mut left, mut right) = join(
            || {
                self.column(
                    a.values(assignment)
                        .chain(assignment[..inputs].iter().copied()),
                )
            },
            || self.column(b.values(assignment)),
        );
        let rows = left.iter().zip(&right).take(a.len());
        let mut output = self.column(rows.map(|(left, right)| *left * right));
        join(
            || join(|| self.shift(&mut left), || self.shift(&mut right)),
            || self.shift(&mut output),
        );
        for ((left, right), output) in left.iter_mut().zip(right).zip(output) {
            *left = *left * right - output;
        }
        left
    }

    fn column(&self, values: impl Iterator<Item = Fr>) -> Vec<Fr> {
        let mut column = Vec::with_capacity(self.len());
        column.extend(values);
        column.resize(self.len(), Fr::ZERO);
        column
    }

    /// Turns values at the even powers into those at the odd ones.
    fn shift(&self, values: &mut Vec<Fr>) {
        self.domain.ifft_in_place(values);
        for (value, shift) in values.iter_mut().zip(&self.shifts) {
            *value *= shift;
        }
        self.domain.fft_in_place(values);
    }
}
