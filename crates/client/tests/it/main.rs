//! The client against a service that only has tiles, on a port of its own.
#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod failures;
mod tree;
