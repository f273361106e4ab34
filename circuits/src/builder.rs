use core::fmt;

use ark_bn254::Fr;

/// The number of a constraint in the header of its circuit: `C1`, `C2`, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule(pub u8);

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "C{}", self.0)
    }
}

/// Interface against which a circuit is written. One builder records the rows, another
/// computes the values, and a third proof system needs only a third one.
///
/// Linear combinations cost nothing; each call of [`Self::enforce`] and
/// [`Self::solve`] is one row `a * b = c`.
pub trait Builder {
    /// A linear combination of variables, or its value.
    type Lc: Clone;

    /// Returns the constant `value`.
    fn constant(&self, value: Fr) -> Self::Lc;

    /// Returns the sum of `factor * combination`.
    fn combine(&self, terms: &[(Fr, &Self::Lc)]) -> Self::Lc;

    /// Adds a public input. All of them come before the first private variable.
    fn public(&mut self, value: Fr) -> Self::Lc;

    /// Adds a private variable.
    fn private(&mut self, value: Fr) -> Self::Lc;

    /// Adds the row `a * b = c`.
    fn enforce(&mut self, rule: Rule, a: &Self::Lc, b: &Self::Lc, c: &Self::Lc);

    /// Adds a private variable `v = scale * a * b + rest`, with the row
    /// `a * b = (v - rest) / scale`.
    ///
    /// `scale` is a constant of the circuit and not zero.
    fn solve(
        &mut self,
        rule: Rule,
        a: &Self::Lc,
        b: &Self::Lc,
        scale: Fr,
        rest: &Self::Lc,
    ) -> Self::Lc;
}

/// A circuit of a certain size.
pub trait Circuit {
    /// Its public inputs and the secret that satisfies it.
    type Witness;

    /// A witness of the right lengths, all zero: enough to record the rows.
    /// It appends or removes nothing, so that only the outputs can be wrong in it.
    fn blank(&self) -> Self::Witness;

    /// Number of public inputs, the constant 1 not counted.
    fn public_count(&self) -> usize;

    /// Writes the rows, and returns the values that the circuit itself computes for the
    /// public inputs that are outputs, in the order of [`Self::output_positions`].
    fn synthesize<B: Builder>(&self, builder: &mut B, witness: &Self::Witness) -> Vec<B::Lc>;

    /// Returns the positions of the public inputs that are outputs, counted from 0.
    fn output_positions(&self) -> &'static [usize];

    /// Returns the variables that are given, for [`cut`](crate::cut()): the rows determine all
    /// others from them.
    fn given(&self) -> Vec<usize>;

    /// Computes the number of rows without recording them.
    fn row_count(&self) -> usize {
        let mut counter = Counter::default();
        self.synthesize(&mut counter, &self.blank());
        counter.rows
    }
}

/// Counts rows.
#[derive(Default)]
struct Counter {
    rows: usize,
}

impl Builder for Counter {
    type Lc = ();

    fn constant(&self, _value: Fr) {}

    fn combine(&self, _terms: &[(Fr, &())]) {}

    fn public(&mut self, _value: Fr) {}

    fn private(&mut self, _value: Fr) {}

    fn enforce(&mut self, _rule: Rule, _a: &(), _b: &(), _c: &()) {
        self.rows += 1;
    }

    fn solve(&mut self, _rule: Rule, _a: &(), _b: &(), _scale: Fr, _rest: &()) {
        self.rows += 1;
    }
}
