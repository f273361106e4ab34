//! Test support: an RPC endpoint with the faults that real ones have. It takes its place before a
//! node and answers late, twice, wrongly, with an answer that was true before, with the limits of a
//! provider, or not at all. And a hostile orb, with the templates of eyes that it brings, and a
//! person whose codes are proved. Random choices come from a seed.
//!
//! Not here: anything that a program outside tests needs.
//!
//! Invariant: without a fault, the node's answers pass through unchanged.

#![expect(
    clippy::unwrap_used,
    reason = "support that fails in a way that no test asked for ends the test"
)]

mod answers;
mod eyes;
mod fault;
mod hostile;
mod modes;
mod node;
mod orb;
mod patience;
mod proved;
mod proxy;
mod server;

pub use eyes::{capture, capture_with_noise, decoy};
pub use fault::Fault;
pub use hostile::{HostileAct, HostileOrb, HostilePacket, Visitor};
pub use modes::{
    BatchSupport, Failure, FeeModel, LOG_REFUSALS, LogLimit, Modes, RetryAfter, RpcRefusal,
    Trouble, When,
};
pub use orb::{SignedCapture, TestOrb};
pub use patience::patience;
pub use proved::{ProvedPerson, ProvedUpgrade};
pub use proxy::Proxy;
pub use server::{Server, page};
