//! The circuits against a tree that knows nothing of them.
#![allow(clippy::unwrap_used, missing_docs)]

mod append;
mod catalogue;
mod cut;
mod encoding;
mod export;
mod faults;
mod model;
mod numbers;
mod poseidon;
mod recapture;
mod revoke;
mod score;
mod soundness;
mod variables;
