use ark_bn254::Fr;
use ark_ff::Field;

use crate::builder::{Builder, Circuit, Rule};

/// A value for each variable of a circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    values: Vec<Fr>,
    public_count: usize,
}

impl Assignment {
    /// Returns all values: the constant 1, the public inputs, the private variables.
    #[must_use]
    pub fn values(&self) -> &[Fr] {
        &self.values
    }

    /// Returns the public inputs, without the constant 1.
    #[must_use]
    pub fn public_inputs(&self) -> &[Fr] {
        &self.values[1..self.public_count]
    }

    /// Gives the variable `at` another value, whatever the rows say: for tests of circuits.
    pub fn set(&mut self, at: usize, value: Fr) {
        self.values[at] = value;
    }
}

/// Computes the values of all variables for `witness`. It does not say whether they satisfy
/// the rows.
#[must_use]
pub fn assign<C: Circuit>(circuit: &C, witness: &C::Witness) -> Assignment {
    let mut evaluator = Evaluator::default();
    circuit.synthesize(&mut evaluator, witness);
    evaluator.assignment
}

/// Computes the outputs of `circuit`, whatever `witness` says they are.
#[must_use]
pub fn outputs<C: Circuit>(circuit: &C, witness: &C::Witness) -> Vec<Fr> {
    circuit.synthesize(&mut Evaluator::default(), witness)
}

/// An assignment that satisfies every row, of no use but to try a key: nothing is
/// appended or removed, and the outputs are what the circuit computes.
#[must_use]
pub fn trial<C: Circuit>(circuit: &C) -> Assignment {
    let blank = circuit.blank();
    let mut assignment = assign(circuit, &blank);
    let computed = outputs(circuit, &blank);
    for (position, value) in circuit.output_positions().iter().zip(computed) {
        assignment.set(position + 1, value);
    }
    assignment
}

/// Computes values. A linear combination is its value.
pub(crate) struct Evaluator {
    assignment: Assignment,
}

impl Default for Evaluator {
    fn default() -> Self {
        Self {
            assignment: Assignment {
                values: vec![Fr::ONE],
                public_count: 1,
            },
        }
    }
}

impl Builder for Evaluator {
    type Lc = Fr;

    fn constant(&self, value: Fr) -> Fr {
        value
    }

    fn combine(&self, terms: &[(Fr, &Fr)]) -> Fr {
        terms.iter().map(|(factor, value)| *factor * *value).sum()
    }

    fn public(&mut self, value: Fr) -> Fr {
        self.assignment.public_count += 1;
        self.private(value)
    }

    fn private(&mut self, value: Fr) -> Fr {
        self.assignment.values.push(value);
        value
    }

    fn enforce(&mut self, _rule: Rule, _a: &Fr, _b: &Fr, _c: &Fr) {}

    fn solve(&mut self, _rule: Rule, a: &Fr, b: &Fr, scale: Fr, rest: &Fr) -> Fr {
        self.private(scale * a * b + rest)
    }
}
