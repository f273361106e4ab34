//! What holds when the service is cut off at any point and the chain forgets: the parts
//! wired as in `serve`, on Anvil, with real contracts and real proofs.

#![allow(clippy::unwrap_used)]

mod claims;
mod cut;
mod ground;
mod payday;
mod registry;
