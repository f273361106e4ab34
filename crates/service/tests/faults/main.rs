//! Tests of a service that is cut off at any point and a chain that forgets: the parts wired
//! as in `serve`, on Anvil, with real contracts and real proofs.

#![allow(clippy::unwrap_used)]

mod claims;
mod crash;
mod harness;
mod registry;
mod scenario;
