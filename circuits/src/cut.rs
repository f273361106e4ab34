//! Cuts a circuit into gadgets, for the proof that its inputs determine all other variables.
//!
//! A gadget is a run of rows with the variables that it determines, its unknowns. What a row takes
//! from before is one shared value of the gadget for each linear combination: a gadget that is
//! determined for all of those is determined for the values that occur. The cut is a proposal; a
//! solver judges each gadget. [`cut`] makes sure that each row is in one gadget, and that each
//! variable is an input or an unknown of exactly one gadget.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::r1cs::{R1cs, Row};

/// An affine form: constant, factors of shared values, factors of unknowns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Form {
    /// Constant.
    pub constant: Fr,
    /// Factor and number of each shared value.
    pub shared: Vec<(Fr, usize)>,
    /// Factor and number of each unknown.
    pub unknown: Vec<(Fr, usize)>,
}

/// The rows of a gadget, up to the names of variables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gadget {
    /// Left factor, right factor and product of each row.
    pub rows: Vec<[Form; 3]>,
    /// Number of variables that it determines.
    pub unknown_count: usize,
}

/// The distinct gadgets of a circuit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cut {
    /// Number of instances of each gadget.
    pub gadgets: BTreeMap<Gadget, usize>,
    /// Rows that determine nothing: they restrict what is known.
    pub assertions: Vec<usize>,
}

/// Reason why a circuit cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutError {
    /// Rows from this one on leave variables open.
    OpenRows(usize),
    /// A variable is no input and in no row.
    UnusedVariable(usize),
}

/// Cuts `rows` into gadgets, where `inputs` are the variables that are given.
///
/// A gadget ends with the row after which it has a row for its unknown alone, or more rows than
/// unknowns: bits have a row each, and one more that adds them up.
///
/// # Errors
/// [`CutError`] where a row or a variable is left over.
pub fn cut(rows: &R1cs, inputs: &[usize]) -> Result<Cut, CutError> {
    let mut known = vec![false; rows.variable_count];
    known[0] = true;
    for input in inputs {
        known[*input] = true;
    }
    let mut cut = Cut::default();
    let mut first = 0;
    let mut unknown: Vec<usize> = Vec::new();
    for row in 0..rows.constraint_count() {
        let factors = [&rows.a[row], &rows.b[row]].into_iter().flatten();
        let is_product_only = factors.clone().all(|(_, at)| known[*at]);
        let terms = factors.chain(&rows.c[row]);
        for (_, at) in terms {
            if !known[*at] && !unknown.contains(at) {
                unknown.push(*at);
            }
        }
        if unknown.is_empty() {
            cut.assertions.push(row);
            first = row + 1;
            continue;
        }
        let is_defining = row == first && unknown.len() == 1 && is_product_only;
        if is_defining || row + 1 - first > unknown.len() {
            let gadget = Namer::new(&unknown).gadget(rows, first..row + 1);
            *cut.gadgets.entry(gadget).or_default() += 1;
            for at in unknown.drain(..) {
                known[at] = true;
            }
            first = row + 1;
        }
    }
    if first < rows.constraint_count() {
        return Err(CutError::OpenRows(first));
    }
    match known.iter().position(|known| !known) {
        Some(variable) => Err(CutError::UnusedVariable(variable)),
        None => Ok(cut),
    }
}

/// Names the shared values of a gadget in the order in which they occur.
struct Namer<'a> {
    unknown: &'a [usize],
    /// The linear combination of each shared value, with its constant.
    shared: Vec<(Row, Fr)>,
}

impl<'a> Namer<'a> {
    fn new(unknown: &'a [usize]) -> Self {
        Self {
            unknown,
            shared: Vec::new(),
        }
    }

    fn gadget(mut self, rows: &R1cs, range: core::ops::Range<usize>) -> Gadget {
        let rows = range.map(|row| {
            [&rows.a[row], &rows.b[row], &rows.c[row]].map(|combination| self.form(combination))
        });
        Gadget {
            rows: rows.collect(),
            unknown_count: self.unknown.len(),
        }
    }

    fn form(&mut self, combination: &Row) -> Form {
        let mut form = Form {
            constant: Fr::ZERO,
            shared: Vec::new(),
            unknown: Vec::new(),
        };
        let mut linear = Row::new();
        for (factor, at) in combination {
            if *at == 0 {
                form.constant = *factor;
            } else if let Some(number) = self.unknown.iter().position(|it| it == at) {
                form.unknown.push((*factor, number));
            } else {
                linear.push((*factor, *at));
            }
        }
        if !linear.is_empty() {
            let (factor, number) = self.share(&linear, form.constant);
            form.constant -= factor * self.shared[number].1;
            form.shared.push((factor, number));
        }
        form
    }

    /// Returns the shared value of which `linear` is a multiple, a new one with `constant` if there
    /// is none, and the factor.
    fn share(&mut self, linear: &Row, constant: Fr) -> (Fr, usize) {
        for (number, (kept, _)) in self.shared.iter().enumerate() {
            let factor = linear[0].0 * kept[0].0.inverse().expect("terms are not zero");
            let pairs = || kept.iter().zip(linear);
            let is_multiple = kept.len() == linear.len()
                && pairs().all(|(a, b)| a.1 == b.1 && a.0 * factor == b.0);
            if is_multiple {
                return (factor, number);
            }
        }
        self.shared.push((linear.clone(), constant));
        (Fr::ONE, self.shared.len() - 1)
    }
}
