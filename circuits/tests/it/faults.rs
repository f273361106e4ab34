//! An evaluator that gets one row wrong and goes on consistently from there, so
//! that a single constraint stands between the false statement and acceptance.

use std::collections::HashMap;

use annona_circuits::{Assignment, Builder, Circuit, R1cs, Rule};
use ark_bn254::Fr;
use ark_ff::Field;

/// The numbers of the rules that `assignment` breaks, each once.
pub(crate) fn rules(rows: &R1cs, assignment: &Assignment) -> Vec<u8> {
    let mut broken: Vec<u8> = rows
        .unsatisfied(assignment)
        .into_iter()
        .map(|row| rows.rules[row].0)
        .collect();
    broken.sort_unstable();
    broken.dedup();
    broken
}

/// Counts the rows of `rule` that define a variable.
fn defining_rows<C: Circuit>(circuit: &C, witness: &C::Witness, rule: u8) -> usize {
    let mut evaluator = Faulty::new(rule, usize::MAX);
    circuit.synthesize(&mut evaluator, witness);
    evaluator.seen
}

/// Values of all variables where the one of the `at`-th row of `rule` is one too large and
/// everything after it, the public outputs included, follows from that.
pub(crate) fn with_fault<C: Circuit>(
    circuit: &C,
    witness: &C::Witness,
    rule: u8,
    at: usize,
) -> Assignment {
    let evaluator = Faulty::new(rule, at);
    let (assignment, seen) = evaluator.assign(circuit, witness);
    assert!(seen > at, "C{rule} has no row {at} to get wrong");
    assignment
}

/// Asserts that a fault in a row of `rule` breaks that rule and no other, for
/// every [`STEP`]th of the last `share` of its rows.
pub(crate) fn assert_each_row_holds<C: Circuit>(
    circuit: &C,
    witness: &C::Witness,
    rule: u8,
    share: usize,
) {
    let rows = R1cs::of(circuit);
    let count = defining_rows(circuit, witness, rule);
    for at in (count - count / share..count).step_by(STEP) {
        let broken = rules(&rows, &with_fault(circuit, witness, rule, at));
        assert_eq!(broken, [rule], "row {at} of C{rule}");
    }
}

/// Values of all variables where some are as given and everything that is computed from them, the
/// public outputs included, follows from that.
pub(crate) fn with_changes<C: Circuit>(
    circuit: &C,
    witness: &C::Witness,
    changes: &[(usize, Fr)],
) -> Assignment {
    with_both(circuit, witness, (0, usize::MAX), changes)
}

/// Values of all variables with a fault and with changes.
pub(crate) fn with_both<C: Circuit>(
    circuit: &C,
    witness: &C::Witness,
    (rule, at): (u8, usize),
    changes: &[(usize, Fr)],
) -> Assignment {
    let mut evaluator = Faulty::new(rule, at);
    evaluator.changes = changes.iter().copied().collect();
    evaluator.assign(circuit, witness).0
}

/// The rules broken by the values of [`with_changes`].
pub(crate) fn broken_by_changes<C: Circuit>(
    circuit: &C,
    rows: &R1cs,
    witness: &C::Witness,
    changes: &[(usize, Fr)],
) -> Vec<u8> {
    rules(rows, &with_changes(circuit, witness, changes))
}

/// No multiple of 3 and 2, the rows of an S-box and the children of a node, so
/// that rows of every kind come up.
const STEP: usize = 5;

struct Faulty {
    values: Vec<Fr>,
    rule: Rule,
    at: usize,
    seen: usize,
    /// Values that variables get, whatever is computed for them.
    changes: HashMap<usize, Fr>,
}

impl Faulty {
    fn new(rule: u8, at: usize) -> Self {
        Self {
            values: vec![Fr::ONE],
            rule: Rule(rule),
            at,
            seen: 0,
            changes: HashMap::new(),
        }
    }

    /// Computes all values, with the public outputs that follow, and the number of rows of the
    /// rule that were seen.
    fn assign<C: Circuit>(mut self, circuit: &C, witness: &C::Witness) -> (Assignment, usize) {
        let outputs = circuit.synthesize(&mut self, witness);
        for (position, output) in circuit.output_positions().iter().zip(outputs) {
            self.values[position + 1] = output;
        }
        let mut assignment = annona_circuits::assign(circuit, witness);
        for (variable, value) in self.values.iter().enumerate() {
            assignment.set(variable, *value);
        }
        (assignment, self.seen)
    }
}

impl Builder for Faulty {
    type Lc = Fr;

    fn constant(&self, value: Fr) -> Fr {
        value
    }

    fn combine(&self, terms: &[(Fr, &Fr)]) -> Fr {
        terms.iter().map(|(factor, value)| *factor * *value).sum()
    }

    fn public(&mut self, value: Fr) -> Fr {
        self.private(value)
    }

    fn private(&mut self, value: Fr) -> Fr {
        let changed = self.changes.get(&self.values.len());
        let value = changed.copied().unwrap_or(value);
        self.values.push(value);
        value
    }

    fn enforce(&mut self, _rule: Rule, _a: &Fr, _b: &Fr, _c: &Fr) {}

    fn solve(&mut self, rule: Rule, a: &Fr, b: &Fr, scale: Fr, rest: &Fr) -> Fr {
        let mut value = scale * a * b + rest;
        if rule == self.rule {
            if self.seen == self.at {
                value += Fr::ONE;
            }
            self.seen += 1;
        }
        self.private(value)
    }
}
