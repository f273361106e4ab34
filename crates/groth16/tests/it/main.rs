//! Proofs held against those of arkworks, and provers that are kept in files.

#![allow(clippy::unwrap_used)]

mod circuits;
