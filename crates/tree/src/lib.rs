//! The membership tree: binary, depth 30, Poseidon of two elements with
//! circomlib's constants, empty leaf 0 (protocol section 1).
//!
//! Here: appending leaves, and the root and inclusion proof of *any* earlier
//! state. An append-only tree of `n` leaves is fixed by its leaves, so a version
//! is just a number of leaves and costs no memory.
//!
//! Not here: where leaves come from, files, epochs.
//!
//! Invariants: only nodes whose whole subtree is full are stored, so a stored
//! node never changes; a leaf is never empty.

mod hash;
mod poseidon;
mod proof;
mod tree;

pub use hash::empty_root;
pub use poseidon::hash_pair;
pub use proof::InclusionProof;
pub use tree::{MembershipTree, TreeError};
