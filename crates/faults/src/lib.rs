//! Test support: an RPC endpoint with the faults that real ones have. It takes its place
//! before a node and answers late, twice, wrongly, with what was true before, with the
//! limits of a provider, or not at all. What is random comes from a seed.
//!
//! Not here: anything that a program outside tests needs.
//!
//! Invariant: without a fault, what the node answers passes through unchanged.

#![expect(
    clippy::unwrap_used,
    reason = "a proxy that fails in a way that no test asked for ends the test"
)]

mod answers;
mod fault;
mod modes;
mod proxy;
mod server;

pub use fault::Fault;
pub use modes::{
    BatchSupport, Failure, FeeModel, LOG_REFUSALS, LogLimit, Modes, Refusal, RetryAfter, Trouble,
    When,
};
pub use proxy::Proxy;
pub use server::{Server, page};
