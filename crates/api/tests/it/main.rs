//! The routes, called in process: a real database, real proofs, and a chain in memory.
#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod app;
mod chain;
mod claims;
mod commitments;
mod cors;
mod custody;
mod encodings;
mod enrolments;
mod epochs;
mod events;
mod floods;
mod limits;
mod logs;
mod openapi;
mod operations;
mod requests;
mod sockets;
mod tree;
mod upgrades;
mod world;
