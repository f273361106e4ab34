//! The independent auditor: chain data in, report out.
//!
//! From an RPC endpoint and the deployment's addresses alone, [`audit()`] reads
//! everything that was ever said about members and money up to one block, works
//! it out again, and says for each rule of the protocol whether it held, with
//! the transaction that shows where it did not. [`explain()`] tells what became
//! of one nullifier.
//!
//! Not here: the service's database, its API, its tree. What they say is not
//! evidence. Nor is trust in the endpoint removed: whoever doubts it asks another.
//!
//! Invariants: every contract is asked at the same block, named by its hash; a
//! check is a pure function of what was gathered; data that makes no sense is a
//! finding, never a panic; the same chain up to the same block gives the same
//! bytes of JSON.

mod audit;
mod checks;
mod data;
mod error;
mod explain;
mod gather;
mod recomputed;
mod report;

pub use audit::audit;
pub use error::AuditError;
pub use explain::{Explanation, ProofVerdict, Settlement, UnpaidReason, explain};
pub use gather::LOG_RANGE_BLOCKS;
pub use report::{AuditedBlock, CheckResult, Outcome, Report, Totals};
