//! HTTP clients, built in one place so that every request that leaves a process keeps
//! the same rules.
//!
//! In here: a client with limits of time, and addresses that can be shown without the
//! secrets in them. Not in here: anything of Annona's own protocol.
//!
//! Invariants:
//! - Every request has a limit of time, for connecting and as a whole.
//! - A request to this machine never goes through a proxy of the environment.
//! - TLS is that of `ring`, whichever other providers a dependency brings.

mod address;
mod client;

pub use address::{PublicAddress, is_loopback};
pub use client::{Limits, client_for};
pub use reqwest::Url;
