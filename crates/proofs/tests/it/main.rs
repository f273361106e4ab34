//! Batches end to end: a tree, a proof, a verifier.
#![allow(clippy::unwrap_used, missing_docs)]

mod batches;
mod forgery;
mod frozen;
mod keys;
mod model;
