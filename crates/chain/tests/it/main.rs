//! Tests of the chain's border against Anvil.
#![allow(clippy::unwrap_used)]

mod deploy;
mod endpoint;
mod fees;
mod logs;
mod world;
