use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable,
};

use crate::builder::{Builder, Circuit, Rule};
use crate::values::Assignment;

/// A linear combination: pairs of factor and variable, by rising variable.
/// Variable 0 is the constant 1, then come the public inputs, then the private variables.
pub type Row = Vec<(Fr, usize)>;

/// The rows of a circuit, `A z * B z = C z`, each with the rule it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct R1cs {
    /// Left factors.
    pub a: Vec<Row>,
    /// Right factors.
    pub b: Vec<Row>,
    /// Products.
    pub c: Vec<Row>,
    /// Rule of each row.
    pub rules: Vec<Rule>,
    /// Public inputs and the constant 1.
    pub public_count: usize,
    /// All variables, the constant 1 among them.
    pub variable_count: usize,
}

impl R1cs {
    /// Returns the rows of `circuit`.
    #[must_use]
    pub fn of<C: Circuit>(circuit: &C) -> Self {
        let mut recorder = Recorder::default();
        circuit.synthesize(&mut recorder, &circuit.blank());
        recorder.rows
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn constraint_count(&self) -> usize {
        self.rules.len()
    }

    /// Returns the rows that `assignment` does not satisfy.
    #[must_use]
    pub fn unsatisfied(&self, assignment: &Assignment) -> Vec<usize> {
        (0..self.constraint_count())
            .filter(|row| !self.holds(*row, assignment))
            .collect()
    }

    /// Returns whether `assignment` satisfies the row `row`.
    #[must_use]
    pub fn holds(&self, row: usize, assignment: &Assignment) -> bool {
        let value = |terms: &Row| evaluate(terms, assignment);
        value(&self.a[row]) * value(&self.b[row]) == value(&self.c[row])
    }
}

fn evaluate(terms: &Row, assignment: &Assignment) -> Fr {
    let values = assignment.values();
    terms.iter().map(|(factor, at)| *factor * values[*at]).sum()
}

/// For arkworks' key generator: the same rows, without values.
impl ConstraintSynthesizer<Fr> for &R1cs {
    fn generate_constraints(self, system: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let mut variables = vec![Variable::One];
        for at in 1..self.variable_count {
            let unknown = || Err(SynthesisError::AssignmentMissing);
            variables.push(if at < self.public_count {
                system.new_input_variable(unknown)?
            } else {
                system.new_witness_variable(unknown)?
            });
        }
        let combination = |terms: &Row| {
            let terms = terms.iter().map(|(factor, at)| (*factor, variables[*at]));
            LinearCombination(terms.collect())
        };
        for ((a, b), c) in self.a.iter().zip(&self.b).zip(&self.c) {
            system.enforce_r1cs_constraint(
                || combination(a),
                || combination(b),
                || combination(c),
            )?;
        }
        Ok(())
    }
}

/// Records rows.
struct Recorder {
    rows: R1cs,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            rows: R1cs {
                a: Vec::new(),
                b: Vec::new(),
                c: Vec::new(),
                rules: Vec::new(),
                public_count: 1,
                variable_count: 1,
            },
        }
    }
}

impl Recorder {
    fn variable(&mut self) -> Row {
        let at = self.rows.variable_count;
        self.rows.variable_count += 1;
        vec![(Fr::ONE, at)]
    }
}

impl Builder for Recorder {
    type Lc = Row;

    fn constant(&self, value: Fr) -> Row {
        if value == Fr::ZERO {
            Row::new()
        } else {
            vec![(value, 0)]
        }
    }

    fn combine(&self, terms: &[(Fr, &Row)]) -> Row {
        let length = terms.iter().map(|(_, row)| row.len()).sum();
        let mut sum = Row::with_capacity(length);
        for (factor, row) in terms {
            sum.extend(row.iter().map(|(weight, at)| (*factor * weight, *at)));
        }
        // Stable, and quick on what is made of sorted runs.
        sum.sort_by_key(|(_, at)| *at);
        sum.dedup_by(|next, kept| {
            let same = next.1 == kept.1;
            if same {
                kept.0 += next.0;
            }
            same
        });
        sum.retain(|(weight, _)| *weight != Fr::ZERO);
        sum
    }

    fn public(&mut self, _value: Fr) -> Row {
        debug_assert_eq!(self.rows.public_count, self.rows.variable_count);
        self.rows.public_count += 1;
        self.variable()
    }

    fn private(&mut self, _value: Fr) -> Row {
        self.variable()
    }

    fn enforce(&mut self, rule: Rule, a: &Row, b: &Row, c: &Row) {
        self.rows.a.push(a.clone());
        self.rows.b.push(b.clone());
        self.rows.c.push(c.clone());
        self.rows.rules.push(rule);
    }

    fn solve(&mut self, rule: Rule, a: &Row, b: &Row, scale: Fr, rest: &Row) -> Row {
        let solved = self.variable();
        let inverse = scale.inverse().expect("a scale is a constant beside zero");
        let product = self.combine(&[(inverse, &solved), (-inverse, rest)]);
        self.enforce(rule, a, b, &product);
        solved
    }
}
