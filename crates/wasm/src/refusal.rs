//! Reasons why a call has no answer, and the numbers by which a browser knows them.

/// Reason why a call has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The argument is shorter or longer than the call's.
    #[error("the argument does not have the form of the call's")]
    Malformed,
    /// A number is not below its modulus, or names a place outside the tree.
    #[error("a number is out of range")]
    OutOfRange,
    /// No call has this number.
    #[error("there is no such call")]
    UnknownCall,
    /// The prover's files are missing, damaged, or of another version.
    #[error("the prover's files are not loaded, or not whole")]
    NoProver,
    /// The path leads to another root than `R_e` (IDENT-8).
    #[error("the path leads to another root")]
    ForeignRoot,
    /// No claim was begun, or it has no such share.
    #[error("no claim was begun")]
    NoClaim,
    /// Tiles or sums do not belong together.
    #[error("the parts do not belong together")]
    Mismatch,
    /// No model that is known here has the id.
    #[error("no model has this id")]
    UnknownModel,
}

impl Refusal {
    /// Returns the number by which a browser knows the refusal.
    pub(crate) const fn number(self) -> u32 {
        self as u32 + 1
    }
}
