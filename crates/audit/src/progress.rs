//! Progress of an audit, for those who wait for it.

use crate::CheckResult;

/// Progress of an audit.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum AuditProgress<'a> {
    /// Something is read from the chain.
    Reading {
        /// Name of the data that is read.
        what: &'static str,
        /// Number of items read so far; blocks, for event logs.
        done: u64,
        /// Number of items to be read in all.
        total: u64,
    },
    /// The chain was reorganised; the reading begins again.
    BegunAgain {
        /// Number of the block that was replaced.
        number: u64,
    },
    /// A check was made.
    Checked(&'a CheckResult),
}
