//! The independent auditor: chain data in, report out.
//!
//! From an RPC endpoint and the deployment's addresses alone, [`audit()`] reads everything that was
//! ever said about members and money up to one block, works it out again, and says for each rule of
//! the protocol whether it held, with the transaction that shows where it did not. [`explain()`]
//! finds the payments of one nullifier hash, or the reason that there are none.
//!
//! Not here: the service's database, its API, its tree. Their answers are not evidence. Nor is
//! trust in the endpoint removed: a person who doubts it asks another.
//!
//! Evidence comes first: the audit asks whether the endpoint shows all that it must show, and as of
//! now. Anything that an endpoint does not show is a gap with advice, and accuses nobody.
//!
//! Invariants: every contract is asked at the same block, named by its hash; a check is a pure
//! function of the gathered data; data that makes no sense is a finding, never a panic; the same
//! chain up to the same block, shown in full, gives the same bytes of JSON but for the block's age;
//! nothing that someone without a role can do makes a check fail.

mod audit;
mod checks;
mod data;
mod error;
mod explain;
mod gather;
mod progress;
mod recomputed;
mod report;

pub use audit::audit;
pub use error::AuditError;
pub use explain::{Explanation, PaidClaim, ProofVerdict, UnpaidReason, explain};
pub use progress::AuditProgress;
pub use report::{
    AuditReport, AuditTotals, AuditVerdict, AuditedBlock, CheckOutcome, CheckResult, Gap, Objection,
};
