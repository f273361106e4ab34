use std::io;

/// Reason why a key and its constraints do not make a prover, or an assignment no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProverError {
    /// A part of the key has another number of points than the constraints ask for.
    #[error("the key has {actual} points in {part}, not {expected}")]
    Points {
        /// Part of the key: `a`, `b_g1`, `b_g2`, `h` or `l`.
        part: &'static str,
        /// Number of points that the constraints ask for.
        expected: usize,
        /// Number of points of the key.
        actual: usize,
    },
    /// A constraint names a variable that does not exist.
    #[error("a constraint names variable {variable} of {count}")]
    NoSuchVariable {
        /// Variable that is named.
        variable: usize,
        /// Number of variables.
        count: usize,
    },
    /// Both sides of the constraints have different numbers of rows.
    #[error("the sides of the constraints have {a} and {b} rows")]
    Sides {
        /// Rows of the left side.
        a: usize,
        /// Rows of the right side.
        b: usize,
    },
    /// The field has no root of unity of the order that so many constraints need.
    #[error("{0} constraints are too many")]
    TooManyConstraints(usize),
    /// An assignment has another number of values than there are variables.
    #[error("the assignment has {actual} values, not {expected}")]
    Assignment {
        /// Number of variables.
        expected: usize,
        /// Number of values.
        actual: usize,
    },
}

/// Reason why bytes are not those of a prover or a program, or do not fit one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The bytes do not begin as a prover's file does.
    #[error("the file is not a prover's, or one of another version")]
    NotAProver,
    /// The bytes do not begin as a witness program's file does.
    #[error("the file is not a witness program's, or one of another version")]
    NotAProgram,
    /// The bytes end too early.
    #[error("the file is cut off")]
    Cut,
    /// Something follows the last part.
    #[error("the file goes on after its end")]
    Longer,
    /// A number is not below its modulus, or names a part that does not exist.
    #[error("a number in the file is out of range")]
    OutOfRange,
    /// The bytes cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(io::ErrorKind),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            kind => Self::Unreadable(kind),
        }
    }
}
