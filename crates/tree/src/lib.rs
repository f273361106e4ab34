//! The membership tree: binary, depth 30, Poseidon of two elements with
//! circomlib's constants, empty leaf 0 (CIRC-6).
//!
//! Here: the hash; the tree of now, to which leaves are appended and in which they are
//! revoked ([`MembershipTree`]); versions of it, which cost what they do not share
//! ([`TreeVersion`]); tiles, from which a wallet makes its path ([`Tile`]), and the
//! ranges in which it asks for them ([`TileRanges`]); writing
//! versions down and reading them.
//!
//! Not here: where leaves come from, files, epochs, the chain.
//!
//! Invariants: a version never changes; a position is never used again; each node
//! is the hash of the two below it.

mod archive;
mod empty;
mod error;
mod poseidon;
mod proof;
mod ranges;
mod tile;
mod tree;
mod version;

pub use archive::{RestoreError, read_version, write_version};
pub use empty::empty_root;
pub use error::TreeError;
pub use poseidon::{hash_pair, hash_pairs};
pub use proof::InclusionProof;
pub use ranges::{TILE_WIDTH, TileRanges};
pub use tile::{TILE_LEVELS, Tile, TileError, TileId};
pub use tree::MembershipTree;
pub use version::{Revocation, TreeVersion};
