//! The auditor against a real chain.
#![allow(clippy::unwrap_used)]

mod anvil;
mod endpoint;
mod stranger;
mod world;
