//! Cuts a circuit into gadgets, for the proof that its inputs determine all other variables.
//!
//! A gadget is a few rows with the variables that they determine, its unknowns. What a row takes
//! from elsewhere is one shared value of the gadget for each linear combination: a gadget that is
//! determined for all shared values is determined for those that occur. The cut is a proposal; a
//! solver judges each gadget. [`cut`] makes sure that each row is in one gadget or an assertion,
//! that each variable is given or an unknown of exactly one gadget, and that a gadget takes
//! nothing but what is given or an unknown of one before it. From that, by induction along the
//! gadgets, a circuit is determined if each of its gadgets is (CIRC-9).

use core::fmt;
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

/// A gadget where it occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Position in [`Cut::gadgets`].
    pub gadget: usize,
    /// Its rows, rising.
    pub rows: Vec<usize>,
    /// The variables that it determines, rising.
    pub unknown: Vec<usize>,
}

/// A circuit in gadgets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cut {
    /// The distinct gadgets.
    pub gadgets: Vec<Gadget>,
    /// Their instances, each after those whose unknowns it takes.
    pub instances: Vec<Instance>,
    /// Rows that determine nothing: they restrict what is known.
    pub assertions: Vec<usize>,
}

/// Reason why a circuit cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutError {
    /// Rows that leave variables open, of which this is the first.
    OpenRows(usize),
    /// A variable is not given and in no row.
    UnusedVariable(usize),
}

impl fmt::Display for CutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenRows(row) => write!(f, "row {row} and others leave variables open"),
            Self::UnusedVariable(at) => write!(f, "variable {at} is not given and in no row"),
        }
    }
}

impl std::error::Error for CutError {}

/// Cuts `rows` into gadgets, where the variables `given` are known.
///
/// A row that sets an unknown of no other row to a product of known forms is a gadget. Other rows
/// wait, together with those that share an unknown, until they are more than their unknowns: bits
/// have a row each, and one more that adds them up.
///
/// # Errors
/// [`CutError`] where a row or a variable is left over.
pub fn cut(rows: &R1cs, given: &[usize]) -> Result<Cut, CutError> {
    let mut known = vec![false; rows.variable_count];
    for at in given.iter().chain(&[0]) {
        known[*at] = true;
    }
    let mut cut = Cut::default();
    let mut numbers = BTreeMap::new();
    let mut waiting = Waiting::default();
    for row in 0..rows.constraint_count() {
        let factors = unknown_in(&known, &[&rows.a[row], &rows.b[row]]);
        let unknown = unknown_in(&known, &[&rows.a[row], &rows.b[row], &rows.c[row]]);
        if unknown.is_empty() {
            cut.assertions.push(row);
            continue;
        }
        let is_new = unknown.iter().all(|at| !waiting.part_of.contains_key(at));
        let part = if factors.is_empty() && unknown.len() == 1 && is_new {
            let rows = vec![row];
            Part { rows, unknown }
        } else if let Some(part) = waiting.join(row, &unknown) {
            part
        } else {
            continue;
        };
        for at in &part.unknown {
            known[*at] = true;
        }
        let gadget = Namer::new(&part.unknown).gadget(rows, &part.rows);
        let next = cut.gadgets.len();
        let number = *numbers.entry(gadget.clone()).or_insert(next);
        if number == next {
            cut.gadgets.push(gadget);
        }
        cut.instances.push(Instance {
            gadget: number,
            rows: part.rows,
            unknown: part.unknown,
        });
    }
    if let Some(first) = waiting.parts.keys().next() {
        return Err(CutError::OpenRows(*first));
    }
    match known.iter().position(|known| !known) {
        Some(variable) => Err(CutError::UnusedVariable(variable)),
        None => Ok(cut),
    }
}

/// Returns the variables of `combinations` that are not known, rising, each once.
fn unknown_in(known: &[bool], combinations: &[&Row]) -> Vec<usize> {
    let terms = combinations.iter().copied().flatten();
    let mut unknown: Vec<usize> = terms.map(|(_, at)| *at).filter(|at| !known[*at]).collect();
    unknown.sort_unstable();
    unknown.dedup();
    unknown
}

/// Rows with their unknowns.
struct Part {
    rows: Vec<usize>,
    unknown: Vec<usize>,
}

/// Parts that have no more rows than unknowns; no two share an unknown.
#[derive(Default)]
struct Waiting {
    /// Parts by their first rows.
    parts: BTreeMap<usize, Part>,
    /// First row of the part of each unknown.
    part_of: BTreeMap<usize, usize>,
}

impl Waiting {
    /// Joins a row with the parts that share an unknown with it. Returns the whole once it has
    /// more rows than unknowns.
    fn join(&mut self, row: usize, unknown: &[usize]) -> Option<Part> {
        let mut whole = Part {
            rows: vec![row],
            unknown: Vec::new(),
        };
        for at in unknown {
            match self.part_of.get(at) {
                // Another unknown of the same part may have brought it in.
                Some(first) => {
                    if let Some(part) = self.parts.remove(first) {
                        whole.rows.extend(part.rows);
                        whole.unknown.extend(part.unknown);
                    }
                }
                None => whole.unknown.push(*at),
            }
        }
        whole.rows.sort_unstable();
        whole.unknown.sort_unstable();
        if whole.rows.len() > whole.unknown.len() {
            for at in &whole.unknown {
                self.part_of.remove(at);
            }
            return Some(whole);
        }
        for at in &whole.unknown {
            self.part_of.insert(*at, whole.rows[0]);
        }
        self.parts.insert(whole.rows[0], whole);
        None
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

    fn gadget(mut self, rows: &R1cs, numbers: &[usize]) -> Gadget {
        let rows = numbers
            .iter()
            .map(|row| [&rows.a[*row], &rows.b[*row], &rows.c[*row]].map(|terms| self.form(terms)));
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
